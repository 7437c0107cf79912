/** The scale a tap's view is drawn on: colours for maps, an axis for vectors. */
import { clippedShare, scaleOf, type RangeMode, type Scale } from '../../../../shared/colour.ts';
import type { FrameTap } from '../../../../shared/frame.ts';
import type { TapDescription } from '../../../../shared/network.ts';

/** Pooled vectors and logits: one value a channel, drawn as bars. */
export const isVector = (tap: TapDescription): boolean => tap.shape[0] * tap.shape[1] === 1;

/** One scale over all taps that are shown together; null where there is none. Bars begin at zero and reach as far as
 * the values do, on either side. */
export function viewScale(
  tap: TapDescription,
  taps: readonly FrameTap[],
  options: { mode: RangeMode; clip: number },
): Scale | null {
  const first = taps[0];
  if (!first) return null;
  const { mode, clip } = options;
  if (!isVector(tap)) return scaleOf(taps, { mode, clip, centred: tap.signed });
  const low = Math.min(0, ...taps.flatMap((t) => [...t.minimum]));
  const high = Math.max(0, ...taps.flatMap((t) => [...t.maximum]));
  const channels = first.shape[1];
  return {
    mode: 'block',
    centred: false,
    clip: 0,
    clipped: 0,
    low: new Float32Array(channels).fill(low),
    high: new Float32Array(channels).fill(high > low ? high : low + 1),
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
    clipped: clippedShare([difference], low, reach),
  };
}
