import { CloudError } from "../error.ts";

/** A bucket that fills evenly and is emptied by one per request. */
interface Bucket {
  level: number;
  at: number;
}

/**
 * Limits of requests per minute, kept in this process: with several processes behind a balancer each allows as much.
 */
export class RateLimit {
  readonly #buckets = new Map<string, Bucket>();

  constructor(readonly perMinute: number) {}

  /**
   * Counts one request.
   * @throws {@link CloudError} `TOO_MANY_REQUESTS` with Retry-After.
   */
  take(caller: string, now = Date.now()): void {
    const bucket = this.#buckets.get(caller) ?? { level: this.perMinute, at: now };
    bucket.level = Math.min(this.perMinute, bucket.level + ((now - bucket.at) * this.perMinute) / 60_000);
    bucket.at = now;
    if (this.#buckets.size >= 50_000) this.#sweep(now);
    this.#buckets.set(caller, bucket);
    if (bucket.level < 1) {
      const seconds = Math.ceil(((1 - bucket.level) * 60) / this.perMinute);
      throw new CloudError("TOO_MANY_REQUESTS", `That were too many requests. Try again in ${seconds} s.`, {
        headers: { "retry-after": String(seconds) },
      });
    }
    bucket.level -= 1;
  }

  /** Forgets full buckets; if an attacker made too many others, all. */
  #sweep(now: number): void {
    for (const [caller, { at }] of this.#buckets) if (now - at > 60_000) this.#buckets.delete(caller);
    if (this.#buckets.size >= 50_000) this.#buckets.clear();
  }
}
