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

/** One run: what REST tells of it, kept fresh by the feed's events. */
export class Run {
  readonly id: string;
  detail = $state.raw<RunDetail | null>(null);
  metrics = $state.raw<readonly EpochMetrics[]>([]);
  snapshots = $state.raw<readonly SnapshotInfo[]>([]);
  step = $state.raw<StepMetrics | null>(null);
  error = $state.raw<ApiError | null>(null);
  deleted = $state(false);
  #feed: Feed;

  constructor(id: string, feed: Feed) {
    this.id = id;
    this.#feed = feed;
  }

  /** Reads everything and follows the run until the returned function is called. */
  open(): () => void {
    const feed = this.#feed;
    const mine =
      <T>(take: (value: T) => void) =>
      (id: string, value: T): void => {
        if (id === this.id) take(value);
      };
    const leave = [
      feed.on('healed', () => void this.#catchUp()),
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
        mine<ProbeInfo[]>((probes) => this.takeProbes(probes)),
      ),
    ];
    feed.follow(this.id);
    void this.read();
    return () => {
      for (const stop of leave) stop();
      feed.unfollow(this.id);
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
      const [detail, metrics, snapshots] = await Promise.all([
        readRun(this.id),
        readMetrics(this.id),
        readSnapshots(this.id),
      ]);
      this.detail = detail;
      this.step = detail.lastStep;
      // Events that overtook the replies are newer than these lists.
      const later = { metrics: this.metrics, snapshots: this.snapshots };
      this.metrics = metrics;
      this.snapshots = snapshots;
      for (const m of later.metrics) if (m.epoch > (metrics.at(-1)?.epoch ?? -1)) this.#takeEpoch(m);
      for (const s of later.snapshots)
        if (!snapshots.some((known) => known.id === s.id)) this.#takeSnapshot(s);
      this.error = null;
    } catch (error) {
      this.error = error as ApiError;
    }
  }

  /** Someone, perhaps here, has brought an image or taken one away. */
  takeProbes(probes: ProbeInfo[]): void {
    if (this.detail) this.detail = { ...this.detail, probes };
  }

  #takeSummary(summary: RunSummary | null): void {
    if (summary === null) {
      this.deleted = true;
      return;
    }
    const before = this.detail;
    if (before) this.detail = { ...before, ...summary };
    // What the training process found out while preparing is in the detail alone.
    if (before && before.state !== summary.state) void this.#readDetail();
  }

  async #readDetail(): Promise<void> {
    try {
      const detail = await readRun(this.id);
      this.detail = detail;
      this.step = detail.lastStep ?? this.step;
    } catch {
      // The next event or a reconnect tries again; what is shown stays true.
    }
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
