import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import {
  bundleToJson,
  type CloudClient,
  CloudError,
  type Generated,
  type GeneratedImage,
  type GenerateProgress,
  generate,
  type Minted,
  messageToJson,
  newSalt,
  type SeriesTerms,
  type SignedOrder,
} from "@gridnft/sdk";
import { type GenerationParameters, generationParameters } from "@gridnft/sdk/wire";
import { getAddress, zeroAddress } from "viem";
import type { z } from "zod";
import { findModel, openCloud, signedIn } from "../cloud.ts";
import { explain } from "../explain.ts";
import { CliError, ExitCode, usageError } from "../failure.ts";
import type { Grid } from "../grid.ts";
import { printMinted } from "../minted.ts";
import { type CommonOptions, openSession, type Session } from "../program.ts";
import { openSigner, type Signer } from "../signer.ts";
import { printable, type Terminal } from "../terminal.ts";
import { aipg, readAipg, readDecimal, readWhole, slugOf, titleOf } from "../values.ts";
import { mintBundles, type SeriesOptions, seriesOf } from "./mint.ts";

export interface GenerateCommandOptions extends CommonOptions, SeriesOptions {
  readonly account?: string;
  readonly model?: string;
  readonly negative?: string;
  readonly seed?: string;
  readonly steps?: string;
  readonly width?: string;
  readonly height?: string;
  readonly guidance?: string;
  readonly sampler?: string;
  readonly scheduler?: string;
  readonly count?: string;
  readonly rail: string;
  readonly private?: boolean;
  readonly maxPrice: string;
  readonly out?: string;
  readonly mint?: boolean;
}

/** A picture on disk. */
interface Saved {
  readonly picture: string;
  readonly receipt: string;
  readonly image: GeneratedImage;
}

/** `gridnft generate "<prompt>"`. */
export async function generateCommand(prompt: string, options: GenerateCommandOptions): Promise<ExitCode> {
  const { rail } = options;
  if (rail !== "direct" && rail !== "gateway") throw usageError(`--rail "${rail}" is direct or gateway.`);
  const maxPrice = readAipg("--max-price", options.maxPrice);
  const series = options.mint ? seriesOf({ title: titleOf(prompt), ...options }) : undefined;
  const asked = readParameters(prompt, options);
  const session = openSession(options);
  const { terminal, environment } = session;
  const grid = await session.grid();
  const signer = openSigner(grid, options.account, environment);
  const open = openCloud(grid);
  const model = await findModel(open, options.model);
  const parameters = { ...asked, model: `${model.model_id}` };
  // A licensed model wants to know who asks; an open one on the direct rail needs no session.
  const unlock = model.access === "open" ? [] : [model.model_id];
  const cloud: CloudClient =
    rail === "gateway" || unlock.length > 0 ? await signedIn(open, grid, signer, unlock) : open;

  const place = placeOf(session.cwd, options.out, prompt);
  await mkdir(dirname(place), { recursive: true });
  const orders = freeOrders(place);
  const interrupted = new AbortController();
  let job: string | undefined;
  let saved: readonly Saved[];
  let price: bigint;
  let missing: number;
  const stop = (): void => interrupted.abort(new CliError("INTERRUPTED", "Interrupted.", ExitCode.INTERRUPTED));
  process.once("SIGINT", stop);
  try {
    const common = {
      ...{ cloud, deployment: grid.contracts, parameters, signal: interrupted.signal },
      onProgress: (progress: GenerateProgress): void => {
        if (progress.stage === "job") job = progress.job.id;
        showProgress(terminal, progress);
      },
    };
    const made = await generate(
      signer.wallet,
      rail === "gateway"
        ? { ...common, rail }
        : { ...common, rail, maxPrice, deposit: true, onSigned: (signed) => keepOrders(orders, signed) },
    );
    terminal.settle();
    saved = await save(place, made.images);
    await rm(orders, { force: true });
    ({ price, missing } = made);
    printMade(terminal, session.cwd, saved, made);
  } catch (error) {
    terminal.settle();
    await giveUp({ cloud, terminal, job, orders, error, interrupted: interrupted.signal.aborted });
    // Whatever failed because of it, or at the same time: it was the user who ended this.
    interrupted.signal.throwIfAborted();
    throw withHint(error, model.model_id);
  } finally {
    process.removeListener("SIGINT", stop);
  }
  const minted = series && (await mintSaved(session, grid, signer, saved, series));
  if (minted) printMinted(terminal, grid, minted);
  else terminal.line(terminal.colors.dim(`  Mint it: gridnft mint ${namesOf(session.cwd, saved)}`));
  terminal.result({
    images: saved.map(({ picture, receipt, image }) => ({
      ...{ picture, receipt, seed: image.bundle.receipt.seed, cid: image.cid, receipt_id: image.bundle.receipt_id },
      image_hash: image.bundle.receipt.imageHash,
    })),
    ...{ worker: saved[0]?.image.bundle.order.worker, price },
    ...(missing > 0 && { ended_early: true, missing }),
    ...(minted && { minted }),
  });
  return ExitCode.OK;
}

/** Says by which command the user gets on, where there is one. */
function withHint(error: unknown, modelId: bigint): unknown {
  const { code, message, exitCode } = explain(error);
  const hint = {
    MODEL_NOT_LICENSED: `gridnft license buy ${modelId}`,
    PRICE_TOO_HIGH: "Allow more with --max-price.",
    BALANCE_TOO_LOW: "gridnft account shows what there is; --rail gateway lets the cloud pay, within its quota.",
    QUOTA_USED: "Pay yourself: --rail direct.",
    NO_WORKER: "gridnft workers shows who is there.",
  }[code];
  return hint === undefined ? error : new CliError(code, `${message} ${hint}`, exitCode, { cause: error });
}

/** The pictures are safe on disk: when the mint fails, say how to go on. */
async function mintSaved(
  session: Session,
  grid: Grid,
  signer: Signer,
  saved: readonly Saved[],
  series: SeriesTerms,
): Promise<Minted> {
  try {
    return await mintBundles(
      session,
      grid,
      signer,
      saved.map(({ image }) => image.bundle),
      series,
    );
  } catch (cause) {
    const { code, message } = explain(cause);
    const again = `The pictures are saved; go on with gridnft mint ${namesOf(session.cwd, saved)}`;
    throw new CliError(code, `${message} ${again}`, ExitCode.FAILED, { cause });
  }
}

function namesOf(cwd: string, saved: readonly Saved[]): string {
  return saved.map(({ receipt }) => short(cwd, receipt)).join(" ");
}

/** A path as one types it. */
function short(cwd: string, path: string): string {
  const name = relative(cwd, path);
  return printable(name.startsWith("..") ? path : name);
}

/** Options as the API takes them, checked by its own schema. */
function readParameters(prompt: string, options: GenerateCommandOptions): GenerationParameters {
  const parameters = {
    prompt,
    model: options.model ?? "-",
    ...(options.negative !== undefined && { negative_prompt: options.negative }),
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(options.steps !== undefined && { steps: readWhole("--steps", options.steps) }),
    ...(options.width !== undefined && { width: readWhole("--width", options.width) }),
    ...(options.height !== undefined && { height: readWhole("--height", options.height) }),
    ...(options.guidance !== undefined && { guidance_scale: readDecimal("--guidance", options.guidance) }),
    ...(options.sampler !== undefined && { sampler: options.sampler }),
    ...(options.scheduler !== undefined && { scheduler: options.scheduler }),
    ...(options.count !== undefined && { n: readWhole("--count", options.count) }),
    ...(options.private && { salt: newSalt() }),
  };
  const checked = generationParameters.safeParse(parameters);
  if (checked.success) return parameters as GenerationParameters;
  const [issue] = checked.error.issues;
  const field = String(issue?.path[0] ?? "");
  const option = { negative_prompt: "--negative", guidance_scale: "--guidance", n: "--count", prompt: "The prompt" }[
    field
  ];
  throw usageError(`${option ?? `--${field}`} ${sentenceOf(issue)}`, "FIELD_INVALID");
}

/** What the schema wants, in the words of a command line. */
function sentenceOf(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case "too_big":
      return `is at most ${issue.maximum}.`;
    case "too_small":
      return issue.origin === "string" ? "is empty." : `is at least ${issue.minimum}.`;
    case "not_multiple_of":
      return issue.divisor < 1 ? "has at most 3 decimals." : `is a multiple of ${issue.divisor}.`;
    case "invalid_value":
      return `is ${issue.values.join(" or ")}.`;
    case "invalid_union":
      return "is a whole number from 0 to 2^63-1.";
    default:
      return `${issue?.message ?? "is not valid"}.`;
  }
}

/** Where files go, without an ending: beside `--out x.png`, in the folder `--out x`, or in the working directory. */
function placeOf(cwd: string, out: string | undefined, prompt: string): string {
  if (out?.endsWith(".png")) return resolve(cwd, out).slice(0, -".png".length);
  return join(resolve(cwd, out ?? "."), slugOf(prompt));
}

/** Orders of an earlier try of the same prompt may still be good: they keep their file. */
function freeOrders(place: string): string {
  for (let number = 1; ; number++) {
    const path = `${place}${number === 1 ? "" : `-${number}`}.orders.json`;
    if (!existsSync(path)) return path;
  }
}

/** Signed orders can be settled by whoever has them: they are on disk before they leave. */
async function keepOrders(path: string, signed: readonly SignedOrder[]): Promise<void> {
  const json = signed.map(({ order, signature }) => ({ order: messageToJson("JobOrder", order), signature }));
  await writeFile(path, `${JSON.stringify(json, null, 2)}\n`, { mode: 0o600, flush: true });
}

function showProgress(terminal: Terminal, progress: GenerateProgress): void {
  switch (progress.stage) {
    case "quoted": {
      const { price, candidates } = progress.quote;
      const workers = candidates.length === 1 ? "1 worker" : `${candidates.length} workers`;
      terminal.progress(`${aipg(price)}, ${workers} ready`);
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
    case "job": {
      const { status, position, progress: at } = progress.job;
      if (at === undefined) {
        terminal.progress(
          status === "queued" && position ? `Waiting, ${position} in the queue` : `The job is ${status}`,
        );
        break;
      }
      const image = at.images > 1 ? `picture ${at.image + 1} of ${at.images}, ` : "";
      const share = (at.image + at.step / Math.max(at.steps, 1)) / Math.max(at.images, 1);
      if (terminal.live) terminal.progress(`${image}step ${at.step} of ${at.steps}`, share);
      else terminal.progress(at.images > 1 ? `Making picture ${at.image + 1} of ${at.images}` : "Making the picture");
    }
  }
}

/** Writes pictures and receipts, never over a file that is there. */
async function save(place: string, images: readonly GeneratedImage[]): Promise<readonly Saved[]> {
  const saved: Saved[] = [];
  for (const [i, image] of images.entries()) {
    const base = freeName(images.length > 1 ? `${place}-${i + 1}` : place);
    const [picture, receipt] = [`${base}.png`, `${base}.json`];
    await writeFile(picture, image.file, { flag: "wx" });
    await writeFile(receipt, `${JSON.stringify(bundleToJson(image.bundle), null, 2)}\n`, { flag: "wx" });
    saved.push({ picture, receipt, image });
  }
  return saved;
}

function freeName(base: string): string {
  const taken = (name: string): boolean => existsSync(`${name}.png`) || existsSync(`${name}.json`);
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!taken(name)) return name;
  }
}

function printMade(
  { line, colors }: Terminal,
  cwd: string,
  saved: readonly Saved[],
  { job, price, missing }: Generated,
): void {
  const { started_at: began, finished_at: ended } = job;
  const took = began === undefined || ended === undefined ? "" : ` in ${ended - began} s`;
  line(
    `${colors.green("✓")} Made by worker ${getAddress(saved[0]?.image.bundle.order.worker ?? zeroAddress)}${took} for ${aipg(price)}`,
  );
  if (missing > 0) {
    line(
      colors.yellow(
        `  The worker ended the order early: ${saved.length} of ${saved.length + missing} pictures, only these are paid.`,
      ),
    );
  }
  for (const { picture, receipt, image } of saved) {
    line(`  picture  ${colors.bold(short(cwd, picture))}`);
    line(`  receipt  ${short(cwd, receipt)}`);
    line(`  seed     ${image.bundle.receipt.seed}`);
  }
}

/** After a failure: takes the job back where that still works, and says what may still happen with what was signed. */
async function giveUp({
  cloud,
  terminal,
  job,
  orders,
  error,
  interrupted,
}: {
  readonly cloud: CloudClient;
  readonly terminal: Terminal;
  readonly job: string | undefined;
  readonly orders: string;
  readonly error: unknown;
  readonly interrupted: boolean;
}): Promise<void> {
  let cancelled = false;
  if (interrupted && job !== undefined) {
    cancelled = await cloud.cancelJob(job).then(
      () => true,
      () => false,
    );
  }
  // What the cloud refused it has not taken. What it never answered it may have.
  const refused = job === undefined && error instanceof CloudError && (error.status ?? 500) < 500;
  if (cancelled || refused) {
    await rm(orders, { force: true });
    return;
  }
  if (!existsSync(orders)) return;
  const what = job === undefined ? "The job may have reached the cloud all the same, and may" : `Job ${job} may still`;
  terminal.fault(`  ${what} be delivered and paid until its orders run out; they are in ${orders}.`);
}
