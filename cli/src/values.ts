import { EvolutionPolicy } from "@gridnft/sdk";
import { formatEther, type Hex, parseEther } from "viem";
import { usageError } from "./failure.ts";

/** An amount as typed, in AIPG. */
export function readAipg(option: string, text: string): bigint {
  if (!/^\d{1,30}(\.\d{1,18})?$/.test(text)) throw usageError(`${option} "${text}" is no amount of AIPG such as 2.5.`);
  return parseEther(text);
}

/** An amount as people read it. */
export function aipg(wei: bigint): string {
  return `${formatEther(wei)} AIPG`;
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
  const bps = Math.round(readDecimal("--royalty", text) * 100);
  if (bps > 1_000) throw usageError(`--royalty "${text}" is above 10 percent, the most there is.`);
  return bps;
}

/** Who may add versions, by the words of the command line. */
export function readPolicy(text: string): EvolutionPolicy {
  const policy = { none: EvolutionPolicy.NONE, artist: EvolutionPolicy.ARTIST, owner: EvolutionPolicy.OWNER }[text];
  if (policy === undefined) throw usageError(`--evolution "${text}" is none, artist or owner.`);
  return policy;
}

/** Whether a word is a receipt id. */
export function isReceiptId(text: string): text is Hex {
  return /^0x[0-9a-fA-F]{64}$/.test(text);
}

/** Words of a text as a file name: letters and digits of any script, at most 60 characters. */
export function slugOf(text: string): string {
  const slug = text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60)
    .replace(/-+$/, "");
  return slug || "picture";
}

/** A title for a prompt: up to its first comma, capitalised, at most 80 characters. */
export function titleOf(prompt: string): string {
  const words = (prompt.split(/[,.;:(]/, 1)[0] ?? "").trim() || prompt.trim();
  const short = words.length > 80 ? `${words.slice(0, 77).trimEnd()}...` : words;
  return short.charAt(0).toUpperCase() + short.slice(1);
}
