import pg from "pg";
import { type Channel, readPayload } from "./notices.ts";

/** Notifications of changes by all connections and processes. They may get lost, so waiting code polls as well. */
export interface Notifications {
  /** Calls `listener` at each notification with that payload. Returns its removal. */
  on(channel: Channel, payload: string, listener: () => void): () => void;
  /** Resolves at the next notification, after `milliseconds`, or when a signal aborts. */
  next(channel: Channel, payload: string, milliseconds: number, ...signals: AbortSignal[]): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds between two checks that the connection answers. */
const KEEPALIVE_INTERVAL = 30_000;

/**
 * Resolves when it is woken, after `milliseconds`, or when a signal aborts.
 * @param listen Listens for what wakes it. Returns its removal.
 */
export function untilWoken(
  listen: (wake: () => void) => () => void,
  milliseconds: number,
  signals: readonly AbortSignal[],
): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop();
      for (const signal of signals) signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    const stop = listen(done);
    for (const signal of signals) signal.addEventListener("abort", done);
    if (signals.some((signal) => signal.aborted)) done();
  });
}

/** Listens on a connection of its own. A broken connection is opened again. */
export async function listen(databaseUrl: string, onError: (error: unknown) => void): Promise<Notifications> {
  const listeners = new Map<string, Set<() => void>>();
  const wake = (key: string) => {
    for (const listener of [...(listeners.get(key) ?? [])]) listener();
  };
  let closed = false;
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;

  const connect = async (): Promise<void> => {
    const fresh = new pg.Client({
      connectionString: databaseUrl,
      application_name: "gridnft-cloud notices",
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
      query_timeout: 10_000,
    });
    let broken = false;
    const reconnect = (error: unknown) => {
      if (broken || closed) return;
      broken = true;
      onError(error);
      fresh.end().catch(() => {});
      retry = setTimeout(() => connect().catch(() => {}), 1_000);
    };
    fresh.on("error", reconnect);
    fresh.on("end", () => reconnect(new Error("The connection for notices ended.")));
    fresh.on("notification", (notification) => {
      const { payload, times } = readPayload(notification.payload ?? "");
      for (let i = 0; i < times; i++) wake(`${notification.channel}:${payload}`);
    });
    try {
      await fresh.connect();
      await fresh.query("LISTEN cloud_queue; LISTEN cloud_job; LISTEN cloud_session");
    } catch (error) {
      reconnect(error);
      throw error;
    }
    client = fresh;
    // A server that is gone without a word is noticed by asking it.
    const keepalive = setInterval(() => {
      if (broken || closed) clearInterval(keepalive);
      else fresh.query("SELECT 1").catch(reconnect);
    }, KEEPALIVE_INTERVAL);
    keepalive.unref();
    // Notifications in between were not heard.
    for (const key of [...listeners.keys()]) wake(key);
  };
  await connect().catch((error: unknown) => {
    closed = true;
    clearTimeout(retry);
    throw error;
  });

  const on: Notifications["on"] = (channel, payload, listener) => {
    const key = `${channel}:${payload}`;
    const set = listeners.get(key) ?? new Set();
    listeners.set(key, set.add(listener));
    return () => {
      set.delete(listener);
      if (set.size === 0 && listeners.get(key) === set) listeners.delete(key);
    };
  };

  return {
    on,
    next: (channel, payload, milliseconds, ...signals) =>
      untilWoken((wake) => on(channel, payload, wake), milliseconds, signals),
    close: async () => {
      closed = true;
      clearTimeout(retry);
      await client?.end().catch(() => {});
    },
  };
}
