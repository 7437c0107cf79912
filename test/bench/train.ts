/** Training throughput of the rungs and of PyTorch, measured in turn. */
import { findPreset } from '../../shared/presets.ts';
import type { Bench, BenchOptions } from './area.ts';
import type { Dispatches } from './dispatches.ts';
import { startPeers } from './peers.ts';
import { LEAD, placeOf, rivalsOf, type Place } from './places.ts';
import type { Profile } from './profile.ts';
import type { Request, Timed } from './protocol.ts';
import { ratiosTo } from './ratios.ts';
import { Subject } from './subject.ts';
import { median } from './table.ts';
import { reportTraining, type Row } from './trainReport.ts';

/** Rungs whose kernels run while the step waits; WebGPU's run after the fact. */
const PROFILED: readonly string[] = ['tensorflow', 'wasm', 'cpu'];

interface Measured {
  subject: Subject;
  place: Place;
  peer: boolean;
}

function prepare(preset: string, batchSize: number): Request {
  const { dims, strides, stemStride, activation, bnEpsilon } = findPreset(preset).network;
  if (activation.kind !== 'series') throw new Error(`preset ${preset} has no series activation`);
  return { do: 'prepare', preset, batchSize, dims, strides, stemStride, n: activation.n, eps: bnEpsilon };
}

/** A window of each in every round. */
async function windowsOf(
  all: readonly Measured[],
  { rounds, seconds, say }: BenchOptions,
  what: string,
): Promise<Map<Measured, Timed[]>> {
  const windows = new Map(all.map((one) => [one, [] as Timed[]]));
  for (let round = 0; round < rounds; round++) {
    say(`train ${what}, round ${round + 1} of ${rounds}`);
    for (const [{ subject, place }, list] of windows) {
      if (place === 'gpu') await subject.ask({ do: 'window', seconds: LEAD });
      list.push(await subject.ask<Timed>({ do: 'window', seconds }));
    }
  }
  return windows;
}

async function compare(
  all: readonly Measured[],
  preset: string,
  batchSize: number,
  options: BenchOptions,
): Promise<Row[]> {
  const sizes = new Set<number>();
  for (const { subject } of all)
    sizes.add((await subject.ask<{ parameters: number }>(prepare(preset, batchSize))).parameters);
  if (sizes.size > 1)
    throw new Error(`the networks of ${preset} differ: ${[...sizes].join(', ')} parameters`);
  const windows = await windowsOf(all, options, `${preset} ${batchSize}`);
  const ratesOf = (one: Measured): number[] =>
    windows.get(one)!.map(({ count, seconds }) => (count * batchSize) / seconds);
  const peers = all.filter(({ peer }) => peer);
  const rows: Row[] = [];
  for (const one of all) {
    const { subject, place, peer } = one;
    const rates = ratesOf(one);
    rows.push({
      ...{ preset, batchSize, subject: subject.name, place, peer },
      rate: median(rates),
      least: Math.min(...rates),
      most: Math.max(...rates),
      cores: median(windows.get(one)!.map((w) => w.cpuSeconds / w.seconds)),
      ...ratiosTo(rivalsOf(place, peers).map(ratesOf), rates),
      profile: PROFILED.includes(subject.name) ? await subject.ask<Profile>({ do: 'profile' }) : null,
      dispatches: subject.name === 'webgpu' ? await subject.ask<Dispatches>({ do: 'dispatches' }) : null,
    });
  }
  return rows;
}

export const bench: Bench = async (options) => {
  const subjects = await Promise.all(options.rungs.map((rung) => Subject.rung(rung, options.rungCommand)));
  const rungs = subjects.map((subject) => ({
    subject,
    place: placeOf(subject.name, subject.device),
    peer: false,
  }));
  const peers = await startPeers(rungs.map(({ place }) => place));
  const all: Measured[] = [...rungs, ...peers.map((peer) => ({ ...peer, peer: true }))];
  const rows: Row[] = [];
  try {
    for (const preset of options.presets)
      for (const batchSize of options.batches) rows.push(...(await compare(all, preset, batchSize, options)));
  } finally {
    for (const { subject } of all) subject.end();
  }
  return { data: rows, versions: versionsOf(all), markdown: reportTraining(rows, options) };
};

/** Of each rung, with its adapter where that can be more than one, and of PyTorch with all its devices. */
function versionsOf(all: readonly Measured[]): string[] {
  const rungs = all.filter(({ peer }) => !peer);
  const peers = all.filter(({ peer }) => peer).map(({ subject }) => subject);
  const versions = rungs.map(({ subject: { name, version, device }, place }) =>
    place === 'gpu' || name === 'webgpu' ? `${name}: ${version}, ${device}` : `${name}: ${version}`,
  );
  const devices = [...new Set(peers.map(({ device }) => device))];
  return peers.length > 0 ? [...versions, `${peers[0]!.version}, ${devices.join(' and ')}`] : versions;
}
