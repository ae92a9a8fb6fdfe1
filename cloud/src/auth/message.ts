import { addressFault } from "@gridnft/sdk";
import type { Address } from "viem";

/** Fields of an EIP-4361 message, as text. */
export interface SignInFields {
  readonly scheme: string | undefined;
  readonly domain: string;
  /** Address in any case that EIP-55 allows. */
  readonly address: Address;
  readonly statement: string | undefined;
  readonly uri: string;
  readonly version: string;
  readonly chainId: string;
  readonly nonce: string;
  readonly issuedAt: string;
  readonly expirationTime: string | undefined;
  readonly notBefore: string | undefined;
  readonly requestId: string | undefined;
  readonly resources: readonly string[] | undefined;
}

/** Error of a text that does not match EIP-4361's grammar. The message is the rest of a sentence. */
export class SignInMessageError extends Error {
  override readonly name = "SignInMessageError";
}

/** Fields with a name, in the order of the grammar. */
const named = [
  { key: "uri", name: "URI", required: true },
  { key: "version", name: "Version", required: true },
  { key: "chainId", name: "Chain ID", required: true },
  { key: "nonce", name: "Nonce", required: true },
  { key: "issuedAt", name: "Issued At", required: true },
  { key: "expirationTime", name: "Expiration Time", required: false },
  { key: "notBefore", name: "Not Before", required: false },
  { key: "requestId", name: "Request ID", required: false },
] as const;
type NamedKey = (typeof named)[number]["key"];

const PREAMBLE = " wants you to sign in with your Ethereum account:";
const RESOURCES = "Resources:";
/** RFC 3986: unreserved, percent-encoded and sub-delims of a path's segment. */
const pchar = /^(?:[\w.~!$&'()*+,;=:@-]|%[\da-f]{2})*$/i;
/** RFC 3986: an authority without a user's name. */
const authority = /^(?:\[[\da-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})+)(?::\d{1,5})?$/i;
/** RFC 3986: reserved and unreserved characters of a URI behind its scheme. */
const uriText = /^[a-z][a-z\d+.-]*:(?:[\w.~:/?#[\]@!$&'()*+,;=-]|%[\da-f]{2})*$/i;
/** EIP-4361: reserved, unreserved and space. */
const statementText = /^[\w.~:/?#[\]@!$&'()*+,;= -]+$/;

/**
 * Parses a message by EIP-4361's grammar. All of the text is read: written again from its fields, it is the same byte by byte.
 * @throws {@link SignInMessageError} for anything else, with the first fault.
 */
export function parseSignInMessage(message: string): SignInFields {
  if (message.includes("\r")) fail("has carriage returns: its lines end with a line feed alone");
  const lines = message.split("\n");
  let at = 0;
  const { scheme, domain } = readInvitation(lines[at++] ?? "");
  const address = readAddress(lines[at++]);
  requireBlank(lines[at++], "behind the address");
  const statement = lines[at] === "" ? undefined : readStatement(lines[at]);
  if (statement !== undefined) at++;
  requireBlank(lines[at++], statement === undefined ? "in place of the statement" : "behind the statement");

  const values: Partial<Record<NamedKey, string>> = {};
  for (const { key, name, required } of named) {
    const line = lines[at];
    if (line?.startsWith(`${name}: `)) {
      values[key] = line.slice(name.length + 2);
      at++;
    } else if (required) fail(misplaced(line, lines.slice(0, at), name));
  }
  const resources = lines[at] === RESOURCES ? readResources(lines.slice(at + 1)) : undefined;
  if (resources) at += 1 + resources.length;
  if (at < lines.length) fail(misplaced(lines[at], lines.slice(0, at)));

  const fields = { ...(values as Record<NamedKey, string>), scheme, domain, address, statement, resources };
  checkValues(fields as SignInFields);
  if (writeSignInMessage(fields as SignInFields) !== message) fail("is not what its fields make by EIP-4361");
  return fields as SignInFields;
}

/** Writes a message by EIP-4361's grammar. */
export function writeSignInMessage(fields: SignInFields): string {
  const { scheme, domain, address, statement, resources } = fields;
  const lines = [`${scheme === undefined ? "" : `${scheme}://`}${domain}${PREAMBLE}`, address, ""];
  if (statement !== undefined) lines.push(statement);
  lines.push("");
  for (const { key, name } of named) {
    const value = fields[key];
    if (value !== undefined) lines.push(`${name}: ${value}`);
  }
  if (resources) lines.push(RESOURCES, ...resources.map((resource) => `- ${resource}`));
  return lines.join("\n");
}

/** Returns the milliseconds of an RFC 3339 date-time; undefined for anything else. */
export function instantOf(text: string): number | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|[+-](\d\d):(\d\d))$/i.exec(text);
  if (!parts) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zoneHour = 0, zoneMinute = 0] = parts
    .slice(1)
    .map((part) => Number(part ?? 0));
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const isTime = hour < 24 && minute < 60 && second < 60 && zoneHour < 24 && zoneMinute < 60;
  if (month < 1 || month > 12 || day < 1 || day > days || !isTime) return undefined;
  const instant = Date.parse(text.toUpperCase());
  return Number.isNaN(instant) ? undefined : instant;
}

function readInvitation(line: string): Pick<SignInFields, "scheme" | "domain"> {
  if (!line.endsWith(PREAMBLE)) fail(`does not begin with "<domain>${PREAMBLE}"`);
  const origin = line.slice(0, -PREAMBLE.length);
  const [, scheme, domain = ""] = /^(?:([a-z][a-z\d+.-]*):\/\/)?(.*)$/i.exec(origin) ?? [];
  if (!authority.test(domain)) fail(`is for ${shown(domain)}, which is not a host with an optional port`);
  return { scheme, domain };
}

function readAddress(line: string | undefined): Address {
  const fault = addressFault(line);
  if (fault !== undefined) fail(`has no good address in its second line: ${shown(line)} ${fault}`);
  return line as Address;
}

function readStatement(line: string | undefined): string {
  if (line === undefined) fail("ends before its fields");
  if (!statementText.test(line)) {
    fail(
      `has a statement with characters that EIP-4361 does not allow (${shown(line)}): ASCII letters, digits, spaces, -._~:/?#[]@!$&'()*+,;=`,
    );
  }
  return line;
}

function requireBlank(line: string | undefined, where: string): void {
  if (line !== "") fail(line === undefined ? "ends before its fields" : `lacks the empty line ${where}`);
}

function readResources(lines: readonly string[]): string[] {
  const end = lines.findIndex((line) => !line.startsWith("- "));
  return (end < 0 ? lines : lines.slice(0, end)).map((line) => line.slice(2));
}

/** Returns the reason why a line is not in its place. */
function misplaced(line: string | undefined, before: readonly string[], expected?: string): string {
  const name = [...named.map((field) => field.name), "Resources"].find((one) => line?.startsWith(`${one}:`));
  if (name !== undefined && before.some((one) => one.startsWith(`${name}:`))) return `says ${name} twice`;
  const missing = expected === undefined ? "" : ` where ${expected} must be`;
  if (line === undefined) return `lacks ${expected}`;
  if (name === undefined) return `has a line that EIP-4361 does not know${missing}: ${shown(line)}`;
  if (expected !== undefined) return `has ${name}${missing}: EIP-4361 sets the order`;
  return `has ${name} in the wrong place: EIP-4361 sets the order`;
}

function checkValues(fields: SignInFields): void {
  if (!uriText.test(fields.uri)) fail(`has a URI that is none: ${shown(fields.uri)}`);
  if (fields.version !== "1") fail(`is of version ${shown(fields.version)}, and EIP-4361 has version 1 alone`);
  if (!/^\d+$/.test(fields.chainId)) fail(`has a Chain ID that is no number: ${shown(fields.chainId)}`);
  if (!/^[a-z\d]{8,}$/i.test(fields.nonce)) fail("has a Nonce that is not at least 8 letters and digits");
  for (const [key, name] of [
    ["issuedAt", "Issued At"],
    ["expirationTime", "Expiration Time"],
    ["notBefore", "Not Before"],
  ] as const) {
    const text = fields[key];
    if (text !== undefined && instantOf(text) === undefined) {
      fail(`has ${name} ${shown(text)}, which is no date and time such as 2026-01-31T12:00:00Z`);
    }
  }
  if (fields.requestId !== undefined && !pchar.test(fields.requestId)) {
    fail(`has a Request ID with characters that EIP-4361 does not allow: ${shown(fields.requestId)}`);
  }
  for (const resource of fields.resources ?? []) {
    if (!uriText.test(resource)) fail(`names a resource that is no URI: ${shown(resource)}`);
  }
}

/** Returns text of the message, short enough for a response. */
function shown(text: string | undefined): string {
  const { length } = text ?? "";
  return JSON.stringify(length > 100 ? `${text?.slice(0, 100)}...` : (text ?? ""));
}

function fail(reason: string): never {
  throw new SignInMessageError(reason);
}
