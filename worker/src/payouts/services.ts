import type { Address } from "viem";
import type { ChainClock } from "../chain/clock.ts";
import type { GridChain } from "../chain/connect.ts";
import type { Signing } from "../chain/signing.ts";
import type { Transactions } from "../chain/transactions.ts";
import type { Logger } from "../log.ts";
import type { Ledger } from "../state/ledger.ts";
import type { PayoutTerms } from "./profitability.ts";

/** Services of payouts. */
export interface PayoutServices {
  readonly chain: GridChain;
  readonly clock: ChainClock;
  readonly ledger: Ledger;
  readonly transactions: Transactions;
  readonly sign: Signing;
  /** Cold account of the worker. */
  readonly account: Address;
  readonly terms: PayoutTerms;
  /** Blocks on top of a settlement until it counts. */
  readonly confirmations: number;
  readonly log: Logger;
  /** Ends waiting for transactions; what was sent is found again after the next start. */
  readonly signal: AbortSignal;
}
