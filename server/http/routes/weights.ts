/** Takes in weights files that runs start from. */
import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { ScopeError } from '../../../shared/errors.ts';
import { WeightsInfo } from '../../../shared/protocol.ts';
import { LARGEST_FILE, type Uploads } from '../../runs/uploads.ts';
import { NoQuery, replies } from '../replies.ts';
import type { App } from '../services.ts';

const TYPE = 'application/octet-stream';

export function weightRoutes(parent: App, uploads: Uploads): void {
  parent.addHook('onClose', () => uploads.close());
  // In a room of its own: this route alone takes a body that is no text, as a stream.
  void parent.register(async (app: App) => {
    app.addContentTypeParser(TYPE, (_request, stream, done) => done(null, stream));

    app.put(
      '/api/weights',
      {
        schema: {
          summary:
            'Send a safetensors file, of up to 1 GiB, that a run shall start from (POST /api/runs with its id)',
          querystring: NoQuery,
          consumes: [TYPE],
          body: Type.Unsafe<unknown>({ format: 'binary' }),
          response: replies(WeightsInfo),
        },
      },
      async ({ body, headers }) => {
        if (!(body instanceof Readable))
          throw new ScopeError('INVALID_CONFIG', `the body is no file; valid is ${TYPE}`, { field: 'body' });
        const length = headers['content-length'];
        try {
          const { id, network } = await uploads.receive(body, length ? { bytes: Number(length) } : {});
          return { id, network };
        } catch (error) {
          drain(body);
          throw error;
        }
      },
    );
  });
}

/** Lets a refused file come to its end unread: most clients read no reply before. One without end is cut off. */
function drain(stream: Readable): void {
  let left = LARGEST_FILE;
  stream.on('data', (piece: Buffer) => {
    left -= piece.length;
    if (left < 0) stream.destroy();
  });
  stream.on('error', () => undefined);
  stream.resume();
}
