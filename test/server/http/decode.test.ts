import sharp, { type Sharp } from 'sharp';
import { expect, test } from 'vitest';
import { decodeImage } from '../../../server/http/decode.ts';

const RGB = { inputSize: 8, inputChannels: 3 };
const GREY = { inputSize: 8, inputChannels: 1 };
const RED = { r: 255, g: 0, b: 0 };
const BLUE = { r: 0, g: 0, b: 255 };

const plain = (width: number, height: number, background: object): Sharp =>
  sharp({ create: { width, height, channels: 3, background } });
/** Blue at the left, red at the right. */
const halves = async (width = 40, height = 20): Promise<Buffer> =>
  plain(width, height, RED)
    .composite([
      {
        input: await plain(width / 2, height, BLUE)
          .png()
          .toBuffer(),
        left: 0,
        top: 0,
      },
    ])
    .png()
    .toBuffer();
/** Every pixel another: nothing that compresses away. */
const noise = (): Sharp =>
  sharp(
    Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24),
    { raw: { width: 64, height: 64, channels: 3 } },
  );
/** Colours of the corners: top left, top right, bottom left, bottom right. */
const corners = (pixels: Uint8Array): string[] =>
  [0, 7, 56, 63].map((at) => {
    const [r, , b] = pixels.subarray(3 * at, 3 * at + 3);
    return r! > 230 && b! < 25 ? 'red' : b! > 230 && r! < 25 ? 'blue' : `${r}, ${b}`;
  });

test('a picture of the network’s own size keeps every pixel', async () => {
  const pixels = Uint8Array.from({ length: 192 }, (_, i) => (i * 37) % 256);
  const png = await sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } })
    .png()
    .toBuffer();
  expect([...(await decodeImage(png, RGB))]).toEqual([...pixels]);
});

test('a wide picture is cut to the square in its middle', async () => {
  const white = await plain(10, 20, { r: 255, g: 255, b: 255 }).png().toBuffer();
  const wide = await sharp(await halves())
    .composite([10, 20].map((_, i) => ({ input: white, left: i * 30, top: 0 })))
    .png()
    .toBuffer();
  expect(corners(await decodeImage(wide, RGB))).toEqual(['blue', 'red', 'blue', 'red']);
});

test.each([
  [1, ['blue', 'red', 'blue', 'red']],
  [3, ['red', 'blue', 'red', 'blue']],
  [6, ['blue', 'blue', 'red', 'red']],
  [8, ['red', 'red', 'blue', 'blue']],
])('a JPEG is turned as its EXIF orientation %i says', async (orientation, wanted) => {
  const jpeg = await sharp(await halves())
    .withMetadata({ orientation })
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer();
  expect(corners(await decodeImage(jpeg, RGB))).toEqual(wanted);
});

test('what is transparent is drawn on white, half of it half as strongly', async () => {
  const clear = (alpha: number): Promise<Buffer> =>
    sharp({ create: { width: 8, height: 8, channels: 4, background: { ...BLUE, alpha } } })
      .png()
      .toBuffer();
  expect([...(await decodeImage(await clear(0), RGB))].every((v) => v === 255)).toBe(true);
  const [r, , b] = await decodeImage(await clear(0.5), RGB);
  expect(Math.abs(r! - 127.5)).toBeLessThan(2);
  expect(b).toBe(255);
});

test('a WebP is read, of an animated one the first picture', async () => {
  const frames = [await plain(8, 8, RED).png().toBuffer(), await plain(8, 8, BLUE).png().toBuffer()];
  const animated = await sharp(frames, { join: { animated: true } })
    .webp({ lossless: true })
    .toBuffer();
  expect((await sharp(animated).metadata()).pages).toBe(2);
  expect(corners(await decodeImage(animated, RGB))).toEqual(['red', 'red', 'red', 'red']);
});

test('grey pictures become colour for a network of three channels, and colour grey for one of one', async () => {
  const grey = await plain(8, 8, { r: 90, g: 90, b: 90 }).greyscale().png().toBuffer();
  expect([...(await decodeImage(grey, RGB)).subarray(0, 3)]).toEqual([90, 90, 90]);
  const one = await decodeImage(await halves(), GREY);
  expect(one).toHaveLength(64);
  expect(one[7]).toBeGreaterThan(one[0]!); // red is lighter than blue
});

test('sixteen bits a channel and the colours of print are brought to eight bits sRGB', async () => {
  const deep = await sharp(await halves())
    .toColourspace('rgb16')
    .png()
    .toBuffer();
  expect((await sharp(deep).metadata()).depth).toBe('ushort');
  expect(corners(await decodeImage(deep, RGB))).toEqual(['blue', 'red', 'blue', 'red']);
  const print = await plain(8, 8, RED).toColourspace('cmyk').jpeg().toBuffer();
  expect((await sharp(print).metadata()).channels).toBe(4);
  const [r, g, b] = await decodeImage(print, RGB);
  expect(r).toBeGreaterThan(200);
  expect(Math.max(g!, b!)).toBeLessThan(60);
});

const svg = (text: string) => async () => Buffer.from(text);
test.each<[string, () => Promise<Buffer>, RegExp]>([
  ['a GIF', async () => noise().gif().toBuffer(), /is of the type GIF; JPEG, PNG and WebP are valid/],
  ['an AVIF', async () => noise().avif({ effort: 0 }).toBuffer(), /is of the type AVIF/],
  ['a TIFF', async () => noise().tiff().toBuffer(), /is of the type TIFF/],
  ['an SVG', svg('<svg xmlns="http://www.w3.org/2000/svg"/>'), /is of the type SVG/],
  ['an SVG with a prologue', svg('<?xml version="1.0"?>\n<!-- x -->\n<svg/>'), /is of the type SVG/],
  ['a text', svg('not an image'), /no image of a known type; JPEG, PNG and WebP are valid/],
  ['nothing', svg(''), /is empty/],
])('%s is refused by name', async (_, make, message) => {
  await expect(decodeImage(await make(), RGB)).rejects.toMatchObject({
    code: 'INVALID_DATA',
    field: 'body',
    message: expect.stringMatching(message),
  });
});

test.each(['jpeg', 'png', 'webp'] as const)('a %s that is cut off anywhere is refused', async (type) => {
  const whole = await noise()[type]().toBuffer();
  expect(await decodeImage(whole, RGB)).toHaveLength(192);
  for (const share of [0.002, 0.3, 0.6, 0.95])
    await expect(decodeImage(whole.subarray(0, 12 + whole.length * share), RGB)).rejects.toMatchObject({
      code: 'INVALID_DATA',
      message: expect.stringMatching(/^the image is damaged: \S/),
    });
});

test('a small file that claims to be huge is refused by its size, before a pixel is decoded', async () => {
  const bomb = Buffer.from(await halves());
  bomb.writeUInt32BE(60_000, 16);
  bomb.writeUInt32BE(50_000, 20);
  await expect(decodeImage(bomb, RGB)).rejects.toMatchObject({
    code: 'INVALID_DATA',
    message: expect.stringContaining('60000×50000 pixels; up to 50 million are valid'),
  });
});
