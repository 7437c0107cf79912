/** Depthwise convolution with its gradients. */
import type * as tf from '@tensorflow/tfjs-core';
import { withGradient } from '../../nn/portable/gradient.ts';
import { addParts, columnSums } from './columns.ts';
import { flatKernel, specialised } from './kernel.ts';

/** Place of the invocation's value in its image: `c`, `column`, `row`, and where the image begins. */
const PLACE = `
  let c = i % p.channels;
  let column = i32((i / p.channels) % p.width);
  let row = i32((i / (p.channels * p.width)) % p.height);
  let image = i - c - (u32(row) * p.width + u32(column)) * p.channels;`;

const SHAPE = { height: 'u32', width: 'u32', channels: 'u32' } as const;

const shapeOf = ([, height, width, channels]: tf.Tensor4D['shape']): Record<keyof typeof SHAPE, number> => ({
  height,
  width,
  channels,
});

/** Calls `at(a, b)` for each place of a k×k kernel: lines of WGSL, guarded by its row and column lying in the image. */
function neighbours(size: number, at: (a: number, b: number) => string): string {
  const reach = (size - 1) / 2;
  const lines: string[] = [];
  for (let a = 0; a < size; a++) {
    lines.push(`{ let y = row + ${a - reach}; if (y >= 0 && y < i32(p.height)) {`);
    lines.push(`let line = image + u32(y) * p.width * p.channels + c;`);
    for (let b = 0; b < size; b++)
      lines.push(
        `{ let z = column + ${b - reach}; if (z >= 0 && z < i32(p.width)) { let v = x[line + u32(z) * p.channels]; ${at(a, b)} } }`,
      );
    lines.push('} }');
  }
  return lines.join('\n');
}

/** `reversed` takes the kernel from its end: an odd one at stride 1 is its own adjoint so. */
const convolution = (reversed: boolean) =>
  specialised((size: number) =>
    flatKernel({
      name: `depthwise${reversed ? 'Input' : ''}/${size}`,
      inputs: ['x', 'w'],
      outputs: ['y'],
      params: SHAPE,
      body: `
${PLACE}
  var sum = 0.0;
${neighbours(size, (a, b) => {
  const place = a * size + b;
  return `sum += v * w[${reversed ? size * size - 1 - place : place}u * p.channels + c];`;
})}
  y[i] = sum;`,
    }),
  );

const forward = convolution(false);
const backward = convolution(true);

const filterSums = specialised((size: number) =>
  columnSums({
    name: `depthwiseFilter/${size}`,
    inputs: ['x', 'dy'],
    params: { height: 'u32', width: 'u32' },
    sums: size * size,
    each: `
      let column = i32(r % p.width);
      let row = i32((r / p.width) % p.height);
      let image = (r - u32(row) * p.width - u32(column)) * p.channels;
      let d = dy[at];
      ${neighbours(size, (a, b) => `s${a * size + b} += v * d;`)}`,
  }),
);

/** See Ops.depthwise. */
export function depthwise(x: tf.Tensor4D, w: tf.Tensor4D): tf.Tensor4D {
  const size = w.shape[0];
  return withGradient([x, w], (save, x: tf.Tensor4D, w: tf.Tensor4D) => {
    save([x, w]);
    const shape = shapeOf(x.shape);
    return {
      value: forward(size)([x, w], [x.shape], shape)[0] as tf.Tensor4D,
      gradient: (dy, saved) => {
        const [x, w] = saved as [tf.Tensor4D, tf.Tensor4D];
        const { height, width, channels } = shape;
        const sums = filterSums(size)([x, dy], x.size / channels, channels, { height, width });
        return [backward(size)([dy, w], [x.shape], shape)[0]!, addParts(sums, w.shape)];
      },
    };
  });
}
