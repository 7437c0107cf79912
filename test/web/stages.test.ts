import { expect, test } from 'vitest';
import { resolveRun } from '../../shared/presets.ts';
import type { SnapshotInfo } from '../../shared/protocol.ts';
import { lambdaOfStep, THIRDS } from '../../shared/schedule.ts';
import { pickStages, stageRule } from '../../web/src/lib/stages.ts';

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

test('the rule is read from the view: thirds, values of λ in any order, or what the data say', () => {
  const found = { by: 'epoch', mid: 3, late: 9 } as const;
  expect(stageRule('', found)).toEqual(THIRDS);
  expect(stageRule('0.8,0.1', null)).toEqual({ by: 'lambda', mid: 0.8, late: 0.1 });
  expect(stageRule('0.1,0.8', null)).toEqual({ by: 'lambda', mid: 0.8, late: 0.1 });
  expect(stageRule('drift', found)).toEqual(found);
  expect(stageRule('drift', null)).toEqual(THIRDS);
});

test('picks follow chosen values of λ: mid is the snapshot in the middle between them', () => {
  const rule = { by: 'lambda', mid: 0.9, late: 0.8 } as const;
  expect(pickStages(config, recorded(20), rule).map((pick) => pick.snapshot?.id)).toEqual(['1', '3', '20m']);
  expect(pickStages(config, recorded(0), rule).map((pick) => pick.expected)).toEqual([1, 3, 4]);
});

test('picks follow stages found from the data: mid is the snapshot in the middle of its epochs', () => {
  const rule = { by: 'epoch', mid: 2, late: 16 } as const;
  expect(pickStages(config, recorded(20), rule).map((pick) => pick.snapshot?.id)).toEqual(['1', '9', '20m']);
});
