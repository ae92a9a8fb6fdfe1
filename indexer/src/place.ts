import { type Context, type Event, type EventNames, ponder } from "ponder:registry";
import type { Hex } from "viem";
import { SEQ_PER_BLOCK } from "./keys.ts";
import { newSums, type Sums, writeSums } from "./protocol.ts";

/** What every handler is given to write with. */
export type Store = Context["db"];

/** Where and when something happened. */
export interface Place {
  readonly chainId: number;
  /** Block number * 1,000,000 + log index: the order of everything. */
  readonly seq: bigint;
  /** Unix seconds. */
  readonly time: bigint;
  readonly block: bigint;
  readonly blockHash: Hex;
  readonly logIndex: number;
  readonly tx: Hex;
  /** What is added to the protocol's and the day's sums; written once, after the handler. */
  readonly sums: Sums;
}

/** Names of logs' events. */
type LogName = Exclude<EventNames, `${string}:setup`>;

/** What a handler is given. */
export interface Happening<Name extends LogName> {
  readonly db: Store;
  readonly place: Place;
  readonly event: Event<Name>;
}

interface Logged {
  readonly block: { readonly number: bigint; readonly timestamp: bigint; readonly hash: Hex };
  readonly log: { readonly logIndex: number };
  readonly transaction: { readonly hash: Hex };
}

/** Handles an event, and writes the sums that it has changed. */
export function on<Name extends LogName>(name: Name, handle: (happening: Happening<Name>) => Promise<void>): void {
  ponder.on(name, async ({ context, event }) => {
    const place = placeOf(context.chain.id, event as Logged);
    await handle({ db: context.db, place, event: event as Event<Name> });
    await writeSums(context.db, place);
  });
}

function placeOf(chainId: number, event: Logged): Place {
  return {
    chainId,
    seq: event.block.number * SEQ_PER_BLOCK + BigInt(event.log.logIndex),
    time: event.block.timestamp,
    block: event.block.number,
    blockHash: event.block.hash,
    logIndex: event.log.logIndex,
    tx: event.transaction.hash,
    sums: newSums(),
  };
}

/** Transfers of a token, one more, as `stateOf` counts them. */
export function nextMoves(moves: bigint): bigint {
  return BigInt.asUintN(40, moves + 1n);
}

/** Addresses and hashes are kept in lower case, whatever case they come in. */
export function lower<Text extends Hex>(text: Text): Text {
  return text.toLowerCase() as Text;
}
