/** The drawn emoji on disk: one file, so that they are drawn once.
 *
 * Layout: magic `VSE1` · SHA-256 of all that follows (32 bytes) · uint32 length of the header, little-endian · header
 * (UTF-8 JSON: key, labels of each vendor) · uint8 images [N, 32, 32, 3], vendor after vendor. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What was drawn: for each vendor, in a fixed order, the class of each image; and all images in that order. */
export interface Drawings {
  labels: number[][];
  images: Uint8Array;
}

const MAGIC = 'VSE1';
const START = MAGIC.length + 32;

const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** What the file holds, or null where there is none, it is damaged, or it was drawn from something else (`key`). */
export async function readDrawings(path: string, key: string): Promise<Drawings | null> {
  const bytes = await readFile(path).catch(() => null);
  if (!bytes || bytes.length < START + 4 || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return null;
  if (!digest(bytes.subarray(START)).equals(bytes.subarray(MAGIC.length, START))) return null;
  const headerEnd = START + 4 + bytes.readUInt32LE(START);
  const header = JSON.parse(bytes.toString('utf8', START + 4, headerEnd)) as {
    key: string;
    labels: number[][];
  };
  return header.key === key ? { labels: header.labels, images: bytes.subarray(headerEnd) } : null;
}

/** Writes the file beside its place and moves it there, so that no reader ever sees half of it. */
export async function writeDrawings(path: string, key: string, { labels, images }: Drawings): Promise<void> {
  const header = Buffer.from(JSON.stringify({ key, labels }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const body = Buffer.concat([length, header, images]);
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(draft, Buffer.concat([Buffer.from(MAGIC, 'latin1'), digest(body), body]));
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}
