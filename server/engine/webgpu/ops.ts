/** The operations of nn/ops.ts on WebGPU, by kernels of our own. */
import type { Ops } from '../../nn/ops.ts';
import { convolutionsOf } from '../products.ts';
import { tracedKernels } from '../trace/kernels.ts';
import { adamw } from './adamw.ts';
import { annealed } from './annealed.ts';
import { batchNormTrain } from './batchNorm.ts';
import { biasAdd } from './biasAdd.ts';
import { joined, parted } from './copies.ts';
import { countCorrect, crossEntropy } from './crossEntropy.ts';
import { depthwise } from './depthwise.ts';
import { globalAverage } from './globalAverage.ts';
import { annealing } from './kernel.ts';
import { maxPool } from './maxPool.ts';
import { moveStatistics } from './moveStatistics.ts';
import { patches } from './patches.ts';
import { product, productByTransposed, transposedProduct } from './product.ts';
import { quantise } from './quantise.ts';

export const webgpuOps: Partial<Ops> = {
  ...convolutionsOf({ product, productByTransposed, transposedProduct, patches }),
  depthwise,
  batchNormTrain,
  annealed,
  maxPool,
  biasAdd,
  globalAverage,
  crossEntropy,
  countCorrect,
  moveStatistics,
  joined,
  parted,
  quantise,
  adamw,
  traced: tracedKernels('webgpu', annealing),
};
