/** Files that browsers keep: for good where they can't change, otherwise asked for anew by their tag. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RunFolder } from '../runs/folder.ts';

/** Sets the caching headers; true where the client has the content already and a 304 is all it needs. */
export function isCached(
  request: FastifyRequest,
  reply: FastifyReply,
  folder: RunFolder,
  tag: string,
): boolean {
  const etag = `"${tag}"`;
  // Only a finished run can't go on and replace what it has recorded.
  const final = folder.record.state === 'finished';
  void reply.header('etag', etag);
  void reply.header('cache-control', final ? 'private, max-age=31536000, immutable' : 'private, no-cache');
  return request.headers['if-none-match'] === etag;
}
