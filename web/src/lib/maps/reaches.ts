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
  /** Taps recorded exactly: their frames hold no ranges, and every value has to be read. */
  exact: readonly string[];
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
    const { run, mode, clip, exact } = request;
    const read = async (id: string, taps: readonly string[], probes?: readonly number[]): Promise<void> => {
      if (taps.length === 0) return;
      const frame = await this.#read(run, id, taps, signal, probes);
      for (const tap of frame.taps)
        this.#known.set(
          keyOf(run, id, tap.id, request),
          reachOf([{ tap }], { mode: clip === 0 ? 'channel' : mode, clip }),
        );
    };
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        signal.throwIfAborted();
        // Only clipping needs the values; a frame of no probe is ranges alone.
        const whole = next.taps.filter((tap) => clip > 0 || exact.includes(tap));
        const ranged = next.taps.filter((tap) => !whole.includes(tap));
        await Promise.all([read(next.id, ranged, []), read(next.id, whole)]);
        onread(--left);
      }
    };
    await Promise.all(Array.from({ length: ABREAST }, work));
  }
}
