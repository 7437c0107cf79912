/** A small block whose taps are foretold in every way, and the file that the first version of the format made of it. */
import type { Frame, FrameTap } from '../../../../shared/frame.ts';
import { frameOf, numbers, type Shape } from './frames.ts';

/** Levels [P, C, H, W] in a range of their own. */
function levels(id: string, shape: Shape, of: (at: number) => number): FrameTap {
  const [probes, channels, height, width] = shape;
  const values = Uint8Array.from({ length: probes * channels * height * width }, (_, at) => of(at));
  const minimum = Float32Array.from({ length: channels }, (_, c) => -1 - c / 4);
  const maximum = Float32Array.from({ length: channels }, (_, c) => 2 + c / 2);
  return { id, shape, encoding: 'u8', minimum, maximum, values };
}

export function writtenFrame(): Frame {
  const next = numbers(21);
  const [probes, channels, size] = [3, 2, 8];
  const plane = size * size;
  const shape: Shape = [probes, channels, size, size];
  const pre = levels('b.pre', shape, (at) => Math.floor(128 + 90 * Math.sin(at / 5) + 20 * next()));
  const act = levels('b.act', shape, (at) => Math.max(85, pre.values[at]! - Math.floor(1.05 * next())));
  const conv2 = levels('b.conv2', shape, (at) => {
    const [map, i] = [Math.floor(at / plane), at % plane];
    const [first, c] = [map - (map % channels), map % channels];
    const [a, b] = [act.values[first * plane + i]!, act.values[(first + 1) * plane + i]!];
    return Math.round(c === 0 ? 0.5 * a + 0.25 * b : 200 - 0.25 * a - 0.375 * b);
  });
  const pool = levels('b.pool', [probes, channels, 4, 4], (at) => {
    const [map, y, x] = [Math.floor(at / 16), Math.floor(at / 4) % 4, at % 4];
    const corner = map * plane + 2 * y * size + 2 * x;
    return Math.max(...[0, 1, size, size + 1].map((step) => conv2.values[corner + step]!));
  });
  const relu = { ...pool, id: 'b.relu' };
  const out = levels(
    'b.out',
    [probes, channels, 4, 4],
    (at) => (at % 16 === 0 ? 7 : 3) + (relu.values[at]! >> 1),
  );
  const pooled = Float32Array.from({ length: probes * channels }, (_, i) => Math.fround(i / 7));
  const range = [new Float32Array(channels), new Float32Array(channels)] as const;
  const vector: FrameTap = {
    ...{ id: 'head.pooled', shape: [probes, channels, 1, 1], encoding: 'f32', values: pooled },
    ...{ minimum: range[0].map((_, c) => pooled[c]!), maximum: range[1].map((_, c) => pooled[4 + c]!) },
  };
  return frameOf([pre, act, conv2, pool, relu, out, vector], 1);
}

/** `writtenFrame` as the first version of the format wrote it. */
export const WRITTEN = Buffer.from(
  `
  VlNQMbIDAAB3NaDCeyJlcG9jaCI6Mywic3RlcCI6MTIwLCJsYW1iZGEiOjEsIm1lcmdlZCI6ZmFsc2UsImxvc3MiOjAuNSwiYWNjdXJh
  Y3kiOm51bGwsInByb2JlcyI6WzAsMyw2XSwidGFwcyI6W3siaWQiOiJiLnByZSIsInNoYXBlIjpbMywyLDgsOF0sImVuY29kaW5nIjoi
  dTgiLCJieSI6ImxlZnQiLCJxdWFkcyI6dHJ1ZSwiYnl0ZXMiOjM5OCwiY3JjIjoxNTMxMTMxMzF9LHsiaWQiOiJiLmFjdCIsInNoYXBl
  IjpbMywyLDgsOF0sImVuY29kaW5nIjoidTgiLCJieSI6ImFubmVhbGVkIiwiZnJvbSI6ImIucHJlIiwicXVhZHMiOnRydWUsImJ5dGVz
  Ijo0NSwiY3JjIjoyOTk2NDg0NjE5fSx7ImlkIjoiYi5jb252MiIsInNoYXBlIjpbMywyLDgsOF0sImVuY29kaW5nIjoidTgiLCJieSI6
  Im1peCIsImZyb20iOiJiLmFjdCIsInNpemUiOjAsInNoaWZ0Ijo3LCJxdWFkcyI6ZmFsc2UsImJ5dGVzIjozNCwiY3JjIjoyOTM5NjE5
  MjA2fSx7ImlkIjoiYi5wb29sIiwic2hhcGUiOlszLDIsNCw0XSwiZW5jb2RpbmciOiJ1OCIsImJ5IjoicG9vbCIsImZyb20iOiJiLmNv
  bnYyIiwic2l6ZSI6MiwicXVhZHMiOmZhbHNlLCJieXRlcyI6MTAsImNyYyI6Mzk5NzQ4ODg2N30seyJpZCI6ImIucmVsdSIsInNoYXBl
  IjpbMywyLDQsNF0sImVuY29kaW5nIjoidTgiLCJieSI6InJlbHUiLCJmcm9tIjoiYi5wb29sIiwicXVhZHMiOnRydWUsImJ5dGVzIjoz
  OSwiY3JjIjo5MTc3Njk4Mjl9LHsiaWQiOiJiLm91dCIsInNoYXBlIjpbMywyLDQsNF0sImVuY29kaW5nIjoidTgiLCJieSI6ImZpbHRl
  ciIsImZyb20iOiJiLnJlbHUiLCJzaXplIjoxLCJzaGlmdCI6NywicXVhZHMiOnRydWUsImJ5dGVzIjo2NSwiY3JjIjoyOTAxODcyMDA2
  fSx7ImlkIjoiaGVhZC5wb29sZWQiLCJzaGFwZSI6WzMsMiwxLDFdLCJlbmNvZGluZyI6ImYzMiIsImJ5IjoibGV2ZWwiLCJieXRlcyI6
  MjgsImNyYyI6MjMyNjUzOTAyMX1dfRvRAQBkcK4sUXpJKe0RoTD/A0uSNZIiEmZqdm4WUL6bZq5Ojgs4CDHEa2trQZ54y4SCjTGkE7/c
  JEkQxPjwYaI6PnLE9S+AOvwDdoEcPuzmP+O8dA8f++CO/mj95/83Hw66sT/c+LPRgQ+5z4YiCYw8vrvIaxnB+u28PxtmOPIeL2MAGugx
  SIGC6NwKSmrVKL9Q+xYNVe2MTjcw6FRwyQF0jLvkt2l/OW1tdINhStnP05mAmGg8TeAcpQvC8ThTZdJJ7U/aDwmV3hQgImZDr2wNYD7F
  CSvOb2eVqHfDD21NYMW1TAuEfL53lcgiXvTbSfgD2kGTSJp6pqeDwQVMO4qqkH47KVl1+1WcoxIE8mVQTu7xrxJA5vMKqBJ9JRq3fyVZ
  whEDuUgkIaM7Ho4nFVqpcuF4uKnCH7TFayHga2X0WKHEmm8xmaTE7DbBG00GJfu9wHkw4Hy7AuKExU7poYpIg/HnD0hp2KaiwgsoC56Q
  uTOFHBzR0QeWkuoMvMolh3n1gYF4gHzofAz7MsAHG28AAARqcvfbz0PrIeUCxsAhh5Bq5G156IdgYwyfr5N9vd7jrDyyAF900qAIG6cB
  AAR0cLtIAol0sgi7YymLLqxlICCVAN+xTrr4LopnARtvAAAkACKxQBIbLgAABP7P9mBT5L9uSrxwuWlRZPEFHRkcSM2Af8c8mlZEwNK6
  JgEbeQAABB7b8W9bdXFgkQ04hO91HgYeOORQD4otDHNpqwPBQLQI4GNw+pz3hajVsN1CikjHFNWyoDAUjLOO8qHiAIsLgABKSm5K3ACS
  ktuStgAkJLYkbQB8fX1+fgM=
`,
  'base64',
);
