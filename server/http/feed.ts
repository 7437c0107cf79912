/** The live feed over Socket.IO: events of runs and engines to all, frames to those who watch. */
import type { Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { Server, type DefaultEventsMap, type Socket } from 'socket.io';
import { ScopeError } from '../../shared/errors.ts';
import { describeTaps } from '../../shared/network.ts';
import {
  WatchRequest,
  type Answer,
  type ClientToServer,
  type RunDetail,
  type ServerToClient,
} from '../../shared/protocol.ts';
import { brief, check } from '../runs/check.ts';
import type { RunEvent } from '../runs/session.ts';
import { toReply } from './errors.ts';
import type { Guard } from './guard.ts';
import { createViewer, LiveRun, type Viewer } from './live.ts';
import type { Services } from './services.ts';
import { Steps } from './steps.ts';

interface Client {
  watching: { live: LiveRun; runId: string; viewer: Viewer } | null;
  /** Looks in a row that found it not reading. */
  stalled: number;
}
type Io = Server<ClientToServer, ServerToClient, DefaultEventsMap, Client>;
type ClientSocket = Socket<ClientToServer, ServerToClient, DefaultEventsMap, Client>;

const LOOK_MS = 10_000;
/** A client that has not read for this many looks is cut off: it comes back and reads what it missed over REST. */
const STALLED_LOOKS = 3;
const LONGEST_REQUEST = 100_000;
/** How long a WebSocket may take to say goodbye when the server closes, ms. */
const GOODBYE_MS = 500;

export interface Feed {
  close(): void;
}

export function createFeed(server: HttpServer, services: Services, guard: Guard): Feed {
  const { supervisor, ladder } = services;
  const lives = new Map<string, LiveRun>();
  const io: Io = new Server(server, {
    serveClient: false,
    // Frames are compressed by nobody: every viewer is sent the very same buffer.
    perMessageDeflate: false,
    maxHttpBufferSize: LONGEST_REQUEST,
    allowRequest: (request, allow) => {
      const refusal = guard(request.headers);
      // Engine.IO answers a refused upgrade with 400 whatever the reason; a guard's answer is 403.
      if (refusal !== null && request.headers.upgrade)
        request.socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      allow(refusal, refusal === null);
    },
  });

  const stopWatching = (socket: ClientSocket): void => {
    const { watching } = socket.data;
    if (!watching) return;
    socket.data.watching = null;
    watching.live.remove(watching.viewer);
    if (watching.live.idle) lives.delete(watching.runId);
  };

  const watch = (socket: ClientSocket, request: unknown): void => {
    if (request === null) return stopWatching(socket);
    const wanted = check(WatchRequest, request);
    const run = supervisor.detail(wanted.runId);
    checkWatch(wanted, run);
    stopWatching(socket);
    const { runId } = wanted;
    const live = lives.get(runId) ?? new LiveRun(runId, run.state, supervisor);
    lives.set(runId, live);
    // Named one by one, so that a frame for several viewers can hold own images beside all recorded probes.
    const view = { ...wanted, probes: wanted.probes ?? recordedProbes(run) };
    const viewer: Viewer = createViewer(view, {
      id: socket.id,
      writable: () => socket.conn.transport.writable,
      send: (frame, step, acknowledged) => {
        if (acknowledged) socket.volatile.emit('frame', runId, frame, step, () => live.painted(viewer));
        else socket.volatile.emit('frame', runId, frame, step);
      },
    });
    socket.data.watching = { live, runId, viewer };
    live.add(viewer);
  };

  const follow = async (socket: ClientSocket, runId: unknown): Promise<void> => {
    if (runId !== null && typeof runId !== 'string')
      throw new ScopeError('INVALID_CONFIG', `follow takes the id of a run, or null, not ${brief(runId)}`, {
        field: 'runId',
      });
    if (runId !== null) services.store.get(runId);
    for (const room of socket.rooms) if (room !== socket.id) await socket.leave(room);
    if (runId !== null) await socket.join(roomOf(runId));
  };

  io.on('connection', (socket) => {
    Object.assign(socket.data, { watching: null, stalled: 0 } satisfies Client);
    socket.on('watch', (request, answer) => void respond(answer, () => watch(socket, request)));
    socket.on('follow', (runId, answer) => void respond(answer, () => follow(socket, runId)));
    socket.on('disconnect', () => stopWatching(socket));
    // A client that was being sent something else could take no frame; it can once its transport is ready again.
    const retry = (): void => {
      const { watching } = socket.data;
      watching?.live.tick(watching.viewer);
    };
    socket.conn.transport.on('ready', retry);
    socket.conn.on('upgrade', (transport: typeof socket.conn.transport) => {
      transport.on('ready', retry);
      retry();
    });
  });

  const connections = new Set<Duplex>();
  server.on('upgrade', (_, connection: Duplex) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
  });

  const look = setInterval(() => {
    for (const { conn, data } of io.sockets.sockets.values()) {
      data.stalled = conn.transport.writable ? 0 : data.stalled + 1;
      if (data.stalled >= STALLED_LOOKS) conn.close(true);
    }
  }, LOOK_MS).unref();

  // Not volatile, for a frame may be on its way just then; one who has stalled is cut off before they come to much.
  const steps = new Steps((id, step, told) => {
    io.to(roomOf(id))
      .except([...told])
      .emit('step', id, step);
  });
  const allTold = (id: string, told: readonly string[]): boolean => {
    const informed = new Set(told);
    return [...(io.of('/').adapter.rooms.get(roomOf(id)) ?? [])].every((one) => informed.has(one));
  };
  const stopRuns = supervisor.subscribe((event) => {
    if (event.type === 'step') return steps.add(event.id, event.step);
    const live = lives.get(event.id);
    if (event.type === 'live') {
      const told = live?.receive(event.bytes, event.watch, event.step) ?? [];
      if (!event.step) return;
      // Most often everyone has it with the frame.
      if (allTold(event.id, told)) steps.drop(event.id);
      else steps.add(event.id, event.step, told);
      return;
    }
    if (event.type === 'epoch' && event.step) steps.drop(event.id);
    else steps.flush(event.id);
    publish(io, event);
    if (event.type === 'run' && event.summary) live?.enter(event.summary.state);
  });
  const stopLadder = ladder.subscribe((report) => io.emit('engine', report));

  return {
    close() {
      clearInterval(look);
      stopRuns();
      stopLadder();
      steps.close();
      io.disconnectSockets(true);
      io.engine.close();
      // One that has stopped reading would hold up the server's end by half a minute.
      setTimeout(() => connections.forEach((connection) => connection.destroy()), GOODBYE_MS).unref();
    },
  };
}

function publish(io: Io, event: RunEvent): void {
  const followers = io.to(roomOf(event.id));
  switch (event.type) {
    case 'run':
      io.emit('run', event.id, event.summary);
      return;
    case 'epoch':
      followers.emit('epoch', event.id, event.metrics, event.summary, event.step);
      io.except(roomOf(event.id)).emit('run', event.id, event.summary);
      return;
    case 'snapshot':
      followers.emit('snapshot', event.id, event.snapshot);
      return;
    case 'measures':
      followers.emit('measures', event.id, event.measures);
      return;
    case 'probes':
      followers.emit('probes', event.id, event.probes);
  }
}

function roomOf(runId: string): string {
  return `run ${runId}`;
}

/** Carries a request out and answers it; whatever a client sends, the server goes on. */
async function respond(answer: unknown, action: () => void | Promise<void>): Promise<void> {
  let outcome: Answer = { ok: true };
  try {
    await action();
  } catch (error) {
    outcome = { ok: false, error: toReply(error).reply };
  }
  if (typeof answer === 'function') (answer as (answer: Answer) => void)(outcome);
}

/** Names a tap or probe that the run does not have. */
function checkWatch({ taps, probes }: WatchRequest, run: RunDetail): void {
  const known = describeTaps(run.config.network, false).map((tap) => tap.id);
  const tap = taps?.find((id) => !known.includes(id));
  if (tap !== undefined)
    throw new ScopeError('INVALID_CONFIG', `the run has no tap '${tap}'; it has ${known.join(', ')}`, {
      field: 'taps',
    });
  const own = run.probes.filter((probe) => probe.own !== undefined).map((probe) => probe.index);
  const recorded = recordedProbes(run);
  const probe = probes?.find((index) => !recorded.includes(index) && !own.includes(index));
  if (probe === undefined) return;
  const has = [`0 to ${recorded.length - 1}`, ...own].join(', ');
  throw new ScopeError('INVALID_CONFIG', `the run has no probe ${probe}; it has ${has}`, { field: 'probes' });
}

/** Indices of the probes that every snapshot holds; before the run begins, of those that it may get. */
function recordedProbes({ probes, config }: RunDetail): number[] {
  if (probes.length > 0) return probes.filter((probe) => probe.own === undefined).map((probe) => probe.index);
  return Array.from({ length: config.network.classes * config.recording.probesPerClass }, (_, i) => i);
}
