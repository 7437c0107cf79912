/** Chinese for what the server says of runs: how far they are, why they ended, and why a request is refused. */
import type { RunState } from '../../../../shared/protocol.ts';
import type { Saying } from './said.ts';
import { zh } from './zh.ts';

const stateName = (state: string): string => zh.states[state as RunState] ?? state;
const DOES: Readonly<Record<string, string>> = {
  pause: '暂停',
  resume: '继续',
  stop: '停止',
  'be deleted': '删除',
};
const epochs = (ids: string): string => ids.replaceAll(', ', '、');
const colon = (words: string | undefined): string => (words ? `：${words}` : '');

export const RUN_SAYINGS: readonly Saying[] = [
  // How far a run is that prepares.
  [/^starting the engine (\S+)$/, ([id]) => `正在启动引擎 ${id}`],
  [/^reading emoji$/, () => '正在读取表情符号'],
  [/^drawing emoji (\d+ \/ \d+)$/, ([done]) => `正在绘制表情符号 ${done}`],
  [/^emoji can't be kept: (.+)$/, ([why]) => `绘制好的表情符号无法保存：${why}`],

  // Why a run ended.
  [/^stopped on request before it began$/, () => '在开始之前按要求停止'],
  [/^stopped on request after epoch (\d+)$/, ([n]) => `第 ${n} 轮之后按要求停止`],
  [/^stopped after epoch (\d+)$/, ([n]) => `第 ${n} 轮之后停止`],
  [/^the program was shut down before the run began$/, () => '程序在训练开始之前关闭'],
  [/^the program was shut down after epoch (\d+)$/, ([n]) => `程序在第 ${n} 轮之后关闭`],
  [
    /^the program ended while the run was under way, after epoch (\d+)(?:; it can go on from epoch (\d+))?$/,
    ([n, from]) => `训练期间程序在第 ${n} 轮之后终止${from ? `；可以从第 ${from} 轮继续` : ''}`,
  ],
  [
    /^(.+) in epoch (\d+), step (\d+): the training has diverged\. Try a lower learning rate \((\S+) instead of (\S+)\) or a longer warm-up; what was recorded before is kept\.$/,
    ([what, epoch, step, lower, rate], say) =>
      `第 ${epoch} 轮第 ${step} 步：${say(what!)}，训练已发散。请尝试更低的学习率（${lower} 而不是 ${rate}）或更长的预热；之前记录的内容已保留。`,
  ],
  [/^the training loss is (\S+)$/, ([value]) => `训练损失为 ${value}`],
  [/^the test loss is (\S+)$/, ([value]) => `测试损失为 ${value}`],
  [
    /^tap (\S+), channel (\d+): a value is not finite$/,
    ([tap, c]) => `观测点 ${tap} 通道 ${c} 的值不是有限数`,
  ],
  [/^tap (\S+): a value of a measured image is not finite$/, ([tap]) => `观测点 ${tap} 的值不是有限数`],
  [
    /^the training process (?:was ended by (\w+)|ended with exit code (\d+))( \(out of memory\?\))?(?:; its last words: ([^]*))?$/,
    ([signal, code, memory, words]) =>
      (signal ? `训练进程被 ${signal} 终止` : `训练进程以代码 ${code} 退出`) +
      (memory ? '（内存不足？）' : '') +
      (words ? `；最后的输出：${words}` : ''),
  ],
  [
    /^the (training|analysis) process did not start(?: within (\d+) × (\d+) s)?(?:(?:; its last words)?: ([^]+))?$/,
    ([which, n, s, why]) =>
      `${which === 'training' ? '训练' : '分析'}进程${n ? `在 ${n} × ${s} 秒内` : ''}未能启动${colon(why)}`,
  ],
  [/^the run can't be recorded: (.+)$/, ([why]) => `无法写入训练记录：${why}`],
  [
    /^training\.batchSize (\d+) would take (\S+) GB of wasm's memory, more than (\S+) GB; (?:at most (\d+) is valid for this network|a smaller network or input is needed)$/,
    ([size, bytes, limit, most]) =>
      `批大小 ${size} 需要 ${bytes} GB 的 wasm 内存，超过 ${limit} GB；${most ? `此网络最多 ${most}` : '需要更小的网络或输入'}`,
  ],
  [
    /^wasm's memory is full: (\d+) bytes more are not to be had; a smaller batch or network is needed$/,
    ([bytes]) => `wasm 的内存已满，无法再分配 ${bytes} 字节；需要更小的批或网络`,
  ],

  // What is wrong with a run's folder.
  [/^it has no run\.json: .+$/, () => '其中没有 run.json：不是训练，或从未写完整'],
  [/^run\.json is not JSON: it is damaged or half-written$/, () => 'run.json 不是 JSON：已损坏或未写完整'],
  [/^run\.json is of another program: .+$/, () => 'run.json 属于另一个程序'],
  [
    /^run\.json has version (\S+); this program reads (\S+)$/,
    ([version, known]) => `run.json 的版本是 ${version}；本程序可读取 ${known}`,
  ],
  [/^run\.json is damaged: (.+)$/, ([why], say) => `run.json 已损坏：${say(why!)}`],
  [/^(\S+) can't be read: (.+)$/, ([path, why], say) => `无法读取 ${path}：${say(why!)}`],

  // Why a request is refused.
  [/^The server does not answer\.$/, () => '服务器没有响应。'],
  [
    /^something unforeseen went wrong; the server's log says what$/,
    () => '发生了意外错误；详情见服务器的日志',
  ],
  [
    /^there is no run '(.+?)'(?:; there (?:is none yet|are (.+?)(?: and (\d+) more)?))?$/,
    ([id, known, more]) =>
      `没有训练“${id}”` +
      (known ? `；现有 ${known.split(', ').join('、')}${more ? ` 等，另有 ${more} 个` : ''}` : ''),
  ],
  [
    /^run '(.+)' is (\w+): can't (.+?)(?:; only a run that is (.+) can)?$/,
    ([id, state, does, states]) =>
      `训练“${id}”${stateName(state!)}，不能${DOES[does!] ?? does}` +
      (states ? `；仅限${states.split(', ').map(stateName).join('、')}的训练` : ''),
  ],
  [
    /^run '(.+)' is (\w+); stop it before deleting it$/,
    ([id, state]) => `训练“${id}”${stateName(state!)}；请先停止再删除`,
  ],
  [/^run '(.+)' is under way in another process$/, ([id]) => `训练“${id}”正在另一个进程中进行`],
  [
    /^run '(.+)' is (\w+) and has no checkpoint to go on from$/,
    ([id, state]) => `训练“${id}”${stateName(state!)}，没有可以继续的检查点`,
  ],
  [
    /^run '(.+)' is (\w+) and has no probes yet: images can be added once it has begun$/,
    ([id, state]) => `训练“${id}”${stateName(state!)}，还没有探针：开始之后才能添加图片`,
  ],
  [
    /^there is no snapshot(?: '(.+)')?; (?:there are (.+)|there is none yet)$/,
    ([id, known]) => `没有快照${id ? `“${id}”` : ''}；${known ? `现有 ${epochs(known)}` : '还没有任何快照'}`,
  ],
  [/^the file of snapshot '(.+)' is gone$/, ([id]) => `快照“${id}”的文件已不存在`],
  [
    /^the weights of snapshot '(.+)' were not kept: an earlier version recorded it$/,
    ([id]) => `快照“${id}”没有保存权重：它由较早的版本记录`,
  ],
  [
    /^nothing has been measured of this run: its first snapshot is not complete, or an earlier version recorded it$/,
    () => '此训练没有度量：第一个快照尚未完成，或由较早的版本记录',
  ],
  [
    /^snapshot '(.+)' is merged already; only unmerged ones can be compared with their merged copy$/,
    ([id]) => `快照“${id}”已经合并；只有未合并的快照才能与其合并副本比较`,
  ],
  [/^snapshot '(.+)' was recorded anew meanwhile; ask again$/, ([id]) => `快照“${id}”已重新记录；请重试`],
  [/^the analysis process (.+?)(?:: ([^]+))?$/, ([, last]) => `分析进程意外结束${colon(last)}`],
  [/^the program is ending$/, () => '程序正在结束'],

  [
    /^the body (?:has (\d+) bytes|is too large); up to (\d+) bytes are valid$/,
    ([length, most]) => `内容${length ? `有 ${length} 字节` : '过大'}；最多 ${most} 字节`,
  ],

  // What is wrong with an image.
  [
    /^the image has (\S+) pixels; up to (\S+) million are valid: send a smaller one$/,
    ([size, most]) => `图片有 ${size} 像素，最多 ${most} 百万；请使用更小的图片`,
  ],
  [/^the image is damaged: (.+)$/, ([why]) => `图片已损坏：${why}`],
  [/^the body is empty; JPEG, PNG and WebP are valid$/, () => '文件为空；可用 JPEG、PNG 和 WebP'],
  [
    /^the file is no image of a known type; JPEG, PNG and WebP are valid$/,
    () => '文件不是已知类型的图片；可用 JPEG、PNG 和 WebP',
  ],
  [
    /^the file is of the type (\w+); JPEG, PNG and WebP are valid$/,
    ([type]) => `文件类型是 ${type}；可用 JPEG、PNG 和 WebP`,
  ],
  [/^the file is larger than (\d+) MiB, the most that is valid$/, ([most]) => `文件超过 ${most} MiB 的上限`],
  [
    /^the run has (\d+) own images and (\d+) are the most: remove one first$/,
    ([n, most]) => `此训练已有 ${n} 张自己的图片，最多 ${most} 张：请先移除一张`,
  ],
];
