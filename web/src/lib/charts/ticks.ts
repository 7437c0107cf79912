/** Words for the numbers of every axis and colour bar. */
import type { ScaleLinear } from 'd3';

/** Digits and a point that the gutter beside an axis has room for. */
const ROOM = 5;

/** As many decimals as about `count` ticks need, a true minus sign, and powers of ten where that would be long;
 * `percent` says shares, 0 to 1, in hundredths: '2.5 %'. */
export function tickFormat(
  scale: ScaleLinear<number, number>,
  count: number,
  unit: 'number' | 'percent' = 'number',
): (tick: number) => string {
  const factor = unit === 'percent' ? 100 : 1;
  const end = unit === 'percent' ? ' %' : '';
  const axis = scale.copy().domain(scale.domain().map((value) => value * factor));
  const plain = axis.tickFormat(count);
  const ticks = axis.ticks(count);
  const long = ticks.some(
    (tick) => plain(tick).replace(/[−,]/g, '').length > ROOM || Math.abs(tick) >= 10000,
  );
  const format = long ? axis.tickFormat(count, '~e') : plain;
  return (tick) =>
    (tick === 0
      ? '0'
      : format(tick * factor)
          .replaceAll(',', '\u2009')
          .replace('e+', 'e')) + end;
}
