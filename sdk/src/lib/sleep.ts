/** Waits so many milliseconds; an abort ends it with the signal's reason. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Waits so many milliseconds, or less if the signal ends it. Returns false if it did. */
export function trySleep(milliseconds: number, signal?: AbortSignal): Promise<boolean> {
  return sleep(milliseconds, signal).then(
    () => true,
    () => false,
  );
}
