/** Weights files that were sent here to start runs from. They wait in memory, the last few of them. */
import { createHash } from 'node:crypto';
import type { NetworkConfig } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { readStart } from './start.ts';

const KEPT = 2;

export interface Upload {
  /** Told from the content: the same file has the same id. */
  id: string;
  bytes: Uint8Array;
  /** What the file says of its network, unchecked. */
  network: Partial<NetworkConfig>;
}

export class Uploads {
  readonly #uploads = new Map<string, Upload>();

  /** Throws INVALID_WEIGHTS for what no training can start from. */
  add(bytes: Uint8Array): Upload {
    const network = readStart(bytes);
    const id = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    const upload = { id, bytes, network };
    this.#uploads.delete(id);
    this.#uploads.set(id, upload);
    for (const oldest of [...this.#uploads.keys()].slice(0, -KEPT)) this.#uploads.delete(oldest);
    return upload;
  }

  get(id: string): Upload {
    const upload = this.#uploads.get(id);
    if (!upload)
      throw new ScopeError(
        'NOT_FOUND',
        `there are no weights '${id}': the last ${KEPT} files sent are kept until the server ends; send it again`,
        { field: 'weights' },
      );
    return upload;
  }
}
