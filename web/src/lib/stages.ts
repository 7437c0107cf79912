/** Early, mid and late: the rule by which they are told apart, and one recorded snapshot for each. */
import type { RunConfig } from '../../../shared/config.ts';
import type { SnapshotInfo } from '../../../shared/protocol.ts';
import {
  mergeEpoch,
  type Stage,
  stageAt,
  stageBands,
  type StageRule,
  STAGES,
  THIRDS,
} from '../../../shared/schedule.ts';
import { positionOf } from './timeline.ts';

/** The rule that a view's `stages` names: '' thirds of λ, 'x,y' these values of λ, 'drift' what was found from the
 * data, or thirds as long as nothing is. */
export function stageRule(stages: string, drift: StageRule | null): StageRule {
  if (stages === 'drift') return drift ?? THIRDS;
  if (stages === '') return THIRDS;
  const values = stages.split(',').map(Number);
  return { by: 'lambda', mid: Math.max(...values), late: Math.min(...values) };
}

/** `expected` is the epoch after which the first snapshot of a stage will be there; null where none will come. */
export type StagePick = { stage: Stage } & (
  { snapshot: SnapshotInfo; expected: null } | { snapshot: null; expected: number | null }
);

/** Early: the first snapshot after training began. Mid: the one nearest to the middle of the stage, in what the rule
 * goes by. Late: the last one. */
export function representative(
  stage: Stage,
  snapshots: readonly SnapshotInfo[],
  rule: StageRule = THIRDS,
): SnapshotInfo | undefined {
  const inside = snapshots.filter(
    (s) => s.epoch > 0 && stageAt({ ...s, epoch: positionOf(s) }, rule) === stage,
  );
  if (stage === 'early') return inside[0];
  if (stage === 'late') return inside.at(-1);
  const distance = (s: SnapshotInfo): number =>
    Math.abs((rule.by === 'lambda' ? s.lambda : positionOf(s)) - (rule.mid + rule.late) / 2);
  return inside.reduce<SnapshotInfo | undefined>(
    (best, s) => (best && distance(best) <= distance(s) ? best : s),
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
  rule: StageRule = THIRDS,
): StagePick[] {
  const bands = stageBands(config.training, rule);
  return STAGES.map((stage) => {
    const snapshot = representative(stage, snapshots, rule);
    if (snapshot) return { stage, snapshot, expected: null };
    const band = bands.find((b) => b.stage === stage);
    return { stage, snapshot: null, expected: band ? firstRecorded(config, band.from, band.to) : null };
  });
}
