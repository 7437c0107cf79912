/** REST, typed: one function a request. Every failure is an ApiError whose message a person can read. */
import { decodeFrame, type Frame } from '../../../../shared/frame.ts';
import { decodeSafetensors } from '../../../../shared/safetensors.ts';
import type {
  DatasetInfo,
  EngineReport,
  EpochMetrics,
  ErrorReply,
  MergeReport,
  RunDetail,
  RunRequest,
  RunSummary,
  SnapshotInfo,
  SnapshotMeasures,
} from '../../../../shared/protocol.ts';

export type RunCommand = 'pause' | 'resume' | 'stop';

export class ApiError extends Error {
  /** HTTP status; 0 where the server could not be reached. */
  readonly status: number;
  readonly code: string;
  readonly field: string | undefined;

  constructor(status: number, reply: ErrorReply, cause?: unknown) {
    super(reply.message, cause === undefined ? undefined : { cause });
    this.name = 'ApiError';
    this.status = status;
    this.code = reply.code;
    this.field = reply.field;
  }
}

/** The reply's own words where it is an ErrorReply, else its status. */
async function readError(response: Response): Promise<ApiError> {
  const fallback = { code: 'INTERNAL', message: `${response.status} ${response.statusText}`.trim() };
  try {
    const reply = (await response.json()) as Partial<ErrorReply> | null;
    if (typeof reply?.message === 'string') return new ApiError(response.status, { ...fallback, ...reply });
  } catch {
    // Not JSON: the status has to do.
  }
  return new ApiError(response.status, fallback);
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, { code: 'UNREACHABLE', message: 'The server does not answer.' }, cause);
  }
  if (!response.ok) throw await readError(response);
  return response;
}

async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await send(path, { signal: signal ?? null })).json()) as T;
}

const run = (id: string): string => `/api/runs/${encodeURIComponent(id)}`;

export const readEngine = (signal?: AbortSignal): Promise<EngineReport> => read('/api/engine', signal);
export const readDatasets = (signal?: AbortSignal): Promise<DatasetInfo[]> => read('/api/datasets', signal);
export const readRuns = (signal?: AbortSignal): Promise<RunSummary[]> => read('/api/runs', signal);
export const readRun = (id: string, signal?: AbortSignal): Promise<RunDetail> => read(run(id), signal);
export const readMetrics = (id: string, signal?: AbortSignal): Promise<EpochMetrics[]> =>
  read(`${run(id)}/metrics`, signal);
export const readSnapshots = (id: string, signal?: AbortSignal): Promise<SnapshotInfo[]> =>
  read(`${run(id)}/snapshots`, signal);

export const readMeasures = (id: string, signal?: AbortSignal): Promise<SnapshotMeasures[]> =>
  read(`${run(id)}/measures`, signal);

export async function createRun(request: RunRequest): Promise<RunDetail> {
  const response = await send('/api/runs', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  return (await response.json()) as RunDetail;
}

export async function commandRun(id: string, command: RunCommand): Promise<RunSummary> {
  return (await (await send(`${run(id)}/${command}`, { method: 'POST' })).json()) as RunSummary;
}

export async function deleteRun(id: string): Promise<void> {
  await send(run(id), { method: 'DELETE' });
}

/** Takes an image away that was brought to a run. */
export async function removeProbe(id: string, probe: number): Promise<void> {
  await send(`${run(id)}/probes/${probe}`, { method: 'DELETE' });
}

/** One snapshot with these taps only, of these probes or of all that were recorded. */
export async function readFrame(
  id: string,
  snapshot: string,
  taps: readonly string[],
  signal?: AbortSignal,
  probes?: readonly number[],
): Promise<Frame> {
  const query = new URLSearchParams({ taps: taps.join(',') });
  if (probes) query.set('probes', probes.join(','));
  const path = `${run(id)}/snapshots/${encodeURIComponent(snapshot)}?${query}`;
  const response = await send(path, { signal: signal ?? null });
  return decodeFrame(new Uint8Array(await response.arrayBuffer()));
}

/** How similar a block's features are between all pairs of snapshots, [E, E]; NaN where it can't be told. */
export async function readSimilarity(
  id: string,
  block: string,
  signal?: AbortSignal,
): Promise<{ snapshots: string[]; values: Float32Array }> {
  const response = await send(`${run(id)}/similarity?${new URLSearchParams({ block })}`, {
    signal: signal ?? null,
  });
  const { tensors, metadata } = decodeSafetensors(new Uint8Array(await response.arrayBuffer()));
  return {
    snapshots: (metadata['snapshots'] ?? '').split(',').filter(Boolean),
    values: tensors.get('cka')?.data as Float32Array,
  };
}

/** How similar the blocks of a snapshot are to one another, [B, B]; NaN where it can't be told. */
export async function readLayerSimilarity(
  id: string,
  snapshot: string,
  signal?: AbortSignal,
): Promise<{ blocks: string[]; values: Float32Array }> {
  const path = `${run(id)}/similarity/${encodeURIComponent(snapshot)}`;
  const response = await send(path, { signal: signal ?? null });
  const { tensors, metadata } = decodeSafetensors(new Uint8Array(await response.arrayBuffer()));
  return {
    blocks: (metadata['blocks'] ?? '').split(',').filter(Boolean),
    values: tensors.get('cka')?.data as Float32Array,
  };
}

export const probeUrl = (id: string, probe: number): string => `${run(id)}/probes/${probe}.png`;

/** A snapshot's weights as a safetensors file: as the network was, or merged (at λ = 0 only). */
export const exportUrl = (id: string, snapshot: string, form: 'deep' | 'merged'): string =>
  `${run(id)}/export?${new URLSearchParams({ snapshot, form })}`;

/** What merging a snapshot changes; the first time it is computed, which takes seconds. */
export const readMergeReport = (id: string, snapshot: string, signal?: AbortSignal): Promise<MergeReport> =>
  read(`${run(id)}/merge/${encodeURIComponent(snapshot)}`, signal);
