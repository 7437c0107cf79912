/**
 * A training process that trains nothing: it speaks the protocol at once, so that tests of what stands around it are
 * fast. The run's name holds its directives: `crash=2` ends the process in epoch 2, `nan=2` reports a failure there,
 * `merge=2` merges right after the metrics of epoch 2, `silent` never ends by itself, `deaf` ignores `stop`, `pace=5` waits 5 ms a step.
 */
import type { RunConfig } from '../../../shared/config.ts';
import { encodeFrame, exactTap, quantiseTap, type Frame, type FrameTap } from '../../../shared/frame.ts';
import type { StepMetrics } from '../../../shared/protocol.ts';
import { decodeSafetensors, encodeSafetensors } from '../../../shared/safetensors.ts';
import type { Watch } from '../../../server/training/control.ts';
import type { TrainerCommand, TrainerEvent } from '../../../server/training/messages.ts';

const STEPS = 4;
let config: RunConfig;
let stopping = false;
let paused = false;
let watch: Watch | null = null;
let pulls = 0;
let beat: NodeJS.Timeout;
let step = 0;

const send = (event: TrainerEvent): void => void process.send?.(event);
const directive = (name: string): number | undefined => {
  const found = new RegExp(`\\b${name}(?:=(\\d+))?\\b`).exec(config.name);
  return found ? Number(found[1] ?? 1) : undefined;
};
const lambdaOf = (epoch: number): number => Math.max(0, 1 - epoch / config.training.epochs);
const probeCount = (): number => config.network.classes * config.recording.probesPerClass;

/** Two taps, [P, 2, 4, 4] and [P, C], whose values tell epoch, probe and place. */
function frame(epoch: number): Frame {
  const probes = Array.from({ length: probeCount() }, (_, i) => i);
  const maps = Float32Array.from({ length: probes.length * 32 }, (_, i) => epoch + i / 100);
  const logits = Float32Array.from({ length: probes.length * config.network.classes }, (_, i) => epoch - i);
  const taps: FrameTap[] = [
    quantiseTap('stem.out', [probes.length, 2, 4, 4], maps),
    exactTap('logits', [probes.length, config.network.classes, 1, 1], logits),
  ];
  const lambda = lambdaOf(epoch);
  return { epoch, step, lambda, merged: false, loss: 1, accuracy: 0.5, probes, taps };
}

function metricsOf(epoch: number, s: number): StepMetrics {
  const common = { lambda: lambdaOf(epoch), learningRate: 0.1, imagesPerSecond: 10 };
  const place = { epoch, step: s, stepsPerEpoch: STEPS, secondsLeft: 1 };
  return { ...place, ...common, loss: 1 / epoch, accuracy: 0.5 };
}

/** A beat goes on by itself; it does not wait for the answers. */
function pull({ after, every }: { after: number; every: number | null }): void {
  beat = setTimeout(() => {
    pulls++;
    if (every !== null) pull({ after: every, every });
  }, after);
}

/** What is watched, of the frame at hand, with the latest step. */
function answer(epoch: number): void {
  for (; pulls > 0; pulls--) {
    if (!watch) continue;
    const whole = frame(epoch);
    const taps = whole.taps.filter((tap) => !watch?.taps || watch.taps.includes(tap.id));
    send({ type: 'live', bytes: encodeFrame({ ...whole, taps }), watch, step: metricsOf(epoch, step) });
  }
}

async function between(epoch: number): Promise<void> {
  do {
    await new Promise((resolve) => setTimeout(resolve, directive('pace') ?? 0));
    answer(epoch);
  } while (paused && !stopping);
}

async function train(resume: Uint8Array | null): Promise<void> {
  const { classes, inputSize, inputChannels } = config.network;
  const first = resume ? Number(decodeSafetensors(resume).metadata.epoch) + 1 : 0;
  send({ type: 'preparing', what: 'making nothing up', fraction: 0.5 });
  const names = Array.from({ length: classes }, (_, i) => `class ${i}`);
  send({
    type: 'ready',
    backend: 'cpu',
    engine: 'fake',
    parameters: 1234,
    classes: names,
    probes: Array.from({ length: probeCount() }, (_, index) => {
      const label = index % classes;
      return { index, label, className: names[label]! };
    }),
    probeImages: new Uint8Array(probeCount() * inputSize ** 2 * inputChannels).map((_, i) => i % 251),
    trainImages: 100,
    testImages: 50,
  });
  for (let epoch = first; epoch <= config.training.epochs && !stopping; epoch++) {
    for (let s = 1; epoch > 0 && s <= STEPS && !stopping; s++, step++) {
      await between(epoch);
      if (s < STEPS) send({ type: 'step', metrics: metricsOf(epoch, s) });
    }
    if (stopping) break;
    if (directive('crash') === epoch && epoch > 0) {
      process.stderr.write('the fake worker was told to crash\n', () => process.exit(7));
      await new Promise(() => undefined);
    }
    if (directive('nan') === epoch && epoch > 0) {
      send({ type: 'failure', code: 'NON_FINITE', message: `the loss is NaN in epoch ${epoch}` });
      return process.disconnect();
    }
    const lambda = lambdaOf(epoch);
    send({
      type: 'epoch',
      metrics: {
        epoch,
        lambda,
        learningRate: 0.1,
        trainLoss: epoch === 0 ? null : 1 / epoch,
        trainAccuracy: epoch === 0 ? null : 0.5,
        testLoss: 1 / (epoch + 1),
        testAccuracy: epoch / config.training.epochs,
        merged: false,
        seconds: 0.01,
        imagesPerSecond: 10,
      },
      ...(epoch > 0 && { step: metricsOf(epoch, STEPS) }),
    });
    if (directive('merge') === epoch)
      send({ type: 'merged', epoch, parametersBefore: 20, parametersAfter: 10, maxLogitDifference: 1e-6 });
    const bytes = encodeFrame(frame(epoch));
    const weights = Buffer.from(`weights of ${epoch}`);
    send({ type: 'snapshot', id: `${epoch}`, epoch, lambda, merged: false, bytes, weights });
    send({
      type: 'checkpoint',
      id: `${epoch}`,
      epoch,
      bytes: encodeSafetensors(new Map(), { epoch: `${epoch}` }),
    });
  }
  while (directive('silent') && !stopping) await between(config.training.epochs);
  send({ type: 'end', reason: stopping ? 'stopped' : 'finished' });
  process.disconnect();
}

process.on('message', (command: TrainerCommand) => {
  switch (command.type) {
    case 'start':
      config = command.config;
      return void train(command.resume);
    case 'pause':
      paused = true;
      return send({ type: 'paused' });
    case 'resume':
      paused = false;
      return send({ type: 'resumed' });
    case 'stop':
      stopping = !directive('deaf');
      return;
    case 'watch':
      watch = command.watch;
      return;
    case 'pull':
      clearTimeout(beat);
      return pull(command);
    case 'hold':
      clearTimeout(beat);
  }
});
process.on('disconnect', () => process.exit());
