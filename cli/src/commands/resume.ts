import { dirname, join, resolve } from "node:path";
import {
  checkBundle,
  type GeneratedImage,
  gridNftAbi,
  orderHash,
  requireImage,
  requireRequest,
  type SeriesTerms,
  submitOrders,
  submitToGateway,
} from "@gridnft/sdk";
import type { Job, ReceiptBundle } from "@gridnft/sdk/schemas";
import { isAddressEqual, zeroHash } from "viem";
import { readContract } from "viem/actions";
import { openCloud, signedIn } from "../cloud.ts";
import { agrees, asks, type ConfirmOptions, confirm } from "../confirm.ts";
import { explain } from "../explain.ts";
import { CliError, type ExitCode, usageError } from "../failure.ts";
import type { Grid } from "../grid.ts";
import {
  findJobFile,
  type JobFile,
  type KeptJob,
  keepJob,
  openJobFile,
  ordersOf,
  requireWritable,
  seriesIn,
} from "../jobFile.ts";
import { namesOf, placeOf, save } from "../pictures.ts";
import { openSession, type Session } from "../program.ts";
import { withSignals } from "../signals.ts";
import { openSigner, type Signer, type SigningOptions } from "../signer.ts";
import { aipg, titleOf } from "../values.ts";
import { dearest, finish, receiptOf, requireFunds, showJob, traced, type Undertaking } from "./generate.ts";
import { payableOf, requireMintOption, requireRoom, type SeriesOptions, seriesOf } from "./mint.ts";

export interface ResumeCommandOptions extends SigningOptions, SeriesOptions, ConfirmOptions {
  readonly out?: string;
  /** Undefined where generate's word counts. */
  readonly mint?: boolean;
}

const jobId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * `gridnft resume <job>`: follows a job that was ordered before, fetches its pictures, checks and saves them, and mints them where
 * they were to be minted.
 */
export async function resumeCommand(word: string, options: ResumeCommandOptions): Promise<ExitCode> {
  const session = openSession(options);
  const kept = keptOf(session, word, options.out);
  const keptSeries = kept && seriesIn(kept.content);
  if (!mints(keptSeries, options)) requireMintOption(options);
  else seriesOf({ title: "any", ...options });

  const grid = await session.grid();
  const signer = openSigner(grid, options.account, session);
  if (kept) requireSame(kept, grid, signer);
  const cloud = await signedIn(openCloud(grid), grid, signer);
  const first = kept?.content.job ?? (kept ? undefined : word);
  const unnamed: Undertaking = {
    ...{ session, grid, signer, cloud, job: undefined, series: undefined },
    ...{ place: kept?.place ?? session.cwd, file: kept?.path },
  };
  if (first === undefined) await requireRest(unnamed, kept as KeptJob, options);
  const ordered = first === undefined ? await handIn(unnamed, kept as KeptJob, options) : await cloud.job(first);

  const place = kept && options.out === undefined ? kept.place : undefined;
  const undertaking: Undertaking = {
    ...{ session, grid, signer, cloud, job: ordered, series: undefined },
    ...{ place: place ?? join(session.cwd, ordered.id), file: kept?.path },
  };
  const images = await withSignals(async (signal) => {
    try {
      undertaking.job = await follow(undertaking, signal);
      return await fetchImages(undertaking, kept?.content, signal);
    } catch (error) {
      session.terminal.settle();
      throw traced(undertaking, signal.aborted ? signal.reason : error);
    }
  });
  try {
    const prompt = images[0]?.bundle.request.prompt ?? "";
    const series = seriesToMint(keptSeries, options, prompt);
    const work: Undertaking = {
      ...undertaking,
      place: place ?? (await placeOf(session.cwd, options.out, prompt)),
      series,
    };
    const minted = series ? await mintedOf(grid, images) : [];
    const open = images.filter((image) => !minted.includes(image));
    if (minted.length > 0 && open.length > 0) await keepRest(work, images, open);
    const alreadyMinted = minted.length > 0;
    const isOpen = series !== undefined && !alreadyMinted;
    const payable = isOpen && asks(session, options) ? await payableOf(grid, bundlesOf(images)) : undefined;
    const question = payable && payable.total > 0n ? `${payable.words}, and mint?` : undefined;
    const goes = question === undefined || (await agrees(session, options, question));
    const last: Undertaking = {
      ...work,
      ...(payable && { maxFee: payable.fees }),
      // The pictures are paid, and saved all the same.
      series: goes ? series : undefined,
    };
    return await withSignals((signal) => finish(last, { images, signal, alreadyMinted }));
  } catch (error) {
    // Errors after payment name job and receipts.
    throw explain(error).trace?.job === undefined ? traced(undertaking, error, images.map(receiptOf)) : error;
  }
}

/** Saves all pictures of a job of which some are minted, and says how to mint the others. */
async function keepRest(
  { session, place, job }: Undertaking,
  images: readonly GeneratedImage[],
  open: readonly GeneratedImage[],
): Promise<never> {
  const saved = await save(place, images);
  const names = namesOf(
    session.cwd,
    saved.filter(({ image }) => open.includes(image)),
  );
  const minted = images.length - open.length;
  throw new CliError(
    "PARTLY_MINTED",
    `${minted} of its ${images.length} pictures are minted already; all are saved. Mint the others: gridnft mint ${names}`,
    undefined,
    { trace: { ...(job && { job: job.id }), receiptIds: images.map(receiptOf) } },
  );
}

/** The file of the job: named itself, or found by the job's id in the folder of the pictures. */
function keptOf(session: Session, word: string, out: string | undefined): KeptJob | undefined {
  if (!jobId.test(word)) return openJobFile(session.cwd, word);
  const wanted = resolve(session.cwd, out ?? ".");
  for (const folder of new Set([session.cwd, wanted, dirname(wanted)])) {
    const kept = findJobFile(folder, word);
    if (kept) return kept;
  }
  return undefined;
}

/** Insists that a job file is of this chain and account. */
function requireSame({ content }: KeptJob, grid: Grid, signer: Signer): void {
  if (content.chain_id !== grid.chainId) {
    throw usageError(
      `The job is of chain ${content.chain_id}, and the node is of chain ${grid.chainId}.`,
      "OTHER_CHAIN",
    );
  }
  requireOwn(content.requester, signer);
}

function requireOwn(requester: string, signer: Signer): void {
  if (requester.toLowerCase() === signer.account.address.toLowerCase()) return;
  throw usageError(
    `The job is of ${requester}, and ${signer.name} is ${signer.account.address}: name another --account.`,
    "NOT_YOURS",
  );
}

/** Insists on what follows an order before it is handed in: a place for its pictures, and what their mint needs. */
async function requireRest(
  { session, grid, signer }: Undertaking,
  { place, content }: KeptJob,
  options: ResumeCommandOptions,
): Promise<void> {
  const { prompt, negative_prompt: negative = "", n: count = 1 } = content.parameters;
  await requireWritable(options.out === undefined ? place : await placeOf(session.cwd, options.out, prompt));
  const series = seriesToMint(seriesIn(content), options, prompt);
  if (!series) return;
  requireRoom([prompt, negative], series, count);
  await requireFunds({ grid, signer }, count, "Nothing was handed in; --no-mint fetches the pictures alone");
}

/** Returns whether a job's pictures are to be minted: as typed, else as kept. */
function mints(kept: SeriesTerms | undefined, { mint }: ResumeCommandOptions): boolean {
  return mint ?? kept !== undefined;
}

/** Terms of the series that a job's pictures become: as typed, then as kept; undefined where nothing is minted. */
function seriesToMint(
  kept: SeriesTerms | undefined,
  options: ResumeCommandOptions,
  prompt: string,
): SeriesTerms | undefined {
  if (!mints(kept, options)) return undefined;
  return { ...kept, ...seriesOf({ ...options, title: options.title ?? (kept?.title || titleOf(prompt)) }) };
}

/**
 * Hands in again what a lost answer leaves open. The same orders can't be paid twice, and the same key makes one job: the cloud names the
 * job that there is.
 */
async function handIn(undertaking: Undertaking, { path, content }: KeptJob, options: ConfirmOptions): Promise<Job> {
  const { session, cloud, signer } = undertaking;
  const { parameters, idempotency_key: idempotencyKey } = content;
  const requester = signer.account.address;
  const orders = ordersOf(content);
  if (orders.length > 0) {
    const most = dearest(orders.map(({ order }) => order));
    await confirm(session, options, `Hand the orders in again, and pay up to ${aipg(most)}?`);
  } else if (idempotencyKey === undefined) {
    throw usageError("The cloud never named the job, and there is no order or key to ask for it by.", "JOB_UNKNOWN");
  }
  let job: Job;
  try {
    const submission =
      idempotencyKey === undefined
        ? await submitOrders(cloud, { parameters, requester, orders })
        : await submitToGateway(cloud, { parameters, idempotencyKey });
    job = submission.finished ? await cloud.job(submission.result.job) : submission.job;
  } catch (error) {
    throw traced(undertaking, error);
  }
  // From here on the job's id finds its orders and its series.
  await keepJob(path, { ...content, job: job.id }).catch((error: unknown) => {
    session.terminal.fault(`  ${explain(error).message} The job is ${job.id}.`);
  });
  return job;
}

/** Follows a job to its end. */
async function follow({ session, cloud, signer, job }: Undertaking, signal: AbortSignal): Promise<Job> {
  let last = job as Job;
  requireOwn(last.requester, signer);
  const isOver = (): boolean => ["done", "failed", "cancelled"].includes(last.status);
  showJob(session.terminal, last);
  if (!isOver()) {
    for await (last of cloud.watchJob(last.id, { signal })) showJob(session.terminal, last);
  }
  if (last.status === "done" && last.images && last.images.length > 0) return last;
  const reason =
    last.error?.message ?? (last.status === "cancelled" ? "It was cancelled." : "The cloud gave no reason.");
  throw new CliError("JOB_FAILED", `The job ended without a picture: ${reason}`);
}

/** Pictures of a finished job, each checked from its bytes up. */
async function fetchImages(
  { session, grid, signer, cloud, job }: Undertaking,
  kept: JobFile | undefined,
  signal: AbortSignal,
): Promise<readonly GeneratedImage[]> {
  const own = new Set(kept && ordersOf(kept).map(({ order }) => orderHash(order)));
  const images: GeneratedImage[] = [];
  const refuse = (message: string): never => {
    throw new CliError("BUNDLE_INVALID", message);
  };
  for (const [i, { receipt_id, ipfs_hash }] of (job?.images ?? []).entries()) {
    session.terminal.progress("Checking picture and receipt", (i + 1) / (job?.images ?? []).length);
    const [bundle, file] = await Promise.all([
      cloud.receiptBundle(receipt_id, { signal }),
      cloud.image(ipfs_hash, { signal }),
    ]);
    const isDirect = bundle.order.laneId === zeroHash;
    const strictness = isDirect ? ({ papers: "partial" } as const) : ({ papers: "optional" } as const);
    await checkBundle(grid.client, { bundle, deployment: grid.contracts, ...strictness });
    requireImage(file, bundle.receipt);
    if (kept) requireRequest(bundle.request, kept.parameters);
    if (bundle.receipt_id !== receipt_id) refuse("The cloud sent another receipt than the job's.");
    if (!isAddressEqual(bundle.order.requester, signer.account.address)) refuse("The picture is for somebody else.");
    if (own.size > 0 && !own.has(orderHash(bundle.order)))
      refuse("The receipt answers an order that was not signed here.");
    images.push({ file, cid: bundle.ipfs_hash, bundle });
  }
  if (new Set(images.map(({ bundle }) => orderHash(bundle.order))).size > 1)
    refuse("The images answer different orders.");
  return images;
}

/** Pictures that are tokens already. */
async function mintedOf(
  { client, contracts }: Grid,
  images: readonly GeneratedImage[],
): Promise<readonly GeneratedImage[]> {
  const states = await Promise.all(
    images.map(({ bundle: { order, receipt } }) =>
      readContract(client, {
        ...{ abi: gridNftAbi, address: contracts.contracts.GridNFT.address, functionName: "isMinted" },
        args: [order.requester, orderHash(order), BigInt(receipt.index)],
      }),
    ),
  );
  return images.filter((_, i) => states[i]);
}

function bundlesOf(images: readonly GeneratedImage[]): ReceiptBundle[] {
  return images.map(({ bundle }) => bundle);
}
