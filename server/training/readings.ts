/** Small results read from the device without making it wait: reading each at once would let a GPU run dry between
 * steps. */
import type * as tf from '@tensorflow/tfjs-core';

/** Results of steps that may be unread: enough that a GPU never waits for the reader. */
export const UNREAD_STEPS = 2;

export interface Reading<Tag> {
  tag: Tag;
  values: Float32Array;
}

export class Readings<Tag> {
  readonly #unread: Promise<Reading<Tag>>[] = [];

  /** Starts to read `tensor` and takes it over: it is disposed once read. */
  add(tag: Tag, tensor: tf.Tensor): void {
    const read = async (): Promise<Reading<Tag>> => {
      try {
        return { tag, values: (await tensor.data()) as Float32Array };
      } finally {
        tensor.dispose();
      }
    };
    const reading = read();
    reading.catch(() => undefined); // it is thrown where it is taken
    this.#unread.push(reading);
  }

  /** The oldest results, in order, until at most `left` are unread. */
  async take(left: number): Promise<Reading<Tag>[]> {
    const taken: Reading<Tag>[] = [];
    while (this.#unread.length > left) taken.push(await this.#unread.shift()!);
    return taken;
  }
}
