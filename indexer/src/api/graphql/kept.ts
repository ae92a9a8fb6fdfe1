/** Values by key, up to a sum of their sizes: those that were asked for longest ago go first. */
export class Kept<Value> {
  // A map keeps the order of insertion.
  readonly #entries = new Map<string, { readonly value: Value; readonly size: number }>();
  #size = 0;

  /** @param most Sum of sizes. What is larger alone is not kept. */
  constructor(readonly most: number) {}

  /** Sum of the sizes of what is kept. */
  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    const known = this.#entries.get(key);
    if (!known) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, known);
    return known.value;
  }

  set(key: string, value: Value, size: number): void {
    this.#delete(key);
    if (size > this.most) return;
    this.#entries.set(key, { value, size });
    this.#size += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.most) break;
      this.#delete(oldest);
    }
  }

  #delete(key: string): void {
    this.#size -= this.#entries.get(key)?.size ?? 0;
    this.#entries.delete(key);
  }
}
