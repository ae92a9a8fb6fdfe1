// Admission of questions to the database: how many run at a time, and how many of them are expensive. Those that are keep to a part of the
// connections, so that everybody else's lists and searches find one.
import type { Deadline } from "./deadline.ts";
import { overloaded } from "./graphql/errors.ts";

/** Runs questions when it is their turn. */
export interface Admission {
  /**
   * Runs a question.
   * @param cost In the unit of `costs.ts`.
   * @throws GraphQLError OVERLOADED when there is no place in the queue, or no turn before the deadline.
   */
  run<Result>(cost: number, deadline: Deadline, work: () => Promise<Result>): Promise<Result>;
}

/** Numbers of questions that run, and that wait, at a time. */
export interface AdmissionLimits {
  readonly running: number;
  readonly waiting: number;
  /** Of those: questions of at least `cost`. */
  readonly expensive: { readonly cost: number; readonly running: number; readonly waiting: number };
}

export function createAdmission({ running, waiting, expensive }: AdmissionLimits): Admission {
  const all = new Turns(running, waiting);
  const few = new Turns(expensive.running, expensive.waiting);
  return {
    run: (cost, deadline, work) => {
      const run = () => all.run(deadline, work);
      return cost < expensive.cost ? run() : few.run(deadline, run);
    },
  };
}

/** Turns that are taken in the order in which they were asked for. */
class Turns {
  #free: number;
  readonly #queue = new Set<() => void>();

  constructor(
    count: number,
    readonly most: number,
  ) {
    this.#free = count;
  }

  async run<Result>(deadline: Deadline, work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--;
    else await this.#wait(deadline);
    try {
      return await work();
    } finally {
      const [next] = this.#queue;
      if (next) next();
      else this.#free++;
    }
  }

  #wait(deadline: Deadline): Promise<void> {
    if (this.#queue.size >= this.most) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      const take = (): void => {
        this.#queue.delete(take);
        stop();
        resolve();
      };
      this.#queue.add(take);
      const stop = deadline.onPassed(() => {
        this.#queue.delete(take);
        reject(overloaded());
      });
    });
  }
}
