/** The PyTorch processes that rungs are compared with. */
import { peerDevices, type Place } from './places.ts';
import { PYTHON, Subject, type Way } from './subject.ts';

export interface Peer {
  subject: Subject;
  place: Place;
}

/** How PyTorch is run on a device: in both memory formats as it comes; on the processor, in the one that is faster there,
 * with its memory kept too, where the C library is one that can be told to. */
const waysOn = (device: string): Way[] => [
  { format: 'contiguous', device, kept: false },
  { format: 'channels_last', device, kept: false },
  ...(device === 'cpu' && process.platform === 'linux'
    ? [{ format: 'channels_last', device, kept: true } as const]
    : []),
];

/** One process for each way and device that the rungs in these places call for; none, with the reason on stderr, where
 * the Python has no PyTorch that runs. */
export async function startPeers(places: readonly Place[]): Promise<Peer[]> {
  const started = new Map<string, Subject>();
  const start = async (way: Way): Promise<Subject> => {
    const key = JSON.stringify(way);
    if (!started.has(key)) started.set(key, await Subject.pytorch(way));
    return started.get(key)!;
  };
  try {
    // It tells which GPU there is, and is ended again where the processor is not to be measured.
    const first = await start(waysOn('cpu')[0]!);
    const devices = peerDevices(places, first.gpu);
    if (!devices.includes('cpu')) first.end();
    const peers: Peer[] = [];
    for (const device of devices)
      for (const way of waysOn(device))
        peers.push({ subject: await start(way), place: device === 'cpu' ? 'cpu' : 'gpu' });
    return peers;
  } catch (error) {
    for (const subject of started.values()) subject.end();
    console.error(`no PyTorch to compare with (${PYTHON}): ${(error as Error).message}`);
    return [];
  }
}
