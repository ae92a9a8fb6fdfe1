import type { Address } from "viem";
import type { ChainClock } from "../chain/clock.ts";
import type { GridChain } from "../chain/connect.ts";
import type { Transactions } from "../chain/transactions.ts";
import type { PurseTerms } from "../environment.ts";
import type { Logger } from "../log.ts";
import type { Signing } from "../signing.ts";
import type { Ledger } from "../state/ledger.ts";

/** What settling and collecting need. */
export interface PurseServices {
  readonly chain: GridChain;
  readonly clock: ChainClock;
  readonly ledger: Ledger;
  readonly transactions: Transactions;
  readonly sign: Signing;
  /** Cold account of the worker. */
  readonly account: Address;
  readonly terms: PurseTerms;
  /** Blocks on top of a settlement until it counts. */
  readonly confirmations: number;
  readonly log: Logger;
  /** Ends waiting for transactions; what was sent is found again after the next start. */
  readonly signal: AbortSignal;
}
