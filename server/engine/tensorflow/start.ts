/** TensorFlow through tfjs-node-gpu (or tfjs-node): both the GPU and the CPU rung. The package's index.js is passed
 * by, because it accepts an addon in one place only; ours may be the one that `npm run native` built. */
import * as tf from '@tensorflow/tfjs-core';
import { readdirSync, readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { join } from 'node:path';
import { useBackend } from '../backend.ts';
import { EngineUnavailable, shortMessage, type Engine } from '../engine.ts';
import { provideOps } from '../../nn/ops.ts';
import type { TensorflowBackend } from './execute.ts';
import { replaceKernels } from './kernels.ts';
import { tensorflowOps } from './ops.ts';
import { packageVersion, processor } from '../packages.ts';
import { REMEDY, type Addon } from './addon.ts';

const require = createRequire(import.meta.url);

interface Binding {
  TF_Version: string;
}

/** tfjs-node 4.22 calls what Node 23 removed. */
function restoreUtil(): void {
  const util = require('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

/** tfjs-node asks for the package that joins all of tfjs and uses its core alone; the rest, layers, converter, data and
 * WebGL, would take every process some 0.4 s and 60 MB. */
function joinCoreOnly(folder: string): void {
  const inside = createRequire(join(folder, 'package.json'));
  const path = inside.resolve('@tensorflow/tfjs');
  if (require.cache[path]) return;
  const joined = new Module(path);
  Object.assign(joined, {
    filename: path,
    loaded: true,
    exports: inside('@tensorflow/tfjs-core') as unknown,
  });
  require.cache[path] = joined;
}

/** Model of the first NVIDIA card as the driver names it, where it does. */
function graphicsCard(): string {
  try {
    const root = '/proc/driver/nvidia/gpus';
    const text = readFileSync(join(root, readdirSync(root)[0]!, 'information'), 'utf8');
    return /Model:\s*(.+)/.exec(text)?.[1]?.trim() ?? 'GPU';
  } catch {
    return 'GPU';
  }
}

export async function startTensorflow(
  rung: 'tensorflow-gpu' | 'tensorflow',
  { name, folder, path }: Addon,
): Promise<Engine> {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // Float32 shall be float32: TF32 rounds products to 10 bits.
  process.env.NVIDIA_TF32_OVERRIDE ??= '0';
  if (rung === 'tensorflow') {
    process.env.CUDA_VISIBLE_DEVICES = '-1';
    // A GPU has a queue of its own.
    process.env.VANILLASCOPE_AHEAD = '1';
  }
  restoreUtil();
  let binding: Binding;
  try {
    binding = require(path) as Binding;
  } catch (cause) {
    throw new EngineUnavailable(rung, 'failed', `${path} does not load: ${shortMessage(cause)}`, {
      remedy: REMEDY,
      cause,
    });
  }
  joinCoreOnly(folder);
  require(join(folder, 'dist', 'register_all_kernels.js'));
  const { NodeJSKernelBackend } = require(join(folder, 'dist', 'nodejs_kernel_backend.js')) as {
    NodeJSKernelBackend: new (binding: Binding, packageName: string) => TensorflowBackend;
  };
  const backend = new NodeJSKernelBackend(binding, name);
  if (rung === 'tensorflow-gpu' && !backend.isUsingGpuDevice)
    throw new EngineUnavailable(
      rung,
      'missing',
      `TensorFlow ${binding.TF_Version} finds no GPU that it can use`,
      {
        remedy: 'an NVIDIA GPU with its driver, a TensorFlow built for its CUDA, then npm run native',
      },
    );
  tf.registerBackend('tensorflow', () => backend, 3);
  await useBackend('tensorflow');
  // TensorFlow must not be taken down while its thread still works the queue off: reading waits for what is ahead.
  process.once('exit', () => {
    try {
      tf.tidy(() => tf.add(0, 0).dataSync());
    } catch {
      // An op of the queue has failed: nobody is left to be told.
    }
  });
  replaceKernels();
  provideOps(tensorflowOps());
  return {
    rung,
    device: backend.isUsingGpuDevice ? graphicsCard() : processor(),
    version: `TensorFlow ${binding.TF_Version}, ${packageVersion(name)}`,
    onFatal: () => undefined,
  };
}
