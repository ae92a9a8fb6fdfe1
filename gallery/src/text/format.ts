import { formatEther } from "viem";

const numbers = new Intl.NumberFormat("en");
const moments = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
const days = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });

/** Returns a count with separators. */
export function formatCount(count: number | bigint): string {
  return numbers.format(count);
}

/** Returns an amount of AIPG wei in AIPG, with at most four digits after the point; tiny amounts as "< 0.0001 AIPG". */
export function formatAipg(wei: bigint): string {
  const [whole = "0", part = ""] = formatEther(wei).split(".");
  const digits = part.slice(0, 4).replace(/0+$/, "");
  if (whole === "0" && digits === "" && wei > 0n) return "< 0.0001 AIPG";
  return `${numbers.format(BigInt(whole))}${digits && `.${digits}`} AIPG`;
}

/** Returns the beginning and end of an address or a hash. */
export function shortHex(hex: string): string {
  return hex.length > 13 ? `${hex.slice(0, 6)}…${hex.slice(-4)}` : hex;
}

/** Returns a time in UTC. */
export function formatTime(seconds: number | bigint): string {
  return `${moments.format(Number(seconds) * 1_000)} UTC`;
}

/** Returns a time as `<time datetime>` has it. */
export function isoTime(seconds: number | bigint): string {
  return new Date(Number(seconds) * 1_000).toISOString();
}

/** Returns a day and month in UTC. */
export function formatDay(seconds: number | bigint): string {
  return days.format(Number(seconds) * 1_000);
}

/** Returns the first characters of a text, cut at a word where there is one. */
export function shorten(long: string, most: number): string {
  const characters = [...long];
  if (characters.length <= most) return long;
  const cut = characters.slice(0, most - 1).join("");
  const space = cut.lastIndexOf(" ");
  return `${space > most / 2 ? cut.slice(0, space) : cut}…`;
}
