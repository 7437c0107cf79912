/** The safetensors format: 8 bytes header length (little-endian), a JSON header, raw little-endian values. Pure codec,
 * after https://github.com/huggingface/safetensors#format. */
import { ScopeError } from './errors.ts';

export type SafetensorsType = 'F32' | 'I32' | 'I64' | 'U8';

export type SafetensorsData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

export interface SafetensorsTensor {
  dtype: SafetensorsType;
  shape: number[];
  data: SafetensorsData;
}

export interface SafetensorsFile {
  tensors: Map<string, SafetensorsTensor>;
  metadata: Record<string, string>;
}

/** A tensor's type and where its bytes lie behind the header, `begin` to `end`. */
export interface SafetensorsPlace {
  dtype: SafetensorsType;
  shape: number[];
  begin: number;
  end: number;
}

/** What a file says of itself ahead of its values. */
export interface SafetensorsHeader {
  tensors: Map<string, SafetensorsPlace>;
  metadata: Record<string, string>;
  /** Where the values begin, bytes from the file's start. */
  valuesAt: number;
  /** Bytes from the file's start to the end of its last tensor. */
  fileBytes: number;
}

const TYPES = { F32: Float32Array, I32: Int32Array, I64: BigInt64Array, U8: Uint8Array } as const;
const METADATA = '__metadata__';
/** The format's own limit of the header, in bytes. */
const HEADER_LIMIT = 100_000_000;

function fail(message: string, field?: string): never {
  throw new ScopeError('INVALID_WEIGHTS', `not a readable safetensors file: ${message}`, { field });
}

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Bytes of a file with these tensors, in the order given. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, { dtype: SafetensorsType; shape: readonly number[]; data: SafetensorsData }>,
  metadata: Record<string, string> = {},
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header[METADATA] = metadata;
  let offset = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    if (!(data instanceof TYPES[dtype]) || data.length !== count(shape))
      throw new ScopeError(
        'INVALID_WEIGHTS',
        `tensor ${name} of type ${dtype} and shape [${shape.join(', ')}] can't hold ${data.length} values of ${data.constructor.name}`,
        { field: name },
      );
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Padded with blanks so that values begin at a multiple of 8.
  const headerLength = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + offset).fill(0x20, 8, 8 + headerLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.set(json, 8);
  let at = 8 + headerLength;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** Throws INVALID_WEIGHTS saying what is wrong, and with which tensor. */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsFile {
  const { tensors: places, metadata, valuesAt } = decodeSafetensorsHeader(bytes, bytes.length);
  // A plain Uint8Array, also of a Node Buffer, whose slice() doesn't copy.
  const values = new Uint8Array(bytes.buffer, bytes.byteOffset + valuesAt, bytes.length - valuesAt);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, { dtype, shape, begin, end }] of places) {
    // Copied: the values of a tensor needn't begin at a multiple of their size.
    const data = new TYPES[dtype](values.slice(begin, end).buffer);
    tensors.set(name, { dtype, shape, data });
  }
  return { tensors, metadata };
}

/** Length of the header, of which the file's first 8 bytes tell; the file has `fileBytes`, or Infinity where that is not
 * known. Throws INVALID_WEIGHTS where it can't be true. */
export function safetensorsHeaderLength(start: Uint8Array, fileBytes: number, limit = HEADER_LIMIT): number {
  if (start.length < 8) fail(`${start.length} bytes are shorter than the header's length`);
  const length = Number(new DataView(start.buffer, start.byteOffset).getBigUint64(0, true));
  if (8 + length > fileBytes) fail(`its header would be ${length} bytes, the file has ${fileBytes}`);
  if (length > limit) fail(`its header would be ${length} bytes; up to ${limit} are valid`);
  return length;
}

/** Reads the header off the file's first bytes, up to the header's end or beyond it, of a file of `fileBytes`, or
 * Infinity where that is not known. Throws INVALID_WEIGHTS as decodeSafetensors does. */
export function decodeSafetensorsHeader(start: Uint8Array, fileBytes: number): SafetensorsHeader {
  const valuesAt = 8 + safetensorsHeaderLength(start, fileBytes);
  const tensors: SafetensorsHeader['tensors'] = new Map();
  let metadata: Record<string, string> = {};
  let last = 0;
  for (const [name, entry] of Object.entries(readHeader(start.subarray(8, valuesAt)))) {
    if (name === METADATA) metadata = readMetadata(entry);
    else {
      const place = readPlace(name, entry, fileBytes - valuesAt);
      tensors.set(name, place);
      last = Math.max(last, place.end);
    }
  }
  return { tensors, metadata, valuesAt, fileBytes: valuesAt + last };
}

function readHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    fail(`its header is not JSON (${(error as Error).message})`);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) fail('its header is no object');
  return header as Record<string, unknown>;
}

function readMetadata(entry: unknown): Record<string, string> {
  const good =
    typeof entry === 'object' && entry !== null && Object.values(entry).every((v) => typeof v === 'string');
  if (!good) fail(`${METADATA} must hold texts only`, METADATA);
  return { ...(entry as Record<string, string>) };
}

/** Where a tensor lies among `available` bytes of values. */
function readPlace(name: string, entry: unknown, available: number): SafetensorsPlace {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const natural = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
  if (typeof dtype !== 'string' || !Object.hasOwn(TYPES, dtype))
    fail(`tensor ${name} is of type ${String(dtype)}; ${Object.keys(TYPES).join(', ')} are valid`, name);
  if (!natural(shape)) fail(`tensor ${name} has the shape ${JSON.stringify(shape)}`, name);
  if (!natural(offsets) || offsets.length !== 2) fail(`tensor ${name} has no data_offsets`, name);
  const [begin, end] = offsets as [number, number];
  const expected = count(shape) * TYPES[dtype as SafetensorsType].BYTES_PER_ELEMENT;
  if (begin > end || end > available)
    fail(`tensor ${name} lies at ${begin} to ${end} of ${available} bytes of values`, name);
  if (end - begin !== expected)
    fail(
      `tensor ${name} of shape [${shape.join(', ')}] needs ${expected} bytes and has ${end - begin}`,
      name,
    );
  return { dtype: dtype as SafetensorsType, shape: [...shape], begin, end };
}
