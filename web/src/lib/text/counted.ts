/** '1 snapshot', '2 snapshots': an English noun with its number. */
export const counted = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
