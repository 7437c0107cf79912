/** The words and numbers on an exported figure. */
import { scaleLinear } from 'd3';
import type { Scale } from '../../../../shared/colour.ts';
import type { FigureCaption } from './caption.ts';
import { formatActivation, formatPercent } from './point.ts';
import type { MapsText } from './text.ts';

const isShared = (scale: Scale, channels: readonly number[]): boolean =>
  channels.every(
    (c) => scale.low[c] === scale.low[channels[0]!] && scale.high[c] === scale.high[channels[0]!],
  );

/** Run and tap; epoch, λ and probe; range: a statement a line. */
export function captionLines(
  caption: FigureCaption,
  scale: Scale,
  channels: readonly number[],
  text: MapsText,
): string[] {
  const words = text.figure;
  // A statement's parts stay together where the line wraps.
  const whole = (part: string): string => part.replaceAll(' ', '\u00a0');
  const what = channels.length === 1 ? `, ${whole(words.channel(channels[0]!))}` : '';
  const first = channels[0]!;
  const tops = channels.map((c) => scale.high[c]!);
  const range = isShared(scale, channels)
    ? words.range(formatActivation(scale.low[first]!), formatActivation(scale.high[first]!))
    : words.perChannel(formatActivation(Math.min(...tops)), formatActivation(Math.max(...tops)));
  const clipped = scale.clip > 0 ? `, ${words.clipped(formatPercent(scale.clipped))}` : '';
  return [
    `${caption.run} · ${whole(`${words.tap} ${caption.tap}`)}${what}`,
    `${whole(`${words.epoch} ${caption.epoch}`)} · ${whole(`λ ${caption.lambda.toFixed(2)}`)} · ${words.probe} ${caption.probe}`,
    `${range}${clipped}`,
  ];
}

/** Numbers for the colour bar; where every channel has its own range, what its ends mean. */
export function barTicks(
  scale: Scale,
  channels: readonly number[],
  text: MapsText,
): { at: number; text: string }[] {
  const { ownRange } = text.figure;
  if (!isShared(scale, channels))
    return scale.centred
      ? [
          { at: 0, text: ownRange(-1) },
          { at: 0.5, text: ownRange(0) },
          { at: 1, text: ownRange(1) },
        ]
      : [
          { at: 0, text: ownRange(0) },
          { at: 1, text: ownRange(1) },
        ];
  const place = scaleLinear([scale.low[channels[0]!]!, scale.high[channels[0]!]!], [0, 1]);
  return place.ticks(5).map((tick) => ({ at: place(tick), text: formatActivation(tick) }));
}
