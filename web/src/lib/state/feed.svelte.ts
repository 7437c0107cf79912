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
  /** Events come from now on; what was asked for over REST before may lack some. So at every connection. */
  connected: [];
  /** The same of the events that only those get who follow this run. */
  followed: [id: string];
  run: [id: string, summary: RunSummary | null];
  step: [id: string, step: StepMetrics];
  epoch: [id: string, metrics: EpochMetrics];
  snapshot: [id: string, snapshot: SnapshotInfo];
  measures: [id: string, measures: SnapshotMeasures];
  probes: [id: string, probes: ProbeInfo[]];
  engine: [report: EngineReport];
  /** `painted` must be called once the frame is on the screen: no more are sent to one who does not keep up. */
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
  #followed: { run: string } | null = null;
  #watched: WatchRequest | null = null;
  #wasConnected = false;

  constructor() {
    this.#socket = io({ transports: ['websocket', 'polling'], reconnectionDelayMax: 3000 });
    const socket = this.#socket;
    socket.on('connect', () => {
      this.#wasConnected = true;
      this.connection = 'connected';
      if (this.#followed !== null) this.#emitFollow();
      if (this.#watched !== null) this.#emitWatch();
      this.#listeners.tell('connected');
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
    socket.on('epoch', (id, metrics, summary, step) => {
      if (step) this.#listeners.tell('step', id, step);
      this.#listeners.tell('epoch', id, metrics);
      this.#listeners.tell('run', id, summary);
    });
    socket.on('snapshot', (id, snapshot) => this.#listeners.tell('snapshot', id, snapshot));
    socket.on('measures', (id, measures) => this.#listeners.tell('measures', id, measures));
    socket.on('probes', (id, probes) => this.#listeners.tell('probes', id, probes));
    socket.on('engine', (report) => this.#listeners.tell('engine', report));
    socket.on('frame', (id, data, step, painted = () => undefined) => {
      if (step) this.#listeners.tell('step', id, step);
      const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
      if (!this.#listeners.tell('frame', id, bytes, painted)) painted();
    });
  }

  /** Listens until the returned function is called. */
  on<K extends keyof FeedEvents>(event: K, listener: (...args: FeedEvents[K]) => void): () => void {
    return this.#listeners.add(event, listener);
  }

  /** Follows a run, in place of another one, until the returned function is called. */
  follow(run: string): () => void {
    const followed = { run };
    this.#setFollowed(followed);
    return () => {
      // Somebody else may follow by now.
      if (this.#followed === followed) this.#setFollowed(null);
    };
  }

  watch(request: WatchRequest | null): void {
    this.#watched = request;
    if (this.#socket.connected) this.#emitWatch();
  }

  close(): void {
    this.#socket.close();
  }

  #setFollowed(followed: { run: string } | null): void {
    this.#followed = followed;
    if (this.#socket.connected) this.#emitFollow();
  }

  #emitFollow(): void {
    const followed = this.#followed;
    this.#socket.emit('follow', followed?.run ?? null, ({ ok }) => {
      if (ok && followed && followed === this.#followed) this.#listeners.tell('followed', followed.run);
    });
  }

  #emitWatch(): void {
    this.#socket.emit('watch', this.#watched, () => undefined);
  }
}
