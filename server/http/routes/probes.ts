/** A run's probes: the fixed images whose feature maps are recorded. */
import type { Channels } from 'sharp';
import { Type } from 'typebox';
import { ProbeInfo } from '../../../shared/protocol.ts';
import { isCached } from '../caching.ts';
import { binary, NoQuery, replies, RunParams } from '../replies.ts';
import type { App, Services } from '../services.ts';

export function probeRoutes(app: App, { store }: Services): void {
  app.get(
    '/api/runs/:id/probes',
    {
      schema: {
        summary: 'The probes and their classes',
        params: RunParams,
        querystring: NoQuery,
        response: replies(Type.Array(ProbeInfo)),
      },
    },
    (request) => store.get(request.params.id).record.probes,
  );

  app.get(
    '/api/runs/:id/probes/:index.png',
    {
      schema: {
        summary: 'A probe as the network sees it, before normalisation',
        params: Type.Object({ ...RunParams.properties, index: Type.String({ pattern: '^\\d{1,6}$' }) }),
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
}
