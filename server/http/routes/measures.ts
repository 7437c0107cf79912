/** What was measured of a run's snapshots, and how similar they are. */
import { Type } from 'typebox';
import { SnapshotMeasures } from '../../../shared/protocol.ts';
import { encodeSafetensors } from '../../../shared/safetensors.ts';
import type { Similarities, Similarity } from '../../runs/similarities.ts';
import { isCached } from '../caching.ts';
import { binary, NoQuery, replies, RunParams } from '../replies.ts';
import type { App, Services } from '../services.ts';

const TYPE = 'application/octet-stream';

export function measureRoutes(app: App, { store }: Services, similarities: Similarities): void {
  app.get(
    '/api/runs/:id/measures',
    {
      schema: {
        summary: 'What was measured of every snapshot, block by block, in order of time',
        params: RunParams,
        querystring: NoQuery,
        response: replies(Type.Array(SnapshotMeasures)),
      },
    },
    (request) => store.get(request.params.id).measures.list(),
  );

  app.get(
    '/api/runs/:id/similarity',
    {
      schema: {
        summary:
          'Debiased linear CKA of a block between all pairs of snapshots (at most 1,000, evenly spread)',
        params: RunParams,
        querystring: Type.Object(
          { block: Type.String({ minLength: 1, maxLength: 64 }) },
          { additionalProperties: false },
        ),
        response: binary(TYPE, 'safetensors: cka F32 [E, E]; metadata snapshots'),
      },
    },
    async (request, reply) => {
      const { block } = request.query;
      const folder = store.get(request.params.id);
      const similarity = await similarities.ofBlock(folder.measures, block);
      if (isCached(request, reply, folder, tagOf(similarity))) return reply.status(304).send();
      return reply.type(TYPE).send(encode(similarity, 'snapshots'));
    },
  );

  app.get(
    '/api/runs/:id/similarity/:snapshot',
    {
      schema: {
        summary: 'Debiased linear CKA between the blocks of a snapshot',
        params: Type.Object({ ...RunParams.properties, snapshot: Type.String({ maxLength: 20 }) }),
        querystring: NoQuery,
        response: binary(TYPE, 'safetensors: cka F32 [B, B]; metadata blocks'),
      },
    },
    async (request, reply) => {
      const { id, snapshot } = request.params;
      const folder = store.get(id);
      const similarity = await similarities.ofSnapshot(folder.measures, snapshot);
      if (isCached(request, reply, folder, tagOf(similarity))) return reply.status(304).send();
      return reply.type(TYPE).send(encode(similarity, 'blocks'));
    },
  );
}

function encode({ names, cka }: Similarity, what: 'snapshots' | 'blocks'): Buffer {
  const shape = [names.length, names.length];
  const bytes = encodeSafetensors(new Map([['cka', { dtype: 'F32', shape, data: cka }]]), {
    [what]: names.join(','),
  });
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Changes whenever a value does. */
function tagOf({ names, cka }: Similarity): string {
  let hash = 0x811c9dc5; // FNV-1a
  for (const bits of new Uint32Array(cka.buffer, cka.byteOffset, cka.length))
    hash = Math.imul(hash ^ bits, 0x01000193);
  return `${names.length}-${(hash >>> 0).toString(16)}`;
}
