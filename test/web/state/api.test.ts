import { afterEach, expect, test, vi } from 'vitest';
import { commandRun, readFrame, readRuns } from '../../../web/src/lib/state/api.ts';

const answer = (response: Response | Error) => {
  const fetched = vi.fn(async (_path: string, _init: RequestInit) => {
    if (response instanceof Error) throw response;
    return response;
  });
  vi.stubGlobal('fetch', fetched);
  return fetched;
};
afterEach(() => vi.unstubAllGlobals());

test('an error reply is read in its own words', async () => {
  answer(Response.json({ code: 'CONFLICT', message: 'the run is paused', field: 'state' }, { status: 409 }));
  await expect(commandRun('a', 'pause')).rejects.toMatchObject({
    name: 'ApiError',
    status: 409,
    code: 'CONFLICT',
    message: 'the run is paused',
    field: 'state',
  });
});

test('an error that is not an error reply gives its status', async () => {
  answer(new Response('<html>', { status: 502, statusText: 'Bad Gateway' }));
  await expect(readRuns()).rejects.toMatchObject({ status: 502, message: '502 Bad Gateway' });
});

test('a server that does not answer is named so', async () => {
  answer(new TypeError('fetch failed'));
  await expect(readRuns()).rejects.toMatchObject({ status: 0, code: 'UNREACHABLE' });
});

test('an aborted request stays an abort', async () => {
  answer(new DOMException('stop', 'AbortError'));
  await expect(readRuns()).rejects.toMatchObject({ name: 'AbortError' });
});

test('ids and taps are escaped on their way into the path', async () => {
  const fetched = answer(new Response(null, { status: 404, statusText: 'Not Found' }));
  await expect(readFrame('a/b', '30m', ['stem.out', 'stem.pre'])).rejects.toThrow();
  expect(fetched.mock.calls[0]?.[0]).toBe('/api/runs/a%2Fb/snapshots/30m?taps=stem.out%2Cstem.pre');
});
