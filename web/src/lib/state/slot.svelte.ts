import { untrack } from 'svelte';
import type { Frame } from '../../../../shared/frame.ts';
import type { ApiError } from './api.ts';
import { type FrameKey, type SnapshotCache, wantedProbe } from './snapshots.ts';

/** How long other maps stand in for those of an own image, ms: these may have to be computed first, which is then said
 * in their place. */
const STAND_IN_MS = 1000;

/** A place on the page for one recorded frame. While the next one loads, the one before it stays in sight. Where that
 * is of another probe its maps stand in for those that are to come, under their index. */
export class FrameSlot {
  frame = $state.raw<Frame | null>(null);
  /** Which snapshot the frame is. */
  snapshot = $state<string | null>(null);
  loading = $state(false);
  error = $state.raw<ApiError | null>(null);
  #cache: SnapshotCache;
  /** The probe in sight. */
  #probe: number | undefined;

  constructor(cache: SnapshotCache) {
    this.#cache = cache;
  }

  /** The frame of `key` where it is at hand, else the one in sight: a derived value is right at once, an effect later. */
  at(key: FrameKey | null): Frame | null {
    return (key && this.#cache.peek(key)) ?? this.frame;
  }

  /** Shows a frame, at once where it is at hand; the returned function gives up waiting for it. */
  show(key: FrameKey | null): () => void {
    this.error = null;
    const before = this.#probe;
    this.#probe = key ? wantedProbe(key) : undefined;
    const held = key && this.#cache.peek(key);
    if (!key || held) {
      this.#take(held, key?.snapshot ?? null);
      return () => undefined;
    }
    const controller = new AbortController();
    const { signal } = controller;
    this.loading = true;
    this.#standIn(before, this.#probe, key.own === undefined ? null : signal);
    this.#cache.get(key, signal).then(
      (frame) => {
        if (!signal.aborted) this.#take(frame, key.snapshot);
      },
      (error: unknown) => {
        if (signal.aborted) return;
        this.#take(null, key.snapshot);
        this.error = error as ApiError;
      },
    );
    return () => controller.abort();
  }

  /** Puts one probe's maps in the place of another's; for a while alone where there is a signal, unless it has fired. */
  #standIn(probe: number | undefined, wanted: number | undefined, limit: AbortSignal | null): void {
    const frame = untrack(() => this.frame);
    if (!frame || probe === undefined || wanted === undefined || frame.probes.includes(wanted)) return;
    const stand = { ...frame, probes: frame.probes.map((index) => (index === probe ? wanted : index)) };
    this.frame = stand;
    if (limit)
      setTimeout(() => {
        if (!limit.aborted && this.frame === stand) this.frame = frame;
      }, STAND_IN_MS);
  }

  #take(frame: Frame | null, snapshot: string | null): void {
    this.frame = frame;
    this.snapshot = snapshot;
    this.loading = false;
  }
}
