// Global ids (`Node.id`): opaque to clients. Each carries the version of its form, the entry of `objectTypes`, the chain and the key of
// the row, so that one id names one thing among all types and chains.
import { Buffer } from "node:buffer";
import { QueryError } from "./errors.ts";

/** Version of the form. Ids of another one are refused. */
const VERSION = "1";
/** Longest id that is read: none of ours comes near. */
const MAX_ID = 600;

/** Type and key that an id names. */
export interface GlobalKey {
  /** Entry of `objectTypes`. */
  readonly entry: string;
  readonly chainId: number;
  /** Values of the primary key without the chain, in its order. */
  readonly values: readonly string[];
}

/**
 * Id of a row.
 * @example idOf({ entry: "Artwork", chainId: 8453, values: ["1001"] }) // "MTpBcnR3b3JrOjg0NTM6MTAwMQ"
 */
export function idOf(key: GlobalKey): string {
  return textOf(VERSION, key);
}

/** Characters of a value of a key. */
const plain = /^(0|[1-9]\d{0,77}|0x([0-9a-f]{2}){1,32}|[A-Z]{1,20})$/;

/**
 * Reads an id.
 * @param keyLengths Number of values in the key of each entry that has ids.
 * @throws QueryError BAD_INPUT that says what is wrong with it.
 */
export function readId(name: string, id: string, chainId: number, keyLengths: ReadonlyMap<string, number>): GlobalKey {
  const refuse = (reason: string): never => {
    throw new QueryError("BAD_INPUT", `${name} ${reason}`);
  };
  const told = id.length > 80 ? `${id.slice(0, 80)}...` : id;
  if (id.length > MAX_ID) return refuse(`"${told}" is not an id of this API: pass on what an \`id\` field answered.`);
  const [version, entry = "", chain = "", ...values] = Buffer.from(id, "base64url").toString("latin1").split(":");
  const key: GlobalKey = { entry, chainId: Number(chain), values };
  const isOurs = /^\d+$/.test(version ?? "") && textOf(version ?? "", key) === id;
  if (!isOurs) return refuse(`"${told}" is not an id of this API: pass on what an \`id\` field answered.`);
  if (version !== VERSION)
    return refuse(`"${told}" is an id of version ${version}; this API reads version ${VERSION}.`);
  if (keyLengths.get(entry) !== values.length || !values.every((value) => plain.test(value))) {
    return refuse(`"${told}" is not an id of this API: pass on what an \`id\` field answered.`);
  }
  if (key.chainId !== chainId) {
    return refuse(`"${told}" is of chain ${key.chainId}; this API answers for chain ${chainId}.`);
  }
  return key;
}

/** The one text of an id. Other texts that decode to the same bytes are refused. */
function textOf(version: string, { entry, chainId, values }: GlobalKey): string {
  return Buffer.from([version, entry, chainId, ...values].join(":")).toString("base64url");
}
