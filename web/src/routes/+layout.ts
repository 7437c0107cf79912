/** The whole dashboard runs in the browser; the server hands out one page. */
export const ssr = false;
export const prerender = false;
