import type { TapDescription } from '../../../../shared/network.ts';
import { describeBlocks } from '../../../../shared/network.ts';
import type { RunDetail, SnapshotInfo } from '../../../../shared/protocol.ts';
import { probeUrl, readRun, readSnapshots, type ApiError } from '../state/api.ts';

/** A run beside the one of the page: what is needed to show its maps on the same slider. */
export class OtherRun {
  detail = $state.raw<RunDetail | null>(null);
  snapshots = $state.raw<readonly SnapshotInfo[]>([]);
  /** Whether both runs record the same probes; null while that is not known. */
  sameProbes = $state<boolean | null>(null);
  error = $state.raw<ApiError | null>(null);

  /** Reads a run, '' for none; the returned function gives up waiting for it. `own` is the run of the page. */
  show(id: string, own: RunDetail): () => void {
    const controller = new AbortController();
    this.detail = null;
    this.snapshots = [];
    this.sameProbes = null;
    this.error = null;
    if (id !== '') void this.#read(id, own, controller.signal);
    return () => controller.abort();
  }

  async #read(id: string, own: RunDetail, signal: AbortSignal): Promise<void> {
    try {
      const [detail, snapshots] = await Promise.all([readRun(id, signal), readSnapshots(id, signal)]);
      if (signal.aborted) return;
      this.detail = detail;
      this.snapshots = snapshots;
      const same = await sameProbes(own, detail, signal);
      if (!signal.aborted) this.sameProbes = same;
    } catch (error) {
      if (!signal.aborted) this.error = error as ApiError;
    }
  }
}

/** How many probes a run's snapshots hold; own images go on counting after them. */
export const recordedProbes = (run: RunDetail): number =>
  run.probes.filter((probe) => probe.own === undefined).length;

/** Compares the recorded images pixel by pixel: the server writes equal ones as equal files. */
async function sameProbes(a: RunDetail, b: RunDetail, signal: AbortSignal): Promise<boolean> {
  if (recordedProbes(a) !== recordedProbes(b)) return false;
  const bytes = async (run: string, index: number): Promise<Uint8Array> =>
    new Uint8Array(await (await fetch(probeUrl(run, index), { signal })).arrayBuffer());
  const equal = await Promise.all(
    Array.from({ length: recordedProbes(a) }, async (_, index) => {
      const [x, y] = await Promise.all([bytes(a.id, index), bytes(b.id, index)]);
      return x.length === y.length && x.every((byte, i) => byte === y[i]);
    }),
  );
  return equal.every(Boolean);
}

/** Whether a run has this tap with maps of the same shape. */
export function hasTap(run: RunDetail, tap: TapDescription): boolean {
  return describeBlocks(run.config.network)
    .flatMap((block) => block.taps)
    .some(({ id, shape }) => id === tap.id && shape.join() === tap.shape.join());
}
