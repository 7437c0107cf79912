/** Recorded frames, decoded once and kept: an epoch slider that comes back finds them at hand. */
import type { Frame } from '../../../../shared/frame.ts';
import { readFrame } from './api.ts';

export type FrameReader = (
  run: string,
  snapshot: string,
  taps: readonly string[],
  signal: AbortSignal,
  probes?: readonly number[],
) => Promise<Frame>;

interface Pending {
  promise: Promise<Frame>;
  controller: AbortController;
  /** How many still wait for it; a request that nobody waits for is aborted. */
  waiting: number;
}

/** A block's taps in one snapshot of one run: of one recorded probe or of all, or of one image that a user brought. */
export interface FrameKey {
  run: string;
  snapshot: string;
  block: string;
  taps: readonly string[];
  /** Index of the recorded probe that is needed; without one all of them are. */
  probe?: number | undefined;
  /** Index of an own image: its maps come alone. */
  own?: number | undefined;
}

/** The one probe or own image that is needed. */
export const wantedProbe = ({ own, probe }: FrameKey): number | undefined => own ?? probe;
const name = (key: FrameKey): string =>
  `${key.run}/${key.snapshot}/${key.block}${wantedProbe(key) === undefined ? '' : `/${wantedProbe(key)}`}`;
/** What holds the frame: itself, or the frame of all recorded probes. */
const names = (key: FrameKey): string[] =>
  key.probe === undefined || key.own !== undefined
    ? [name(key)]
    : [name({ ...key, probe: undefined }), name(key)];

const bytesOf = (frame: Frame): number => frame.taps.reduce((sum, tap) => sum + tap.values.byteLength, 0);

export class SnapshotCache {
  #frames = new Map<string, { key: FrameKey; frame: Frame }>();
  #pending = new Map<string, Pending>();
  #bytes = 0;
  #budget: number;
  #read: FrameReader;

  /** `budget` is in bytes of activations; the frames used longest ago make room. */
  constructor(budget = 192 * 1024 * 1024, read: FrameReader = readFrame) {
    this.#budget = budget;
    this.#read = read;
  }

  /** Bytes of activations held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The frame if it is here, perhaps with more probes than are needed; using it makes it the newest. */
  peek(key: FrameKey): Frame | null {
    for (const id of names(key)) {
      const held = this.#frames.get(id);
      if (!held) continue;
      this.#frames.delete(id);
      this.#frames.set(id, held);
      return held.frame;
    }
    return null;
  }

  /** Which frames of an own image are here. */
  heldOf(run: string, own: number): FrameKey[] {
    return [...this.#frames.values()]
      .map(({ key }) => key)
      .filter((key) => key.run === run && key.own === own);
  }

  /** The frame, from here or from the server. Equal requests share one fetch, which is aborted once every waiter's
   * signal has fired. */
  async get(key: FrameKey, signal: AbortSignal): Promise<Frame> {
    signal.throwIfAborted();
    const held = this.peek(key);
    if (held) return held;
    const under = names(key).flatMap((id) => this.#pending.get(id) ?? []);
    const pending = under[0] ?? this.#fetch(key);
    pending.waiting += 1;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        pending.waiting -= 1;
        // Who asks anew at once, because something else of the page has changed, goes on waiting.
        queueMicrotask(() => {
          if (pending.waiting === 0) pending.controller.abort();
        });
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      pending.promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }

  /** Fetches in the background; a failure is left for the one who really needs the frame. */
  prefetch(key: FrameKey, signal: AbortSignal): void {
    if (!signal.aborted) this.get(key, signal).catch(() => undefined);
  }

  #fetch(key: FrameKey): Pending {
    const id = name(key);
    const controller = new AbortController();
    const { run, snapshot, taps } = key;
    const only = wantedProbe(key);
    const probes = only === undefined ? undefined : [only];
    const promise = this.#read(run, snapshot, taps, controller.signal, probes)
      .then((frame) => {
        this.#keep(key, frame);
        return frame;
      })
      .finally(() => {
        if (this.#pending.get(id) === pending) this.#pending.delete(id);
      });
    const pending: Pending = { promise, controller, waiting: 0 };
    controller.signal.addEventListener('abort', () => {
      if (this.#pending.get(id) === pending) this.#pending.delete(id);
    });
    this.#pending.set(id, pending);
    return pending;
  }

  #keep(key: FrameKey, frame: Frame): void {
    const id = name(key);
    this.#frames.set(id, { key, frame });
    this.#bytes += bytesOf(frame);
    for (const [oldest, old] of this.#frames) {
      if (this.#bytes <= this.#budget || oldest === id) break;
      this.#frames.delete(oldest);
      this.#bytes -= bytesOf(old.frame);
    }
  }
}
