/** The control block that the main thread and its helpers share: int32 words, each on a cache line of its own, then
 * float64 numbers that describe the task in hand. Plain JavaScript, since the helpers start without a loader. */

/** Indices of words. GENERATION grows with every task and wakes the helpers. */
export const GENERATION = 0;
/** Generation of the task that may be worked on, 0 where none may. */
export const OPEN = 16;
/** The next part that nobody has taken. */
export const NEXT = 32;
/** Helpers that are reading or working on a task. */
export const INSIDE = 48;
/** Helpers that sleep until they are notified of a new GENERATION, and 1 while the main thread sleeps until INSIDE changes:
 * a notification costs more than many a part of a task, so it is sent only where somebody sleeps. */
export const ASLEEP = 80;
export const WAITING = 96;
/** 1 once a kernel failed in a helper. */
export const FAULT = 64;

/** The numbers are the kernel's place among the module's exports, the units of work, the units of a part, the number of
 * the arguments, and from this index on the arguments. */
export const ARGUMENTS = 4;

/** Byte offset of the numbers, and the size of the block. */
export const at = { numbers: 512, end: 512 + 8 * 64 };
