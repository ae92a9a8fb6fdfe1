import { type Address, formatEther, isAddressEqual, zeroHash } from "viem";
import { getBlock } from "viem/actions";
import type { Deployment } from "../chain/deployment.js";
import { type WalletClient, wrapReadError } from "../chain/transact.js";
import type { CloudClient, Submission } from "../cloud/client.js";
import { CloudError } from "../cloud/errors.js";
import { isFinal } from "../cloud/watch.js";
import { bytesToHex } from "../lib/bytes.js";
import { GridError } from "../lib/errors.js";
import { sleep } from "../lib/sleep.js";
import { orderHash } from "../messages/digest.js";
import { requireImage } from "../messages/image.js";
import type { GenerationParameters, Job, Quote, ReceiptBundle } from "../schemas/index.js";
import { accountState } from "./accountState.js";
import { checkBundle } from "./bundle.js";
import { depositAipg } from "./deposit.js";
import { checkQuote, requireModel, requireRequest, type SignedOrder, signQuote, toPayment } from "./quote.js";

/** Progress of `generate`. */
export type GenerateProgress =
  /** The price is known; nothing is signed yet. */
  | { readonly stage: "quoted"; readonly quote: Quote }
  /** AIPG goes into the settlement account. */
  | { readonly stage: "depositing"; readonly amount: bigint }
  /** The wallet is asked for its signatures. */
  | { readonly stage: "signing"; readonly orders: number }
  /** The job has changed; `job.progress` has its steps. */
  | { readonly stage: "job"; readonly job: Job }
  /** Receipt and bytes of an image are checked, from 0 of `images`. */
  | { readonly stage: "checking"; readonly image: number; readonly images: number };

/** Options of both rails. */
interface GenerateCommon {
  readonly cloud: CloudClient;
  readonly deployment: Deployment;
  /** Parameters of the picture. Absent fields get the model's usual values. */
  readonly parameters: GenerationParameters;
  readonly onProgress?: ((progress: GenerateProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Paid by the wallet's own settlement account, with signed orders. */
export interface GenerateDirect extends GenerateCommon {
  readonly rail: "direct";
  /** Most that all images together may cost, AIPG wei. More is never signed. */
  readonly maxPrice: bigint;
  /** Deposit what the settlement account lacks. Default false: a short account is an error. */
  readonly deposit?: boolean;
  /**
   * Called with the signed orders before they are sent, and awaited: keep them if you want to know later what could be
   * settled.
   */
  readonly onSigned?: (orders: readonly SignedOrder[]) => void | Promise<void>;
}

/** Paid by the cloud, within the quota of the signed-in account: `cloud` carries its session. */
export interface GenerateGateway extends GenerateCommon {
  readonly rail: "gateway";
  /**
   * Names the request: with it and the same parameters, `submitToGateway` finds the job whose answer was lost. Default:
   * {@link newIdempotencyKey}, a new one.
   */
  readonly idempotencyKey?: string | undefined;
}

/** Options of `generate`, by rail. */
export type GenerateOptions = GenerateDirect | GenerateGateway;

/** A picture, checked: its bytes are what its receipt says, and the receipt is signed by its worker. */
export interface GeneratedImage {
  readonly file: Uint8Array;
  readonly cid: string;
  /** Everything that a mint needs; `bundleToJson` writes it. */
  readonly bundle: ReceiptBundle;
}

/** Result of `generate`. */
export interface Generated {
  readonly job: Job;
  /** AIPG wei of all images, by their receipts. */
  readonly price: bigint;
  /** Images that were ordered and not made: the worker ended the order early, and is paid for the others alone. */
  readonly missing: number;
  /** By index. */
  readonly images: readonly GeneratedImage[];
}

/**
 * From parameters to pictures with receipts: asks for a quote, checks it, deposits what is missing (if allowed), signs, sends,
 * follows the job, and checks everything that comes back, from the bytes up. The wallet's account is requester and, on the
 * direct rail, payer.
 *
 * @throws {@link GridError} when something is not as it has to be (`QUOTE_INVALID`, `PRICE_TOO_HIGH`, `BALANCE_TOO_LOW`,
 * `BUNDLE_INVALID`, `CID_MISMATCH` ...); {@link CloudError} as the cloud says, `JOB_FAILED` when no worker could do it;
 * ChainError when a deposit fails. The signal's reason when it aborts; a job sent by then goes on.
 *
 * @example
 * const { images } = await generate(wallet, {
 *   cloud, deployment, rail: "direct", maxPrice: parseEther("1"), deposit: true,
 *   parameters: { model: "1", prompt: "a lighthouse in a storm" },
 *   onProgress: (progress) => console.log(progress.stage),
 * });
 * await writeFile("lighthouse.png", images[0].file);
 */
export async function generate(client: WalletClient, options: GenerateOptions): Promise<Generated> {
  const { cloud, parameters, onProgress = () => {}, signal } = options;
  if (parameters.salt && !cloud.signedIn) {
    throw new CloudError("SESSION_INVALID", "A private job is shown to its requester alone: sign in first.");
  }
  const { submission, orders } =
    options.rail === "direct"
      ? await submitDirect(client, options)
      : { submission: await submitToGateway(cloud, options), orders: undefined };

  const job = await followJob(cloud, submission, onProgress, signal);
  if (job.status !== "done" || !job.images) {
    const reason =
      job.error?.message ?? (job.status === "cancelled" ? "It was cancelled." : "The cloud gave no reason.");
    throw new CloudError("JOB_FAILED", `The job ended without a picture: ${reason}`);
  }
  const count = parameters.n ?? 1;
  const delivered = job.images.length;
  // A direct order can end early; its bundles then carry the worker's closing, which is checked with them.
  const isShort = options.rail === "direct" && job.ended_early === true && delivered > 0 && delivered < count;
  if (delivered !== count && !isShort) {
    throw new GridError("BUNDLE_INVALID", `The cloud delivered ${delivered} of ${count} images.`, "images");
  }
  const images: GeneratedImage[] = [];
  for (const [position, { receipt_id, ipfs_hash, index }] of job.images.entries()) {
    onProgress({ stage: "checking", image: position, images: delivered });
    const [bundle, file] = await Promise.all([
      cloud.receiptBundle(receipt_id, { signal }),
      cloud.image(ipfs_hash, { signal }),
    ]);
    const before = images.at(-1)?.bundle.receipt.index ?? -1;
    const isExpected = bundle.receipt.index === index && (isShort ? index > before : index === position);
    if (bundle.receipt_id !== receipt_id || !isExpected) {
      throw new GridError("BUNDLE_INVALID", "The cloud sent another receipt than the job's.", "receipt_id");
    }
    if (options.rail === "direct" && bundle.direct?.receipts.length !== delivered) {
      throw new GridError("BUNDLE_INVALID", "The cloud shows other images than the order is settled with.", "images");
    }
    await checkDelivery(client, { bundle, file, orders, options });
    images.push({ file, cid: bundle.ipfs_hash, bundle });
  }
  if (new Set(images.map(({ bundle }) => orderHash(bundle.order))).size > 1) {
    throw new GridError("BUNDLE_INVALID", "The images answer different orders.", "order");
  }
  const price = images.reduce((sum, { bundle }) => sum + bundle.receipt.price, 0n);
  return { job, images, price, missing: count - delivered };
}

/** Quote, deposit, signatures, submission. */
async function submitDirect(
  client: WalletClient,
  options: GenerateDirect,
): Promise<{ submission: Submission; orders: readonly SignedOrder[] }> {
  const { cloud, deployment, parameters, maxPrice, deposit = false, onProgress = () => {}, onSigned, signal } = options;
  const requester = client.account.address;
  const expected = async () => {
    const { timestamp } = await wrapReadError(getBlock(client));
    return { parameters, deployment, requester, payer: requester, maxPrice, now: Number(timestamp) };
  };
  let quote = await cloud.quote({ ...parameters, requester }, { signal });
  checkQuote(quote, await expected());
  await requireModel(client, { deployment, request: quote.request, model: parameters.model });
  onProgress({ stage: "quoted", quote });

  const missing = await missingFunds(client, quote, options);
  if (missing > 0n) {
    if (!deposit) {
      const message = `The settlement account lacks ${formatEther(missing)} AIPG for this job. Deposit it first.`;
      throw new GridError("BALANCE_TOO_LOW", message, "balance");
    }
    onProgress({ stage: "depositing", amount: missing });
    await depositAipg(client, { deployment, amount: missing });
    // A wallet's user takes time, and the orders' deadlines do not wait.
    quote = await cloud.quote({ ...parameters, requester }, { signal });
    await requireModel(client, { deployment, request: quote.request, model: parameters.model });
  }
  signal?.throwIfAborted();
  onProgress({ stage: "signing", orders: quote.candidates.length });
  const orders = await signQuote(client, { quote, ...(await expected()) });
  await onSigned?.(orders);
  signal?.throwIfAborted();
  const { parameters: quoted } = quote;
  return { submission: await submitOrders(cloud, { parameters: quoted, requester, orders, signal }), orders };
}

/** Returns the AIPG wei that the account lacks for the dearest of the quote's orders. Only one of them can be settled. */
async function missingFunds(client: WalletClient, quote: Quote, { deployment }: GenerateDirect): Promise<bigint> {
  const { free } = await accountState(client, { deployment, account: client.account.address });
  let missing = 0n;
  for (const { order } of quote.candidates) {
    if (order.maxPrice - free > missing) missing = order.maxPrice - free;
  }
  return missing;
}

/**
 * Hands in signed orders. The same orders again can't be paid twice, so they are handed in again when an answer is lost: the cloud then
 * names the job that they made. Whether that job is yours is checked with its receipts.
 *
 * @throws {@link CloudError} of the cloud. After a lost answer a refusal no longer says that there is no job: the error is then that of the
 * lost answer, with the refusal as its cause.
 *
 * @example
 * const submission = await submitOrders(cloud, { parameters: quote.parameters, requester, orders });
 */
export function submitOrders(
  cloud: CloudClient,
  submitted: {
    /** As the quote has them. */
    readonly parameters: GenerationParameters;
    readonly requester: Address;
    readonly orders: readonly SignedOrder[];
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Submission> {
  const { parameters, requester, orders, signal } = submitted;
  return untilAnswered(signal, async () => {
    try {
      return await cloud.generateImage({ ...parameters, requester, payment: toPayment(orders) }, { signal });
    } catch (error) {
      if (!(error instanceof CloudError && error.code === "ORDER_REPLAYED") || error.job === undefined) throw error;
      return { finished: false, job: await cloud.job(error.job, { signal }) };
    }
  });
}

/** Returns a new key for a request. */
export function newIdempotencyKey(): string {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(16))).slice(2);
}

/**
 * Asks the gateway for a job; `cloud` carries a session. The same key and parameters of an account make one job, so they are sent again
 * when an answer is lost.
 *
 * @throws {@link CloudError} as {@link submitOrders}.
 *
 * @example
 * const idempotencyKey = newIdempotencyKey();
 * const submission = await submitToGateway(cloud, { parameters, idempotencyKey });
 */
export function submitToGateway(
  cloud: CloudClient,
  submitted: {
    readonly parameters: GenerationParameters;
    /** Default: a new one. */
    readonly idempotencyKey?: string | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Submission> {
  const { parameters, idempotencyKey = newIdempotencyKey(), signal } = submitted;
  return untilAnswered(signal, () =>
    cloud.generateImage({ ...parameters, payment: { rail: "gateway" } }, { idempotencyKey, signal }),
  );
}

/** Attempts to hand in what makes one job however often it is handed in. */
const SUBMISSIONS = 5;

async function untilAnswered(signal: AbortSignal | undefined, submit: () => Promise<Submission>): Promise<Submission> {
  let lost: CloudError | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      return await submit();
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      if (!mayHaveArrived(error)) {
        if (lost === undefined) throw error;
        throw new CloudError(lost.code, `${lost.message} Again: ${error.message}`, { ...lost, cause: error });
      }
      lost = error;
      if (attempt === SUBMISSIONS) throw error;
      await sleep(Math.max(500 * attempt, Math.min(error.retryAfter ?? 0, 5) * 1_000), signal);
    }
  }
}

/** Returns whether a call may have done its work though it failed: its answer was lost, or the cloud does not know. */
export function mayHaveArrived({ code, status = 0 }: CloudError): boolean {
  const isRefusal = status >= 400 && status < 500;
  return (
    ["UNREACHABLE", "DATABASE_UNAVAILABLE", "STOPPING", "INTERNAL"].includes(code) ||
    (code === "ANSWER_INVALID" && !isRefusal)
  );
}

async function followJob(
  cloud: CloudClient,
  submission: Submission,
  onProgress: (progress: GenerateProgress) => void,
  signal: AbortSignal | undefined,
): Promise<Job> {
  let job = submission.finished ? await cloud.job(submission.result.job, { signal }) : submission.job;
  onProgress({ stage: "job", job });
  if (isFinal(job)) return job;
  for await (job of cloud.watchJob(job.id, { signal })) onProgress({ stage: "job", job });
  return job;
}

/**
 * A gateway's receipt with the papers that anchor it: the voucher that pays for it, signed by the worker, too. Asks the cloud
 * until it has them. Other bundles come back as they are.
 *
 * @param options `timeout` in milliseconds, default 30,000.
 * @throws {@link GridError} `NOT_ATTESTED` when the time is over; CloudError.
 *
 * @example
 * const bundles = await Promise.all(images.map(({ bundle }) => attestedBundle(cloud, { bundle })));
 * await mintSeries(wallet, { deployment, bundles, series: { title: "Lighthouse" } });
 */
export async function attestedBundle(
  cloud: CloudClient,
  options: { readonly bundle: ReceiptBundle; readonly timeout?: number; readonly signal?: AbortSignal },
): Promise<ReceiptBundle> {
  const { timeout = 30_000, signal } = options;
  const end = Date.now() + timeout;
  let { bundle } = options;
  while (bundle.order.laneId !== zeroHash && !bundle.lane?.worker_signature) {
    if (Date.now() > end) {
      const message = "The worker has not signed the voucher of this receipt yet. Try again in a moment.";
      throw new GridError("NOT_ATTESTED", message, "lane.worker_signature");
    }
    await sleep(300, signal);
    bundle = await cloud.receiptBundle(bundle.receipt_id, { signal });
  }
  return bundle;
}

/** Everything about one delivered image, for whoever asked and pays. */
async function checkDelivery(
  client: WalletClient,
  delivery: {
    readonly bundle: ReceiptBundle;
    readonly file: Uint8Array;
    /** Direct rail: what was signed. */
    readonly orders: readonly SignedOrder[] | undefined;
    readonly options: GenerateOptions;
  },
): Promise<void> {
  const { bundle, file, orders, options } = delivery;
  const { deployment, parameters } = options;
  const refuse = (field: string, message: string): never => {
    throw new GridError("BUNDLE_INVALID", message, field);
  };
  const strictness = orders ? ({ papers: "required", keys: "unrevoked" } as const) : ({ papers: "optional" } as const);
  await checkBundle(client, { bundle, deployment, ...strictness });
  requireImage(file, bundle.receipt);
  requireRequest(bundle.request, parameters);
  if (!isAddressEqual(bundle.order.requester, client.account.address)) {
    refuse("order.requester", "The picture is for somebody else.");
  }
  if (bundle.order.count !== (parameters.n ?? 1)) refuse("order.count", "The order is for another number of images.");
  if (orders) {
    const hash = orderHash(bundle.order);
    const own = orders.find(({ order }) => orderHash(order) === hash);
    if (!own) refuse("order", "The receipt answers an order that was not signed here.");
  } else {
    if (bundle.order.laneId === zeroHash)
      refuse("order.laneId", "The cloud was to pay, and the order is a direct one.");
    await requireModel(client, { deployment, request: bundle.request, model: parameters.model });
  }
}
