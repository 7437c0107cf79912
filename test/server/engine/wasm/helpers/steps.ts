/** Trains a few steps on the wasm rung and says its device and losses. Ends by itself: nothing keeps the process. */
import { startEngine } from '../../../../../server/engine/start.ts';
import { VanillaNet } from '../../../../../server/nn/vanillanet.ts';
import { Random } from '../../../../../server/random.ts';
import { Optimizer } from '../../../../../server/training/optimizer.ts';
import { TrainStep } from '../../../../../server/training/step.ts';
import { findPreset } from '../../../../../shared/presets.ts';

const [STEPS, BATCH, SIZE] = [3, 48, 32];

const { device } = await startEngine('wasm', { allowSoftware: false });
const random = Random.seeded(1, 'steps');
const config = { ...findPreset('small').network, inputSize: SIZE, inputChannels: 3, classes: 10 };
const net = new VanillaNet(config, random);
net.lambda = 0.5;
const optimizer = new Optimizer(
  { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05 },
  net.trained,
);
const step = new TrainStep(net, optimizer, 0.1);
const losses: number[] = [];
for (let i = 0; i < STEPS; i++) {
  const x = Float32Array.from({ length: BATCH * SIZE * SIZE * 3 }, () => random.normal());
  const labels = Uint16Array.from({ length: BATCH }, () => random.integer(0, 9));
  const stats = step.run({ x, labels, count: BATCH }, 1e-3);
  losses.push((await stats.data())[0]!);
  stats.dispose();
}
console.log(JSON.stringify({ device, losses }));
