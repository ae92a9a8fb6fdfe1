import { type Context, ponder } from "ponder:registry";
import type { Hex } from "viem";

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
}

interface Logged {
  readonly block: { readonly number: bigint; readonly timestamp: bigint; readonly hash: Hex };
  readonly log: { readonly logIndex: number };
  readonly transaction: { readonly hash: Hex };
}

/** Where the event of a handler happened. */
export function placeOf(context: { readonly chain: { readonly id: number } }, event: Logged): Place {
  return {
    chainId: context.chain.id,
    seq: event.block.number * 1_000_000n + BigInt(event.log.logIndex),
    time: event.block.timestamp,
    block: event.block.number,
    blockHash: event.block.hash,
    logIndex: event.log.logIndex,
    tx: event.transaction.hash,
  };
}

/** Addresses and hashes are kept in lower case, whatever case they come in. */
export function lower<Text extends Hex>(text: Text): Text {
  return text.toLowerCase() as Text;
}

export { ponder };
