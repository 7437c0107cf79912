/** Reading taps: which tap and probe a frame holds, the value at a point, the difference of two recordings. */
import { ScopeError } from '../../../../shared/errors.ts';
import { exactTap, type Frame, type FrameTap } from '../../../../shared/frame.ts';

/** One probe's recording at one tap. */
export interface Recording {
  tap: FrameTap;
  /** The probe's place in the tap's values. */
  position: number;
}

/** The recording of a tap and probe (index in the run); null where the frame does not hold it. */
export function recordingOf(frame: Frame | null, tapId: string, probe: number): Recording | null {
  const position = frame ? frame.probes.indexOf(probe) : -1;
  const tap = frame?.taps.find(({ id }) => id === tapId);
  return tap && position >= 0 ? { tap, position } : null;
}

/** One activation, in its own unit; quantised ones to half a step of their channel's range. */
export function valueAt({ tap, position }: Recording, channel: number, x: number, y: number): number {
  const [, channels, height, width] = tap.shape;
  const raw = tap.values[((position * channels + channel) * height + y) * width + x]!;
  if (tap.encoding === 'f32') return raw;
  const low = tap.minimum[channel]!;
  return low + (raw * (tap.maximum[channel]! - low)) / 255;
}

/** All values of one probe, [C, H, W]. */
export function valuesOf({ tap, position }: Recording): Float32Array {
  const [, channels, height, width] = tap.shape;
  const plane = height * width;
  const out = new Float32Array(channels * plane);
  const start = position * out.length;
  for (let c = 0, i = 0; c < channels; c++) {
    const low = tap.encoding === 'u8' ? tap.minimum[c]! : 0;
    const step = tap.encoding === 'u8' ? (tap.maximum[c]! - low) / 255 : 1;
    for (const end = i + plane; i < end; i++) out[i] = low + tap.values[start + i]! * step;
  }
  return out;
}

/** B − A of one probe as an exact tap [1, C, H, W]. Throws INVALID_FRAME where the two differ in shape. */
export function differenceOf(a: Recording, b: Recording): FrameTap {
  const [, channels, height, width] = a.tap.shape;
  if (a.tap.shape.slice(1).join() !== b.tap.shape.slice(1).join())
    throw new ScopeError(
      'INVALID_FRAME',
      `tap ${a.tap.id}: maps of [${a.tap.shape.slice(1).join(', ')}] can't be subtracted from [${b.tap.shape.slice(1).join(', ')}]`,
      { field: a.tap.id },
    );
  const before = valuesOf(a);
  const difference = valuesOf(b);
  for (let i = 0; i < difference.length; i++) difference[i]! -= before[i]!;
  return exactTap(b.tap.id, [1, channels, height, width], difference);
}
