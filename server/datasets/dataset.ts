/** What every data set gives: two splits of labelled uint8 images in memory. */
import type { DatasetShape } from '../../shared/presets.ts';

export interface Split {
  /** uint8 [N, H, W, C], row-major. */
  images: Uint8Array;
  /** Class of each image, [N]. */
  labels: Uint16Array;
}

export interface Dataset {
  shape: DatasetShape;
  train: Split;
  test: Split;
}

export interface LoadOptions {
  /** Folder given with --data, or null. */
  dataDir: string | null;
  /** Folder for what is rendered once and kept. */
  cacheDir: string;
  seed: number;
  /** Progress for people; `fraction` is 0 to 1, or null where the length is unknown. */
  onProgress?: (what: string, fraction: number | null) => void;
}
