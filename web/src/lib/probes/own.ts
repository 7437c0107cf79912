/** Own images: probes that a user brought, told from those that every snapshot holds. */
import type { ProbeInfo } from '../../../../shared/protocol.ts';

interface Chosen {
  detail: { probes: readonly ProbeInfo[] };
  /** Index of the chosen probe. */
  probe: number;
}

const chosen = ({ detail, probe }: Chosen): ProbeInfo | undefined =>
  detail.probes.find((p) => p.index === probe);

/** The chosen probe's index where it is an own image: its frames are asked for alone. */
export const ownIndex = (scene: Chosen): number | undefined =>
  chosen(scene)?.own === undefined ? undefined : scene.probe;

/** What the chosen probe is called: its class, or the name that an image came with. */
export function probeName(scene: Chosen): string {
  const probe = chosen(scene);
  return probe?.own ?? probe?.className ?? '';
}

export const MOST_BYTES = 10 * 1024 * 1024;
export const TYPES: readonly string[] = ['image/jpeg', 'image/png', 'image/webp'];

/** Why a file would be refused; null where only its content can tell. */
export function faultOf(file: Pick<File, 'type' | 'size'>): 'type' | 'size' | null {
  if (file.type !== '' && !TYPES.includes(file.type)) return 'type';
  return file.size > MOST_BYTES ? 'size' : null;
}
