/** REST and Socket.IO messages: schemas first, types derived from them. Both ends import this file. */
import { Type, type Static } from 'typebox';
import {
  DataConfig,
  DatasetId,
  NetworkConfig,
  RecordingConfig,
  RunConfig,
  RungId,
  TrainingConfig,
} from './config.ts';
import { EngineReport } from './engineReport.ts';
import { SnapshotMeasures } from './measurement.ts';
import { MergeReport } from './mergeReport.ts';
import { WeightsId } from './weights.ts';

const strict = { additionalProperties: false } as const;

// ---- errors -------------------------------------------------------------------------------------------------

export const ErrorReply = Type.Object({
  code: Type.String(),
  message: Type.String(),
  field: Type.Optional(Type.String()),
});
export type ErrorReply = Static<typeof ErrorReply>;

// ---- data sets ----------------------------------------------------------------------------------------------

export const DatasetInfo = Type.Object({
  id: DatasetId,
  title: Type.String(),
  description: Type.String(),
  licence: Type.String(),
  available: Type.Boolean(),
  /** Where it was found, or what to do to have it. */
  note: Type.String(),
  inputSize: Type.Integer(),
  inputChannels: Type.Integer(),
  classes: Type.Array(Type.String()),
  allowsFlip: Type.Boolean(),
  allowsCrop: Type.Boolean(),
});
export type DatasetInfo = Static<typeof DatasetInfo>;

// ---- runs ---------------------------------------------------------------------------------------------------

/** What a client sends to start a run; everything left out takes the preset's or the default value. */
export const RunRequest = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 0xffffffff })),
    backend: Type.Optional(Type.Union([Type.Literal('auto'), RungId])),
    preset: Type.Optional(Type.String()),
    /** Weights to start from, as PUT /api/weights names them. */
    weights: Type.Optional(WeightsId),
    data: Type.Object(
      {
        dataset: DatasetId,
        trainLimit: Type.Optional(DataConfig.properties.trainLimit),
        testLimit: Type.Optional(DataConfig.properties.testLimit),
        flip: Type.Optional(DataConfig.properties.flip),
        crop: Type.Optional(DataConfig.properties.crop),
        seed: DataConfig.properties.seed,
      },
      strict,
    ),
    network: Type.Optional(
      Type.Partial(Type.Omit(NetworkConfig, ['inputSize', 'inputChannels', 'classes']), strict),
    ),
    training: Type.Optional(Type.Partial(TrainingConfig, strict)),
    recording: Type.Optional(Type.Partial(RecordingConfig, strict)),
  },
  strict,
);
export type RunRequest = Static<typeof RunRequest>;

export const RUN_STATES = [
  'queued',
  'preparing',
  'running',
  'paused',
  'stopping',
  'finished',
  'stopped',
  'failed',
] as const;
export const RunState = Type.Enum([...RUN_STATES]);
/** `queued` waits for the engine; `preparing` reads data and builds the network; the last three are final. */
export type RunState = (typeof RUN_STATES)[number];

const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const EpochMetrics = Type.Object({
  epoch: Type.Integer(),
  /** λ in force at the epoch's last step. */
  lambda: Type.Number(),
  learningRate: Type.Number(),
  /** Mean over the epoch, nats and 0 to 1; null for epoch 0, before the first step. */
  trainLoss: nullable(Type.Number()),
  trainAccuracy: nullable(Type.Number()),
  testLoss: Type.Number(),
  testAccuracy: Type.Number(),
  merged: Type.Boolean(),
  seconds: Type.Number(),
  imagesPerSecond: nullable(Type.Number()),
});
export type EpochMetrics = Static<typeof EpochMetrics>;

export const StepMetrics = Type.Object({
  /** Epoch under way, from 1, and step within it, from 1. */
  epoch: Type.Integer(),
  step: Type.Integer(),
  stepsPerEpoch: Type.Integer(),
  loss: Type.Number(),
  accuracy: Type.Number(),
  lambda: Type.Number(),
  learningRate: Type.Number(),
  imagesPerSecond: nullable(Type.Number()),
  /** Seconds until the end at the present pace, evaluation and snapshots included. */
  secondsLeft: nullable(Type.Number()),
});
export type StepMetrics = Static<typeof StepMetrics>;

/** A recorded snapshot. `id` is the epoch, with `m` for the one taken right after the merge: '0', '12', '30m'. */
export const SnapshotInfo = Type.Object({
  id: Type.String(),
  epoch: Type.Integer(),
  lambda: Type.Number(),
  merged: Type.Boolean(),
  bytes: Type.Integer(),
});
export type SnapshotInfo = Static<typeof SnapshotInfo>;

export const ProbeInfo = Type.Object({
  /** Own images go on counting where the recorded probes end; an index is never given twice. */
  index: Type.Integer(),
  /** Of an image that a user brought: -1 and an empty name. */
  label: Type.Integer(),
  className: Type.String(),
  /** Set for an image that a user brought: the name it came with. */
  own: Type.Optional(Type.String()),
});
export type ProbeInfo = Static<typeof ProbeInfo>;

export const RunSummary = Type.Object({
  id: Type.String(),
  name: Type.String(),
  state: RunState,
  /** Why it failed or stopped; empty otherwise. */
  reason: Type.String(),
  /** ISO 8601, UTC. */
  createdAt: Type.String(),
  /** Empty, like the preset, where the run's folder can't be read. */
  dataset: Type.Union([DatasetId, Type.Literal('')]),
  preset: Type.String(),
  backend: nullable(RungId),
  epoch: Type.Integer(),
  epochs: Type.Integer(),
  lambda: nullable(Type.Number()),
  testAccuracy: nullable(Type.Number()),
  merged: Type.Boolean(),
  secondsLeft: nullable(Type.Number()),
  /** What a preparing run is doing: 'rendering emoji 1200 / 6400', 0 to 1 or null where the length is unknown. */
  progress: Type.Optional(nullable(Type.Object({ what: Type.String(), fraction: nullable(Type.Number()) }))),
  /** Stopped or failed, with a checkpoint from which POST …/resume goes on. */
  resumable: Type.Optional(Type.Boolean()),
  /** The folder can't be read; `reason` says why, and only the list knows of it. */
  unreadable: Type.Optional(Type.Boolean()),
});
export type RunSummary = Static<typeof RunSummary>;

/** What merging every pair did: parameters before and after, and the largest difference of the probes' logits. */
export const MergeInfo = Type.Object({
  epoch: Type.Integer(),
  parametersBefore: Type.Integer(),
  parametersAfter: Type.Integer(),
  maxLogitDifference: Type.Number(),
  /** The deep and the merged network on the probes, tap by tap. */
  report: Type.Optional(MergeReport),
});
export type MergeInfo = Static<typeof MergeInfo>;

export const RunDetail = Type.Intersect([
  RunSummary,
  Type.Object({
    config: RunConfig,
    classes: Type.Array(Type.String()),
    probes: Type.Array(ProbeInfo),
    /** Device and version of the engine in use, as the ladder reports it. */
    engine: nullable(Type.String()),
    parameters: nullable(Type.Integer()),
    lastStep: nullable(StepMetrics),
    /** Null before the merge. */
    merge: Type.Optional(nullable(MergeInfo)),
  }),
]);
export type RunDetail = Static<typeof RunDetail>;

// ---- live feed (Socket.IO) ------------------------------------------------------------------------------------

/** What a client wants to see of a run. Null taps or probes mean all. One watch a socket; a new one replaces it. */
export const WatchRequest = Type.Object(
  {
    runId: Type.String({ maxLength: 100 }),
    taps: nullable(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 512 })),
    probes: nullable(Type.Array(Type.Integer({ minimum: 0 }), { maxItems: 1024 })),
    /** At most this many frames a second. */
    rate: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 30 })),
  },
  strict,
);
export type WatchRequest = Static<typeof WatchRequest>;

/** Answer to a command: nothing, or what was wrong with it. */
export type Answer = { ok: true } | { ok: false; error: ErrorReply };

/** What the server sends on a live tick: one binary frame, see frame.ts. A client that is asked to acknowledges it when it
 * has painted it; until then no further frame is sent, and the latest one wins. It is asked for each frame at first, and
 * for one of several while it paints them in time. */
export interface ServerToClient {
  frame: (
    runId: string,
    frame: ArrayBuffer | Uint8Array,
    /** The run's latest step, which is not told again by a `step`; null where there is nothing new. */
    step: StepMetrics | null,
    painted?: () => void,
  ) => void;
  /** Sent to everyone when a run is created, changes or is deleted (summary null); `epoch` tells followers the same. */
  run: (runId: string, summary: RunSummary | null) => void;
  /** Sent to the run's followers: */
  step: (runId: string, step: StepMetrics) => void;
  /** With the run's last step, which is not told again by a `step`; null where there is nothing new. */
  epoch: (runId: string, metrics: EpochMetrics, summary: RunSummary, step: StepMetrics | null) => void;
  snapshot: (runId: string, snapshot: SnapshotInfo) => void;
  measures: (runId: string, measures: SnapshotMeasures) => void;
  /** The run's probes changed: a user brought an image or took one away. */
  probes: (runId: string, probes: ProbeInfo[]) => void;
  engine: (report: EngineReport) => void;
}

export interface ClientToServer {
  /** Follow a run's steps, epochs and snapshots without watching frames; null follows none. */
  follow: (runId: string | null, answer: (answer: Answer) => void) => void;
  watch: (request: WatchRequest | null, answer: (answer: Answer) => void) => void;
}

/**
 * REST, all under /api; errors are ErrorReply with 400 (bad input), 403 (foreign Host or Origin), 404, 409.
 *   GET    /api/engine                         EngineReport
 *   GET    /api/datasets                       DatasetInfo[]
 *   GET    /api/presets                        NetworkPreset[] (presets.ts)
 *   PUT    /api/weights         safetensors    WeightsInfo: the id by which a RunRequest starts from the file
 *   GET    /api/runs                           RunSummary[], newest first
 *   POST   /api/runs            RunRequest     201 RunDetail
 *   GET    /api/runs/:id                       RunDetail
 *   DELETE /api/runs/:id                       204; 409 while it is under way
 *   POST   /api/runs/:id/pause|resume|stop     RunSummary; 409 where the state does not allow it; resume also goes
 *                                              on from the last checkpoint of a stopped or failed run
 *   GET    /api/runs/:id/metrics               EpochMetrics[]
 *   GET    /api/runs/:id/snapshots             SnapshotInfo[], in order of time
 *   GET    /api/runs/:id/snapshots/:snapshot   a frame (application/vnd.vanillascope.frame, gzip);
 *          ?taps=a,b&probes=0,3                a part of it; one own image at a time, alone: ?probes=12
 *   GET    /api/runs/:id/measures              SnapshotMeasures[], in order of time
 *   GET    /api/runs/:id/similarity?block=stem  safetensors: `cka` F32 [E, E], debiased linear CKA of a block between
 *                                              all pairs of snapshots (NaN where it can't be told); metadata
 *                                              `snapshots`: their ids, comma-separated
 *   GET    /api/runs/:id/similarity/:snapshot  safetensors: `cka` F32 [B, B] between blocks; metadata `blocks`
 *   GET    /api/runs/:id/probes                ProbeInfo[], own images last
 *   POST   /api/runs/:id/probes?name=cat.png   image/jpeg, image/png or image/webp: 201 ProbeInfo, an own image
 *   DELETE /api/runs/:id/probes/:index         204, own images only
 *   GET    /api/runs/:id/probes/:index.png     the probe as the network sees it, before normalisation
 *   GET    /api/runs/:id/export                a snapshot's weights: safetensors under the reference's names;
 *          ?snapshot=12&form=deep|merged       by default of the latest snapshot, as they are
 *   GET    /api/runs/:id/merge/:snapshot       MergeReport: the proof at λ = 0, the forecast above; 409 once merged
 *   GET    /api/docs                           OpenAPI
 */
export const FRAME_TYPE = 'application/vnd.vanillascope.frame';

export { EngineReport, MergeReport, SnapshotMeasures };
export { RungReport } from './engineReport.ts';
export { WeightsInfo } from './weights.ts';
