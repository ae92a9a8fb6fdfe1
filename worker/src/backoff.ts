import { type BackoffTerms, backoff as backoffBy } from "@gridnft/sdk/node";

const terms: BackoffTerms = { first: 500, max: 30_000, jitter: 1 / 4 };

/** Milliseconds before attempt `attempt` (from 0) is repeated: doubling from half a second to 30 s, up to a quarter less by chance. */
export function backoff(attempt: number, random?: () => number): number {
  return backoffBy(attempt, terms, random);
}
