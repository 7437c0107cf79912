import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { parity } from '../../../server/parity/parity.ts';
import { PORTABLE_BACKENDS, usePortable } from '../nn/backends.ts';

const OWN = fileURLToPath(new URL('../nn/golden/', import.meta.url));
const SHARED = fileURLToPath(new URL('../../../../shared/golden/vanillanet/', import.meta.url));

const own = (name: string, what: string): Uint8Array => readFileSync(`${OWN}${name}.${what}.safetensors`);

describe.each(PORTABLE_BACKENDS)('on %s', (backend) => {
  beforeAll(() => usePortable(backend));

  // How many values are compared is pinned, so that a case that is no longer found fails.
  test.each([
    ['series', 108],
    ['shifted', 71],
    ['relu', 53],
  ])('the %s network agrees with PyTorch in %i tensors', async (name, count) => {
    const result = await parity(own(name, 'model'), own(name, 'cases'), backend);
    expect(result.comparisons.filter((c) => !c.passed)).toEqual([]);
    expect(result.unknown).toEqual([]);
    expect(result.passed).toBe(true);
    expect(result.comparisons).toHaveLength(count);
  });

  test.skipIf(!existsSync(SHARED))(
    'the reference implementation agrees in all of its golden values (skipped without ../shared/golden)',
    async () => {
      const file = (name: string): Uint8Array => readFileSync(`${SHARED}${name}.safetensors`);
      const result = await parity(file('model'), file('cases'), backend);
      expect(result.comparisons.filter((c) => !c.passed)).toEqual([]);
      expect(result.passed).toBe(true);
      expect(result.comparisons).toHaveLength(287);
    },
  );
});
