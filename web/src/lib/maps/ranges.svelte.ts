import {
  commonReach,
  reachOf,
  type ColourMapId,
  type RangeMode,
  type Reach,
  type Scale,
  uniteReaches,
} from '../../../../shared/colour.ts';
import type { TapDescription } from '../../../../shared/network.ts';
import type { SnapshotInfo } from '../../../../shared/protocol.ts';
import type { Scene } from '../run/scene.svelte.ts';
import { readFrame } from '../state/api.ts';
import type { FrameReader } from '../state/snapshots.ts';
import { ReachTable, type ReachRequest } from './reaches.ts';
import { isVector, viewScale, type Scaling, type Shown } from './scales.ts';
import { stripTaps } from './strips.ts';

/** The ranges of colours in force on the maps' panel, as the view says: of a channel, a block or the whole network,
 * at one moment or locked over all recorded epochs. */
export class Ranges implements Scaling {
  /** Snapshots that a locked range covers, and how many are to come. */
  read = $state({ done: 0, left: 0 });
  failed = $state.raw<Error | null>(null);
  /** Counts what has been read, for those who draw by it. */
  #version = $state(0);
  readonly #scene: Scene;
  readonly #table: ReachTable;

  constructor(scene: Scene, read: FrameReader = readFrame) {
    this.#scene = scene;
    this.#table = new ReachTable(read);
  }

  // Derived each on its own: nothing is painted anew because another part of the view changed.
  readonly mode: RangeMode = $derived.by(() => this.#scene.view.range);
  readonly clip: number = $derived.by(() => this.#scene.view.clip);
  readonly colours: ColourMapId = $derived.by(() => this.#scene.view.colours);
  readonly locked: boolean = $derived.by(() => this.#scene.view.locked);

  readonly #merged: boolean = $derived.by(() => this.#scene.shown?.merged ?? false);

  /** The maps of each block that one range of the network covers. */
  readonly network: readonly TapDescription[] = $derived.by(() => {
    const { blocks, tap } = this.#scene;
    return stripTaps(blocks, tap.kind, this.#merged).filter((t) => !isVector(t));
  });

  /** The taps whose reach a scale of `tap` follows. */
  #followed(tap: TapDescription): readonly TapDescription[] {
    return this.mode === 'network' && !isVector(tap) ? this.network : [tap];
  }

  /** Reads how far `taps` reach, at every snapshot where ranges are locked, else at those shown, until the returned
   * function is called. To be called by an effect, which begins anew when another snapshot is shown only where that
   * is asked for. */
  follow(taps: readonly TapDescription[], shown: () => readonly (SnapshotInfo | undefined)[]): () => void {
    const { mode, locked } = this;
    const scene = this.#scene;
    const wanted = taps.flatMap((tap) => this.#followed(tap)).filter((tap, i, all) => all.indexOf(tap) === i);
    const snapshots = locked
      ? scene.snapshots
      : mode === 'network'
        ? shown().filter((snapshot) => snapshot !== undefined)
        : [];
    const request: ReachRequest = {
      run: scene.detail.id,
      snapshots: snapshots.map((snapshot) => ({
        id: snapshot.id,
        taps: wanted.filter((tap) => !(snapshot.merged && tap.deepOnly)).map((tap) => tap.id),
      })),
      mode,
      clip: this.clip,
      // What is recorded as levels has ranges, which are those of all probes.
      exact: wanted
        .filter((tap) => scene.detail.config.recording.precision !== 'u8' || isVector(tap))
        .map((tap) => tap.id),
    };
    const left = this.#table.missing(request).length;
    const total = snapshots.length;
    this.read = { done: total - left, left };
    this.failed = null;
    if (left === 0) return () => undefined;
    const controller = new AbortController();
    this.#table
      .fill(request, controller.signal, (more) => {
        if (!controller.signal.aborted) this.read = { done: total - more, left: more };
      })
      .then(
        () => this.#version++,
        (error: unknown) => {
          if (!controller.signal.aborted) this.failed = error as Error;
        },
      );
    return () => controller.abort();
  }

  /** One scale for all that is shown of a tap together. */
  scale(tap: TapDescription, shown: readonly Shown[]): Scale | null {
    const { mode, clip } = this;
    const recordings = shown.map(({ recording }) => recording);
    return viewScale(tap, recordings, { mode, clip, also: this.#also(tap, shown) });
  }

  /** What locked ranges reach, worked out once for as long as it holds. */
  readonly #united: Record<string, Reach[]> = $derived.by(() => {
    void [this.#version, this.#scene.snapshots, this.mode, this.clip];
    return {};
  });

  #also(tap: TapDescription, shown: readonly Shown[]): Reach[] {
    const { mode, locked } = this;
    const followed = this.#followed(tap);
    const live = mode === 'network' ? this.#live(shown, followed) : [];
    if (locked) {
      const name = followed.map(({ id }) => id).join();
      const ids = this.#scene.snapshots.map(({ id }) => id);
      const united = (this.#united[name] ??= this.#recorded(ids, followed));
      return [...united, ...live];
    }
    if (mode !== 'network') return [];
    void this.#version;
    const ids = shown.flatMap(({ snapshot }) => snapshot ?? []);
    return [...this.#recorded(ids, followed), ...live];
  }

  /** Of these taps at these snapshots, as far as it has been read: one reach, or none. */
  #recorded(ids: readonly string[], taps: readonly TapDescription[]): Reach[] {
    const { mode, clip } = this;
    const run = this.#scene.detail.id;
    const all = ids.flatMap((id) =>
      taps.flatMap((tap) => this.#table.get(run, id, tap.id, { mode, clip }) ?? []),
    );
    if (all.length === 0) return [];
    return [mode === 'channel' ? uniteReaches(all) : commonReach(all, 1)];
  }

  /** Of these taps in the live frames among what is shown. */
  #live(shown: readonly Shown[], taps: readonly TapDescription[]): Reach[] {
    const { mode, clip } = this;
    return shown
      .filter(({ snapshot }) => snapshot === null)
      .flatMap(({ frame }) => frame?.taps.filter(({ id }) => taps.some((tap) => tap.id === id)) ?? [])
      .map((tap) => reachOf([{ tap }], { mode, clip }));
  }
}
