/** Viewers of live frames in a process of their own: `node --import tsx viewers.ts URL`, requests on stdin
 * (protocol.ts). They take in what a page takes in, a run's events too, and acknowledge a frame at once. */
import { createInterface } from 'node:readline';
import { io, type Socket } from 'socket.io-client';
import type { ClientToServer, ServerToClient } from '../../shared/protocol.ts';
import { clock } from './diary.ts';
import type { Arrival, ViewersRequest } from './protocol.ts';

const url = process.argv[2]!;
type Viewer = Socket<ServerToClient, ClientToServer>;

/** Connections that watch, and such that do not: as a class room's pages, they outlive a window. */
const watching: Viewer[] = [];
const resting: Viewer[] = [];
let arrivals: Arrival[] = [];
let begun = clock();
let worked = process.cpuUsage();
let bytes = 0;
let followed: string | null = null;
/** While they rest, what acknowledges the frames that came. */
let kept: (() => void)[] | null = null;

/** The step that a frame tells in its header. */
function stepOf(frame: Uint8Array): number {
  const length = new DataView(frame.buffer, frame.byteOffset).getUint32(4, true);
  const header = new TextDecoder().decode(frame.subarray(8, 8 + length));
  return (JSON.parse(header) as { step: number }).step;
}

async function connect(): Promise<Viewer> {
  const socket: Viewer = io(url, { forceNew: true, transports: ['websocket'] });
  socket.on('frame', (_, frame, _step, painted) => {
    const data = new Uint8Array(frame);
    bytes = data.byteLength;
    arrivals.push({ viewer: watching.indexOf(socket), at: clock(), step: stepOf(data) });
    if (!painted) return;
    if (kept) kept.push(painted);
    else painted();
  });
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return socket;
}

async function join({ runId, taps, probes, rate, stalled }: ViewersRequest & { do: 'join' }): Promise<void> {
  const socket = resting.pop() ?? (await connect());
  watching.push(socket);
  for (const answer of [
    await socket.emitWithAck('follow', runId),
    await socket.emitWithAck('watch', { runId, taps, probes, rate }),
  ])
    if (!answer.ok) throw new Error(answer.error.message);
  if (stalled) underlying(socket).pause();
  followed = runId;
}

async function follow(runId: string | null): Promise<void> {
  await Promise.all(watching.map((socket) => socket.emitWithAck('follow', runId)));
}

/** Nobody watches; whoever has stalled is gone. */
async function leave(): Promise<void> {
  kept = null;
  for (const socket of watching.splice(0)) {
    if (underlying(socket).isPaused()) {
      socket.close();
      continue;
    }
    await socket.emitWithAck('watch', null);
    await socket.emitWithAck('follow', null);
    resting.push(socket);
  }
}

/** The TCP connection below a socket. */
function underlying(socket: Viewer): { pause(): void; isPaused(): boolean } {
  const transport = socket.io.engine.transport as unknown as {
    ws: { _socket: ReturnType<typeof underlying> };
  };
  return transport.ws._socket;
}

async function answer(request: ViewersRequest): Promise<unknown> {
  switch (request.do) {
    case 'join':
      for (let i = 0; i < request.count; i++) await join(request);
      return { viewers: watching.length };
    case 'begin':
      arrivals = [];
      begun = clock();
      worked = process.cpuUsage();
      return {};
    case 'arrivals': {
      const { user, system } = process.cpuUsage(worked);
      return { arrivals, seconds: (clock() - begun) / 1000, bytes, cpuSeconds: (user + system) / 1e6 };
    }
    case 'rest':
      kept = [];
      await follow(null);
      return {};
    case 'go':
      await follow(followed);
      for (const painted of kept ?? []) painted();
      kept = null;
      return {};
    case 'leave':
      await leave();
      return {};
    case 'disconnect':
      await leave();
      for (const socket of resting.splice(0)) socket.close();
      return {};
  }
}

const say = (message: unknown): boolean => process.stdout.write(`${JSON.stringify(message)}\n`);
say({ device: url, version: process.version });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    say(await answer(JSON.parse(line) as ViewersRequest));
  } catch (error) {
    say({ error: (error as Error).message.slice(0, 300) });
  }
}
process.exit(0);
