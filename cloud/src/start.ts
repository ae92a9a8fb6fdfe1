import type { AddressInfo } from "node:net";
import { createFastChecker } from "@gridnft/sdk";
import { serve } from "@hono/node-server";
import { pino } from "pino";
import { createApp } from "./app.ts";
import { openChain } from "./chain/chain.ts";
import type { Cloud } from "./cloud.ts";
import { openDatabase } from "./database/database.ts";
import { migrate } from "./database/migrate.ts";
import { listen } from "./database/notices.ts";
import type { Settings } from "./environment.ts";
import { describeError } from "./error.ts";
import type { App } from "./http/endpoint.ts";
import { createMetrics } from "./http/metrics.ts";
import { answerParserError } from "./http/parserErrors.ts";
import { laneFunding } from "./payment/laneFunding.ts";
import { LaneTrees } from "./payment/laneTrees.ts";
import { settlementReader } from "./payment/laneWatch.ts";
import { sweepQuota } from "./payment/quota.ts";
import { reap, sweep } from "./queue/reaper.ts";
import { expire } from "./queue/retention.ts";
import { openPictures } from "./storage/pictures.ts";
import { scrubber } from "./storage/scrub.ts";
import { openTakedowns } from "./storage/takedowns.ts";

/** A cloud that answers. */
export interface RunningCloud {
  readonly url: string;
  /** Answers what is under way, refuses what is new, closes everything. */
  stop(): Promise<void>;
}

/** Milliseconds that requests get to end before their connections are closed. */
const STOP_TIME = 5_000;

/** Brings the database up to date, connects to the chain, and serves. */
export async function startCloud(settings: Settings): Promise<RunningCloud> {
  const log = pino({
    level: settings.logLevel,
    base: { part: "cloud" },
    // Nothing of this is logged; should it ever be, it stays unreadable.
    redact: ["token", "*.token", "authorization", "*.authorization", "signature", "*.signature", "*.key"],
  });
  const complain = (what: string) => (error: unknown) => log.warn({ error: describeError(error) }, what);
  const closing: (() => Promise<void> | void)[] = [];
  const stopping = new AbortController();
  try {
    await migrate(settings.databaseUrl);
    const database = openDatabase(settings.databaseUrl, complain("database connection lost"));
    closing.push(() => database.close());
    const notices = await listen(settings.databaseUrl, complain("notices lost"));
    closing.push(() => notices.close());
    const chain = await openChain(
      { rpcUrl: settings.rpcUrl, deployment: settings.deployment, pollEvery: settings.chainPoll },
      complain("chain does not answer"),
    );
    closing.push(() => chain.stop());
    const metrics = createMetrics({ chain, stopping: stopping.signal });
    const takedowns = await openTakedowns(settings.takedowns, log);
    const pictures = await openPictures(settings.blocks, {
      onDamage: (block, event) => {
        metrics.block(event);
        log[event === "damaged" ? "error" : "warn"]({ block }, `block is ${event}`);
      },
    });
    closing.push(() => pictures.close());

    const checker = await createFastChecker();

    // The port decides the public URL when none is given. From the moment that it is known nothing is waited for until there is an app:
    // no request comes before it, which would have no answer.
    let app: App | undefined;
    const server = serve({
      fetch: (request, environment) => (app as App).fetch(request, environment),
      hostname: settings.host,
      port: settings.port,
      serverOptions: {
        requestTimeout: 30_000,
        headersTimeout: 10_000,
        keepAliveTimeout: 10_000,
        maxHeaderSize: 16_384,
      },
    });
    server.on("clientError", answerParserError);
    const { port } = await new Promise<AddressInfo>((resolve, reject) => {
      server.once("error", reject);
      server.once("listening", () => resolve(server.address() as AddressInfo));
    });
    closing.push(() => closeServer(server));

    const url =
      settings.publicUrl ?? `http://${settings.host.includes(":") ? `[${settings.host}]` : settings.host}:${port}`;
    const cloud: Cloud = {
      settings,
      publicUrl: url,
      database,
      notices,
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
    const duties = startDuties(cloud);
    closing.push(duties.stop);
    app = createApp(cloud, duties.tendLanes);
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

/** What is done from time to time. */
function startDuties(cloud: Cloud): { tendLanes: () => void; stop: () => Promise<void> } {
  const { settings, log } = cloud;
  const funding = laneFunding(cloud);
  const duties = [
    repeat(1_000, () => reap(cloud)),
    repeat(60_000, async () => {
      await sweep(cloud);
      await sweepQuota(cloud.database);
    }),
    repeat(settings.chainPoll, settlementReader(cloud)),
    repeat(5_000, async () => funding?.tend()),
    repeat(600_000, () => expire(cloud)),
    repeat(600_000, scrubber(cloud)),
  ] as const;
  return {
    tendLanes: () => duties[3].soon(),
    stop: async () => {
      await Promise.all(duties.map((duty) => duty.stop()));
    },
  };

  /** Does something again and again, never twice at once. It may say itself after how many milliseconds. */
  function repeat(milliseconds: number, work: () => Promise<unknown>): { soon: () => void; stop: () => Promise<void> } {
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
      soon: () => {
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

/** Waits for answers under way, closes connections as they fall idle, and what is left after a while. */
async function closeServer(server: ReturnType<typeof serve>): Promise<void> {
  if (!("closeIdleConnections" in server)) throw new Error("This cloud serves HTTP/1.1.");
  await new Promise<void>((resolve) => {
    const idle = setInterval(() => server.closeIdleConnections(), 50);
    const force = setTimeout(() => server.closeAllConnections(), STOP_TIME);
    server.close(() => {
      clearInterval(idle);
      clearTimeout(force);
      resolve();
    });
  });
}
