/** A run's weights, to take elsewhere. */
import { ScopeError } from '../../../shared/errors.ts';
import { binary, NoQuery, RunParams } from '../replies.ts';
import type { App, Services } from '../services.ts';

export function exportRoutes(app: App, { store }: Services): void {
  app.get(
    '/api/runs/:id/export',
    {
      schema: {
        summary: 'Weights, and all that going on needs, of the last checkpoint (safetensors)',
        params: RunParams,
        querystring: NoQuery,
        response: binary('application/octet-stream', 'A safetensors file'),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const checkpoint = await store.get(id).checkpoints.latest();
      if (!checkpoint)
        throw new ScopeError('NOT_FOUND', `run '${id}' has no checkpoint yet`, { field: 'id' });
      return reply
        .type('application/octet-stream')
        .header('content-disposition', `attachment; filename="${safe(id)}-${checkpoint.id}.safetensors"`)
        .send(checkpoint.bytes);
    },
  );
}

/** A folder from elsewhere may have any name. */
function safe(id: string): string {
  return id.replaceAll(/[^\w.-]/g, '_');
}
