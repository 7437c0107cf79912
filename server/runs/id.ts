/** Names of runs and of moments within a run. */
import { randomBytes } from 'node:crypto';

/** `20261124-081500-emoji-small-ab12`: sorts by time (UTC), says what it is, and is a safe folder name. */
export function createRunId(now: Date, dataset: string, preset: string): string {
  const stamp = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const slug = `${dataset}-${preset}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 60);
  return `${stamp}-${slug}-${randomBytes(2).toString('hex')}`;
}

/** Id of a snapshot or checkpoint: its epoch, with `m` right after the merge: '0', '12', '30m'. */
export const MOMENT_PATTERN = '^\\d{1,6}m?$';
const moment = new RegExp(MOMENT_PATTERN);

export function isMomentId(id: string): boolean {
  return moment.test(id);
}

export function epochOf(id: string): number {
  return Number.parseInt(id, 10);
}

/** Order in time: '2' < '10' < '10m' < '11'. */
export function compareMoments(a: string, b: string): number {
  return epochOf(a) - epochOf(b) || a.length - b.length;
}
