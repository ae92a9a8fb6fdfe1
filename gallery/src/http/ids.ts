import { addressFault } from "@gridnft/sdk";
import type { Address } from "viem";
import { text } from "../text/en.ts";
import { NotFoundError } from "./errors.tsx";

/**
 * Reads an id in a path.
 * @throws {@link NotFoundError} for what is none.
 */
export function readId(value: string): bigint {
  if (!/^\d{1,78}$/.test(value)) throw new NotFoundError(text.errors.notFound);
  return BigInt(value);
}

/**
 * Reads an address in a path, in any case that EIP-55 allows. Pages have it in lower case.
 * @throws {@link NotFoundError} that says why it is none.
 */
export function readAddress(value: string): Address {
  const fault = addressFault(value);
  if (fault) throw new NotFoundError(text.errors.address(fault));
  return value.toLowerCase() as Address;
}
