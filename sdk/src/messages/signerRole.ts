/** Roles of hot keys: a key has one, for one account, for ever. Mirrors `contracts/settlement/SignerRoles.sol`. */
export const SignerRole = {
  /** Signs the vouchers of lanes that name it as `payerSigner`. */
  PAYER_SIGNER: 1,
  /** Signs direct orders that spend the account's balance. */
  ORDER_SIGNER: 2,
  /** Tops up the account's open lanes, up to its cap per window. */
  TREASURER: 3,
  /** Signs receipts, counter-signs vouchers, calls `collect`. */
  WORKER_SIGNER: 4,
} as const;
export type SignerRole = (typeof SignerRole)[keyof typeof SignerRole];
