/** A program with one child, `child.parent.ts SCRIPT`, that ends by itself once it is told anything. */
import { Child } from '../../../server/runs/child.ts';

new Child(process.argv[2]!, {}, { onMessage: () => undefined, onExit: () => undefined });
process.once('message', () => process.exit(3));
