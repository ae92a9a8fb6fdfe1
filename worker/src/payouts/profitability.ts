/** Terms of the operator for settling and collecting. */
export interface PayoutTerms {
  /** Price of one ETH in AIPG wei; 0 counts gas as free. */
  readonly aipgPerEth: bigint;
  /** Settling or collecting waits until the amount is this many times its gas, unless it is urgent. */
  readonly gasFactor: bigint;
  /** Least amount, AIPG wei, unless it is urgent. */
  readonly minimum: bigint;
  /** Seconds that an order waits for its artist to settle and mint in one, and for others to share its transaction. */
  readonly settleAfter: number;
  /** Seconds after which a lane is collected even when it is not profitable by `gasFactor`. */
  readonly collectAfter: number;
  /** Collect everything that covers its gas when stopping. */
  readonly atStop: boolean;
  /** Blocks on top of a settlement before it counts as done; by default 12, on local chains 0. */
  readonly confirmations: number | undefined;
  /** Seconds between looks at orders and lanes. */
  readonly interval: number;
}

/** Reason for which a payment is taken now. */
export type Occasion =
  /** Covers its gas many times. */
  | "profitable"
  /** Has waited long enough, and covers its gas. */
  | "age"
  /** Covers its gas, and may be lost or the worker stops. */
  | "urgent";

/** Cost of taking a payment, AIPG wei. */
export function gasCost(gas: bigint, gasPrice: bigint, { aipgPerEth }: Pick<PayoutTerms, "aipgPerEth">): bigint {
  return (gas * gasPrice * aipgPerEth) / 10n ** 18n;
}

/** Returns true if a payment of `amount` AIPG wei that costs `cost` is taken on this occasion. */
export function isProfitable(
  amount: bigint,
  cost: bigint,
  occasion: Occasion,
  { gasFactor, minimum }: Pick<PayoutTerms, "gasFactor" | "minimum">,
): boolean {
  if (amount <= 0n) return false;
  if (occasion === "profitable") return amount >= cost * gasFactor && amount >= minimum;
  return amount > cost;
}
