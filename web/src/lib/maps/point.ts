/** The pixel under the pointer or the keyboard's cursor, shared by all canvases that show the same tap. */
export interface MapPoint {
  channel: number;
  x: number;
  y: number;
}

/** Activations for people: four significant digits, a true minus sign, exponent only where it is shorter. */
export function formatActivation(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-3 ? size.toExponential(2) : Number(size.toPrecision(4)).toString();
  return value < 0 ? `\u2212${text}` : text;
}

/** A share (0 to 1) as a percentage of two significant digits. */
export function formatPercent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}
