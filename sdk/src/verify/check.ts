import { BaseError, ContractFunctionRevertedError } from "viem";

/** `unknown` means that the evidence could not be had, not that something is wrong. */
export type CheckStatus = "pass" | "fail" | "unknown";

/** Every check that {@link verifyToken} makes, by its stable id. */
export const checkTitles = {
  token: "The token exists, and its history is in the logs",
  contracts: "The contracts run the code that their logs announce",
  event: "One mint event carries the whole record",
  allowed: "Who added the version was allowed to",
  blob: "What is stored is what was logged",
  record: "Request, seed and receipt hash to what was minted",
  provenance: "The contract answers what its log says",
  anchor: "The receipt is anchored in the settlement contract",
  order: "The receipt answers an order of its payer",
  signature: "A key of the worker signed it",
  worker: "The worker was registered and bonded",
  single: "One image for one job, minted once",
  model: "The model is the one that was registered",
  parent: "The picture it was made from is its parent's",
  image: "The image file is the one that was signed",
  file: "The file's own text agrees with the record",
  metadata: "Wallets and marketplaces are shown the same",
  earlier: "Nobody else anchored the same image before",
} as const;
export type CheckId = keyof typeof checkTitles;

/** Without these, provenance isn't proven; the others add to it. A failure of any check counts. */
const essential: ReadonlySet<CheckId> = new Set([
  "token",
  "event",
  "blob",
  "record",
  "provenance",
  "anchor",
  "worker",
  "model",
  "image",
]);

/** One thing that was checked, and what was found. */
export interface Check {
  readonly id: CheckId;
  /** Version of the artwork, from 1; absent for what concerns the token. */
  readonly version?: number;
  readonly title: string;
  readonly status: CheckStatus;
  /** True if nothing is proven as long as this check's result is unknown. */
  readonly essential: boolean;
  /** A sentence or two for a collector. */
  readonly explanation: string;
  /** Values that the check rests on. */
  readonly evidence: Readonly<Record<string, string>>;
}

/** Result of a check. */
export type Finding = Pick<Check, "status" | "explanation"> & { readonly evidence?: Readonly<Record<string, string>> };

/** Values that the check rests on, by name. */
type Evidence = Readonly<Record<string, string>>;

export const pass = (explanation: string, evidence: Evidence = {}): Finding => ({
  status: "pass",
  explanation,
  evidence,
});
export const fail = (explanation: string, evidence: Evidence = {}): Finding => ({
  status: "fail",
  explanation,
  evidence,
});
export const unknown = (explanation: string, evidence: Evidence = {}): Finding => ({
  status: "unknown",
  explanation,
  evidence,
});

/**
 * Runs one check. What it throws means that the evidence could not be read: a node that does not answer proves nothing either
 * way. A contract that refuses to answer what every version of it has to is another matter.
 */
export async function check(id: CheckId, version: number | undefined, find: () => Promise<Finding>): Promise<Check> {
  const {
    status,
    explanation,
    evidence = {},
  } = await find().catch((error: unknown) =>
    isRevert(error)
      ? fail(`The contract refuses to answer: ${sentence(error)}`)
      : unknown(`Could not be checked: ${sentence(error)}`),
  );
  return {
    id,
    ...(version !== undefined && { version }),
    title: checkTitles[id],
    status,
    essential: essential.has(id),
    explanation,
    evidence,
  };
}

/** Returns true for a refusal by a contract, false for a failure of the node. */
export function isRevert(error: unknown): boolean {
  return error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError) !== null;
}

/** First line of an error, as a sentence. */
export function sentence(error: unknown): string {
  const short = (error as { shortMessage?: unknown })?.shortMessage;
  const text = typeof short === "string" ? short : error instanceof Error ? error.message : String(error);
  const line = text.split("\n", 1)[0]?.trim() || "unknown error";
  return /[.!?]$/.test(line) ? line : `${line}.`;
}

/** The fields of `actual` that are not `expected`, as evidence; empty when all agree. Hex is compared without case. */
export function differences(
  expected: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [field, value] of Object.entries(expected)) {
    const [a, b] = [plain(value), plain(actual[field])];
    if (a !== b) found[field] = `${clip(b)} instead of ${clip(a)}`;
  }
  return found;
}

function plain(value: unknown): string {
  const text = String(value);
  return /^0x[0-9a-fA-F]*$/.test(text) ? text.toLowerCase() : text;
}

function clip(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** Unix seconds as a date that people read, UTC. */
export function dateOf(unixSeconds: bigint | number): string {
  return `${new Date(Number(unixSeconds) * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
