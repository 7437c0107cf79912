/** A real run on a real server with viewers beside, each in a process of its own. */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { RungId } from '../../shared/config.ts';
import type { RunRequest } from '../../shared/protocol.ts';
import { clock, readDiary, secondsPerStep, type DiaryEntry } from './diary.ts';
import type { Arrival } from './protocol.ts';
import { Subject } from './subject.ts';

/** Steps of a run before anything is measured. */
const WARM_STEPS = 10;
const LOOK_MS = 200;

/** What one viewer watches. */
export interface View {
  taps: string[] | null;
  probes: number[] | null;
  rate: number;
}

/** What happened in a window of time. */
export interface Window {
  seconds: number;
  /** Seconds of a training step, evaluation and snapshots left out. */
  step: number;
  /** Live frames that the training computed. */
  computed: number;
  arrivals: Arrival[];
  /** Milliseconds from the tap in the network to each arrival, by the step of the frame. */
  latencies: { step: number; ms: number }[];
  /** Bytes of the latest frame. */
  bytes: number;
  /** Processor seconds of the server, and of the process that all viewers live in. */
  serverSeconds: number;
  viewerSeconds: number;
}

/** What the viewers tell of a window. */
interface Seen {
  arrivals: Arrival[];
  bytes: number;
  cpuSeconds: number;
}

/** A stretch of time, in milliseconds of the diary's clock, and what was measured in it. */
export interface Spell {
  from: number;
  to: number;
  seen: Seen;
  serverSeconds: number;
}

/** Milliseconds from the tap to the last arrival of each frame. */
export function lastLatencies({ latencies }: Pick<Window, 'latencies'>): number[] {
  const last = new Map<number, number>();
  for (const { step, ms } of latencies) last.set(step, Math.max(ms, last.get(step) ?? 0));
  return [...last.values()];
}

export class Watched {
  readonly engine: string;
  readonly server: Subject;
  readonly #viewers: Subject;
  readonly #id: string;
  readonly #diary: string;

  private constructor(server: Subject, viewers: Subject, run: { id: string; engine: string; diary: string }) {
    this.server = server;
    this.#viewers = viewers;
    this.#id = run.id;
    this.#diary = run.diary;
    this.engine = run.engine;
  }

  static async start(rung: RungId, run: RunRequest): Promise<Watched> {
    const server = await Subject.server(rung);
    const viewers = await Subject.viewers(server.device);
    const watched = new Watched(server, viewers, await server.ask({ do: 'start', run }));
    // The first steps compile and allocate.
    while (watched.diary.filter((entry) => entry.is === 'step').length < WARM_STEPS) {
      await wait(LOOK_MS);
      await watched.#alive();
    }
    return watched;
  }

  get diary(): DiaryEntry[] {
    return readDiary(readFileSync(this.#diary, 'utf8'));
  }

  /** Whether the run still trains; throws the reason where it has failed. */
  async #alive(): Promise<boolean> {
    const { state, reason } = await this.server.ask<Record<string, string>>({ do: 'state', id: this.#id });
    if (state === 'failed') throw new Error(reason);
    return state === 'running';
  }

  /** Resolves when the run has ended. */
  async finished(): Promise<void> {
    while (await this.#alive()) await wait(LOOK_MS);
  }

  async join(count: number, view: View, stalled = false): Promise<void> {
    await this.#viewers.ask({ do: 'join', runId: this.#id, count, ...view, stalled });
  }

  async leave(): Promise<void> {
    await this.#viewers.ask({ do: 'leave' });
  }

  async disconnect(): Promise<void> {
    await this.#viewers.ask({ do: 'disconnect' });
  }

  /** Viewers are sent nothing soon: they stop following, and keep back acknowledgements. */
  async rest(): Promise<void> {
    await this.#viewers.ask({ do: 'rest' });
  }

  /** Whoever rests watches again. */
  async go(): Promise<void> {
    await this.#viewers.ask({ do: 'go' });
  }

  /** The next `seconds`, for `windows` to tell what happened in them. */
  async spell(seconds: number): Promise<Spell> {
    const before = await this.server.ask<{ cpuSeconds: number }>({ do: 'usage' });
    await this.#viewers.ask({ do: 'begin' });
    const from = clock();
    await wait(1000 * seconds);
    const to = clock();
    if (!(await this.#alive())) throw new Error('the run has ended before it was measured');
    const seen = await this.#viewers.ask<Seen>({ do: 'arrivals' });
    const after = await this.server.ask<{ cpuSeconds: number }>({ do: 'usage' });
    return { from, to, seen, serverSeconds: after.cpuSeconds - before.cpuSeconds };
  }

  /** What happened in each spell. */
  windows(spells: readonly Spell[]): Window[] {
    const entries = this.diary;
    const lives = entries.filter((entry) => entry.is === 'live');
    const taps = new Map(lives.map(({ step, at }) => [step, at]));
    return spells.map(({ from, to, seen, serverSeconds }) => ({
      seconds: (to - from) / 1000,
      step: secondsPerStep(entries, from, to),
      computed: lives.filter(({ at }) => at >= from && at <= to).length,
      arrivals: seen.arrivals,
      latencies: seen.arrivals.flatMap(({ step, at }) =>
        taps.has(step) ? [{ step, ms: at - taps.get(step)! }] : [],
      ),
      bytes: seen.bytes,
      serverSeconds,
      viewerSeconds: seen.cpuSeconds,
    }));
  }

  /** What happens in the next `seconds`. */
  async window(seconds: number): Promise<Window> {
    return this.windows([await this.spell(seconds)])[0]!;
  }

  end(): void {
    this.#viewers.end();
    this.server.end();
  }
}
