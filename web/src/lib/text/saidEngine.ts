/** Chinese for what the ladder of engines says: why a rung was taken or passed over, and what helps. */
import type { Saying } from './said.ts';

const list = (names: string): string => names.replaceAll(/, | and /g, '、');
/** What a process that crashed wrote last. */
const last = (words: string | undefined): string => (words ? `：${words}` : '');

export const ENGINE_SAYINGS: readonly Saying[] = [
  [/^not tried yet$/, () => '尚未测试'],
  [
    /^no driver of a GPU is here(, so it is tried last)?$/,
    ([order]) => `未发现 GPU 驱动${order ? '，因此最后测试' : ''}`,
  ],
  [/^loss and gradients are right$/, () => '损失和梯度均正确'],
  [/^asked for with --backend, and it passes$/, () => '由 --backend 指定，且通过测试'],
  [/^the first of the ladder, and it passes$/, () => '优先级最高，且通过测试'],
  [
    /^the best that passes: (.+) (?:was|were) passed over \((.+)\)$/,
    ([names, why], say) =>
      `通过者中最好的；未采用 ${list(names!)}（${why!.split('; ').map(say).join('；')}）`,
  ],
  [/^TensorFlow (\S+) finds no GPU that it can use$/, ([v]) => `TensorFlow ${v} 找不到可用的 GPU`],
  [/^a software adapter(, slower than wasm)?$/, ([slower]) => `软件适配器${slower ? '，比 wasm 慢' : ''}`],
  [
    /^no WebGPU adapter(: no GPU with Vulkan, Metal or Direct3D 12)?$/,
    ([more]) => `没有 WebGPU 适配器${more ? '：没有支持 Vulkan、Metal 或 Direct3D 12 的 GPU' : ''}`,
  ],
  [/^(\S+) is not installed$/, ([name]) => `未安装 ${name}`],
  [/^(\S+) is installed without its native addon$/, ([name]) => `已安装 ${name}，但缺少其原生模块`],
  [/^(\S+) does not load(?:: (.+))?$/, ([name, why]) => `无法加载 ${name}${last(why)}`],
  [/^no answer within (\d+) s(?:: (.+))?$/, ([s, why]) => `${s} 秒内没有响应${last(why)}`],
  [/^its process was ended by (\w+)(?:: (.+))?$/, ([by, why]) => `其进程被 ${by} 终止${last(why)}`],
  [
    /^its process ended with code (\d+)(?:: (.+))?$/,
    ([code, why]) => `其进程以代码 ${code} 退出${last(why)}`,
  ],
  [
    /^its process did not start(?: within (\d+) × (\d+) s)?(?:: (.+))?$/,
    ([n, s, why]) => `其进程${n ? `在 ${n} × ${s} 秒内` : ''}未能启动${last(why)}`,
  ],
  [/^self-test: no gradient of (.+)$/, ([name]) => `自检：没有 ${name} 的梯度`],
  [/^self-test: (.+) is all zeros$/, ([what], say) => `自检：${say(what!)}全为零`],
  [
    /^self-test: (.+) is off by (\S+), at most (\S+) is right$/,
    ([what, off, most], say) => `自检：${say(what!)}相差 ${off}，最多允许 ${most}`,
  ],
  [/^self-test$/, () => '自检'],
  [/^the loss$/, () => '损失'],
  [/^the loss after one step$/, () => '一步之后的损失'],
  [/^the gradient of (.+)$/, ([name]) => `${name} 的梯度`],

  [/^npm install --include=optional$/, () => 'npm install --include=optional'],
  [
    /^npm run native \(builds the addon against an installed TensorFlow\)$/,
    () => 'npm run native（针对已安装的 TensorFlow 构建该模块）',
  ],
  [
    /^npm install webgpu, on Linux \(x64, arm64\), macOS or Windows$/,
    () => '在 Linux（x64、arm64）、macOS 或 Windows 上执行 npm install webgpu',
  ],
  [
    /^install the GPU driver with its Vulkan part, and libvulkan1$/,
    () => '安装带 Vulkan 部分的 GPU 驱动，以及 libvulkan1',
  ],
  [
    /^ask for it by name to use it all the same: --backend webgpu$/,
    () => '仍要使用时按名称指定：--backend webgpu',
  ],
  [
    /^an NVIDIA GPU with its driver, a TensorFlow built for its CUDA, then npm run native$/,
    () => '需要 NVIDIA GPU 及其驱动、为其 CUDA 构建的 TensorFlow，然后执行 npm run native',
  ],
  [
    /^(no engine works here|the engine asked for does not work here): (.+)$/,
    ([what, why], say) =>
      (what!.startsWith('no') ? '没有可用的引擎：' : '指定的引擎无法使用：') +
      why!
        .split('; ')
        .map((part) => attempt(part, say))
        .join('；'),
  ],
];

/** `wasm: the reason (remedy: what helps)` */
function attempt(part: string, say: (words: string) => string): string {
  const [, id, why, remedy] = /^([a-z-]+): (.+?)(?: \(remedy: (.+)\))?$/.exec(part) ?? [];
  if (!id) return say(part);
  return `${id}：${say(why!)}${remedy ? `（可以怎么做：${say(remedy)}）` : ''}`;
}
