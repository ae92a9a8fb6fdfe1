import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  bundleFromJson,
  type CloudClient,
  GridError,
  type Minted,
  mintSeries,
  orderHash,
  type SeriesTerms,
} from "@gridnft/sdk";
import type { ReceiptBundle } from "@gridnft/sdk/wire";
import { type Address, isAddress } from "viem";
import { openCloud } from "../cloud.ts";
import { ExitCode, usageError } from "../failure.ts";
import type { Grid } from "../grid.ts";
import { printMinted } from "../minted.ts";
import { type CommonOptions, openSession, type Session } from "../program.ts";
import { openSigner, type Signer } from "../signer.ts";
import { isReceiptId, readPolicy, readRoyalty, titleOf } from "../values.ts";

/** What a series is called and allows, as typed. */
export interface SeriesOptions {
  readonly title?: string;
  readonly description?: string;
  readonly tags?: string;
  readonly royalty?: string;
  readonly evolution?: string;
}

export interface MintCommandOptions extends CommonOptions, SeriesOptions {
  readonly account?: string;
  readonly to?: string;
}

/** `gridnft mint <bundle.json or receipt id ...>`. */
export async function mintCommand(words: readonly string[], options: MintCommandOptions): Promise<ExitCode> {
  if (options.to !== undefined && !isAddress(options.to, { strict: false })) {
    throw usageError(`--to "${options.to}" is no address.`);
  }
  const session = openSession(options);
  const grid = await session.grid();
  const signer = openSigner(grid, options.account, session.environment);
  const bundles: ReceiptBundle[] = [];
  for (const word of words) bundles.push(await readBundle(session, grid, word));
  for (const { order, direct } of new Map(bundles.map((bundle) => [orderHash(bundle.order), bundle])).values()) {
    if (!direct?.closing_signature) continue;
    const note = `The order ended early, with ${direct.receipts.length} of ${order.count} pictures: only these are paid.`;
    session.terminal.line(session.terminal.colors.yellow(note));
  }
  const series = seriesOf({ title: titleOf(bundles[0]?.request.prompt ?? ""), ...options });
  const minted = await mintBundles(session, grid, signer, bundles, series, options.to as Address | undefined);
  printMinted(session.terminal, grid, minted);
  session.terminal.result(minted);
  return ExitCode.OK;
}

/** The typed options as what the contract takes. */
export function seriesOf(options: SeriesOptions & { readonly title: string }): SeriesTerms {
  const bytes = (text: string): number => new TextEncoder().encode(text).length;
  for (const [option, text, most] of [
    ["--title", options.title, 255],
    ["--description", options.description ?? "", 8_000],
    ["--tags", options.tags ?? "", 255],
  ] as const) {
    if (bytes(text) > most) throw usageError(`${option} is longer than ${most} bytes.`);
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

/** Mints as one series; a voucher that the worker had not signed when the receipt was saved is asked for again. */
export async function mintBundles(
  session: Session,
  grid: Grid,
  signer: Signer,
  bundles: readonly ReceiptBundle[],
  series: SeriesTerms,
  to?: Address,
): Promise<Minted> {
  const { terminal } = session;
  const stranger = bundles.find(({ order }) => order.requester.toLowerCase() !== signer.account.address.toLowerCase());
  if (stranger) {
    throw usageError(
      `The picture was made for ${stranger.order.requester}, and ${signer.name} is ${signer.account.address}: name another --account.`,
      "NOT_YOURS",
    );
  }
  const options = { deployment: grid.contracts, series, ...(to && { to }) };
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
const PATIENCE = 60;

async function attested(cloud: CloudClient, bundles: readonly ReceiptBundle[]): Promise<readonly ReceiptBundle[]> {
  let fresh = bundles;
  for (let second = 0; second < PATIENCE; second++) {
    fresh = await Promise.all(bundles.map(({ receipt_id }) => cloud.receiptBundle(receipt_id)));
    if (fresh.every(({ lane }) => lane === undefined || lane.worker_signature !== undefined)) break;
    await new Promise((later) => setTimeout(later, 1_000));
  }
  return fresh;
}

/** A bundle from a file, or from the cloud by its receipt id. */
export async function readBundle(session: Session, grid: Grid, word: string): Promise<ReceiptBundle> {
  if (isReceiptId(word)) return openCloud(grid).receiptBundle(word.toLowerCase());
  const path = resolve(session.cwd, word);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw usageError(`There is no file ${word}. Name the .json that generate saved, or a receipt id.`, "NO_FILE", {
      cause,
    });
  }
  try {
    return bundleFromJson(JSON.parse(text));
  } catch (cause) {
    const reason = cause instanceof GridError ? cause.message : "It is not JSON.";
    throw usageError(`${word} is no receipt: ${reason}`, "BUNDLE_INVALID", { cause });
  }
}
