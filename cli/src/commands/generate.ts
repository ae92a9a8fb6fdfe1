import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import {
  accountState,
  type CloudClient,
  CloudError,
  checkQuote,
  type Generated,
  type GeneratedImage,
  type GenerateProgress,
  generate,
  gridNftAbi,
  type Minted,
  mayHaveArrived,
  newIdempotencyKey,
  type SeriesTerms,
} from "@gridnft/sdk";
import type { GenerationParameters, Job, Quote } from "@gridnft/sdk/schemas";
import { getAddress, zeroAddress } from "viem";
import { getBlock, readContract } from "viem/actions";
import { findModel, openCloud, signedIn } from "../cloud.ts";
import { defaults } from "../config.ts";
import { asks, type ConfirmOptions, confirm } from "../confirm.ts";
import { explain } from "../explain.ts";
import { CliError, ExitCode, usageError } from "../failure.ts";
import type { Grid } from "../grid.ts";
import { createJob, type JobFile, keepJob, ordersToJson, requireWritable } from "../jobFile.ts";
import { printMinted } from "../minted.ts";
import { reasonOf } from "../output.ts";
import { type PictureOptions, readParameters } from "../parameters.ts";
import { namesOf, placeOf, type Saved, save, shellWord, short } from "../pictures.ts";
import { openSession, type Session } from "../program.ts";
import { unlessAborted, withSignals } from "../signals.ts";
import { openSigner, type Signer, type SigningOptions } from "../signer.ts";
import type { Terminal } from "../terminal.ts";
import { counted, printable } from "../text.ts";
import { aipg, type Rail, readAipg, readRail, titleOf } from "../values.ts";
import { mintBundles, requireMintOption, requireRoom, type SeriesOptions, seriesOf } from "./mint.ts";

export interface GenerateCommandOptions extends SigningOptions, SeriesOptions, PictureOptions, ConfirmOptions {
  readonly rail?: string;
  readonly maxPrice?: string;
  readonly out?: string;
  readonly mint?: boolean;
}

/** A job from its first quote to its mint. */
export interface Undertaking {
  readonly session: Session;
  readonly grid: Grid;
  readonly signer: Signer;
  readonly cloud: CloudClient;
  /** Path of its pictures, without an ending. */
  readonly place: string;
  /** Path of its job file; absent before it is written. */
  file: string | undefined;
  readonly series: SeriesTerms | undefined;
  /** Most that the whole mint fee may be, AIPG wei: what it was when the user said yes. Absent: what it is at the mint. */
  readonly maxFee?: bigint;
  /** The job as it was last seen; absent before the cloud has it. */
  job: Job | undefined;
}

/** Order of pictures, as the options have it. */
interface PictureOrder {
  readonly rail: Rail;
  readonly parameters: GenerationParameters;
  /** Most that may be signed, AIPG wei. */
  readonly maxPrice: bigint;
}

/** `gridnft generate "<prompt>"`. */
export async function generateCommand(prompt: string, options: GenerateCommandOptions): Promise<ExitCode> {
  const session = openSession(options);
  const { config } = session;
  const rail =
    options.rail === undefined ? readRail("rail", config.rail ?? defaults.rail) : readRail("--rail", options.rail);
  if (rail === "gateway" && options.maxPrice !== undefined) {
    const source = options.rail === undefined ? "the setting rail gateway" : "--rail gateway";
    throw usageError(`--max-price does nothing with ${source}: the cloud pays, within your quota.`);
  }
  const maxPrice = readAipg("--max-price", options.maxPrice ?? config["max-price"] ?? defaults["max-price"]);
  const asked = readParameters(prompt, options);
  if (!options.mint) requireMintOption(options);
  const series = options.mint ? seriesOf({ title: titleOf(prompt), ...options }) : undefined;
  if (series) requireRoom([asked.prompt, asked.negative_prompt ?? ""], series, asked.n ?? 1);

  const grid = await session.grid();
  const signer = openSigner(grid, options.account, session);
  const open = openCloud(grid);
  const model = await findModel(open, options.model);
  const parameters = { ...asked, model: `${model.model_id}` };
  // A licensed model and a private job want to know who asks; an open one on the direct rail needs no session.
  const unlock = model.access === "open" ? [] : [model.model_id];
  const wantsSession = rail === "gateway" || unlock.length > 0 || parameters.salt !== undefined;
  const cloud = wantsSession ? await signedIn(open, grid, signer, unlock) : open;
  const place = await placeOf(session.cwd, options.out, prompt);
  await requireWritable(place);
  const fee = series
    ? await requireFunds({ grid, signer }, asked.n ?? 1, "Nothing was paid", "; without --mint it can be made")
    : 0n;
  const undertaking: Undertaking = {
    ...{ session, grid, signer, cloud, place, series },
    ...{ file: undefined, job: undefined, maxFee: fee },
  };
  let limit = maxPrice;
  try {
    if (asks(session, options)) {
      limit = await confirmPrice(undertaking, options, { rail, parameters, maxPrice });
    }
  } catch (error) {
    throw withHint(error, model.model_id);
  }
  return withSignals(async (signal) => {
    const made = await make(undertaking, { rail, parameters, maxPrice: limit }, signal).catch((error: unknown) => {
      throw withHint(error, model.model_id);
    });
    return finish(undertaking, { images: made.images, signal, made });
  });
}

/**
 * Insists on what a mint needs, before a picture is paid that could not be minted: gas, the mint fee, no pause.
 * @param undone Sentence without its end: what did not happen.
 * @param whenPaused More of it where minting is paused.
 * @returns Mint fee of all pictures, AIPG wei.
 */
export async function requireFunds(
  { grid, signer }: Pick<Undertaking, "grid" | "signer">,
  count: number,
  undone: string,
  whenPaused = "",
): Promise<bigint> {
  const { contracts: deployment, client } = grid;
  const nft = { address: deployment.contracts.GridNFT.address, abi: gridNftAbi } as const;
  const [{ eth, aipg: wallet }, fee, paused] = await Promise.all([
    accountState(client, { deployment, account: signer.account.address }),
    readContract(client, { ...nft, functionName: "mintFee" }),
    readContract(client, { ...nft, functionName: "paused" }),
  ]);
  if (paused) throw new CliError("PAUSED", `Minting is paused now. ${undone}${whenPaused}.`);
  const all = fee[0] * BigInt(count);
  if (eth === 0n) {
    throw new CliError("GAS_UNPAID", `${signer.name} has no ETH for the gas of a mint. ${undone}.`);
  }
  if (wallet < all) {
    const message = `The mint costs ${aipg(all)}, and the wallet of ${signer.name} has ${aipg(wallet)}. ${undone}.`;
    throw new CliError("BALANCE_TOO_LOW", message);
  }
  return all;
}

/**
 * Asks whether the price is right.
 * @returns Most that may be signed: what was said yes to.
 */
async function confirmPrice(
  undertaking: Undertaking,
  options: ConfirmOptions,
  { rail, parameters, maxPrice }: PictureOrder,
): Promise<bigint> {
  const { session, grid, signer, cloud, maxFee: fee = 0n } = undertaking;
  const extra = fee > 0n ? ` and the mint fee of ${aipg(fee)}` : "";
  if (rail === "gateway") {
    if (fee > 0n) await confirm(session, options, `Pay the mint fee of ${aipg(fee)} from ${signer.name}?`);
    return maxPrice;
  }
  const requester = signer.account.address;
  const [quote, { timestamp }, state] = await Promise.all([
    cloud.quote({ ...parameters, requester }),
    getBlock(grid.client),
    accountState(grid.client, { deployment: grid.contracts, account: requester }),
  ]);
  const now = Number(timestamp);
  checkQuote(quote, { parameters, deployment: grid.contracts, requester, payer: requester, maxPrice, now });
  await requireWallet(undertaking, quote);
  const most = dearest(quote.candidates.map(({ order }) => order));
  const missing = most > state.free ? most - state.free : 0n;
  const deposit = missing > 0n ? `, ${aipg(missing)} of it deposited from the wallet` : "";
  await confirm(session, options, `Pay up to ${aipg(most)}${extra} from ${signer.name}${deposit}?`);
  return most;
}

/** Insists that the wallet has both what is missing for the orders and the mint fee, before anything is deposited or signed. */
async function requireWallet({ grid, signer, maxFee = 0n }: Undertaking, { candidates }: Quote): Promise<void> {
  if (maxFee === 0n) return;
  const query = { deployment: grid.contracts, account: signer.account.address };
  const { free, aipg: wallet } = await accountState(grid.client, query);
  const most = dearest(candidates.map(({ order }) => order));
  if (most <= free || wallet >= most - free + maxFee) return;
  throw new CliError(
    "BALANCE_TOO_LOW",
    `The order needs a deposit of ${aipg(most - free)}, and the mint ${aipg(maxFee)}; the wallet of ${signer.name} has ${aipg(wallet)}. Nothing was paid.`,
  );
}

/** Most that one of several orders may cost, AIPG wei. */
export function dearest(orders: readonly { readonly maxPrice: bigint }[]): bigint {
  let most = 0n;
  for (const { maxPrice } of orders) if (maxPrice > most) most = maxPrice;
  return most;
}

/** Orders the pictures and waits for them. What can be lost by then is in the job file. */
async function make(
  undertaking: Undertaking,
  { rail, parameters, maxPrice }: PictureOrder,
  signal: AbortSignal,
): Promise<Generated> {
  const { session, grid, signer, cloud, place, series } = undertaking;
  const { terminal } = session;
  const idempotencyKey = rail === "gateway" ? newIdempotencyKey() : undefined;
  let kept: JobFile = {
    ...{ version: 1, chain_id: grid.chainId, cloud_url: cloud.url, requester: signer.account.address, rail },
    ...(idempotencyKey && { idempotency_key: idempotencyKey }),
    ...{ parameters, orders: [], ...(series && { mint: series }) },
  };
  let asked: Quote | undefined;
  let keeping: Promise<void> = Promise.resolve();
  const remembering: CloudClient = {
    ...cloud,
    quote: async (query, call) => {
      asked = await cloud.quote(query, call);
      await requireWallet(undertaking, asked);
      return asked;
    },
  };
  const common = {
    ...{ cloud: remembering, deployment: grid.contracts, parameters, signal },
    onProgress: (progress: GenerateProgress): void => {
      if (progress.stage === "job") {
        if (undertaking.job === undefined) {
          kept = { ...kept, job: progress.job.id };
          // The job is ordered: a disk that is full by now does not end it.
          keeping = keepJob(undertaking.file as string, kept).catch((error: unknown) => {
            terminal.fault(`  ${explain(error).message} The job is ${progress.job.id}.`);
          });
        }
        undertaking.job = progress.job;
      }
      showProgress(terminal, progress);
    },
  };
  try {
    if (rail === "gateway") {
      undertaking.file = await createJob(place, kept);
      return await generate(signer.wallet, { ...common, rail, idempotencyKey });
    }
    return await generate(signer.wallet, {
      ...{ ...common, rail, maxPrice, deposit: true },
      onSigned: async (signed) => {
        kept = { ...kept, parameters: asked?.parameters ?? parameters, orders: ordersToJson(signed) };
        undertaking.file = await createJob(place, kept);
      },
    });
  } catch (error) {
    terminal.settle();
    await keeping;
    const ended = await giveUp(undertaking, error, { rail, interrupted: signal.aborted });
    // The user ended this, even if something failed because of it or at the same time.
    throw traced(undertaking, signal.aborted ? signal.reason : error, ended ? [] : undefined);
  } finally {
    await keeping;
  }
}

/** Saves pictures, mints them where they are to be minted, and says what there is now. A full disk keeps nobody from minting. */
export async function finish(
  undertaking: Undertaking,
  {
    images,
    signal,
    made,
    alreadyMinted = false,
  }: {
    readonly images: readonly GeneratedImage[];
    readonly signal: AbortSignal;
    readonly made?: Generated;
    readonly alreadyMinted?: boolean;
  },
): Promise<ExitCode> {
  const { session, grid, place, series } = undertaking;
  const { terminal, cwd } = session;
  terminal.settle();
  let saved: readonly Saved[] | undefined;
  let unsaved: unknown;
  try {
    saved = await save(place, images);
  } catch (error) {
    unsaved = error;
  }
  const job = made?.job ?? undertaking.job;
  const missing = made?.missing ?? missingOf(job, images);
  printMade(terminal, images, { job, missing });
  for (const { picture, receipt, image } of saved ?? []) {
    terminal.line(`  picture  ${terminal.colors.bold(short(cwd, picture))}`);
    terminal.line(`  receipt  ${short(cwd, receipt)}`);
    terminal.line(`  seed     ${image.bundle.receipt.seed}`);
  }
  if (unsaved) {
    const next = series && !alreadyMinted ? " The mint goes on." : "";
    terminal.fault(`${terminal.colors.red("✗")} ${notSaved(place, unsaved)}${next}`);
  }
  const minted = series && !alreadyMinted ? await mintMade(undertaking, images, series, signal) : undefined;
  if (unsaved) {
    if (minted) printMinted(terminal, grid, minted);
    const what = minted ? ` Minted all the same: ${minted.tokenIds.join(", ")}.` : "";
    throw traced(undertaking, new CliError("NOT_SAVED", `${notSaved(place, unsaved)}${what}`), images.map(receiptOf));
  }
  await forget(undertaking);
  if (minted) printMinted(terminal, grid, minted);
  else if (alreadyMinted) terminal.line("  They are minted already.");
  else terminal.line(terminal.colors.dim(`  Mint it: gridnft mint ${namesOf(cwd, saved ?? [])}`));
  for (const { picture } of minted ? [] : (saved ?? [])) terminal.value(short(cwd, picture));
  terminal.result({
    ...(job && { job: job.id }),
    images: (saved ?? []).map(({ picture, receipt, image }) => ({
      ...{ picture, receipt, seed: image.bundle.receipt.seed, cid: image.cid, receipt_id: image.bundle.receipt_id },
      image_hash: image.bundle.receipt.imageHash,
    })),
    ...{ worker: images[0]?.bundle.order.worker, price: priceOf(images) },
    ...(missing > 0 && { ended_early: true, missing }),
    ...(job?.unknown_words?.length && { unknown_words: job.unknown_words }),
    ...(job?.prompt_cut && { prompt_cut: true }),
    ...(alreadyMinted && { already_minted: true }),
    ...(minted && { minted }),
  });
  return ExitCode.OK;
}

/** Removes the job file: nothing is left to go on with. */
async function forget({ file }: Undertaking): Promise<void> {
  if (file !== undefined) await rm(file, { force: true }).catch(() => {});
}

export function receiptOf({ bundle }: GeneratedImage): string {
  return bundle.receipt_id;
}

function priceOf(images: readonly GeneratedImage[]): bigint {
  return images.reduce((sum, { bundle }) => sum + bundle.receipt.price, 0n);
}

function notSaved(place: string, error: unknown): string {
  return `The pictures could not be saved in ${dirname(place)}: ${reasonOf(error)}.`;
}

/** Says by which command the user gets on, where there is one. */
function withHint(error: unknown, modelId: bigint): unknown {
  const { code, message, exitCode, trace } = explain(error);
  const hint = {
    MODEL_NOT_LICENSED: `gridnft license buy ${modelId}`,
    PRICE_TOO_HIGH: "Allow more with --max-price.",
    BALANCE_TOO_LOW: "gridnft account shows what there is; --rail gateway lets the cloud pay, within its quota.",
    QUOTA_USED: "Pay yourself: --rail direct.",
    NO_WORKER: "gridnft workers shows who is there.",
  }[code];
  if (hint === undefined || message.includes(hint)) return error;
  return new CliError(code, `${message} ${hint}`, exitCode, { cause: error, ...(trace && { trace }) });
}

/**
 * An error with the job that exists, its receipts, and the command that goes on.
 * @param receipts Receipts that are known; an empty list for a job that will not go on.
 */
export function traced(undertaking: Undertaking, error: unknown, receipts?: readonly string[]): unknown {
  const { job, session, file } = undertaking;
  const known = receipts ?? job?.images?.map(({ receipt_id }) => receipt_id) ?? [];
  const isOver = receipts?.length === 0 || job?.status === "failed" || job?.status === "cancelled";
  const kept = file !== undefined && existsSync(file) ? file : undefined;
  // Without its id the file is what finds the job; with it, the file is looked for in the working directory.
  const isFound = job !== undefined && (kept === undefined || dirname(kept) === session.cwd);
  const word = isFound ? job.id : kept && shellWord(short(session.cwd, kept));
  if (word === undefined) return error;
  const resume = isOver ? undefined : `gridnft resume ${word}`;
  const { code, message, exitCode, trace: before } = explain(error);
  const parts = [
    message,
    job && `The job is ${job.id}.`,
    known.length > 0 && `Its receipts: ${known.join(", ")}.`,
    resume && `Go on with: ${resume}`,
  ];
  const trace = {
    ...before,
    ...(job && { job: job.id }),
    ...(known.length > 0 && { receiptIds: known }),
    ...(resume && { resume }),
  };
  return new CliError(code, parts.filter(Boolean).join(" "), exitCode, { cause: error, trace });
}

/** The pictures are there: when the mint fails, says how to go on. */
async function mintMade(
  undertaking: Undertaking,
  images: readonly GeneratedImage[],
  series: SeriesTerms,
  signal: AbortSignal,
): Promise<Minted> {
  const { session, grid, signer, maxFee } = undertaking;
  const bundles = images.map(({ bundle }) => bundle);
  try {
    signal.throwIfAborted();
    return await unlessAborted(
      signal,
      mintBundles(session, grid, signer, bundles, series, maxFee === undefined ? {} : { maxFee }),
    );
  } catch (error) {
    session.terminal.settle();
    throw traced(undertaking, error, images.map(receiptOf));
  }
}

function showProgress(terminal: Terminal, progress: GenerateProgress): void {
  switch (progress.stage) {
    case "quoted": {
      const { price, candidates } = progress.quote;
      terminal.progress(`${aipg(price)}, ${counted(candidates.length, "worker")} ready`);
      break;
    }
    case "depositing":
      terminal.progress(`Depositing ${aipg(progress.amount)}`);
      break;
    case "signing":
      terminal.progress("Signing the order");
      break;
    case "checking":
      terminal.progress("Checking picture and receipt", (progress.image + 1) / progress.images);
      break;
    case "job":
      showJob(terminal, progress.job);
  }
}

/** Progress of a job. */
export function showJob(terminal: Pick<Terminal, "live" | "progress">, job: Job): void {
  const { status, position, progress: at } = job;
  if (at === undefined) {
    const state = status === "queued" && position ? `Waiting, ${position} in the queue` : `The job is ${status}`;
    const reason = status === "queued" ? reasonToWait(job) : undefined;
    terminal.progress(reason === undefined ? state : `${state}: ${printable(reason)}`);
    return;
  }
  const image = at.images > 1 ? `picture ${at.image + 1} of ${at.images}, ` : "";
  const share = (at.image + at.step / Math.max(at.steps, 1)) / Math.max(at.images, 1);
  if (terminal.live) terminal.progress(`${image}step ${at.step} of ${at.steps}`, share);
  else terminal.progress(at.images > 1 ? `Making picture ${at.image + 1} of ${at.images}` : "Making the picture");
}

/** Reason for which a queued job waits, or the one for which a worker gave it back. */
function reasonToWait({ waiting, given_back: back }: Job): string | undefined {
  return waiting?.message ?? (back && `a worker gave it back: ${back.message}`);
}

/** Pictures that were ordered and not made, of a job that its worker ended early. */
export function missingOf(job: Pick<Job, "ended_early"> | undefined, images: readonly GeneratedImage[]): number {
  const [first] = images;
  return job?.ended_early && first ? first.bundle.order.count - images.length : 0;
}

function printMade(
  { line, colors }: Terminal,
  images: readonly GeneratedImage[],
  { job, missing }: { readonly job: Job | undefined; readonly missing: number },
): void {
  const { started_at: began, finished_at: ended } = job ?? {};
  const took = began === undefined || ended === undefined ? "" : ` in ${ended - began} s`;
  const worker = getAddress(images[0]?.bundle.order.worker ?? zeroAddress);
  line(`${colors.green("✓")} Made by worker ${worker}${took} for ${aipg(priceOf(images))}`);
  const { unknown_words: unknown = [], prompt_cut: isCut = false } = job ?? {};
  if (unknown.length > 0)
    line(colors.yellow(`  The model was not made for: ${unknown.join(", ")}. Such words only vary the picture.`));
  if (isCut) line(colors.yellow("  The prompt is longer than the model reads: its end had no influence."));
  if (missing > 0) {
    const count = images.length + missing;
    line(
      colors.yellow(`  The worker ended the order early: ${images.length} of ${count} pictures, only these are paid.`),
    );
  }
}

/**
 * After a failure: takes the job back where that still works, and says what may still happen with what was signed.
 * @returns True when nothing of it goes on.
 */
async function giveUp(
  undertaking: Undertaking,
  error: unknown,
  { rail, interrupted }: { readonly rail: Rail; readonly interrupted: boolean },
): Promise<boolean> {
  const { cloud, session, job, file } = undertaking;
  let cancelled = false;
  if (interrupted && job !== undefined) {
    cancelled = await cloud.cancelJob(job.id).then(
      () => true,
      () => false,
    );
  }
  // The cloud has not taken what it refused. It may have taken what it never answered.
  const refused = job === undefined && error instanceof CloudError && !mayHaveArrived(error);
  // A gateway's order is not the user's: when its job is over, nothing can follow.
  const isOver = rail === "gateway" && (job?.status === "failed" || job?.status === "cancelled");
  if (cancelled || refused || isOver) {
    await forget(undertaking);
    return true;
  }
  if (file === undefined || !existsSync(file)) return job === undefined;
  const isNamed = job !== undefined;
  const what = isNamed ? `Job ${job.id} may still` : "The job may have reached the cloud all the same, and may";
  if (rail === "direct") {
    session.terminal.fault(`  ${what} be delivered and paid until its orders run out; they are in ${file}.`);
  } else if (!isNamed) session.terminal.fault(`  ${what} count in your quota.`);
  return false;
}
