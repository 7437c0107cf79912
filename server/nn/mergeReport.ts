/** Proof, or forecast, of the merge: a deep network and its merged copy side by side. */
import * as tf from '@tensorflow/tfjs-core';
import { countFlops, countLayers, countParameters } from '../../shared/cost.ts';
import { ScopeError } from '../../shared/errors.ts';
import { describeTaps } from '../../shared/network.ts';
import type { MergeReport } from '../../shared/protocol.ts';
import type { VanillaNet } from './vanillanet.ts';

const REPEATS = 5;

/** Compares `net` with a merged copy of it on `probes` [N, H, W, C], in inference mode; `net` stays as it is. At λ = 0
 * both compute the same function up to float32 rounding; at λ > 0 the copy is merged as if λ were 0, and the report
 * tells what merging now would change. Throws CONFLICT for a network that is merged already. */
export async function mergeReport(net: VanillaNet, probes: tf.Tensor4D): Promise<MergeReport> {
  if (net.merged)
    throw new ScopeError(
      'CONFLICT',
      'the network is merged already: there is no deep one to compare it with',
    );
  const merged = net.copy();
  try {
    merged.lambda = 0;
    merged.merge();
    const ids = describeTaps(net.config, true).map((tap) => tap.id);
    const [differences, agreement] = await compare(
      ids,
      record(net, ids, probes),
      record(merged, ids, probes),
    );
    const taps = ids.map((tap, i) => ({ tap, ...differences[i]! }));
    const { maxAbsolute, maxRelative } = taps.find(({ tap }) => tap === 'logits')!;
    return {
      lambda: net.lambda,
      forecast: net.lambda > 0,
      probes: probes.shape[0],
      taps,
      logits: { maxAbsolute, maxRelative },
      agreement,
      ...(await costs(net, merged, probes)),
    };
  } finally {
    merged.dispose();
  }
}

/** What the taps see; the caller disposes of it. */
function record(net: VanillaNet, ids: readonly string[], probes: tf.Tensor4D): Map<string, tf.Tensor> {
  const values = new Map<string, tf.Tensor>();
  const handles = ids.map((id) =>
    net.registerTap(id, (_id, value) => values.set(id, tf.keep(tf.clone(value)))),
  );
  net.apply(probes, 'infer').dispose();
  for (const handle of handles) handle.remove();
  return values;
}

/** Differences in the order of `ids`, and the share of equal predictions; one read for all of it. Disposes of what was
 * recorded. */
async function compare(
  ids: readonly string[],
  deep: ReadonlyMap<string, tf.Tensor>,
  merged: ReadonlyMap<string, tf.Tensor>,
): Promise<[differences: { maxAbsolute: number; maxRelative: number }[], agreement: number]> {
  const summary = tf.tidy(() => {
    const largest = (t: tf.Tensor): tf.Tensor => tf.max(tf.abs(tf.reshape(t, [-1])));
    const numbers = ids.flatMap((id) => [
      largest(tf.sub(deep.get(id)!, merged.get(id)!)),
      largest(deep.get(id)!),
    ]);
    const predicted = (values: ReadonlyMap<string, tf.Tensor>): tf.Tensor => {
      const logits = values.get('logits')!;
      return tf.argMax(tf.reshape(logits, [logits.shape[0]!, -1]), 1);
    };
    const same = tf.cast(tf.equal(predicted(deep), predicted(merged)), 'float32');
    return tf.stack([...numbers, tf.mean(same)]);
  });
  tf.dispose([...deep.values(), ...merged.values()]);
  const numbers = await summary.data();
  summary.dispose();
  const differences = ids.map((_, i) => {
    const [maxAbsolute, scale] = [numbers[2 * i]!, numbers[2 * i + 1]!];
    return { maxAbsolute, maxRelative: maxAbsolute === 0 ? 0 : maxAbsolute / scale };
  });
  return [differences, numbers[2 * ids.length]!];
}

async function costs(
  net: VanillaNet,
  merged: VanillaNet,
  probes: tf.Tensor4D,
): Promise<Pick<MergeReport, 'deep' | 'merged'>> {
  const times: [number[], number[]] = [[], []];
  // In turn, so that what else the machine does meets both.
  for (let i = 0; i < REPEATS; i++)
    for (const [which, one] of [net, merged].entries()) times[which]!.push(await inferenceTime(one, probes));
  const cost = (isMerged: boolean, measured: number[]): MergeReport['deep'] => ({
    layers: countLayers(net.config, isMerged),
    parameters: countParameters(net.config, isMerged),
    flops: countFlops(net.config, isMerged),
    milliseconds: median(measured),
  });
  return { deep: cost(false, times[0]), merged: cost(true, times[1]) };
}

/** Milliseconds until the logits are there. */
async function inferenceTime(net: VanillaNet, probes: tf.Tensor4D): Promise<number> {
  const start = performance.now();
  const logits = net.apply(probes, 'infer');
  await logits.data();
  logits.dispose();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
