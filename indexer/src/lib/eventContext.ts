import type { Context } from "ponder:registry";
import type { Hex } from "viem";
import type { Counters } from "./amounts.ts";

/** Store of rows that handlers write to. */
export type Store = Context["db"];

/** Chain, place and time of an event, and the counters that it changes. */
export interface EventContext {
  readonly chainId: number;
  /** Block number * 1,000,000 + log index: the order of everything. */
  readonly seq: bigint;
  /** Unix seconds. */
  readonly time: bigint;
  readonly block: bigint;
  readonly blockHash: Hex;
  readonly logIndex: number;
  readonly tx: Hex;
  /** Amounts for the rows of the protocol and the day. They are written once, after the handler. */
  readonly counters: Counters;
}

/** Returns an address or a hash in lower case, as rows have it. */
export function lower<Text extends Hex>(text: Text): Text {
  return text.toLowerCase() as Text;
}
