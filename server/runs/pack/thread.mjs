/** Entry of the thread that packs: threads do not inherit the loader of TypeScript. */
import { native } from '../../typescript.mjs';

if (!native) (await import('tsx/esm/api')).register();
await import('./thread.ts');
