/** Messages between the server and the analysis process: one task in, one answer out. A process that records images
 * stays for the next task; after any other it ends. */
import type { RecordingConfig, RungId } from '../../shared/config.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type { FrameMoment } from '../../shared/frame.ts';
import type { MergeReport } from '../../shared/protocol.ts';

export type AnalysisTask = {
  /** The engine to compute on; WebAssembly takes the place of one that does not start. */
  rung: RungId;
  /** File of the snapshot's weights. */
  weights: string;
} & (
  | {
      type: 'report';
      /** File of the probes, uint8 [P, H, W, C], before normalisation. */
      probes: string;
    }
  | {
      type: 'merge';
      /** File to write the merged weights to. */
      out: string;
    }
  | {
      type: 'record';
      /** The moment of the snapshot. */
      moment: FrameMoment;
      precision: RecordingConfig['precision'];
      /** The image's index among the run's probes, and its pixels, uint8 [H, W, C], before normalisation. */
      index: number;
      pixels: Uint8Array;
    }
);

export type AnalysisAnswer =
  | { type: 'report'; report: MergeReport }
  | { type: 'merged' }
  /** An encoded frame of all taps of the one image. */
  | { type: 'recorded'; bytes: Uint8Array }
  | { type: 'failure'; code: ErrorCode; message: string; field?: string };
