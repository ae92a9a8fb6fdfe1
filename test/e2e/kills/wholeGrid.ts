/** The whole grid of `npm start`, with the built-in engine and the indexer, as one that faults can be done to. */
import { join } from "node:path";
import type { ServiceName } from "../../../local/src/supervisor.ts";
import { sleep } from "../../../sdk/src/node/index.ts";
import { startSystem } from "../../fixtures/localSystem.ts";
import { compareRows } from "../system/rows.ts";
import { databaseAt, inflict, type KillableGrid } from "./killableGrid.ts";

const parts: readonly ServiceName[] = ["worker-1", "worker-2", "cloud", "indexer", "chain", "postgres"];

/** Starts it. */
export async function startWholeGrid(): Promise<KillableGrid> {
  const local = await startSystem({
    workers: 2,
    environment: {
      cloud: {
        ...{ GRID_CLOUD_LEASE_SECONDS: "5", GRID_CLOUD_ORDER_SECONDS: "120", GRID_CLOUD_JOBS_PER_MINUTE: "1000000" },
        ...{ GRID_CLOUD_REQUESTS_PER_MINUTE: "1000000", GRID_GATEWAY_DAILY_IMAGES: "100000" },
      },
      ...Object.fromEntries(
        ["worker-1", "worker-2"].map((name) => [
          name,
          { GRID_WORKER_SETTLE_AFTER: "0", GRID_WORKER_PURSE_INTERVAL: "1" },
        ]),
      ),
    },
  });
  const { system } = local;
  const { ask, sql } = databaseAt(system.databaseUrl);
  const starting = new Set<Promise<void>>();
  let failedStarts = 0;
  let isEnding = false;
  const revive = (part: ServiceName, down: number): void => {
    const work = (async () => {
      await sleep(down);
      while (!isEnding) {
        try {
          return await system.restart(part);
        } catch {
          failedStarts++;
          await sleep(300);
        }
      }
    })();
    starting.add(work);
    void work.finally(() => starting.delete(work));
  };
  /** Starts what ended because something that it needs did: Ponder ends with its database and its chain. */
  const reviveAll = async (): Promise<void> => {
    while (starting.size > 0) await Promise.all(starting);
    for (const part of parts) if (!system.isRunning(part)) revive(part, 0);
    while (starting.size > 0) await Promise.all(starting);
  };
  const person = local.person("deployer");
  return {
    ...{
      deployment: system.deployment,
      cloudUrl: system.cloudUrl,
      cloudUrls: [system.cloudUrl],
    },
    modelId: system.models[0]?.modelId ?? 1n,
    workers: ([1, 2] as const).map((n) => ({ party: local.person(`worker${n}`), state: system.state.worker(n) })),
    gateway: local.person("gateway"),
    payers: [local.person("artist")],
    reader: person,
    parameters: { width: 256, height: 256, steps: 4 },
    mix: {
      parts: parts.map((name) => ({ name, weight: 1 })),
      stallable: ["cloud", "worker-1", "worker-2"],
      ...{ terminate: 1, backend: 1, longestGap: 6_000 },
    },
    get crashes() {
      // Ponder ends when its chain or its database is away, and its supervisor starts it again.
      return local.crashes.filter((crash) => !crash.startsWith("indexer:"));
    },
    get failedStarts() {
      return failedStarts;
    },
    sql,
    inflict: async (fault) => {
      if (fault.kind !== "kill") {
        const pidOf = (part: string) =>
          system.isRunning(part as ServiceName) ? system.process(part as ServiceName).pid : undefined;
        return inflict(fault, ask, pidOf);
      }
      const part = fault.part as ServiceName;
      if (!system.isRunning(part)) {
        if (starting.size === 0) await reviveAll();
        return 0;
      }
      await system.kill(part);
      revive(part, fault.down);
      return 1;
    },
    whole: reviveAll,
    pass: async (seconds) => {
      await person.wallet.request({ method: "evm_increaseTime" as never, params: [seconds] as never });
      await person.wallet.request({ method: "evm_mine" as never });
    },
    stopWorkers: async () => {
      for (const part of ["worker-1", "worker-2"] as const) if (system.isRunning(part)) await system.kill(part);
    },
    logs: () => ["cloud", "worker-1", "worker-2"].map((name) => join(system.state.logs, `${name}.log`)),
    check: async () => {
      await reviveAll();
      await local.indexed();
      try {
        await compareRows(local);
        return [];
      } catch (error) {
        return [`The gallery does not have what the chain has: ${String(error)}`];
      }
    },
    stop: async () => {
      isEnding = true;
      await Promise.allSettled([...starting]);
      await local.stop();
    },
  };
}
