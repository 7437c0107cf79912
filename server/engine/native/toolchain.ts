/** The compiler and Node's headers, or what to type to have them. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { ScopeError } from '../../../shared/errors.ts';
import { runCommand } from './command.ts';

/** A C++17 compiler: `CXX`, g++, c++ or clang++. */
export async function findCompiler(): Promise<string> {
  const names = [process.env.CXX, 'g++', 'c++', 'clang++'].filter((name) => name !== undefined);
  for (const name of names) if ((await runCommand(name, ['--version'])).code === 0) return name;
  const command =
    process.platform === 'darwin'
      ? 'xcode-select --install'
      : existsSync('/usr/bin/dnf')
        ? 'sudo dnf install gcc-c++'
        : 'sudo apt-get install g++';
  throw new ScopeError(
    'ENGINE_UNAVAILABLE',
    `no C++ compiler (tried ${names.join(', ')}); this brings it: ${command}`,
  );
}

function nodeGypCaches(): string[] {
  const root = join(homedir(), '.cache', 'node-gyp');
  return existsSync(root) ? readdirSync(root).map((version) => join(root, version, 'include', 'node')) : [];
}

function headersPackage(): string[] {
  try {
    const main = createRequire(import.meta.url).resolve('node-api-headers/package.json');
    return [join(dirname(main), 'include')];
  } catch {
    return [];
  }
}

/** The folder that holds node_api.h. The addon needs N-API alone, which is the same in every Node. */
export function findNodeHeaders(): string {
  const nodedir = process.env.npm_config_nodedir;
  const candidates = [
    join(dirname(dirname(process.execPath)), 'include', 'node'),
    ...(nodedir ? [join(nodedir, 'include', 'node')] : []),
    ...nodeGypCaches(),
    ...headersPackage(),
    '/usr/include/node',
    '/usr/include/nodejs/src',
  ];
  const found = candidates.find((folder) => existsSync(join(folder, 'node_api.h')));
  if (found) return found;
  throw new ScopeError(
    'ENGINE_UNAVAILABLE',
    `Node's header node_api.h is not there (tried ${candidates.join(', ')}); this brings it: npm install --no-save node-api-headers`,
  );
}
