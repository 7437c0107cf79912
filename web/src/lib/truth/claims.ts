/** The article's three claims, each turned into a rule over the measures of a run. Pure: numbers in, verdicts out. */
import type { Measure, SnapshotMeasures } from '../../../../shared/measurement.ts';
import type { Stage } from '../../../../shared/schedule.ts';

/** A value has risen or fallen when it has changed by more than this part of what it was. */
export const CHANGE = 0.05;
/** Features of early and mid are the same ones, moved on, while their similarity (CKA) is above this. */
export const KEPT = 0.7;
/** Neighbouring blocks have grown apart when their similarity has fallen by more than this. */
export const APART = 0.02;
/** The merge has changed nothing while the similarity of before and after is above this. */
export const UNCHANGED = 0.99;
/** Snapshots of a stage below which nothing is said: a mean of fewer is chance. */
export const FEWEST = 2;
/** Of the blocks, how many a claim needs: at least two thirds for a yes, more than one third for a partly. */
const MOST = 2 / 3;
const SOME = 1 / 3;

export type Verdict = 'yes' | 'mixed' | 'no' | 'unknown';

/** A measured snapshot after the first step, and its stage. */
export interface Moment {
  measures: SnapshotMeasures;
  stage: Stage;
}

export interface Evidence {
  /** In order of time. */
  moments: readonly Moment[];
  /** In the order of the data. */
  blocks: readonly string[];
  /** Similarity of a block's features between two snapshots; NaN where it is not known. */
  drift: (block: string, a: string, b: string) => number;
  /** Similarity of two blocks in a snapshot; NaN where it is not known. */
  likeness: (snapshot: string, a: string, b: string) => number;
}

/** A stage without snapshots enough, and how many it has. */
export interface Lack {
  stage: Stage;
  snapshots: number;
}

export interface Claim<Row> {
  verdict: Verdict;
  /** Blocks that bear the claim out. */
  holding: number;
  rows: Row[];
  /** Why nothing can be told; null where something can, and where similarities are still to come. */
  lack: Lack | null;
}

interface Row {
  block: string;
  holds: boolean;
}
export interface ContrastRow extends Row {
  early: number;
  late: number;
}
export interface SmoothRow extends Row {
  variation: readonly [early: number, mid: number];
  high: readonly [early: number, mid: number];
  /** Mean similarity of early and mid snapshots. */
  kept: number;
}
export interface LayerRow extends Row {
  rank: readonly [early: number, late: number];
  /** Similarity with the block before; null for the first. */
  before: readonly [early: number, late: number] | null;
  /** Similarity across the merge; null before it. */
  merge: number | null;
}

const mean = (values: readonly number[]): number =>
  values.length > 0 ? values.reduce((sum, v) => sum + v, 0) / values.length : NaN;

/** What a value has changed by, relative to what it was. */
export const changeOf = (before: number, after: number): number => (after - before) / Math.abs(before);

function within({ moments }: Evidence, stage: Stage): SnapshotMeasures[] {
  return moments.filter((m) => m.stage === stage).map((m) => m.measures);
}

/** Mean of a block's measure over the snapshots of a stage; NaN without any. */
export function stageMean(evidence: Evidence, stage: Stage, block: string, measure: Measure): number {
  const values = within(evidence, stage).flatMap((m) =>
    m.blocks.filter((b) => b.block === block).map((b) => b[measure]),
  );
  return mean(values);
}

function lackOf(evidence: Evidence, stages: readonly Stage[]): Lack | null {
  for (const stage of stages) {
    const snapshots = within(evidence, stage).length;
    if (snapshots < FEWEST) return { stage, snapshots };
  }
  return null;
}

function judge<R extends Row>(rows: R[], lack: Lack | null, known: boolean): Claim<R> {
  const holding = rows.filter((row) => row.holds).length;
  const share = holding / rows.length;
  const verdict = share >= MOST ? 'yes' : share > SOME ? 'mixed' : 'no';
  const told = lack === null && known && rows.length > 0;
  return { verdict: told ? verdict : 'unknown', holding, rows, lack };
}

/** Early feature maps have a high contrast: in each block, the mean contrast of the early stage against the late. */
export function judgeContrast(evidence: Evidence): Claim<ContrastRow> {
  const rows = evidence.blocks.map((block): ContrastRow => {
    const early = stageMean(evidence, 'early', block, 'contrast');
    const late = stageMean(evidence, 'late', block, 'contrast');
    return { block, early, late, holds: changeOf(late, early) > CHANGE };
  });
  return judge(rows, lackOf(evidence, ['early', 'late']), true);
}

/** In the middle they are smoother and keep the outlines: total variation and the share of high frequencies fall from
 * early to mid while the features stay similar. */
export function judgeSmoothness(evidence: Evidence): Claim<SmoothRow> {
  const [early, mid] = [within(evidence, 'early'), within(evidence, 'mid')];
  const rows = evidence.blocks.map((block): SmoothRow => {
    const pair = (measure: Measure): readonly [number, number] => [
      stageMean(evidence, 'early', block, measure),
      stageMean(evidence, 'mid', block, measure),
    ];
    const [variation, high] = [pair('totalVariation'), pair('highFrequencyShare')];
    const kept = mean(early.flatMap((a) => mid.map((b) => evidence.drift(block, a.snapshot, b.snapshot))));
    const smoother = changeOf(...variation) < -CHANGE && changeOf(...high) < -CHANGE;
    return { block, variation, high, kept, holds: smoother && kept > KEPT };
  });
  const known = rows.every((row) => !Number.isNaN(row.kept));
  return judge(rows, lackOf(evidence, ['early', 'mid']), known);
}

/** Late they are layered like a deeper network's: each block differs more from the one before it, has more directions,
 * and the merge, which takes layers away, changes nothing. */
export function judgeLayers(evidence: Evidence): Claim<LayerRow> & { merge: number | null } {
  const merge = mergeOf(evidence);
  const rows = evidence.blocks.map((block, i): LayerRow => {
    const rank = [
      stageMean(evidence, 'early', block, 'effectiveRank'),
      stageMean(evidence, 'late', block, 'effectiveRank'),
    ] as const;
    const previous = evidence.blocks[i - 1];
    const likeness = (stage: Stage): number =>
      mean(sampled(evidence, stage).map((id) => evidence.likeness(id, previous!, block)));
    const before = previous === undefined ? null : ([likeness('early'), likeness('late')] as const);
    const richer = changeOf(...rank) > CHANGE;
    const apart = before === null || before[0] - before[1] > APART;
    return { block, rank, before, merge: merge && evidence.drift(block, ...merge), holds: richer && apart };
  });
  const known = rows.every((row) => row.before === null || !row.before.some(Number.isNaN));
  const claim = judge(rows, lackOf(evidence, ['early', 'late']), known);
  const least = merge ? Math.min(...rows.map((row) => row.merge!)) : null;
  // A merge that changes the features is at odds with the claim, whatever else is true.
  const broken = least !== null && !(least > UNCHANGED);
  return { ...claim, verdict: claim.verdict === 'yes' && broken ? 'mixed' : claim.verdict, merge: least };
}

/** The snapshots right before and right after the merge. */
export function mergeOf({ moments }: Evidence): readonly [before: string, after: string] | null {
  const ids = moments.map((m) => m.measures.snapshot);
  const after = ids.find((id) => id.endsWith('m'));
  const before = after?.slice(0, -1);
  return after && before && ids.includes(before) ? [before, after] : null;
}

/** Snapshots of a stage whose layers are compared: at most five, evenly spread, for each is a request of its own. */
export function sampled(evidence: Pick<Evidence, 'moments'>, stage: Stage): string[] {
  const ids = evidence.moments.filter((m) => m.stage === stage).map((m) => m.measures.snapshot);
  const most = 5;
  if (ids.length <= most) return ids;
  return Array.from({ length: most }, (_, i) => ids[Math.round((i * (ids.length - 1)) / (most - 1))]!);
}
