/** Runs cases on the backend in force. */
import * as tf from '@tensorflow/tfjs-core';
import { ScopeError } from '../../shared/errors.ts';
import { describeTaps } from '../../shared/network.ts';
import { lossAndGradients } from '../nn/gradients.ts';
import type { VanillaNet } from '../nn/vanillanet.ts';
import { inStoredLayout, readWeights } from '../nn/weights.ts';
import { crossEntropy } from '../training/loss.ts';
import type { Case, Cases, Expected } from './cases.ts';
import type { Pairing, Part } from './compare.ts';

type Values = Map<string, ArrayLike<number>>;

/** Every value that the case expects, paired with the one computed by a copy of `net`, which stays as it is. */
export async function runCase(net: VanillaNet, item: Case, { input, labels }: Cases): Promise<Pairing[]> {
  const copy = net.copy();
  const images = tf.tidy(
    () =>
      tf.transpose(
        tf.tensor4d(input.data, input.shape as [number, number, number, number]),
        [0, 2, 3, 1],
      ) as tf.Tensor4D,
  );
  try {
    switch (item.kind) {
      case 'eval':
        setSlope(copy, item.actLearn);
        return pair(item.id, 'tap', item.taps, await evaluate(copy, images, item.taps));
      case 'deploy': {
        copy.lambda = 0;
        copy.merge();
        const weights = new Map([...(await readWeights(copy))].map(([name, { data }]) => [name, data]));
        return [
          ...pair(`${item.id}/weights`, 'weight', item.weights, weights),
          ...pair(item.id, 'tap', item.taps, await evaluate(copy, images, item.taps)),
        ];
      }
      case 'train':
        if (!labels)
          throw new ScopeError('INVALID_DATA', `case ${item.id} needs a tensor 'labels' [N]`, {
            field: 'labels',
          });
        setSlope(copy, item.actLearn);
        return await train(copy, item, images, labels);
    }
  } finally {
    images.dispose();
    copy.dispose();
  }
}

/** A merged network has no slope to set: it stands for slope 1 alone. */
function setSlope(net: VanillaNet, actLearn: number): void {
  net.lambda = 1 - actLearn;
}

async function train(
  net: VanillaNet,
  item: Case & { kind: 'train' },
  images: tf.Tensor4D,
  labels: number[],
): Promise<Pairing[]> {
  const recorder = new Recorder(net, [...item.taps.keys()]);
  const targets = tf.tensor1d(labels, 'int32');
  const { loss, gradients } = lossAndGradients(net, () =>
    crossEntropy(net.apply(images, 'train'), targets, 0),
  );
  targets.dispose();
  const taps = await recorder.read();
  const computed: Values = new Map();
  for (const [name, gradient] of gradients) {
    const stored = inStoredLayout(net, name, gradient);
    computed.set(name, await stored.data());
    tf.dispose([stored, gradient]);
  }
  const lossValue = await loss.data();
  loss.dispose();
  const weights = await readWeights(net);
  const statistics: Values = new Map([...net.buffers.keys()].map((name) => [name, weights.get(name)!.data]));
  return [
    ...(item.loss
      ? pair(`${item.id}/loss`, 'loss', new Map([['loss', item.loss]]), new Map([['loss', lossValue]]))
      : []),
    ...pair(item.id, 'tap', item.taps, taps),
    ...pair(`${item.id}/grad`, 'gradient', item.gradients, computed),
    ...pair(`${item.id}/after`, 'statistic', item.statistics, statistics),
  ];
}

async function evaluate(net: VanillaNet, images: tf.Tensor4D, taps: Expected): Promise<Values> {
  const recorder = new Recorder(net, [...taps.keys()]);
  net.apply(images, 'infer').dispose();
  return recorder.read();
}

function pair(caseId: string, part: Part, expected: Expected, values: Values): Pairing[] {
  return [...expected].map(([tensor, { data }]) => {
    const actual = values.get(tensor) ?? null;
    const note = actual ? {} : { note: `the network has no ${part} of this name` };
    return {
      caseId,
      part,
      tensor,
      expected: Float64Array.from(data as ArrayLike<number>, Number),
      actual,
      ...note,
    };
  });
}

/** Keeps what taps see, channels first. Taps that the network lacks are left out; a stage without pooling has its
 * `pool` where its second convolution ends, as in the reference. */
class Recorder {
  readonly #values = new Map<string, tf.Tensor>();

  constructor(net: VanillaNet, wanted: readonly string[]) {
    const valid = new Set(describeTaps(net.config, net.merged).map((tap) => tap.id));
    for (const tap of wanted) {
      const id = valid.has(tap) ? tap : tap.replace(/\.pool$/, '.conv2');
      if (!valid.has(id)) continue;
      net.registerTap(id, (_id, value) => {
        this.#values.set(tap, tf.keep(tf.tidy(() => tf.transpose(value, [0, 3, 1, 2]))));
      });
    }
  }

  async read(): Promise<Values> {
    const values: Values = new Map();
    for (const [tap, value] of this.#values) {
      values.set(tap, await value.data());
      value.dispose();
    }
    return values;
  }
}
