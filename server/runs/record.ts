/** What a run's folder says of it, in run.json: the format, its version, and what the list and the page show. */
import { Type, type Static } from 'typebox';
import { RunConfig, RungId } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import {
  MergeInfo,
  ProbeInfo,
  RunState,
  type RunDetail,
  type RunSummary,
  type StepMetrics,
} from '../../shared/protocol.ts';
import { check } from './check.ts';

const FORMAT = 'vanillascope-run';
const VERSION = 1;

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const RunRecord = Type.Object({
  format: Type.Literal(FORMAT),
  version: Type.Literal(VERSION),
  createdAt: Type.String(),
  config: RunConfig,
  state: RunState,
  reason: Type.String(),
  /** The rung that trains it, and its device and version; null before the training process is ready. */
  backend: orNull(RungId),
  engine: orNull(Type.String()),
  parameters: orNull(Type.Integer()),
  classes: Type.Array(Type.String()),
  probes: Type.Array(ProbeInfo),
  /** Images that a user brought, and the index that the next one gets. */
  own: Type.Optional(Type.Object({ next: Type.Integer(), probes: Type.Array(ProbeInfo) })),
  /** Epochs completed, and where the network stood after them. */
  epoch: Type.Integer(),
  lambda: orNull(Type.Number()),
  testAccuracy: orNull(Type.Number()),
  merged: Type.Boolean(),
  merge: orNull(MergeInfo),
  /** Id of the latest checkpoint, or null. */
  checkpoint: orNull(Type.String()),
  /** Process that has the run under way, or null. */
  owner: orNull(Type.Integer()),
});
export type RunRecord = Static<typeof RunRecord>;

export function createRecord(config: RunConfig, now: Date): RunRecord {
  return {
    format: FORMAT,
    version: VERSION,
    createdAt: now.toISOString(),
    config,
    state: 'queued',
    reason: '',
    backend: null,
    engine: null,
    parameters: null,
    classes: [],
    probes: [],
    epoch: 0,
    lambda: null,
    testAccuracy: null,
    merged: false,
    merge: null,
    checkpoint: null,
    owner: process.pid,
  };
}

/** Reads run.json's text; throws INVALID_DATA saying what is wrong with it. */
export function parseRecord(text: string): RunRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ScopeError('INVALID_DATA', 'run.json is not JSON: it is damaged or half-written', { cause });
  }
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format !== FORMAT)
    throw new ScopeError('INVALID_DATA', `run.json is of another program: its format is not '${FORMAT}'`);
  if (version !== VERSION)
    throw new ScopeError(
      'INVALID_DATA',
      `run.json has version ${String(version)}; this program reads ${VERSION}`,
    );
  try {
    return check(RunRecord, value, 'INVALID_DATA');
  } catch (cause) {
    throw new ScopeError('INVALID_DATA', `run.json is damaged: ${(cause as Error).message}`, { cause });
  }
}

export function isFinal(state: RunState): boolean {
  return state === 'finished' || state === 'stopped' || state === 'failed';
}

/** The recorded probes, then the images that a user brought. */
export function probesOf({ probes, own }: RunRecord): ProbeInfo[] {
  return [...probes, ...(own?.probes ?? [])];
}

/** What only a run under way has. */
export interface Progress {
  lastStep: StepMetrics | null;
  preparing: { what: string; fraction: number | null } | null;
}

export function summarise(id: string, record: RunRecord, progress?: Progress): RunSummary {
  const { config, state } = record;
  return {
    id,
    name: config.name,
    state,
    reason: record.reason,
    createdAt: record.createdAt,
    dataset: config.data.dataset,
    preset: config.preset,
    backend: record.backend,
    epoch: record.epoch,
    epochs: config.training.epochs,
    lambda: record.lambda,
    testAccuracy: record.testAccuracy,
    merged: record.merged,
    secondsLeft: isFinal(state) ? null : (progress?.lastStep?.secondsLeft ?? null),
    progress: progress?.preparing ?? null,
    resumable: (state === 'stopped' || state === 'failed') && record.checkpoint !== null,
  };
}

export function detail(id: string, record: RunRecord, progress?: Progress): RunDetail {
  return {
    ...summarise(id, record, progress),
    config: record.config,
    classes: record.classes,
    probes: probesOf(record),
    engine: record.engine,
    parameters: record.parameters,
    lastStep: progress?.lastStep ?? null,
    merge: record.merge,
  };
}

/** How the list shows a folder that is no readable run. */
export function summariseUnreadable(id: string, reason: string, createdAt: Date): RunSummary {
  return {
    id,
    name: id,
    state: 'failed',
    reason,
    createdAt: createdAt.toISOString(),
    dataset: '',
    preset: '',
    backend: null,
    epoch: 0,
    epochs: 0,
    lambda: null,
    testAccuracy: null,
    merged: false,
    secondsLeft: null,
    resumable: false,
    unreadable: true,
  };
}
