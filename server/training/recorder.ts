/**
 * Records feature maps: runs the probes through the network in inference mode and reads the taps as one frame.
 *
 * Everything is transposed, measured and quantised on the device; the taps of a frame are joined to one vector that is
 * read once, because each read-back stalls a GPU.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { RecordingConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { exactTap, type Frame, type FrameMoment, type FrameTap } from '../../shared/frame.ts';
import { describeTaps, type TapDescription } from '../../shared/network.ts';
import { ops } from '../nn/ops.ts';
import type { VanillaNet } from '../nn/vanillanet.ts';
import type { Watch } from './control.ts';
import { ProbeInputs } from './probeInputs.ts';

/** One tap's part of the joined vector: for `u8` as Ops.quantise gives it, for `f32` the values [P, C, H, W]. */
interface Part {
  id: string;
  shape: FrameTap['shape'];
  encoding: FrameTap['encoding'];
  vector: tf.Tensor1D;
}

/** Thrown by the hook of the last watched tap: what follows it shows nothing. */
const SEEN = new Error('the last watched tap has been seen');

export class TapRecorder {
  readonly #inputs: ProbeInputs;
  readonly #count: number;
  readonly #precision: RecordingConfig['precision'];

  /** `inputs` are the normalised probes, float32 [count, H, W, C]. */
  constructor(inputs: Float32Array, count: number, precision: RecordingConfig['precision']) {
    this.#inputs = new ProbeInputs(inputs);
    this.#count = count;
    this.#precision = precision;
  }

  /** Adds an image, normalised, float32 [H, W, C], that is recorded where a watch names its index, which lies beyond
   * those of the probes; null takes it away. */
  setOwn(index: number, input: Float32Array | null): void {
    this.#inputs.setOwn(index, input);
  }

  /** The frame of what is watched (by default all taps of all probes). Taps that the network does not have, as those
   * inside a merged pair, and unknown probes are left out. The network is read before the first wait: it may be
   * trained on while the values are on their way. Throws NON_FINITE naming the tap and channel. */
  async record(
    net: VanillaNet,
    moment: FrameMoment,
    watch: Watch = { taps: null, probes: null },
  ): Promise<Frame> {
    const all = Array.from({ length: this.#count }, (_, i) => i);
    const probes = watch.probes
      ? [...all, ...this.#inputs.own].filter((i) => watch.probes!.includes(i))
      : all;
    const taps = describeTaps(net.config, net.merged).filter((tap) => watch.taps?.includes(tap.id) ?? true);
    if (probes.length === 0 || taps.length === 0) return { ...moment, probes, taps: [] };
    const parts = this.#run(net, taps, probes);
    const joined = parts.length === 1 ? parts[0]!.vector : ops().joined(parts.map((part) => part.vector));
    if (parts.length > 1) tf.dispose(parts.map((part) => part.vector));
    const data = (await joined.data()) as Float32Array;
    joined.dispose();
    let at = 0;
    const read = parts.map((part) => {
      return readPart(part, data.subarray(at, (at += part.vector.size)));
    });
    return { ...moment, probes, taps: read };
  }

  /** Frees the probes on the device. */
  dispose(): void {
    this.#inputs.dispose();
  }

  /** Runs the network as far as the last of the taps, which are in the order in which they fire. */
  #run(net: VanillaNet, taps: readonly TapDescription[], probes: readonly number[]): Part[] {
    const parts: Part[] = [];
    const handles = taps.map((tap) =>
      net.registerTap(tap.id, (_, value) => {
        const [height, width, channels] = tap.shape;
        const encoding = height * width === 1 || this.#precision === 'f32' ? 'f32' : 'u8';
        const shape = [probes.length, channels, height, width] as const;
        parts.push({ id: tap.id, shape, encoding, vector: partOf(value as tf.Tensor4D, encoding) });
        if (parts.length === taps.length) throw SEEN;
      }),
    );
    const x = this.#inputs.get(net.config, probes);
    try {
      net.apply(x, 'infer');
    } catch (thrown) {
      if (thrown !== SEEN) {
        tf.dispose(parts.map((part) => part.vector));
        throw thrown;
      }
    } finally {
      for (const handle of handles) handle.remove();
    }
    return parts;
  }
}

/** One tap's value [P, H, W, C] as the vector that is read. The result outlives the scope it is made in. */
function partOf(value: tf.Tensor4D, encoding: FrameTap['encoding']): tf.Tensor1D {
  const [probes, height, width, channels] = value.shape;
  return tf.keep(
    tf.tidy(() =>
      encoding === 'u8'
        ? ops().quantise(value)
        : tf.reshape(tf.transpose(tf.reshape(value, [probes, height * width, channels]), [0, 2, 1]), [-1]),
    ),
  );
}

function readPart({ id, shape, encoding }: Part, data: Float32Array): FrameTap {
  const [, channels, height, width] = shape;
  const refuse = (at: number): void => {
    const channel = encoding === 'u8' ? at : Math.floor(at / (height * width)) % channels;
    throw new ScopeError('NON_FINITE', `tap ${id}, channel ${channel}: a value is not finite`, { field: id });
  };
  const finite = encoding === 'u8' ? data.subarray(2 * channels, 3 * channels) : data;
  const bad = finite.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) refuse(bad);
  if (encoding === 'f32') return exactTap(id, shape, data.slice());
  return {
    id,
    shape,
    encoding,
    minimum: data.slice(0, channels),
    maximum: data.slice(channels, 2 * channels),
    values: new Uint8Array(data.subarray(3 * channels)),
  };
}
