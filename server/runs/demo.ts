/** The run that a server with an empty runs folder starts by itself: feature maps within a minute, the whole walk
 * through λ = 0 and the merge within a few. */
import type { RunRequest } from '../../shared/protocol.ts';

export const DEMO: RunRequest = {
  name: 'Demo: emoji',
  preset: 'small',
  data: { dataset: 'emoji' },
};
