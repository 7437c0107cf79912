/** A square matrix of similarities as a picture, and where in it a pointer is. */

/** Paints values [n, n], 0 to 1, as one pixel each; those that can't be told stay clear. `pixels` views RGBA bytes. */
export function paintMatrix(pixels: Uint32Array, values: ArrayLike<number>, palette: Uint32Array): void {
  for (let i = 0; i < pixels.length; i++) {
    const value = values[i]!;
    pixels[i] = Number.isNaN(value) ? 0 : palette[Math.round(Math.min(1, Math.max(0, value)) * 255)]!;
  }
}

export interface Cell {
  row: number;
  column: number;
}

/** The cell of an n × n matrix drawn over `side` pixels. */
export function cellAt(x: number, y: number, side: number, n: number): Cell {
  const place = (v: number): number => Math.min(n - 1, Math.max(0, Math.floor((v / side) * n)));
  return { row: place(y), column: place(x) };
}

/** Where an arrow key, Home or End moves the cursor; null for other keys. Shift goes five cells. */
export function moveCell(cell: Cell, key: string, n: number, shift: boolean): Cell | null {
  const by = shift ? 5 : 1;
  const moves: Record<string, [rows: number, columns: number]> = {
    ArrowLeft: [0, -by],
    ArrowRight: [0, by],
    ArrowUp: [-by, 0],
    ArrowDown: [by, 0],
    Home: [0, -n],
    End: [0, n],
  };
  const move = moves[key];
  if (!move) return null;
  const keep = (v: number): number => Math.min(n - 1, Math.max(0, v));
  return { row: keep(cell.row + move[0]), column: keep(cell.column + move[1]) };
}

/** Indices of rows to label: the first, every 2nd, 5th, 10th … from there, and the last, at least `apart` pixels from
 * one another. */
export function labelled(n: number, side: number, apart = 34): number[] {
  const fewest = (apart * n) / Math.max(1, side);
  let step = 1;
  for (let k = 0; step < fewest; k++) step = [2, 5, 10][k % 3]! * 10 ** Math.floor(k / 3);
  const last = n - 1;
  const found: number[] = [];
  for (let i = 0; i < last && last - i >= fewest; i += step) found.push(i);
  return last < 0 ? [] : [...found, last];
}

/** Whether black or white is read better on a colour `rgb(r, g, b)` (relative luminance, WCAG 2). */
export function inkOn(colour: string): 'black' | 'white' {
  const [r = 0, g = 0, b = 0] = colour.match(/\d+/g)?.map(Number) ?? [];
  const linear = (v: number): number =>
    v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) > 0.179 ? 'black' : 'white';
}
