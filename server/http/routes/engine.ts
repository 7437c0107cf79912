/** The engines of the machine, as the ladder has tried them. */
import { EngineReport } from '../../../shared/protocol.ts';
import { NoQuery, replies } from '../replies.ts';
import type { App, Services } from '../services.ts';

export function engineRoutes(app: App, { ladder }: Services): void {
  app.get(
    '/api/engine',
    {
      schema: {
        summary: 'Every engine, whether it works here, and why not',
        querystring: NoQuery,
        response: replies(EngineReport),
      },
    },
    () => ladder.report,
  );
}
