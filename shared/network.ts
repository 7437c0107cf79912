/** A network as data: its blocks, the taps it offers, their shapes. Pure functions of a configuration. */
import type { NetworkConfig } from './config.ts';
import { ScopeError } from './errors.ts';

/** Where in a block a tap sits. `pre` is before the annealed activation, `act` after it, `conv2` after the second
 * convolution and its BN (after the merged convolution once merged), `pool` after max-pooling, `relu` after the
 * block's ReLU, `out` the block's output; the head has `pooled` (global average), `pre`, `act` and `logits`. */
export const TAP_KINDS = ['pre', 'act', 'conv2', 'pool', 'relu', 'out', 'pooled', 'logits'] as const;
export type TapKind = (typeof TAP_KINDS)[number];

export interface TapDescription {
  /** `stem.pre`, `stages.0.out`, `head.pooled`, `logits`, … */
  id: string;
  block: string;
  kind: TapKind;
  /** [H, W, C] of one image. */
  shape: readonly [number, number, number];
  /** False where values can't be negative (after a ReLU). */
  signed: boolean;
  /** True for taps inside a pair, which are gone once the pair is merged. */
  deepOnly: boolean;
}

export interface BlockDescription {
  /** `stem`, `stages.0`, …, `head`: the names of the reference implementation. */
  id: string;
  /** Input and output width of the block. */
  channelsIn: number;
  channelsOut: number;
  taps: readonly TapDescription[];
}

/** Zero padding [before, after] on each side of the stem's 4×4 convolution: stride 4 takes none (the paper's
 * patches), strides 2 and 1 keep size / stride. */
export function stemPadding(stride: 1 | 2 | 4): readonly [number, number] {
  return stride === 4 ? [0, 0] : stride === 2 ? [1, 1] : [1, 2];
}

/** Rows (and columns) of the stem's maps. */
export function stemSize(config: NetworkConfig): number {
  const [before, after] = stemPadding(config.stemStride);
  return Math.floor((config.inputSize + before + after - 4) / config.stemStride) + 1;
}

/** Says what is inconsistent in a configuration; throws INVALID_CONFIG naming the field. */
export function checkNetwork(config: NetworkConfig): void {
  if (config.strides.length !== config.dims.length - 1)
    throw new ScopeError(
      'INVALID_CONFIG',
      `network.strides has ${config.strides.length} entries; ${config.dims.length} widths need ${config.dims.length - 1}`,
      { field: 'network.strides' },
    );
  let size = stemSize(config);
  config.strides.forEach((stride, i) => {
    const next = Math.floor(size / stride);
    if (next < 1)
      throw new ScopeError(
        'INVALID_CONFIG',
        `network.strides[${i}]: pooling ${stride}×${stride} leaves nothing of maps of ${size}×${size}`,
        { field: `network.strides[${i}]` },
      );
    size = next;
  });
}

/** The blocks and taps of a network in the order in which data flows. */
export function describeBlocks(config: NetworkConfig): BlockDescription[] {
  checkNetwork(config);
  const { dims, strides, activation, classes } = config;
  const blocks: BlockDescription[] = [];
  let size = stemSize(config);

  const block = (
    id: string,
    channelsIn: number,
    channelsOut: number,
    middle: number,
    stride: number,
  ): void => {
    const pooled = Math.floor(size / stride);
    const tap = (kind: TapKind, side: number, channels: number): TapDescription => ({
      id: `${id}.${kind}`,
      block: id,
      kind,
      shape: [side, side, channels],
      signed: kind !== 'relu' && !(kind === 'out' && activation.kind === 'relu'),
      deepOnly: kind === 'pre' || kind === 'act',
    });
    const taps = [tap('pre', size, middle), tap('act', size, middle), tap('conv2', size, channelsOut)];
    if (stride > 1) taps.push(tap('pool', pooled, channelsOut));
    if (activation.kind === 'series') taps.push(tap('relu', pooled, channelsOut));
    taps.push(tap('out', pooled, channelsOut));
    blocks.push({ id, channelsIn, channelsOut, taps });
    size = pooled;
  };

  block('stem', config.inputChannels, dims[0]!, dims[0]!, 1);
  strides.forEach((stride, i) => block(`stages.${i}`, dims[i]!, dims[i + 1]!, dims[i]!, stride));
  const last = dims.at(-1)!;
  const vector = (id: string, kind: TapKind, channels: number, deepOnly: boolean): TapDescription => ({
    id,
    block: 'head',
    kind,
    shape: [1, 1, channels],
    signed: true,
    deepOnly,
  });
  blocks.push({
    id: 'head',
    channelsIn: last,
    channelsOut: classes,
    taps: [
      vector('head.pooled', 'pooled', last, false),
      vector('head.pre', 'pre', classes, true),
      vector('head.act', 'act', classes, true),
      vector('logits', 'logits', classes, false),
    ],
  });
  return blocks;
}

/** All taps that exist in the deep or in the merged network. */
export function describeTaps(config: NetworkConfig, merged: boolean): TapDescription[] {
  return describeBlocks(config)
    .flatMap((block) => block.taps)
    .filter((tap) => !merged || !tap.deepOnly);
}
