/** The whole comparison of a weights file with a file of cases, on the backend in force. */
import type { NetworkConfig, RungId } from '../../shared/config.ts';
import { decodeSafetensors } from '../../shared/safetensors.ts';
import { VanillaNet } from '../nn/vanillanet.ts';
import { importWeights } from '../nn/weights.ts';
import { parseCases, sizesOf } from './cases.ts';
import { compare, type Comparison } from './compare.ts';
import { isMerged, networkOf } from './model.ts';
import { runCase } from './run.ts';

export interface ParityResult {
  network: NetworkConfig;
  merged: boolean;
  comparisons: Comparison[];
  /** Tensors of the cases file whose names say nothing to this program. */
  unknown: string[];
  /** Every comparison passed, there was at least one, and nothing was left uncompared. */
  passed: boolean;
}

/** `model` and `cases` are safetensors files; see the README for the names of cases. */
export async function parity(model: Uint8Array, cases: Uint8Array, rung: RungId): Promise<ParityResult> {
  const weights = decodeSafetensors(model);
  const parsed = parseCases(decodeSafetensors(cases));
  const network = networkOf(weights, parsed.input.shape[2]!, sizesOf(parsed));
  const merged = isMerged(weights);
  const net = new VanillaNet(network, null);
  try {
    if (merged) {
      net.lambda = 0;
      net.merge();
    }
    importWeights(net, floats(weights.tensors));
    const pairings = [];
    for (const item of parsed.cases) pairings.push(...(await runCase(net, item, parsed)));
    const comparisons = compare(pairings, rung);
    const passed =
      comparisons.length > 0 && parsed.unknown.length === 0 && comparisons.every((c) => c.passed);
    return { network, merged, comparisons, unknown: parsed.unknown, passed };
  } finally {
    net.dispose();
  }
}

/** Counters are of 64-bit integers; everything else of the model is float32. */
function floats(
  tensors: ReturnType<typeof decodeSafetensors>['tensors'],
): Map<string, { shape: number[]; data: ArrayLike<number> }> {
  return new Map(
    [...tensors].map(([name, { shape, data }]) => [
      name,
      { shape, data: data instanceof BigInt64Array ? Array.from(data, Number) : data },
    ]),
  );
}
