/** End of the time that a query has. */
export class Deadline {
  #hasPassed = false;
  readonly #listeners = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;

  constructor(milliseconds: number) {
    this.#timer = setTimeout(() => this.#pass(), milliseconds);
  }

  get hasPassed(): boolean {
    return this.#hasPassed;
  }

  /** Calls `listener` when the time is over; at once if it is. Returns how to stop that. */
  onPassed(listener: () => void): () => void {
    if (this.#hasPassed) listener();
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Returns what a promise answers, or throws the error that `late` makes when the time is over before. */
  race<Value>(promise: Promise<Value>, late: () => Error): Promise<Value> {
    return new Promise((resolve, reject) => {
      const stop = this.onPassed(() => reject(late()));
      promise.then(resolve, reject).finally(stop);
    });
  }

  /** Stops the clock, when no client waits any more. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #pass(): void {
    this.#hasPassed = true;
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }
}
