/** Its kernel fails. */
import { FAULT, INSIDE } from '../../../../../server/engine/wasm/task.mjs';
import { once } from './waiting.mjs';

once((words) => {
  Atomics.store(words, FAULT, 1);
  Atomics.sub(words, INSIDE, 1);
  Atomics.notify(words, INSIDE);
});
