import { ApiError } from "../../error.ts";

/** Pictures that a worker may upload at a time. Each is held in memory until it is complete. */
export const MAX_UPLOADS = 16;

/** Concurrency limit per caller. Each open stream or wait queries the database, and each upload holds memory. */
export class ConcurrencyLimit {
  readonly #open = new Map<string, number>();

  constructor(
    readonly max: number,
    readonly what: string,
  ) {}

  /**
   * Takes one slot.
   * @returns Gives it back; once, however often it is called.
   * @throws {@link ApiError} `TOO_MANY_REQUESTS` with Retry-After.
   */
  take(caller: string): () => void {
    const open = this.#open.get(caller) ?? 0;
    if (open >= this.max) {
      throw new ApiError("TOO_MANY_REQUESTS", `There are ${this.max} ${this.what} open already. Close some first.`, {
        headers: { "retry-after": "5" },
      });
    }
    this.#open.set(caller, open + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = (this.#open.get(caller) ?? 1) - 1;
      if (left > 0) this.#open.set(caller, left);
      else this.#open.delete(caller);
    };
  }
}
