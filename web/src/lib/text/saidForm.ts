/** Chinese for what is said of a value in a request, and of where data sets are. */
import type { Saying } from './said.ts';

export const FORM_SAYINGS: readonly Saying[] = [
  [/^comes with the project; drawn once, then kept on disk$/, () => '随项目提供；绘制一次后保存在磁盘上'],
  [/^made by the project, (.+)$/, ([licence]) => `由本项目制作，${licence}`],
  [/^no licence stated; (.+)$/, ([source]) => `未注明许可；${source}`],
  [/^drawn anew each time$/, () => '每次重新绘制'],
  [
    /^no CIFAR-10 in (.+) nor in (.+): data_batch_1\.bin to data_batch_5\.bin and test_batch\.bin of the binary version are needed \((\S+)\); .+ --data DIR$/,
    ([base, below, address]) =>
      `${base} 和 ${below} 中都没有 CIFAR-10：需要二进制版本的 data_batch_1.bin 至 data_batch_5.bin 和 test_batch.bin（${address}）；解压到那里，或用 --data DIR 指定其文件夹`,
  ],
  [
    /^(.+) has (.+) but no test_batch\.bin$/,
    ([folder, files]) => `${folder} 中有 ${files}，但没有 test_batch.bin`,
  ],
  [
    /^(.+) has test_batch\.bin but no data_batch_1\.bin \(to data_batch_5\.bin\)$/,
    ([folder]) => `${folder} 中有 test_batch.bin，但没有 data_batch_1.bin（至 data_batch_5.bin）`,
  ],
  [
    /^training\.mergeBeforeEnd is (\S+); with (\S+) epochs at most (\S+) is valid$/,
    ([value, epochs, most]) => `合并在结束前 ${value} 轮；共 ${epochs} 轮时最多 ${most}`,
  ],
  [
    /^training\.lambda\.share is (\S+): λ reaches 0 in epoch (\S+), but the merge is after epoch (\S+); (?:a share of at most (\S+), )?more epochs, or no merge \(null\) is valid$/,
    ([share, zero, merge, most]) =>
      `退火占比 ${share}：λ 在第 ${zero} 轮才到 0，而合并在第 ${merge} 轮之后；可用${most ? `不超过 ${most} 的占比、` : ''}更多轮数，或不合并`,
  ],
  [
    /^(\S+) is missing(?:; valid is (.+))?$/,
    ([field, what], say) => `缺少 ${field}${what ? `；有效值：${say(what)}` : ''}`,
  ],
  [/^(\S+) is unknown; valid here are (.+)$/, ([field, known]) => `${field} 未知；此处可用：${known}`],
  [
    /^(the value|\S+) is (.+); valid is (.+)$/,
    ([field, value, what], say) => `${say(field!)} 为 ${value}；有效值：${say(what!)}`,
  ],
  [
    /^(\S+) '(.*)' is unknown; valid are (.+)$/,
    ([what, value, known]) => `${what}“${value}”未知；可用：${known}`,
  ],
  [/^the value$/, () => '该值'],
  [/^true or false$/, () => 'true 或 false'],
  [
    /^(an integer|a number)( of at least \S+?)?( above \S+?)?( and)?( (?:of )?at most \S+| (?:of )?below \S+)?$/,
    range,
  ],
  [/^text of (\d+) to (\d+) characters$/, ([from, to]) => `${from} 至 ${to} 个字符的文本`],
];

/** `an integer of at least 1 and at most 9`, in any of its parts. */
function range([kind, least, above, , most]: readonly (string | undefined)[]): string {
  const word = kind === 'a number' ? '数' : '整数';
  const number = (part: string): string => part.split(' ').at(-1)!;
  const low = least ? `≥ ${number(least)}` : above ? `> ${number(above)}` : '';
  const high = most ? `${most.includes('below') ? '<' : '≤'} ${number(most)}` : '';
  return [low, high].filter(Boolean).join(' 且 ') + (low || high ? ' 的' : '') + word;
}
