/** Messages between the server and the analysis process: one task in, one answer out. */
import type { RungId } from '../../shared/config.ts';
import type { ErrorCode } from '../../shared/errors.ts';
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
);

export type AnalysisAnswer =
  | { type: 'report'; report: MergeReport }
  | { type: 'merged' }
  | { type: 'failure'; code: ErrorCode; message: string; field?: string };
