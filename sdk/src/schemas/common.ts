import type { Address, Hex } from "viem";
import * as z from "zod/mini";
import { acceptedForm, addressFault } from "../lib/address.js";
import { GridError } from "../lib/errors.js";
import { type MessageJson, messageFromJson } from "../messages/messageJson.js";
import type { SettlementMessage } from "../messages/typedData.js";
import { settlementTypes } from "../messages/typedData.js";

/** 20-byte address as hex, in any case that EIP-55 allows. Reading gives a form that every library takes. */
export const addressJson = z.pipe(
  z.string().check(
    z.regex(/^0x[0-9a-fA-F]{40}$/, { error: ({ input }) => addressFault(input), abort: true }),
    z.refine((text) => addressFault(text) === undefined, { error: ({ input }) => addressFault(input) }),
  ),
  z.transform((text) => acceptedForm(text as Address)),
);

/** 32 bytes as hex. */
export const bytes32Json = z.pipe(
  z.string().check(z.regex(/^0x[0-9a-fA-F]{64}$/, "is not 32 bytes of hex")),
  z.transform((text) => text.toLowerCase() as Hex),
);

/** A 65-byte signature as hex. */
export const signatureJson = z.pipe(
  z.string().check(z.regex(/^0x[0-9a-fA-F]{130}$/, "is not a 65-byte signature in hex")),
  z.transform((text) => text.toLowerCase() as Hex),
);

/** A whole number of any size as a decimal string: token ids, AIPG wei, seeds. */
export const integerJson = z.pipe(
  z.string().check(z.regex(/^(0|[1-9]\d{0,77})$/, "is not a whole number as a decimal string")),
  z.transform((text) => BigInt(text)),
);

/** Unix seconds. */
export const unixSeconds = z.int().check(z.nonnegative());

/**
 * A message of the settlement's domain in the form of `messageToJson`. Reading gives the typed message. It carries a JSON Schema
 * of its own, under the message's name.
 */
export function messageSchema<name extends keyof SettlementMessage>(
  primaryType: name,
): z.ZodMiniType<SettlementMessage[name], MessageJson<name>> {
  const read = z.transform((json: unknown, { issues }) => {
    try {
      return messageFromJson(primaryType, json);
    } catch (error) {
      if (!(error instanceof GridError)) throw error;
      const path = [error.field?.split(".").at(-1) ?? ""];
      issues.push({ code: "custom", message: error.message, path, input: json });
      return z.NEVER;
    }
  });
  return z
    .pipe(z.unknown(), read)
    .register(z.globalRegistry, { id: primaryType, ...messageJsonSchema(primaryType) }) as unknown as z.ZodMiniType<
    SettlementMessage[name],
    MessageJson<name>
  >;
}

/** JSON Schema of a message: integers of up to 48 bits are numbers, larger ones decimal strings. */
function messageJsonSchema(primaryType: keyof SettlementMessage): Record<string, unknown> {
  const fields: readonly { readonly name: string; readonly type: string }[] = settlementTypes[primaryType];
  const typeSchema = (type: string): Record<string, unknown> => {
    if (type === "ModelTotal[]") return { type: "array", items: messageJsonSchema("ModelTotal") };
    if (type === "string") return { type: "string" };
    if (type === "address") return { type: "string", pattern: "^0x[0-9a-fA-F]{40}$" };
    if (type === "bytes32") return { type: "string", pattern: "^0x[0-9a-fA-F]{64}$" };
    return Number(type.slice("uint".length)) <= 48
      ? { type: "integer", minimum: 0 }
      : { type: "string", pattern: "^(0|[1-9][0-9]*)$" };
  };
  return {
    type: "object",
    properties: Object.fromEntries(fields.map(({ name, type }) => [name, typeSchema(type)])),
    required: fields.map(({ name }) => name),
    additionalProperties: false,
  };
}

/** Words named at most: a prompt may be as long as a book. */
export const MAX_UNKNOWN_WORDS = 32;

/** One word of a prompt; a long one is cut, with an ellipsis. Letters, marks and digits alone: it is shown to people. */
export const promptWord = z.string().check(z.regex(/^[\p{L}\p{M}\p{N}'\u2019-]{1,60}\u2026?$/u));

/** Fields that say how the engine read the prompts. */
export const promptReading = {
  /** True when the end of a prompt had no influence: it is longer than the engine reads. */
  prompt_cut: z.optional(z.boolean()),
  /** Words of the prompts that the model was not made for: they only vary the picture. Absent where that is not known. */
  unknown_words: z.optional(z.array(promptWord).check(z.maxLength(MAX_UNKNOWN_WORDS))),
};
