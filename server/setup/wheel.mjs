/** A TensorFlow for the tests to build the TensorFlow engine against: one that is there, else pip's wheel, which is
 * fetched once and kept in the cache without being installed. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.mjs';

const PACKAGE = 'tensorflow-cpu';
const LIMIT_MS = 4 * 60_000;
const HEADER = 'include/tensorflow/c/eager/c_api.h';

/** @param {string} python */
async function hasTensorflow(python) {
  const script = "import importlib.util as u, sys; sys.exit(0 if u.find_spec('tensorflow') else 1)";
  const { code } = await run(python, ['-c', script]).catch(() => ({ code: null }));
  return code === 0;
}

/** Why pip did not bring the wheel, in a few words.
 * @param {import('./command.mjs').Outcome} outcome
 * @returns {string} */
export function wheelReason({ timedOut, output }) {
  if (timedOut) return `the download did not end within ${LIMIT_MS / 60_000} minutes`;
  if (/No module named pip/.test(output)) return 'python3 has no pip';
  if (/No space left/.test(output)) return 'the disk is full';
  if (/NewConnectionError|Name or service not known|ConnectTimeout|ProxyError/.test(output))
    return 'no package index can be reached';
  const error = /^ERROR: (.+)$/m.exec(output);
  return error?.[1] ?? 'pip failed';
}

/**
 * The folder of a wheel to build against, for VANILLASCOPE_TENSORFLOW; undefined where a Python has its own, or where
 * none can be had, which is said.
 * @param {(text: string) => void} say
 * @returns {Promise<string | undefined>}
 */
export async function provideWheel(say) {
  const { env } = process;
  if (env.VANILLASCOPE_SKIP_TENSORFLOW === '1') {
    say('no TensorFlow for the tests: VANILLASCOPE_SKIP_TENSORFLOW is set');
    return undefined;
  }
  if (env.VANILLASCOPE_TENSORFLOW) return env.VANILLASCOPE_TENSORFLOW;
  for (const python of [env.VANILLASCOPE_PYTHON, '.venv/bin/python', 'python3'])
    if (python && (await hasTensorflow(python))) return undefined;
  const { cacheFolder } = await import('../cache.mjs');
  const place = join(cacheFolder(), 'wheels', PACKAGE);
  const folder = join(place, 'tensorflow');
  if (existsSync(join(folder, HEADER))) return folder;
  if (process.platform === 'win32') return undefined;

  say(`fetching pip's ${PACKAGE} for the tests of the TensorFlow engine (some 270 MB, once) …`);
  mkdirSync(join(place, '..'), { recursive: true });
  const work = mkdtempSync(`${place}-`);
  try {
    const reason = await fetchWheel(work, place);
    if (reason === null) return folder;
    say(`the TensorFlow engine will not be tested: ${reason}`);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Downloads and unpacks; gives null, or why not.
 * @param {string} work
 * @param {string} place
 * @returns {Promise<string | null>} */
async function fetchWheel(work, place) {
  const download = ['-m', 'pip', 'download', '--no-deps', '--only-binary', ':all:', '--retries', '1'];
  const outcome = await run('python3', [...download, '--dest', work, PACKAGE], { limitMs: LIMIT_MS }).catch(
    () => null,
  );
  if (outcome === null) return 'there is no python3';
  const wheel = readdirSync(work).find((name) => name.endsWith('.whl'));
  if (outcome.code !== 0 || wheel === undefined) return wheelReason(outcome);
  const unpacked = join(work, 'unpacked');
  const unzip = await run('python3', ['-m', 'zipfile', '-e', join(work, wheel), unpacked], {
    limitMs: LIMIT_MS,
  });
  if (unzip.code !== 0 || !existsSync(join(unpacked, 'tensorflow', HEADER)))
    return `${wheel} can't be unpacked or holds no headers`;
  rmSync(place, { recursive: true, force: true });
  renameSync(unpacked, place);
  return null;
}
