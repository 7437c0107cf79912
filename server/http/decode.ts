/** Decodes the images that users bring into the network's input. They come from anywhere: the type is told from the
 * content, the size is known before a pixel is decoded, and nothing but the first picture is read. */
import { ScopeError } from '../../shared/errors.ts';

/** Most pixels of an image, and most bytes of its file. */
export const MOST_PIXELS = 50_000_000;
export const MOST_BYTES = 10 * 1024 * 1024;

const VALID = 'JPEG, PNG and WebP are valid';

/** The first bytes of files that people may take for images that are valid here. */
const SIGNATURES: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['JPEG', /^\xff\xd8\xff/],
  ['PNG', /^\x89PNG\r\n/],
  ['WebP', /^RIFF[^]{4}WEBP/],
  ['GIF', /^GIF8/],
  ['BMP', /^BM/],
  ['TIFF', /^(II\*\0|MM\0\*)/],
  ['AVIF', /^[^]{4}ftypavi[fs]/],
  ['HEIC', /^[^]{4}ftyp(hei|hev|mif1|msf1)/],
  ['SVG', /^\s*(<\?xml[^]*)?(<!--[^]*)?(<!DOCTYPE\s+svg|<svg)/i],
  ['PDF', /^%PDF/],
];
const DECODED = ['JPEG', 'PNG', 'WebP'];

const refuse = (why: string, cause?: unknown): ScopeError =>
  new ScopeError('INVALID_DATA', why, { field: 'body', cause });

/**
 * An image file as uint8 [size, size, channels] (3: sRGB, 1: grey): turned as its EXIF data say, on white, cut to the
 * square in its middle, shrunk by lanczos3. Throws INVALID_DATA naming what is wrong with it and what is valid.
 */
export async function decodeImage(
  file: Uint8Array,
  { inputSize, inputChannels }: { inputSize: number; inputChannels: number },
): Promise<Uint8Array> {
  checkType(file);
  // Loaded when first needed: a start should not wait for it.
  const { default: sharp } = await import('sharp');
  const { width, height } = await sharp(file, { limitInputPixels: false })
    .metadata()
    .catch((cause: Error) => {
      throw refuse(`the image is damaged: ${firstLine(cause)}`, cause);
    });
  if (width * height > MOST_PIXELS)
    throw refuse(
      `the image has ${width}×${height} pixels; up to ${MOST_PIXELS / 1e6} million are valid: send a smaller one`,
    );
  try {
    // The background is the one that the emoji are drawn on.
    const picture = sharp(file, { limitInputPixels: MOST_PIXELS, failOn: 'error', animated: false })
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .resize(inputSize, inputSize, { fit: 'cover', position: 'centre', kernel: 'lanczos3' })
      .toColourspace(inputChannels === 1 ? 'b-w' : 'srgb');
    const { data, info } = await picture.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    if (info.channels !== inputChannels)
      throw new Error(`it has ${info.channels} channels of ${inputChannels}`);
    return data;
  } catch (cause) {
    throw refuse(`the image is damaged: ${firstLine(cause as Error)}`, cause);
  }
}

function checkType(file: Uint8Array): void {
  if (file.length === 0) throw refuse(`the body is empty; ${VALID}`);
  const head = Buffer.from(file.buffer, file.byteOffset, Math.min(file.length, 512)).toString('latin1');
  const type = SIGNATURES.find(([, pattern]) => pattern.test(head))?.[0];
  if (type === undefined) throw refuse(`the file is no image of a known type; ${VALID}`);
  if (!DECODED.includes(type)) throw refuse(`the file is of the type ${type}; ${VALID}`);
}

function firstLine({ message }: Error): string {
  const [line] = message.replace('Input buffer has corrupt header:', '').trim().split('\n');
  return line?.slice(0, 200) || "its header can't be read";
}
