/** `parity`: a weights file and its cases, compared on one backend. */
import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import type { RungId } from '../../shared/config.ts';
import { ScopeError } from '../../shared/errors.ts';
import { RUNG_IDS } from '../../shared/rungs.ts';
import { decodeSafetensorsHeader } from '../../shared/safetensors.ts';
import { startEngine, type Engine } from '../engine/start.ts';
import type { Comparison } from '../parity/compare.ts';
import { parity, type ParityResult } from '../parity/parity.ts';
import { tryRung } from '../runs/attempt.ts';

interface Options {
  model: string;
  cases: string;
  backend: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('parity')
    .description('compare the network with reference values, case by case')
    .requiredOption('--model <file>', 'weights (safetensors, names of the reference implementation)')
    .requiredOption('--cases <file>', 'expected values (safetensors): eval/, train/ and deploy/ cases')
    .option('--backend <rung>', `auto, ${RUNG_IDS.join(', ')}`, 'auto')
    .option('--json', 'print the result as JSON')
    .action(async (options: Options) => {
      const model = read(options.model, '--model');
      const cases = read(options.cases, '--cases');
      const rung = await rungOf(options.backend);
      const engine = await startEngine(rung, { allowSoftware: true });
      const result = await parity(model, cases, rung);
      const { passed } = result;
      console.log(
        options.json
          ? JSON.stringify(
              { ...engineOf(engine), ...result, comparisons: result.comparisons.map(plain) },
              null,
              2,
            )
          : formatParity(result, engine),
      );
      process.exitCode = passed ? 0 : 1;
    });
}

function read(path: string, option: string): Uint8Array {
  try {
    const bytes = readFileSync(path);
    decodeSafetensorsHeader(bytes, bytes.length);
    return bytes;
  } catch (cause) {
    throw new ScopeError('INVALID_DATA', `${option}: ${path} can't be read (${(cause as Error).message})`, {
      field: option,
      cause,
    });
  }
}

async function rungOf(backend: string): Promise<RungId> {
  if (RUNG_IDS.includes(backend as RungId)) return backend as RungId;
  if (backend === 'auto') {
    for (const rung of RUNG_IDS) if ((await tryRung(rung)).verdict === 'passed') return rung;
    throw new ScopeError('ENGINE_UNAVAILABLE', 'no engine works here; `doctor` tells why', {
      field: '--backend',
    });
  }
  throw new ScopeError(
    'INVALID_CONFIG',
    `--backend '${backend}' is unknown; valid are auto, ${RUNG_IDS.join(', ')}`,
    { field: '--backend' },
  );
}

function engineOf({ rung, device, version }: Engine): Pick<Engine, 'rung' | 'device' | 'version'> {
  return { rung, device, version };
}

/** JSON has no Infinity and no NaN: they are null there, and `passed` says it. */
function plain(comparison: Comparison): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(comparison).map(([key, value]) => [
      key,
      typeof value === 'number' && !Number.isFinite(value) ? null : value,
    ]),
  );
}

/** One line a tensor: case, tensor, absolute error, error relative to the case's largest value and to the tensor's. */
export function formatParity(
  result: ParityResult,
  engine: Pick<Engine, 'rung' | 'device' | 'version'>,
): string {
  const { network, comparisons, unknown, passed } = result;
  const width = Math.max(12, ...comparisons.map((c) => c.caseId.length));
  const tensorWidth = Math.max(6, ...comparisons.map((c) => c.tensor.length));
  const line = (cells: [string, string, string, string, string, string]): string =>
    `${cells[0].padEnd(width)}  ${cells[1].padEnd(tensorWidth)}  ${cells[2].padStart(9)}  ${cells[3].padStart(9)}  ${cells[4].padStart(9)}  ${cells[5]}`.trimEnd();
  const number = (value: number): string => value.toExponential(2);
  const { activation, stemStride, dims, strides, inputSize, inputChannels, classes } = network;
  const series = activation.kind === 'relu' ? 'ReLU' : `${activation.kind} activation, n = ${activation.n}`;
  const failed = comparisons.filter((c) => !c.passed).length;
  return [
    `engine   ${engine.rung}: ${engine.device}; ${engine.version}`,
    `network  ${result.merged ? 'merged' : 'deep'}, images ${inputSize}×${inputSize}×${inputChannels}, stem stride ${stemStride}, widths ${dims.join(' ')}, strides ${strides.join(' ')}, ${classes} classes, ${series}`,
    '         act_learn is the slope between the convolutions of a pair: λ = 1 - act_learn',
    '',
    line(['case', 'tensor', 'absolute', 'relative', 'of tensor', 'verdict']),
    ...comparisons.map((c) =>
      line([
        c.caseId,
        c.tensor,
        number(c.absolute),
        number(c.relative),
        number(c.relativeToTensor),
        `${c.passed ? 'ok' : `FAILED, ${number(c.tolerance)} is allowed`}${c.note ? ` (${c.note})` : ''}`,
      ]),
    ),
    ...unknown.map((name) => `unknown case: ${name} (eval/, train/ and deploy/ are known)`),
    '',
    ...worstLines(comparisons),
    passed
      ? `All ${comparisons.length} comparisons passed.`
      : `${failed} of ${comparisons.length} comparisons failed${unknown.length > 0 ? `, ${unknown.length} tensors were not understood` : ''}.`,
  ].join('\n');
}

/** The worst relative error of each case. */
function worstLines(comparisons: readonly Comparison[]): string[] {
  const worst = new Map<string, Comparison>();
  for (const c of comparisons) {
    const held = worst.get(c.caseId);
    if (!held || !(c.relative <= held.relative)) worst.set(c.caseId, c);
  }
  return [...worst].map(
    ([id, c]) =>
      `worst of ${id}: ${c.relative.toExponential(2)} (${c.tensor}), ${c.tolerance.toExponential(0)} allowed`,
  );
}
