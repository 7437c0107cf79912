/** A run's snapshots: the list, and each as a frame, whole or the part that was asked for. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { Type } from 'typebox';
import { ScopeError } from '../../../shared/errors.ts';
import { decodeFrame, encodeFrame, selectFrame } from '../../../shared/frame.ts';
import { FRAME_TYPE, SnapshotInfo } from '../../../shared/protocol.ts';
import type { RunFolder } from '../../runs/folder.ts';
import { isCached } from '../caching.ts';
import { binary, NoQuery, replies, RunParams } from '../replies.ts';
import type { App, Services } from '../services.ts';

const unpack = promisify(gunzip);
const zip = promisify(gzip);

const Part = Type.Object(
  {
    taps: Type.Optional(Type.String({ pattern: '^[\\w.]+(,[\\w.]+)*$', maxLength: 20_000 })),
    probes: Type.Optional(Type.String({ pattern: '^(\\d+(,\\d+)*)?$', maxLength: 10_000 })),
  },
  { additionalProperties: false },
);

export function snapshotRoutes(app: App, { store, analyst }: Services): void {
  app.get(
    '/api/runs/:id/snapshots',
    {
      schema: {
        summary: 'Recorded snapshots, in order of time',
        params: RunParams,
        querystring: NoQuery,
        response: replies(Type.Array(SnapshotInfo)),
      },
    },
    (request) => store.get(request.params.id).snapshots.list(),
  );

  app.get(
    '/api/runs/:id/snapshots/:snapshot',
    {
      schema: {
        summary:
          'A snapshot as a frame; ?taps=a,b&probes=0,3 gives a part of it, ?probes= with no index the ranges of its ' +
          'channels alone. Of an image that a user brought, ' +
          '?probes=12 gives the frame of that one alone, computed from the weights of the snapshot: a request can ' +
          'mix neither two of them nor one with recorded probes',
        params: Type.Object({ ...RunParams.properties, snapshot: Type.String({ maxLength: 20 }) }),
        querystring: Part,
        response: binary(FRAME_TYPE, 'A frame: see shared/frame.ts'),
      },
    },
    async (request, reply) => {
      const { id, snapshot } = request.params;
      const { taps } = request.query;
      const probes = request.query.probes?.split(',').filter(Boolean).map(Number);
      const folder = store.get(id);
      const own = findOwn(folder, probes ?? []);
      if (own !== null) {
        const kept = await analyst.ownFrames.find(folder, own, snapshot);
        const tag = `${snapshot}-own-${own}-${Math.round(kept.modified)}-${kept.bytes.length}`;
        if (isCached(request, reply, folder, tag)) return reply.status(304).send();
        const frame = decodeFrame(await unpack(kept.bytes));
        const asked = taps?.split(',') ?? null;
        checkPart(frame, asked, null);
        return reply.type(FRAME_TYPE).send(Buffer.from(encodeFrame(selectFrame(frame, asked, null)).buffer));
      }
      const { modified, bytes } = await folder.snapshots.file(snapshot);
      const tag = `${snapshot}-${Math.round(modified)}-${bytes}`;
      if (isCached(request, reply, folder, tag)) return reply.status(304).send();
      void reply.type(FRAME_TYPE);
      const asked = { taps: taps?.split(',') ?? null, probes: probes ?? null };
      const stored = await folder.snapshots.open(snapshot);
      checkPart(stored.header, asked.taps, asked.probes);
      // Who has left, as a slider does that is dragged on, is not worked for any longer.
      const left = new AbortController();
      reply.raw.once('close', () => left.abort());
      const part = await stored.read({ ...asked, signal: left.signal }).catch((error: unknown) => {
        if (!left.signal.aborted) throw error;
        return null;
      });
      if (!part) return reply.hijack();
      const content = Buffer.from(encodeFrame(part).buffer);
      if (taps !== undefined || probes !== undefined) return reply.send(content);
      void reply.header('vary', 'accept-encoding');
      if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(content);
      return reply.header('content-encoding', 'gzip').send(await zip(content, { level: 1 }));
    },
  );
}

/** The own image that is asked for; null where it is recorded probes. */
function findOwn({ own }: RunFolder, probes: number[]): number | null {
  const found = probes.find((index) => own.has(index));
  if (found === undefined) return null;
  if (probes.length > 1)
    throw new ScopeError(
      'INVALID_CONFIG',
      `probe ${found} is an image that was brought: it can be asked for only alone, as ?probes=${found}`,
      { field: 'probes' },
    );
  return found;
}

/** A tap or probe that is asked for and that the snapshot does not hold is named. */
function checkPart(
  held: { taps: readonly { id: string }[]; probes: readonly number[] },
  taps: string[] | null,
  probes: number[] | null,
): void {
  const known = held.taps.map((tap) => tap.id);
  const tap = taps?.find((id) => !known.includes(id));
  if (tap !== undefined)
    throw new ScopeError('INVALID_CONFIG', `the snapshot has no tap '${tap}'; it has ${known.join(', ')}`, {
      field: 'taps',
    });
  const probe = probes?.find((index) => !held.probes.includes(index));
  if (probe !== undefined)
    throw new ScopeError(
      'INVALID_CONFIG',
      `the snapshot has no probe ${probe}; it has ${held.probes.join(', ')}`,
      { field: 'probes' },
    );
}
