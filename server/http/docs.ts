/** OpenAPI of the REST routes at /api/docs, made from the schemas that check the requests. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { App } from './services.ts';

/** Must come before the routes, which it overhears being added. */
export async function addDocs(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'vanillascope',
        description:
          'Runs, metrics and snapshots over REST. Live events and frames come over Socket.IO: see shared/protocol.ts.',
        version: '1',
      },
    },
  });
  await app.register(swaggerUi, { routePrefix: '/api/docs' });
}
