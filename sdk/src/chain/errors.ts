import type { Hex } from "viem";

/**
 * Reason for which something on chain did not happen. `REVERTED`: the contract refused; the others never reached it. `CALL_FAILED` is no
 * fault of the chain or its node: the call was not of a form that can be sent, or something else on this side failed.
 */
export type ChainFailure =
  | "REVERTED"
  | "RPC_UNREACHABLE"
  | "GAS_UNPAID"
  | "WALLET_REFUSED"
  | "UNCONFIRMED"
  | "RPC_FAILED"
  | "CALL_FAILED";

/** A contract's custom error. */
export interface ContractError {
  /** Its name, e.g. `GridNFT_AlreadyMinted`. */
  readonly name: string;
  /** Arguments by name. */
  readonly args: Readonly<Record<string, unknown>>;
}

/**
 * A call or transaction that did not succeed.
 *
 * @example
 * if (error instanceof ChainError && error.contractError?.name === "GridNFT_AlreadyMinted") ...
 */
export class ChainError extends Error {
  override readonly name = "ChainError";

  /**
   * @param code Stable code.
   * @param message A sentence for the user.
   * @param contractError What the contract said, when it did.
   * @param transaction Hash, when one was sent.
   */
  constructor(
    readonly code: ChainFailure,
    message: string,
    readonly contractError?: ContractError,
    readonly transaction?: Hex,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
