/** The scale a tap's view is drawn on: colours for maps, an axis for vectors. */
import {
  clippedShare,
  extentOf,
  scaleOf,
  type RangeMode,
  type Scale,
  type ScaleSource,
} from '../../../../shared/colour.ts';
import type { FrameTap } from '../../../../shared/frame.ts';
import type { TapDescription } from '../../../../shared/network.ts';

/** Pooled vectors and logits: one value a channel, drawn as bars. */
export const isVector = (tap: TapDescription): boolean => tap.shape[0] * tap.shape[1] === 1;

/** One scale over all recordings that are shown together; null where there is none. Bars begin at zero and reach as
 * far as the values do, on either side. */
export function viewScale(
  tap: TapDescription,
  sources: readonly (ScaleSource | null)[],
  options: { mode: RangeMode; clip: number },
): Scale | null {
  const there = sources.filter((source) => source !== null);
  const channels = there[0]?.tap.shape[1];
  if (channels === undefined) return null;
  const { mode, clip } = options;
  if (!isVector(tap)) return scaleOf(there, { mode, clip, centred: tap.signed });
  let low = 0;
  let high = 0;
  for (const source of there)
    for (let c = 0; c < channels; c++) {
      const [smallest, greatest] = extentOf(source, c);
      low = Math.min(low, smallest);
      high = Math.max(high, greatest);
    }
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
    clipped: clippedShare([{ tap: difference }], low, reach),
  };
}
