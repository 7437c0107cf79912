/** Where the measured ones compute, and which PyTorch stands against them there. */
import { SOFTWARE } from '../../server/engine/webgpu/swiftshader.ts';

/** The processor, or a GPU. */
export type Place = 'cpu' | 'gpu';

/** Seconds of steps before a window on a GPU, which are not counted: a GPU slows its clock down while it has nothing to
 * do, and others had their turn. */
export const LEAD = 0.2;

/** Where a rung computes, given the words for its device. */
export function placeOf(rung: string, device: string): Place {
  if (rung === 'tensorflow-gpu') return 'gpu';
  return rung === 'webgpu' && !SOFTWARE.test(device) ? 'gpu' : 'cpu';
}

/** The devices on which PyTorch is measured, by its names for them: one for each place where a rung computes. `gpu` is
 * its GPU (`cuda`, `mps`), or null where it has none and the processor has to stand for it. */
export function peerDevices(places: readonly Place[], gpu: string | null): string[] {
  const devices = places.map((place) => (place === 'gpu' && gpu !== null ? gpu : 'cpu'));
  return devices.length > 0 ? [...new Set(devices)].sort() : ['cpu'];
}

/** The peers that somebody is compared with: those in the same place, else those on the processor. */
export function rivalsOf<T extends { place: Place }>(place: Place, peers: readonly T[]): T[] {
  const near = peers.filter((peer) => peer.place === place);
  return near.length > 0 ? near : peers.filter((peer) => peer.place === 'cpu');
}
