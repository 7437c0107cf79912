/** One try at TensorFlow: @tensorflow/tfjs-node-gpu downloads its library in an install script, which npm was told not
 * to run (.npmrc), so that a failed download leaves a working installation. */
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm } from './command.mjs';
import { readRecord } from './fingerprint.mjs';
import { recordPath, remember } from './install.mjs';

const PACKAGE = 'node_modules/@tensorflow/tfjs-node-gpu';
const HOST = 'storage.googleapis.com';
const LIMIT_MINUTES = 5;

/** Whether the package has its compiled binding.
 * @param {string} root */
function hasBinding(root) {
  const lib = join(root, PACKAGE, 'lib');
  return (
    existsSync(lib) && readdirSync(lib).some((version) => existsSync(join(lib, version, 'tfjs_binding.node')))
  );
}

/** Whether `npm run native` has built one for the installed package.
 * @param {string} root */
async function hasNative(root) {
  const { nativeBinding } = await import('../cache.mjs');
  const { version } = JSON.parse(readFileSync(join(root, PACKAGE, 'package.json'), 'utf8'));
  return existsSync(nativeBinding(version));
}

/** A network that swallows packets would cost all the minutes; so the download's host is asked first. Behind a proxy
 * or with a mirror of one's own only the download itself can tell. */
async function reachable() {
  const { env } = process;
  if (Object.keys(env).some((name) => /^(https?_proxy|TFJS_NODE_.*|CDN_STORAGE)$/i.test(name))) return true;
  return fetch(`https://${HOST}/`, { method: 'HEAD', signal: AbortSignal.timeout(10_000) }).then(
    () => true,
    () => false,
  );
}

/** What made the download fail, in a few words.
 * @param {import('./command.mjs').Outcome} outcome
 * @returns {string} */
export function tensorflowReason({ timedOut, output }) {
  if (timedOut) return `the download did not end within ${LIMIT_MINUTES} minutes`;
  const network = /(?:ENOTFOUND|EAI_AGAIN) ([\w.-]+)/.exec(output);
  if (network) return `${network[1]} can't be reached`;
  if (/ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/.test(output))
    return 'the download broke off';
  if (/Unsupported system/.test(output)) return `there is none for ${process.platform} on ${process.arch}`;
  if (/\bENOSPC\b/.test(output)) return 'the disk is full';
  if (/node-pre-gyp|node-gyp/.test(output))
    return 'there is no binding for this Node.js, and none could be compiled';
  const error = /^(?:npm error )?(?:\w*Error: )(.+)$/m.exec(output);
  return error?.[1] ?? 'its install script failed';
}

/**
 * Tries once for each installation and version of Node.js; the outcome is remembered.
 * @param {string} root
 * @param {(text: string) => void} say
 * @param {{ retry: boolean }} options `retry`: although it failed before
 */
export async function tryTensorflow(root, say, { retry }) {
  if (process.env.VANILLASCOPE_SKIP_TENSORFLOW === '1' || !existsSync(join(root, PACKAGE))) return;
  if (hasBinding(root)) return;
  const { lock, tensorflow } = readRecord(recordPath(root));
  const tried = `${lock} node ${process.version}`;
  const last = /** @type {{ tried?: string } | undefined} */ (tensorflow);
  if (!retry && last?.tried === tried) return;
  if (await hasNative(root)) return;
  say(
    `trying to download TensorFlow for a faster engine (large; at most ${LIMIT_MINUTES} minutes, once; ` +
      'VANILLASCOPE_SKIP_TENSORFLOW=1 leaves it out) …',
  );
  const outcome = (await reachable())
    ? await runNpm(
        ['rebuild', '@tensorflow/tfjs-node-gpu', '--ignore-scripts=false', '--foreground-scripts'],
        {
          cwd: root,
          limitMs: LIMIT_MINUTES * 60_000,
        },
      )
    : { code: 1, signal: null, timedOut: false, output: `ENOTFOUND ${HOST}` };
  const works = outcome.code === 0 && hasBinding(root);
  const reason = works ? null : tensorflowReason(outcome);
  if (!works) rmSync(join(root, PACKAGE, 'deps'), { recursive: true, force: true }); // half a download
  remember(root, { tensorflow: { tried, works, reason } });
  say(
    works
      ? 'TensorFlow is installed'
      : `no TensorFlow: ${reason}. vanillascope works without it, on WebGPU or WebAssembly ` +
          '(npm run doctor tells more; npm run setup -- --retry tries again)',
  );
}
