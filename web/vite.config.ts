import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig, type ProxyOptions } from 'vite';

/** `npm run build` needs nothing of this; `vite dev` talks to a server that runs beside it. */
const server = process.env['VANILLASCOPE_URL'] ?? 'http://127.0.0.1:3000';
/** The page comes from another port than the server's, which answers no foreign Origin. */
const proxied: ProxyOptions = {
  target: server,
  changeOrigin: true,
  configure: (proxy) => {
    proxy.on('proxyReq', (request) => request.removeHeader('origin'));
    proxy.on('proxyReqWs', (request) => request.removeHeader('origin'));
  },
};

export default defineConfig({
  plugins: [sveltekit()],
  build: { cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'] },
  server: {
    fs: { allow: ['..'] },
    proxy: {
      '/api': proxied,
      '/socket.io': { ...proxied, ws: true },
    },
  },
});
