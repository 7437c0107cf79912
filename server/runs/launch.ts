/** What a run begins with: a process, and all that this is told. */
import type { RungId } from '../../shared/config.ts';
import type { TrainerCommand } from '../training/messages.ts';
import type { RunFolder } from './folder.ts';
import { TrainerProcess, WORKER } from './process.ts';

export type Start = Extract<TrainerCommand, { type: 'start' }>;

export interface LaunchOptions {
  /** The rung for runs that leave it to the ladder; rejects where none works. */
  chosen: () => Promise<RungId>;
  /** A training process with this rung's engine started, where there is one that nobody has. */
  take?: (rung: RungId) => TrainerProcess | null;
  /** What the user asked for with --backend. */
  requested: 'auto' | RungId;
  dataDir: string | null;
  cacheDir: string;
  /** The script of the training process. */
  worker?: string;
}

/** A run that waits, with the id of the checkpoint that it goes on from. */
export interface Waiting {
  folder: RunFolder;
  resume: string | null;
}

export interface Launch {
  /** The caller's to speak to, or to kill. */
  trainer: TrainerProcess;
  start: Start;
}

/** Waits for the engine, takes its process or starts one, and reads the large files, which are read no sooner. */
export async function launch({ folder, resume }: Waiting, options: LaunchOptions): Promise<Launch> {
  const { chosen, take, requested, dataDir, cacheDir, worker = WORKER } = options;
  const { config } = folder.record;
  const rung = config.backend === 'auto' ? await chosen() : config.backend;
  const trainer = take?.(rung) ?? new TrainerProcess(worker);
  try {
    const large =
      resume === null
        ? { resume, weights: await folder.readStart() }
        : { resume: await folder.checkpoints.read(resume), weights: null };
    const allowSoftware =
      config.backend === 'webgpu' || (config.backend === 'auto' && requested === 'webgpu');
    return { trainer, start: { type: 'start', config, rung, allowSoftware, dataDir, cacheDir, ...large } };
  } catch (error) {
    trainer.kill();
    throw error;
  }
}
