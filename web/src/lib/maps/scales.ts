/** The scale a tap's view is drawn on: colours for maps, an axis for vectors. */
import {
  clippedShare,
  commonReach,
  reachOf,
  scaleOfReach,
  uniteReaches,
  type ColourMapId,
  type RangeMode,
  type Reach,
  type Scale,
  type ScaleSource,
} from '../../../../shared/colour.ts';
import type { Frame, FrameTap } from '../../../../shared/frame.ts';
import type { TapDescription } from '../../../../shared/network.ts';
import type { Recording } from '../painting/tapValues.ts';

/** Pooled vectors and logits: one value a channel, drawn as bars. */
export const isVector = (tap: TapDescription): boolean => tap.shape[0] * tap.shape[1] === 1;

/** One recording that a scale has to show, and where it is from. */
export interface Shown {
  recording: Recording | null;
  frame: Frame | null;
  /** Id of the snapshot; null for a live frame. */
  snapshot: string | null;
}

/** How values become colours on a panel. */
export interface Scaling {
  readonly mode: RangeMode;
  /** Of values that are never negative. */
  readonly colours: ColourMapId;
  /** One range at every epoch, and for all that is compared. */
  readonly locked: boolean;
  /** One scale for all that is shown of a tap together; null where nothing is. */
  scale(tap: TapDescription, shown: readonly Shown[]): Scale | null;
}

export interface ViewScaleOptions {
  mode: RangeMode;
  clip: number;
  /** What else the scale has to reach: the same tap at other moments; by network other blocks too. */
  also?: readonly Reach[];
}

/** One scale over all recordings that are shown together; null where there is none. Bars begin at zero and reach as
 * far as the values do, on either side. */
export function viewScale(
  tap: TapDescription,
  sources: readonly (ScaleSource | null)[],
  { mode, clip, also = [] }: ViewScaleOptions,
): Scale | null {
  const there = sources.filter((source) => source !== null);
  const channels = there[0]?.tap.shape[1];
  if (channels === undefined) return null;
  if (isVector(tap)) return axisOf([reachOf(there, { mode: 'block', clip: 0 }), ...also], channels);
  const all = [reachOf(there, { mode, clip }), ...also];
  const reach = mode === 'channel' ? uniteReaches(all) : commonReach(all, channels);
  return scaleOfReach(reach, there, { mode, clip, centred: tap.signed });
}

function axisOf(reaches: readonly Reach[], channels: number): Scale {
  const { least, most } = commonReach(reaches, channels);
  const [low, high] = [least[0]!, most[0]!];
  return {
    mode: 'block',
    centred: false,
    clip: 0,
    clipped: 0,
    low: least,
    high: high > low ? most : most.fill(low + 1),
  };
}

/** The scale of B − A, locked to the one that A and B share: as far from zero, on either side, as theirs reaches, so
 * that a difference is as vivid as a value of its size. Larger differences are clipped, and counted. */
export function differenceScale(tap: TapDescription, shared: Scale, difference: FrameTap): Scale {
  const bars = isVector(tap); // a bar must not be cut off: its axis grows instead
  const largest = bars ? Math.max(...difference.maximum, -Math.min(...difference.minimum)) : 0;
  const reach = shared.high.map((high, c) => Math.max(high, -shared.low[c]!, largest));
  const low = reach.map((value) => -value);
  return {
    ...shared,
    centred: true,
    low,
    high: reach,
    clipped: clippedShare([{ tap: difference }], low, reach),
  };
}
