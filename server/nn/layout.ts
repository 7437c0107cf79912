/** The blocks of a network by the names of the reference implementation. */
import { stemPadding } from '../../shared/network.ts';
import type { NetworkConfig } from '../../shared/config.ts';
import type { BlockOptions } from './block.ts';
import { ops } from './ops.ts';
import type { PairOptions } from './pair.ts';

/** Side of the stem's kernel. */
export const STEM_KERNEL = 4;

/** The stem and the stages, in the order of the data. */
export function blockLayout(config: NetworkConfig): BlockOptions[] {
  const { dims, strides, activation, stemStride, inputChannels } = config;
  const norm = normOf(config);
  const padding = stemPadding(stemStride);
  const width = dims[0]!;
  const stem: BlockOptions = {
    pair: {
      block: 'stem',
      names: {
        first: 'stem1.0',
        firstNorm: 'stem1.1',
        second: 'stem2.0',
        secondNorm: 'stem2.1',
        merged: 'stem.0',
      },
      product: (x, w) => ops().patchConv(x, w, stemStride, padding),
      shape: [STEM_KERNEL, STEM_KERNEL, inputChannels, width],
      outputs: width,
      norm,
      secondNorm: true,
    },
    stride: 1,
    activation,
    activationNames: { deep: 'stem2.2', merged: 'stem.1' },
  };
  const stages = strides.map((stride, i): BlockOptions => {
    const id = `stages.${i}`;
    const inputs = dims[i]!;
    return {
      pair: {
        block: id,
        names: {
          first: `${id}.conv1.0`,
          firstNorm: `${id}.conv1.1`,
          second: `${id}.conv2.0`,
          secondNorm: `${id}.conv2.1`,
          merged: `${id}.conv`,
        },
        product: (x, w) => ops().conv1x1(x, w),
        shape: [1, 1, inputs, inputs],
        outputs: dims[i + 1]!,
        norm,
        secondNorm: true,
      },
      stride,
      activation,
      activationNames: { deep: `${id}.act`, merged: `${id}.act` },
    };
  });
  return [stem, ...stages];
}

/** The classifier's pair, which works on the average over all places. */
export function headLayout(config: NetworkConfig): PairOptions {
  const { dims, classes } = config;
  return {
    block: 'head',
    names: {
      first: 'cls1.2',
      firstNorm: 'cls1.3',
      second: 'cls2.0',
      secondNorm: '',
      merged: 'cls.2',
    },
    product: (x, w) => ops().conv1x1(x, w),
    shape: [1, 1, dims.at(-1)!, classes],
    outputs: classes,
    norm: normOf(config),
    secondNorm: false,
  };
}

function normOf(config: NetworkConfig): { epsilon: number; momentum: number } {
  return { epsilon: config.bnEpsilon, momentum: config.bnMomentum };
}
