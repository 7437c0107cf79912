import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type {} from 'svelte';
import { encodeSafetensors } from '../../../shared/safetensors.ts';
import { Drift } from '../../../web/src/lib/state/drift.svelte.ts';

/** A reply of the server: these snapshots fall into groups that resemble themselves alone. */
function similarity(snapshots: readonly string[], groups: readonly number[]): Response {
  const cka = Float32Array.from(
    groups.flatMap((a, i) => groups.map((b, j) => (i === j ? 1 : a === b ? 0.9 : 0.1))),
  );
  const n = snapshots.length;
  const bytes = encodeSafetensors(new Map([['cka', { dtype: 'F32', shape: [n, n], data: cka }]]), {
    snapshots: snapshots.join(','),
  });
  return new Response(bytes as Uint8Array<ArrayBuffer>);
}
const serve = (answer: (path: string) => Response) => {
  const fetched = vi.fn(async (path: string) => answer(path));
  vi.stubGlobal('fetch', fetched);
  return fetched;
};
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const ids = ['0', '1', '2', '3', '4', '5', '6', '7'];
const groups = [9, 0, 0, 1, 1, 1, 2, 2];

test('the stages of a run are found from the similarity of every block', async () => {
  const fetched = serve(() => similarity(ids, groups));
  const drift = new Drift('r', ['stem', 'stages.0']);
  await drift.ask(ids.length);
  expect(drift.rule).toEqual({ by: 'epoch', mid: 2, late: 5 });
  expect(fetched.mock.calls.map(([path]) => path)).toEqual([
    '/api/runs/r/similarity?block=stem',
    '/api/runs/r/similarity?block=stages.0',
  ]);
});

test('a block that knows a snapshot more than the others waits for them', async () => {
  serve((path) =>
    path.endsWith('stem') ? similarity([...ids, '8'], [...groups, 2]) : similarity(ids, groups),
  );
  const drift = new Drift('r', ['stem', 'stages.0']);
  await drift.ask(9);
  expect(drift.rule).toEqual({ by: 'epoch', mid: 2, late: 5 });
});

test('too few snapshots are not even asked about', async () => {
  const fetched = serve(() => similarity(ids, groups));
  const drift = new Drift('r', ['stem']);
  await drift.ask(6);
  expect([drift.rule, drift.lack]).toEqual([null, 'few']);
  expect(fetched).not.toHaveBeenCalled();
});

test('a run without measures says so, and so does a failure', async () => {
  const drift = new Drift('r', ['stem']);
  serve(() => similarity([], []));
  await drift.ask(8);
  expect([drift.rule, drift.lack]).toEqual([null, 'missing']);
  const fetched = serve(() => Response.json({ code: 'NOT_FOUND', message: 'nothing' }, { status: 404 }));
  const older = new Drift('r', ['stem', 'stages.0', 'stages.1']);
  await older.ask(8);
  expect([older.rule, older.lack]).toEqual([null, 'missing']);
  expect(fetched).toHaveBeenCalledTimes(1);
  serve(() => Response.json({ code: 'INTERNAL', message: 'no luck' }, { status: 500 }));
  await drift.ask(8);
  expect([drift.lack, drift.error?.message]).toEqual(['failed', 'no luck']);
});

test('a snapshot that comes while it reads is read once more', async () => {
  const fetched = serve(() => similarity(ids, groups));
  const drift = new Drift('r', ['stem']);
  const first = drift.ask(8);
  void drift.ask(9);
  void drift.ask(10);
  await first;
  expect(fetched).toHaveBeenCalledTimes(2);
});

test('the last snapshot, which is measured after it has been recorded, is asked for again until it is', async () => {
  let measured = 7;
  const fetched = serve(() => similarity(ids.slice(0, measured), groups.slice(0, measured)));
  const drift = new Drift('r', ['stem']);
  await drift.ask(8);
  const before = drift.rule;
  expect(before).toEqual({ by: 'epoch', mid: 2, late: 5 });
  await vi.advanceTimersByTimeAsync(2000);
  expect(fetched).toHaveBeenCalledTimes(2);
  measured = 8;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(fetched).toHaveBeenCalledTimes(3);
});

test('a snapshot that is never measured is not asked for for ever', async () => {
  const fetched = serve(() => similarity(ids, groups));
  await new Drift('r', ['stem']).ask(9);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(fetched).toHaveBeenCalledTimes(4);
});
