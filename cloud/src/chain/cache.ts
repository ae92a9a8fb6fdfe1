/** Remembers answers for a while; questions asked at the same time are asked once. Failures and refused answers are not kept. */
export class Memory<Answer> {
  readonly #known = new Map<string, { readonly until: number; readonly answer: Promise<Answer> }>();

  /**
   * @param milliseconds How long an answer is good for.
   * @param keep Whether an answer is worth keeping; e.g. only a yes.
   */
  constructor(
    readonly milliseconds: number,
    readonly keep: (answer: Answer) => boolean = () => true,
  ) {}

  ask(key: string, find: () => Promise<Answer>): Promise<Answer> {
    const now = Date.now();
    const known = this.#known.get(key);
    if (known && known.until > now) return known.answer;
    if (this.#known.size > 10_000) this.#known.clear();
    const answer = find();
    const entry = { until: now + this.milliseconds, answer };
    this.#known.set(key, entry);
    const forget = () => {
      if (this.#known.get(key) === entry) this.#known.delete(key);
    };
    answer.then((value) => this.keep(value) || forget(), forget);
    return answer;
  }

  forget(): void {
    this.#known.clear();
  }
}
