import { decodeFrame, type Frame } from '../../../../shared/frame.ts';
import { tick } from 'svelte';
import type { Feed } from './feed.svelte.ts';

/** The latest live frame of what is watched. */
export class LiveFrames {
  frame = $state.raw<Frame | null>(null);
  #feed: Feed;

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  /** Watches taps of one probe until the returned function is called. */
  watch(runId: string, taps: readonly string[], probe: number): () => void {
    const leave = this.#feed.on('frame', (id, bytes, painted) => {
      if (id === runId) this.frame = decodeFrame(bytes);
      // Painted is: Svelte has updated the page, and the browser has come to draw it.
      void tick().then(() => requestAnimationFrame(() => painted()));
    });
    this.#feed.watch({ runId, taps: [...taps], probes: [probe] });
    return () => {
      leave();
      this.#feed.watch(null);
    };
  }

  /** The frame, if it holds this tap and probe. */
  holding(tap: string, probe: number): Frame | null {
    const frame = this.frame;
    return frame?.probes.includes(probe) && frame.taps.some((t) => t.id === tap) ? frame : null;
  }
}
