import { createMutex, trySleep } from "@gridnft/sdk/node";
import { formatEther } from "viem";
import { describe } from "../errors.ts";
import { collectLanes } from "./collect.ts";
import type { PayoutServices } from "./services.ts";
import { confirmAnchors, settleOrders } from "./settle.ts";

/** Payouts of the worker: settles orders, confirms anchors that wait for its bond, collects lanes. */
export interface Payouts {
  /** Takes what is due now. `urgent` takes everything that covers its gas. */
  runOnce(urgent?: boolean): Promise<void>;
  /** Takes what is due at intervals, until `end`. */
  run(end: AbortSignal): Promise<void>;
}

/** Creates the {@link Payouts} of one worker. Its runs never overlap. */
export function createPayouts(services: PayoutServices): Payouts {
  const { chain, clock, transactions, account, terms, log, signal } = services;
  let earnedBefore: bigint | undefined;
  const mutex = createMutex();

  const once = async (urgent: boolean): Promise<void> => {
    await clock.sync();
    await transactions.resume(signal);
    const steps = [
      () => settleOrders(services, urgent),
      () => confirmAnchors(services),
      () => collectLanes(services, urgent),
    ];
    const failures: unknown[] = [];
    // One payout that fails does not keep the others waiting.
    for (const step of steps) await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
    const earned = await chain.grid.settlement.read.earnedOf([account]);
    if (earned !== earnedBefore) log.info({ earned: formatEther(earned) }, "earned and not claimed yet, AIPG");
    earnedBefore = earned;
  };

  const runOnce = (urgent = false): Promise<void> => mutex.run(() => once(urgent));

  return {
    runOnce,
    run: async (end) => {
      while (await trySleep(terms.interval * 1_000, end)) {
        await runOnce().catch((error: unknown) => {
          if (!end.aborted) log.error({ reason: describe(error) }, "payouts failed");
        });
      }
    },
  };
}
