import { connect, Socket as TcpSocket, type AddressInfo } from 'node:net';
import { io, type Socket } from 'socket.io-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { decodeFrame, type Frame } from '../../../shared/frame.ts';
import type {
  Answer,
  ClientToServer,
  EngineReport,
  RunDetail,
  RunSummary,
  ServerToClient,
} from '../../../shared/protocol.ts';
import { until } from '../runs/helper.ts';
import { createHouse, REPORT, request, type House } from './helper.ts';

type Client = Socket<ServerToClient, ClientToServer>;

let house: House;
let url: string;
let port: number;
const clients: Client[] = [];

beforeEach(async () => {
  house = await createHouse();
  await house.app.listen({ port: 0, host: '127.0.0.1' });
  port = (house.app.server.address() as AddressInfo).port;
  url = `http://127.0.0.1:${port}`;
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await house.close();
});

async function join(options: object = { transports: ['websocket'] }): Promise<Client> {
  const client: Client = io(url, { forceNew: true, reconnection: false, ...options });
  clients.push(client);
  await new Promise<void>((resolve, reject) => {
    client.once('connect', resolve);
    client.once('connect_error', reject);
  });
  return client;
}

async function start(name: string, epochs = 3): Promise<string> {
  const { body } = await house.ask('POST', '/api/runs', request(name, epochs));
  return (body as RunDetail).id;
}

const watch = (client: Client, runId: string, more: object = {}): Promise<Answer> =>
  client.emitWithAck('watch', { runId, taps: null, probes: null, rate: 30, ...more });

/** Keeps what a client is sent, and acknowledges it at once unless told not to. */
function collect(client: Client, paint = true): Frame[] {
  const frames: Frame[] = [];
  client.on('frame', (_, bytes, _step, painted) => {
    frames.push(decodeFrame(new Uint8Array(bytes)));
    if (paint) painted?.();
  });
  return frames;
}

test('a follower hears of steps, epochs and snapshots, everyone of runs and engines', async () => {
  const [follower, other] = [await join(), await join()];
  const heard: string[] = [];
  const seen: (RunSummary | null)[] = [];
  const reports: EngineReport[] = [];
  other.on('run', (_, summary) => seen.push(summary));
  other.on('engine', (report) => reports.push(report));
  other.on('epoch', () => heard.push('other: epoch'));
  const id = await start('pace=3 silent');
  expect(await follower.emitWithAck('follow', id)).toEqual({ ok: true });
  follower.on('step', (runId, step) => heard.push(`${runId === id} step ${step.step >= 1}`));
  follower.on('epoch', (_, metrics) => heard.push(`epoch ${metrics.epoch}`));
  follower.on('snapshot', (_, snapshot) => heard.push(`snapshot ${snapshot.id}`));
  await until(() => heard.includes('epoch 3') && heard.includes('snapshot 3'));
  expect(heard).toContain('true step true');
  expect(heard).not.toContain('other: epoch');
  house.report({ ...REPORT, testing: true });
  await until(() => reports.some((report) => report.testing));
  await house.ask('POST', `/api/runs/${id}/stop`);
  await house.reach(id, 'stopped');
  await house.ask('DELETE', `/api/runs/${id}`);
  await until(() => seen.at(-1) === null);
  expect(seen.map((s) => s?.state)).toEqual(
    expect.arrayContaining(['queued', 'preparing', 'running', 'stopped']),
  );
});

test('an epoch is told to followers in one message, with what everyone else is told of the run', async () => {
  const [follower, other] = [await join(), await join()];
  const id = await start('pace=20 silent');
  expect(await follower.emitWithAck('follow', id)).toEqual({ ok: true });
  const [toFollower, toOther]: [unknown[], unknown[]] = [[], []];
  const [steps, last]: [unknown[], unknown[]] = [[], []];
  follower.on('run', (_, run) => toFollower.push(run?.epoch));
  other.on('run', (_, run) => toOther.push(run?.epoch));
  follower.on('step', (_, { step }) => steps.push(step));
  follower.on('epoch', (_, metrics, run, step) => {
    expect(run).toMatchObject({ id, epoch: metrics.epoch, testAccuracy: metrics.testAccuracy });
    last.push(step?.step);
  });
  await until(() => toOther.includes(3) && last.length > 1);
  expect(toFollower).not.toContain(3);
  expect(last).toContain(4);
  expect(steps.length).toBeGreaterThan(0);
  expect(steps).not.toContain(4);
});

test('a step that comes with a frame is told to its viewers by the frame alone, to other followers by itself', async () => {
  const [viewer, follower] = [await join(), await join()];
  const id = await start('silent pace=3');
  const [withFrames, toViewer, toFollower]: [number[], number[], number[]] = [[], [], []];
  viewer.on('step', (_, { step }) => toViewer.push(step));
  follower.on('step', (_, { step }) => toFollower.push(step));
  viewer.on('frame', (_, _frame, step, painted) => {
    if (step) withFrames.push(step.step);
    painted?.();
  });
  for (const client of [viewer, follower])
    expect(await client.emitWithAck('follow', id)).toEqual({ ok: true });
  await watch(viewer, id);
  // With frames, the worker tells the steps since the start, by themselves those within an epoch, which are 4.
  await until(() => withFrames.filter((step) => step === 12).length > 3 && toFollower.includes(12));
  expect(toViewer).not.toContain(12);
});

test('each client gets the taps and probes that it watches, in one message a tick', async () => {
  const [all, part] = [await join(), await join()];
  const id = await start('silent pace=2');
  const [wholes, parts] = [collect(all), collect(part)];
  expect(await watch(all, id)).toEqual({ ok: true });
  expect(await watch(part, id, { taps: ['logits'], probes: [1] })).toEqual({ ok: true });
  await until(() => wholes.length > 3 && parts.length > 3);
  expect(wholes.at(-1)!.taps.map((tap) => tap.id)).toEqual(['stem.out', 'logits']);
  for (const frame of parts) {
    expect(frame.taps.map((tap) => tap.id)).toEqual(['logits']);
    expect(frame.probes).toEqual([1]);
    expect(frame.taps[0]!.shape).toEqual([1, 3, 1, 1]);
  }
});

test('long-polling clients get frames too', async () => {
  const client = await join({ transports: ['polling'] });
  const id = await start('silent pace=2');
  const frames = collect(client);
  await watch(client, id);
  await until(() => frames.length > 2);
});

test('nothing is computed unless someone watches, nor after the last has gone', async () => {
  const id = await start('silent pace=2');
  await house.reach(id, 'running');
  const lives = (): number => house.events.filter((event) => event.type === 'live').length;
  expect(lives()).toBe(0);
  const client = await join();
  const frames = collect(client);
  await watch(client, id);
  await until(() => frames.length > 0);
  client.close();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const after = lives();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(lives()).toBe(after);
});

test('a watch keeps to its rate', async () => {
  const client = await join();
  const id = await start('silent');
  const frames = collect(client);
  await watch(client, id, { rate: 2 });
  await until(() => frames.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(frames.length).toBe(1);
  await until(() => frames.length === 2);
});

test('a client that never acknowledges gets one frame, and the others go on at full pace', async () => {
  const [stalled, quick] = [await join(), await join()];
  const id = await start('silent pace=2');
  const [few, many] = [collect(stalled, false), collect(quick)];
  await watch(stalled, id);
  await until(() => few.length === 1);
  const pulls = house.events.filter((event) => event.type === 'live').length;
  await new Promise((resolve) => setTimeout(resolve, 200));
  // Nobody is ready: the training process is not asked.
  expect(house.events.filter((event) => event.type === 'live').length).toBe(pulls);
  await watch(quick, id);
  await until(() => many.length > 5);
  expect(few.length).toBe(1);
});

test('a client that paints in time is not asked to acknowledge every frame', async () => {
  const client = await join();
  const id = await start('silent pace=2');
  const asked: boolean[] = [];
  client.on('frame', (_, _frame, _step, painted) => {
    asked.push(painted !== undefined);
    painted?.();
  });
  await watch(client, id, { rate: 10 });
  await until(() => asked.includes(false) && asked.slice(asked.indexOf(false)).includes(true));
  expect(asked.slice(0, 2)).toEqual([true, true]);
});

test('a watcher is served again after a pause, a reconnection and a restart of the run', async () => {
  const id = await start('silent pace=2');
  const first = await join();
  const frames = collect(first);
  await watch(first, id);
  await until(() => frames.length > 0);
  await house.ask('POST', `/api/runs/${id}/pause`);
  await house.reach(id, 'paused');
  await new Promise((resolve) => setTimeout(resolve, 200));
  const paused = frames.length;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(frames.length).toBe(paused); // a paused network gives the same frame: once is enough
  const second = await join();
  const again = collect(second);
  await watch(second, id);
  await until(() => again.length === 1); // a newcomer sees it all the same
  await house.ask('POST', `/api/runs/${id}/resume`);
  await until(() => frames.length > paused + 1 && again.length > 2);
  await house.ask('POST', `/api/runs/${id}/stop`);
  await house.reach(id, 'stopped');
  const stopped = frames.length;
  expect((await house.ask('POST', `/api/runs/${id}/resume`)).status).toBe(200);
  await until(() => frames.length > stopped + 1);
});

test('twenty viewers of one view are sent the same memory, and no more is computed than for one', async () => {
  const id = await start('silent');
  const viewers = await Promise.all(Array.from({ length: 20 }, () => join()));
  const frames = viewers.map((viewer) => collect(viewer));
  // What is handed to the network: the sockets that each piece of memory that holds a frame was written to.
  const written = new Map<string, Set<TcpSocket>>();
  const memory: ArrayBufferLike[] = [];
  const original = TcpSocket.prototype.write;
  const write = vi.spyOn(TcpSocket.prototype, 'write').mockImplementation(function (
    this: TcpSocket,
    ...values: unknown[]
  ) {
    const [data] = values;
    if (data instanceof Uint8Array && Buffer.from(data.subarray(0, 4)).toString() === 'VSF1') {
      if (!memory.includes(data.buffer)) memory.push(data.buffer);
      const key = `${memory.indexOf(data.buffer)} ${data.byteOffset} ${data.length}`;
      written.set(key, (written.get(key) ?? new Set()).add(this));
    }
    return original.apply(this, values as Parameters<typeof original>);
  });
  await Promise.all(viewers.map((viewer) => watch(viewer, id, { taps: ['stem.out'], rate: 10 })));
  await until(() => frames.every((list) => list.length > 4));
  write.mockRestore();
  const lives = house.events.filter((event) => event.type === 'live').length;
  expect(written.size).toBeLessThanOrEqual(lives);
  const shared = [...written.values()].filter((sockets) => sockets.size === viewers.length);
  expect(shared.length).toBeGreaterThanOrEqual(3);
});

test('bad requests are answered with what is wrong, and harm nobody', async () => {
  const client = await join();
  const id = await start('silent');
  const send = client.emitWithAck.bind(client) as (event: string, request: unknown) => Promise<Answer>;
  const wrong = async (event: string, value: unknown): Promise<string> => {
    const answer = await send(event, value);
    return answer.ok ? 'ok' : answer.error.message;
  };
  expect(await wrong('watch', { runId: 'nowhere', taps: null, probes: null })).toContain(
    `there is no run 'nowhere'; there are ${id}`,
  );
  expect(await wrong('watch', { runId: id, taps: ['stem.x'], probes: null })).toContain(
    "no tap 'stem.x'; it has",
  );
  expect(await wrong('watch', { runId: id, taps: null, probes: [99] })).toBe(
    'the run has no probe 99; it has 0 to 2',
  );
  expect(await wrong('watch', { runId: id, taps: null, probes: null, fps: 3 })).toContain('fps is unknown');
  expect(await wrong('watch', { runId: id, taps: 'all', probes: null })).toContain("taps is 'all'");
  expect(await wrong('watch', 7)).toContain('the value is 7');
  expect(await wrong('follow', { $ne: 1 })).toBe('follow takes the id of a run, or null, not {"$ne":1}');
  expect(await wrong('follow', 'nowhere')).toContain(`there is no run 'nowhere'; there are ${id}`);
  const emit = client.emit.bind(client) as (event: string, ...values: unknown[]) => void;
  emit('watch'); // without a request, and without anyone to answer
  emit('watch', null, 'no function');
  emit('follow');
  emit('something else', new Uint8Array(10));
  expect(await wrong('watch', null)).toBe('ok');
  expect(await wrong('follow', null)).toBe('ok');
});

test('a foreign Host or Origin gets 403 on the handshake, by polling and by WebSocket', async () => {
  const polling = `${url}/socket.io/?EIO=4&transport=polling`;
  expect((await fetch(polling)).status).toBe(200);
  expect((await fetch(polling, { headers: { origin: 'http://evil.example' } })).status).toBe(403);
  const upgrade = (headers: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(handshake(headers)));
      socket.once('data', (data) => resolve(data.toString().split('\r\n')[0]!));
      socket.once('error', reject);
    });
  expect(await upgrade(`Host: 127.0.0.1:${port}`)).toBe('HTTP/1.1 101 Switching Protocols');
  expect(await upgrade('Host: evil.example')).toBe('HTTP/1.1 403 Forbidden');
  expect(await upgrade(`Host: 127.0.0.1:${port}\r\nOrigin: http://evil.example`)).toBe(
    'HTTP/1.1 403 Forbidden',
  );
});

test('a client that stops reading is sent at most what fits on the way, and the others go on', async () => {
  const id = await start('silent pace=2');
  const raw = await openRaw();
  raw.send('40'); // Socket.IO: join the default namespace
  raw.send(`42["watch",${JSON.stringify({ runId: id, taps: null, probes: null, rate: 30 })}]`);
  raw.send(`42["follow","${id}"]`);
  raw.socket.pause(); // from here on it reads nothing, and acknowledges nothing
  const quick = await join();
  const frames = collect(quick);
  await watch(quick, id);
  await until(() => frames.length > 30);
  // Read now, it finds one frame: all later ones were dropped, not kept for it.
  let received = '';
  raw.socket.on('data', (data) => (received += data.toString('latin1')));
  raw.socket.resume();
  await until(() => received.includes('"step"'));
  expect(received.split('"frame"')).toHaveLength(2);
  raw.socket.destroy();
  const more = frames.length;
  await until(() => frames.length > more);
});

const handshake = (headers: string): string =>
  `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n${headers}\r\nUpgrade: websocket\r\n` +
  'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** A WebSocket by hand, so that it can stop reading. */
async function openRaw(): Promise<{ socket: TcpSocket; send(text: string): void }> {
  const socket = connect(port, '127.0.0.1');
  socket.write(handshake(`Host: 127.0.0.1:${port}`));
  await new Promise((resolve) => socket.once('data', resolve));
  return {
    socket,
    send(text) {
      const payload = Buffer.from(text);
      const size =
        payload.length < 126
          ? [0x80 | payload.length]
          : [0x80 | 126, payload.length >> 8, payload.length & 255];
      // A text frame with a mask of zeros.
      socket.write(Buffer.concat([Buffer.from([0x81, ...size, 0, 0, 0, 0]), payload]));
    },
  };
}
