/** Everything from outside is checked here against its schema: requests, socket messages, files on disk. */
import type { Static, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { ScopeError, type ErrorCode } from '../../shared/errors.ts';

type Problem = { keyword: string; schemaPath: string; instancePath: string; params: object };
/** The parts of a JSON schema that messages are made of. */
interface Node {
  [key: string]: unknown;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Node[];
  type?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minItems?: number;
  maxItems?: number;
  items?: Node;
  properties?: Record<string, Node>;
}

const compiled = new WeakMap<TSchema, Validator>();

function validator(schema: TSchema): Validator {
  let found = compiled.get(schema);
  if (!found) compiled.set(schema, (found = Compile(schema)));
  return found;
}

/** True where the value has the schema's shape. */
export function matches<T extends TSchema>(schema: T, value: unknown): value is Static<T> {
  return validator(schema).Check(value);
}

/** The value, now typed; throws a ScopeError that names the field, its bad value and the valid ones. */
export function check<T extends TSchema>(
  schema: T,
  value: unknown,
  code: ErrorCode = 'INVALID_CONFIG',
): Static<T> {
  if (matches(schema, value)) return value;
  const { field, message } = explain(schema, value);
  throw new ScopeError(code, message, { field });
}

/** What is wrong with a value that does not match, for a person. */
export function explain(schema: TSchema, value: unknown): { field: string; message: string } {
  const problems = validator(schema).Errors(value) as Problem[];
  const problem = choose(problems);
  if (!problem) return { field: '', message: 'the value is not valid' };
  const node = walk(schema as Node, problem.schemaPath.slice(1)) as Node | undefined;
  const path = toPath(problem.instancePath);
  const here = path || 'the value';
  const actual = brief(walk(value, problem.instancePath));
  if (problem.keyword === 'required') {
    const [missing] = (problem.params as { requiredProperties: string[] }).requiredProperties;
    const field = path ? `${path}.${missing}` : missing!;
    const wanted = node?.properties?.[missing!];
    return { field, message: `${field} is missing${wanted ? `; valid is ${valid(wanted)}` : ''}` };
  }
  if (problem.keyword === 'additionalProperties') {
    const [extra] = (problem.params as { additionalProperties: string[] }).additionalProperties;
    const field = path ? `${path}.${extra}` : extra!;
    const known = Object.keys(node?.properties ?? {});
    const names = known.length > 0 ? `valid here are ${known.join(', ')}` : 'nothing is valid here';
    return { field, message: `${field} is unknown; ${names}` };
  }
  if (problem.keyword === 'const') {
    const siblings = problems.filter((p) => p.keyword === 'const' && p.instancePath === problem.instancePath);
    const values = siblings.map((p) => (p.params as { allowedValue: unknown }).allowedValue);
    return { field: path, message: `${here} is ${actual}; valid is ${[...new Set(values)].join(', ')}` };
  }
  return { field: path, message: `${here} is ${actual}; valid is ${node ? valid(node) : 'something else'}` };
}

/** The problem to report: the first outside any union; of a union of objects, that of the branch that was meant. */
function choose(problems: readonly Problem[]): Problem | undefined {
  const inside = (p: Problem, union: Problem): boolean =>
    p.schemaPath.startsWith(`${union.schemaPath}/anyOf/`);
  const unions = problems.filter((p) => p.keyword === 'anyOf');
  const outside = problems.filter((p) => p.keyword !== 'boolean' && !unions.some((u) => inside(p, u)));
  const first = outside[0];
  if (first?.keyword !== 'anyOf') return first;
  const within = problems.filter((p) => inside(p, first) && p.keyword !== 'boolean');
  const branches = group(within, first);
  const deeper = (p: Problem): boolean => p.instancePath !== first.instancePath;
  // Branches told apart by a constant (`kind`): the one whose constant fits was meant; else the constant is wrong.
  if (within.some((p) => p.keyword === 'const' && deeper(p))) {
    const meant = branches.find((branch) => !branch.some((p) => p.keyword === 'const'));
    return choose(meant ?? within.filter((p) => p.keyword === 'const'));
  }
  const meant = branches.find((branch) => branch.some(deeper));
  return meant ? choose(meant) : first;
}

function group(problems: readonly Problem[], union: Problem): Problem[][] {
  const branches: Problem[][] = [];
  for (const problem of problems) {
    const index = Number.parseInt(problem.schemaPath.slice(`${union.schemaPath}/anyOf/`.length), 10);
    (branches[index] ??= []).push(problem);
  }
  return branches.filter(Boolean);
}

/** What a schema accepts, in words. */
function valid(node: Node): string {
  if (node.enum) return node.enum.join(', ');
  if ('const' in node) return String(node.const);
  if (node.anyOf) return node.anyOf.map(valid).join(' or ');
  switch (node.type) {
    case 'integer':
      return `an integer${range(node)}`;
    case 'number':
      return `a number${range(node)}`;
    case 'string':
      if (node.pattern) return `text like ${node.pattern}`;
      return node.maxLength ? `text of ${node.minLength ?? 0} to ${node.maxLength} characters` : 'text';
    case 'boolean':
      return 'true or false';
    case 'array': {
      const { minItems, maxItems, items } = node;
      const count = maxItems !== undefined ? ` of ${minItems ?? 0} to ${maxItems}` : '';
      return `a list${count}${items ? `, each ${valid(items)}` : ''}`;
    }
    case 'null':
      return 'null';
    default:
      return node.properties ? `an object of ${Object.keys(node.properties).join(', ')}` : 'an object';
  }
}

function range({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Node): string {
  const low =
    minimum !== undefined
      ? ` of at least ${minimum}`
      : exclusiveMinimum !== undefined
        ? ` above ${exclusiveMinimum}`
        : '';
  const high =
    maximum !== undefined
      ? ` at most ${maximum}`
      : exclusiveMaximum !== undefined
        ? ` below ${exclusiveMaximum}`
        : '';
  return low && high ? `${low} and${high}` : low || (maximum !== undefined ? ` of${high}` : high);
}

function walk(root: unknown, pointer: string): unknown {
  let at: unknown = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    at = (at as Record<string, unknown> | undefined)?.[key];
  }
  return at;
}

/** `/network/dims/0` as people write it: `network.dims[0]`. */
function toPath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}

/** A value as errors name it: in quotes where it is text, and not for ever. */
export function brief(value: unknown): string {
  const text = typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
