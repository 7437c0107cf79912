/** The pace of live frames, which the server and the training process count alike. */

/** A frame within this time before a beat is taken for that of the beat, ms. */
export const TOLERANCE_MS = 15;

/** The first of the times `origin` + k·`interval` that comes more than the tolerance after `time`; all ms. */
export function nextBeat(origin: number, interval: number, time: number): number {
  return origin + (Math.floor((time + TOLERANCE_MS - origin) / interval) + 1) * interval;
}
