import { describe, expect, test } from 'vitest';
import type { TrainingConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import {
  checkSchedule,
  firstZeroEpoch,
  lambdaAt,
  lambdaOfStep,
  learningRateAt,
  mergeEpoch,
  stageAt,
  stageBands,
  stageOf,
} from '../../shared/schedule.ts';

type Changes = Partial<Omit<TrainingConfig, 'lambda'>> & { lambda?: Partial<TrainingConfig['lambda']> };

const plan = ({ lambda, ...changes }: Changes = {}): TrainingConfig => ({
  epochs: 20,
  batchSize: 128,
  optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0 },
  learningRate: 0.4,
  warmupEpochs: 2,
  labelSmoothing: 0,
  mergeBeforeEnd: 0,
  ...changes,
  lambda: { schedule: 'linear', share: 0.5, update: 'epoch', ...lambda },
});

describe('λ', () => {
  test.each(['linear', 'cosine'] as const)(
    'is 1 at the start and exactly 0 from its share on (%s)',
    (schedule) => {
      const lambda = { schedule, share: 0.7, update: 'epoch' } as const;
      expect(lambdaAt(lambda, 0)).toBe(1);
      expect(lambdaAt(lambda, 0.35)).toBeCloseTo(0.5, 12);
      expect(lambdaAt(lambda, 0.7)).toBe(0);
      expect(lambdaAt(lambda, 0.1 + 0.6)).toBe(0); // 0.7 but for its last bit
      expect(lambdaAt(lambda, 1)).toBe(0);
    },
  );

  test.each(['linear', 'cosine'] as const)('never rises (%s)', (schedule) => {
    let last = 1;
    for (let t = 0; t <= 1; t += 0.01) {
      const next = lambdaAt({ schedule, share: 0.8, update: 'step' }, t);
      expect(next).toBeLessThanOrEqual(last);
      expect(next).toBeGreaterThanOrEqual(0);
      last = next;
    }
  });

  test('set by the epoch, it is constant within an epoch and 1 in the first', () => {
    expect(lambdaOfStep(plan(), 1, 0, 10)).toBe(1);
    expect(lambdaOfStep(plan(), 1, 9, 10)).toBe(1);
    expect(lambdaOfStep(plan(), 2, 0, 10)).toBeCloseTo(0.9, 12);
    expect(lambdaOfStep(plan(), 11, 0, 10)).toBe(0);
  });

  test('set by the step, it begins at 1 and falls within the first epoch', () => {
    const byStep = plan({ lambda: { update: 'step' } });
    expect(lambdaOfStep(byStep, 1, 0, 10)).toBe(1);
    expect(lambdaOfStep(byStep, 1, 5, 10)).toBeCloseTo(0.95, 12);
    expect(lambdaOfStep(byStep, 10, 9, 10)).toBeCloseTo(0.01, 12);
    expect(lambdaOfStep(byStep, 11, 0, 10)).toBe(0);
  });

  test('is 0 in every step of the first zero epoch and above 0 in the last step before, for any share', () => {
    for (const update of ['epoch', 'step'] as const)
      for (let epochs = 1; epochs <= 30; epochs++)
        for (let share = 0.05; share <= 1; share += 0.05) {
          const training = plan({ epochs, lambda: { share, update } });
          const zero = firstZeroEpoch(training);
          expect(lambdaOfStep(training, zero, 0, 7), `${epochs} epochs, share ${share}`).toBe(0);
          expect(lambdaOfStep(training, zero - 1, 0, 7), `${epochs} epochs, share ${share}`).toBeGreaterThan(
            0,
          );
        }
  });
});

describe('the merge', () => {
  test('comes at the end, some epochs before, or never', () => {
    expect(mergeEpoch(plan())).toBe(20);
    expect(mergeEpoch(plan({ mergeBeforeEnd: 3 }))).toBe(17);
    expect(mergeEpoch(plan({ mergeBeforeEnd: null }))).toBeNull();
  });

  test('is allowed after a whole epoch at λ = 0', () => {
    for (const mergeBeforeEnd of [null, 0, 9])
      expect(() => checkSchedule(plan({ mergeBeforeEnd }))).not.toThrow();
    expect(() => checkSchedule(plan({ mergeBeforeEnd: null, lambda: { share: 1 } }))).not.toThrow();
  });

  test('is refused while λ > 0, and the advice is itself valid', () => {
    for (const mergeBeforeEnd of [10, 15]) {
      const refused = plan({ mergeBeforeEnd });
      expect(() => checkSchedule(refused)).toThrow(ScopeError);
      const share = Number(/share of at most ([\d.]+),/.exec(catchMessage(refused))![1]);
      expect(() => checkSchedule(plan({ mergeBeforeEnd, lambda: { share } }))).not.toThrow();
    }
  });

  test('after the first epoch no share can help, and none is advised', () => {
    expect(catchMessage(plan({ mergeBeforeEnd: 19 }))).not.toContain('a share of');
  });

  test('is refused before the first epoch', () => {
    expect(catchMessage(plan({ mergeBeforeEnd: 20 }))).toContain('at most 19 is valid');
  });
});

function catchMessage(training: TrainingConfig): string {
  try {
    checkSchedule(training);
  } catch (error) {
    return (error as ScopeError).message;
  }
  throw new Error('it was not refused');
}

describe('the learning rate', () => {
  test('rises in a line from the first step to its full value at the end of the warm-up', () => {
    expect(learningRateAt(plan(), 1, 0, 10)).toBeCloseTo(0.4 / 20, 12);
    expect(learningRateAt(plan(), 1, 9, 10)).toBeCloseTo(0.2, 12);
    expect(learningRateAt(plan(), 2, 9, 10)).toBeCloseTo(0.4, 12);
  });

  test('then falls as half a cosine, almost to 0 in the last step', () => {
    expect(learningRateAt(plan(), 3, 0, 10)).toBeCloseTo(0.4, 12);
    expect(learningRateAt(plan(), 12, 0, 10)).toBeCloseTo(0.2, 12);
    const last = learningRateAt(plan(), 20, 9, 10);
    expect(last).toBeGreaterThan(0);
    expect(last).toBeLessThan(0.0001);
  });

  test('without warm-up starts at its full value', () => {
    expect(learningRateAt(plan({ warmupEpochs: 0 }), 1, 0, 10)).toBe(0.4);
  });

  test.each([20, 25])('with a warm-up of %d of 20 epochs only rises', (warmupEpochs) => {
    const training = plan({ warmupEpochs });
    expect(learningRateAt(training, 20, 9, 10)).toBeCloseTo((0.4 * 20) / warmupEpochs, 12);
    expect(learningRateAt(training, 20, 8, 10)).toBeLessThan(learningRateAt(training, 20, 9, 10));
  });

  test.each([0, 0.5, 1, 3])(
    'stays above 0 and within its full value (%f epochs of warm-up)',
    (warmupEpochs) => {
      for (let epoch = 1; epoch <= 20; epoch++)
        for (let step = 0; step < 3; step++) {
          const rate = learningRateAt(plan({ warmupEpochs }), epoch, step, 3);
          expect(rate).toBeGreaterThan(0);
          expect(rate).toBeLessThanOrEqual(0.4);
        }
    },
  );
});

describe('the stages', () => {
  test('divide λ by thirds, and the merged network is late', () => {
    expect([1, 0.67, 2 / 3, 0.34, 1 / 3, 0].map((lambda) => stageOf(lambda, false))).toEqual([
      'early',
      'early',
      'mid',
      'mid',
      'late',
      'late',
    ]);
    expect(stageOf(1, true)).toBe('late');
  });

  test('follow one another over all epochs without gap', () => {
    expect(stageBands(plan({ epochs: 9, lambda: { share: 1 } }))).toEqual([
      { stage: 'early', from: 1, to: 3 },
      { stage: 'mid', from: 4, to: 6 },
      { stage: 'late', from: 7, to: 9 },
    ]);
    for (let epochs = 1; epochs < 40; epochs++) {
      const bands = stageBands(plan({ epochs, lambda: { schedule: 'cosine', share: 0.3 } }));
      expect(bands[0]!.from).toBe(1);
      expect(bands.at(-1)!.to).toBe(epochs);
      bands.slice(1).forEach((band, i) => expect(band.from).toBe(bands[i]!.to + 1));
    }
  });

  test('leave out a stage that the schedule steps over', () => {
    const bands = stageBands(plan({ epochs: 4, lambda: { share: 0.25 } }));
    expect(bands.map((band) => band.stage)).toEqual(['early', 'late']);
  });

  test('follow chosen values of λ, or chosen epochs', () => {
    const nine = plan({ epochs: 9, lambda: { share: 1 } });
    expect(stageBands(nine, { by: 'lambda', mid: 0.95, late: 0.2 })).toEqual([
      { stage: 'early', from: 1, to: 1 },
      { stage: 'mid', from: 2, to: 8 },
      { stage: 'late', from: 9, to: 9 },
    ]);
    expect(stageBands(nine, { by: 'epoch', mid: 2, late: 5 })).toEqual([
      { stage: 'early', from: 1, to: 2 },
      { stage: 'mid', from: 3, to: 5 },
      { stage: 'late', from: 6, to: 9 },
    ]);
    // The merge alone does not make a stage that was found from the data.
    const merged = { epoch: 2, lambda: 0, merged: true };
    expect(stageAt(merged, { by: 'epoch', mid: 2, late: 5 })).toBe('early');
    expect(stageAt(merged, { by: 'lambda', mid: 0, late: 0 })).toBe('late');
  });
});
