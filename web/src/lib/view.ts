/** What a person looks at, as data: the whole of it is held in the URL's query, so that a link restores it. */
import type { BlockDescription, TapDescription, TapKind } from '../../../shared/network.ts';

export interface ViewState {
  /** '' is the first block. */
  block: string;
  tap: TapKind;
  /** Index into the run's probes. */
  probe: number;
  /** A snapshot's id, or 'live': the latest, followed as it moves. */
  epoch: string;
  /** Pinned snapshots, or null. */
  a: string | null;
  b: string | null;
}

export const FIRST_VIEW: ViewState = { block: '', tap: 'out', probe: 0, epoch: 'live', a: null, b: null };

const SNAPSHOT = /^\d+m?$/;

/** Reads a query; what it does not say, or says in a way that makes no sense, takes its first value. */
export function parseView(search: string): ViewState {
  const query = new URLSearchParams(search);
  const snapshot = (name: string): string | null => {
    const id = query.get(name);
    return id !== null && SNAPSHOT.test(id) ? id : null;
  };
  const probe = Number(query.get('probe'));
  return {
    block: query.get('block') ?? FIRST_VIEW.block,
    tap: (query.get('tap') as TapKind | null) ?? FIRST_VIEW.tap,
    probe: Number.isInteger(probe) && probe >= 0 ? probe : FIRST_VIEW.probe,
    epoch: snapshot('epoch') ?? FIRST_VIEW.epoch,
    a: snapshot('a'),
    b: snapshot('b'),
  };
}

/** The query that `parseView` reads back; first values are left out. */
export function formatView(view: ViewState): string {
  const query = new URLSearchParams();
  for (const name of ['block', 'tap', 'probe', 'epoch', 'a', 'b'] as const) {
    const value = view[name];
    if (value !== null && value !== FIRST_VIEW[name]) query.set(name, String(value));
  }
  return query.toString();
}

/** The block and tap that a view means in this network: the named ones where they exist, else the first block and
 * its output. */
export function chooseTap(
  blocks: readonly BlockDescription[],
  view: Pick<ViewState, 'block' | 'tap'>,
): { block: BlockDescription; tap: TapDescription } {
  const block = blocks.find((b) => b.id === view.block) ?? blocks[0]!;
  const tap = block.taps.find((t) => t.kind === view.tap) ?? block.taps.at(-1)!;
  return { block, tap };
}
