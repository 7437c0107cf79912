/** The dashboard: files of web/build; any other address is a page of the single-page application. */
import fastifyStatic from '@fastify/static';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from './services.ts';

const NOT_BUILT = `<!doctype html><meta charset="utf-8"><title>vanillascope</title>
<h1>The dashboard is not built</h1>
<p>The server runs, but <code>web/build</code> is missing. Build it with <code>npm run build</code>, or start with
<code>npm start</code>, which builds what is stale. The REST interface is at <a href="/api/docs">/api/docs</a>.</p>
`;

/** Chromium looks it up at every change of the address, of which a view makes many. */
const ICON = 'favicon.svg';

export async function addPages(app: App, build: string): Promise<void> {
  // `serve: false`: the plugin only sends the files that are chosen below; the folder may be built later.
  await app.register(fastifyStatic, { root: build, serve: false, cacheControl: false });
  app.get('/*', { schema: { hide: true } }, async (request, reply) => {
    // Not by URL: it would take what follows two slashes for a host.
    const path = decodeURIComponent(request.url.replace(/[?#].*$/, ''));
    if (path === '/api' || path.startsWith('/api/')) return reply.callNotFound();
    const name = path.slice(1);
    // Vite puts a hash of the content into the names below _app/immutable.
    const kept = name.startsWith('_app/immutable/');
    void reply.header(
      'cache-control',
      kept ? 'public, max-age=31536000, immutable' : name === ICON ? 'public, max-age=86400' : 'no-cache',
    );
    const isFile =
      name !== '' && !name.includes('..') && /\.\w+$/.test(name) && existsSync(join(build, name));
    if (isFile) return reply.sendFile(name);
    if (name.startsWith('_app/')) return reply.callNotFound();
    if (!existsSync(join(build, 'index.html'))) return reply.status(503).type('text/html').send(NOT_BUILT);
    return reply.sendFile('index.html');
  });
}
