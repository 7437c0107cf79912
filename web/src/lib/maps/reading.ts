import type { Scale } from '../../../../shared/colour.ts';
import type { TapDescription } from '../../../../shared/network.ts';
import type { MapPoint } from './point.ts';

/** What is read where something points at one of several taps on a page. */
export interface Reading {
  tap: TapDescription;
  point: MapPoint;
  value: number | null;
  scale: Scale | null;
  /** Names of the channels, where they have any. */
  names: readonly string[] | undefined;
  /** What the channel was sorted by. */
  note: string;
}
