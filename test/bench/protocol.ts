/** What a bench asks of the processes that it measures: one JSON object a line, each answered by one line. */
import type { RunRequest } from '../../shared/protocol.ts';

export interface WorkloadOptions {
  preset: string;
  batchSize: number;
  /** All widths of the preset times this; 1 where it is left out. */
  width?: number;
  /** Rows and columns of the images; 32 where it is left out. */
  size?: number;
  /** Images that are watched; one of each class where it is left out. */
  probes?: number;
}

/** What a step pays although nobody watches, in seconds. */
export interface Idle {
  taps: number;
  /** All taps of a network that nobody listens to, and with a hook that does nothing on each. */
  unused: number;
  used: number;
  /** All that a step does for viewers, before and after it. */
  boundary: number;
}

/** Work done and what it took; `cpuSeconds` counts all threads of the process. */
export interface Timed {
  count: number;
  seconds: number;
  cpuSeconds: number;
}

export type Request =
  /** Builds and warms the workload, after the one before it is disposed of. */
  | ({ do: 'prepare' } & WorkloadOptions & Record<string, unknown>)
  /** Trains for at least that many seconds. */
  | { do: 'window'; seconds: number }
  /** One live frame of these taps and probes; null means all. */
  | { do: 'frame'; taps: string[] | null; probes: number[] | null }
  | { do: 'idle' }
  /** A snapshot as it is: bytes of the frame and on disk. */
  | { do: 'snapshot' }
  | { do: 'profile' }
  /** What a step asks of the processor; on WebGPU only. */
  | { do: 'dispatches' }
  /** A short real run of the preset, stored and read back. */
  | { do: 'store'; preset: string };

/** What a real server under measurement (watchedServer.ts) is asked. */
export type ServerRequest =
  /** Starts a run and waits until it trains; answers with its id and the path of its diary. */
  | { do: 'start'; run: RunRequest }
  | { do: 'state'; id: string }
  /** Processor time so far, and resident bytes as they are. */
  | { do: 'usage' }
  /** Resident bytes, and bytes held on and beside the heap, after collecting garbage. */
  | { do: 'memory' };

/** A frame that came to the viewer of this number, and when (clock of diary.ts, ms). */
export interface Arrival {
  viewer: number;
  at: number;
  step: number;
}

/** What the process of viewers (viewers.ts) is asked. */
export type ViewersRequest =
  /** More viewers of one view; stalled ones stop reading once they watch. */
  | {
      do: 'join';
      runId: string;
      count: number;
      taps: string[] | null;
      probes: number[] | null;
      rate: number;
      stalled: boolean;
    }
  /** Counting begins anew. */
  | { do: 'begin' }
  /** The frames since then. */
  | { do: 'arrivals' }
  /** They stop following, and keep back the acknowledgements of frames that come; and go on. */
  | { do: 'rest' }
  | { do: 'go' }
  /** They watch no more, and stay connected. */
  | { do: 'leave' }
  | { do: 'disconnect' };
