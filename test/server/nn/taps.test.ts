import { beforeAll, expect, test } from 'vitest';
import { usePortable } from './backends.ts';
import { images, network } from './network.ts';
import { RELU, SHIFTED } from './networks.ts';

beforeAll(() => usePortable('cpu'));

test('an unknown tap is refused with the valid ones, and taps inside a pair are gone after the merge', () => {
  const net = network(SHIFTED);
  expect(() => net.registerTap('stages.9.out', () => undefined)).toThrowError(
    expect.objectContaining({
      code: 'NOT_FOUND',
      message: expect.stringContaining('stages.1.out') as string,
    }),
  );
  let fired = 0;
  net.registerTap('stem.pre', () => fired++);
  net.lambda = 0;
  net.merge();
  const x = images(SHIFTED);
  net.apply(x, 'infer').dispose();
  expect(fired).toBe(0);
  expect(() => net.registerTap('stem.pre', () => undefined)).toThrow("'stem.pre' is unknown");
  net.dispose();
});

test('a removed hook is not called again, and another one on the same tap still is', () => {
  const net = network(RELU);
  const calls: string[] = [];
  const hook = (): void => void calls.push('twice registered');
  const first = net.registerTap('logits', hook);
  net.registerTap('logits', hook);
  const x = images(RELU);
  net.apply(x, 'train').dispose();
  first.remove();
  first.remove();
  net.apply(x, 'infer').dispose();
  expect(calls).toHaveLength(3);
  net.dispose();
});
