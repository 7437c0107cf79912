import { expect, test } from 'vitest';
import { peerDevices, placeOf, rivalsOf } from './places.ts';

test('WebGPU computes on a GPU unless its adapter is software, and TensorFlow by its rung', () => {
  expect(placeOf('webgpu', 'nvidia hopper NVIDIA H100 80GB HBM3')).toBe('gpu');
  expect(placeOf('webgpu', 'apple metal-3 Apple M2')).toBe('gpu');
  expect(placeOf('webgpu', 'google swiftshader SwiftShader Device (Subzero)')).toBe('cpu');
  expect(placeOf('webgpu', 'mesa llvmpipe (LLVM 15.0.7, 256 bits)')).toBe('cpu');
  expect(placeOf('webgpu', 'microsoft Microsoft Basic Render Driver')).toBe('cpu');
  expect(placeOf('tensorflow-gpu', 'GPU')).toBe('gpu');
  for (const rung of ['tensorflow', 'wasm', 'cpu']) expect(placeOf(rung, 'AMD EPYC, 2 cores')).toBe('cpu');
});

test('PyTorch is measured where the rungs are, each device once', () => {
  expect(peerDevices(['gpu', 'cpu', 'cpu'], 'cuda')).toEqual(['cpu', 'cuda']);
  expect(peerDevices(['gpu', 'gpu'], 'mps')).toEqual(['mps']);
  expect(peerDevices(['cpu'], 'cuda')).toEqual(['cpu']);
});

test('where PyTorch has no GPU, or nothing else is measured, it is measured on the processor', () => {
  expect(peerDevices(['gpu'], null)).toEqual(['cpu']);
  expect(peerDevices(['gpu', 'cpu'], null)).toEqual(['cpu']);
  expect(peerDevices([], 'cuda')).toEqual(['cpu']);
});

test('a rung is compared with the peers in its place, and with those on the processor where there are none', () => {
  const cpu = [
    { name: 'contiguous', place: 'cpu' as const },
    { name: 'channels last', place: 'cpu' as const },
  ];
  const gpu = [{ name: 'contiguous, cuda', place: 'gpu' as const }];
  expect(rivalsOf('gpu', [...cpu, ...gpu])).toEqual(gpu);
  expect(rivalsOf('cpu', [...cpu, ...gpu])).toEqual(cpu);
  expect(rivalsOf('gpu', cpu)).toEqual(cpu);
  expect(rivalsOf('cpu', gpu)).toEqual([]);
});
