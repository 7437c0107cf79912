import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findTensorflow } from '../../../../server/engine/native/libtensorflow.ts';

const root = mkdtempSync(join(tmpdir(), 'tensorflow-'));
afterAll(() => rmSync(root, { recursive: true }));

/** Empty files below a folder of the test. */
function files(folder: string, names: string[]): string {
  for (const name of names) {
    const path = join(root, folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
  }
  return join(root, folder);
}

const HEADER = 'include/tensorflow/c/eager/c_api.h';

test('a wheel is found in its environment, with the CUDA libraries beside it', async () => {
  const environment = files('venv', [
    `lib/python3.12/site-packages/tensorflow/${HEADER}`,
    'lib/python3.12/site-packages/tensorflow/libtensorflow_cc.so.2',
    'lib/python3.12/site-packages/tensorflow/libtensorflow_framework.so.2',
    'lib/python3.12/site-packages/nvidia/cublas/lib/libcublas.so.12',
  ]);
  const site = join(environment, 'lib/python3.12/site-packages');
  const wheel = join(site, 'tensorflow');
  for (const directory of [environment, site, wheel])
    expect(await findTensorflow({ directory })).toEqual({
      folder: wheel,
      include: join(wheel, 'include'),
      libraries: [join(wheel, 'libtensorflow_cc.so.2'), join(wheel, 'libtensorflow_framework.so.2')],
      searchPath: [wheel, join(site, 'nvidia/cublas/lib')],
    });
});

test('an unpacked libtensorflow is found, each library once', async () => {
  const directory = files('libtensorflow', [
    HEADER,
    'lib/libtensorflow.so',
    'lib/libtensorflow.so.2',
    'lib/libtensorflow_framework.so',
    'lib/libtensorflow_framework.so.2',
  ]);
  expect(await findTensorflow({ directory })).toMatchObject({
    libraries: ['lib/libtensorflow.so', 'lib/libtensorflow_framework.so'].map((name) =>
      join(directory, name),
    ),
    searchPath: [join(directory, 'lib')],
  });
});

test('a folder without TensorFlow is an error that names it and what brings one', async () => {
  const directory = files('empty', ['README']);
  await expect(findTensorflow({ directory })).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    field: '--tensorflow',
    message: expect.stringMatching(/empty holds no TensorFlow: .*pip install tensorflow-cpu/),
  });
});

test('headers without a library are not enough', async () => {
  const directory = files('headers', [HEADER]);
  await expect(findTensorflow({ directory })).rejects.toThrow('holds no TensorFlow');
});

test('a Python that is not there is an error that names it', async () => {
  await expect(findTensorflow({ python: '/no/such/python' })).rejects.toMatchObject({
    field: '--python',
    message: expect.stringContaining('asked /no/such/python'),
  });
});
