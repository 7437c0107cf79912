/** Words for the numbers of every axis and colour bar. */
import type { ScaleLinear } from 'd3';

/** As many decimals as about `count` ticks need, a true minus sign, and powers of ten only where decimals or digits
 * would be many; `percent` says shares, 0 to 1, in hundredths: '2.5 %'. */
export function tickFormat(
  scale: ScaleLinear<number, number>,
  count: number,
  unit: 'number' | 'percent' = 'number',
): (tick: number) => string {
  const factor = unit === 'percent' ? 100 : 1;
  const end = unit === 'percent' ? ' %' : '';
  const domain = scale.domain().map((value) => value * factor);
  const size = Math.max(...domain.map(Math.abs));
  const powers = size < 0.001 || size >= 10000;
  const format = scale
    .copy()
    .domain(domain)
    .tickFormat(count, powers ? '~e' : undefined);
  return (tick) => (tick === 0 ? '0' : format(tick * factor).replaceAll(',', '\u2009')) + end;
}
