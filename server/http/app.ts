/** The whole HTTP side, apart from listening: tests call it without a socket. */
import { join } from 'node:path';
import Fastify, { type FastifyReply } from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { TSchema } from 'typebox';
import { ScopeError } from '../../shared/errors.ts';
import { check } from '../runs/check.ts';
import { Similarities } from '../runs/similarities.ts';
import { Uploads } from '../runs/uploads.ts';
import { addDocs } from './docs.ts';
import { handleError, toReply } from './errors.ts';
import { createFeed } from './feed.ts';
import { createGuard } from './guard.ts';
import { addPages } from './pages.ts';
import { datasetRoutes } from './routes/datasets.ts';
import { engineRoutes } from './routes/engine.ts';
import { exportRoutes } from './routes/exports.ts';
import { measureRoutes } from './routes/measures.ts';
import { metricRoutes } from './routes/metrics.ts';
import { presetRoutes } from './routes/presets.ts';
import { probeRoutes } from './routes/probes.ts';
import { runRoutes } from './routes/runs.ts';
import { snapshotRoutes } from './routes/snapshots.ts';
import { weightRoutes } from './routes/weights.ts';
import type { App, Services } from './services.ts';

export interface AppOptions extends Services {
  /** The address that the server will be bound to: it decides which Host names are its own. */
  host: string;
  /** Folder of the built dashboard. */
  build: string;
  /** Logs warnings and errors to stderr. */
  log?: boolean;
}

const LONGEST_BODY = 256 * 1024;

export async function buildApp(options: AppOptions): Promise<App> {
  const guard = createGuard(options.host);
  const app: App = Fastify({
    logger: options.log ? { level: 'warn', stream: process.stderr } : false,
    bodyLimit: LONGEST_BODY,
    forceCloseConnections: true,
    // A file system's longest name, every byte of it escaped.
    routerOptions: { maxParamLength: 3 * 255 },
    // An address that is none reaches no route and no handler of errors.
    frameworkErrors: (error, _request, reply) => {
      const { status, reply: body } = toReply(error);
      void (reply as FastifyReply).status(status).send(body);
    },
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.setValidatorCompiler<TSchema>(({ schema }) => (value) => {
    try {
      return { value: check(schema, value) };
    } catch (error) {
      return { error: error as Error };
    }
  });
  // The schemas of replies are documentation; what is sent is typed by them, and tests hold it against them.
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(async (request, reply) => {
    const error = new ScopeError('NOT_FOUND', `there is no ${request.method} ${request.url.slice(0, 200)}`);
    await reply.status(404).send(toReply(error).reply);
  });
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-content-type-options', 'nosniff');
    const refusal = guard(request.headers);
    if (refusal !== null) throw new ScopeError('FORBIDDEN', refusal);
  });

  app.addHook('preHandler', async ({ params }) => {
    const { id } = (params ?? {}) as { id?: string };
    if (id !== undefined) await options.store.look(id);
  });

  await addDocs(app);
  engineRoutes(app, options);
  datasetRoutes(app, options);
  presetRoutes(app);
  const uploads = await Uploads.open(join(options.store.path, '.uploads'));
  weightRoutes(app, uploads);
  runRoutes(app, options, uploads);
  metricRoutes(app, options);
  measureRoutes(app, options, new Similarities());
  snapshotRoutes(app, options);
  probeRoutes(app, options);
  exportRoutes(app, options);
  await addPages(app, options.build);

  const feed = createFeed(app.server, options, guard);
  app.addHook('preClose', async () => {
    feed.close();
    options.analyst.close();
  });
  return app;
}
