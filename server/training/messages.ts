/** Messages between the server and the training process: two discriminated unions, sent with `advanced`
 * serialisation so that bytes travel as bytes. Worker and supervisor both import this file. */
import type { RunConfig, RungId } from '../../shared/config.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type {
  EpochMetrics,
  MergeReport,
  ProbeInfo,
  RungReport,
  SnapshotMeasures,
  StepMetrics,
} from '../../shared/protocol.ts';
import type { Watch } from './control.ts';

/** What the training process reports. */
export type TrainerEvent =
  /** The answer to `try`; the process ends after it where the rung did not pass. */
  | { type: 'tried'; report: RungReport }
  /** Progress of preparation, for people: 'rendering emoji 1200 / 6400'. `fraction` is 0 to 1. */
  | { type: 'preparing'; what: string; fraction: number | null }
  | {
      type: 'ready';
      backend: RungId;
      /** Device and version of the engine. */
      engine: string;
      parameters: number;
      classes: string[];
      probes: ProbeInfo[];
      /** uint8 RGB [P, H, W, C], before normalisation. */
      probeImages: Uint8Array;
      trainImages: number;
      testImages: number;
    }
  | { type: 'step'; metrics: StepMetrics }
  /** With its last step, where that has not been told: each message costs the training more than its bytes. */
  | { type: 'epoch'; metrics: EpochMetrics; step?: StepMetrics }
  /** `id` as in SnapshotInfo; `bytes` an encoded frame of all probes and taps, recorded in inference mode. */
  | {
      type: 'snapshot';
      id: string;
      epoch: number;
      lambda: number;
      merged: boolean;
      bytes: Uint8Array;
      /** The weights at that moment: a safetensors file, see training/weights.ts. */
      weights?: Uint8Array;
    }
  /** What was measured of a snapshot; `grams` as Measured in measurer.ts tells. */
  | { type: 'measures'; measures: SnapshotMeasures; grams: Uint8Array }
  /** A safetensors file with everything that resuming needs. */
  | { type: 'checkpoint'; id: string; epoch: number; bytes: Uint8Array }
  /** The answer to a `pull` or to its beat: an encoded frame, the watch that it shows, and the latest step in place of
   * an event of its own. */
  | { type: 'live'; bytes: Uint8Array; watch?: Watch; step?: StepMetrics }
  | { type: 'paused' }
  | { type: 'resumed' }
  | {
      type: 'merged';
      epoch: number;
      parametersBefore: number;
      parametersAfter: number;
      maxLogitDifference: number;
      /** The deep and the merged network on the probes, tap by tap. */
      report?: MergeReport;
    }
  /** `finished` ran all epochs, `stopped` was asked to stop; the process ends after it. */
  | { type: 'end'; reason: 'finished' | 'stopped' }
  | { type: 'failure'; code: ErrorCode; message: string; field?: string };

/** What the server asks of the training process. */
export type TrainerCommand =
  /** Start an engine and show that it computes right; `start` on the same rung finds it started. */
  | { type: 'try'; rung: RungId; allowSoftware: boolean }
  | {
      type: 'start';
      config: RunConfig;
      /** The rung to run on, chosen by the ladder. */
      rung: RungId;
      /** A software WebGPU adapter is allowed because the user asked for webgpu by name. */
      allowSoftware: boolean;
      /** Folder of data sets given by the user, or null. */
      dataDir: string | null;
      /** Folder for rendered and downloaded data. */
      cacheDir: string;
      /** Bytes of a checkpoint to go on from, or null. */
      resume: Uint8Array | null;
      /** Bytes of a weights file to start from, where there is no checkpoint. */
      weights?: Uint8Array | null;
    }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'stop' }
  /** An image that a user brought, uint8 [H, W, C] before normalisation, in the size of the network's input: live
   * frames hold it where the watch names its index. Null takes it away. */
  | { type: 'probe'; index: number; pixels: Uint8Array | null }
  /** What `pull` shall compute; null stops watching. Null taps mean all, null probes all recorded ones. */
  | { type: 'watch'; watch: Watch | null }
  /** One live frame, please, after so many milliseconds: computed at the step boundary that follows, or at once while
   * paused. Where `every` is given, another at each beat of so many milliseconds from then on, unasked. Takes the place of
   * a pull whose time has not come, and of its beat. */
  | { type: 'pull'; after: number; every: number | null }
  /** No frame, until the next pull. */
  | { type: 'hold' };
