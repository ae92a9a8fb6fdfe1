/** Cache with a time to live. Concurrent loads of one key are one. Failures and answers that `keep` refuses are not cached. */
export class TtlCache<Value> {
  readonly #entries = new Map<string, { readonly until: number; readonly value: Promise<Value> }>();

  /**
   * @param milliseconds How long an answer is good for.
   * @param keep Whether an answer is worth keeping; e.g. only a yes.
   */
  constructor(
    readonly milliseconds: number,
    readonly keep: (value: Value) => boolean = () => true,
  ) {}

  get(key: string, load: () => Promise<Value>): Promise<Value> {
    const now = Date.now();
    const cached = this.#entries.get(key);
    if (cached && cached.until > now) return cached.value;
    if (this.#entries.size > 10_000) this.#entries.clear();
    const value = load();
    const entry = { until: now + this.milliseconds, value };
    this.#entries.set(key, entry);
    const clear = () => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    };
    value.then((value) => this.keep(value) || clear(), clear);
    return value;
  }

  clear(): void {
    this.#entries.clear();
  }
}
