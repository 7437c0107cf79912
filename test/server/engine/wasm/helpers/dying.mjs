/** It dies inside a task. */
import { once } from './waiting.mjs';

once(() => process.exit(1));
