/** A run's metrics, epoch by epoch. */
import { Type } from 'typebox';
import { EpochMetrics } from '../../../shared/protocol.ts';
import { NoQuery, replies, RunParams } from '../replies.ts';
import type { App, Services } from '../services.ts';

export function metricRoutes(app: App, { store }: Services): void {
  app.get(
    '/api/runs/:id/metrics',
    {
      schema: {
        summary: 'Metrics of every completed epoch, in order',
        params: RunParams,
        querystring: NoQuery,
        response: replies(Type.Array(EpochMetrics)),
      },
    },
    (request) => store.get(request.params.id).metrics(),
  );
}
