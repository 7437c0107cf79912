/** A tap → what is left of it to store: its ranges, weights and levels as distances from what is foretold. */
import type { FrameTap } from '../../../shared/frame.ts';
import * as bits from './bits.ts';
import { fitLinear, foretellLinear, type Linear } from './linear.ts';
import { methodsOf, type Method } from './plan.ts';
import { foretell, type Pointwise } from './pointwise.ts';
import { walkMaps, type Spatial } from './spatial.ts';
import { rangeGuess, sizeOf, type Coding } from './decodeTap.ts';

export interface CodedTap {
  coding: Coding;
  parts: Uint8Array[];
}

/** A method that takes less than this, in bytes a value, is not worth searching past. */
const GOOD = 0.25;
/** Channels on which forms of weights are tried. */
const TRIED = 6;

const isLinear = (method: Method): method is Method & { by: 'mix' | 'filter' } =>
  method.by === 'mix' || method.by === 'filter';

/** Residuals of levels against what is foretold of them, folded. */
function residuals(levels: Uint8Array, foretold: Uint8Array): Uint8Array {
  const folded = new Uint8Array(levels.length);
  for (let i = 0; i < levels.length; i++) folded[i] = bits.fold8(levels[i]! - foretold[i]!);
  return folded;
}

function spatialResiduals(tap: FrameTap, by: Spatial): Uint8Array {
  const [probes, channels, height, width] = tap.shape;
  const levels = tap.values as Uint8Array;
  const folded = new Uint8Array(levels.length);
  walkMaps(levels, probes * channels, height, width, by, (at, foretold) => {
    folded[at] = bits.fold8(levels[at]! - foretold);
  });
  return folded;
}

const foldWords = (words: Int32Array): Uint8Array => bits.toPlanes(Uint32Array.from(words, bits.fold32));
const planesEntropy = (planes: Uint8Array): number => {
  const count = planes.length / 4;
  return [0, 1, 2, 3].reduce((sum, i) => sum + bits.entropy(planes.subarray(i * count, (i + 1) * count)), 0);
};

/** The tap with some of its channels. */
function pick(tap: FrameTap, channels: readonly number[]): FrameTap {
  const [probes, all, height, width] = tap.shape;
  const plane = height * width;
  const values = new Uint8Array(probes * channels.length * plane);
  for (let p = 0; p < probes; p++)
    channels.forEach((c, i) => {
      const from = (p * all + c) * plane;
      values.set((tap.values as Uint8Array).subarray(from, from + plane), (p * channels.length + i) * plane);
    });
  return { ...tap, shape: [probes, channels.length, height, width], values };
}

/** Of several forms of weights, the one that takes least on a few channels. */
function bestForm(
  tap: FrameTap,
  source: FrameTap,
  methods: readonly (Method & { by: 'mix' | 'filter' })[],
): Linear {
  const channels = tap.shape[1];
  const count = Math.min(channels, TRIED);
  const some = Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * channels) / count));
  const target = pick(tap, some);
  let best: Linear | null = null;
  let least = Infinity;
  for (const size of new Set(methods.map((m) => m.size ?? 0))) {
    const forms = methods.filter((m) => (m.size ?? 0) === size);
    const { by } = forms[0]!;
    const from = by === 'filter' ? pick(source, some) : source;
    for (const linear of fitLinear(
      from,
      target,
      by,
      size,
      forms.map((m) => m.shift),
    )) {
      const left = residuals(target.values as Uint8Array, foretellLinear(from, linear));
      const cost = bits.entropy(left) + planesEntropy(foldWords(linear.weights));
      if (cost < least) [best, least] = [linear, cost];
    }
  }
  const { by, reach, shift } = best!;
  return fitLinear(source, tap, by, reach, [shift])[0]!;
}

interface Try {
  method: Method;
  weights: Uint8Array[];
  /** Folded residuals of `u8`, planes of `f32`. */
  left: Uint8Array;
  cost: number;
}

function attempt(
  tap: FrameTap,
  method: Method,
  source: FrameTap | undefined,
  lambda: number,
  linear: Linear | null,
): Try {
  if (tap.encoding === 'f32') {
    const values = tap.values as Float32Array;
    const guess = source
      ? (foretell(
          source,
          tap,
          method.by as Pointwise,
          lambda,
          'size' in method ? method.size : 1,
        ) as Float32Array)
      : new Float32Array(values.length);
    const left = bits.floatsToPlanes(values, guess);
    return { method, weights: [], left, cost: planesEntropy(left) };
  }
  const levels = tap.values as Uint8Array;
  if (linear) {
    const weights = [foldWords(linear.bias), foldWords(linear.weights)];
    const left = residuals(levels, foretellLinear(source!, linear));
    const cost = bits.entropy(left) + weights.reduce((sum, planes) => sum + planesEntropy(planes), 0);
    return { method: { ...method, size: linear.reach, shift: linear.shift } as Method, weights, left, cost };
  }
  const left = source
    ? residuals(
        levels,
        foretell(
          source,
          tap,
          method.by as Pointwise,
          lambda,
          'size' in method ? method.size : 1,
        ) as Uint8Array,
      )
    : spatialResiduals(tap, method.by as Spatial);
  return { method, weights: [], left, cost: bits.entropy(left) };
}

/** Codes one tap after the taps before it. */
export function codeTap(
  tap: FrameTap,
  before: readonly FrameTap[],
  lambda: number,
  reach?: number,
): CodedTap {
  const count = sizeOf(tap.shape);
  let best: Try | null = null;
  for (const round of methodsOf(tap, before, reach)) {
    const sourceOf = (method: Method): FrameTap | undefined =>
      'from' in method ? before.find((t) => t.id === method.from) : undefined;
    const weighed = round.filter(isLinear);
    const linear = weighed.length > 0 ? bestForm(tap, sourceOf(weighed[0]!)!, weighed) : null;
    for (const method of linear ? [weighed[0]!] : round) {
      const tried = attempt(tap, method, sourceOf(method), lambda, linear);
      if (!best || tried.cost < best.cost) best = tried;
    }
    if (best && best.cost < GOOD * count) break;
  }
  const { method, weights, left } = best!;
  const coding: Coding = { ...method };
  const parts: Uint8Array[] = [];
  if (tap.encoding === 'u8') {
    const source = 'from' in method ? before.find((t) => t.id === method.from) : undefined;
    const [low, high] = rangeGuess(tap.shape, source, method.by, lambda);
    parts.push(bits.floatsToPlanes(tap.minimum, low), bits.floatsToPlanes(tap.maximum, high), ...weights);
    const quads = bits.toQuads(left);
    const at = Math.ceil(count / 4);
    coding.quads =
      bits.entropy(quads.subarray(0, at)) + bits.entropy(quads.subarray(at)) < bits.entropy(left);
    parts.push(coding.quads ? quads : left);
  } else parts.push(left);
  return { coding, parts };
}
