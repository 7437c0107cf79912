/** Builds tfjs-node's addon from the package's unchanged sources, each read after headers of ours. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ScopeError } from '../../../shared/errors.ts';
import { runCommand } from './command.ts';
import { findTensorflow, type Wanted } from './libtensorflow.ts';
import { nativeBinding } from './place.ts';
import { findCompiler, findNodeHeaders } from './toolchain.ts';

export interface Built {
  /** The addon in its place. */
  path: string;
  /** Takes it away again and puts back what was there before. */
  undo(): void;
  /** Accepts it: what was there before is dropped. */
  keep(): void;
}

const require = createRequire(import.meta.url);

/** The package whose sources are built; its JavaScript is what will call the addon. */
export function addonPackage(): { folder: string; version: string } {
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    try {
      const manifest = require.resolve(`${name}/package.json`);
      const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
      return { folder: dirname(manifest), version };
    } catch {
      // not installed
    }
  }
  throw new ScopeError(
    'ENGINE_UNAVAILABLE',
    '@tensorflow/tfjs-node-gpu is not installed; this brings it: npm install --include=optional',
  );
}

const SOURCES = ['tfjs_backend.cc', 'tfjs_binding.cc'];
const HEADERS = ['ahead.h', 'functions.h'].map((name) => fileURLToPath(new URL(name, import.meta.url)));

/** Compiles and links; `progress` is told each step. Throws ENGINE_UNAVAILABLE naming what is missing or wrong. */
export async function buildAddon(wanted: Wanted, progress: (step: string) => void): Promise<Built> {
  if (process.platform === 'win32')
    throw new ScopeError(
      'ENGINE_UNAVAILABLE',
      'on Windows a TensorFlow wheel has nothing to link with; there, use WSL, or: npm rebuild @tensorflow/tfjs-node-gpu --ignore-scripts=false',
    );
  const { folder, version } = addonPackage();
  const compiler = await findCompiler();
  const headers = findNodeHeaders();
  const tensorflow = await findTensorflow(wanted);
  progress(`TensorFlow: ${tensorflow.folder}`);
  progress(`compiler: ${compiler}, Node headers: ${headers}`);

  const path = nativeBinding(version);
  mkdirSync(dirname(path), { recursive: true });
  const objects: string[] = [];
  const fresh = `${path}.new`;
  try {
    for (const source of SOURCES) {
      progress(`compiling ${source}`);
      const object = join(dirname(path), `${source}.o`);
      objects.push(object);
      await compile(compiler, [
        ...['-std=c++17', '-O2', '-fPIC', '-DNAPI_VERSION=8'],
        ...HEADERS.flatMap((header) => ['-include', header]),
        ...[`-I${headers}`, `-I${tensorflow.include}`, '-c', join(folder, 'binding', source), '-o', object],
      ]);
    }
    progress('linking');
    // RPATH rather than RUNPATH, so that it holds for what TensorFlow itself loads (CUDA) as well.
    const linking =
      process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : ['-Wl,--disable-new-dtags'];
    await compile(compiler, [
      ...['-shared', '-o', fresh, ...objects, ...tensorflow.libraries, ...linking],
      ...tensorflow.searchPath.map((place) => `-Wl,-rpath,${place}`),
    ]);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  } finally {
    for (const object of objects) rmSync(object, { force: true });
  }
  return exchange(path, fresh);
}

function exchange(path: string, fresh: string): Built {
  const old = `${path}.old`;
  if (existsSync(path)) renameSync(path, old);
  renameSync(fresh, path);
  return {
    path,
    undo: () => {
      rmSync(path, { force: true });
      if (existsSync(old)) renameSync(old, path);
    },
    keep: () => rmSync(old, { force: true }),
  };
}

async function compile(compiler: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand(compiler, args);
  if (code === 0) return;
  const lines = stderr.trim().split('\n');
  const telling = lines.filter((line) => /error|undefined reference|cannot find/i.test(line));
  throw new ScopeError(
    'ENGINE_UNAVAILABLE',
    `${compiler} failed: ${(telling.length > 0 ? telling : lines).slice(0, 5).join('\n  ')}`,
  );
}

/** Takes a built addon away; true where there was one. */
export function removeAddon(): boolean {
  const path = nativeBinding(addonPackage().version);
  const existed = existsSync(path);
  rmSync(path, { force: true });
  return existed;
}
