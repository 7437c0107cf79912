/** Compute kernels of our own in WGSL, run on tfjs's tensors and in tfjs's stream of commands. A dispatch costs a
 * fraction of what one of tfjs's costs: what is the same in every step (pipeline, layout, uniforms) is kept, and a
 * kernel may have several outputs. */
import * as tf from '@tensorflow/tfjs-core';
import type { Annealing } from '../trace/kernelNotes.ts';

/** The parts of tfjs's WebGPU backend that a dispatch goes through; its types call some of them private. */
export interface Backend extends tf.KernelBackend {
  device: GPUDevice;
  bufferManager: { acquireBuffer(size: number, usage: number): GPUBuffer };
  tensorMap: { get(dataId: object): { dtype: tf.DataType; values: unknown; resource?: unknown } };
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  commandQueueOwnedIds: WeakSet<object>;
  uniformPendingDisposal: GPUBuffer[];
  dispatchCountInPass: number;
  makeTensorInfo(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo;
  uploadToGPU(dataId: object): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

export interface KernelSource {
  /** Names the kernel in errors of the device, with what it is specialised by. */
  name: string;
  /** What is read: `name`, or `name: i32`; vectors of float32 where no type is said. */
  inputs: readonly string[];
  /** What is written, vectors of float32. */
  outputs: readonly string[];
  /** Numbers, as `p.name`. */
  params: Readonly<Record<string, 'u32' | 'f32'>>;
  /** Invocations of a workgroup along x and y. */
  size: readonly [x: number, y: number];
  /** Declarations at module scope. */
  declare?: string;
  /** What an invocation does; it has `group`, `groups` (vec3u), `local` (vec3u) and `index` (u32, its place in its
   * workgroup). */
  body: string;
}

/** How many workgroups there are along each dimension. */
export type Groups = readonly [x: number, y: number, z: number];

type Numbers<Param extends string> = Readonly<Record<Param, number>>;

/** Numbers that are made of a tensor's values each time a kernel runs. The tensor comes from outside and never was on the
 * device, so that reading it waits for nothing. */
export interface Made<Param extends string> {
  of: tf.Tensor;
  make: (values: Float32Array) => Numbers<Param>;
}

export type Params<Param extends string> = Numbers<Param> | Made<Param>;

const isMade = <Param extends string>(params: Params<Param>): params is Made<Param> => 'make' in params;

/** A kernel's run as attributes of one of tfjs's kernels. */
interface Run {
  kernel: Kernel;
  shapes: readonly (readonly number[])[];
  params: Numbers<string>;
  /** In place of `params`, from the input `of`. */
  make?: Made<string>['make'];
  groups: Groups;
}

/** All our kernels are this one of tfjs's, so that it can be noted what they are given. */
const NAME = 'ScopeRun';

tf.registerKernel({
  kernelName: NAME,
  backendName: 'webgpu',
  kernelFunc: ({ inputs: { of, ...inputs }, attrs, backend }) => {
    const { kernel, shapes, params, make, groups } = attrs as unknown as Run;
    const engine = backend as Backend;
    const numbers = make ? make(engine.readSync((of as tf.TensorInfo).dataId) as Float32Array) : params;
    return kernel.dispatch(engine, Object.values(inputs) as tf.TensorInfo[], shapes, numbers, groups);
  },
});

/** The slope of an annealed activation is 1 - λ. */
export const annealing: Annealing = (name, attrs) => {
  const { params } = attrs as unknown as Partial<Run>;
  const slope = params?.slope;
  if (name !== NAME || slope === undefined || slope === 0 || slope === 1) return null;
  return (lambda) => ({ ...attrs, params: { ...params, slope: 1 - lambda } }) as unknown as tf.NamedAttrMap;
};

/** Uniforms that a kernel keeps: those of the shapes of a few networks. λ and rates that change go beyond. */
const KEPT_UNIFORMS = 128;
/** Bindings that a kernel keeps: those of some steps. */
const KEPT_BIND_GROUPS = 512;

const numbers = new WeakMap<GPUBuffer, number>();
let counted = 0;

/** Tells a buffer from every other. */
function numberOf(buffer: GPUBuffer): number {
  let number = numbers.get(buffer);
  if (number === undefined) numbers.set(buffer, (number = counted++));
  return number;
}

/** Every device takes as many workgroups along a dimension. */
const MOST_GROUPS = 65_535;

function wgsl({ inputs, outputs, params, size, declare = '', body }: KernelSource): string {
  const bindings = [
    ...inputs.map((input) => {
      const [name, type = 'f32'] = input.split(': ');
      return `var<storage, read> ${name}: array<${type}>`;
    }),
    ...outputs.map((name) => `var<storage, read_write> ${name}: array<f32>`),
    'var<uniform> p: Params',
  ];
  const fields = Object.entries(params).map(([name, type]) => `${name}: ${type}`);
  return `
struct Params { ${fields.join(', ')} }
${bindings.map((binding, i) => `@group(0) @binding(${i}) ${binding};`).join('\n')}
${declare}
@compute @workgroup_size(${size.join(', ')}, 1)
fn main(
  @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32) {
${body}
}`;
}

export class Kernel<Param extends string = string> {
  readonly #source: KernelSource;
  readonly #params: readonly [name: string, type: 'u32' | 'f32'][];
  #device: GPUDevice | null = null;
  #pipeline: GPUComputePipeline | null = null;
  #layout: GPUBindGroupLayout | null = null;
  readonly #uniforms = new Map<string, GPUBuffer>();
  readonly #bindGroups = new Map<string, GPUBindGroup>();

  constructor(source: KernelSource & { params: Readonly<Record<Param, 'u32' | 'f32'>> }) {
    this.#source = source;
    this.#params = Object.entries(source.params);
  }

  /** Runs on `inputs` and gives new float32 tensors of these shapes, in the order of the outputs; who calls sees to
   * their disposal (a tidy). */
  run(
    inputs: readonly tf.Tensor[],
    shapes: readonly (readonly number[])[],
    params: Params<Param>,
    groups: Groups,
  ): tf.Tensor[] {
    const named: tf.NamedTensorMap = Object.fromEntries(inputs.map((tensor, i) => [`input${i}`, tensor]));
    const run: Run = { kernel: this, shapes, params: {}, groups };
    if (isMade(params)) {
      named.of = params.of;
      run.make = params.make;
    } else run.params = params;
    return tf.engine().runKernel<tf.Tensor[]>(NAME, named, run as unknown as tf.NamedAttrMap);
  }

  /** The same below tfjs. */
  dispatch(
    backend: Backend,
    inputs: readonly tf.TensorInfo[],
    shapes: readonly (readonly number[])[],
    params: Numbers<Param>,
    groups: Groups,
  ): tf.TensorInfo[] {
    if (this.#device !== backend.device) this.#compile(backend.device);
    const outputs = shapes.map((shape) => backend.makeTensorInfo(shape, 'float32'));
    const buffers = [...inputs, ...outputs].map(({ dataId }) => {
      backend.uploadToGPU(dataId);
      backend.commandQueueOwnedIds.add(dataId);
      return backend.tensorMap.get(dataId).resource as GPUBuffer;
    });
    buffers.push(this.#uniform(backend, params));
    const bindGroup = this.#bind(backend.device, buffers);
    backend.ensureCommandEncoderReady();
    const pass = (backend.computePassEncoder ??= backend.commandEncoder!.beginComputePass());
    pass.setPipeline(this.#pipeline!);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...groups);
    if (++backend.dispatchCountInPass >= tf.env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) {
      backend.endComputePassEncoder();
      backend.submitQueue();
    }
    return outputs;
  }

  #compile(device: GPUDevice): void {
    const { name } = this.#source;
    const module = device.createShaderModule({ label: name, code: wgsl(this.#source) });
    this.#pipeline = device.createComputePipeline({
      label: name,
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    });
    this.#layout = this.#pipeline.getBindGroupLayout(0);
    this.#device = device;
    this.#uniforms.clear();
    this.#bindGroups.clear();
  }

  /** tfjs keeps the buffers of a step and gives them out in much the same order in the next: most bindings come again. */
  #bind(device: GPUDevice, buffers: readonly GPUBuffer[]): GPUBindGroup {
    const key = buffers.map(numberOf).join();
    const known = this.#bindGroups.get(key);
    if (known) return known;
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    const bindGroup = device.createBindGroup({ layout: this.#layout!, entries });
    if (this.#bindGroups.size >= KEPT_BIND_GROUPS) this.#bindGroups.clear();
    this.#bindGroups.set(key, bindGroup);
    return bindGroup;
  }

  #uniform(backend: Backend, params: Numbers<Param>): GPUBuffer {
    const values = this.#params.map(([name]) => params[name as Param]);
    const key = values.join();
    const known = this.#uniforms.get(key);
    if (known) return known;
    const size = 16 * Math.ceil(values.length / 4);
    const bytes = new DataView(new ArrayBuffer(size));
    this.#params.forEach(([, type], i) =>
      type === 'u32' ? bytes.setUint32(4 * i, values[i]!, true) : bytes.setFloat32(4 * i, values[i]!, true),
    );
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    const kept = this.#uniforms.size < KEPT_UNIFORMS;
    const buffer = kept
      ? backend.device.createBuffer({ size, usage })
      : backend.bufferManager.acquireBuffer(size, usage);
    backend.device.queue.writeBuffer(buffer, 0, bytes.buffer);
    if (kept) this.#uniforms.set(key, buffer);
    else backend.uniformPendingDisposal.push(buffer);
    return buffer;
  }
}

/** So many workgroups, or a few more, along two dimensions; the place of one is `group.y * groups.x + group.x`. */
export function spread(count: number): Groups {
  const y = Math.ceil(count / MOST_GROUPS);
  return [Math.ceil(count / y), y, 1];
}

/** Invocations of a workgroup that works on values one after the other. */
const FLAT = 256;

/** A kernel whose body computes the value at place `i` of outputs as long as `p.count`. */
export function flatKernel<Param extends string>(
  source: Omit<KernelSource, 'size'> & { params: Readonly<Record<Param, 'u32' | 'f32'>> },
): (
  inputs: readonly tf.Tensor[],
  shapes: readonly (readonly number[])[],
  params: Params<Param>,
) => tf.Tensor[] {
  const kernel = new Kernel<Param | 'count'>({
    ...source,
    params: { ...source.params, count: 'u32' } as Readonly<Record<Param | 'count', 'u32' | 'f32'>>,
    size: [FLAT, 1],
    body: `
  let i = (group.y * groups.x + group.x) * ${FLAT} + index;
  if (i >= p.count) { return; }
${source.body}`,
  });
  return (inputs, shapes, params) => {
    const count = tf.util.sizeFromShape(shapes[0] as number[]);
    const counted = (numbers: Numbers<Param>): Numbers<Param | 'count'> =>
      ({ ...numbers, count }) as Numbers<Param | 'count'>;
    const all = isMade(params)
      ? { of: params.of, make: (values: Float32Array) => counted(params.make(values)) }
      : counted(params);
    return kernel.run(inputs, shapes, all, spread(Math.ceil(count / FLAT)));
  };
}

/** One kernel for each value that it is specialised by, made when it is first asked for. */
export function specialised<Key extends string | number, Made>(make: (key: Key) => Made): (key: Key) => Made {
  const made = new Map<Key, Made>();
  return (key) => {
    let one = made.get(key);
    if (one === undefined) made.set(key, (one = make(key)));
    return one;
  };
}
