import { createRateLimit } from "@gridnft/sdk/node";
import { ApiError } from "../../error.ts";

/** Rate limiter for requests per minute, in this process. Several processes behind a balancer each allow as much. */
export class RateLimit {
  readonly #limit: ReturnType<typeof createRateLimit>;

  constructor(perMinute: number) {
    this.#limit = createRateLimit(perMinute);
  }

  /**
   * Counts one request.
   * @throws {@link ApiError} `TOO_MANY_REQUESTS` with Retry-After.
   */
  take(caller: string): void {
    const seconds = this.#limit.take(caller, 1);
    if (seconds === 0) return;
    throw new ApiError("TOO_MANY_REQUESTS", `That were too many requests. Try again in ${seconds} s.`, {
      headers: { "retry-after": String(seconds) },
    });
  }
}
