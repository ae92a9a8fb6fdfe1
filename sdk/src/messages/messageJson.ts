import type { Hex } from "viem";
import { parseAddress } from "../lib/address.js";
import { GridError } from "../lib/errors.js";
import type { Json } from "./extras.js";
import { type ModelTotal, type SettlementMessage, settlementTypes } from "./typedData.js";

type MessageName = keyof SettlementMessage;

/** JSON of a message: addresses and hashes as hex, integers of 64 bits and more as decimal strings, smaller ones as numbers. */
export type MessageJson<name extends MessageName> = {
  readonly [field in keyof SettlementMessage[name]]: SettlementMessage[name][field] extends bigint
    ? string
    : SettlementMessage[name][field] extends number | Hex | string
      ? SettlementMessage[name][field]
      : Json;
};

/** Writes a message as JSON. */
export function messageToJson<name extends MessageName>(
  primaryType: name,
  message: SettlementMessage[name],
): MessageJson<name> {
  const fields = message as unknown as Record<string, unknown>;
  return Object.fromEntries(
    settlementTypes[primaryType].map(({ name, type }) => {
      const value = fields[name];
      if (type === "ModelTotal[]") {
        return [name, (value as readonly ModelTotal[]).map((row) => messageToJson("ModelTotal", row))];
      }
      return [name, typeof value === "bigint" ? value.toString() : value];
    }),
  ) as MessageJson<name>;
}

/**
 * Reads a message from JSON, with every field checked: nothing missing, nothing unknown, each value within its type.
 * @throws {@link GridError} `FIELD_INVALID`, naming the field as `<message>.<field>`.
 */
export function messageFromJson<name extends MessageName>(primaryType: name, json: unknown): SettlementMessage[name] {
  if (typeof json !== "object" || json === null || Array.isArray(json)) refuse(primaryType, "is not an object");
  const given = json as Record<string, unknown>;
  const fields: readonly { readonly name: string; readonly type: string }[] = settlementTypes[primaryType];
  for (const key of Object.keys(given)) {
    if (!fields.some(({ name }) => name === key)) refuse(`${primaryType}.${key}`, "is not a field of it");
  }
  return Object.fromEntries(
    fields.map(({ name, type }) => [name, readValue(`${primaryType}.${name}`, type, given[name])]),
  ) as unknown as SettlementMessage[name];
}

function readValue(field: string, type: string, value: unknown): unknown {
  if (value === undefined) return refuse(field, "is missing");
  if (type === "ModelTotal[]") {
    if (!Array.isArray(value)) return refuse(field, "is not a list");
    return value.map((row) => messageFromJson("ModelTotal", row));
  }
  if (type === "string") {
    if (typeof value !== "string") return refuse(field, "is not a string");
    // Half a pair of UTF-16 has no UTF-8 form: each hash would put another character in its place.
    return /\p{Surrogate}/u.test(value) ? refuse(field, "is not valid Unicode") : value;
  }
  if (type === "address") return parseAddress(value, field);
  if (type === "bytes32") {
    if (typeof value === "string" && /^0x[0-9a-fA-F]{64}$/.test(value)) return value.toLowerCase() as Hex;
    return refuse(field, "is not 32 bytes of hex");
  }
  return readInteger(field, Number(type.slice("uint".length)), value);
}

/** viem's rule: integers up to 48 bits are numbers, larger ones bigints. */
function readInteger(field: string, bits: number, value: unknown): bigint | number {
  const isWhole = Number.isSafeInteger(value) || (typeof value === "string" && /^(0|[1-9]\d{0,77})$/.test(value));
  if (!isWhole) return refuse(field, "is not a whole number (from 2^53 on, write it as a string)");
  const integer = BigInt(value as number | string);
  if (integer < 0n || integer >> BigInt(bits) !== 0n) return refuse(field, `does not fit in ${bits} bits`);
  return bits <= 48 ? Number(integer) : integer;
}

function refuse(field: string, reason: string): never {
  throw new GridError("FIELD_INVALID", `${field} ${reason}.`, field);
}
