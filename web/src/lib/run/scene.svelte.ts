import { describeBlocks, type BlockDescription, type TapDescription } from '../../../../shared/network.ts';
import type { RunDetail, SnapshotInfo } from '../../../../shared/protocol.ts';
import { isFinal } from '../runState.ts';
import type { App } from '../state/app.svelte.ts';
import { LiveFrames } from '../state/live.svelte.ts';
import { MergeReports } from '../state/mergeReports.svelte.ts';
import type { Run } from '../state/run.svelte.ts';
import { View } from '../state/view.svelte.ts';
import { findSnapshot, positionOf } from '../timeline.ts';
import { chooseTap, type ViewState } from '../view.ts';

/** What stands on the stage of a run's page: the run, the view into it, and what the two together mean. Every panel
 * is given the scene and nothing else. */
export class Scene {
  readonly app: App;
  readonly run: Run;
  readonly live: LiveFrames;
  readonly reports: MergeReports;
  readonly #view = new View();
  /** Snapshots there were when the slider left the end, or when a link to an epoch was opened. */
  #seen = $state(0);

  /** `run` has been read: its detail is there. */
  constructor(app: App, run: Run) {
    this.app = app;
    this.run = run;
    this.live = new LiveFrames(app.feed);
    this.reports = new MergeReports(run.id);
    this.#seen = run.snapshots.length;
  }

  get view(): ViewState {
    return this.#view.current;
  }
  /** Changes a part of the view, and the URL with it. */
  set(change: Partial<ViewState>): void {
    this.#view.set(change);
  }

  readonly detail: RunDetail = $derived.by(() => this.run.detail!);
  readonly training = $derived.by(() => this.detail.config.training);
  readonly blocks: readonly BlockDescription[] = $derived.by(() =>
    describeBlocks(this.detail.config.network),
  );
  readonly #chosen = $derived.by(() => chooseTap(this.blocks, this.view));
  readonly block: BlockDescription = $derived.by(() => this.#chosen.block);
  readonly tap: TapDescription = $derived.by(() => this.#chosen.tap);
  readonly probe: number = $derived.by(() =>
    this.detail.probes.some((p) => p.index === this.view.probe) ? this.view.probe : 0,
  );

  /** In order of time. */
  readonly snapshots: readonly SnapshotInfo[] = $derived.by(() => this.run.snapshots);
  /** The slider stands at the end and goes with it. */
  readonly following: boolean = $derived.by(() => this.view.epoch === 'live');
  readonly shown: SnapshotInfo | undefined = $derived.by(() => findSnapshot(this.snapshots, this.view.epoch));
  /** Not ended: frames may come. */
  readonly active: boolean = $derived.by(() => !isFinal(this.detail.state));
  readonly a: SnapshotInfo | undefined = $derived.by(() => this.#pinned(this.view.a));
  readonly b: SnapshotInfo | undefined = $derived.by(() => this.#pinned(this.view.b));
  readonly pins: readonly { name: string; position: number }[] = $derived.by(() =>
    (['a', 'b'] as const).flatMap((name) => {
      const snapshot = this[name];
      return snapshot ? [{ name: name.toUpperCase(), position: positionOf(snapshot) }] : [];
    }),
  );
  /** Snapshots recorded since the slider left the end. */
  readonly fresh: number = $derived.by(() =>
    this.following ? 0 : Math.max(0, this.snapshots.length - this.#seen),
  );
  /** What is chosen has not come yet: a film waits for it. */
  loading = $state(false);

  #pinned(id: string | null): SnapshotInfo | undefined {
    return id === null ? undefined : findSnapshot(this.snapshots, id);
  }

  /** Shows a snapshot; the last one is followed from then on. */
  select(snapshot: SnapshotInfo): void {
    if (this.following) this.#seen = this.snapshots.length;
    this.set({ epoch: snapshot === this.snapshots.at(-1) ? 'live' : snapshot.id });
  }

  /** Goes `by` snapshots on, as far as there are; false where it stands at that end already. */
  step(by: number): boolean {
    const { shown, snapshots } = this;
    if (!shown) return false;
    const at = snapshots.indexOf(shown);
    const next = Math.min(snapshots.length - 1, Math.max(0, at + by));
    if (next === at) return false;
    this.select(snapshots[next]!);
    return true;
  }

  stepBlock(by: number): void {
    const next = this.blocks[this.blocks.indexOf(this.block) + by];
    if (next) this.set({ block: next.id });
  }

  /** Pins what is shown, or takes the pin off it. */
  pin(which: 'a' | 'b'): void {
    if (!this.shown) return;
    this.set({ [which]: this.view[which] === this.shown.id ? null : this.shown.id });
  }
}
