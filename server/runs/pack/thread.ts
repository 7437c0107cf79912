/** The thread that packs: encoded frames in, packed ones out, one at a time. */
import { parentPort } from 'node:worker_threads';
import { decodeFrame } from '../../../shared/frame.ts';
import { collect } from '../../heap.mjs';
import { packFrame } from './packFrame.ts';

/** What is asked of the thread, and what it answers. */
export interface PackTask {
  id: number;
  /** Encoded as shared/frame.ts says. */
  frame: Uint8Array;
}
export type PackAnswer = { id: number; packed: Uint8Array } | { id: number; failure: string };

/** Bytes of dropped arrays that may lie about. */
const LITTER = 8 * 2 ** 20;

parentPort!.on('message', ({ id, frame }: PackTask) => {
  let answer: PackAnswer;
  try {
    answer = { id, packed: packFrame(decodeFrame(frame)) };
  } catch (error) {
    answer = { id, failure: (error as Error).message };
  }
  parentPort!.postMessage(answer);
  // A frame's arrays outlive several small collections while it is packed; a large one is long in coming.
  if (process.memoryUsage().arrayBuffers > LITTER) collect();
});
