import type {
  ClientToServer,
  EngineReport,
  EpochMetrics,
  RunSummary,
  ServerToClient,
  SnapshotInfo,
  StepMetrics,
  WatchRequest,
} from '$shared/protocol.ts';
import { io, type Socket } from 'socket.io-client';

export type Connection = 'connecting' | 'connected' | 'reconnecting';

interface FeedEvents {
  /** The connection came back: what was missed has to be read over REST. */
  healed: () => void;
  run: (id: string, summary: RunSummary | null) => void;
  step: (id: string, step: StepMetrics) => void;
  epoch: (id: string, metrics: EpochMetrics) => void;
  snapshot: (id: string, snapshot: SnapshotInfo) => void;
  engine: (report: EngineReport) => void;
  /** `painted` must be called once the frame is on the screen; only then the next one is sent. */
  frame: (id: string, bytes: Uint8Array, painted: () => void) => void;
}

/** The live connection. It heals by itself, and asks anew for what was followed and watched. */
export class Feed {
  connection = $state<Connection>('connecting');
  #socket: Socket<ServerToClient, ClientToServer>;
  #listeners: { [K in keyof FeedEvents]: Set<FeedEvents[K]> } = {
    healed: new Set(),
    run: new Set(),
    step: new Set(),
    epoch: new Set(),
    snapshot: new Set(),
    engine: new Set(),
    frame: new Set(),
  };
  #followed: string | null = null;
  #watched: WatchRequest | null = null;
  #wasConnected = false;

  constructor() {
    this.#socket = io({ transports: ['websocket', 'polling'], reconnectionDelayMax: 3000 });
    const socket = this.#socket;
    socket.on('connect', () => {
      const healed = this.#wasConnected;
      this.#wasConnected = true;
      this.connection = 'connected';
      if (this.#followed !== null) this.#emitFollow();
      if (this.#watched !== null) this.#emitWatch();
      if (healed) this.#tell('healed');
    });
    socket.on('disconnect', (reason) => {
      this.connection = 'reconnecting';
      // Socket.IO does not come back by itself after the server said goodbye.
      if (reason === 'io server disconnect') socket.connect();
    });
    socket.on('connect_error', () => {
      this.connection = this.#wasConnected ? 'reconnecting' : 'connecting';
    });
    socket.on('run', (id, summary) => this.#tell('run', id, summary));
    socket.on('step', (id, step) => this.#tell('step', id, step));
    socket.on('epoch', (id, metrics) => this.#tell('epoch', id, metrics));
    socket.on('snapshot', (id, snapshot) => this.#tell('snapshot', id, snapshot));
    socket.on('engine', (report) => this.#tell('engine', report));
    socket.on('frame', (id, data, painted) => {
      if (this.#listeners.frame.size === 0) painted();
      else this.#tell('frame', id, data instanceof Uint8Array ? data : new Uint8Array(data), painted);
    });
  }

  /** Listens until the returned function is called. */
  on<K extends keyof FeedEvents>(event: K, listener: FeedEvents[K]): () => void {
    this.#listeners[event].add(listener);
    return () => this.#listeners[event].delete(listener);
  }

  follow(runId: string | null): void {
    this.#followed = runId;
    if (this.#socket.connected) this.#emitFollow();
  }

  watch(request: WatchRequest | null): void {
    this.#watched = request;
    if (this.#socket.connected) this.#emitWatch();
  }

  close(): void {
    this.#socket.close();
  }

  #emitFollow(): void {
    this.#socket.emit('follow', this.#followed, () => undefined);
  }

  #emitWatch(): void {
    this.#socket.emit('watch', this.#watched, () => undefined);
  }

  #tell<K extends keyof FeedEvents>(event: K, ...args: Parameters<FeedEvents[K]>): void {
    for (const listener of this.#listeners[event]) (listener as (...args: unknown[]) => void)(...args);
  }
}
