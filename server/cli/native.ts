/** `native`: builds the TensorFlow addon against a TensorFlow that is on this machine. */
import type { Command } from 'commander';
import { ScopeError } from '../../shared/errors.ts';
import { buildAddon, removeAddon } from '../engine/native/build.ts';
import { nativeFolder } from '../engine/native/place.ts';
import { tryRung } from '../runs/attempt.ts';

interface Options {
  tensorflow?: string;
  python?: string;
  undo?: boolean;
}

export function register(program: Command): void {
  program
    .command('native')
    .description('build the TensorFlow engine against a TensorFlow that is on this machine')
    .option(
      '--tensorflow <dir>',
      'folder of a TensorFlow wheel, a Python environment or libtensorflow (or VANILLASCOPE_TENSORFLOW)',
    )
    .option(
      '--python <path>',
      'the Python whose TensorFlow is taken (or VANILLASCOPE_PYTHON; default python3)',
    )
    .option('--undo', 'take the addon that was built here away again')
    .action(async (options: Options) => {
      if (options.undo) {
        console.log(removeAddon() ? 'The addon is gone.' : `There was no addon in ${nativeFolder()}.`);
        return;
      }
      await build(options);
    });
}

async function build({ tensorflow, python }: Options): Promise<void> {
  const say = (step: string): void => console.log(`native: ${step}`);
  const built = await buildAddon({ directory: tensorflow, python }, say);
  let passed = false;
  try {
    for (const id of ['tensorflow-gpu', 'tensorflow'] as const) {
      say(`self-test of ${id}`);
      const report = await tryRung(id);
      const detail = [report.version, report.device, report.reason].filter(Boolean).join('; ');
      say(`${report.verdict}: ${detail}`);
      passed ||= report.verdict === 'passed';
    }
  } finally {
    if (passed) built.keep();
    else built.undo();
  }
  if (!passed)
    throw new ScopeError(
      'ENGINE_UNAVAILABLE',
      'the addon was built but does not pass the self-test; it was taken away again',
    );
  console.log(`Built ${built.path}\nIt is used from now on; npm run native -- --undo takes it away again.`);
}
