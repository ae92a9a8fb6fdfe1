// Admission of queries to the database: how many run at a time, and how many of them are expensive. Those that are keep to a part of the
// connections, so that everybody else's lists and searches find one. Clients take turns: whoever asks much waits behind himself.
import type { Deadline } from "./deadline.ts";
import { overloaded } from "./errors.ts";

/** A query that wants to run. */
export interface Admitted {
  /** In the unit of `graphql/costs.ts`. */
  readonly cost: number;
  /** Client that asks; clients that nobody tells apart are one. */
  readonly client: string;
  readonly deadline: Deadline;
}

/** Runs queries when it is their turn. */
export interface Admission {
  /** @throws QueryError OVERLOADED when there is no place in the queue, or no turn before the deadline. */
  run<Result>(request: Admitted, work: () => Promise<Result>): Promise<Result>;
}

/** Numbers of queries that run, and that wait, at a time. */
export interface AdmissionLimits {
  readonly running: number;
  readonly waiting: number;
  /** Of those: queries of at least `cost`. */
  readonly expensive: { readonly cost: number; readonly running: number; readonly waiting: number };
}

export function createAdmission({ running, waiting, expensive }: AdmissionLimits): Admission {
  const all = new FairQueue(running, waiting);
  const few = new FairQueue(expensive.running, expensive.waiting);
  return {
    run: (request, work) => {
      const run = () => all.run(request, work);
      return request.cost < expensive.cost ? run() : few.run(request, run);
    },
  };
}

/** Entry of a queue. */
interface QueueEntry {
  /** Starts the query. */
  readonly take: () => void;
  /** Gives up, with OVERLOADED. */
  readonly leave: () => void;
}

/** Fair queue: clients take turns, each client's queries in the order in which they were asked. */
class FairQueue {
  #free: number;
  #waiting = 0;
  /** By client; the first one is next. No queue is empty. */
  readonly #queues = new Map<string, Set<QueueEntry>>();

  constructor(
    count: number,
    readonly max: number,
  ) {
    this.#free = count;
  }

  async run<Result>({ client, deadline }: Admitted, work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--;
    else await this.#wait(client, deadline);
    try {
      return await work();
    } finally {
      this.#next();
    }
  }

  #next(): void {
    const [next] = this.#queues;
    if (!next) {
      this.#free++;
      return;
    }
    const [client, queue] = next;
    const [entry] = queue;
    entry?.take();
    // Other queries of this client wait behind all other clients.
    if (this.#queues.delete(client)) this.#queues.set(client, queue);
  }

  #wait(client: string, deadline: Deadline): Promise<void> {
    if (this.#waiting >= this.max && !this.#makeRoom(client)) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      let stop = (): void => undefined;
      const end = (): void => {
        this.#remove(client, entry);
        stop();
      };
      const entry: QueueEntry = {
        take: () => {
          end();
          resolve();
        },
        leave: () => {
          end();
          reject(overloaded());
        },
      };
      this.#add(client, entry);
      stop = deadline.onPassed(entry.leave);
    });
  }

  /** Sends the last query of the client away that has most of them waiting, if it has more than the newcomer will have. */
  #makeRoom(client: string): boolean {
    const own = this.#queues.get(client)?.size ?? 0;
    const [longest] = [...this.#queues.values()].sort((a, b) => b.size - a.size);
    if (!longest || longest.size <= own + 1) return false;
    [...longest].at(-1)?.leave();
    return true;
  }

  #add(client: string, entry: QueueEntry): void {
    const queue = this.#queues.get(client) ?? new Set();
    this.#queues.set(client, queue.add(entry));
    this.#waiting++;
  }

  #remove(client: string, entry: QueueEntry): void {
    const queue = this.#queues.get(client);
    if (!queue?.delete(entry)) return;
    this.#waiting--;
    if (queue.size === 0) this.#queues.delete(client);
  }
}
