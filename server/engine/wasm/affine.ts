/** A normalisation that is known beforehand on the wasm heap, for channels in fours. */
import { activate } from './annealed.ts';
import { filled, rescale } from './batchNorm.ts';
import { heapKernel } from './heap.ts';

/** x, scale [C], shift [C]; λ → x·scale + shift, then the annealed activation, none at 0. */
export const affine = heapKernel('Affine', (heap, [x, scale, shift], [lambda]) => {
  const centre = filled(heap, scale!.shape[0]!, 0);
  const y = rescale(heap, x!, { centre, slope: scale!, shift: shift! });
  if (lambda !== 0) activate(heap, y, y, 1 - lambda!);
  return [y];
});
