/** The command line: every file of cli/ is a command. */
import { Command, CommanderError } from 'commander';
import { readFileSync, readdirSync } from 'node:fs';
import { ScopeError } from '../shared/errors.ts';

/** Wrong use of the command line, as other programs have it. */
const EXIT_USAGE = 2;
const DEFAULT = 'serve';

async function createProgram(): Promise<Command> {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { description, version } = JSON.parse(manifest) as { description: string; version: string };
  const program = new Command('vanillascope')
    .description(description)
    .version(version)
    .exitOverride()
    .showHelpAfterError('(--help lists what is valid)');
  for (const name of choose(process.argv[2])) {
    const command = (await import(new URL(`cli/${name}.ts`, import.meta.url).href)) as CommandFile;
    command.register(program);
  }
  return program;
}

/** A file of cli/, named like its command. */
interface CommandFile {
  register(program: Command): void;
}

/** The commands to load: the one that is called, so that none waits for what another needs; all, for help. */
function choose(first: string | undefined): string[] {
  const names = readdirSync(new URL('cli/', import.meta.url))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
  if (first === undefined) return [DEFAULT];
  if (names.includes(first)) return [first];
  const general = ['-h', '--help', '-V', '--version'].includes(first) || !first.startsWith('-');
  return general ? names : [DEFAULT];
}

try {
  await (await createProgram()).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed it already; help and version are no errors.
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
  } else if (error instanceof ScopeError) {
    console.error(`vanillascope: ${error.message}`);
    process.exitCode = 1;
  } else {
    console.error(error);
    process.exitCode = 1;
  }
}
