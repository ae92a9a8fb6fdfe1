import type { Address, Hex } from "viem";
import type * as z from "zod/mini";
import type { Deployment } from "../chain/deployment.js";
import { messageToJson } from "../messages/messageJson.js";
import type { SignedReceipt } from "../messages/receipt.js";
import {
  type CloudErrorCode,
  type claimRequest,
  completeAnswer,
  heartbeatAnswer,
  type heartbeatRequest,
  MAX_UNKNOWN_WORDS,
  promptWord,
  type ReceiptBundle,
  type ReleaseRequest,
  receiptBundle,
  uploadAnswer,
  type VoucherOffer,
  voucherList,
  type WorkerJob,
  type WorkerOffer,
  wantedImages,
  workerJob,
} from "../schemas/index.js";
import { createCloudClient } from "./client.js";
import { CloudError } from "./errors.js";
import { type CloudAnswer, type CloudCall, type CloudOptions, send } from "./request.js";
import { type MessageSigner, signIn } from "./signIn.js";

/** Cloud of a worker, and the identity that signs in there. */
export interface WorkerClientOptions extends Pick<CloudOptions, "url" | "fetch"> {
  /** Host (with port) that sign-in messages name. Default: the URL's. Say it when the cloud is reached by a detour. */
  readonly domain?: string | undefined;
  readonly chainId: number;
  /** Cold account. */
  readonly account: Address;
  /** Hot key. */
  readonly signer: MessageSigner;
}

/** Papers of a delivery. */
export interface DeliveryPapers {
  /** With fewer receipts than images ordered: the signature that closes the order with just these. */
  readonly closingSignature?: Hex | undefined;
  /** Digest of the lane's voucher whose receipts the worker has at hand. */
  readonly knownVoucher?: Hex | undefined;
  /** Reading of the prompts by the engine, where this process made a picture of the job. */
  readonly reading?: { readonly promptCut: boolean; readonly unknownWords?: readonly string[] | undefined } | undefined;
}

/** Worker's routes of the AI Cloud API, typed. Every function throws {@link CloudError}. None tries again: that is the worker's to decide. */
export interface WorkerClient {
  /** Signs in anew with the hot key. The message names the cold account that it works for. Other calls do it by themselves. */
  signIn(): Promise<void>;
  /** `PUT /v1/worker/offer`. */
  putOffer(offer: WorkerOffer): Promise<void>;
  /** `POST /v1/worker/claim`. Returns the next job, or undefined when none came within `waitSeconds`. */
  claim(waitSeconds: number, signal?: AbortSignal): Promise<WorkerJob | undefined>;
  /** `POST /v1/worker/jobs/:id/heartbeat`. */
  heartbeat(
    job: WorkerJob,
    progress: z.input<typeof heartbeatRequest>["progress"],
  ): Promise<z.output<typeof heartbeatAnswer>>;
  /** `PUT /v1/worker/jobs/:id/images/:index`. */
  upload(job: WorkerJob, index: number, file: Uint8Array): Promise<z.output<typeof uploadAnswer>>;
  /** `POST /v1/worker/jobs/:id/complete`. Returns the voucher that pays, on the lane rail. */
  complete(
    job: WorkerJob,
    engine: string,
    receipts: readonly SignedReceipt[],
    papers?: DeliveryPapers,
  ): Promise<VoucherOffer | undefined>;
  /** `POST /v1/worker/jobs/:id/release`. Gives a job back; `code` says why in a word that the cloud knows. */
  release(job: WorkerJob, reason: ReleaseRequest["reason"], message: string, code?: string): Promise<void>;
  /** `GET /v1/worker/vouchers`. Returns the newest of each lane. One that follows a voucher in `known` comes with the receipts since that. */
  vouchers(known: readonly Hex[]): Promise<readonly VoucherOffer[]>;
  /** `POST /v1/worker/vouchers`. */
  counterSign(laneId: Hex, digest: Hex, signature: Hex): Promise<void>;
  /** `GET /v1/receipts/:id`. Returns what the cloud holds of a receipt, or undefined when it has none. */
  receipt(id: Hex): Promise<ReceiptBundle | undefined>;
  /** `GET /v1/worker/wanted-images`. Returns hashes of pictures of this worker that the cloud has lost or found damaged. */
  wantedImages(): Promise<readonly Hex[]>;
  /** `PUT /v1/worker/wanted-images/:hash`. Gives the cloud a copy of one. */
  handIn(imageHash: Hex, file: Uint8Array): Promise<void>;
}

/** Largest answer that is read, bytes: vouchers come with the ids of their receipts. */
const MAX_ANSWER = 64 * 1_048_576;
/** Milliseconds to wait for a whole answer, where a route has no time of its own. */
const TIMEOUT = 30_000;
/** Digests that fit into one URL. */
const MAX_KNOWN = 100;

/**
 * Creates a client of the worker's routes. It signs in before its first call, and again when the cloud no longer knows its session.
 *
 * @example
 * const cloud = createWorkerClient({ url, chainId: 8453, account: coldAccount, signer: hotKey });
 * await cloud.putOffer(offer);
 * const job = await cloud.claim(25);
 */
export function createWorkerClient(options: WorkerClientOptions): WorkerClient {
  const { url, fetch, domain, chainId, account, signer } = options;
  let token: string | undefined;
  let signingIn: Promise<void> | undefined;

  const signInAnew = async (): Promise<void> => {
    token = undefined;
    ({ token } = await signIn(createCloudClient({ url, fetch }), {
      ...{ signer, domain, worker: account, timeout: TIMEOUT, statement: "Sign in to the AI Cloud API as a worker." },
      // The rest of a deployment is asked for models alone.
      deployment: { chainId } as Deployment,
    }));
  };
  const renew = (): Promise<void> => {
    signingIn ??= signInAnew().finally(() => {
      signingIn = undefined;
    });
    return signingIn;
  };

  const call = async (path: string, asked: CloudCall = {}): Promise<CloudAnswer> => {
    const once = () => send({ url, fetch, token }, path, { timeout: TIMEOUT, limit: MAX_ANSWER, ...asked });
    if (token === undefined) await renew();
    try {
      return await once();
    } catch (error) {
      if (!(error instanceof CloudError && error.code === "SESSION_INVALID")) throw error;
      await renew();
      return once();
    }
  };
  const post = (path: string, body: unknown, more?: CloudCall) => call(path, { method: "POST", body, ...more });
  const put = (path: string, file: Uint8Array) =>
    call(path, { method: "PUT", body: file, headers: { "content-type": "image/png" }, timeout: 120_000 });
  const of = ({ id }: WorkerJob) => `/v1/worker/jobs/${encodeURIComponent(id)}`;

  return {
    signIn: renew,
    putOffer: async (offer) => (await call("/v1/worker/offer", { method: "PUT", body: offer })).close(),
    claim: async (waitSeconds, signal) => {
      const body: z.input<typeof claimRequest> = { wait_seconds: waitSeconds };
      const { response, json } = await post("/v1/worker/claim", body, { signal, timeout: (waitSeconds + 20) * 1_000 });
      return response.status === 204 ? undefined : json(workerJob);
    },
    heartbeat: async (job, progress) => {
      const body: z.input<typeof heartbeatRequest> = { lease: job.lease.token, ...(progress && { progress }) };
      return (await post(`${of(job)}/heartbeat`, body, { timeout: 10_000 })).json(heartbeatAnswer);
    },
    upload: async (job, index, file) =>
      (await put(`${of(job)}/images/${index}?lease=${encodeURIComponent(job.lease.token)}`, file)).json(uploadAnswer),
    complete: async (job, engine, receipts, { closingSignature, knownVoucher, reading } = {}) => {
      const body = {
        lease: job.lease.token,
        engine,
        receipts: receipts.map(({ receipt, signature }) => ({
          receipt: messageToJson("JobReceipt", receipt),
          signature,
        })),
        ...(closingSignature !== undefined && { closing_signature: closingSignature }),
        ...(knownVoucher !== undefined && { known_voucher: knownVoucher }),
        ...(reading && { prompt_cut: reading.promptCut }),
        ...(reading?.unknownWords && { unknown_words: sayable(reading.unknownWords) }),
      };
      return (await (await post(`${of(job)}/complete`, body, { timeout: 60_000 })).json(completeAnswer)).voucher;
    },
    release: async (job, reason, message, code) => {
      const body = { lease: job.lease.token, reason, message: message.slice(0, 1_000), ...(code && { code }) };
      (await post(`${of(job)}/release`, body, { timeout: 10_000 })).close();
    },
    vouchers: async (known) => {
      const query = known.length > 0 ? `?known=${known.slice(0, MAX_KNOWN).join()}` : "";
      return (await (await call(`/v1/worker/vouchers${query}`)).json(voucherList)).vouchers;
    },
    counterSign: async (laneId, digest, signature) =>
      (await post("/v1/worker/vouchers", { lane_id: laneId, digest, signature })).close(),
    receipt: (id) => unlessCode("RECEIPT_UNKNOWN", async () => (await call(`/v1/receipts/${id}`)).json(receiptBundle)),
    wantedImages: async () => {
      // A cloud of before this was has no such route.
      const answer = await unlessCode("ROUTE_UNKNOWN", async () =>
        (await call("/v1/worker/wanted-images")).json(wantedImages),
      );
      return answer?.images.map(({ image_hash }) => image_hash) ?? [];
    },
    handIn: async (imageHash, file) => (await put(`/v1/worker/wanted-images/${imageHash}`, file)).close(),
  };
}

/** Returns undefined if the cloud refuses a call with one code. */
async function unlessCode<answer>(code: CloudErrorCode, call: () => Promise<answer>): Promise<answer | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof CloudError && error.code === code) return undefined;
    throw error;
  }
}

/** Returns the words that the cloud takes: an engine's odd ones must not cost a delivery. */
function sayable(words: readonly string[]): string[] {
  return words.filter((word) => promptWord.safeParse(word).success).slice(0, MAX_UNKNOWN_WORDS);
}
