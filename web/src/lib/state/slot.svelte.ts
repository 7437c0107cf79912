import type { Frame } from '../../../../shared/frame.ts';
import type { ApiError } from './api.ts';
import type { FrameKey, SnapshotCache } from './snapshots.ts';

/** A place on the page for one recorded frame. While the next one loads, the one before it stays in sight. */
export class FrameSlot {
  frame = $state.raw<Frame | null>(null);
  /** Which snapshot the frame is. */
  snapshot = $state<string | null>(null);
  loading = $state(false);
  error = $state.raw<ApiError | null>(null);
  #cache: SnapshotCache;

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
    const held = key && this.#cache.peek(key);
    if (!key || held) {
      this.#take(held, key?.snapshot ?? null);
      return () => undefined;
    }
    const controller = new AbortController();
    this.loading = true;
    this.#cache.get(key, controller.signal).then(
      (frame) => {
        if (!controller.signal.aborted) this.#take(frame, key.snapshot);
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        this.#take(null, key.snapshot);
        this.error = error as ApiError;
      },
    );
    return () => controller.abort();
  }

  #take(frame: Frame | null, snapshot: string | null): void {
    this.frame = frame;
    this.snapshot = snapshot;
    this.loading = false;
  }
}
