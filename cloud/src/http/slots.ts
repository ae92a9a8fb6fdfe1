import { CloudError } from "../error.ts";

/** Pictures that a worker may send at a time: each is held in memory until it is whole. */
export const MOST_UPLOADS = 16;

/**
 * Limits how much a caller may keep open at a time: each stream and each wait asks the database now and then, each upload holds memory.
 */
export class Slots {
  readonly #taken = new Map<string, number>();

  constructor(
    readonly most: number,
    readonly what: string,
  ) {}

  /**
   * Takes a place.
   * @returns Gives it back; once, however often it is called.
   * @throws {@link CloudError} `TOO_MANY_REQUESTS` with Retry-After.
   */
  take(caller: string): () => void {
    const taken = this.#taken.get(caller) ?? 0;
    if (taken >= this.most) {
      throw new CloudError("TOO_MANY_REQUESTS", `There are ${this.most} ${this.what} open already. Close some first.`, {
        headers: { "retry-after": "5" },
      });
    }
    this.#taken.set(caller, taken + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = (this.#taken.get(caller) ?? 1) - 1;
      if (left > 0) this.#taken.set(caller, left);
      else this.#taken.delete(caller);
    };
  }
}
