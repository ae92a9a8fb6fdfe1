import { type Event, type EventNames, ponder } from "ponder:registry";
import type { Hex } from "viem";
import { newCounters } from "./amounts.ts";
import { writeCounters } from "./counters.ts";
import type { EventContext, Store } from "./eventContext.ts";
import { SEQ_PER_BLOCK } from "./keys.ts";

/** Names of logs' events, with their contract's: `GridNFT:Transfer`. */
export type LogName = Exclude<EventNames, `${string}:setup`>;

/** Arguments of a handler. */
export interface HandlerArgs<Name extends LogName> {
  readonly db: Store;
  readonly context: EventContext;
  readonly event: Event<Name>;
}

interface Logged {
  readonly block: { readonly number: bigint; readonly timestamp: bigint; readonly hash: Hex };
  readonly log: { readonly logIndex: number };
  readonly transaction: { readonly hash: Hex };
}

/** Registers the handler of an event with Ponder. The counters that it has changed are written after it. */
export function registerHandler<Name extends LogName>(
  name: Name,
  handle: (args: HandlerArgs<Name>) => Promise<void>,
): void {
  ponder.on(name, async ({ context: { chain, db }, event }) => {
    const context = eventContextOf(chain.id, event as Logged);
    await handle({ db, context, event: event as Event<Name> });
    await writeCounters(db, context);
  });
}

function eventContextOf(chainId: number, event: Logged): EventContext {
  return {
    chainId,
    seq: event.block.number * SEQ_PER_BLOCK + BigInt(event.log.logIndex),
    time: event.block.timestamp,
    block: event.block.number,
    blockHash: event.block.hash,
    logIndex: event.log.logIndex,
    tx: event.transaction.hash,
    counters: newCounters(),
  };
}
