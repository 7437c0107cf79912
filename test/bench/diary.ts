/** What a watched training process writes down, and what can be told from it. */

/** Milliseconds since 1970, finer than Date.now(). */
export const clock = (): number => performance.timeOrigin + performance.now();

export type DiaryEntry =
  /** A training step began. */
  | { is: 'step'; at: number }
  /** A frame of the network after `step` steps was computed; it began at `at`. */
  | { is: 'live'; at: number; step: number }
  /** An epoch is over. `rss` is in bytes. */
  | { is: 'epoch'; at: number; epoch: number; rss: number; tensors: number };

export type EpochEntry = DiaryEntry & { is: 'epoch' };

export const epochsOf = (entries: readonly DiaryEntry[]): EpochEntry[] =>
  entries.filter((entry): entry is EpochEntry => entry.is === 'epoch');

export function readDiary(text: string): DiaryEntry[] {
  // The last line may be written just now.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as DiaryEntry);
}

/** Seconds a step between two times, over the steps of an epoch that follow each other; what lies between two epochs
 * (evaluation, snapshot) is left out. NaN where no two steps do. */
export function secondsPerStep(entries: readonly DiaryEntry[], from: number, to: number): number {
  let seconds = 0;
  let steps = 0;
  let last: number | null = null;
  for (const entry of entries) {
    if (entry.is === 'epoch') last = null;
    if (entry.is !== 'step' || entry.at < from || entry.at > to) continue;
    if (last !== null) {
      seconds += (entry.at - last) / 1000;
      steps++;
    }
    last = entry.at;
  }
  return seconds / steps;
}
