/** What a pixel of a feature map can see: the rectangle of the input image on which it depends. */
import type { NetworkConfig } from '../../../../shared/config.ts';
import { stemPadding, stemSize, type TapDescription } from '../../../../shared/network.ts';

/** Columns x0 to before x1, rows y0 to before y1, in pixels of the input image; within it. */
export type Rectangle = readonly [x0: number, y0: number, x1: number, y1: number];

/** Side of the stem's convolution. */
const STEM_KERNEL = 4;

/** A step of the network along one axis, backwards: the inputs that the outputs from `from` to before `to` need, and
 * how many inputs there are: kernels overlap the border, where only zeros are. */
interface Step {
  inputs: number;
  back: (from: number, to: number) => [from: number, to: number];
}

/** The steps that widen what a tap sees, in the order of the data; 1×1 convolutions, normalisation and activation of
 * single values do not. A block pools first and then adds up its series over neighbours (server/nn/block.ts). */
function stepsTo(config: NetworkConfig, tap: TapDescription): { steps: Step[]; size: number } {
  const { activation, stemStride, strides, inputSize } = config;
  const [before] = stemPadding(stemStride);
  const steps: Step[] = [
    {
      inputs: inputSize,
      back: (from, to) => [from * stemStride - before, (to - 1) * stemStride - before + STEM_KERNEL],
    },
  ];
  let size = stemSize(config);
  const ids = ['stem', ...strides.map((_, i) => `stages.${i}`)];
  for (const [i, id] of ids.entries()) {
    const last = id === tap.block;
    const stride = i === 0 ? 1 : strides[i - 1]!;
    const inPair = tap.kind === 'pre' || tap.kind === 'act' || tap.kind === 'conv2';
    if (last && inPair) break;
    if (stride > 1) {
      steps.push({ inputs: size, back: (from, to) => [from * stride, to * stride] });
      size = Math.floor(size / stride);
    }
    if (last && tap.kind !== 'out') break;
    if (activation.kind === 'series') {
      const reach = activation.n;
      steps.push({ inputs: size, back: (from, to) => [from - reach, to + reach] });
    }
    if (last) break;
  }
  return { steps, size };
}

/** The receptive field of pixel (x, y) of a tap's maps. The head sees all that its pooled average sees. */
export function receptiveField(config: NetworkConfig, tap: TapDescription, x: number, y: number): Rectangle {
  const { steps, size } = stepsTo(config, tap);
  const axis = (at: number): [number, number] => {
    let [from, to] = tap.block === 'head' ? [0, size] : [at, at + 1];
    for (const { inputs, back } of steps.toReversed()) {
      [from, to] = back(from, to);
      [from, to] = [Math.max(0, from), Math.min(inputs, to)];
    }
    return [from, to];
  };
  const [x0, x1] = axis(x);
  const [y0, y1] = axis(y);
  return [x0, y0, x1, y1];
}

/** Where the centre of a map's pixel lies in the input image, in pixels of it from its top left corner; that of the
 * field, if the image did not end. */
export function pixelCentre(
  config: NetworkConfig,
  tap: TapDescription,
  x: number,
  y: number,
): [x: number, y: number] {
  const { steps, size } = stepsTo(config, tap);
  const axis = (at: number): number => {
    let [from, to] = tap.block === 'head' ? [0, size] : [at, at + 1];
    for (const { back } of steps.toReversed()) [from, to] = back(from, to);
    return (from + to) / 2;
  };
  return [axis(x), axis(y)];
}
