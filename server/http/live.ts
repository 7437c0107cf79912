/** The live frames of one run: computed for what its viewers watch, at the pace of those who keep up. */
import { decodeFrame, encodeFrame, selectFrame, type Frame } from '../../shared/frame.ts';
import type { RunState, StepMetrics, WatchRequest } from '../../shared/protocol.ts';
import type { Watch } from '../runs/session.ts';
import type { Supervisor } from '../runs/supervisor.ts';
import { nextBeat, TOLERANCE_MS } from '../training/beat.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { Rests } from './rests.ts';

/** One client's view. Whoever does not acknowledge the frame that it is asked to gets no other. */
export interface Viewer {
  /** Whose it is. */
  readonly id: string;
  readonly taps: readonly string[] | null;
  readonly probes: readonly number[] | null;
  /** The same for the same view. */
  readonly key: string;
  /** Least milliseconds between two frames. */
  readonly interval: number;
  /** False while an acknowledgement is waited for. */
  ready: boolean;
  readonly acknowledgements: Acknowledgements;
  /** True once it has the frame of a paused run: the next one would be the same. */
  settled: boolean;
  /** When the next frame may be sent, ms. */
  due: number;
  /** Whether bytes would be taken now, rather than pile up behind others. */
  writable(): boolean;
  /** Where `acknowledged`, `LiveRun.painted` is to be called once the frame is on the screen. */
  send(frame: Buffer, step: StepMetrics | null, acknowledged: boolean): void;
}

const DEFAULT_RATE = 5;
/** Share of the time that may pass in sending frames: where many watch, all get fewer rather than take the training's
 * processors. The kernel, acknowledgements and viewers on the same machine take some five times as long again. */
const SENDING = 0.004;

export function createViewer(
  request: WatchRequest,
  client: Pick<Viewer, 'id' | 'writable' | 'send'>,
): Viewer {
  const { taps, probes, rate = DEFAULT_RATE } = request;
  const state = { ready: true, acknowledgements: new Acknowledgements(), settled: false, due: 0 };
  return { taps, probes, key: keyOf({ taps, probes }), interval: 1000 / rate, ...state, ...client };
}

type Trainer = Pick<Supervisor, 'watch' | 'pull' | 'hold'>;

export class LiveRun {
  readonly #id: string;
  readonly #supervisor: Trainer;
  readonly #viewers = new Set<Viewer>();
  #state: RunState;
  #watched = 'null';
  /** When a frame has been asked for that has not come, ms; null where none has. */
  #asked: number | null = null;
  /** The beat of frames that come without being asked for one by one, because each message costs the training more than
   * its bytes, ms; null where there is none. */
  #every: number | null = null;
  /** After a frame was sent to all, no other is asked for a while. */
  readonly #rests = new Rests(SENDING);
  /** From when the viewers' intervals are counted, ms: those of one pace stay in step and share each frame. */
  #origin: number | null = null;

  constructor(id: string, state: RunState, supervisor: Trainer) {
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
    if (this.idle) this.#asked = this.#every = this.#origin = null;
  }

  /** The viewer has acknowledged a frame. */
  painted(viewer: Viewer): void {
    viewer.acknowledgements.came(performance.now() < viewer.due);
    viewer.ready = true;
    this.tick(viewer);
  }

  /** Asks for a frame for when the first viewer is due that can take one. The training process keeps the time: it is awake
   * anyway, where a timer would wake this one beside it. `viewer` is the one that has changed, where it is one. */
  tick(viewer?: Viewer): void {
    const asked = this.#asked ?? Infinity;
    if (viewer && Math.max(viewer.due, this.#rests.until) >= asked) return;
    let due = Infinity;
    for (const v of this.#viewers) if (v.due < due && v.ready && !v.settled && v.writable()) due = v.due;
    const { until } = this.#rests;
    const now = performance.now();
    const at = Math.max(due, until, now);
    if (at >= asked) return;
    // Who can take the next one before it is due will most likely be able to take the one after it.
    const every = due > now && due >= until ? this.#pace : null;
    if (!this.#supervisor.pull(this.#id, at - now, every)) return;
    this.#asked = at;
    this.#every = every;
    this.#origin ??= at;
  }

  /** The one interval of all viewers, while the run trains; null where there is none. */
  get #pace(): number | null {
    const [first, ...others] = this.#viewers;
    if (!first || this.#state !== 'running') return null;
    return others.every(({ interval }) => interval === first.interval) ? first.interval : null;
  }

  /** The run's state may have changed; a new process knows of no request. */
  enter(state: RunState): void {
    if (state !== this.#state) for (const viewer of this.#viewers) viewer.settled = false;
    this.#state = state;
    if (state !== 'running' && state !== 'paused') this.#asked = this.#every = null;
    this.tick();
  }

  /** The frame that was asked for has come, of what was watched when it was computed, with the run's latest step: everyone
   * who can take it gets their part, viewers of the same part the same buffer. Gives their ids. */
  receive(bytes: Uint8Array, watch: Watch, step: StepMetrics | null): string[] {
    this.#asked = null;
    const told = watch ? this.#rests.work(() => this.#share(bytes, watch, step)) : [];
    if (this.#every !== null) this.#goOn(this.#every, told.length > 0);
    this.tick();
    return told;
  }

  /** Lets the beat go on, unless its last frame was of use to nobody or sending takes too much time for it. */
  #goOn(every: number, useful: boolean): void {
    const next = nextBeat(this.#origin!, every, performance.now());
    if (useful && this.#rests.until <= next) {
      this.#asked = next;
      return;
    }
    this.#every = null;
    this.#supervisor.hold(this.#id);
  }

  #share(bytes: Uint8Array, watch: NonNullable<Watch>, step: StepMetrics | null): string[] {
    const told: string[] = [];
    const missing: Viewer[] = [];
    const now = performance.now();
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const all = keyOf(watch);
    const parts = new Map([[all, whole]]);
    let frame: Frame | null = null;
    for (const viewer of this.#viewers) {
      const { key } = viewer;
      if (viewer.settled || viewer.due > now + TOLERANCE_MS || !(key === all || covers(watch, viewer)))
        continue;
      if (!viewer.ready || !viewer.writable()) {
        missing.push(viewer);
        continue;
      }
      let part = parts.get(key);
      if (!part) {
        frame ??= decodeFrame(bytes);
        part = Buffer.from(encodeFrame(selectFrame(frame, viewer.taps, viewer.probes)).buffer);
        parts.set(key, part);
      }
      const acknowledged = viewer.acknowledgements.next(now);
      viewer.ready = !acknowledged;
      viewer.settled = this.#state === 'paused';
      this.#schedule(viewer, now);
      viewer.send(part, step, acknowledged);
      told.push(viewer.id);
    }
    // Whoever can't take it waits for the next of the others, rather than cause frames of its own between.
    if (told.length > 0) for (const viewer of missing) this.#schedule(viewer, now);
    return told;
  }

  /** A frame has come at `now`: the next is due at the beat of the viewer's interval. */
  #schedule(viewer: Viewer, now: number): void {
    viewer.due = nextBeat(this.#origin ?? now, viewer.interval, now);
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

/** Whether a frame of `watch` holds what a viewer watches. */
function covers(watch: NonNullable<Watch>, view: Pick<Viewer, 'taps' | 'probes'>): boolean {
  const holds = <T>(all: readonly T[] | null, some: readonly T[] | null): boolean =>
    all === null || (some !== null && some.every((one) => all.includes(one)));
  return holds(watch.taps, view.taps) && holds(watch.probes, view.probes);
}

function keyOf({ taps, probes }: Pick<Viewer, 'taps' | 'probes'>): string {
  return JSON.stringify([taps && sorted(taps), probes && sorted(probes)]);
}

function sorted<T extends string | number>(values: Iterable<T>): T[] {
  return [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
