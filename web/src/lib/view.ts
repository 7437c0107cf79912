/** What a person looks at, as data: the whole of it is held in the URL's query, so that a link restores it. */
import { COLOUR_MAPS, RANGE_MODES, type ColourMapId, type RangeMode } from '../../../shared/colour.ts';
import {
  TAP_KINDS,
  type BlockDescription,
  type TapDescription,
  type TapKind,
} from '../../../shared/network.ts';

export const PANELS = ['maps', 'compare', 'measure', 'lens'] as const;
export type Panel = (typeof PANELS)[number];
/** The maps of one block in full, or a strip of every block. */
export const LAYOUTS = ['block', 'all'] as const;
export const SORTS = [
  'index',
  'contrast',
  'totalVariation',
  'entropy',
  'deadFraction',
  'changed',
  'duplicate',
] as const;
export type Sort = (typeof SORTS)[number];
export const COMPARE_MODES = ['side', 'blink', 'swipe'] as const;
export type CompareMode = (typeof COMPARE_MODES)[number];
export const AXES = ['epoch', 'lambda'] as const;
export type Axis = (typeof AXES)[number];

export interface ViewState {
  /** '' is the first block. */
  block: string;
  tap: TapKind;
  /** Index of one of the run's probes. */
  probe: number;
  /** A snapshot's id, or 'live': the latest, followed as it moves. */
  epoch: string;
  /** Pinned snapshots, or null. */
  a: string | null;
  b: string | null;
  panel: Panel;
  layout: (typeof LAYOUTS)[number];
  /** Order of the channels, and whether those that are dead on every probe are left out. */
  sort: Sort;
  alive: boolean;
  /** What shares one range of colours, and whether that range is the same at every epoch. */
  range: RangeMode;
  locked: boolean;
  /** Share of the values cut off at either end, 0 to 0.1. */
  clip: number;
  /** Colour map of values that are never negative. */
  colours: ColourMapId;
  compare: CompareMode;
  /** What measures are drawn over. */
  axis: Axis;
  /** The run to compare with; '' is this one. */
  other: string;
  /** Whether its channels are put in the order that correlates best with this run's. */
  match: boolean;
  /** The part of the time axis shown, in epochs; null reaches to its end. */
  from: number | null;
  to: number | null;
  /** Where mid and late begin: '' by thirds of λ, 'drift' found from the data, 'x,y' at these values of λ. */
  stages: string;
  /** Snapshots a beat, and beats a second, of the film; whether it begins anew at its end. */
  stride: number;
  speed: number;
  loop: boolean;
}

/** How one field is written and read; `read` gives undefined for what makes no sense. */
interface Field<T> {
  first: T;
  read: (text: string) => T | undefined;
}

const pattern = (first: string, valid: RegExp): Field<string> => ({
  first,
  read: (text) => (valid.test(text) ? text : undefined),
});
const optional = (valid: RegExp): Field<string | null> => ({
  first: null,
  read: (text) => (valid.test(text) ? text : undefined),
});
const choice = <T extends string>(first: T, of: readonly T[]): Field<T> => ({
  first,
  read: (text) => of.find((value) => value === text),
});
const number = <T extends number | null>(first: T, low: number, high: number, whole = false): Field<T> => ({
  first,
  read: (text) => {
    const value = Number(text);
    return text !== '' && value >= low && value <= high && (!whole || Number.isInteger(value))
      ? (value as T)
      : undefined;
  },
});
const flag = (first: boolean): Field<boolean> => ({
  first,
  read: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
});

const SNAPSHOT = /^\d+m?$/;

const FIELDS: { readonly [K in keyof ViewState]: Field<ViewState[K]> } = {
  block: pattern('', /^[\w.]{1,64}$/),
  tap: choice('out', TAP_KINDS),
  probe: number(0, 0, 1e6, true),
  epoch: pattern('live', /^(live|\d+m?)$/),
  a: optional(SNAPSHOT),
  b: optional(SNAPSHOT),
  panel: choice('maps', PANELS),
  layout: choice('block', LAYOUTS),
  sort: choice('index', SORTS),
  alive: flag(false),
  range: choice('channel', RANGE_MODES),
  locked: flag(true),
  clip: number(0, 0, 0.1),
  colours: choice('viridis', COLOUR_MAPS),
  compare: choice('side', COMPARE_MODES),
  axis: choice('epoch', AXES),
  other: pattern('', /^[\w-]{1,100}$/),
  match: flag(false),
  from: number<number | null>(null, 0, 1e5),
  to: number<number | null>(null, 0, 1e5),
  stages: pattern('', /^(drift|[01](\.\d+)?,[01](\.\d+)?)$/),
  stride: number(1, 1, 1000, true),
  speed: number(2.5, 0.25, 30),
  loop: flag(false),
};
const NAMES = Object.keys(FIELDS) as (keyof ViewState)[];

export const FIRST_VIEW: Readonly<ViewState> = Object.fromEntries(
  NAMES.map((name) => [name, FIELDS[name].first]),
) as unknown as ViewState;

/** Reads a query; what it does not say, or says in a way that makes no sense, takes its first value. */
export function parseView(search: string): ViewState {
  const query = new URLSearchParams(search);
  const entries = NAMES.map((name) => {
    const text = query.get(name);
    return [name, (text === null ? undefined : FIELDS[name].read(text)) ?? FIELDS[name].first];
  });
  return Object.fromEntries(entries) as ViewState;
}

/** The query that `parseView` reads back; first values are left out. */
export function formatView(view: ViewState): string {
  const query = new URLSearchParams();
  for (const name of NAMES) {
    const value = view[name];
    if (value !== null && value !== FIELDS[name].first) query.set(name, String(value));
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
