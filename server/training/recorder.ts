/**
 * Records feature maps: runs the probes through the network in inference mode and reads the taps as one frame.
 *
 * Everything is transposed, measured and quantised on the device; the taps of a frame are joined to one vector that is
 * read once, because each read-back stalls a GPU. Where the device is the processor and its kernels cost more than the
 * values, JavaScript does as much once they are read.
 */
import type { RecordingConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { exactTap, quantiseTap, type Frame, type FrameMoment, type FrameTap } from '../../shared/frame.ts';
import { describeTaps, type TapDescription } from '../../shared/network.ts';
import { ops } from '../nn/ops.ts';
import type { VanillaNet } from '../nn/vanillanet.ts';
import type { Watch } from './control.ts';
import { lengthOf, Passes, type Part } from './passes.ts';
import { ProbeInputs } from './probeInputs.ts';

/** When a frame that is prepared early is to go on: each resolves when that may be done. */
export interface When {
  /** Asking for the values: some engines hold everything up until they are there. */
  read: Promise<void>;
  /** Making a frame of them. */
  packed: Promise<void>;
}

/** What a watch comes to with a network as it is. */
interface Plan {
  net: VanillaNet;
  merged: boolean;
  watch: Watch;
  probes: readonly number[];
  parts: readonly Part[];
}

const EVERYTHING: Watch = { taps: null, probes: null };

export class TapRecorder {
  readonly #inputs: ProbeInputs;
  readonly #passes = new Passes();
  readonly #count: number;
  readonly #precision: RecordingConfig['precision'];
  /** The latest: most often it is the next one, too. */
  #plan: Plan | null = null;

  /** `inputs` are the normalised probes, float32 [count, H, W, C]. */
  constructor(inputs: Float32Array, count: number, precision: RecordingConfig['precision']) {
    this.#inputs = new ProbeInputs(inputs);
    this.#count = count;
    this.#precision = precision;
  }

  /** Adds an image, normalised, float32 [H, W, C], that is recorded where a watch names its index, which lies beyond
   * those of the probes; null takes it away. */
  setOwn(index: number, input: Float32Array | null): void {
    this.#plan = null;
    this.#inputs.setOwn(index, input);
  }

  /** The frame of what is watched (by default all taps of all probes). Taps that the network does not have, as those
   * inside a merged pair, and unknown probes are left out. The network is read before the first wait: it may be
   * trained on while the values are on their way. Throws NON_FINITE naming the tap and channel. */
  async record(net: VanillaNet, moment: FrameMoment, watch: Watch = EVERYTHING, when?: When): Promise<Frame> {
    const { probes, parts } = this.#planOf(net, watch);
    if (probes.length === 0 || parts.length === 0) return { ...moment, probes: [...probes], taps: [] };
    const joined = this.#passes.run(net, this.#inputs.get(net.config, probes), parts);
    await when?.read;
    const data = (await joined.data()) as Float32Array;
    joined.dispose();
    await when?.packed;
    let at = 0;
    const read = parts.map((part) => readPart(part, data.subarray(at, (at += lengthOf(part)))));
    return { ...moment, probes: [...probes], taps: read };
  }

  #planOf(net: VanillaNet, watch: Watch): Plan {
    const { merged } = net;
    const latest = this.#plan;
    if (latest?.net === net && latest.merged === merged && latest.watch === watch) return latest;
    const all = Array.from({ length: this.#count }, (_, i) => i);
    const probes = watch.probes
      ? [...all, ...this.#inputs.own].filter((i) => watch.probes!.includes(i))
      : all;
    const taps = describeTaps(net.config, merged).filter((tap) => watch.taps?.includes(tap.id) ?? true);
    const parts = taps.map((tap) => this.#part(tap, probes.length));
    return (this.#plan = { net, merged, watch, probes, parts });
  }

  #part({ id, shape: [height, width, channels] }: TapDescription, probes: number): Part {
    const encoding = height * width === 1 || this.#precision === 'f32' ? 'f32' : 'u8';
    return { id, shape: [probes, channels, height, width], encoding };
  }

  /** Frees what is kept on the device. */
  dispose(): void {
    this.#plan = null;
    this.#passes.dispose();
    this.#inputs.dispose();
  }
}

/** A tap of its part of the vector. */
function readPart({ id, shape, encoding }: Part, data: Float32Array): FrameTap {
  if (ops().inPlace) {
    const values = planesOf(shape, data);
    return encoding === 'u8' ? quantiseTap(id, shape, values) : exactly(id, shape, values);
  }
  if (encoding === 'f32') return exactly(id, shape, data.slice());
  const [, channels] = shape;
  const bad = data.subarray(2 * channels, 3 * channels).findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) throw notFinite(id, bad);
  return {
    id,
    shape,
    encoding,
    minimum: data.slice(0, channels),
    maximum: data.slice(channels, 2 * channels),
    values: new Uint8Array(data.subarray(3 * channels)),
  };
}

/** [P, H, W, C] → [P, C, H, W] */
function planesOf([probes, channels, height, width]: FrameTap['shape'], values: Float32Array): Float32Array {
  const places = height * width;
  const planes = new Float32Array(values.length);
  for (let p = 0, at = 0; p < probes; p++)
    for (let i = 0; i < places; i++)
      for (let c = 0; c < channels; c++) planes[(p * channels + c) * places + i] = values[at++]!;
  return planes;
}

/** A tap at full precision, of values [P, C, H, W]. */
function exactly(id: string, shape: FrameTap['shape'], values: Float32Array): FrameTap {
  const [, channels, height, width] = shape;
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) throw notFinite(id, Math.floor(bad / (height * width)) % channels);
  return exactTap(id, shape, values);
}

function notFinite(id: string, channel: number): ScopeError {
  return new ScopeError('NON_FINITE', `tap ${id}, channel ${channel}: a value is not finite`, { field: id });
}
