import { formatEther } from "viem";
import { describe } from "../errors.ts";
import { pause } from "../pause.ts";
import { collectLanes } from "./collecting.ts";
import type { PurseServices } from "./services.ts";
import { confirmAnchors, settleOrders } from "./settling.ts";

/** Looks after the worker's pay: settles orders, confirms anchors that wait for its bond, collects lanes. */
export interface Purse {
  /** One look at everything. `pressing` takes whatever covers its gas. */
  look(pressing?: boolean): Promise<void>;
  /** Looks at intervals until `end`. */
  run(end: AbortSignal): Promise<void>;
}

/** The purse of one worker. Its looks never overlap. */
export function createPurse(services: PurseServices): Purse {
  const { chain, clock, transactions, account, terms, log, signal } = services;
  let earnedBefore: bigint | undefined;
  let looking: Promise<void> = Promise.resolve();

  const once = async (pressing: boolean): Promise<void> => {
    await clock.sync();
    await transactions.resume(signal);
    const steps = [
      () => settleOrders(services, pressing),
      () => confirmAnchors(services),
      () => collectLanes(services, pressing),
    ];
    const failures: unknown[] = [];
    // Pay that cannot be taken now is not to keep the rest waiting.
    for (const step of steps) await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
    const earned = await chain.grid.settlement.read.earnedOf([account]);
    if (earned !== earnedBefore) log.info({ earned: formatEther(earned) }, "earned and not claimed yet, AIPG");
    earnedBefore = earned;
  };

  const look = (pressing = false): Promise<void> => {
    const next = looking.then(() => once(pressing));
    looking = next.catch(() => {});
    return next;
  };

  return {
    look,
    run: async (end) => {
      while (await pause(terms.interval * 1_000, end)) {
        await look().catch((error: unknown) => {
          if (!end.aborted) log.error({ reason: describe(error) }, "the purse could not look after the pay");
        });
      }
    },
  };
}
