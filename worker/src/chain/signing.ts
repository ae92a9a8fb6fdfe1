import { type JobReceipt, type OrderClosing, type SettlementDomain, settlementTypes, type Voucher } from "@gridnft/sdk";
import type { Hex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";

/**
 * Signs by the hot key. Signatures are deterministic (RFC 6979): the same message gets the same bytes again, so the journal keeps
 * messages and no signatures of receipts and closings.
 */
export interface Signing {
  receipt(receipt: JobReceipt): Promise<Hex>;
  voucher(voucher: Voucher): Promise<Hex>;
  closing(closing: OrderClosing): Promise<Hex>;
}

/** {@link Signing} in the domain of one settlement. */
export function createSigning(signer: PrivateKeyAccount, domain: SettlementDomain): Signing {
  const paper = { domain, types: settlementTypes } as const;
  return {
    receipt: (message) => signer.signTypedData({ ...paper, primaryType: "JobReceipt", message }),
    voucher: (message) => signer.signTypedData({ ...paper, primaryType: "Voucher", message }),
    closing: (message) => signer.signTypedData({ ...paper, primaryType: "OrderClosing", message }),
  };
}
