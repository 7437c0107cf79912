/** What a snapshot takes: as an encoded frame, and on disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Snapshots } from '../../server/runs/snapshots.ts';

export interface SnapshotSize {
  encoded: number;
  stored: number;
}

export async function measureSnapshot(frame: Uint8Array): Promise<SnapshotSize> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-snapshot-'));
  try {
    const moment = { id: '0', epoch: 0, lambda: 1, merged: false };
    const { bytes } = await new Snapshots(folder).add(moment, frame);
    return { encoded: frame.length, stored: bytes };
  } finally {
    await rm(folder, { recursive: true });
  }
}
