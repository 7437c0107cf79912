/** What a person is told when a training can't go on. */
import { ScopeError } from '../../shared/errors.ts';
import type { TrainerEvent } from './messages.ts';

/** NON_FINITE: where the training diverged, and what to try. */
export function diverged(
  what: string,
  where: { epoch: number; step: number; learningRate: number },
  cause?: unknown,
): ScopeError {
  const { epoch, step, learningRate } = where;
  const lower = Number((learningRate / 5).toPrecision(1));
  return new ScopeError(
    'NON_FINITE',
    `${what} in epoch ${epoch}, step ${step}: the training has diverged. Try a lower learning rate ` +
      `(${lower} instead of ${learningRate}) or a longer warm-up; what was recorded before is kept.`,
    { field: 'training.learningRate', cause },
  );
}

/** Any error as the event that reports it: the first line only, because native libraries can be verbose. */
export function failureEvent(error: unknown): TrainerEvent & { type: 'failure' } {
  if (error instanceof ScopeError)
    return {
      type: 'failure',
      code: error.code,
      message: error.message,
      ...(error.field && { field: error.field }),
    };
  const line = (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 300);
  return { type: 'failure', code: 'INTERNAL', message: line || 'unknown error' };
}
