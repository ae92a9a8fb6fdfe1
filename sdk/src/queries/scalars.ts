import type { Address, Hex } from "viem";
import { z } from "zod";

/** `BigInt`: a decimal string, read as a bigint. */
export const bigInt = z
  .string()
  .regex(/^-?\d+$/)
  .transform((text) => BigInt(text));
/** `BigInt` among variables: a bigint, a safe integer, or decimal digits. */
export type BigIntInput = bigint | number | string;
/** `Address`, lower case. */
export const address = z
  .string()
  .regex(/^0x[0-9a-f]{40}$/)
  .transform((text) => text as Address);
/** `Hex`. */
export const hex = z
  .string()
  .regex(/^0x[0-9a-f]*$/)
  .transform((text) => text as Hex);
/** `Timestamp`: Unix seconds. */
export const timestamp = z.int();
/** `Long` and `Int`. */
export const integer = z.int();

/** An enum of the schema. A value that a later schema adds is kept as it is. */
export function enumeration<const values extends readonly string[]>(values: values) {
  type Known = values[number] | (string & Record<never, never>);
  return z
    .string()
    .meta({ known: values })
    .transform((value) => value as Known);
}
