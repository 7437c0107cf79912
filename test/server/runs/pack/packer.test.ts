import { expect, test } from 'vitest';
import { PackedFrame } from '../../../../server/runs/pack/format.ts';
import { packFrame } from '../../../../server/runs/pack/packFrame.ts';
import { pack } from '../../../../server/runs/pack/packer.ts';
import { encodeFrame } from '../../../../shared/frame.ts';
import { frameOf, tapOf } from './frames.ts';

test('frames are packed on another thread as they would be on this, and each answer finds its asker', async () => {
  const frames = [1, 2, 3].map((seed) => frameOf([tapOf('a.pre', [2, 3, 8, 8], 'u8', 'waves', seed)]));
  const packed = await Promise.all(frames.map((frame) => pack(encodeFrame(frame))));
  packed.forEach((bytes, i) => expect(Buffer.compare(bytes, packFrame(frames[i]!))).toBe(0));
});

test('what is no frame is refused, and the thread goes on', async () => {
  await expect(pack(Buffer.from('no frame at all'))).rejects.toThrow(
    'a snapshot could not be packed: not a vanillascope frame',
  );
  const frame = frameOf([tapOf('a.pre', [1, 1, 2, 2], 'u8', 'noise', 1)]);
  expect((await new PackedFrame(await pack(encodeFrame(frame))).read()).taps).toEqual(frame.taps);
});
