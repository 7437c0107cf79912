/** From which other tap of its block, and how, a tap may be foretold. The best is found by trying; whatever stands in a
 * file is followed, so that plans may change while files stay readable. */
import type { FrameTap } from '../../../shared/frame.ts';
import { weightsEach } from './linear.ts';
import type { Pointwise } from './pointwise.ts';
import { SPATIAL, type Spatial } from './spatial.ts';

/** `size` is the window of `pool`, the reach n of `filter`. */
export type Method =
  | { by: Spatial }
  | { by: Pointwise; from: string; size?: number }
  | { by: 'mix' | 'filter'; from: string; size?: number; shift: number };

/** Units 2^-shift of stored weights: finer ones foretell better and take more room. */
const SHIFTS = [7, 8, 9];
/** The series activation's neighbours, and windows of pooling, that are tried. */
const REACHES: readonly number[] = [1, 2, 3];
const WINDOWS = [2, 3, 4];

const place = (id: string): [block: string, kind: string] => {
  const dot = id.lastIndexOf('.');
  return [id.slice(0, Math.max(0, dot)), id.slice(dot + 1)];
};

/** Methods that may foretell `tap` from taps before it, in rounds: who finds a good one in a round needs no later one.
 * `before` are in the frame's order; `reach` is that of the series activation of the blocks before, where it is known. The last round is never empty. */
export function methodsOf(tap: FrameTap, before: readonly FrameTap[], reach?: number): Method[][] {
  const [block, kind] = place(tap.id);
  const find = (...kinds: string[]): FrameTap | undefined =>
    kinds.map((k) => before.find((t) => t.id === `${block}.${k}`)).find((t) => t !== undefined);
  const [, channels, height, width] = tap.shape;
  const isAlike = (source: FrameTap | undefined): source is FrameTap =>
    source !== undefined && source.shape.every((size, axis) => size === tap.shape[axis]);
  const known: Method[] = [];
  const linear: Method[] = [];

  const weigh = (source: FrameTap | undefined, by: 'mix' | 'filter', size: number): void => {
    if (source?.encoding !== 'u8' || tap.encoding !== 'u8') return;
    if (source.shape[2] !== height || source.shape[3] !== width) return;
    if (by === 'filter' && source.shape[1] !== channels) return;
    // Below that, the weights would take more room than the levels.
    if (tap.shape[0] * height * width < 1.5 * weightsEach(by, size, source.shape[1])) return;
    for (const shift of SHIFTS) linear.push({ by, from: source.id, size, shift });
  };

  if (kind === 'act') {
    const source = find('pre');
    if (isAlike(source)) known.push({ by: 'annealed', from: source.id });
  } else if (kind === 'conv2') {
    weigh(find('act'), 'mix', 0);
  } else if (kind === 'pool') {
    const source = find('conv2');
    if (source?.shape[1] === channels)
      for (const size of WINDOWS)
        if (Math.floor(source.shape[2] / size) === height && Math.floor(source.shape[3] / size) === width)
          known.push({ by: 'pool', from: source.id, size });
  } else if (kind === 'relu' || kind === 'out') {
    const active = find('relu');
    const source = find('pool', 'conv2');
    const reaches = REACHES.filter((n) => reach === undefined || n <= reach);
    if (active) for (const n of reaches) weigh(active, 'filter', n);
    else if (isAlike(source)) known.push({ by: 'relu', from: source.id });
  } else if (kind === 'pooled') {
    const source = before.at(-1);
    if (source?.shape[1] === channels && height * width === 1) known.push({ by: 'mean', from: source.id });
  }
  const flat = tap.encoding === 'f32' || height * width === 1;
  const spatial: Method[] = flat ? [{ by: 'level' }] : SPATIAL.map((by) => ({ by }));
  return [known, linear, spatial].filter((round) => round.length > 0);
}
