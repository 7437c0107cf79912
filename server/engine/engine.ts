/** What every rung of the ladder gives once its backend is set in this process. */
import type { RungId } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import type { RungReport } from '../../shared/protocol.ts';

export interface Engine {
  rung: RungId;
  /** The hardware that computes, in a person's words. */
  device: string;
  /** The libraries with their versions. */
  version: string;
  /** Calls back when the backend broke for good (device lost, invalid work): nothing it returns can be trusted then. */
  onFatal(callback: (error: ScopeError) => void): void;
}

export interface EngineOptions {
  /** Take a software WebGPU adapter too: slower than wasm, but the same code as on hardware. */
  allowSoftware: boolean;
}

/** Names of the rungs for people. */
export const RUNG_TITLES: Readonly<Record<RungId, string>> = {
  'tensorflow-gpu': 'TensorFlow on the GPU',
  webgpu: 'WebGPU',
  tensorflow: 'TensorFlow on the CPU',
  wasm: 'WebAssembly',
  cpu: 'Plain JavaScript',
};

/** ENGINE_UNAVAILABLE with what the ladder reports of it: a verdict, the reason (the message) and a remedy. */
export class EngineUnavailable extends ScopeError {
  readonly verdict: 'missing' | 'software' | 'failed';
  readonly remedy: string;
  /** Known where the device was found but may not be used. */
  readonly device: string | null;

  constructor(
    rung: RungId,
    verdict: 'missing' | 'software' | 'failed',
    reason: string,
    options: { remedy?: string; device?: string; cause?: unknown } = {},
  ) {
    super('ENGINE_UNAVAILABLE', reason, { field: rung, cause: options.cause });
    this.verdict = verdict;
    this.remedy = options.remedy ?? '';
    this.device = options.device ?? null;
  }
}

/** The verdict, reason and remedy of whatever a rung threw. */
export function reasonOf(error: unknown): Pick<RungReport, 'verdict' | 'reason' | 'remedy' | 'device'> {
  if (error instanceof EngineUnavailable)
    return { verdict: error.verdict, reason: error.message, remedy: error.remedy, device: error.device };
  return { verdict: 'failed', reason: shortMessage(error), remedy: '', device: null };
}

/** The first line of an error's message, at most 300 characters: native libraries and bundles can be verbose. */
export function shortMessage(error: unknown): string {
  const line = (error instanceof Error ? error.message : String(error)).split('\n')[0]!.trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}
