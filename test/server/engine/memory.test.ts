import { expect, test } from 'vitest';
import { checkMemory, estimateBytes } from '../../../server/engine/memory.ts';
import type { NetworkConfig } from '../../../shared/config.ts';
import { findPreset } from '../../../shared/presets.ts';

const network = (preset: string, inputSize = 32): NetworkConfig => ({
  ...findPreset(preset).network,
  inputSize,
  inputChannels: 3,
  classes: 10,
});

test('the estimate is near what the wasm heap was measured to take', () => {
  // Megabytes of the heap after training steps with AdamW.
  for (const [config, batch, measured] of [
    [network('small'), 128, 87],
    [network('small'), 1024, 600],
    [network('article'), 128, 87],
    [network('article'), 512, 243],
    [network('vanillanet-6', 64), 128, 863],
    [network('vanillanet-13'), 128, 380],
    [network('vanillanet-9', 64), 256, 2236],
  ] as const) {
    const ratio = estimateBytes(config, batch) / 1e6 / measured;
    expect(ratio, `widths ${config.dims.join()} at ${batch}`).toBeGreaterThan(1);
    expect(ratio, `widths ${config.dims.join()} at ${batch}`).toBeLessThan(1.5);
  }
});

test('a plan that would pass 3 GB on wasm is refused with its numbers and the largest batch that fits', () => {
  let message = '';
  try {
    checkMemory('wasm', network('small'), 4096);
  } catch (error) {
    expect(error).toMatchObject({ code: 'OUT_OF_MEMORY', field: 'training.batchSize' });
    message = (error as Error).message;
  }
  expect(message).toMatch(
    /^training.batchSize 4096 would take \d+\.\d GB of wasm's memory, more than 3\.0 GB/,
  );
  const largest = Number(/at most (\d+) is valid/.exec(message)![1]);
  expect(() => checkMemory('wasm', network('small'), largest)).not.toThrow();
  expect(() => checkMemory('wasm', network('small'), largest + 1)).toThrow(/training.batchSize/);
});

test('a network that fits at no batch size says so', () => {
  expect(() => checkMemory('wasm', { ...network('article', 1024), stemStride: 1 }, 128)).toThrow(
    'a smaller network or input is needed',
  );
});

test('other rungs have no such limit', () => {
  expect(() => checkMemory('tensorflow', network('small'), 4096)).not.toThrow();
});
