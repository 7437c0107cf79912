/** A TensorFlow to link with: the headers and libraries inside a Python wheel, or libtensorflow. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ScopeError } from '../../../shared/errors.ts';
import { runCommand } from './command.ts';

export interface LibTensorflow {
  /** What was asked for or found, for messages. */
  folder: string;
  include: string;
  /** Libraries to link, whole paths. */
  libraries: string[];
  /** Folders that the loader shall search: of the libraries, and of CUDA's in the same Python. */
  searchPath: string[];
}

export interface Wanted {
  /** A wheel's `tensorflow` folder, a Python environment, or an unpacked libtensorflow. */
  directory?: string;
  /** The Python whose TensorFlow is taken. */
  python?: string;
}

const HEADER = join('tensorflow', 'c', 'eager', 'c_api.h');
const LIBRARY = /^libtensorflow(_cc|_framework)?\.(so|dylib|so\.2|2\.dylib)$/;

/** Takes the folder if it holds headers and libraries: a wheel's, or libtensorflow's with `include` and `lib`. */
export function inspect(folder: string): LibTensorflow | undefined {
  const include = join(folder, 'include');
  if (!existsSync(join(include, HEADER))) return undefined;
  const home = existsSync(join(folder, 'lib', 'libtensorflow.so')) ? join(folder, 'lib') : folder;
  if (!existsSync(home)) return undefined;
  // One file of each library: 'libtensorflow.so' and 'libtensorflow.so.2' are the same.
  const byStem = new Map<string, string>();
  for (const name of readdirSync(home).sort()) {
    const stem = name.split('.')[0]!;
    if (LIBRARY.test(name) && !byStem.has(stem)) byStem.set(stem, join(home, name));
  }
  if (!byStem.has('libtensorflow_cc') && !byStem.has('libtensorflow')) return undefined;
  return { folder, include, libraries: [...byStem.values()], searchPath: [home, ...cudaFolders(folder)] };
}

/** CUDA's libraries as pip installs them beside a wheel: site-packages/nvidia/NAME/lib. */
function cudaFolders(wheel: string): string[] {
  const nvidia = join(dirname(wheel), 'nvidia');
  if (basename(wheel) !== 'tensorflow' || !existsSync(nvidia)) return [];
  return readdirSync(nvidia)
    .map((name) => join(nvidia, name, 'lib'))
    .filter((folder) => existsSync(folder));
}

/** A folder as people name it: the wheel's, its site-packages, its environment, or libtensorflow's. */
function withinDirectory(directory: string): LibTensorflow | undefined {
  const root = resolve(directory);
  const lib = join(root, 'lib');
  const pythons = existsSync(lib) ? readdirSync(lib).filter((name) => name.startsWith('python3')) : [];
  const candidates = [
    root,
    join(root, 'tensorflow'),
    ...pythons.map((name) => join(lib, name, 'site-packages', 'tensorflow')),
  ];
  for (const folder of candidates) {
    const found = inspect(folder);
    if (found) return found;
  }
  return undefined;
}

/** The wheel that a Python would import, found without importing it. */
async function ofPython(python: string): Promise<LibTensorflow | undefined> {
  const script =
    "import importlib.util as u; s = u.find_spec('tensorflow'); print(s.submodule_search_locations[0] if s else '')";
  const { code, stdout } = await runCommand(python, ['-c', script]);
  const folder = stdout.trim();
  return code === 0 && folder ? inspect(folder) : undefined;
}

const BRINGS =
  'python3 -m venv .venv && .venv/bin/pip install tensorflow-cpu (with an NVIDIA GPU: "tensorflow[and-cuda]")';

/** The TensorFlow to build against: the one that is wanted, else that of VANILLASCOPE_TENSORFLOW (a directory), else
 * of the Pythons at hand; throws ENGINE_UNAVAILABLE with the places tried and the command that helps. */
export async function findTensorflow({ directory: asked, python }: Wanted): Promise<LibTensorflow> {
  const directory = asked ?? (python ? undefined : process.env.VANILLASCOPE_TENSORFLOW || undefined);
  if (directory !== undefined) {
    const found = withinDirectory(directory);
    if (found) return found;
    throw new ScopeError(
      'ENGINE_UNAVAILABLE',
      `${resolve(directory)} holds no TensorFlow: include/${HEADER} and libtensorflow_cc.so.2 (a Python wheel) or lib/libtensorflow.so are expected; this brings one: ${BRINGS}`,
      { field: asked === undefined ? 'VANILLASCOPE_TENSORFLOW' : '--tensorflow' },
    );
  }
  const pythons = python
    ? [python]
    : [process.env.VANILLASCOPE_PYTHON, resolve('.venv/bin/python'), 'python3', 'python'].filter(
        (name) => name !== undefined,
      );
  for (const name of pythons) {
    const found = await ofPython(name);
    if (found) return found;
  }
  const system = python ? [] : ['/usr/local', '/usr'];
  for (const folder of system) {
    const found = inspect(folder);
    if (found) return found;
  }
  throw new ScopeError(
    'ENGINE_UNAVAILABLE',
    `no TensorFlow found (asked ${[...pythons, ...system].join(', ')}); this brings it: ${BRINGS}, then npm run native -- --python .venv/bin/python`,
    python ? { field: '--python' } : {},
  );
}
