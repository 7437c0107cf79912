import { expect, test } from 'vitest';
import { resolveRun } from '../../shared/presets.ts';
import type { SnapshotInfo } from '../../shared/protocol.ts';
import { lambdaOfStep } from '../../shared/schedule.ts';
import { pickStages } from '../../web/src/lib/stages.ts';

const shape = {
  id: 'shapes',
  inputSize: 32,
  inputChannels: 3,
  classes: ['disc', 'square'],
  allowsFlip: true,
  allowsCrop: true,
} as const;
const config = resolveRun(
  {
    data: { dataset: 'shapes' },
    training: { epochs: 20, lambda: { schedule: 'linear', share: 0.7, update: 'epoch' } },
  },
  shape,
);

/** What a run records up to an epoch: every so many epochs, the last one, and the merge. */
function recorded(until: number, every = 1): SnapshotInfo[] {
  const list: SnapshotInfo[] = [{ id: '0', epoch: 0, lambda: 1, merged: false, bytes: 1 }];
  for (let epoch = 1; epoch <= until; epoch++)
    if (epoch % every === 0 || epoch === 20)
      list.push({
        id: String(epoch),
        epoch,
        lambda: lambdaOfStep(config.training, epoch, 0, 1),
        merged: false,
        bytes: 1,
      });
  if (until === 20) list.push({ id: '20m', epoch: 20, lambda: 0, merged: true, bytes: 1 });
  return list;
}

test('a whole run gives its first trained epoch, the one nearest λ = 1/2, and the merged network', () => {
  expect(pickStages(config, recorded(20)).map((pick) => pick.snapshot?.id)).toEqual(['1', '8', '20m']);
});

test('before the first epoch no stage is reached, and each says when it will come', () => {
  const picks = pickStages(config, recorded(0));
  expect(picks.map((pick) => pick.snapshot)).toEqual([null, null, null]);
  expect(picks.map((pick) => pick.expected)).toEqual([1, 6, 11]);
});

test('a stage comes with the first snapshot recorded within it', () => {
  const sparse = { ...config, recording: { ...config.recording, every: 4 } };
  expect(pickStages(sparse, recorded(0)).map((pick) => pick.expected)).toEqual([4, 8, 12]);
});

test('in the late stage the latest snapshot stands for it', () => {
  expect(pickStages(config, recorded(12))[2]?.snapshot?.id).toBe('12');
  expect(pickStages(config, recorded(17))[2]?.snapshot?.id).toBe('17');
});

test('a stage that the schedule steps over will never come', () => {
  const sudden = {
    ...config,
    training: {
      ...config.training,
      lambda: { schedule: 'linear', share: 0.05, update: 'epoch' },
    } as typeof config.training,
  };
  expect(pickStages(sudden, recorded(0)).map((pick) => pick.expected)).toEqual([1, null, 2]);
});
