import { describeBlocks, type BlockDescription, type TapDescription } from '../../../../shared/network.ts';
import type { RunDetail, SnapshotInfo } from '../../../../shared/protocol.ts';
import type { StageRule } from '../../../../shared/schedule.ts';
import { isFinal } from '../runState.ts';
import { stageRule } from '../stages.ts';
import type { App } from '../state/app.svelte.ts';
import { Drift } from '../state/drift.svelte.ts';
import { LiveFrames } from '../state/live.svelte.ts';
import { MergeReports } from '../state/mergeReports.svelte.ts';
import type { Run } from '../state/run.svelte.ts';
import type { View } from '../state/view.svelte.ts';
import {
  brushedRange,
  findSnapshot,
  nearestSnapshot,
  positionOf,
  type Range,
  rangeOf,
  readEpoch,
  snapshotsWithin,
  stepFrom,
  timelineEnd,
} from '../timeline.ts';
import { chooseTap, type ViewState } from '../view.ts';

/** What stands on the stage of a run's page: the run, the view into it, and what the two together mean. Every panel
 * is given the scene and nothing else. */
export class Scene {
  readonly app: App;
  readonly run: Run;
  readonly live: LiveFrames;
  readonly reports: MergeReports;
  readonly drift: Drift;
  readonly #view: View;
  /** Snapshots there were when the slider left the end, or when a link to an epoch was opened. */
  #seen = $state(0);
  /** An epoch without a snapshot that someone asked for, and the snapshot nearest to it at that time. */
  #snapped = $state.raw<{ asked: string; id: string } | null>(null);

  /** `run` has been read: its detail is there. */
  constructor(app: App, run: Run, view: View) {
    this.app = app;
    this.run = run;
    this.#view = view;
    this.live = new LiveFrames(app.feed);
    this.reports = new MergeReports(run.id);
    this.#seen = run.snapshots.length;
    this.#snapped = this.#snap(this.view.epoch);
    this.drift = new Drift(
      run.id,
      // The head has no maps of which drift is measured.
      this.blocks.map((block) => block.id).filter((id) => id !== 'head'),
    );
  }

  get view(): ViewState {
    return this.#view.current;
  }
  /** Changes a part of the view, and the URL with it. */
  set(change: Partial<ViewState>): void {
    if (change.epoch !== undefined) this.#snapped = null;
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
  readonly shown: SnapshotInfo | undefined = $derived.by(() => {
    const { asked, id } = this.#snapped ?? {};
    // Once snapped it stays there, also when a nearer snapshot is recorded later.
    return findSnapshot(this.snapshots, asked === this.view.epoch && id ? id : this.view.epoch);
  });
  /** The epoch that was asked for in vain, while the snapshot nearest to it is shown instead. */
  readonly asked: string | null = $derived.by(() => {
    const snapped = this.#snapped ?? this.#snap(this.view.epoch);
    return snapped && snapped.id === this.shown?.id ? snapped.asked : null;
  });
  readonly end: number = $derived.by(() => timelineEnd(this.training));
  /** The part of the time axis that charts and slider show. */
  readonly range: Range = $derived.by(() => rangeOf(this.view, this.end));
  readonly zoomed: boolean = $derived.by(() => this.range[0] > 0 || this.range[1] < this.end);
  /** The snapshots within it, or all where it has none. */
  readonly inside: readonly SnapshotInfo[] = $derived.by(() => snapshotsWithin(this.snapshots, this.range));
  /** How early, mid and late are told apart: what the view says, or thirds of λ while nothing is found. */
  readonly rule: StageRule = $derived.by(() => stageRule(this.view.stages, this.drift.rule));
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

  /** Shows a part of the time axis, in whole epochs; null is the whole of it. */
  setRange(range: Range | null): void {
    this.set(range ? brushedRange(range, this.end) : { from: null, to: null });
  }

  #snap(epoch: string): { asked: string; id: string } | null {
    const found = epoch === 'live' ? undefined : findSnapshot(this.snapshots, epoch);
    return found && found.id !== epoch ? { asked: epoch, id: found.id } : null;
  }

  /** Shows a snapshot; the last one is followed from then on, unless told not to. */
  select(snapshot: SnapshotInfo, follow = true): void {
    if (this.following) this.#seen = this.snapshots.length;
    this.set({ epoch: follow && snapshot === this.snapshots.at(-1) ? 'live' : snapshot.id });
  }

  /** Shows the snapshot nearest to a place on the time axis. */
  selectAt(position: number): void {
    const nearest = nearestSnapshot(this.snapshots, position);
    if (nearest && nearest !== this.shown) this.select(nearest);
  }

  /** Shows the epoch that someone typed, or the snapshot nearest to it; false where the words make no sense. */
  selectTyped(text: string): boolean {
    const id = readEpoch(text, this.training);
    const found = id === null ? undefined : findSnapshot(this.snapshots, id);
    if (id === null || !found) return false;
    const snapped = this.#snap(id);
    this.select(found);
    this.#snapped = snapped;
    return true;
  }

  /** Goes `by` snapshots on within the range, as far as there are; false where it stands at that end already. */
  step(by: number, follow = true): boolean {
    const next = this.shown && stepFrom(this.inside, positionOf(this.shown), by);
    if (next) this.select(next, follow);
    return next !== undefined;
  }

  /** To the first snapshot within the range, or to the last. */
  stepToEnd(which: 'first' | 'last'): void {
    const snapshot = this.inside.at(which === 'first' ? 0 : -1);
    if (snapshot) this.select(snapshot);
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
