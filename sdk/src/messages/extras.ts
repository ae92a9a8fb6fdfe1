import { GridError } from "../lib/errors.js";

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const loneSurrogate = /\p{Surrogate}/u;

/**
 * RFC 8785 canonical JSON, the form of a request's `extras`: keys sorted by UTF-16 code units, no white space, numbers as
 * ECMAScript prints them. Equal values give equal bytes, so equal request hashes.
 *
 * @throws {@link GridError} `EXTRAS_INVALID` for what JSON cannot hold (NaN, infinities, undefined, lone surrogates).
 */
export function canonicalJson(value: Json): string {
  switch (typeof value) {
    case "boolean":
      return value ? "true" : "false";
    case "number":
      if (!Number.isFinite(value)) throw new GridError("EXTRAS_INVALID", "JSON has finite numbers only.", "extras");
      return JSON.stringify(value);
    case "string":
      if (loneSurrogate.test(value)) {
        throw new GridError("EXTRAS_INVALID", "A string is not well-formed text.", "extras");
      }
      return JSON.stringify(value);
    case "object": {
      if (value === null) return "null";
      if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
      const record = value as { readonly [key: string]: Json };
      return `{${Object.keys(record)
        .sort()
        .map((key) => `${canonicalJson(key)}:${canonicalJson(record[key] as Json)}`)
        .join(",")}}`;
    }
    default:
      throw new GridError("EXTRAS_INVALID", `JSON has no ${typeof value}.`, "extras");
  }
}

/** `extras` of a request: canonical JSON of an object, the empty string for an empty one. */
export function encodeExtras(extras: { readonly [key: string]: Json }): string {
  const text = canonicalJson(extras);
  return text === "{}" ? "" : text;
}

/**
 * Reads a request's `extras`.
 * @throws {@link GridError} `EXTRAS_INVALID` when it is not the canonical JSON of a non-empty object, or empty.
 */
export function decodeExtras(extras: string): { readonly [key: string]: Json } {
  if (extras === "") return {};
  let value: Json;
  try {
    value = JSON.parse(extras) as Json;
  } catch (cause) {
    throw new GridError("EXTRAS_INVALID", "The extras are not JSON.", "extras", { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new GridError("EXTRAS_INVALID", "The extras are not a JSON object.", "extras");
  }
  const record = value as { readonly [key: string]: Json };
  if (encodeExtras(record) !== extras) {
    throw new GridError("EXTRAS_INVALID", "The extras are not in canonical form (RFC 8785).", "extras");
  }
  return record;
}
