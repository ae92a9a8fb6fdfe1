// Reads a GraphQL request: from the body of a POST, or from the query of a GET. Both are equally strict.
import { Buffer, isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { readSearchParameters, SearchParameterError } from "@gridnft/sdk/node";
import { getOperationAST, parse } from "graphql";
import type { Refusal } from "../../http/errors.ts";
import { MAX_BODY } from "../../http/middleware.ts";
import type { GraphQLRequest } from "../executor.ts";
import { MAX_TOKENS } from "../limits.ts";

const requestKeys = ["query", "variables", "operationName", "extensions"] as const;
const bodyShape = "{query, variables?, operationName?, extensions?}";

/** Headers that say what a body is. */
export interface BodyHeaders {
  readonly type: string | undefined;
  readonly encoding: string | undefined;
}

/** Reads a body; undefined when it is longer than {@link MAX_BODY}. */
export function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= MAX_BODY) {
        chunks.push(chunk);
        return;
      }
      // The rest is discarded.
      incoming.off("data", take);
      incoming.resume();
      resolve(undefined);
    };
    incoming.on("data", take);
    incoming.on("end", () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    incoming.on("error", reject);
  });
}

/** Returns why a body of this type is not read. */
export function bodyTypeFault({ type, encoding }: BodyHeaders): Refusal | undefined {
  if (type === "application/json" && encoding === undefined) return undefined;
  const [media = "", ...parameters] = (type ?? "").split(";").map((part) => part.trim().toLowerCase());
  const fault = (message: string): Refusal => ({ status: 415, code: "BODY_NOT_JSON", message });
  if (media !== "application/json") {
    const given = media === "" ? "without a Content-Type" : `as ${media.slice(0, 60)}`;
    return fault(`The body was sent ${given}: send JSON, with Content-Type: application/json.`);
  }
  const charset = parameters.find((part) => part.startsWith("charset="))?.slice("charset=".length);
  if (charset !== undefined && !/^"?utf-?8"?$/.test(charset)) {
    return fault(`charset ${charset.slice(0, 30)} of Content-Type is not read: send the body as UTF-8.`);
  }
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    return fault(`Content-Encoding ${encoding.slice(0, 30)} is not read: send the body as it is.`);
  }
  return undefined;
}

/** Reads the request in the body of a POST. */
export function readRequest(body: Buffer): GraphQLRequest | Refusal {
  const read = readJsonBody(body, bodyShape);
  if ("refusal" in read) return read.refusal;
  return isPlain(read.fields) ? read.fields : requestOf(read.fields, requestKeys);
}

/** Reads the request in the query of a URL. */
export function readSearchRequest(search: string): GraphQLRequest | Refusal {
  try {
    const { variables, extensions, ...texts } = readSearchParameters(search, { names: requestKeys });
    const read = requestOf(
      {
        ...texts,
        ...(variables !== undefined && { variables: parsed("variables", String(variables)) }),
        ...(extensions !== undefined && { extensions: parsed("extensions", String(extensions)) }),
      },
      requestKeys,
    );
    return !isRefusal(read) && isMutation(read) ? notByGet : read;
  } catch (error) {
    if (error instanceof SearchParameterError) return badInput(error.message);
    throw error;
  }
}

/** GraphQL over HTTP: a GET changes nothing, so it is the method that is wrong, whatever the schema says of mutations. */
const notByGet: Refusal = {
  status: 405,
  code: "METHOD_NOT_ALLOWED",
  message: "A mutation is not run by GET, and this schema has none.",
  allow: "POST",
};

function isMutation({ query = "", operationName }: GraphQLRequest): boolean {
  if (!query.includes("mutation")) return false;
  try {
    const document = parse(query, { noLocation: true, maxTokens: MAX_TOKENS });
    return getOperationAST(document, operationName)?.operation === "mutation";
  } catch {
    return false;
  }
}

/** Fields of a body, or why it is refused: told apart by what is around them, since a client may name fields as we name ours. */
export type ReadBody = { readonly fields: Readonly<Record<string, unknown>> } | { readonly refusal: Refusal };

/** Reads a JSON object out of a body. `shape`: for the message. */
export function readJsonBody(body: Buffer, shape: string): ReadBody {
  const refuse = (message: string): ReadBody => ({ refusal: badInput(message) });
  if (body.length === 0) return refuse(`The body is empty: it is JSON, ${shape}.`);
  if (!isUtf8(body)) return refuse("The body is not UTF-8.");
  const json = parseJson(body.toString());
  if (json === undefined) return refuse(`The body is not well-formed JSON: it is ${shape}.`);
  if (Array.isArray(json)) return refuse("The body is a list: send one question at a time.");
  if (!isObject(json)) return refuse(`The body is ${kindOf(json)}: it is an object, ${shape}.`);
  return { fields: json };
}

/** Reads a request from its fields. `keys`: those that it may have. */
export function requestOf(
  fields: Readonly<Record<string, unknown>>,
  keys: readonly (typeof requestKeys)[number][],
): GraphQLRequest | Refusal {
  const message = faultOf(fields, keys);
  return message === undefined ? (fields as GraphQLRequest) : badInput(message);
}

export function isRefusal(read: object): read is Refusal {
  return "status" in read && "code" in read;
}

/** Refuses what a request can't be read from. */
function badInput(message: string): Refusal {
  return { status: 400, code: "BAD_INPUT", message };
}

/** Most requests are a text and its variables, and nothing else: those need no closer look. */
function isPlain(json: Readonly<Record<string, unknown>>): boolean {
  for (const name in json) {
    const value = json[name];
    if (name === "query" ? typeof value !== "string" || value === "" : name !== "variables") return false;
    if (name === "variables" && !isObject(value)) return false;
  }
  return "query" in json;
}

function faultOf(fields: Readonly<Record<string, unknown>>, keys: readonly string[]): string | undefined {
  for (const name of Object.keys(fields)) {
    if (!keys.includes(name)) return `${shown(name)} is not a key of a question: there are ${keys.join(", ")}.`;
  }
  const { query, variables, operationName, extensions } = fields;
  const ofExtensions = isGiven(extensions) ? extensionsFault(extensions) : undefined;
  if (ofExtensions !== undefined) return ofExtensions;
  if (isGiven(query)) {
    const fault = textFault("query", query);
    if (fault !== undefined) return fault;
  } else if (!isGiven((extensions as { persistedQuery?: unknown } | null | undefined)?.persistedQuery)) {
    return "query is missing: the text of the question.";
  }
  if (isGiven(variables) && !isObject(variables)) return `variables is ${kindOf(variables)}: it is an object.`;
  return isGiven(operationName) ? textFault("operationName", operationName) : undefined;
}

/** Extensions of others are left alone: clients say there which library they are. */
function extensionsFault(extensions: unknown): string | undefined {
  if (!isObject(extensions)) return `extensions is ${kindOf(extensions)}: it is an object.`;
  const { minBlock, persistedQuery } = extensions;
  if (isGiven(minBlock) && !(Number.isSafeInteger(minBlock) && (minBlock as number) >= 0)) {
    return "extensions.minBlock is not the number of a block: it is a whole number from 0 to 2^53-1.";
  }
  if (!isGiven(persistedQuery)) return undefined;
  if (!isObject(persistedQuery)) return `extensions.persistedQuery is ${kindOf(persistedQuery)}: it is an object.`;
  if (persistedQuery.version !== 1) return "extensions.persistedQuery.version is not 1.";
  const { sha256Hash: hash } = persistedQuery;
  if (typeof hash === "string" && /^[0-9a-f]{64}$/i.test(hash)) return undefined;
  return "extensions.persistedQuery.sha256Hash is not a SHA-256: it is 64 hex digits.";
}

function textFault(name: string, value: unknown): string | undefined {
  if (typeof value !== "string") return `${name} is ${kindOf(value)}: it is a string.`;
  return value === "" ? `${name} is empty.` : undefined;
}

/** JSON in a URL. Text that is no JSON becomes a fault of its own. */
function parsed(name: string, text: string): unknown {
  if (text === "") throw new SearchParameterError(`${name} is empty: it is a JSON object.`, name);
  const json = parseJson(text);
  if (json === undefined) throw new SearchParameterError(`${name} is not well-formed JSON.`, name);
  return json;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** GraphQL over HTTP: null is the same as nothing. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function shown(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}...` : name;
}
