/** One map or a whole grid as a PNG that can stand in a paper: pixels, colour bar with numbers, caption. */
import type { ColourMapId, Scale } from '../../../../shared/colour.ts';
import { ScopeError } from '../../../../shared/errors.ts';
import { figureLayout } from './figure.ts';
import { paintMaps } from './paintMaps.ts';
import { cssColour, palette } from './palette.ts';
import type { Recording } from './tapValues.ts';

export interface Figure {
  recording: Recording;
  channels: readonly number[];
  scale: Scale;
  colourMap: ColourMapId;
  /** Statements printed below: run, epoch, λ, tap, probe, range. */
  caption: readonly string[];
  /** Numbers under the colour bar, each at its place (0 to 1) along it. */
  ticks: readonly { at: number; text: string }[];
}

const FONT = (size: number): string => `${size}px system-ui, 'Liberation Sans', 'Noto Sans', sans-serif`;

/** Draws the figure, `pixelsPerPixel` for each pixel of a map, black on white or on nothing. */
export async function figurePng(
  figure: Figure,
  options: { pixelsPerPixel: number; transparent: boolean },
): Promise<Blob> {
  const [, , height, width] = figure.recording.tap.shape;
  const probe = contextOf(1, 1);
  const layout = figureLayout({
    maps: { count: figure.channels.length, height, width },
    scale: options.pixelsPerPixel,
    caption: figure.caption,
    measure: (text, size) => {
      probe.font = FONT(size);
      return probe.measureText(text).width;
    },
  });
  const context = contextOf(layout.width, layout.height);
  if (!options.transparent) {
    context.fillStyle = '#fff';
    context.fillRect(0, 0, layout.width, layout.height);
  }
  drawMaps(context, figure, layout.grid, layout.gridX, layout.gridY);

  const { bar } = layout;
  for (let x = 0; x < bar.width; x++) {
    context.fillStyle = cssColour(figure.colourMap, x / (bar.width - 1));
    context.fillRect(bar.x + x, bar.y, 1, bar.height);
  }
  context.fillStyle = '#000';
  context.font = FONT(layout.textSize);
  for (const { at, text } of figure.ticks) {
    const x = bar.x + Math.round(at * (bar.width - 1));
    context.fillRect(x, bar.y + bar.height, 1, Math.round(0.25 * layout.textSize));
    context.textAlign = at < 0.05 ? 'left' : at > 0.95 ? 'right' : 'center';
    context.fillText(text, x, layout.tickY);
  }
  context.textAlign = 'left';
  for (const { text, x, y } of layout.lines) context.fillText(text, x, y);
  return context.canvas.convertToBlob({ type: 'image/png' });
}

function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext('2d');
  if (!context)
    throw new ScopeError(
      'OUT_OF_MEMORY',
      `the browser has no room for a canvas of ${width} × ${height} pixels`,
    );
  return context;
}

function drawMaps(
  context: OffscreenCanvasRenderingContext2D,
  { recording, channels, scale, colourMap }: Figure,
  grid: Parameters<typeof paintMaps>[1],
  x: number,
  y: number,
): void {
  // Read what is there first: the gaps keep the background.
  const image = context.getImageData(x, y, grid.width, grid.height);
  const pixels = new Uint32Array(image.data.buffer);
  const { tap, position } = recording;
  paintMaps({ pixels, width: grid.width }, grid, tap, position, channels, scale, palette(colourMap));
  context.putImageData(image, x, y);
}

/** Hands a file to the browser's downloads. */
export function download(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // Long enough for the download to have begun reading it.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
