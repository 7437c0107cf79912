import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildAddon } from '../../../server/engine/native/build.ts';
import { findTensorflow } from '../../../server/engine/native/libtensorflow.ts';
import type { OpAttribute } from '../../../server/engine/tensorflow/attributes.ts';
import { backend, Chain, type Binding, type Output } from '../../../server/engine/tensorflow/execute.ts';
import { FLOAT32 } from '../../../server/engine/tensorflow/attributes.ts';
import { selfTest } from '../../../server/engine/selftest.ts';
import { startEngine, type Engine } from '../../../server/engine/start.ts';
import { ops } from '../../../server/nn/ops.ts';
import { TYPESCRIPT } from '../../../server/typescript.mjs';
import { Workload } from '../../bench/workload.ts';
import { testAgreement } from './agreement.ts';
import { watchTensorflow } from './helpers/watchedTensorflow.ts';
import { testTraces } from './traces.ts';

const found = await findTensorflow({}).then(
  () => '',
  (error: Error) => error.message,
);

describe.skipIf(found)(`TensorFlow${found ? ` (skipped: ${found})` : ''}`, () => {
  const cache = mkdtempSync(join(tmpdir(), 'native-'));
  const steps: string[] = [];
  let engine: Engine;

  beforeAll(async () => {
    process.env.VANILLASCOPE_CACHE = cache;
    const built = await buildAddon({}, (step) => steps.push(step));
    built.keep();
    engine = await startEngine('tensorflow', { allowSoftware: false });
  });
  afterAll(() => rmSync(cache, { recursive: true }));

  test('the addon is built with progress and starts the CPU rung', () => {
    expect(steps.join('\n')).toMatch(/compiling tfjs_backend.cc\n.*\nlinking$/);
    expect(engine.rung).toBe('tensorflow');
    expect(engine.version).toMatch(/^TensorFlow \d+\.\d+\.\d+, @tensorflow\/tfjs-node/);
    expect(tf.getBackend()).toBe('tensorflow');
  });

  test('no part of tfjs but its core is loaded for tfjs-node', () => {
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) =>
      path.includes(`${sep}@tensorflow${sep}`),
    );
    expect(loaded.some((path) => path.includes('register_all_kernels'))).toBe(true);
    const packages = loaded.map((path) => path.split(`${sep}@tensorflow${sep}`).at(-1)!.split(sep)[0]);
    expect(new Set(packages)).toEqual(new Set(['tfjs-core', 'tfjs-node-gpu', 'tfjs']));
  });

  test('the self-test passes and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    await selfTest();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a tensor owns its values: the memory of JavaScript, wherever it lies, is never lent to TensorFlow', async () => {
    const binding = backend().binding as Binding & { tensorDataSync(id: number): Float32Array };
    // Of so many arrays some begin where TensorFlow could use them as they are.
    const arrays = Array.from({ length: 512 }, (_, i) => new Float32Array(16 + (i % 64)).fill(1));
    const ids = arrays.map((array) => binding.createTensor([array.length], binding.TF_FLOAT!, array));
    for (const array of arrays) array.fill(2);
    const read = ids.map((id) => [...binding.tensorDataSync(id)]);
    expect(read.findIndex((values) => values.some((value) => value !== 1))).toBe(-1);
    for (const id of ids) binding.deleteTensor(id);
  });

  test('every op gives the shape that was foretold, in training and in a frame', async () => {
    const ours = backend() as { binding: Binding; createOutputTensor(output: Output): tf.Tensor };
    const { binding } = ours;
    const ids = ours.createOutputTensor;
    const found = new Map<number, number[]>();
    const foretold: string[] = [];
    const wrong: string[] = [];
    // Without the word `_ahead` the addon tells what shape an op really gave.
    const executeOp: Binding['executeOp'] = (name, attributes: OpAttribute[], inputs, outputs) => {
      const plain = attributes.filter((attribute) => attribute.name !== '_ahead');
      if (plain.length < attributes.length) foretold.push(name);
      const made = binding.executeOp(name, plain, inputs, outputs);
      for (const { id, shape } of made) found.set(id, [...shape]);
      return made;
    };
    ours.binding = Object.create(binding, { executeOp: { value: executeOp } }) as Binding;
    ours.createOutputTensor = (output) => {
      const { id, shape } = output;
      // What only kernels look at is given as empty.
      if (shape.join() !== '0' && shape.join() !== found.get(id)!.join())
        wrong.push(`${found.get(id)!.join('×')} and not ${shape.join('×')}`);
      return ids.call(ours, output);
    };
    try {
      for (const preset of ['small', 'article']) {
        const workload = new Workload({ preset, batchSize: 4, probes: 2 });
        await workload.warm();
        await workload.frame({ taps: null, probes: null });
        workload.dispose();
      }
    } finally {
      ours.binding = binding;
      ours.createOutputTensor = ids;
    }
    expect(wrong).toEqual([]);
    expect(foretold).toEqual(expect.arrayContaining(['MatMul', 'FusedBatchNormV3', 'SplitV', 'PadV2']));
  });

  test('an op that fails in the queue is told once, and what follows works', () => {
    const read = (): Float32Array =>
      tf.tidy(() =>
        Chain.run((chain) => {
          const [a, b] = [chain.floats([1, 2, 3]), chain.floats([1, 2])] as const;
          const sum = chain.op('AddV2', [a, b], { T: FLOAT32 }, [3]);
          return chain.tensor(sum).dataSync<'float32'>();
        }),
      );
    // Many times: the queue's thread notes the error only after its outputs have told it.
    for (let i = 0; i < 500; i++) {
      expect(read).toThrow(/Incompatible shapes/);
      expect([...tf.tidy(() => tf.add([1, 2], [3, 4]).dataSync())]).toEqual([4, 6]);
    }
  });

  /** What the addon is asked for from now on, until `end`. */
  function watchFunctions(): { defined: string[]; removed: string[]; ran: string[]; end(): void } {
    const ours = backend() as { binding: Binding };
    const { binding } = ours;
    const [defined, removed, ran]: string[][] = [[], [], []];
    const watched: Pick<Binding, 'executeOp' | 'defineFunction' | 'removeFunction'> = {
      executeOp(name, ...work) {
        ran!.push(name);
        return binding.executeOp(name, ...work);
      },
      defineFunction(graph, name, ...work) {
        defined!.push(name);
        binding.defineFunction!(graph, name, ...work);
      },
      removeFunction(name) {
        removed!.push(name);
        binding.removeFunction!(name);
      },
    };
    ours.binding = Object.create(binding, Object.getOwnPropertyDescriptors(watched)) as Binding;
    return { defined: defined!, removed: removed!, ran: ran!, end: () => (ours.binding = binding) };
  }

  test('what comes again often becomes functions, which go with it', () => {
    const { defined, removed, ran, end } = watchFunctions();
    const [x, y] = tf.tidy(() => [tf.variable(tf.tensor1d([1, 2, 3])), tf.tensor1d([4, 5, 6])]);
    try {
      const work = (): tf.Tensor1D =>
        tf.tidy(() => tf.mul(tf.add(tf.mul(tf.sub(tf.mul(x, y), 1), x), tf.exp(x)), tf.max(y)));
      const again = ops().traced([y], [x], work);
      const expected = work();
      for (let i = 0; i < 12; i++) {
        ran.length = 0;
        const got = again.run(0.5);
        expect(got.dataSync()).toEqual(expected.dataSync());
        got.dispose();
      }
      expect(defined).toHaveLength(1);
      expect(ran).toEqual(defined);
      again.dispose();
      expect(removed).toEqual(defined);
      const { binding } = backend();
      expect(() => binding.executeOp(defined[0]!, [], [], 1)).toThrow(defined[0]);
      tf.dispose([x, y, expected]);
    } finally {
      end();
    }
  });

  test('an annealed activation and its gradient are part of a function, whatever λ is', () => {
    const { defined, ran, end } = watchFunctions();
    const x = tf.tidy(() => tf.variable(tf.tensor4d([-2, -1, -0, 0, 1, Infinity], [1, 1, 1, 6])));
    let lambda = 0;
    try {
      const work = (): tf.Tensor1D =>
        tf.tidy(() => {
          const activated = (x: tf.Tensor): tf.Tensor => ops().annealed(x as tf.Tensor4D, lambda);
          return tf.concat1d([activated(x), tf.grad(activated)(x, x)].map((y) => tf.reshape(y, [-1])));
        });
      lambda = 0.95;
      const again = ops().traced([], [x], work);
      for (let i = 0; i < 12; i++) {
        lambda = 0.95 - i / 20;
        const expected = work();
        ran.length = 0;
        const got = again.run(lambda);
        expect(got.dataSync()).toEqual(expected.dataSync());
        tf.dispose([got, expected]);
      }
      expect(defined).toHaveLength(1);
      expect(ran).toEqual(defined);
      again.dispose();
      x.dispose();
    } finally {
      end();
    }
  });

  test('a function that is none is refused', () => {
    const { binding } = backend();
    const define = binding.defineFunction! as (...args: unknown[]) => void;
    expect(() => define(Uint8Array.of(1, 2, 3), 'f', 0, new Int32Array())).toThrow(/GraphDef/);
    expect(() => define(new Uint8Array(), 'f', 1, new Int32Array())).toThrow(/lacks an input/);
    expect(() => define(new Uint8Array(), 'f', 0, Int32Array.of(0, 0))).toThrow(
      /lacks an input or an output/,
    );
    expect(() => define('graph', 'f')).toThrow(TypeError);
    expect(() => binding.removeFunction!('f')).toThrow(/f/);
  });

  test('a process that ends while ops are queued ends well', async () => {
    const program = fileURLToPath(new URL('./helpers/endsEarly.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [...TYPESCRIPT, program]);
    expect(stdout).toBe('queued\n');
  });

  testTraces(watchTensorflow);
  testAgreement(ops);
});
