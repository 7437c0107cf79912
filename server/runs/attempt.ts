/** One rung of the ladder tried for real, in a training process: native code that crashes or hangs takes only that with
 * it, and one that passes can go on and train. */
import type { RungId } from '../../shared/config.ts';
import type { RungReport } from '../../shared/protocol.ts';
import { reasonOf, RUNG_TITLES } from '../engine/engine.ts';
import { findAddon } from '../engine/tensorflow/addon.ts';
import { howItEnded } from './child.ts';
import { TrainerProcess, WORKER } from './process.ts';

export interface AttemptOptions {
  allowSoftware?: boolean;
  /** A rung that does not answer within this many seconds has failed. */
  timeoutSeconds?: number;
  /** As of ChildOptions. */
  upSeconds?: number;
  /** The script of the process; tests put a crashing one in its place. */
  entry?: string;
  /** Ends the process. */
  signal?: AbortSignal;
}

export interface Attempt {
  report: RungReport;
  /** Where the rung passed: with its engine started, waiting for the command to train or to be killed. */
  trainer: TrainerProcess | null;
}

/** Tries one rung; a crash, a hang or silence is a failure with its reason. Never rejects. */
export function attempt(id: RungId, options: AttemptOptions = {}): Promise<Attempt> {
  const { allowSoftware = false, timeoutSeconds = 120, upSeconds, entry = WORKER, signal } = options;
  const missing = entry === WORKER ? reportMissing(id) : null;
  if (missing) return Promise.resolve({ report: missing, trainer: null });
  return new Promise((resolve) => {
    let report: RungReport | null = null;
    let why: string | null = null;
    const trainer = new TrainerProcess(entry, upSeconds);
    const end = (): void => trainer.kill();
    const timer = setTimeout(() => {
      why = `no answer within ${timeoutSeconds} s`;
      end();
    }, timeoutSeconds * 1000);
    const settle = (settled: Attempt): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve(settled);
    };
    signal?.addEventListener('abort', end, { once: true });
    trainer.listen({
      onEvent: (event) => {
        if (event.type === 'failure') why = event.message;
        if (event.type !== 'tried') return;
        report = event.report;
        if (report.verdict === 'passed') settle({ report, trainer });
      },
      // One that did not pass is waited for: the next may want the same GPU.
      onExit: (exit) => {
        const reason = (why ?? `its process ${howItEnded(exit)}`) + quote(trainer.lastWords);
        settle({ report: report ?? { ...untested(id), verdict: 'failed', reason }, trainer: null });
      },
    });
    trainer.send({ type: 'try', rung: id, allowSoftware });
  });
}

/** Tries one rung and leaves no process. Never rejects. */
export async function tryRung(id: RungId, options: AttemptOptions = {}): Promise<RungReport> {
  const { report, trainer } = await attempt(id, options);
  trainer?.kill();
  await trainer?.gone;
  return report;
}

/** The report of a rung whose files are not there, for which it takes no process to tell. */
function reportMissing(id: RungId): RungReport | null {
  if (id !== 'tensorflow' && id !== 'tensorflow-gpu') return null;
  try {
    findAddon(id);
    return null;
  } catch (error) {
    return { ...untested(id), ...reasonOf(error) };
  }
}

export function untested(id: RungId): RungReport {
  return {
    id,
    title: RUNG_TITLES[id],
    device: null,
    version: null,
    verdict: 'untested',
    reason: 'not tried yet',
    remedy: '',
    seconds: null,
  };
}

/** What a crashed process wrote last that reads like an error. */
function quote(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const telling =
    lines.findLast((line) => /error|fatal|abort|fail|terminate/i.test(line)) ?? lines.findLast(Boolean);
  return telling ? `: ${telling.slice(0, 200)}` : '';
}
