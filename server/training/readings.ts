/** Small results read from the device without making it wait: reading each at once would let it run dry between steps. */
import type * as tf from '@tensorflow/tfjs-core';
import { ops } from '../nn/ops.ts';

export interface Reading<Tag> {
  tag: Tag;
  values: Float32Array;
}

interface Unread<Tag> {
  read(): Promise<Reading<Tag>>;
  drop(): void;
}

/** Steps whose results may be unread: enough that a device never waits for the reader. Where asking for values holds
 * everything up, more than one would make no step come sooner, and live frames later. */
export const unreadSteps = (): number => (ops().readsWait ? 1 : 2);

export class Readings<Tag> {
  readonly #unread: Unread<Tag>[] = [];

  /** Takes `tensor` over: it is read, at once or, where that holds everything up, when it is taken, and disposed of. */
  add(tag: Tag, tensor: tf.Tensor): void {
    const read = async (): Promise<Reading<Tag>> => {
      try {
        return { tag, values: (await tensor.data()) as Float32Array };
      } finally {
        tensor.dispose();
      }
    };
    if (ops().readsWait) {
      this.#unread.push({ read, drop: () => tensor.dispose() });
      return;
    }
    const reading = read();
    reading.catch(() => undefined); // it is thrown where it is taken
    this.#unread.push({ read: () => reading, drop: () => undefined });
  }

  /** The oldest results, in order, until at most `left` are unread. */
  async take(left: number): Promise<Reading<Tag>[]> {
    const taken: Reading<Tag>[] = [];
    while (this.#unread.length > left) taken.push(await this.#unread.shift()!.read());
    return taken;
  }

  /** Nothing more is taken. */
  dispose(): void {
    for (const unread of this.#unread.splice(0)) unread.drop();
  }
}
