import { addressFault } from "@gridnft/sdk";
import {
  GraphQLError,
  type GraphQLScalarType,
  type GraphQLSchema,
  Kind,
  type ValueNode,
  valueFromASTUntyped,
} from "graphql";

const MAX_UINT256 = 2n ** 256n - 1n;

/** Codec of a scalar. Reading takes what JSON or a document holds, and throws a sentence for what it can't be. */
interface Codec {
  readonly write: (value: unknown) => unknown;
  readonly read: (value: unknown) => unknown;
}

const whole = (name: string) => (value: unknown) => {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 0) {
    throw new GraphQLError(`${name} is a whole number from 0 to 2^53-1.`);
  }
  return number;
};

/** A number that JSON can hold. */
const numbered = (name: string) => (value: unknown) => {
  const number = Number(value);
  if (!Number.isFinite(number)) throw new GraphQLError(`${name} cannot represent ${String(value)}.`);
  return number;
};

const codecs: Readonly<Record<string, Codec>> = {
  BigInt: {
    write: (value) => String(value),
    read: (value) => {
      const isWhole =
        typeof value === "number" ? Number.isSafeInteger(value) : /^(0|[1-9]\d{0,77})$/.test(String(value));
      if (!isWhole || !["number", "string"].includes(typeof value)) {
        throw new GraphQLError('BigInt is a whole number as a decimal string, e.g. "1001".');
      }
      const integer = BigInt(value as string | number);
      if (integer < 0n || integer > MAX_UINT256) throw new GraphQLError("BigInt is from 0 to 2^256-1.");
      return integer.toString();
    },
  },
  Long: { write: numbered("Long"), read: whole("Long") },
  Timestamp: { write: numbered("Timestamp"), read: whole("Timestamp (Unix seconds)") },
  Address: {
    write: (value) => String(value),
    read: (value) => {
      if (typeof value !== "string" || !/^0x[0-9a-fA-F]{40}$/.test(value)) {
        throw new GraphQLError("Address is 0x and 40 hex digits.");
      }
      const fault = addressFault(value);
      if (fault !== undefined) throw new GraphQLError(`Address ${fault}.`);
      return value.toLowerCase();
    },
  },
  Hex: {
    write: (value) => String(value),
    read: (value) => {
      if (typeof value !== "string" || !/^0x([0-9a-fA-F]{2})*$/.test(value)) {
        throw new GraphQLError("Hex is 0x and pairs of hex digits.");
      }
      return value.toLowerCase();
    },
  },
  JSON: { write: (value) => value, read: (value) => value },
};

/** Gives the scalars of a schema that was built from text their meaning. */
export function defineScalars(schema: GraphQLSchema): void {
  for (const [name, codec] of Object.entries(codecs)) {
    const type = schema.getType(name) as GraphQLScalarType;
    type.serialize = codec.write;
    type.parseValue = codec.read;
    type.parseLiteral = (node: ValueNode, variables) =>
      codec.read(node.kind === Kind.INT ? integerOf(node.value) : valueFromASTUntyped(node, variables));
  }
}

/** Integer literals beyond 2^53 keep their digits. */
function integerOf(digits: string): number | string {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : digits;
}
