/** One recorded snapshot for each of the article's stages: early, mid and late. */
import type { RunConfig } from '../../../shared/config.ts';
import type { SnapshotInfo } from '../../../shared/protocol.ts';
import { mergeEpoch, STAGES, type Stage, stageBands, stageOf } from '../../../shared/schedule.ts';

/** `expected` is the epoch after which the first snapshot of a stage will be there; null where none will come. */
export type StagePick = { stage: Stage } & (
  { snapshot: SnapshotInfo; expected: null } | { snapshot: null; expected: number | null }
);

/** Early: the first snapshot after training began. Mid: the one nearest to λ = 1/2. Late: the last one. */
export function representative(stage: Stage, snapshots: readonly SnapshotInfo[]): SnapshotInfo | undefined {
  const inside = snapshots.filter((s) => s.epoch > 0 && stageOf(s.lambda, s.merged) === stage);
  if (stage === 'early') return inside[0];
  if (stage === 'late') return inside.at(-1);
  return inside.reduce<SnapshotInfo | undefined>(
    (best, s) => (best && Math.abs(best.lambda - 0.5) <= Math.abs(s.lambda - 0.5) ? best : s),
    undefined,
  );
}

/** The first epoch within [from, to] after which a snapshot is recorded; the last epoch and the merge always are. */
function firstRecorded(
  config: Pick<RunConfig, 'training' | 'recording'>,
  from: number,
  to: number,
): number | null {
  const { training, recording } = config;
  for (let epoch = from; epoch <= to; epoch++)
    if (epoch % recording.every === 0 || epoch === training.epochs || epoch === mergeEpoch(training))
      return epoch;
  return null;
}

export function pickStages(
  config: Pick<RunConfig, 'training' | 'recording'>,
  snapshots: readonly SnapshotInfo[],
): StagePick[] {
  const bands = stageBands(config.training);
  return STAGES.map((stage) => {
    const snapshot = representative(stage, snapshots);
    if (snapshot) return { stage, snapshot, expected: null };
    const band = bands.find((b) => b.stage === stage);
    return { stage, snapshot: null, expected: band ? firstRecorded(config, band.from, band.to) : null };
  });
}
