import type { PurseTerms } from "../environment.ts";

/** Why a payment is taken now. */
export type Occasion =
  /** When it is worth many times its gas. */
  | "worth"
  /** It has waited long enough: when it covers its gas. */
  | "age"
  /** It may be lost, or the worker stops: when it covers its gas. */
  | "pressing";

/** What taking a payment would cost, AIPG wei. */
export function gasCost(gas: bigint, gasPrice: bigint, { aipgPerEth }: Pick<PurseTerms, "aipgPerEth">): bigint {
  return (gas * gasPrice * aipgPerEth) / 10n ** 18n;
}

/** Whether a payment of `amount` AIPG wei that costs `cost` is taken on this occasion. */
export function isWorth(
  amount: bigint,
  cost: bigint,
  occasion: Occasion,
  { gasFactor, minimum }: Pick<PurseTerms, "gasFactor" | "minimum">,
): boolean {
  if (amount <= 0n) return false;
  if (occasion === "worth") return amount >= cost * gasFactor && amount >= minimum;
  return amount > cost;
}
