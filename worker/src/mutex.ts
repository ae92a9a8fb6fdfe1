/** Runs what it is given one after the other. */
export interface Mutex {
  run<result>(work: () => Promise<result>): Promise<result>;
}

/** Makes a {@link Mutex}. A failure concerns its own caller only. */
export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run: (work) => {
      const next = last.then(work, work);
      last = next.catch(() => {});
      return next;
    },
  };
}
