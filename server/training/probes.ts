/** The fixed images whose feature maps are recorded. */
import { ScopeError } from '../../shared/errors.ts';
import type { ProbeInfo } from '../../shared/protocol.ts';
import type { Dataset } from '../datasets/dataset.ts';
import { Random } from '../random.ts';

export interface Probes {
  /** In the order of the classes; `index` is the place in this list. */
  infos: ProbeInfo[];
  /** uint8 [P, H, W, C], before normalisation. */
  images: Uint8Array;
}

/** Draws `perClass` different test images of each class (fewer where a class has fewer), in the order of the
 * classes; the same seed draws the same ones. */
export function chooseProbes(dataset: Dataset, perClass: number, seed: number): Probes {
  const { test, shape } = dataset;
  const random = Random.seeded(seed, 'probes');
  const wanted = shape.classes.map((): number[] => []);
  for (const at of random.permutation(test.labels.length)) {
    const drawn = wanted[test.labels[at]!]!;
    if (drawn.length < perClass) drawn.push(at);
  }
  const chosen = wanted.flat();
  if (chosen.length === 0)
    throw new ScopeError(
      'INVALID_DATA',
      `the test split of ${shape.id} is empty; probes need at least one image`,
      {
        field: 'data.testLimit',
      },
    );
  const pixels = test.images.length / test.labels.length;
  const images = new Uint8Array(chosen.length * pixels);
  const infos = chosen.map((at, index): ProbeInfo => {
    images.set(test.images.subarray(at * pixels, (at + 1) * pixels), index * pixels);
    const label = test.labels[at]!;
    return { index, label, className: shape.classes[label]! };
  });
  return { infos, images };
}
