import type {
  ClientToServer,
  EngineReport,
  EpochMetrics,
  ProbeInfo,
  RunSummary,
  ServerToClient,
  SnapshotInfo,
  SnapshotMeasures,
  StepMetrics,
  WatchRequest,
} from '../../../../shared/protocol.ts';
import { io, type Socket } from 'socket.io-client';
import { Listeners } from './listeners.ts';

export type Connection = 'connecting' | 'connected' | 'reconnecting';

type FeedEvents = {
  /** The connection came back: what was missed has to be read over REST. */
  healed: [];
  run: [id: string, summary: RunSummary | null];
  step: [id: string, step: StepMetrics];
  epoch: [id: string, metrics: EpochMetrics];
  snapshot: [id: string, snapshot: SnapshotInfo];
  measures: [id: string, measures: SnapshotMeasures];
  probes: [id: string, probes: ProbeInfo[]];
  engine: [report: EngineReport];
  /** `painted` must be called once the frame is on the screen; only then the next one is sent. */
  frame: [id: string, bytes: Uint8Array, painted: () => void];
};

/** What came while the connection was lost. */
export interface Missed {
  epochs: number;
  snapshots: number;
}

/** The live connection. It heals by itself, and asks anew for what was followed and watched. */
export class Feed {
  connection = $state<Connection>('connecting');
  /** What the run that is followed did in the meantime, until someone has taken note of it. */
  missed = $state.raw<Missed | null>(null);
  #socket: Socket<ServerToClient, ClientToServer>;
  #listeners = new Listeners<FeedEvents>();
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
      if (healed) this.#listeners.tell('healed');
    });
    socket.on('disconnect', (reason) => {
      this.connection = 'reconnecting';
      this.missed = null;
      // Socket.IO does not come back by itself after the server said goodbye.
      if (reason === 'io server disconnect') socket.connect();
    });
    socket.on('connect_error', () => {
      this.connection = this.#wasConnected ? 'reconnecting' : 'connecting';
    });
    socket.on('run', (id, summary) => this.#listeners.tell('run', id, summary));
    socket.on('step', (id, step) => this.#listeners.tell('step', id, step));
    socket.on('epoch', (id, metrics) => this.#listeners.tell('epoch', id, metrics));
    socket.on('snapshot', (id, snapshot) => this.#listeners.tell('snapshot', id, snapshot));
    socket.on('measures', (id, measures) => this.#listeners.tell('measures', id, measures));
    socket.on('probes', (id, probes) => this.#listeners.tell('probes', id, probes));
    socket.on('engine', (report) => this.#listeners.tell('engine', report));
    socket.on('frame', (id, data, painted) => {
      const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
      if (!this.#listeners.tell('frame', id, bytes, painted)) painted();
    });
  }

  /** Listens until the returned function is called. */
  on<K extends keyof FeedEvents>(event: K, listener: (...args: FeedEvents[K]) => void): () => void {
    return this.#listeners.add(event, listener);
  }

  follow(runId: string | null): void {
    this.#followed = runId;
    if (this.#socket.connected) this.#emitFollow();
  }

  /** Follows this run no more; another one that is followed by now stays so. */
  unfollow(runId: string): void {
    if (this.#followed === runId) this.follow(null);
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
}
