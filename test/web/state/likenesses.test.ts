import { expect, test } from 'vitest';
import { Likenesses } from '../../../web/src/lib/state/likenesses.svelte.ts';

function bench() {
  const asked: string[] = [];
  let fail = false;
  const subject = new Likenesses('a', {
    drift: async (_run, block) => {
      asked.push(block);
      if (fail) throw new Error('gone');
      return { snapshots: ['0', '1'], values: Float32Array.of(1, 0.5, 0.5, 1) };
    },
    layers: async (_run, snapshot) => {
      asked.push(snapshot);
      return { blocks: ['stem', 'stages.0'], values: Float32Array.of(1, 0.25, 0.25, 1) };
    },
  });
  return { subject, asked, break: () => (fail = true) };
}

test('similarities are known once they have been read, and NaN until then and for what was not', async () => {
  const { subject } = bench();
  expect(subject.drift('stem', '0', '1')).toBeNaN();
  await subject.ask(['stem'], ['1']);
  expect(subject.drift('stem', '0', '1')).toBe(0.5);
  expect(subject.drift('stem', '0', '7')).toBeNaN();
  expect(subject.drift('stages.0', '0', '1')).toBeNaN();
  expect(subject.layers('1', 'stages.0', 'stem')).toBe(0.25);
  expect(subject.layers('0', 'stages.0', 'stem')).toBeNaN();
});

test('blocks are read anew, for the run goes on; the layers of a snapshot only once', async () => {
  const { subject, asked } = bench();
  await Promise.all([subject.ask(['stem'], ['1']), subject.ask(['stem'], ['1', '2'])]);
  expect(asked).toEqual(['stem', '1', 'stem', '2']);
});

test('a failure is told, and what was known stays', async () => {
  const house = bench();
  await house.subject.ask(['stem'], []);
  house.break();
  await house.subject.ask(['stem'], []);
  expect(house.subject.error?.message).toBe('gone');
  expect(house.subject.drift('stem', '1', '0')).toBe(0.5);
});
