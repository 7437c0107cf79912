/** Strides read off the sizes of recorded maps, for weights that come without a word about them. */
import { ScopeError } from '../../shared/errors.ts';
import { stemPadding } from '../../shared/network.ts';

/** Side of a recorded map by its tap, `stages.0.out` and so on. */
export type TapSizes = ReadonlyMap<string, number>;

/** The stem's stride, from any of its maps; 4, the paper's, where none is recorded. */
export function inferStemStride(inputSize: number, sizes: TapSizes): 1 | 2 | 4 {
  const side =
    sizes.get('stem.out') ?? sizes.get('stem.conv2') ?? sizes.get('stem.pre') ?? sizes.get('stages.0.conv2');
  if (side === undefined) return 4;
  for (const stride of [4, 2, 1] as const) {
    const [before, after] = stemPadding(stride);
    if (Math.floor((inputSize + before + after - 4) / stride) + 1 === side) return stride;
  }
  throw new ScopeError(
    'INVALID_WEIGHTS',
    `the stem's maps are ${side}×${side} for images of ${inputSize}×${inputSize}: no stem stride of 4, 2 or 1 makes them`,
    { field: 'stem_stride' },
  );
}

/** Each stage's pooling, from its map before (or the stage ahead of it) and after. Where several windows would do,
 * as 2 and 3 for maps of 3, the smallest is taken. */
export function inferStrides(stages: number, sizes: TapSizes): number[] {
  return Array.from({ length: stages }, (_, i) => {
    const ahead = i === 0 ? 'stem.out' : `stages.${i - 1}.out`;
    const before = sizes.get(`stages.${i}.conv2`) ?? sizes.get(`stages.${i}.pre`) ?? sizes.get(ahead);
    const after =
      sizes.get(`stages.${i}.pool`) ?? sizes.get(`stages.${i}.out`) ?? sizes.get(`stages.${i + 1}.pre`);
    const stride = [1, 2, 3, 4].find((s) => before !== undefined && Math.floor(before / s) === after);
    if (stride === undefined)
      throw new ScopeError(
        'INVALID_WEIGHTS',
        `the stride of stage ${i} is unknown: the model has no metadata 'strides', and the cases have no maps to read it off (${before ?? 'none'} before, ${after ?? 'none'} after)`,
        { field: 'strides' },
      );
    return stride;
  });
}
