import { type Address, checksumAddress } from "viem";
import { GridError } from "./errors.js";

/**
 * Returns the fault of a text as an address, as the rest of a sentence; undefined for an address. The digits are in one case, or in the
 * case of their EIP-55 checksum: with any other mix, one of them was mistyped.
 *
 * @example
 * addressFault("0xnobody") // "is not an address"
 */
export function addressFault(text: unknown): string | undefined {
  if (typeof text !== "string" || !/^0x[0-9a-fA-F]{40}$/.test(text)) return "is not an address";
  const isChecked = isOneCase(text) || checksumAddress(text.toLowerCase() as Address) === text;
  return isChecked
    ? undefined
    : "has a wrong checksum (EIP-55), so a character of it was changed: copy the address again";
}

/**
 * Reads an address in any case that EIP-55 allows. One in capitals is returned with its checksum, which every library takes.
 * @throws {@link GridError} `FIELD_INVALID`, also for a wrong checksum.
 */
export function parseAddress(text: unknown, field = "address"): Address {
  const fault = addressFault(text);
  if (fault !== undefined) throw new GridError("FIELD_INVALID", `${field} ${fault}.`, field);
  return acceptedForm(text as Address);
}

/** Returns the form of a faultless address that libraries take: they refuse capitals. */
export function acceptedForm(address: Address): Address {
  return /[A-F]/.test(address) && isOneCase(address) ? checksumAddress(address.toLowerCase() as Address) : address;
}

function isOneCase(address: string): boolean {
  const digits = address.slice(2);
  return digits === digits.toLowerCase() || digits === digits.toUpperCase();
}
