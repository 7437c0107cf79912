import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Frame } from '../../../shared/frame.ts';
import type { ProbeInfo } from '../../../shared/protocol.ts';
import type { Scene } from '../../../web/src/lib/run/scene.svelte.ts';
import { ApiError } from '../../../web/src/lib/state/api.ts';
import { type FrameReader, SnapshotCache } from '../../../web/src/lib/state/snapshots.ts';
import { faultOf, ownIndex, probeName } from '../../../web/src/lib/probes/own.ts';
import { OwnImages } from '../../../web/src/lib/probes/ownImages.svelte.ts';
import { uploadProbe } from '../../../web/src/lib/probes/upload.ts';

const recorded = (index: number): ProbeInfo => ({ index, label: index, className: `class ${index}` });
const brought = (index: number, own: string): ProbeInfo => ({ index, label: -1, className: '', own });
const file = (name: string, type = 'image/png', size = 10): File =>
  new File([new Uint8Array(size)], name, { type });

/** A stage with two recorded probes, and a server that numbers images from 2 on. */
function createStage(): {
  stage: Pick<Scene, 'run' | 'detail' | 'probe' | 'set'>;
  own: OwnImages;
  upload: ReturnType<typeof vi.fn<typeof uploadProbe>>;
  remove: ReturnType<typeof vi.fn<(run: string, index: number) => Promise<void>>>;
  frames: SnapshotCache;
} {
  let probes = [recorded(0), recorded(1)];
  let probe = 0;
  let next = 2;
  const stage = {
    run: { id: 'r', takeProbes: (list: ProbeInfo[]) => (probes = list) },
    get detail() {
      return { probes };
    },
    get probe() {
      return probes.some((p) => p.index === probe) ? probe : 0;
    },
    set: (change: { probe?: number }) => (probe = change.probe ?? probe),
  } as unknown as Pick<Scene, 'run' | 'detail' | 'probe' | 'set'>;
  const upload = vi.fn<typeof uploadProbe>(async (_run, _file, name) => brought(next++, name));
  const remove = vi.fn(async () => undefined);
  const read = vi.fn<FrameReader>(
    async (...[, , , , own]) => ({ probes: own, taps: [] }) as unknown as Frame,
  );
  const frames = new SnapshotCache(1000, read);
  return { stage, own: new OwnImages(stage, frames, { upload, remove }), upload, remove, frames };
}
const indices = ({ detail }: Pick<Scene, 'detail'>): number[] => detail.probes.map((p) => p.index);

test('an own image is told from a recorded probe, and is called by its name', () => {
  const detail = { probes: [recorded(0), brought(5, 'cat.png')] };
  expect(ownIndex({ detail, probe: 0 })).toBeUndefined();
  expect(ownIndex({ detail, probe: 5 })).toBe(5);
  expect(ownIndex({ detail, probe: 9 })).toBeUndefined();
  expect([0, 5, 9].map((probe) => probeName({ detail, probe }))).toEqual(['class 0', 'cat.png', '']);
});

test('what is no image, or too large, is told before it is sent', () => {
  expect(faultOf({ type: 'image/webp', size: 10 * 2 ** 20 })).toBeNull();
  expect(faultOf({ type: '', size: 1 })).toBeNull(); // only its content can tell
  expect(faultOf({ type: 'image/gif', size: 1 })).toBe('type');
  expect(faultOf({ type: 'text/plain', size: 1 })).toBe('type');
  expect(faultOf({ type: 'image/png', size: 10 * 2 ** 20 + 1 })).toBe('size');
});

test('of several images the first that is taken becomes the probe, and each fault is told', async () => {
  const { stage, own, upload } = createStage();
  await own.add([file('a.gif', 'image/gif'), file('b.png'), file('c.png'), file('d.png', 'image/png', 11e6)]);
  expect(upload.mock.calls.map(([run, , name]) => [run, name])).toEqual([
    ['r', 'b.png'],
    ['r', 'c.png'],
  ]);
  expect(indices(stage)).toEqual([0, 1, 2, 3]);
  expect(stage.probe).toBe(2);
  expect(own.uploads).toEqual([]);
  expect(own.problems.map(({ name, why, detail }) => [name, why, detail])).toEqual([
    ['a.gif', 'type', '0.0'],
    ['d.png', 'size', '10.5'],
  ]);
  own.dismiss(own.problems[0]!);
  expect(own.problems.map(({ name }) => name)).toEqual(['d.png']);
});

test('an upload shows how far it is, and its refusal in the words of the server', async () => {
  const { stage, own, upload } = createStage();
  let refuse: (error: Error) => void = () => undefined;
  upload.mockImplementation((_run, _file, _name, onprogress) => {
    onprogress(0.25);
    return new Promise((_, reject) => (refuse = reject));
  });
  const done = own.add([file('a.png')]);
  expect(own.uploads).toMatchObject([{ name: 'a.png', share: 0.25 }]);
  refuse(new ApiError(409, { code: 'INVALID_DATA', message: 'the image is damaged' }));
  await done;
  expect(own.uploads).toEqual([]);
  expect(own.problems).toMatchObject([{ name: 'a.png', why: 'failed', detail: 'the image is damaged' }]);
  expect(stage.probe).toBe(0);
});

test('an image that the feed has told of already is not listed twice', async () => {
  const { stage, own, upload } = createStage();
  upload.mockImplementation(async (_run, _file, name) => {
    const probe = brought(2, name);
    stage.run.takeProbes([...stage.detail.probes, probe]);
    return probe;
  });
  await own.add([file('a.png')]);
  expect(indices(stage)).toEqual([0, 1, 2]);
});

test('when the chosen image is removed, the probe before it is chosen; another one stays', async () => {
  const { stage, own, remove } = createStage();
  await own.add([file('a.png'), file('b.png')]);
  stage.set({ probe: 3 });
  await own.remove(2);
  expect([stage.probe, ...indices(stage)]).toEqual([3, 0, 1, 3]);
  await own.remove(3);
  expect([stage.probe, ...indices(stage)]).toEqual([1, 0, 1]);
  expect(remove.mock.calls).toEqual([
    ['r', 2],
    ['r', 3],
  ]);
});

test('the probe before it is chosen also where the feed tells of the removal first', async () => {
  const { stage, own, remove } = createStage();
  await own.add([file('a.png')]);
  remove.mockImplementation(async (_run, index) => {
    stage.run.takeProbes(stage.detail.probes.filter((p) => p.index !== index));
  });
  const set = vi.spyOn(stage, 'set');
  await own.remove(2);
  expect(set).toHaveBeenCalledWith({ probe: 1 });
});

test('an image that can’t be removed stays, and the reason is told', async () => {
  const { stage, own, remove } = createStage();
  await own.add([file('a.png')]);
  remove.mockRejectedValue(new ApiError(0, { code: 'UNREACHABLE', message: 'no answer' }));
  await own.remove(2);
  expect(indices(stage)).toEqual([0, 1, 2]);
  expect(own.problems).toMatchObject([{ name: 'a.png', detail: 'no answer' }]);
});

test('frames of a series replace one another, those that come too fast are let go by, the last one stays', async () => {
  const { stage, own, upload } = createStage();
  await Promise.all([own.pass(file('1'), '1'), own.pass(file('2'), '2')]);
  expect(upload).toHaveBeenCalledTimes(1);
  await own.pass(file('3'), '3');
  expect(indices(stage)).toEqual([0, 1, 3]);
  expect(stage.probe).toBe(3);
  // One that is on its way when the series ends is the last of it.
  const last = own.pass(file('4'), '4');
  own.endPassing();
  await last;
  expect(indices(stage)).toEqual([0, 1, 4]);
  await own.pass(file('5'), '5');
  expect(indices(stage)).toEqual([0, 1, 4, 5]);
});

test('what was looked at of a frame is there of the next one before that takes its place', async () => {
  const { stage, own, frames } = createStage();
  await own.pass(file('1'), '1');
  const key = { run: 'r', snapshot: '3', block: 'stem', taps: ['stem.out'] };
  await frames.get({ ...key, own: 2 }, new AbortController().signal);
  await frames.get(key, new AbortController().signal);
  const { set } = stage;
  vi.spyOn(stage, 'set').mockImplementation((change) => {
    expect(frames.peek({ ...key, own: change.probe })?.probes).toEqual([3]);
    set(change);
  });
  await own.pass(file('2'), '2');
  expect(stage.set).toHaveBeenCalledTimes(1);
  expect(frames.heldOf('r', 3).map(({ snapshot }) => snapshot)).toEqual(['3']);
  expect(frames.heldOf('r', 9)).toEqual([]);
});

/** What the browser's XMLHttpRequest is to the upload. */
class FakeRequest {
  static last: FakeRequest;
  static reply: { status: number; text: string } | null = null;
  upload: { onprogress: (event: { loaded: number; total: number }) => void } = {
    onprogress: () => undefined,
  };
  onload = (): void => undefined;
  onerror = (): void => undefined;
  status = 0;
  statusText = 'Conflict';
  responseText = '';
  opened: string[] = [];
  headers: string[] = [];
  open(...args: string[]): void {
    this.opened = args;
  }
  setRequestHeader(...args: string[]): void {
    this.headers = args;
  }
  send(): void {
    FakeRequest.last = this;
    this.upload.onprogress({ loaded: 5, total: 10 });
    if (FakeRequest.reply === null) return this.onerror();
    this.status = FakeRequest.reply.status;
    this.responseText = FakeRequest.reply.text;
    this.onload();
  }
}

beforeEach(() => vi.stubGlobal('XMLHttpRequest', FakeRequest));
afterEach(() => vi.unstubAllGlobals());

test('an upload sends the bytes under the type and name of the file, and gives the new probe', async () => {
  FakeRequest.reply = { status: 201, text: JSON.stringify(brought(7, 'a b.png')) };
  const shares: number[] = [];
  const probe = await uploadProbe('a/b', file('a b.png'), 'a b.png', (share) => shares.push(share));
  expect(probe.index).toBe(7);
  expect(shares).toEqual([0.5]);
  const { opened, headers } = FakeRequest.last;
  expect(opened).toEqual(['POST', '/api/runs/a%2Fb/probes?name=a+b.png']);
  expect(headers).toEqual(['content-type', 'image/png']);
});

test.each([
  [{ status: 409, text: '{"code":"CONFLICT","message":"64 are the most"}' }, 409, '64 are the most'],
  [{ status: 500, text: '<html>' }, 500, '500 Conflict'],
  [null, 0, 'The server does not answer.'],
])('an upload that fails rejects with what is known of it (%o)', async (reply, status, message) => {
  FakeRequest.reply = reply;
  await expect(uploadProbe('r', file('a.png'), '', () => undefined)).rejects.toMatchObject({
    status,
    message,
  });
});
