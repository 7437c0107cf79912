import adapter from '@sveltejs/adapter-static';

/** A single page that the server hands out for every path it does not know. @type {import('@sveltejs/kit').Config} */
export default {
  compilerOptions: { runes: ({ filename }) => (filename.includes('node_modules') ? undefined : true) },
  kit: {
    adapter: adapter({ pages: 'build', assets: 'build', fallback: 'index.html' }),
    alias: { $shared: '../shared' },
  },
};
