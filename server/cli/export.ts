/** `vanillascope export`: the weights of a snapshot as a file that PyTorch loads. */
import { Option, type Command } from 'commander';
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ScopeError } from '../../shared/errors.ts';
import type { ExportForm } from '../runs/analyst.ts';
import { RUNS } from './serve.ts';

interface ExportOptions {
  runs: string;
  snapshot?: string;
  form?: ExportForm;
  out: string;
}

export function register(program: Command): void {
  program
    .command('export')
    .description("write a run's weights to a safetensors file, under the reference implementation's names")
    .argument('<run>', 'id of the run: its folder in the folder of runs')
    .option('--runs <dir>', 'folder where runs are kept', (text) => resolve(text), RUNS)
    .option('--snapshot <id>', 'which snapshot: an epoch, or 22m for right after the merge; else the latest')
    .addOption(
      new Option('--form <form>', 'deep, or merged at λ = 0; else as it was recorded').choices([
        'deep',
        'merged',
      ]),
    )
    .requiredOption('--out <file>', 'file to write')
    .action(exportWeights);
}

async function exportWeights(run: string, { runs, snapshot, form, out }: ExportOptions): Promise<void> {
  const { RunStore } = await import('../runs/store.ts');
  const { Analyst } = await import('../runs/analyst.ts');
  // Opening a store makes its folder; a mistyped one is to be named instead.
  if (!existsSync(runs))
    throw new ScopeError('NOT_FOUND', `--runs: there is no folder ${runs}`, { field: '--runs' });
  const store = await RunStore.open(runs);
  const weights = await new Analyst().export(store.get(run), snapshot, form);
  await copyFile(weights.path, out).catch((cause: Error) => {
    throw new ScopeError('INVALID_DATA', `--out: ${out} can't be written (${cause.message})`, {
      field: '--out',
      cause,
    });
  });
  const { id, epoch, lambda } = weights.snapshot;
  console.log(`${out}: snapshot ${id} of ${run}, epoch ${epoch}, λ ${lambda}, ${weights.form}`);
}
