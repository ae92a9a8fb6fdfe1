import { type HealthDependencies, readHealth } from "./health.ts";
import { servedPort } from "./namespace.ts";

const INTERVAL = 150;

/**
 * Prints one JSON line when the index has caught up with the chain and is served: `{"ready":true,"url":...}`.
 * @param publicUrl What to print instead of the address on this machine.
 */
export function announce(health: HealthDependencies, publicUrl: string | undefined): void {
  let isAsking = false;
  const timer = setInterval(async () => {
    const port = servedPort();
    if (isAsking || port === undefined) return;
    isAsking = true;
    const { status } = await readHealth(health);
    isAsking = false;
    if (status !== "ok") return;
    clearInterval(timer);
    console.log(JSON.stringify({ ready: true, url: publicUrl ?? `http://127.0.0.1:${port}` }));
  }, INTERVAL);
  timer.unref();
}
