/** Hooks on a network's activations, in the manner of forward hooks. */
import type * as tf from '@tensorflow/tfjs-core';
import { ScopeError } from '../../shared/errors.ts';

export interface TapHandle {
  remove(): void;
}

/** `value` is NHWC and valid only during the call: keep a clone of what shall last (`tf.keep(tf.clone(value))`). */
export type TapHook = (id: string, value: tf.Tensor) => void;

export class Taps {
  readonly #hooks = new Map<string, Set<TapHook>>();

  /** `valid` are the ids that exist now; throws NOT_FOUND naming them. */
  register(id: string, hook: TapHook, valid: readonly string[]): TapHandle {
    if (!valid.includes(id))
      throw new ScopeError('NOT_FOUND', `tap '${id}' is unknown; valid are ${valid.join(', ')}`, {
        field: id,
      });
    const hooks = this.#hooks.get(id) ?? new Set();
    // A function of its own for each registration: the same hook may be registered twice.
    const entry: TapHook = (tap, value) => hook(tap, value);
    hooks.add(entry);
    this.#hooks.set(id, hooks);
    return {
      remove: () => {
        hooks.delete(entry);
        if (hooks.size === 0 && this.#hooks.get(id) === hooks) this.#hooks.delete(id);
      },
    };
  }

  /** Whether anyone listens, so that a value that only a tap needs isn't computed. */
  has(id: string): boolean {
    return this.#hooks.has(id);
  }

  /** Whether anyone listens to anything. */
  get any(): boolean {
    return this.#hooks.size > 0;
  }

  fire(id: string, value: tf.Tensor): void {
    const hooks = this.#hooks.get(id);
    if (hooks) for (const hook of [...hooks]) hook(id, value);
  }

  /** Drops the hooks of taps that exist no more. */
  keepOnly(valid: readonly string[]): void {
    for (const id of [...this.#hooks.keys()]) if (!valid.includes(id)) this.#hooks.delete(id);
  }
}
