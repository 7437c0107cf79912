import type {
  EpochMetrics,
  ProbeInfo,
  RunDetail,
  RunSummary,
  SnapshotInfo,
  StepMetrics,
} from '../../../../shared/protocol.ts';
import { positionOf, withItem } from '../timeline.ts';
import { type ApiError, readMetrics, readRun, readSnapshots } from './api.ts';
import type { Feed } from './feed.svelte.ts';
import { Fresh } from './fresh.ts';

/** One run: what REST tells of it, kept fresh by the feed's events. */
export class Run {
  readonly id: string;
  detail = $state.raw<RunDetail | null>(null);
  metrics = $state.raw<readonly EpochMetrics[]>([]);
  snapshots = $state.raw<readonly SnapshotInfo[]>([]);
  step = $state.raw<StepMetrics | null>(null);
  error = $state.raw<ApiError | null>(null);
  deleted = $state(false);
  readonly #feed: Feed;
  readonly #fresh = new Fresh();

  constructor(id: string, feed: Feed) {
    this.id = id;
    this.#feed = feed;
  }

  /** Reads everything and follows the run until the returned function is called. */
  open(): () => void {
    const feed = this.#feed;
    let followed = false;
    const mine =
      <T>(take: (value: T) => void) =>
      (id: string, value: T): void => {
        if (id === this.id) this.#fresh.event(() => take(value));
      };
    const leave = [
      feed.on('followed', (id) => {
        if (id !== this.id) return;
        void (followed ? this.#catchUp() : this.read());
        followed = true;
      }),
      feed.on(
        'run',
        mine<RunSummary | null>((summary) => this.#takeSummary(summary)),
      ),
      feed.on(
        'step',
        mine<StepMetrics>((step) => (this.step = step)),
      ),
      feed.on(
        'epoch',
        mine<EpochMetrics>((metrics) => this.#takeEpoch(metrics)),
      ),
      feed.on(
        'snapshot',
        mine<SnapshotInfo>((snapshot) => this.#takeSnapshot(snapshot)),
      ),
      feed.on(
        'probes',
        mine<ProbeInfo[]>((probes) => this.#takeProbes(probes)),
      ),
      feed.follow(this.id),
    ];
    // At once, to show something; again once nothing more can be missed.
    void this.read();
    return () => {
      for (const stop of leave) stop();
      feed.missed = null;
    };
  }

  /** Reads everything again, and tells what is in it that the lost connection did not bring. */
  async #catchUp(): Promise<void> {
    const before = { metrics: this.metrics, snapshots: this.snapshots };
    await this.read();
    if (this.error) return;
    const missed = {
      epochs: this.metrics.filter((m) => !before.metrics.some((known) => known.epoch === m.epoch)).length,
      snapshots: this.snapshots.filter((s) => !before.snapshots.some((known) => known.id === s.id)).length,
    };
    if (missed.epochs + missed.snapshots > 0) this.#feed.missed = missed;
  }

  async read(): Promise<void> {
    try {
      await this.#fresh.read(
        () => Promise.all([readRun(this.id), readMetrics(this.id), readSnapshots(this.id)]),
        ([detail, metrics, snapshots]) => {
          this.detail = detail;
          this.step = detail.lastStep;
          this.metrics = metrics;
          this.snapshots = snapshots;
          this.error = null;
        },
      );
    } catch (error) {
      this.error = error as ApiError;
    }
  }

  /** An image has been brought, here, or taken away. */
  takeProbes(probes: ProbeInfo[]): void {
    this.#fresh.event(() => this.#takeProbes(probes));
  }

  #takeProbes(probes: ProbeInfo[]): void {
    if (this.detail) this.detail = { ...this.detail, probes };
  }

  #takeSummary(summary: RunSummary | null): void {
    if (summary === null) {
      this.deleted = true;
      return;
    }
    const before = this.detail;
    if (!before) return;
    this.detail = { ...before, ...summary };
    // What preparing and merging found out is in the detail alone, and a run that goes on from a checkpoint has lost
    // what came after it.
    if (before.state !== summary.state || before.merged !== summary.merged) void this.read();
  }

  #takeEpoch(metrics: EpochMetrics): void {
    this.metrics = withItem(
      this.metrics,
      metrics,
      (m) => m.epoch,
      (m) => m.epoch,
    );
  }

  #takeSnapshot(snapshot: SnapshotInfo): void {
    this.snapshots = withItem(this.snapshots, snapshot, (s) => s.id, positionOf);
  }
}
