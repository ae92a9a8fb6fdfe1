/** Mutex: runs tasks one after the other. */
export interface Mutex {
  run<result>(work: () => Promise<result>): Promise<result>;
}

/** Mutex for each name: runs tasks of the same name one after the other. */
export interface NamedMutex {
  run<result>(name: string, work: () => Promise<result>): Promise<result>;
}

/** Creates a {@link NamedMutex}. A name that nobody waits for is forgotten. */
export function createNamedMutex(): NamedMutex {
  const last = new Map<string, Promise<unknown>>();
  return {
    run: (name, work) => {
      const next = (last.get(name) ?? Promise.resolve()).then(work);
      const ended = next
        .catch(() => {})
        .then(() => {
          if (last.get(name) === ended) last.delete(name);
        });
      last.set(name, ended);
      return next;
    },
  };
}

/** Creates a {@link Mutex}. A failure concerns its own caller only. */
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
