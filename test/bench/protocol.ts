/** What a bench asks of the processes that it measures: one JSON object a line, each answered by one line. */

export interface WorkloadOptions {
  preset: string;
  batchSize: number;
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
  /** One live frame. */
  | { do: 'frame'; block: string | null }
  | { do: 'profile' }
  /** A short real run of the preset, stored and read back. */
  | { do: 'store'; preset: string };
