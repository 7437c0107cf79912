/** A normalisation that is known beforehand on the wasm heap, for channels in fours. */
import { GRAIN } from './annealed.ts';
import { ROW_GRAIN } from './batchNorm.ts';
import { heapKernel } from './heap.ts';

/** x, scale [C], shift [C]; λ → x·scale + shift, then the annealed activation, none at 0. */
export const affine = heapKernel('Affine', (heap, [x, scale, shift], [lambda]) => {
  const channels = scale!.shape[0]!;
  const length = heap.length(x!);
  const output = heap.allocate(x!.shape);
  const centre = heap.scratch(channels);
  heap.view(centre).fill(0);
  const [from, to, ...rows] = [x!, output, centre, scale!, shift!].map((info) => heap.pointer(info));
  heap.run('affine', length / channels, Math.ceil(ROW_GRAIN / channels), from!, to!, 4 * channels, ...rows);
  if (lambda !== 0) heap.run('leaky', Math.ceil(length / 4), GRAIN, to!, to!, 1 - lambda!, length);
  return [output];
});
