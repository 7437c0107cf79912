/** How far the values of taps reach at each recorded snapshot, read once and kept: ranges that hold for a whole run are
 * made of it. */
import { reachOf, type RangeMode, type Reach } from '../../../../shared/colour.ts';
import type { FrameReader } from '../state/snapshots.ts';

export interface ReachRequest {
  run: string;
  /** Snapshots with those of the taps wanted that each of them has. */
  snapshots: readonly { id: string; taps: readonly string[] }[];
  mode: RangeMode;
  /** Share of the values of greatest magnitude, of each channel or block and snapshot, that need not be reached. */
  clip: number;
  /** Index of a probe whose frame tells the ranges of all: only clipping needs every probe's values. Null where they
   * are recorded at full precision, whose frames hold no ranges. */
  probe: number | null;
}

/** Requests on their way at once. */
const ABREAST = 3;

type Kind = Pick<ReachRequest, 'mode' | 'clip'>;

/** Without clipping every mode follows from the channels' own reaches. */
const keyOf = (run: string, snapshot: string, tap: string, { mode, clip }: Kind): string =>
  `${run}/${snapshot}/${tap}/${clip === 0 || mode === 'channel' ? 'channel' : 'block'}/${clip}`;

export class ReachTable {
  readonly #known = new Map<string, Reach>();
  readonly #read: FrameReader;

  constructor(read: FrameReader) {
    this.#read = read;
  }

  /** Of one tap at one snapshot, over all recorded probes; null where it has not been read. */
  get(run: string, snapshot: string, tap: string, kind: Kind): Reach | null {
    return this.#known.get(keyOf(run, snapshot, tap, kind)) ?? null;
  }

  /** The parts of a request that have not been read. */
  missing({ run, snapshots, ...kind }: ReachRequest): { id: string; taps: string[] }[] {
    return snapshots
      .map(({ id, taps }) => ({ id, taps: taps.filter((tap) => !this.get(run, id, tap, kind)) }))
      .filter(({ taps }) => taps.length > 0);
  }

  /** Reads what is missing, a few snapshots at a time; `onread` is told how many of them are still to come. Rejects
   * with the first failure or the signal's reason; what has been read by then stays. */
  async fill(request: ReachRequest, signal: AbortSignal, onread: (left: number) => void): Promise<void> {
    const waiting = this.missing(request);
    let left = waiting.length;
    const probes = request.clip === 0 && request.probe !== null ? [request.probe] : undefined;
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        signal.throwIfAborted();
        const frame = await this.#read(request.run, next.id, next.taps, signal, probes);
        for (const tap of frame.taps)
          this.#known.set(
            keyOf(request.run, next.id, tap.id, request),
            reachOf([{ tap }], {
              mode: request.clip === 0 ? 'channel' : request.mode,
              clip: request.clip,
            }),
          );
        onread(--left);
      }
    };
    await Promise.all(Array.from({ length: ABREAST }, work));
  }
}
