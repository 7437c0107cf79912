/** The annealed activation on the wasm heap. */
import { heapKernel } from './heap.ts';

/** x, its size a multiple of 4; slope → x where it is positive, slope·x elsewhere. */
export const leaky = heapKernel('Leaky', (heap, [info], [slope]) => {
  const output = heap.allocate(info!.shape);
  const x = heap.pointer(info!);
  heap.kernels.leaky!(x, heap.pointer(output), x + 4 * heap.view(info!).length, slope!);
  return [output];
});

/** dy, x; slope → dy where x is positive, slope·dy elsewhere. */
export const leakyGradient = heapKernel('LeakyGradient', (heap, [dy, info], [slope]) => {
  const output = heap.allocate(info!.shape);
  const x = heap.pointer(info!);
  const end = x + 4 * heap.view(info!).length;
  heap.kernels.leakyGradient!(heap.pointer(dy!), x, heap.pointer(output), end, slope!);
  return [output];
});
