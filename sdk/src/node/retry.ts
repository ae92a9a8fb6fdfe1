/** Terms of the time between two attempts. */
export interface BackoffTerms {
  /** Milliseconds behind the first attempt. They double with each one. */
  readonly first: number;
  /** Most milliseconds. */
  readonly max: number;
  /** Part of the time that chance takes away: 0.25 leaves three quarters at least. */
  readonly jitter: number;
}

/** Returns the milliseconds before an attempt (from 0) is repeated. */
export function backoff(attempt: number, terms: BackoffTerms, random: () => number = Math.random): number {
  return Math.min(terms.max, terms.first * 2 ** Math.min(attempt, 30)) * (1 - random() * terms.jitter);
}

/**
 * Repeats a task that fails.
 * @param mayRetry Waits, and returns true for another attempt (the number of the failed one counts from 0). False throws the error; it may
 * throw another one itself.
 */
export async function retry<result>(
  task: () => Promise<result>,
  mayRetry: (error: unknown, attempt: number) => Promise<boolean>,
): Promise<result> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await task();
    } catch (error) {
      if (!(await mayRetry(error, attempt))) throw error;
    }
  }
}
