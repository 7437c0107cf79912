/** How many threads compute. */
import { availableParallelism } from 'node:os';
import { ScopeError } from '../../../shared/errors.ts';

/** More gain little: the maps of a training step are soon cut too small. */
const MOST = 8;
/** The most that can be asked for. */
const LIMIT = 64;

const VARIABLE = 'VANILLASCOPE_THREADS';

/** VANILLASCOPE_THREADS, or one for each core that the process may use, up to eight. */
export function threadCount(asked = process.env[VARIABLE]): number {
  if (!asked) return Math.min(MOST, availableParallelism());
  const count = Number(asked);
  if (!Number.isInteger(count) || count < 1 || count > LIMIT)
    throw new ScopeError('INVALID_CONFIG', `${VARIABLE} is '${asked}'; valid are 1 to ${LIMIT}`, {
      field: VARIABLE,
    });
  return count;
}
