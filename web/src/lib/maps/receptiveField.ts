/** What a pixel of a feature map can see: the rectangle of the input image on which it depends. */
import type { NetworkConfig } from '../../../../shared/config.ts';
import { stemPadding, stemSize, type TapDescription } from '../../../../shared/network.ts';

/** Columns x0 to before x1, rows y0 to before y1, in pixels of the input image; within it. */
export type Rectangle = readonly [x0: number, y0: number, x1: number, y1: number];

/** Side of the stem's convolution. */
const STEM_KERNEL = 4;

/** One axis of a step of the network, backwards: the inputs that the outputs from `from` to before `to` need. */
type Backwards = (from: number, to: number) => [from: number, to: number];

/** Kernels overlap the border, where only zeros are. */
const within =
  (size: number, step: Backwards): Backwards =>
  (from, to) => {
    const [a, b] = step(from, to);
    return [Math.max(0, a), Math.min(size, b)];
  };

/** The steps that widen what a tap sees, in the order of the data; 1×1 convolutions, normalisation and activation of
 * single values do not. A block pools first and then adds up its series over neighbours (server/nn/block.ts). */
function stepsTo(config: NetworkConfig, tap: TapDescription): { steps: Backwards[]; size: number } {
  const { activation, stemStride, strides, inputSize } = config;
  const [before] = stemPadding(stemStride);
  const steps: Backwards[] = [
    within(inputSize, (from, to) => [
      from * stemStride - before,
      (to - 1) * stemStride - before + STEM_KERNEL,
    ]),
  ];
  let size = stemSize(config);
  const ids = ['stem', ...strides.map((_, i) => `stages.${i}`)];
  for (const [i, id] of ids.entries()) {
    const last = id === tap.block;
    const stride = i === 0 ? 1 : strides[i - 1]!;
    const inPair = tap.kind === 'pre' || tap.kind === 'act' || tap.kind === 'conv2';
    if (last && inPair) break;
    if (stride > 1) {
      steps.push((from, to) => [from * stride, to * stride]);
      size = Math.floor(size / stride);
    }
    if (last && tap.kind !== 'out') break;
    if (activation.kind === 'series') {
      const reach = activation.n;
      steps.push(within(size, (from, to) => [from - reach, to + reach]));
    }
    if (last) break;
  }
  return { steps, size };
}

/** The receptive field of pixel (x, y) of a tap's maps. The head sees all that its pooled average sees. */
export function receptiveField(config: NetworkConfig, tap: TapDescription, x: number, y: number): Rectangle {
  const { steps, size } = stepsTo(config, tap);
  const axis = (at: number): [number, number] => {
    let range: [number, number] = tap.block === 'head' ? [0, size] : [at, at + 1];
    for (const step of steps.toReversed()) range = step(...range);
    return range;
  };
  const [x0, x1] = axis(x);
  const [y0, y1] = axis(y);
  return [x0, y0, x1, y1];
}
