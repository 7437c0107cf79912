/** How much memory a training takes, so that a plan too large is refused before it starts. */
import type { NetworkConfig, RungId } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { describeBlocks, type BlockDescription } from '../../shared/network.ts';

/** The wasm heap ends at 4 GB, and near it the allocator gives address 0 and overwrites silently. */
const WASM_LIMIT = 3e9;

/** A margin for what the allocator loses between tensors and for packed products. With it, the heap measured on the
 * presets at batches from 128 to 1,024 and images of 32 and 64 pixels is 0.7 to 0.85 of the estimate. */
const MARGIN = 1.1;

/** Values of one image that a block keeps for the backward pass: each convolution's output, its normalisation and
 * what follows, and the stem's patches. */
function keptValues(block: BlockDescription, config: NetworkConfig): number {
  const size = (kind: string): number => {
    const tap = block.taps.find((t) => t.kind === kind);
    return tap ? tap.shape[0] * tap.shape[1] * tap.shape[2] : 0;
  };
  const stem = block.id === 'stem' ? block.taps[0]!.shape : null;
  const patches = stem ? stem[0] * stem[1] * 16 * config.inputChannels : 0;
  const terms = config.activation.kind === 'shifted' ? 2 * config.activation.n : 0;
  return (
    patches +
    3 * size('pre') +
    2 * size('conv2') +
    size('pool') +
    size('relu') +
    (2 + terms) * (block.id === 'head' ? 0 : size('out'))
  );
}

function parameters(config: NetworkConfig): number {
  const { dims, classes, activation, inputChannels } = config;
  const kernel = activation.kind === 'series' ? (2 * activation.n + 1) ** 2 : 0;
  const stages = dims.slice(1).map((width, i) => dims[i]! ** 2 + dims[i]! * width + kernel * width);
  const stem = 16 * inputChannels * dims[0]! + dims[0]! ** 2 + kernel * dims[0]!;
  const head = dims.at(-1)! * classes + classes ** 2;
  return stem + head + stages.reduce((a, b) => a + b, 0);
}

/** Bytes at the height of a training step of `batchSize` images: what is kept for the backward pass, which gives it back
 * as it goes, the gradients at the widest layer, and the weights with the optimizer's slots and copies. */
export function estimateBytes(config: NetworkConfig, batchSize: number): number {
  const blocks = describeBlocks(config);
  const kept = blocks.reduce((sum, block) => sum + keptValues(block, config), 0);
  const widest = Math.max(
    ...blocks.flatMap((block) => block.taps.map(({ shape }) => shape[0] * shape[1] * shape[2])),
  );
  const input = config.inputSize ** 2 * config.inputChannels;
  return MARGIN * 4 * (batchSize * (kept + 2 * widest + input) + 10 * parameters(config));
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

/** Refuses with OUT_OF_MEMORY a training that would pass the limit of the rung's memory. */
export function checkMemory(rung: RungId, config: NetworkConfig, batchSize: number): void {
  if (rung !== 'wasm') return;
  const bytes = estimateBytes(config, batchSize);
  if (bytes <= WASM_LIMIT) return;
  const fixed = estimateBytes(config, 0);
  const largest = Math.floor((WASM_LIMIT - fixed) / ((bytes - fixed) / batchSize));
  throw new ScopeError(
    'OUT_OF_MEMORY',
    `training.batchSize ${batchSize} would take ${gigabytes(bytes)} of wasm's memory, more than ${gigabytes(WASM_LIMIT)}; ` +
      (largest >= 2
        ? `at most ${largest} is valid for this network`
        : 'a smaller network or input is needed'),
    { field: 'training.batchSize' },
  );
}
