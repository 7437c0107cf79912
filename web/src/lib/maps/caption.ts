/** What is printed on an exported figure, so that it can stand alone. */
export interface FigureCaption {
  run: string;
  epoch: string;
  lambda: number;
  tap: string;
  probe: string;
}

/** A file name that says what the figure shows and that every system accepts: letters, digits, `.`, `-` and `_`. */
export function figureFileName(caption: FigureCaption, what: string): string {
  const parts = [
    'vanillascope',
    caption.run,
    `epoch-${caption.epoch}`,
    `lambda-${caption.lambda.toFixed(2)}`,
    caption.tap,
    caption.probe,
    what,
  ];
  const clean = (part: string): string =>
    part
      .replace(/[^\p{L}\p{N}.-]+/gu, '-')
      .replace(/^[-.]+|[-.]+$/g, '')
      .slice(0, 60);
  return `${parts.map(clean).filter(Boolean).join('_')}.png`;
}
