import pg from "pg";
import type { Queries } from "./database.ts";

/** `cloud_queue`: a job waits. `cloud_job`: that job changed (payload: its id). `cloud_session`: it ended (payload: its token's hash). */
export type Channel = "cloud_queue" | "cloud_job" | "cloud_session";

/** Word from other connections and processes that something changed. It may get lost: whoever waits also looks by himself. */
export interface Notices {
  /** Calls `listener` at each notice with that payload; returns how to stop. */
  on(channel: Channel, payload: string, listener: () => void): () => void;
  /** Resolves at the next notice, after `milliseconds`, or when a signal aborts. */
  next(channel: Channel, payload: string, milliseconds: number, ...signals: AbortSignal[]): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds between two questions whether the connection still answers. */
const ASKED_EVERY = 30_000;

/** Tells everybody, when the transaction commits. */
export async function tell(queries: Queries, channel: Channel, payload = ""): Promise<void> {
  await queries.run("SELECT pg_notify($1, $2)", [channel, payload]);
}

/** Listens on one connection of its own, which is made anew when it breaks. */
export async function listen(databaseUrl: string, onError: (error: unknown) => void): Promise<Notices> {
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
    fresh.on("notification", ({ channel, payload }) => wake(`${channel}:${payload ?? ""}`));
    try {
      await fresh.connect();
      await fresh.query("LISTEN cloud_queue; LISTEN cloud_job; LISTEN cloud_session");
    } catch (error) {
      reconnect(error);
      throw error;
    }
    client = fresh;
    // A server that is gone without a word is noticed by asking it.
    const asking = setInterval(() => {
      if (broken || closed) clearInterval(asking);
      else fresh.query("SELECT 1").catch(reconnect);
    }, ASKED_EVERY);
    asking.unref();
    // What happened in between was not heard.
    for (const key of [...listeners.keys()]) wake(key);
  };
  await connect().catch((error: unknown) => {
    closed = true;
    clearTimeout(retry);
    throw error;
  });

  const on: Notices["on"] = (channel, payload, listener) => {
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
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          off();
          for (const signal of signals) signal.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, milliseconds);
        const off = on(channel, payload, done);
        for (const signal of signals) signal.addEventListener("abort", done);
        if (signals.some((signal) => signal.aborted)) done();
      }),
    close: async () => {
      closed = true;
      clearTimeout(retry);
      await client?.end().catch(() => {});
    },
  };
}
