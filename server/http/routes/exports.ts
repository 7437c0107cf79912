/** A run's weights, to take elsewhere, and what its merge changes. */
import { createReadStream } from 'node:fs';
import { Type } from 'typebox';
import { MergeReport } from '../../../shared/protocol.ts';
import { EXPORT_FORMS } from '../../runs/analyst.ts';
import { binary, NoQuery, replies, RunParams } from '../replies.ts';
import type { App, Services } from '../services.ts';

const Snapshot = Type.String({ maxLength: 20 });
const Wanted = Type.Object(
  { snapshot: Type.Optional(Snapshot), form: Type.Optional(Type.Enum([...EXPORT_FORMS])) },
  { additionalProperties: false },
);

export function exportRoutes(app: App, { store, analyst }: Services): void {
  app.get(
    '/api/runs/:id/export',
    {
      schema: {
        summary:
          'Weights of a snapshot, by default of the latest as they are (safetensors, loads in PyTorch)',
        params: RunParams,
        querystring: Wanted,
        response: binary('application/octet-stream', 'A safetensors file'),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { snapshot: wanted, form: wantedForm } = request.query;
      const { snapshot, form, path } = await analyst.export(store.get(id), wanted, wantedForm);
      const name = `${safe(id)}-${snapshot.id}-${form}.safetensors`;
      return reply
        .type('application/octet-stream')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(createReadStream(path));
    },
  );

  app.get(
    '/api/runs/:id/merge/:snapshot',
    {
      schema: {
        summary: 'The deep network beside its merged copy: the proof at λ = 0, the forecast above',
        params: Type.Object({ ...RunParams.properties, snapshot: Snapshot }),
        querystring: NoQuery,
        response: replies(MergeReport),
      },
    },
    (request) => analyst.mergeReport(store.get(request.params.id), request.params.snapshot),
  );
}

/** A folder from elsewhere may have any name. */
function safe(id: string): string {
  return id.replaceAll(/[^\w.-]/g, '_');
}
