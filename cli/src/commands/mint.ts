import { resolve } from "node:path";
import {
  bundleFromJson,
  type CloudClient,
  GridError,
  gridNftAbi,
  MAX_BLOB,
  type Minted,
  mintSeries,
  orderHash,
  planAnchoring,
  type SeriesTerms,
} from "@gridnft/sdk";
import { readTextFile, sleep } from "@gridnft/sdk/node";
import type { ReceiptBundle } from "@gridnft/sdk/schemas";
import type { Address } from "viem";
import { readContract } from "viem/actions";
import { openCloud } from "../cloud.ts";
import { asks, type ConfirmOptions, confirm } from "../confirm.ts";
import { explain } from "../explain.ts";
import { CliError, ExitCode, usageError } from "../failure.ts";
import type { Grid } from "../grid.ts";
import { printMinted } from "../minted.ts";
import { reasonOf } from "../output.ts";
import type { Session } from "../program.ts";
import { transacting } from "../signals.ts";
import { openSigned, type Signer, type SigningOptions } from "../signer.ts";
import { bytesOf } from "../text.ts";
import { aipg, isReceiptId, MAX_TITLE_BYTES, readAddress, readPolicy, readRoyalty, titleOf } from "../values.ts";

/** Title and terms of a series, as typed. */
export interface SeriesOptions {
  readonly title?: string;
  readonly description?: string;
  readonly tags?: string;
  readonly royalty?: string;
  readonly evolution?: string;
}

export interface MintCommandOptions extends SigningOptions, SeriesOptions, ConfirmOptions {
  readonly to?: string;
}

/** `gridnft mint <bundle.json or receipt id ...>`. */
export async function mintCommand(words: readonly string[], options: MintCommandOptions): Promise<ExitCode> {
  const to = options.to === undefined ? undefined : readAddress("--to", options.to);
  seriesOf({ title: "any", ...options });
  const { session, grid, signer } = await openSigned(options);
  const bundles: ReceiptBundle[] = [];
  for (const word of words) bundles.push(await readBundle(session, grid, word));
  requireDistinct(words, bundles);
  for (const { order, direct } of new Map(bundles.map((bundle) => [orderHash(bundle.order), bundle])).values()) {
    if (!direct?.closing_signature) continue;
    const note = `The order ended early, with ${direct.receipts.length} of ${order.count} pictures: only these are paid.`;
    session.terminal.line(session.terminal.colors.yellow(note));
  }
  const series = seriesOf({ title: titleOf(bundles[0]?.request.prompt ?? ""), ...options });
  requireOwn(signer, bundles);
  let maxFee: bigint | undefined;
  if (asks(session, options)) {
    const { total, fees, words: sentence } = await payableOf(grid, bundles);
    maxFee = fees;
    if (total > 0n) await confirm(session, options, `${sentence}, and mint?`);
  }
  const minted = await transacting(() => mintBundles(session, grid, signer, bundles, series, { to, maxFee })).catch(
    (error: unknown) => {
      session.terminal.settle();
      throw withReceipts(error, bundles);
    },
  );
  printMinted(session.terminal, grid, minted);
  session.terminal.result(minted);
  return ExitCode.OK;
}

/** Insists that no receipt is named twice. */
function requireDistinct(words: readonly string[], bundles: readonly ReceiptBundle[]): void {
  const seen = new Set<string>();
  for (const [i, { receipt_id }] of bundles.entries()) {
    if (seen.has(receipt_id)) throw usageError(`${words[i]} is the same receipt as one before it.`);
    seen.add(receipt_id);
  }
}

/** An error after which receipts may be paid: they are named. */
export function withReceipts(error: unknown, bundles: readonly ReceiptBundle[]): CliError {
  const { code, message, exitCode, trace } = explain(error);
  const receiptIds = bundles.map(({ receipt_id }) => receipt_id);
  const names = `${receiptIds.length === 1 ? "Receipt" : "Receipts"} ${receiptIds.join(", ")}.`;
  return new CliError(code, `${message} ${names}`, exitCode, { cause: error, trace: { ...trace, receiptIds } });
}

/** Refuses terms of a series where nothing is minted. */
export function requireMintOption(options: SeriesOptions): void {
  const given = (["title", "description", "tags", "royalty", "evolution"] as const).find(
    (name) => options[name] !== undefined,
  );
  if (given) throw usageError(`--${given} does nothing without --mint.`);
}

/** The typed options as the contract takes them. */
export function seriesOf(options: SeriesOptions & { readonly title: string }): SeriesTerms {
  for (const [option, text, most] of [
    ["--title", options.title, MAX_TITLE_BYTES],
    ["--description", options.description ?? "", 8_000],
    ["--tags", options.tags ?? "", 255],
  ] as const) {
    if (bytesOf(text) > most) throw usageError(`${option} is longer than ${most} bytes.`);
    if (option === "--title" && text.trim() === "")
      throw usageError("--title is empty: each token has it as its name.");
    if (/\p{Cc}/u.test(text)) throw usageError(`${option} has control characters (a newline is one).`);
  }
  return {
    title: options.title,
    ...(options.description !== undefined && { description: options.description }),
    ...(options.tags !== undefined && { tags: options.tags }),
    ...(options.royalty !== undefined && { royaltyBps: readRoyalty(options.royalty) }),
    ...(options.evolution !== undefined && { policy: readPolicy(options.evolution) }),
  };
}

/** Bytes of a mint beside its texts: header, anchor, order and engine, and each artwork. */
const [MINT_FRAME, MINT_ARTWORK] = [600, 120];

/** Insists, before anything is paid, that prompts and terms together fit into one mint. */
export function requireRoom(prompts: readonly string[], series: SeriesTerms, count: number): void {
  const texts = [...prompts, series.title, series.description ?? "", series.tags ?? ""];
  const size = texts.reduce((sum, text) => sum + bytesOf(text), MINT_FRAME + MINT_ARTWORK * count);
  if (size <= MAX_BLOB) return;
  throw usageError(
    `Prompts, title, description and tags have ${size - MAX_BLOB} bytes too many for one mint. Shorten them.`,
    "MINT_TOO_LARGE",
  );
}

/** Price of a mint. */
export interface Payable {
  /** AIPG wei that move: to workers whose orders are not settled yet, and the mint fee. */
  readonly total: bigint;
  /** Of it, the mint fee of all pictures. */
  readonly fees: bigint;
  /** Sentence without its end. */
  readonly words: string;
}

/** Finds what a mint, or a version, has to pay. */
export async function payableOf(
  { client, contracts }: Grid,
  bundles: readonly ReceiptBundle[],
  { isVersion = false } = {},
): Promise<Payable> {
  const address = contracts.contracts.GridNFT.address;
  const [{ settlements, closed }, [fee]] = await Promise.all([
    // A voucher that is not signed yet pays nothing of the signer's own.
    planAnchoring(client, { deployment: contracts, bundles: bundles.filter(({ direct }) => direct !== undefined) }),
    readContract(client, { abi: gridNftAbi, address, functionName: "mintFee" }),
  ]);
  const receipts = [...settlements, ...closed.map(({ settlement }) => settlement)].flatMap((one) => one.receipts);
  const work = receipts.reduce((sum, { price }) => sum + price, 0n);
  const fees = isVersion ? 0n : fee * BigInt(bundles.length);
  const parts = [
    work > 0n && `${aipg(work)} to ${settlements.length + closed.length > 1 ? "the workers" : "the worker"}`,
    fees > 0n && `the mint fee of ${aipg(fees)}`,
  ];
  return { total: work + fees, fees, words: `Pay ${parts.filter(Boolean).join(" and ")}` };
}

function requireOwn(signer: Signer, bundles: readonly ReceiptBundle[]): void {
  const stranger = bundles.find(({ order }) => order.requester.toLowerCase() !== signer.account.address.toLowerCase());
  if (!stranger) return;
  throw usageError(
    `The picture was made for ${stranger.order.requester}, and ${signer.name} is ${signer.account.address}: name another --account.`,
    "NOT_YOURS",
  );
}

/** Mints as one series; a voucher that the worker had not signed when the receipt was saved is asked for again. */
export async function mintBundles(
  session: Session,
  grid: Grid,
  signer: Signer,
  bundles: readonly ReceiptBundle[],
  series: SeriesTerms,
  { to, maxFee }: { readonly to?: Address | undefined; readonly maxFee?: bigint | undefined } = {},
): Promise<Minted> {
  const { terminal } = session;
  requireOwn(signer, bundles);
  const options = { deployment: grid.contracts, series, ...(to && { to }), ...(maxFee !== undefined && { maxFee }) };
  terminal.progress(bundles.length === 1 ? "Minting" : `Minting a series of ${bundles.length}`);
  try {
    return await mintSeries(signer.wallet, { ...options, bundles });
  } catch (error) {
    if (!(error instanceof GridError) || error.code !== "NOT_ATTESTED") throw error;
    terminal.progress("Waiting for the worker to sign the voucher");
    return await mintSeries(signer.wallet, { ...options, bundles: await attested(openCloud(grid), bundles) });
  } finally {
    terminal.settle();
  }
}

/** The worker signs within seconds of delivery; a minute is patience enough. */
const VOUCHER_SECONDS = 60;

async function attested(cloud: CloudClient, bundles: readonly ReceiptBundle[]): Promise<readonly ReceiptBundle[]> {
  let fresh = bundles;
  for (let second = 0; second < VOUCHER_SECONDS; second++) {
    fresh = await Promise.all(bundles.map(({ receipt_id }) => cloud.receiptBundle(receipt_id)));
    if (fresh.every(({ lane }) => lane === undefined || lane.worker_signature !== undefined)) break;
    await sleep(1_000);
  }
  return fresh;
}

/** A bundle from a file, or from the cloud by its receipt id. */
export async function readBundle(session: Session, grid: Grid, word: string): Promise<ReceiptBundle> {
  if (isReceiptId(word)) {
    const bundle = await openCloud(grid).receiptBundle(word.toLowerCase());
    if (bundle.receipt_id === word.toLowerCase()) return bundle;
    throw new CliError("BUNDLE_INVALID", `The cloud sent another receipt than ${word}.`);
  }
  const path = resolve(session.cwd, word);
  let text: string;
  try {
    text = readTextFile(path);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const problem = isMissing ? `There is no file ${word}.` : `${word} can't be read: ${reasonOf(cause)}.`;
    throw usageError(`${problem} Name the .json that generate saved, or a receipt id.`, "NO_FILE", { cause });
  }
  try {
    return bundleFromJson(JSON.parse(text));
  } catch (cause) {
    const reason = cause instanceof GridError ? cause.message : "It is not JSON.";
    throw usageError(`${word} is no receipt: ${reason}`, "BUNDLE_INVALID", { cause });
  }
}
