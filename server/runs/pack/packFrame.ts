/** A frame → the file it is kept in; format.ts tells the layout and reads it back. What the thread that packs has to
 * load is kept small. */
import { brotliCompressSync, constants, crc32 } from 'node:zlib';
import { headerOf, type Frame } from '../../../shared/frame.ts';
import { codeTap } from './codeTap.ts';

export const MAGIC = 0x31505356; // 'VSP1'
export const PREFIX = 12;
/** Brotli's; the higher ones take ten times as long for a twentieth less. */
const QUALITY = 5;

/** Takes some 100 ms for a frame of 0.6 M activations: for a thread that has nothing else to do. */
export function packFrame(frame: Frame): Uint8Array {
  const header = headerOf(frame);
  const payloads: Uint8Array[] = [];
  let reach: number | undefined;
  const taps = frame.taps.map((tap, i) => {
    const { coding, parts } = codeTap(tap, frame.taps.slice(0, i), frame.lambda, reach);
    if (coding.by === 'filter') reach ??= coding.size;
    const params = { [constants.BROTLI_PARAM_QUALITY]: QUALITY };
    const payload = brotliCompressSync(Buffer.concat(parts), { params });
    payloads.push(payload);
    return { ...header.taps[i]!, ...coding, bytes: payload.length, crc: crc32(payload) };
  });
  const json = Buffer.from(JSON.stringify({ ...header, taps }));
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32LE(MAGIC, 0);
  prefix.writeUInt32LE(json.length, 4);
  prefix.writeUInt32LE(crc32(json), 8);
  return Buffer.concat([prefix, json, ...payloads]);
}
