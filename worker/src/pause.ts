/** Waits for some time. Returns false if `signal` ended it early. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve(false);
    const end = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve(true);
    }, milliseconds);
    signal?.addEventListener("abort", end, { once: true });
  });
}

/** Milliseconds before attempt `attempt` (from 0) is repeated: doubling from half a second to 30 s, up to a quarter less by chance. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return Math.min(30_000, 500 * 2 ** Math.min(attempt, 10)) * (1 - random() / 4);
}
