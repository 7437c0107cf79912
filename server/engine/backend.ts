/** A small step that every rung shares. */
import * as tf from '@tensorflow/tfjs-core';

/** Makes `name` the backend of this process; throws when tfjs can't initialise it. */
export async function useBackend(name: string): Promise<void> {
  tf.enableProdMode(); // spares checks in every step, and advertisements in the log
  if (!(await tf.setBackend(name))) throw new Error(`tfjs could not initialise its backend '${name}'`);
  await tf.ready();
}
