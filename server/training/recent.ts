/** A few things made for a key, the latest used ones: the others are disposed of. */
export class Recent<Key extends object, Thing extends { dispose(): void }> {
  readonly #capacity: number;
  /** The latest first. */
  readonly #kept: { key: Key; thing: Thing }[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** What was made for a key of the same values, or is made now. */
  of(key: Key, make: () => Thing): Thing {
    const at = this.#kept.findIndex((kept) => same(kept.key, key));
    const [found] = at >= 0 ? this.#kept.splice(at, 1) : [];
    const kept = found ?? { key, thing: make() };
    this.#kept.unshift(kept);
    for (const { thing } of this.#kept.splice(this.#capacity)) thing.dispose();
    return kept.thing;
  }

  dispose(): void {
    for (const { thing } of this.#kept.splice(0)) thing.dispose();
  }
}

function same<Key extends object>(a: Key, b: Key): boolean {
  return (Object.keys(a) as (keyof Key)[]).every((name) => a[name] === b[name]);
}
