import { describe, expect, test } from 'vitest';
import type { BlockMeasures } from '../../../shared/measurement.ts';
import { stageOf } from '../../../shared/schedule.ts';
import {
  changeOf,
  judgeContrast,
  judgeLayers,
  judgeSmoothness,
  mergeOf,
  sampled,
  type Evidence,
} from '../../../web/src/lib/truth/claims.ts';

const BLOCKS = ['stem', 'stages.0', 'stages.1'];
/** λ of epochs 1 to 9: three of each stage. */
const LAMBDAS = [1, 0.9, 0.8, 0.6, 0.5, 0.4, 0.3, 0.1, 0];
const PLAIN: Omit<BlockMeasures, 'block'> = {
  contrast: 1,
  totalVariation: 1,
  highFrequencyShare: 0.4,
  entropy: 5,
  deadFraction: 0,
  effectiveRank: 10,
};

interface Course {
  /** What differs from PLAIN, by the block's place and the stage (0, 1, 2). */
  of?: (block: number, stage: number) => Partial<BlockMeasures>;
  epochs?: number;
  merged?: boolean;
  drift?: Evidence['drift'];
  likeness?: Evidence['likeness'];
}

/** A run as it might have been measured. */
function evidence({ of = () => ({}), epochs = 9, merged = false, drift, likeness }: Course): Evidence {
  const ids = Array.from({ length: epochs }, (_, i) => String(i + 1));
  if (merged) ids.push(`${epochs}m`);
  const moments = ids.map((snapshot) => {
    const epoch = Number.parseInt(snapshot, 10);
    const lambda = LAMBDAS[epoch - 1]!;
    const stage = stageOf(lambda, snapshot.endsWith('m'));
    const place = ['early', 'mid', 'late'].indexOf(stage);
    const blocks = BLOCKS.map((block, i) => ({ block, ...PLAIN, ...of(i, place) }));
    return {
      stage,
      measures: { snapshot, epoch, lambda, merged: snapshot.endsWith('m'), images: 128, blocks },
    };
  });
  return { moments, blocks: BLOCKS, drift: drift ?? (() => 0.9), likeness: likeness ?? (() => 0.8) };
}

describe('early maps have a high contrast', () => {
  const falling = (blocks: number) => (block: number, stage: number) => ({
    contrast: block < blocks ? 2 - 0.5 * stage : 1,
  });

  test('yes where two thirds of the blocks have it, no where none has, partly in between', () => {
    expect(judgeContrast(evidence({ of: falling(3) }))).toMatchObject({ verdict: 'yes', holding: 3 });
    expect(judgeContrast(evidence({ of: falling(2) }))).toMatchObject({ verdict: 'yes', holding: 2 });
    expect(judgeContrast(evidence({ of: falling(0) }))).toMatchObject({ verdict: 'no', holding: 0 });
    const four = { ...evidence({ of: falling(2) }), blocks: [...BLOCKS, 'stages.1'] };
    expect(judgeContrast(four)).toMatchObject({ verdict: 'mixed', holding: 2 });
  });

  test('a change within 5 % is none, and a rise speaks against it', () => {
    const early = (contrast: number) => (_: number, stage: number) => (stage === 0 ? { contrast } : {});
    expect(judgeContrast(evidence({ of: early(1.04) })).verdict).toBe('no');
    expect(judgeContrast(evidence({ of: early(1.06) })).verdict).toBe('yes');
    expect(judgeContrast(evidence({ of: early(0.5) })).verdict).toBe('no');
  });

  test('the numbers are means over the snapshots of a stage', () => {
    const rows = judgeContrast(evidence({ of: falling(3) })).rows;
    expect(rows[0]).toEqual({ block: 'stem', early: 2, late: 1, holds: true });
  });

  test('it cannot be told while the late stage has fewer than two snapshots', () => {
    for (const [epochs, snapshots] of [
      [6, 0],
      [7, 1],
    ] as const)
      expect(judgeContrast(evidence({ of: falling(3), epochs }))).toMatchObject({
        verdict: 'unknown',
        lack: { stage: 'late', snapshots },
      });
    expect(judgeContrast(evidence({ of: falling(3), epochs: 8 })).verdict).toBe('yes');
    expect(judgeContrast(evidence({ epochs: 0 })).lack).toEqual({ stage: 'early', snapshots: 0 });
    expect(judgeContrast({ ...evidence({}), blocks: [] }).verdict).toBe('unknown');
  });
});

describe('the middle is smoother and keeps the outlines', () => {
  const smoother = (_: number, stage: number) =>
    stage === 1 ? { totalVariation: 0.8, highFrequencyShare: 0.3 } : {};

  test('yes where variation and high frequencies fall and the features stay similar', () => {
    const claim = judgeSmoothness(evidence({ of: smoother }));
    expect(claim).toMatchObject({ verdict: 'yes', holding: 3, lack: null });
    const near = (value: number): unknown => expect.closeTo(value, 12);
    expect(claim.rows[0]).toMatchObject({
      variation: [near(1), near(0.8)],
      high: [near(0.4), near(0.3)],
      kept: near(0.9),
    });
  });

  test('no where only one of them falls, or where the features are others', () => {
    const only = (change: Partial<BlockMeasures>) => (_: number, stage: number) =>
      stage === 1 ? change : {};
    expect(judgeSmoothness(evidence({ of: only({ totalVariation: 0.5 }) })).verdict).toBe('no');
    expect(judgeSmoothness(evidence({ of: only({ highFrequencyShare: 0.1 }) })).verdict).toBe('no');
    expect(judgeSmoothness(evidence({ of: smoother, drift: () => 0.5 })).verdict).toBe('no');
  });

  test('it is early and mid that are compared', () => {
    const pairs = new Set<string>();
    const drift = (_: string, a: string, b: string): number => {
      pairs.add(`${a}-${b}`);
      return 0.9;
    };
    judgeSmoothness(evidence({ of: smoother, drift }));
    expect([...pairs].sort()).toEqual(['1-4', '1-5', '1-6', '2-4', '2-5', '2-6', '3-4', '3-5', '3-6']);
  });

  test('it cannot be told without the middle, or before the similarities have come', () => {
    expect(judgeSmoothness(evidence({ of: smoother, epochs: 4 }))).toMatchObject({
      verdict: 'unknown',
      lack: { stage: 'mid', snapshots: 1 },
    });
    expect(judgeSmoothness(evidence({ of: smoother, drift: () => NaN }))).toMatchObject({
      verdict: 'unknown',
      lack: null,
    });
  });
});

describe('late maps are layered like those of a deeper net', () => {
  const richer = (_: number, stage: number) => ({ effectiveRank: 10 + 5 * stage });
  const apart = (snapshot: string): number => (Number.parseInt(snapshot, 10) > 6 ? 0.6 : 0.8);

  test('yes where ranks rise, neighbours grow apart and the merge changes nothing', () => {
    const claim = judgeLayers(evidence({ of: richer, likeness: apart, merged: true, drift: () => 0.999 }));
    expect(claim).toMatchObject({ verdict: 'yes', holding: 3, merge: 0.999 });
    expect(claim.rows[0]).toMatchObject({ rank: [10, 20], before: null, merge: 0.999 });
    expect(claim.rows[1]!.before![0]).toBeCloseTo(0.8, 12);
    expect(claim.rows[1]!.before![1]).toBeCloseTo(0.6, 12);
  });

  test('it is told of a run that is not merged yet, and only partly of one that the merge has changed', () => {
    expect(judgeLayers(evidence({ of: richer, likeness: apart }))).toMatchObject({
      verdict: 'yes',
      merge: null,
    });
    const broken = { of: richer, likeness: apart, merged: true };
    expect(judgeLayers(evidence({ ...broken, drift: () => 0.9 }))).toMatchObject({
      verdict: 'mixed',
      merge: 0.9,
    });
    expect(judgeLayers(evidence({ ...broken, drift: () => NaN })).verdict).toBe('mixed');
  });

  test('no where the ranks stay, and where only the first block has more directions', () => {
    expect(judgeLayers(evidence({ likeness: apart })).verdict).toBe('no');
    // Without growing apart only the first block, which has none before it, can bear it out.
    expect(judgeLayers(evidence({ of: richer }))).toMatchObject({ verdict: 'no', holding: 1 });
  });

  test('it cannot be told before the layers have been compared', () => {
    expect(judgeLayers(evidence({ of: richer, likeness: () => NaN }))).toMatchObject({
      verdict: 'unknown',
      lack: null,
    });
  });
});

test('the merge is the pair of snapshots of one epoch', () => {
  expect(mergeOf(evidence({ merged: true }))).toEqual(['9', '9m']);
  expect(mergeOf(evidence({}))).toBeNull();
});

test('of many snapshots five are compared layer by layer, the first and the last among them', () => {
  const moments = Array.from({ length: 12 }, (_, i) => ({
    stage: 'early' as const,
    measures: { ...evidence({}).moments[0]!.measures, snapshot: String(i) },
  }));
  expect(sampled({ moments }, 'early')).toEqual(['0', '3', '6', '8', '11']);
  expect(sampled({ moments }, 'late')).toEqual([]);
});

test('a change is relative to what a value was', () => {
  expect(changeOf(2, 1)).toBe(-0.5);
  expect(changeOf(4, 5)).toBe(0.25);
});
