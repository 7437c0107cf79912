/** A run's probes: the fixed images whose feature maps are recorded, and the images that users bring to it. */
import type { FastifyError } from 'fastify';
import type { Channels } from 'sharp';
import { Type } from 'typebox';
import { ScopeError } from '../../../shared/errors.ts';
import { ProbeInfo } from '../../../shared/protocol.ts';
import { Queue } from '../../runs/queue.ts';
import { probesOf } from '../../runs/record.ts';
import { isCached } from '../caching.ts';
import { decodeImage, MOST_BYTES } from '../decode.ts';
import { binary, NoQuery, replies, RunParams } from '../replies.ts';
import type { App, Services } from '../services.ts';

const IMAGES = ['image/jpeg', 'image/png', 'image/webp'];
const NO_IMAGE = `the body is no image; valid are ${IMAGES.join(', ')}`;
const Index = Type.String({ pattern: '^\\d{1,6}$' });
const OneProbe = Type.Object({ ...RunParams.properties, index: Index });
const Named = Type.Object(
  { name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })) },
  { additionalProperties: false },
);

export function probeRoutes(app: App, { store, supervisor, analyst }: Services): void {
  /** A large image takes a quarter of a gigabyte while it is decoded: one at a time. */
  const decoding = new Queue();
  app.get(
    '/api/runs/:id/probes',
    {
      schema: {
        summary: 'The probes and their classes, then the images that users brought',
        params: RunParams,
        querystring: NoQuery,
        response: replies(Type.Array(ProbeInfo)),
      },
    },
    (request) => probesOf(store.get(request.params.id).record),
  );

  app.get(
    '/api/runs/:id/probes/:index.png',
    {
      schema: {
        summary: 'A probe as the network sees it, before normalisation',
        params: OneProbe,
        querystring: NoQuery,
        response: binary('image/png', 'The image'),
      },
    },
    async (request, reply) => {
      const { id, index } = request.params;
      const folder = store.get(id);
      const { image, size, channels } = await folder.readProbe(Number(index));
      if (isCached(request, reply, folder, `probe-${index}`)) return reply.status(304).send();
      // Loaded when first needed: a start should not wait for it.
      const { default: sharp } = await import('sharp');
      const raw = { width: size, height: size, channels: channels as Channels };
      return reply.type('image/png').send(await sharp(image, { raw }).png().toBuffer());
    },
  );

  // In a room of its own: no other route takes images.
  void app.register(async (room: App) => {
    // What an image is, its content says.
    room.addContentTypeParser(/^image\//, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

    room.post(
      '/api/runs/:id/probes',
      {
        bodyLimit: MOST_BYTES,
        schema: {
          summary:
            'Bring an image (JPEG, PNG or WebP, up to 10 MB and 50 million pixels): one more probe of the run, ' +
            'cut to its middle square and shrunk to the input of the network',
          params: RunParams,
          querystring: Named,
          consumes: IMAGES,
          body: Type.Unsafe<unknown>({ format: 'binary' }),
          response: { ...replies(ProbeInfo), 201: ProbeInfo },
        },
        errorHandler: (error, _request, _reply) => {
          throw explain(error);
        },
      },
      async ({ params: { id }, query: { name = 'image' }, body }, reply) => {
        const { network } = store.get(id).record.config;
        if (!(body instanceof Uint8Array)) throw new ScopeError('INVALID_DATA', NO_IMAGE, { field: 'body' });
        const pixels = await decoding.run(() => decodeImage(body, network));
        const probe = await supervisor.addProbe(id, name, pixels);
        analyst.ownFrames.prepare(store.get(id), probe.index);
        return reply.status(201).send(probe);
      },
    );
  });

  app.delete(
    '/api/runs/:id/probes/:index',
    {
      schema: {
        summary: 'Remove an image that was brought, with its feature maps',
        params: OneProbe,
        querystring: NoQuery,
        response: { ...replies(Type.Null()), 204: Type.Null() },
      },
    },
    async ({ params: { id, index } }, reply) => {
      await supervisor.removeProbe(id, Number(index));
      return reply.status(204).send(null);
    },
  );
}

/** What Fastify refuses before the handler sees it, in words. */
function explain(error: FastifyError): Error {
  const { code } = error;
  const why =
    code === 'FST_ERR_CTP_BODY_TOO_LARGE'
      ? `the file is larger than ${MOST_BYTES / 2 ** 20} MiB, the most that is valid`
      : code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE'
        ? NO_IMAGE
        : null;
  return why === null ? error : new ScopeError('INVALID_DATA', why, { field: 'body', cause: error });
}
