/** What the states of a run mean for the page. */
import type { RunState, RunSummary } from '../../../shared/protocol.ts';
import type { RunCommand } from './state/api.ts';

export type RunAction = RunCommand | 'delete';

const ACTIONS: Record<RunState, readonly RunAction[]> = {
  queued: ['stop'],
  preparing: ['stop'],
  running: ['pause', 'stop'],
  paused: ['resume', 'stop'],
  stopping: [],
  finished: ['delete'],
  stopped: ['delete'],
  failed: ['delete'],
};

/** What can be done with a run now; one that stopped or failed may go on from its last checkpoint. */
export function actionsOf(run: Pick<RunSummary, 'state' | 'resumable' | 'unreadable'>): readonly RunAction[] {
  if (run.unreadable) return [];
  return run.resumable && isFinal(run.state) ? ['resume', ...ACTIONS[run.state]] : ACTIONS[run.state];
}

/** True while steps are being taken, or could be at once. */
export const isTraining = (state: RunState): boolean =>
  state === 'running' || state === 'paused' || state === 'stopping';

/** True once nothing more will come. */
export const isFinal = (state: RunState): boolean =>
  state === 'finished' || state === 'stopped' || state === 'failed';
