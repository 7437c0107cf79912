/** `native`: builds the TensorFlow addon against a TensorFlow that is on this machine. */
import type { Command } from 'commander';

export function register(program: Command): void {
  void program;
}
