import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { NetworkConfig } from '../../../shared/config.ts';
import { encodeFrame, quantiseTap, readMap, type FrameMoment } from '../../../shared/frame.ts';
import { describeTaps } from '../../../shared/network.ts';
import { VanillaNet } from '../../../server/nn/vanillanet.ts';
import { Random } from '../../../server/random.ts';
import type { Watch } from '../../../server/training/control.ts';
import { TapRecorder } from '../../../server/training/recorder.ts';
import { useWasm } from './backend.ts';
import { tinyConfig } from './tiny.ts';

const MOMENT: FrameMoment = { epoch: 1.5, step: 7, lambda: 0.4, merged: false, loss: 1, accuracy: 0.5 };
const PROBES = 3;
const config: NetworkConfig = tinyConfig().network;
const inputs = new Float32Array(PROBES * 32 * 32 * 3);

let net: VanillaNet;

/** A network whose running statistics fit its activations, so that no map is nearly constant. */
beforeAll(async () => {
  await useWasm();
  const random = Random.seeded(3, 'inputs');
  for (let i = 0; i < inputs.length; i++) inputs[i] = random.normal();
  net = new VanillaNet(config, Random.seeded(3, 'weights'));
  net.lambda = 0.4;
  const x = tf.tensor4d(inputs, [PROBES, 32, 32, 3]);
  for (let i = 0; i < 100; i++) net.apply(x, 'train').dispose();
  x.dispose();
});
afterAll(() => net.dispose());

const recorders: TapRecorder[] = [];
afterEach(() => recorders.splice(0).forEach((used) => used.dispose()));

function recorder(precision: 'u8' | 'f32' = 'u8'): TapRecorder {
  const made = new TapRecorder(inputs, PROBES, precision);
  recorders.push(made);
  return made;
}

/** Every tap's values [P, C, H, W] as a plain hook sees them, in the order in which they fire. */
function plainly(): Map<string, Float32Array> {
  const seen = new Map<string, Float32Array>();
  const handles = describeTaps(config, net.merged).map(({ id }) =>
    net.registerTap(id, (tap, value) => {
      const [h, w, c] = describeTaps(config, net.merged).find((t) => t.id === tap)!.shape;
      const planes = tf.tidy(() => tf.transpose(tf.reshape(value, [PROBES, h, w, c]), [0, 3, 1, 2]));
      seen.set(tap, planes.dataSync() as Float32Array);
      planes.dispose();
    }),
  );
  const x = tf.tensor4d(inputs, [PROBES, 32, 32, 3]);
  net.apply(x, 'infer').dispose();
  x.dispose();
  for (const handle of handles) handle.remove();
  return seen;
}

test('taps fire and are recorded in the order of the network description', async () => {
  const ids = describeTaps(config, false).map((tap) => tap.id);
  expect([...plainly().keys()]).toEqual(ids);
  const frame = await recorder().record(net, MOMENT);
  expect(frame.taps.map((tap) => tap.id)).toEqual(ids);
  expect(frame.probes).toEqual([0, 1, 2]);
  expect(frame).toMatchObject(MOMENT);
});

test('maps quantised on the device are those of quantiseTap, within one level', async () => {
  const plain = plainly();
  const frame = await recorder().record(net, MOMENT);
  for (const tap of frame.taps.filter((t) => t.encoding === 'u8')) {
    const wanted = quantiseTap(tap.id, tap.shape, plain.get(tap.id)!);
    expect(tap.minimum).toEqual(wanted.minimum);
    expect(tap.maximum).toEqual(wanted.maximum);
    let off = 0;
    wanted.values.forEach((v, i) => (off = Math.max(off, Math.abs(v - tap.values[i]!))));
    expect(off, tap.id).toBeLessThanOrEqual(1);
    expect(new Set(tap.values).size, tap.id).toBeGreaterThan(10);
  }
});

test('a map read from the frame is off by at most one step of its channel', async () => {
  const plain = plainly();
  const frame = await recorder().record(net, MOMENT);
  const tap = frame.taps.find((t) => t.id === 'stages.0.conv2')!;
  const plane = tap.shape[2] * tap.shape[3];
  const map = readMap(tap, 2, 5);
  const from = (2 * tap.shape[1] + 5) * plane;
  const step = (tap.maximum[5]! - tap.minimum[5]!) / 255;
  map.forEach((v, i) => expect(Math.abs(v - plain.get(tap.id)![from + i]!)).toBeLessThanOrEqual(step * 0.51));
});

test('vectors are exact, and with precision f32 everything is', async () => {
  const plain = plainly();
  const vectors = (await recorder().record(net, MOMENT)).taps.filter((tap) => tap.encoding === 'f32');
  expect(vectors.map((tap) => tap.id)).toEqual(['head.pooled', 'head.pre', 'head.act', 'logits']);
  const exact = (await recorder('f32').record(net, MOMENT)).taps;
  for (const tap of [...vectors, ...exact]) expect(tap.values, tap.id).toEqual(plain.get(tap.id));
});

test('only what is watched is recorded; unknown taps and probes are left out', async () => {
  const whole = await recorder('f32').record(net, MOMENT);
  const part = await recorder('f32').record(net, MOMENT, {
    taps: ['logits', 'stages.0.out', 'nowhere'],
    probes: [2, 0, 99],
  });
  expect(part.probes).toEqual([0, 2]);
  expect(part.taps.map((tap) => tap.id)).toEqual(['stages.0.out', 'logits']);
  const of = (id: string, probe: number): Float32Array =>
    readMap(
      whole.taps.find((tap) => tap.id === id)!,
      probe,
      1,
    );
  const map = readMap(part.taps[0]!, 1, 1);
  of('stages.0.out', 2).forEach((v, i) => expect(map[i]).toBeCloseTo(v, 5));
});

test('values may be read and packed later, and are those that the network had when it was run', async () => {
  const watch: Watch = { taps: ['stages.0.out', 'logits'], probes: [1] };
  const one = recorder();
  const now = await one.record(net, MOMENT, watch);
  const go = { read: (): void => undefined, packed: (): void => undefined };
  const later = one.record(net, MOMENT, watch, {
    read: new Promise((resolve) => (go.read = resolve)),
    packed: new Promise((resolve) => (go.packed = resolve)),
  });
  let done = false;
  void later.then(() => (done = true));
  const { lambda } = net;
  net.lambda = 1;
  for (const next of [go.read, go.packed]) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(done).toBe(false);
    next();
  }
  expect(await later).toEqual(now);
  net.lambda = lambda;
});

test('an own image is recorded only where it is watched, and as a probe of the same pixels is', async () => {
  const plain = recorder('f32');
  const pixels = 32 * 32 * 3;
  plain.setOwn(7, inputs.slice(2 * pixels));
  expect((await plain.record(net, MOMENT)).probes).toEqual([0, 1, 2]);
  const both = await plain.record(net, MOMENT, { taps: ['stages.0.out'], probes: [7, 2] });
  expect(both.probes).toEqual([2, 7]);
  const [tap] = both.taps;
  for (let c = 0; c < tap!.shape[1]; c++) {
    const recorded = readMap(tap!, 0, c);
    readMap(tap!, 1, c).forEach((v, i) => expect(v).toBeCloseTo(recorded[i]!, 5));
  }
  const alone = await plain.record(net, MOMENT, { taps: null, probes: [7] });
  expect(alone.probes).toEqual([7]);
  plain.setOwn(7, null);
  expect((await plain.record(net, MOMENT, { taps: null, probes: [7] })).taps).toEqual([]);
});

test('a watch of nothing that exists gives an empty frame that can be sent', async () => {
  const frame = await recorder().record(net, MOMENT, { taps: ['nowhere'], probes: null });
  expect(frame.taps).toEqual([]);
  expect(encodeFrame(frame).length).toBeGreaterThan(8);
});

test('recording removes its hooks and leaves only the probes behind, until it is disposed of', async () => {
  const before = tf.memory().numTensors;
  const one = recorder();
  await one.record(net, MOMENT);
  expect(tf.memory().numTensors).toBe(before + 1);
  await one.record(net, MOMENT);
  for (const probes of [[1], [0, 2], [2], [0]]) await one.record(net, MOMENT, { taps: ['stem.pre'], probes });
  expect(tf.memory().numTensors).toBe(before + 2); // the two sets used last
  one.dispose();
  const x = tf.tensor4d(inputs, [PROBES, 32, 32, 3]);
  net.apply(x, 'infer').dispose();
  x.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('probes are brought to the device once, while the same ones are watched', async () => {
  const one = recorder();
  const watch = { taps: ['stem.out', 'stages.0.out'], probes: [1] };
  const first = await one.record(net, MOMENT, watch);
  const upload = vi.spyOn(tf.backend(), 'write');
  expect(await one.record(net, MOMENT, watch)).toEqual(first);
  const sizes = upload.mock.calls.map(([values]) => values?.length ?? 0);
  upload.mockRestore();
  expect(sizes.filter((size) => size >= 32 * 32 * 3)).toEqual([]);
});

test('an image set anew is recorded as it is now', async () => {
  const one = recorder();
  const watch = { taps: ['stem.out'], probes: [5] };
  one.setOwn(5, inputs.slice(0, 3072));
  const first = await one.record(net, MOMENT, watch);
  one.setOwn(5, inputs.slice(3072, 6144));
  const second = await one.record(net, MOMENT, watch);
  expect(second.taps[0]!.values).not.toEqual(first.taps[0]!.values);
});

test('the network is run no further than the last watched tap', async () => {
  const full = await countKernels({ taps: null, probes: [0] });
  const near = await countKernels({ taps: ['stem.pre'], probes: [0] });
  const far = await countKernels({ taps: ['stages.1.out'], probes: [0] });
  expect(near).toBeLessThan(far);
  expect(far).toBeLessThan(full);
  const handles = [...describeTaps(config, false)].map(({ id }) => net.registerTap(id, () => seen.push(id)));
  const seen: string[] = [];
  await recorder().record(net, MOMENT, { taps: ['stages.0.pool'], probes: [0] });
  for (const handle of handles) handle.remove();
  expect(seen.at(-1)).toBe('stages.0.pool');
});

async function countKernels(watch: Watch): Promise<number> {
  const one = recorder();
  const { kernels } = await tf.profile(async () => {
    await one.record(net, MOMENT, watch);
    return [];
  });
  return kernels.length;
}

test('a failure on the way is passed on and leaves nothing behind', async () => {
  const one = recorder();
  await one.record(net, MOMENT, { taps: ['stem.out'], probes: null }); // uploads the probes
  const before = tf.memory().numTensors;
  const handle = net.registerTap('stages.1.out', () => {
    throw new Error('no memory left');
  });
  await expect(one.record(net, MOMENT)).rejects.toThrow('no memory left');
  handle.remove();
  expect(tf.memory().numTensors).toBe(before);
  expect((await one.record(net, MOMENT)).taps.length).toBeGreaterThan(0);
});

test.each(['u8', 'f32'] as const)(
  'a value that is not finite is refused with tap and channel (%s)',
  async (precision) => {
    const [name, gamma] = [...net.parameters].find(([id]) => id === 'stages.0.conv1.1.weight')!;
    expect(name).toBeDefined();
    const good = await gamma.data();
    const bad = Float32Array.from(good);
    bad[4] = NaN;
    const set = (values: Float32Array): void => tf.tidy(() => gamma.assign(tf.tensor1d(values)));
    set(bad);
    const one = recorder(precision);
    const before = tf.memory().numTensors;
    await expect(one.record(net, MOMENT)).rejects.toMatchObject({
      code: 'NON_FINITE',
      message: expect.stringMatching(/^tap stages\.0\.pre, channel 4:/),
    });
    one.dispose();
    expect(tf.memory().numTensors).toBe(before);
    set(Float32Array.from(good));
  },
);

test('once merged, the taps inside the pairs are gone and the others stay', async () => {
  const merged = net.copy();
  merged.lambda = 0;
  merged.merge();
  const frame = await recorder().record(merged, { ...MOMENT, merged: true });
  expect(frame.taps.map((tap) => tap.id)).toEqual(describeTaps(config, true).map((tap) => tap.id));
  merged.dispose();
});
