/**
 * Assembles the kernels: the functions in wat/, one file a noun, as one module on the memory of tfjs's backend. Some
 * shorthands keep their text short:
 * - `$x` alone, where an operand is expected, is (local.get $x);
 * - (madd a b c) is a·b + c of four floats, fused where the machine's WebAssembly has that, in two steps where not;
 * - (for X 4 2 1 …) repeats what follows with 4, 2 and 1 in place of X in every word, (repeat X 3 …) with 0, 1 and 2;
 *   `16*X`, `X-1` and `$xX+1` are worked out.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../../cache.mjs';

type Expression = string | Expression[];

export interface Dialect {
  /** The memory is shared between threads. */
  shared: boolean;
  /** Relaxed SIMD is there. */
  fused: boolean;
}

/** What follows these is a name or a number of theirs, not an operand. */
const NAMED =
  /^(local\.(get|set|tee)|global\.(get|set)|call|br|br_if|loop|block|func|param|local|global|export|import|type)$/;

function parse(text: string): Expression[] {
  const open: Expression[][] = [[]];
  for (const [token] of text.replace(/;;.*/g, '').matchAll(/"[^"]*"|[()]|[^\s()"]+/g)) {
    if (token === '(') open.push([]);
    else if (token === ')') {
      const done = open.pop()!;
      open.at(-1)!.push(done);
    } else open.at(-1)!.push(token);
  }
  return open[0]!;
}

const substitute = (expression: Expression, name: string, value: string): Expression =>
  typeof expression === 'string'
    ? expression.replaceAll(name, value)
    : expression.map((part) => substitute(part, name, value));

/** `16*3`, `4-1` and `$x2+1` worked out. */
const workOut = (word: string): string =>
  word.replace(/(\d+)([*+-])(\d+)$/, (_, a: string, operator: string, b: string) => {
    const [left, right] = [Number(a), Number(b)];
    return String(operator === '*' ? left * right : operator === '+' ? left + right : left - right);
  });

/** Repetitions written out. */
function unroll(expression: Expression): Expression[] {
  if (typeof expression === 'string') return [workOut(expression)];
  const [head, ...rest] = expression;
  if (head !== 'for' && head !== 'repeat') return [expression.flatMap(unroll)];
  const name = rest[0] as string;
  const body = rest.findIndex((part) => typeof part !== 'string');
  const given = rest.slice(1, body) as string[];
  const values =
    head === 'for' ? given : Array.from({ length: Number(workOut(given[0]!)) }, (_, i) => String(i));
  return values.flatMap((value) => rest.slice(body).flatMap((part) => unroll(substitute(part, name, value))));
}

/** Plain WebAssembly text. */
function print(expression: Expression, fused: boolean): string {
  if (typeof expression === 'string') return expression;
  const [head, ...operands] = expression;
  const texts = operands.map((operand, i) =>
    typeof operand === 'string' && operand.startsWith('$') && !(i === 0 && NAMED.test(head as string))
      ? `(local.get ${operand})`
      : print(operand, fused),
  );
  if (head === 'madd') {
    const [a, b, c] = texts;
    return fused ? `(f32x4.relaxed_madd ${a} ${b} ${c})` : `(f32x4.add (f32x4.mul ${a} ${b}) ${c})`;
  }
  return `(${[head, ...texts].join(' ')})`;
}

/** The module's text; it imports env.memory. */
function moduleText({ shared, fused }: Dialect): string {
  const folder = new URL('./wat/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.wat'));
  const functions = files
    .sort()
    .flatMap((name) => parse(readFileSync(new URL(name, folder), 'utf8')).flatMap(unroll));
  const memory = `(import "env" "memory" (memory 1 ${shared ? '65536 shared' : ''}))`;
  return ['(module', memory, ...functions.map((one) => print(one, fused)), ')'].join('\n');
}

async function assemble(text: string, { shared, fused }: Dialect): Promise<Uint8Array<ArrayBuffer>> {
  const { default: openWabt } = await import('wabt');
  const assembler = await openWabt();
  const module = assembler.parseWat('kernels.wat', text, {
    simd: true,
    threads: shared,
    relaxed_simd: fused,
  });
  const { buffer } = module.toBinary({});
  module.destroy();
  return buffer as Uint8Array<ArrayBuffer>;
}

/** The module's bytes, from the cache where the same text was assembled before: every process that computes needs them,
 * and the assembler takes longer to start than all else here. */
export async function assembleKernels(dialect: Dialect): Promise<Uint8Array<ArrayBuffer>> {
  const text = moduleText(dialect);
  const name = `kernels-${createHash('sha256').update(text).digest('hex').slice(0, 32)}.wasm`;
  const path = join(cacheFolder(), 'wasm', name);
  try {
    return new Uint8Array(readFileSync(path));
  } catch {
    const code = await assemble(text, dialect);
    store(path, code);
    return code;
  }
}

/** Whole or not at all; a cache that can't be written is done without. */
function store(path: string, code: Uint8Array): void {
  const draft = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(draft, code);
    renameSync(draft, path);
  } catch {
    rmSync(draft, { force: true });
  }
}
