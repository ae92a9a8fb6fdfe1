import { openProgramOutput, trySleep } from "@gridnft/sdk/node";
import { pino } from "pino";
import { openChain } from "./chain/chain.ts";
import { openDatabase } from "./database/database.ts";
import { EnvironmentError, type TreasurySettings } from "./environment.ts";
import { describeError } from "./error.ts";
import { openSender } from "./payment/sender.ts";
import { Treasury, type TreasuryStep } from "./payment/treasury.ts";

/** Treasury that runs. */
export interface RunningTreasury {
  stop(): Promise<void>;
}

/** Connects to database and chain, and works until it is stopped. */
export async function startTreasury(settings: TreasurySettings): Promise<RunningTreasury> {
  const opened = await openTreasury(settings);
  const stopping = new AbortController();
  const working = (async () => {
    while (!stopping.signal.aborted) {
      await opened.work(stopping.signal).catch((error: unknown) => {
        opened.log.warn({ error: describeError(error) }, "treasury could not work, goes on");
      });
      await trySleep(settings.poll, stopping.signal);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await working;
      await opened.close();
    },
  };
}

/** Sends the due transactions, once. */
export async function workOnce(settings: TreasurySettings): Promise<void> {
  const opened = await openTreasury(settings);
  try {
    await opened.work(new AbortController().signal);
  } finally {
    await opened.close();
  }
}

/** Returns the due transactions, for somebody else to send. */
export async function planOf(settings: TreasurySettings): Promise<TreasuryStep[]> {
  const opened = await openTreasury(settings);
  try {
    return await opened.treasury.plan();
  } finally {
    await opened.close();
  }
}

async function openTreasury(settings: TreasurySettings) {
  // A plan is printed on stdout.
  const output = openProgramOutput(settings.owner ? process.stdout : process.stderr);
  const log = pino({ level: settings.logLevel, base: { part: "treasury" } }, output);
  const database = openDatabase(
    settings.databaseUrl,
    (error) => log.warn({ error: describeError(error) }, "database connection lost"),
    4,
  );
  const chain = await openChain(
    { rpcUrl: settings.rpcUrl, deployment: settings.deployment, pollEvery: settings.poll },
    (error) => log.warn({ error: describeError(error) }, "chain does not answer"),
  ).catch(async (error: unknown) => {
    await database.close();
    throw error;
  });
  const treasury = new Treasury({ settings, database, chain, log });
  const { owner, rpcUrl, poll } = settings;
  const sender = owner && openSender(owner, { rpcUrl, deployment: chain.deployment, poll });
  return {
    treasury,
    log,
    work: async (stopping: AbortSignal) => {
      if (!sender) throw new EnvironmentError("GRID_GATEWAY_ACCOUNT_KEY is missing.");
      await treasury.work(sender, stopping);
    },
    close: async () => {
      chain.stop();
      await database.close();
    },
  };
}
