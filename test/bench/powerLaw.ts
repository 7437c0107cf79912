/** How a cost grows: y = factor · x^exponent, by least squares on the logarithms. */

export interface PowerLaw {
  exponent: number;
  factor: number;
}

/** Points [x, y], both above zero, at two x at least. */
export function powerLaw(points: readonly (readonly [x: number, y: number])[]): PowerLaw {
  const wrong = points.find(([x, y]) => !(x > 0 && y > 0));
  if (wrong) throw new RangeError(`the point (${wrong.join(', ')}) has no logarithms; both must be above 0`);
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (of: (p: readonly [number, number]) => number): number =>
    logs.reduce((sum, p) => sum + of(p), 0) / logs.length;
  const [x0, y0] = [mean(([x]) => x), mean(([, y]) => y)];
  const spread = mean(([x]) => (x - x0) ** 2);
  if (!(spread > 0)) throw new RangeError('all points have one x; two different ones at least are needed');
  const exponent = mean(([x, y]) => (x - x0) * (y - y0)) / spread;
  return { exponent, factor: Math.exp(y0 - exponent * x0) };
}
