import { addressFault, EvolutionPolicy } from "@gridnft/sdk";
import { isHttpUrl } from "@gridnft/sdk/node";
import { type Address, formatEther, getAddress, type Hex, parseEther, zeroAddress } from "viem";
import { usageError } from "./failure.ts";
import { beginningOf, charactersOf } from "./text.ts";

/** An amount as typed, in AIPG. */
export function readAipg(option: string, text: string): bigint {
  if (!/^\d{1,30}(\.\d{1,18})?$/.test(text)) throw usageError(`${option} "${text}" is no amount of AIPG such as 2.5.`);
  return parseEther(text);
}

/** An amount as people read it. */
export function aipg(wei: bigint): string {
  return `${formatEther(wei)} AIPG`;
}

/** Greatest id on chain: ids have 256 bits. */
const MAX_ID = 2n ** 256n - 1n;

/** Reads an id on chain from its digits; undefined for a text that can be none. */
export function idOf(digits: string): bigint | undefined {
  if (!/^\d{1,78}$/.test(digits)) return undefined;
  const id = BigInt(digits);
  return id <= MAX_ID ? id : undefined;
}

/** A whole number as typed. */
export function readWhole(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw usageError(`${option} "${text}" is no whole number from 0 on.`);
  return Number(text);
}

/** A decimal number as typed. */
export function readDecimal(option: string, text: string): number {
  if (!/^\d{1,6}(\.\d{1,6})?$/.test(text)) throw usageError(`${option} "${text}" is no number such as 7.5.`);
  return Number(text);
}

/** A royalty in percent as basis points. */
export function readRoyalty(text: string): number {
  const percent = readDecimal("--royalty", text);
  const bps = Math.round(percent * 100);
  if (bps > 1_000) throw usageError(`--royalty "${text}" is above 10 percent, the most there is.`);
  if (Math.abs(percent * 100 - bps) > 1e-6) throw usageError(`--royalty "${text}" has more than two decimals.`);
  return bps;
}

/** Evolution policy by the words of the command line. */
export function readPolicy(text: string): EvolutionPolicy {
  const policies = { none: EvolutionPolicy.NONE, artist: EvolutionPolicy.ARTIST, owner: EvolutionPolicy.OWNER };
  if (!Object.hasOwn(policies, text)) throw usageError(`--evolution "${text}" is none, artist or owner.`);
  return policies[text as keyof typeof policies];
}

/** Way that a job is paid. */
export type Rail = "direct" | "gateway";

export function readRail(option: string, text: string): Rail {
  if (text !== "direct" && text !== "gateway") throw usageError(`${option} "${text}" is direct or gateway.`);
  return text;
}

/** An http or https URL as typed, without a slash at its end. */
export function readUrl(option: string, text: string): string {
  if (!isHttpUrl(text)) {
    throw usageError(`${option} "${text}" is not a URL such as http://127.0.0.1:8545.`, "URL_INVALID");
  }
  return text.replace(/\/+$/, "");
}

/** An address that is to receive something: a checksum that it carries has to be right. */
export function readAddress(option: string, text: string): Address {
  const fault = addressFault(text);
  if (fault !== undefined) {
    const code = fault.startsWith("is not") ? undefined : "ADDRESS_CHECKSUM";
    throw usageError(`${option} "${text}" ${fault}.`, code);
  }
  const address = getAddress(text.toLowerCase());
  if (address === zeroAddress) throw usageError(`${option} is the zero address, which nobody has.`);
  return address;
}

/** Name of an account or variable. A key, with a digit too many or too few as well, and words of a seed are refused and not repeated. */
export function readAccountName(option: string, text: string): string {
  if (/^(0x)?[0-9a-f]{56,80}$/i.test(text.trim()) || /^(\p{L}+\s+){8,}\p{L}+$/u.test(text.trim())) {
    throw usageError(
      `${option} takes a name, not a key or its words: others can read the command line. Put the key into a variable and name that.`,
      "KEY_ON_COMMAND_LINE",
    );
  }
  if (text.trim() === "") throw usageError(`${option} is empty.`);
  return text;
}

/** Account to keep: an address has to be right, other names are looked up when they are used. */
export function readKeptAccount(setting: string, text: string): string {
  readAccountName(setting, text);
  if (isAddressLike(text)) readAddress(setting, text);
  return text;
}

/** Returns true for an address, whatever its checksum. */
export function isAddressLike(text: string): boolean {
  return /^0x[0-9a-f]{40}$/i.test(text);
}

/** Returns true for a receipt id. */
export function isReceiptId(text: string): text is Hex {
  return /^0x[0-9a-fA-F]{64}$/.test(text);
}

/** Room that a file name of 255 bytes leaves beside endings such as `-16-12.json`. */
export const MAX_NAME_BYTES = 220;

/** Words of a text as a file name: letters, marks and digits of any script, at most 60 characters. */
export function slugOf(text: string): string {
  const slug = text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, "-")
    .replace(/^-+/, "");
  return beginningOf(slug, { characters: 60, bytes: MAX_NAME_BYTES }).replace(/-+$/, "") || "picture";
}

/** Bytes that a title has at most; the contract refuses more. */
export const MAX_TITLE_BYTES = 255;

/**
 * Ends of the first phrase: a comma, semicolon or colon before a space, a bracket after one, the marks of scripts without spaces,
 * and the full stop of a sentence. `St.`, `No. 5`, `1.5`, `16:9` and `1,000` end nothing.
 */
const phraseEnd = /[,;:](?=\s|$)|\s[([]|[，、；：。！？（]|(?<=\p{L}{5})[.!?](?=\s+\p{Lu}|\s*$)/u;

/** A title for a prompt: its first phrase, capitalised, at most 80 characters. */
export function titleOf(prompt: string): string {
  const text = prompt.trim() || "Untitled";
  const words = (text.split(phraseEnd, 1)[0] ?? "").trim() || text;
  const whole = beginningOf(words, { characters: 80, bytes: MAX_TITLE_BYTES }) === words;
  const short = whole ? words : `${beginningOf(words, { characters: 77, bytes: MAX_TITLE_BYTES - 3 }).trimEnd()}...`;
  const [first = ""] = charactersOf(short);
  const capital = first.toUpperCase();
  // A letter whose capital is two letters stays as it is.
  return charactersOf(capital).length === 1 ? `${capital}${short.slice(first.length)}` : short;
}
