/** Viewers of live frames in a process of their own: `node --import tsx viewers.ts URL`, requests on stdin
 * (protocol.ts). They take in what a page takes in and acknowledge it at once. */
import { createInterface } from 'node:readline';
import { io, type Socket } from 'socket.io-client';
import type { ClientToServer, ServerToClient } from '../../shared/protocol.ts';
import { clock } from './diary.ts';
import type { Arrival, ViewersRequest } from './protocol.ts';

const url = process.argv[2]!;
const sockets: Socket<ServerToClient, ClientToServer>[] = [];
let arrivals: Arrival[] = [];
let begun = clock();
let worked = process.cpuUsage();
let bytes = 0;

/** The step that a frame tells in its header. */
function stepOf(frame: Uint8Array): number {
  const length = new DataView(frame.buffer, frame.byteOffset).getUint32(4, true);
  const header = new TextDecoder().decode(frame.subarray(8, 8 + length));
  return (JSON.parse(header) as { step: number }).step;
}

async function join(request: ViewersRequest & { do: 'join' }): Promise<void> {
  const { runId, taps, probes, rate, stalled } = request;
  const viewer = sockets.length;
  const socket: Socket<ServerToClient, ClientToServer> = io(url, {
    forceNew: true,
    transports: ['websocket'],
  });
  sockets.push(socket);
  socket.on('frame', (_, frame, painted) => {
    const data = new Uint8Array(frame);
    bytes = data.byteLength;
    arrivals.push({ viewer, at: clock(), step: stepOf(data) });
    painted();
  });
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  const answer = await socket.emitWithAck('watch', { runId, taps, probes, rate });
  if (!answer.ok) throw new Error(answer.error.message);
  if (stalled) underlying(socket).pause();
}

/** The TCP connection below a socket. */
function underlying(socket: Socket<ServerToClient, ClientToServer>): { pause(): void } {
  const transport = socket.io.engine.transport as unknown as { ws: { _socket: { pause(): void } } };
  return transport.ws._socket;
}

async function answer(request: ViewersRequest): Promise<unknown> {
  switch (request.do) {
    case 'join':
      for (let i = 0; i < request.count; i++) await join(request);
      return { viewers: sockets.length };
    case 'begin':
      arrivals = [];
      begun = clock();
      worked = process.cpuUsage();
      return {};
    case 'arrivals': {
      const { user, system } = process.cpuUsage(worked);
      return { arrivals, seconds: (clock() - begun) / 1000, bytes, cpuSeconds: (user + system) / 1e6 };
    }
    case 'leave':
      for (const socket of sockets.splice(0)) socket.close();
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
