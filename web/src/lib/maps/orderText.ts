/** What a channel was sorted by, in words. */
import type { ChannelKeys } from './order.ts';
import { formatActivation, formatPercent } from './point.ts';
import type { MapsText } from './text.ts';

/** 'contrast 0.21', 'cosine 0.98 with channel 4'; empty where channels stand in their own order. */
export function keyText(keys: ChannelKeys, channel: number, text: MapsText): string {
  const value = keys.values?.[channel];
  if (value === undefined) return '';
  const number =
    keys.sort === 'deadFraction' && !Number.isNaN(value) ? formatPercent(value) : formatActivation(value);
  const twin = keys.twins?.[channel] ?? -1;
  const pair = twin >= 0 ? ` ${text.twin(twin)}` : '';
  return `${text.keys[keys.sort]} ${number}${pair}`;
}
