/** Keeps other web pages out: a page of a foreign origin, or of a name that was bent to this address (DNS
 * rebinding), must neither read nor command this server. */
import type { IncomingHttpHeaders } from 'node:http';
import { networkInterfaces } from 'node:os';

const LOOPBACK = ['localhost', '127.0.0.1', '::1'];
const EVERYWHERE = ['0.0.0.0', '::'];
/** A name or address with an optional port, as the Host header has it. */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i;

/** Null where the request may pass, else why not. */
export type Guard = (headers: Pick<IncomingHttpHeaders, 'host' | 'origin'>) => string | null;

/** `host` is the address that the server is bound to; bound to all, every address of the machine is its own. */
export function createGuard(host: string): Guard {
  const own = new Set([...LOOPBACK, bare(host)]);
  if (EVERYWHERE.includes(bare(host)))
    for (const addresses of Object.values(networkInterfaces()))
      for (const { address } of addresses ?? []) own.add(bare(address));
  return ({ host: named, origin }) => {
    if (!named || !HOST.test(named)) return `the Host header '${named ?? ''}' is not valid`;
    if (!own.has(bare(named.replace(/:\d+$/, ''))))
      return `the Host '${named}' is not this server's; start it with --host to be reached by that name`;
    if (origin !== undefined && !isSame(origin, named))
      return `requests from the origin '${origin}' are not accepted`;
    return null;
  };
}

/** Origin and Host name the same server; a scheme's default port may be left out of either. */
function isSame(origin: string, host: string): boolean {
  try {
    const { protocol, host: from } = new URL(origin);
    return /^https?:$/.test(protocol) && from === new URL(`${protocol}//${host}`).host;
  } catch {
    return false;
  }
}

function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/%.*$/, '');
}
