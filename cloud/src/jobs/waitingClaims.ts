import type { Address } from "viem";
import { type Notifications, untilWoken } from "../database/pgNotify.ts";

/** Milliseconds between polls of a worker's claims, because a pause ends, or a notification was lost. */
const POLL_INTERVAL = 2_000;

interface Waiting {
  /** Wake-ups of the claims, oldest first. */
  readonly claims: Set<() => void>;
  readonly models: string;
  stop(): void;
}

/**
 * Claims that wait for a job, by worker. A notification names the worker or the model of its job, and wakes one claim of each such worker.
 * The poll also wakes one claim.
 */
export class WaitingClaims {
  readonly #workers = new Map<Address, Waiting>();

  constructor(private readonly notifications: Pick<Notifications, "on">) {}

  /**
   * Resolves when there may be a job, after `milliseconds`, or when a signal aborts.
   * @param models Ids of those that the worker serves.
   */
  next(
    worker: Address,
    models: readonly string[],
    milliseconds: number,
    ...signals: readonly AbortSignal[]
  ): Promise<void> {
    const listen = (wake: () => void): (() => void) => {
      const { claims } = this.#waitingOf(worker, models);
      claims.add(wake);
      return () => {
        claims.delete(wake);
        const waiting = this.#workers.get(worker);
        if (waiting?.claims !== claims || claims.size > 0) return;
        waiting.stop();
        this.#workers.delete(worker);
      };
    };
    return untilWoken(listen, milliseconds, signals);
  }

  #waitingOf(worker: Address, models: readonly string[]): Waiting {
    const key = [...models].sort().join(" ");
    const before = this.#workers.get(worker);
    if (before?.models === key) return before;
    before?.stop();
    const claims = before?.claims ?? new Set<() => void>();
    const wakeOne = (): void => {
      const [first] = claims;
      first?.();
    };
    const timer = setInterval(wakeOne, POLL_INTERVAL);
    const stops = [`worker ${worker}`, ...models.map((model) => `model ${model}`)].map((payload) =>
      this.notifications.on("cloud_queue", payload, wakeOne),
    );
    const waiting: Waiting = {
      claims,
      models: key,
      stop: () => {
        clearInterval(timer);
        for (const stop of stops) stop();
      },
    };
    this.#workers.set(worker, waiting);
    return waiting;
  }
}
