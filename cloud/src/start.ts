import { setMaxListeners } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createFastChecker } from "@gridnft/sdk";
import { closeServer, openProgramOutput } from "@gridnft/sdk/node";
import { getRequestListener } from "@hono/node-server";
import { pino } from "pino";
import { createApp } from "./api/app.ts";
import type { App } from "./api/http/endpoint.ts";
import { answerParserError, refuseUnreadable } from "./api/http/parserErrors.ts";
import { openChain } from "./chain/chain.ts";
import type { Cloud } from "./cloud.ts";
import { openDatabase } from "./database/database.ts";
import { migrateWhenUp } from "./database/migrate.ts";
import { listen } from "./database/pgNotify.ts";
import type { Settings } from "./environment.ts";
import { describeError } from "./error.ts";
import { openPictures } from "./files/pictures.ts";
import { scrubber } from "./files/scrub.ts";
import { openTakedowns } from "./files/takedowns.ts";
import { laneDemand } from "./jobs/laneDemand.ts";
import { reap, sweep } from "./jobs/reaper.ts";
import { deleteExpired } from "./jobs/retention.ts";
import { createMetrics } from "./metrics.ts";
import { laneFunding } from "./payment/laneFunding.ts";
import { LaneTrees } from "./payment/laneTrees.ts";
import { sweepQuota } from "./payment/quota.ts";
import { settlementSync } from "./payment/settlementSync.ts";

/** Cloud that serves requests. */
export interface RunningCloud {
  readonly url: string;
  /** Finishes running requests, refuses new ones, and closes everything. */
  stop(): Promise<void>;
}

/** Milliseconds that requests may take to end before their connections are closed. */
const STOP_TIMEOUT = 5_000;

/** Migrates the database, connects to the chain, and serves. */
export async function startCloud(settings: Settings): Promise<RunningCloud> {
  const logSettings = {
    level: settings.logLevel,
    base: { part: "cloud" },
    // Nothing of this is logged; should it ever be, it stays unreadable.
    redact: ["token", "*.token", "authorization", "*.authorization", "signature", "*.signature", "*.key"],
  };
  const log = pino(logSettings, openProgramOutput(process.stdout));
  const warn = (what: string) => (error: unknown) => log.warn({ error: describeError(error) }, what);
  const closing: (() => Promise<void> | void)[] = [];
  const stopping = new AbortController();
  // Each stream and each wait listens, and ends to: their number is bounded elsewhere.
  setMaxListeners(0, stopping.signal);
  try {
    await migrateWhenUp(settings.databaseUrl, warn("database is away, waiting for it"));
    const database = openDatabase(settings.databaseUrl, warn("database connection lost"));
    closing.push(() => database.close());
    const notifications = await listen(settings.databaseUrl, warn("notices lost"));
    closing.push(() => notifications.close());
    const chain = await openChain(
      { rpcUrl: settings.rpcUrl, deployment: settings.deployment, pollEvery: settings.chainPoll },
      warn("chain does not answer"),
    );
    closing.push(() => chain.stop());
    const metrics = createMetrics(chain, stopping.signal);
    const takedowns = await openTakedowns(settings.takedowns, log);
    const pictures = await openPictures(settings.blocks, {
      onDamage: (block, event) => {
        metrics.block(event);
        log[event === "damaged" ? "error" : "warn"]({ block }, `block is ${event}`);
      },
    });

    const checker = await createFastChecker();

    // The port decides the public URL when none is given. From the moment that it is known nothing is waited for until there is an app:
    // no request comes before it, which would have no answer.
    let app: App | undefined;
    const server = createServer(
      {
        requestTimeout: 30_000,
        headersTimeout: 10_000,
        keepAliveTimeout: 10_000,
        maxHeaderSize: 16_384,
      },
      getRequestListener((request, environment) => (app as App).fetch(request, environment), {
        hostname: settings.host,
        errorHandler: (error) => refuseUnreadable(error, { log, metrics }),
      }),
    );
    server.on("clientError", (error, socket) => answerParserError(error, socket, { log, metrics }));
    const { port } = await new Promise<AddressInfo>((resolve, reject) => {
      server.once("error", reject);
      server.once("listening", () => resolve(server.address() as AddressInfo));
      server.listen(settings.port, settings.host);
    });
    closing.push(() => closeServer(server, STOP_TIMEOUT));

    const url =
      settings.publicUrl ?? `http://${settings.host.includes(":") ? `[${settings.host}]` : settings.host}:${port}`;
    const cloud: Cloud = {
      settings,
      publicUrl: url,
      database,
      notifications,
      chain,
      pictures,
      takedowns,
      checker,
      laneTrees: new LaneTrees(checker.digester),
      gateway: settings.gateway,
      log,
      metrics,
      stopping: stopping.signal,
    };
    const tasks = startTasks(cloud);
    closing.push(tasks.stop);
    app = createApp(cloud, tasks.checkLanesSoon);
    log.info({ url, chain: chain.domain.chainId, gateway: settings.gateway?.account }, "serving");

    return {
      url,
      stop: async () => {
        stopping.abort();
        for (const close of [...closing].reverse()) await close();
      },
    };
  } catch (error) {
    stopping.abort();
    for (const close of closing.reverse()) await Promise.resolve(close()).catch(() => {});
    throw error;
  }
}

/** Starts the periodic tasks. */
function startTasks(cloud: Cloud): { checkLanesSoon: () => void; stop: () => Promise<void> } {
  const { settings, log, gateway } = cloud;
  const funding = gateway && repeat(5_000, laneFunding(cloud, gateway, laneDemand(cloud, gateway)));
  const tasks = [
    repeat(1_000, () => reap(cloud)),
    repeat(60_000, async () => {
      await sweep(cloud);
      await sweepQuota(cloud.database);
    }),
    repeat(settings.chainPoll, settlementSync(cloud)),
    repeat(600_000, () => deleteExpired(cloud)),
    repeat(600_000, scrubber(cloud)),
  ];
  return {
    checkLanesSoon: () => funding?.runSoon(),
    stop: async () => {
      await Promise.all([...tasks, funding].map((task) => task?.stop()));
    },
  };

  /** Repeats a task, never twice at once. The task may return the milliseconds until the next run. */
  function repeat(
    milliseconds: number,
    work: () => Promise<unknown>,
  ): { runSoon: () => void; stop: () => Promise<void> } {
    let timer: NodeJS.Timeout | undefined;
    let running: Promise<void> | undefined;
    let again = false;
    let stopped = false;
    const run = (): void => {
      clearTimeout(timer);
      if (stopped) return;
      again = false;
      running = work()
        .catch((error: unknown) => log.warn({ error: describeError(error) }, "duty failed, goes on"))
        .then((wait) => {
          running = undefined;
          if (!stopped) timer = setTimeout(run, again ? 0 : typeof wait === "number" ? wait : milliseconds);
        });
    };
    timer = setTimeout(run, 0);
    return {
      runSoon: () => {
        again = true;
        if (!running) run();
      },
      stop: async () => {
        stopped = true;
        clearTimeout(timer);
        await running;
      },
    };
  }
}
