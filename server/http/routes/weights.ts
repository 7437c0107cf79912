/** Takes in weights files that runs start from. */
import { Type } from 'typebox';
import { ScopeError } from '../../../shared/errors.ts';
import { WeightsInfo } from '../../../shared/protocol.ts';
import type { Uploads } from '../../runs/uploads.ts';
import { NoQuery, replies } from '../replies.ts';
import type { App } from '../services.ts';

const TYPE = 'application/octet-stream';
/** The family's largest network has 128 M parameters of 4 bytes, and twice as many while it is deep. */
const LARGEST_FILE = 2 ** 30;

export function weightRoutes(app: App, uploads: Uploads): void {
  app.addContentTypeParser(TYPE, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.put(
    '/api/weights',
    {
      bodyLimit: LARGEST_FILE,
      schema: {
        summary: 'Send a safetensors file that a run shall start from (POST /api/runs with its id)',
        querystring: NoQuery,
        consumes: [TYPE],
        body: Type.Unsafe<unknown>({ format: 'binary' }),
        response: replies(WeightsInfo),
      },
    },
    ({ body }) => {
      if (!(body instanceof Uint8Array))
        throw new ScopeError('INVALID_CONFIG', `the body is no file; valid is ${TYPE}`, { field: 'body' });
      const { id, network } = uploads.add(body);
      return { id, network };
    },
  );
}
