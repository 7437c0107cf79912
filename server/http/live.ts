/** The live frames of one run: computed for what its viewers watch, at the pace of those who keep up. */
import { decodeFrame, encodeFrame, selectFrame, type Frame } from '../../shared/frame.ts';
import type { RunState, WatchRequest } from '../../shared/protocol.ts';
import type { Watch } from '../runs/session.ts';
import type { Supervisor } from '../runs/supervisor.ts';

/** One client's view. It has at most one frame on the way; whoever does not acknowledge it gets no other. */
export interface Viewer {
  readonly taps: readonly string[] | null;
  readonly probes: readonly number[] | null;
  /** Least milliseconds between two frames. */
  readonly interval: number;
  /** False while a frame is on its way to being painted. */
  ready: boolean;
  /** True once a frame has been asked for that holds what this viewer watches. */
  included: boolean;
  /** True once it has the frame of a paused run: the next one would be the same. */
  settled: boolean;
  /** When the next frame may be sent, ms. */
  due: number;
  /** Whether bytes would be taken now, rather than pile up behind others. */
  writable(): boolean;
  send(frame: Buffer): void;
}

const DEFAULT_RATE = 5;
/** A viewer due within this time takes part in a tick rather than cause one of its own, ms. */
const TOLERANCE_MS = 15;

export function createViewer(request: WatchRequest, client: Pick<Viewer, 'writable' | 'send'>): Viewer {
  const { taps, probes, rate = DEFAULT_RATE } = request;
  const state = { ready: true, included: false, settled: false, due: 0 };
  return { taps, probes, interval: 1000 / rate, ...state, ...client };
}

export class LiveRun {
  readonly #id: string;
  readonly #supervisor: Pick<Supervisor, 'watch' | 'pull'>;
  readonly #viewers = new Set<Viewer>();
  #state: RunState;
  #watched = 'null';
  /** A frame has been asked for and has not come. */
  #pulled = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(id: string, state: RunState, supervisor: Pick<Supervisor, 'watch' | 'pull'>) {
    this.#id = id;
    this.#state = state;
    this.#supervisor = supervisor;
  }

  get idle(): boolean {
    return this.#viewers.size === 0;
  }

  add(viewer: Viewer): void {
    this.#viewers.add(viewer);
    this.#rewatch();
    this.tick();
  }

  remove(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    this.#rewatch();
    if (this.idle && this.#timer) clearTimeout(this.#timer);
  }

  /** Asks for a frame when a viewer can take one: now, or when the first of them is due. */
  tick(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#pulled) return;
    const waiting = [...this.#viewers].filter((v) => v.ready && !v.settled && v.writable());
    if (waiting.length === 0) return;
    const wait = Math.min(...waiting.map((v) => v.due)) - performance.now();
    if (wait > 0) {
      this.#timer = setTimeout(() => this.tick(), wait);
      return;
    }
    if (!this.#supervisor.pull(this.#id)) return;
    this.#pulled = true;
    for (const viewer of this.#viewers) viewer.included = true;
  }

  /** The run's state may have changed; a new process knows of no request. */
  enter(state: RunState): void {
    if (state !== this.#state) for (const viewer of this.#viewers) viewer.settled = false;
    this.#state = state;
    if (state !== 'running' && state !== 'paused') this.#pulled = false;
    this.tick();
  }

  /** The frame that was asked for has come: everyone who can take it gets their part. */
  receive(bytes: Uint8Array): void {
    this.#pulled = false;
    const now = performance.now();
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const parts = new Map([[this.#watched, whole]]);
    let frame: Frame | null = null;
    for (const viewer of this.#viewers) {
      if (!viewer.ready || !viewer.included || viewer.settled || !viewer.writable()) continue;
      if (viewer.due > now + TOLERANCE_MS) continue;
      const key = keyOf(viewer);
      let part = parts.get(key);
      if (!part) {
        frame ??= decodeFrame(bytes);
        part = Buffer.from(encodeFrame(selectFrame(frame, viewer.taps, viewer.probes)).buffer);
        parts.set(key, part);
      }
      viewer.ready = false;
      viewer.settled = this.#state === 'paused';
      viewer.due = now + viewer.interval;
      viewer.send(part);
    }
    this.tick();
  }

  /** Tells the training process what all viewers together watch. */
  #rewatch(): void {
    const union = unite([...this.#viewers]);
    const key = union ? keyOf(union) : 'null';
    if (key === this.#watched) return;
    this.#watched = key;
    this.#supervisor.watch(this.#id, union);
  }
}

/** Null taps or probes mean all; null altogether, nothing. */
export function unite(views: readonly Pick<Viewer, 'taps' | 'probes'>[]): Watch {
  if (views.length === 0) return null;
  const merge = <T extends string | number>(lists: readonly (readonly T[] | null)[]): T[] | null =>
    lists.some((list) => list === null) ? null : sorted(new Set(lists.flatMap((list) => list ?? [])));
  return { taps: merge(views.map((v) => v.taps)), probes: merge(views.map((v) => v.probes)) };
}

function keyOf({ taps, probes }: Pick<Viewer, 'taps' | 'probes'>): string {
  return JSON.stringify([taps && sorted(taps), probes && sorted(probes)]);
}

function sorted<T extends string | number>(values: Iterable<T>): T[] {
  return [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
