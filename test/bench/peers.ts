/** The PyTorch processes that rungs are compared with. */
import { peerDevices, type Place } from './places.ts';
import { MEMORY_FORMATS, PYTHON, Subject } from './subject.ts';

export interface Peer {
  subject: Subject;
  place: Place;
}

/** One process for each memory format and device that the rungs in these places call for; none, with the reason on
 * stderr, where the Python has no PyTorch that runs. */
export async function startPeers(places: readonly Place[]): Promise<Peer[]> {
  const started = new Map<string, Subject>();
  const start = async (format: (typeof MEMORY_FORMATS)[number], device: string): Promise<Subject> => {
    const key = `${format} ${device}`;
    if (!started.has(key)) started.set(key, await Subject.pytorch(format, device));
    return started.get(key)!;
  };
  try {
    // It tells which GPU there is, and is ended again where the processor is not to be measured.
    const first = await start(MEMORY_FORMATS[0], 'cpu');
    const devices = peerDevices(places, first.gpu);
    if (!devices.includes('cpu')) first.end();
    const peers: Peer[] = [];
    for (const device of devices)
      for (const format of MEMORY_FORMATS)
        peers.push({ subject: await start(format, device), place: device === 'cpu' ? 'cpu' : 'gpu' });
    return peers;
  } catch (error) {
    for (const subject of started.values()) subject.end();
    console.error(`no PyTorch to compare with (${PYTHON}): ${(error as Error).message}`);
    return [];
  }
}
