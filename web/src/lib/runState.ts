/** What the states of a run mean for the page. */
import type { RunState } from '../../../shared/protocol.ts';
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

export const actionsOf = (state: RunState): readonly RunAction[] => ACTIONS[state];

/** True once nothing more will come. */
export const isFinal = (state: RunState): boolean =>
  state === 'finished' || state === 'stopped' || state === 'failed';
