/**
 * Images a second of a rung: whole training steps (forward, backward, optimizer) on random images, the median of
 * repeated windows after a warm-up; and images a second of processor time, which other load disturbs less.
 *
 *     node --import tsx test/bench/throughput.ts RUNG [PRESET] [BATCH] [--portable] [--profile]
 *
 * --portable leaves the engine's own operations out; --profile prints the kernels by the time that they take.
 */
import * as tf from '@tensorflow/tfjs-core';
import { parseArgs } from 'node:util';
import { startEngine } from '../../server/engine/start.ts';
import { resetOps } from '../../server/nn/ops.ts';
import { VanillaNet } from '../../server/nn/vanillanet.ts';
import { Random } from '../../server/random.ts';
import { Optimizer } from '../../server/training/optimizer.ts';
import { trainStep } from '../../server/training/step.ts';
import type { RungId } from '../../shared/config.ts';
import { findPreset } from '../../shared/presets.ts';

const SECONDS = 1.5;
const WINDOWS = 5;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { portable: { type: 'boolean' }, profile: { type: 'boolean' } },
});
const [rung = 'wasm', preset = 'small', size = '128'] = positionals;
const batchSize = Number(size);
const engine = await startEngine(rung as RungId, { allowSoftware: true });
engine.onFatal((error) => {
  throw error;
});
if (values.portable) resetOps();

const random = Random.seeded(1, 'bench');
const network = { ...findPreset(preset).network, inputSize: 32, inputChannels: 3, classes: 10 };
const net = new VanillaNet(network, random);
net.lambda = 0.5;
const optimizer = new Optimizer(
  { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05 },
  net.trained,
);
const batch = {
  x: Float32Array.from({ length: batchSize * 32 * 32 * 3 }, () => random.normal()),
  labels: Uint16Array.from({ length: batchSize }, () => random.integer(0, 9)),
  count: batchSize,
};
async function step(): Promise<void> {
  const stats = trainStep(net, optimizer, batch, 0.1, 1e-4);
  await stats.data();
  stats.dispose();
}

for (let i = 0; i < 8; i++) await step();
if (values.profile) {
  const { kernels } = await tf.profile(async () => {
    await step();
    return [];
  });
  const times = new Map<string, [milliseconds: number, calls: number]>();
  for (const { name, kernelTimeMs } of kernels) {
    const [sum, calls] = times.get(name) ?? [0, 0];
    times.set(name, [sum + Number(await kernelTimeMs), calls + 1]);
  }
  for (const [name, [sum, calls]] of [...times].sort((a, b) => b[1][0] - a[1][0]).slice(0, 25))
    console.log(`${sum.toFixed(1).padStart(8)} ms ${String(calls).padStart(5)} × ${name}`);
}
const rates: number[] = [];
const cpuRates: number[] = [];
for (let window = 0; window < WINDOWS; window++) {
  const begin = performance.now();
  const cpu = process.cpuUsage();
  let images = 0;
  while (performance.now() - begin < SECONDS * 1000) {
    await step();
    images += batchSize;
  }
  rates.push((images / (performance.now() - begin)) * 1000);
  const { user, system } = process.cpuUsage(cpu);
  cpuRates.push((images / (user + system)) * 1e6);
}
rates.sort((a, b) => a - b);
cpuRates.sort((a, b) => a - b);
console.log(
  `${rung} ${preset} batch ${batchSize}: ${rates[WINDOWS >> 1]!.toFixed(0)} images/s ` +
    `(${rates[0]!.toFixed(0)} to ${rates.at(-1)!.toFixed(0)}), ${cpuRates[WINDOWS >> 1]!.toFixed(0)} for each second of a core; ${engine.device}; ${engine.version}`,
);
process.exit(0);
