import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Every source file below a folder, relative to the root. */
function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs|svelte)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)(node_modules|build|\.svelte-kit)\//.test(path));
}

/** The specifiers a file imports, statically or dynamically; local ones as paths relative to the root. Without `types`,
 * none of statements that import nothing but types. */
function imports(path: string, { types = true } = {}): string[] {
  const source = readFileSync(join(root, path), 'utf8');
  const text = types ? source : source.replace(/^(import|export) type [^;]*;/gm, '');
  const found = [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])([^'"\n]+)\1/g)];
  return found.map(([, , specifier]) =>
    specifier!.startsWith('.')
      ? relative(root, resolve(root, dirname(path), specifier!))
      : specifier!.replace(/^\$shared/, 'shared').replace(/^\$lib/, 'web/src/lib'),
  );
}

/** The floors of the house, lowest first; a file imports only from floors below its own, or from its own room. */
const FLOORS: readonly (readonly string[])[] = [
  [
    'shared/',
    'server/random.ts',
    'server/cache.mjs',
    'server/heap.mjs',
    'server/smallThreads.mjs',
    'server/typescript.mjs',
  ],
  ['server/nn/', 'server/engine/', 'server/datasets/'],
  ['server/training/'],
  ['server/worker.ts', 'server/analysis.ts', 'server/runs/', 'server/parity/'],
  ['server/http/'],
  ['server/main.ts', 'server/cli/'],
];
/** Doors between rooms of one floor: the engine speeds up the operations that the network is made of. */
const DOORS: readonly (readonly [from: string, to: string])[] = [['server/engine/', 'server/nn/']];

const place = (path: string): { floor: number; room: string } | undefined => {
  for (const [floor, rooms] of FLOORS.entries())
    for (const room of rooms) if (path.startsWith(room)) return { floor, room };
  return undefined;
};

const everyServerFile = [...sources('server'), ...sources('shared')].filter(
  (p) => !p.startsWith('server/setup/'),
);

test('every file of server and shared has a floor', () => {
  expect(everyServerFile.filter((path) => !place(path))).toEqual([]);
});

test('a file imports only from its own room and from the floors below', () => {
  const wrong: string[] = [];
  for (const path of everyServerFile) {
    const here = place(path)!;
    for (const target of imports(path)) {
      const there = place(target);
      if (!there || there.room === here.room || there.floor < here.floor) continue;
      if (DOORS.some(([from, to]) => path.startsWith(from) && target.startsWith(to))) continue;
      wrong.push(`${path} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('shared is pure: it imports nothing but itself and its schema library', () => {
  const wrong = sources('shared').flatMap((path) =>
    imports(path)
      .filter((target) => !target.startsWith('shared/') && target !== 'typebox')
      .map((target) => `${path} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});

test('server and web never import each other', () => {
  const wrong = [
    ...sources('server').flatMap((p) =>
      imports(p)
        .filter((t) => t.startsWith('web/'))
        .map((t) => `${p} → ${t}`),
    ),
    ...sources('web').flatMap((p) =>
      imports(p)
        .filter((t) => t.startsWith('server/'))
        .map((t) => `${p} → ${t}`),
    ),
  ];
  expect(wrong).toEqual([]);
});

/** Libraries that belong to a room. */
const HOMES: readonly (readonly [library: RegExp, rooms: readonly string[]])[] = [
  [/^@tensorflow\//, ['server/nn/', 'server/engine/', 'server/training/', 'server/parity/']],
  [/^(node:)?child_process$/, ['server/runs/', 'server/setup/', 'server/engine/native/']],
  [/^(@?fastify|socket\.io)(\/|$)/, ['server/http/']],
  [/^sharp$/, ['server/datasets/', 'server/http/']],
  [/^webgpu$/, ['server/engine/']],
];

test('each library is imported only in its room', () => {
  const wrong = sources('server').flatMap((path) =>
    imports(path).flatMap((target) =>
      HOMES.filter(
        ([library, rooms]) => library.test(target) && !rooms.some((room) => path.startsWith(room)),
      ).map(() => `${path} imports ${target}`),
    ),
  );
  expect(wrong).toEqual([]);
});

test('processes that try an engine or train load without the library of schemas', () => {
  const loaded = new Set(['server/worker.ts', 'server/analysis.ts']);
  for (const path of loaded)
    if (/^(server|shared)\//.test(path))
      imports(path, { types: false }).forEach((target) => loaded.add(target));
  expect(loaded).toContain('server/training/trainer.ts');
  expect(loaded).toContain('@tensorflow/tfjs-core');
  expect(loaded).not.toContain('typebox');
});

test('no file grows into a room for everything', () => {
  const long = [...sources('server'), ...sources('shared'), ...sources('web')]
    .map((path) => [path, readFileSync(join(root, path), 'utf8').split('\n').length] as const)
    .filter(([, lines]) => lines > 300);
  expect(long).toEqual([]);
});
