import type { Address, Hex } from "viem";
import * as z from "zod/mini";

/** `BigInt`: a decimal string, read as a bigint. */
export const bigInt = z.pipe(
  z.string().check(z.regex(/^-?\d+$/)),
  z.transform((text) => BigInt(text)),
);
/** `BigInt` among variables: a bigint, a safe integer, or decimal digits. */
export type BigIntInput = bigint | number | string;
/** `Address`, lower case. */
export const address = z.pipe(
  z.string().check(z.regex(/^0x[0-9a-f]{40}$/)),
  z.transform((text) => text as Address),
);
/** `Hex`. */
export const hex = z.pipe(
  z.string().check(z.regex(/^0x[0-9a-f]*$/)),
  z.transform((text) => text as Hex),
);
/** `Timestamp`: Unix seconds. */
export const timestamp = z.int();
/** `Long` and `Int`. */
export const integer = z.int();

/** An enum of the schema. A value that a later schema adds is kept as it is. */
export function enumeration<value extends string>() {
  type Known = value | (string & Record<never, never>);
  return z.pipe(
    z.string(),
    z.transform((text) => text as Known),
  );
}
