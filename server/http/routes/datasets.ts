/** The data sets that runs can be trained on. */
import { Type } from 'typebox';
import { DatasetInfo } from '../../../shared/protocol.ts';
import { NoQuery, replies } from '../replies.ts';
import type { App, Services } from '../services.ts';

export function datasetRoutes(app: App, { datasets }: Services): void {
  app.get(
    '/api/datasets',
    {
      schema: {
        summary: 'Data sets, the missing ones too, with what to do to have them',
        querystring: NoQuery,
        response: replies(Type.Array(DatasetInfo)),
      },
    },
    () => datasets.describe(),
  );
}
