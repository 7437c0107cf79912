/** The command line: every file of cli/ is a command. */
import { Command, CommanderError } from 'commander';
import { readFileSync, readdirSync } from 'node:fs';
import { ScopeError } from '../shared/errors.ts';

/** Wrong use of the command line, as other programs have it. */
const EXIT_USAGE = 2;

async function createProgram(): Promise<Command> {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { description, version } = JSON.parse(manifest) as { description: string; version: string };
  const program = new Command('vanillascope')
    .description(description)
    .version(version)
    .exitOverride()
    .showHelpAfterError('(--help lists what is valid)');
  const files = readdirSync(new URL('cli/', import.meta.url)).filter((file) => file.endsWith('.ts'));
  for (const file of files.sort()) {
    const command = (await import(new URL(`cli/${file}`, import.meta.url).href)) as Partial<CommandFile>;
    command.register?.(program);
  }
  return program;
}

interface CommandFile {
  /** Adds a command; what is heavy to load is imported when the command is carried out. */
  register(program: Command): void;
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
