/** Entry of the thread that packs: threads do not inherit the loader of TypeScript. */
import { register } from 'tsx/esm/api';

register();
await import('./thread.ts');
