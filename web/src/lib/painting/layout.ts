/** Where the maps of a block stand on one canvas, and which pixel of which map a point hits. All lengths are device
 * pixels; cells are whole multiples of the map's pixels, so that nearest-neighbour pixels stay equal squares. */

export interface GridLayout {
  count: number;
  /** Rows and columns of one map. */
  mapHeight: number;
  mapWidth: number;
  /** Device pixels a map pixel is wide and high; an integer. */
  scale: number;
  gap: number;
  columns: number;
  rows: number;
  /** Of the whole grid; gaps lie only between cells. */
  width: number;
  height: number;
}

export interface GridOptions {
  count: number;
  mapHeight: number;
  mapWidth: number;
  /** Room to fill. */
  availableWidth: number;
  /** A cell is about this wide: three quarters to one and a half of it, where whole pixels of the map allow. */
  cell: number;
  gap: number;
}

/** What a cell twice or half as wide as wanted costs, as a share of the room. */
const COST_OF_DOUBLING = 0.15;

/** The width wanted for a cell in this room: maps grow, up to four times as wide, while the grid stays flatter than two
 * to one. */
export function cellWidth(count: number, availableWidth: number, cell: number): number {
  return Math.min(4 * cell, Math.max(cell, availableWidth / Math.ceil(Math.sqrt(2 * count))));
}

/** The integer scale and the columns that fill the room best with cells near the wanted size. At least one column,
 * at a scale of at least 1: a room narrower than a map makes the grid wider than the room. */
export function gridLayout(options: GridOptions): GridLayout {
  const { count, mapHeight, mapWidth, availableWidth, cell, gap } = options;
  const side = Math.max(mapWidth, mapHeight);
  const largest = Math.max(1, Math.floor(availableWidth / mapWidth));
  const from = Math.min(largest, Math.max(1, Math.ceil((0.75 * cell) / side)));
  const to = Math.min(largest, Math.max(from, Math.floor((1.5 * cell) / side)));
  const at = (scale: number): GridLayout => {
    const fitting = Math.floor((availableWidth + gap) / (mapWidth * scale + gap));
    const columns = Math.max(1, Math.min(count, fitting));
    return gridOf({ count, mapHeight, mapWidth, scale, gap, columns });
  };
  const score = (layout: GridLayout): number =>
    layout.width / availableWidth - COST_OF_DOUBLING * Math.abs(Math.log2((layout.scale * side) / cell));
  let best = at(from);
  for (let scale = from + 1; scale <= to; scale++) {
    const next = at(scale);
    if (score(next) > score(best)) best = next;
  }
  return best;
}

/** The grid of a given scale and number of columns. */
export function gridOf(
  parts: Pick<GridLayout, 'count' | 'mapHeight' | 'mapWidth' | 'scale' | 'gap' | 'columns'>,
): GridLayout {
  const { count, mapHeight, mapWidth, scale, gap, columns } = parts;
  const rows = Math.ceil(count / columns);
  return {
    ...parts,
    rows,
    width: columns * (mapWidth * scale + gap) - gap,
    height: Math.max(0, rows * (mapHeight * scale + gap) - gap),
  };
}

/** The top left corner of a cell. */
export function cellOrigin(layout: GridLayout, index: number): { x: number; y: number } {
  return {
    x: (index % layout.columns) * (layout.mapWidth * layout.scale + layout.gap),
    y: Math.floor(index / layout.columns) * (layout.mapHeight * layout.scale + layout.gap),
  };
}

/** A pixel of a map: `index` is the cell, counted along the rows. */
export interface GridHit {
  index: number;
  x: number;
  y: number;
}

/** What lies at a point; null in a gap, beyond the last cell or outside. */
export function hitTest(layout: GridLayout, x: number, y: number): GridHit | null {
  if (x < 0 || y < 0) return null;
  const { mapWidth, mapHeight, scale, gap, columns, count } = layout;
  const pitchX = mapWidth * scale + gap;
  const pitchY = mapHeight * scale + gap;
  const column = Math.floor(x / pitchX);
  const index = Math.floor(y / pitchY) * columns + column;
  const mapX = Math.floor((x - column * pitchX) / scale);
  const mapY = Math.floor((y % pitchY) / scale);
  if (column >= columns || index >= count || mapX >= mapWidth || mapY >= mapHeight) return null;
  return { index, x: mapX, y: mapY };
}

/** The cell that an arrow, Home, End or Page key leads to from `index`; null for any other key. */
export function cellAfterKey(
  layout: Pick<GridLayout, 'columns' | 'count'>,
  index: number,
  key: string,
): number | null {
  const { columns, count } = layout;
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -4 * columns,
    PageDown: 4 * columns,
    Home: -count,
    End: count,
  };
  const step = steps[key];
  if (step === undefined) return null;
  const next = index + step;
  // Up and down stay in their column; everything else stops at the ends.
  if (Math.abs(step) === columns && columns > 1) return next < 0 || next >= count ? index : next;
  return Math.min(count - 1, Math.max(0, next));
}
