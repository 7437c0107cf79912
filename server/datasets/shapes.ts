/** Shapes: a small data set drawn procedurally from a seed, for tests and first tries. */
import type { DatasetShape } from '../../shared/presets.ts';
import { Random } from '../random.ts';
import type { Dataset, Split } from './dataset.ts';

type Inside = (x: number, y: number) => boolean;

const SIN36 = Math.sin(Math.PI / 5);
const COS36 = Math.cos(Math.PI / 5);
const NOTCH = 0.42; // radius of a star's inner corners

/** Whether a point lies inside each outline, which fills the unit circle or most of it. */
const OUTLINES: Readonly<Record<string, Inside>> = {
  circle: (x, y) => x * x + y * y < 0.81,
  ring: (x, y) => Math.abs(Math.hypot(x, y) - 0.75) < 0.2,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.76,
  triangle: (x, y) => y < 0.5 && Math.abs(x) * Math.sqrt(3) - y < 1,
  cross: (x, y) => Math.min(Math.abs(x), Math.abs(y)) < 0.28 && Math.max(Math.abs(x), Math.abs(y)) < 0.95,
  star(x, y) {
    const fifth = (2 * Math.PI) / 5;
    const angle = Math.atan2(x, y);
    const folded = Math.abs(angle - fifth * Math.round(angle / fifth));
    const r = Math.hypot(x, y);
    // The line from the tip (1, 0) to the inner corner parts inside, where the centre lies, from outside.
    return (NOTCH * COS36 - 1) * r * Math.sin(folded) > NOTCH * SIN36 * (r * Math.cos(folded) - 1);
  },
  stripes: (x, y) => Math.abs(x) < 0.85 && Math.abs(y) < 0.85 && Math.abs(Math.abs(y) - 0.34) > 0.17,
};

const CLASSES = Object.keys(OUTLINES);
const SIZE = 32;
const TRAIN = 2000;
const TEST = 400;

export const SHAPES: DatasetShape = {
  id: 'shapes',
  inputSize: SIZE,
  inputChannels: 3,
  classes: CLASSES,
  allowsFlip: true,
  allowsCrop: true,
};

/** Two colours (0 to 255) that differ clearly: by at least 150 in the root of their summed squares. */
function twoColours(random: Random): [number[], number[]] {
  const colour = (): number[] => [0, 1, 2].map(() => random.integer(0, 255));
  const back = colour();
  for (;;) {
    const front = colour();
    if (Math.hypot(...front.map((v, c) => v - back[c]!)) >= 150) return [back, front];
  }
}

/** Draws one outline into `out`, uint8 [32, 32, 3]: colour, place, size and angle by chance, on a shaded and noisy
 * ground. Edges are smoothed over 2×2 points a pixel. */
function draw(inside: Inside, random: Random, out: Uint8Array): void {
  const [back, front] = twoColours(random);
  const radius = 9 + 5 * random.uniform();
  const [cx, cy] = [0, 1].map(() => radius + (SIZE - 2 * radius) * random.uniform()) as [number, number];
  const angle = ((2 * random.uniform() - 1) * Math.PI) / 8;
  const [cos, sin] = [Math.cos(angle) / radius, Math.sin(angle) / radius];
  const slope = [0, 1].map(() => (2 * random.uniform() - 1) * 40) as [number, number];
  for (let y = 0, at = 0; y < SIZE; y++)
    for (let x = 0; x < SIZE; x++) {
      let covered = 0;
      for (let s = 0; s < 4; s++) {
        const dx = x + 0.25 + 0.5 * (s & 1) - cx;
        const dy = y + 0.25 + 0.5 * (s >> 1) - cy;
        if (inside(dx * cos + dy * sin, dy * cos - dx * sin)) covered += 0.25;
      }
      const light = slope[0] * (x / SIZE - 0.5) + slope[1] * (y / SIZE - 0.5) + 8 * random.normal();
      for (let c = 0; c < 3; c++) {
        const value = back[c]! + covered * (front[c]! - back[c]!) + light;
        out[at++] = Math.min(255, Math.max(0, Math.round(value)));
      }
    }
}

function drawSplit(count: number, random: Random): Split {
  const split: Split = { images: new Uint8Array(count * SIZE * SIZE * 3), labels: new Uint16Array(count) };
  for (let i = 0; i < count; i++) {
    split.labels[i] = i % CLASSES.length;
    const image = split.images.subarray(i * SIZE * SIZE * 3, (i + 1) * SIZE * SIZE * 3);
    draw(OUTLINES[CLASSES[i % CLASSES.length]!]!, random, image);
  }
  return split;
}

/** 2,000 training and 400 test images, 32×32 RGB, the classes in turn; the same seed draws the same images. */
export function loadShapes(seed: number): Dataset {
  return {
    shape: SHAPES,
    train: drawSplit(TRAIN, Random.seeded(seed, 'shapes train')),
    test: drawSplit(TEST, Random.seeded(seed, 'shapes test')),
  };
}
