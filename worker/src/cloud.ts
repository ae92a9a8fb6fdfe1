import { messageToJson, type SignedReceipt } from "@gridnft/sdk";
import {
  type CloudErrorCode,
  type claimRequest,
  completeAnswer,
  errorJson,
  heartbeatAnswer,
  MAX_UNKNOWN_WORDS,
  nonceAnswer,
  promptWord,
  type ReceiptBundle,
  receiptBundle,
  session,
  uploadAnswer,
  type VoucherOffer,
  voucherList,
  type WorkerJob,
  type WorkerOffer,
  wantedImages,
  workerJob,
} from "@gridnft/sdk/schemas";
import type { Address, Hex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { createSiweMessage } from "viem/siwe";
import { z } from "zod";
import type { PromptReading } from "./engines/types.ts";
import { WorkerError } from "./errors.ts";

/** Refusal by the cloud. */
export class CloudError extends WorkerError {
  constructor(
    readonly reason: CloudErrorCode,
    readonly status: number,
    message: string,
    /** Seconds that the cloud asks to wait. */
    readonly retryAfter: number | undefined,
  ) {
    super("CLOUD_REFUSED", `The cloud answers ${reason}: ${message}`);
  }
}

/** Returns true if the same call may succeed later: the cloud is away, stopping, or busy. */
export function isTransient(error: unknown): boolean {
  if (error instanceof CloudError) return error.status >= 500 || error.status === 429;
  return error instanceof WorkerError && error.code === "CLOUD_UNREACHABLE";
}

/** Largest answer that is read, bytes: vouchers come with the ids of their receipts. */
const MAX_ANSWER = 64 * 1_048_576;

/** Digests that fit into one URL. */
const MAX_KNOWN = 100;

/** Papers of a delivery. */
export interface DeliveryPapers {
  /** With fewer receipts than images ordered: the signature that closes the order with just these. */
  readonly closingSignature?: Hex | undefined;
  /** Digest of the lane's voucher whose receipts the worker has at hand. */
  readonly knownVoucher?: Hex | undefined;
  /** Reading of the prompts by the engine, where this process made a picture of the job. */
  readonly reading?: PromptReading | undefined;
}

/** Client of the worker's routes of the AI Cloud API. Every answer is read by the SDK's schemas. */
export interface CloudClient {
  /** Signs in with the hot key; the message names the cold account that it works for. */
  signIn(): Promise<void>;
  putOffer(offer: WorkerOffer): Promise<void>;
  /** Returns the next job, or undefined when none came within `waitSeconds`. */
  claim(waitSeconds: number, signal: AbortSignal): Promise<WorkerJob | undefined>;
  heartbeat(
    job: WorkerJob,
    progress: { image: number; step: number; steps: number } | undefined,
  ): Promise<{ expires_at: number; cancelled: boolean }>;
  upload(job: WorkerJob, index: number, file: Uint8Array): Promise<z.output<typeof uploadAnswer>>;
  complete(
    job: WorkerJob,
    engine: string,
    receipts: readonly SignedReceipt[],
    papers?: DeliveryPapers,
  ): Promise<VoucherOffer | undefined>;
  /** Gives a job back; `code` says why in a word that the cloud knows. */
  release(job: WorkerJob, reason: "stopping" | "failed" | "refused", message: string, code?: string): Promise<void>;
  /** Returns the newest voucher of each lane. One that follows a voucher in `known` comes with the receipts since that. */
  vouchers(known: readonly Hex[]): Promise<readonly VoucherOffer[]>;
  counterSign(laneId: Hex, digest: Hex, signature: Hex): Promise<void>;
  /** Returns what the cloud holds of a receipt, or undefined when it has none. */
  receipt(id: Hex): Promise<ReceiptBundle | undefined>;
  /** Hashes of pictures of this worker that the cloud has lost or found damaged. */
  wantedImages(): Promise<readonly Hex[]>;
  /** Gives the cloud a copy of one. */
  handIn(imageHash: Hex, file: Uint8Array): Promise<void>;
}

/** Identity that signs in, and its cloud. */
export interface CloudIdentity {
  readonly url: string;
  /** Host (with port) that its sign-in messages name, where that is not the URL's: it is reached by a detour. */
  readonly domain?: string | undefined;
  readonly chainId: number;
  /** Cold account. */
  readonly account: Address;
  readonly signer: PrivateKeyAccount;
}

interface Call {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly json?: unknown;
  readonly file?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
  /** Seconds until the call is given up. */
  readonly timeoutSeconds?: number;
}

/** Creates a client of one cloud. It renews its session when the cloud no longer knows it. */
export function createCloudClient(identity: CloudIdentity, fetcher: typeof fetch = fetch): CloudClient {
  let token: string | undefined;
  let signingIn: Promise<void> | undefined;

  const send = async (call: Call): Promise<Response> => {
    const { method, path, json, file, signal, timeoutSeconds = 30 } = call;
    const timeout = AbortSignal.timeout(timeoutSeconds * 1_000);
    const headers: { [name: string]: string } = { accept: "application/json" };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (json !== undefined) headers["content-type"] = "application/json";
    if (file !== undefined) headers["content-type"] = "image/png";
    try {
      const response = await fetcher(`${identity.url}${path}`, {
        method,
        headers,
        body: file ?? (json === undefined ? null : JSON.stringify(json)),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        redirect: "error",
      });
      if (!response.ok) throw await refusalOf(response);
      return response;
    } catch (error) {
      if (error instanceof WorkerError) throw error;
      if (signal?.aborted) throw new WorkerError("STOPPED", "The worker stops.", { cause: error });
      throw new WorkerError("CLOUD_UNREACHABLE", `The cloud at ${identity.url} does not answer.`, { cause: error });
    }
  };

  const read = async <schema extends z.core.$ZodType>(
    response: Response,
    schema: schema,
  ): Promise<z.output<schema>> => {
    const bytes = await bytesOf(response).catch((cause: unknown) => {
      if (cause instanceof WorkerError) throw cause;
      throw new WorkerError("CLOUD_UNREACHABLE", "The cloud's answer broke off.", { cause });
    });
    const json = jsonOf(bytes);
    const parsed = z.safeParse(schema, json);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new WorkerError(
      "CLOUD_ANSWER_INVALID",
      `The cloud's answer is not what it should be: ${issue?.path.join(".")} ${issue?.message}.`,
      { cause: parsed.error },
    );
  };

  const signIn = async (): Promise<void> => {
    token = undefined;
    const nonce = await read(await send({ method: "GET", path: "/v1/auth/nonce" }), nonceAnswer);
    // A cloud that asks us to sign in elsewhere would pass the signature on to there, and be us.
    const expected = identity.domain ?? new URL(identity.url).host;
    if (nonce.chain_id !== identity.chainId || nonce.domain !== expected || hostOf(nonce.uri) !== expected) {
      throw new WorkerError(
        "CLOUD_ANSWER_INVALID",
        `The cloud at ${expected} asks for a signature for chain ${nonce.chain_id} and ${JSON.stringify(nonce.domain)}. Not signed.`,
      );
    }
    const message = createSiweMessage({
      address: identity.signer.address,
      chainId: identity.chainId,
      domain: nonce.domain,
      uri: nonce.uri,
      nonce: nonce.nonce,
      version: "1",
      statement: "Sign in to the AI Cloud API as a worker.",
      issuedAt: new Date(),
      resources: [`eip155:${identity.chainId}:${identity.account}`],
    });
    const signature = await identity.signer.signMessage({ message });
    const answer = await read(
      await send({ method: "POST", path: "/v1/auth/sign-in", json: { message, signature } }),
      session,
    );
    token = answer.token;
  };

  const renew = (): Promise<void> => {
    signingIn ??= signIn().finally(() => {
      signingIn = undefined;
    });
    return signingIn;
  };

  const call = async (asked: Call): Promise<Response> => {
    if (token === undefined) await renew();
    try {
      return await send(asked);
    } catch (error) {
      if (!(error instanceof CloudError && error.reason === "SESSION_INVALID")) throw error;
      await renew();
      return send(asked);
    }
  };

  const of = (job: WorkerJob): string => `/v1/worker/jobs/${encodeURIComponent(job.id)}`;

  return {
    signIn: renew,
    putOffer: async (offer) => {
      await discard(await call({ method: "PUT", path: "/v1/worker/offer", json: offer }));
    },
    claim: async (waitSeconds, signal) => {
      const json: z.input<typeof claimRequest> = { wait_seconds: waitSeconds };
      const response = await call({
        method: "POST",
        path: "/v1/worker/claim",
        json,
        signal,
        timeoutSeconds: waitSeconds + 20,
      });
      if (response.status === 204) return undefined;
      return read(response, workerJob);
    },
    heartbeat: async (job, progress) => {
      const json = { lease: job.lease.token, ...(progress ? { progress } : {}) };
      const response = await call({ method: "POST", path: `${of(job)}/heartbeat`, json, timeoutSeconds: 10 });
      return read(response, heartbeatAnswer);
    },
    upload: async (job, index, file) => {
      const path = `${of(job)}/images/${index}?lease=${encodeURIComponent(job.lease.token)}`;
      return read(await call({ method: "PUT", path, file, timeoutSeconds: 120 }), uploadAnswer);
    },
    complete: async (job, engine, receipts, { closingSignature, knownVoucher, reading } = {}) => {
      const json = {
        lease: job.lease.token,
        engine,
        receipts: receipts.map(({ receipt, signature }) => ({
          receipt: messageToJson("JobReceipt", receipt),
          signature,
        })),
        ...(closingSignature === undefined ? {} : { closing_signature: closingSignature }),
        ...(knownVoucher === undefined ? {} : { known_voucher: knownVoucher }),
        ...(reading && { prompt_cut: reading.promptCut }),
        ...(reading?.unknownWords && { unknown_words: sayable(reading.unknownWords) }),
      };
      return (
        await read(
          await call({ method: "POST", path: `${of(job)}/complete`, json, timeoutSeconds: 60 }),
          completeAnswer,
        )
      ).voucher;
    },
    release: async (job, reason, message, code) => {
      const json = { lease: job.lease.token, reason, message: message.slice(0, 1_000), ...(code && { code }) };
      await discard(await call({ method: "POST", path: `${of(job)}/release`, json, timeoutSeconds: 10 }));
    },
    vouchers: async (known) => {
      const query = known.length === 0 ? "" : `?known=${known.slice(0, MAX_KNOWN).join(",")}`;
      return (await read(await call({ method: "GET", path: `/v1/worker/vouchers${query}` }), voucherList)).vouchers;
    },
    counterSign: async (laneId, digest, signature) => {
      const json = { lane_id: laneId, digest, signature };
      await discard(await call({ method: "POST", path: "/v1/worker/vouchers", json }));
    },
    receipt: async (id) => {
      try {
        return await read(await call({ method: "GET", path: `/v1/receipts/${id}` }), receiptBundle);
      } catch (error) {
        if (error instanceof CloudError && error.reason === "RECEIPT_UNKNOWN") return undefined;
        throw error;
      }
    },
    wantedImages: async () => {
      try {
        const answer = await call({ method: "GET", path: "/v1/worker/wanted-images" });
        return (await read(answer, wantedImages)).images.map(({ image_hash }) => image_hash);
      } catch (error) {
        // A cloud of before this was.
        if (error instanceof CloudError && error.reason === "ROUTE_UNKNOWN") return [];
        throw error;
      }
    },
    handIn: async (imageHash, file) => {
      const path = `/v1/worker/wanted-images/${imageHash}`;
      await discard(await call({ method: "PUT", path, file, timeoutSeconds: 120 }));
    },
  };
}

/** Words that the cloud takes: an engine's odd ones must not cost a delivery. */
function sayable(words: readonly string[]): string[] {
  return words.filter((word) => promptWord.safeParse(word).success).slice(0, MAX_UNKNOWN_WORDS);
}

/** Reads JSON in UTF-8. Bad bytes are not replaced: the worker signs what it reads. */
function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch (cause) {
    throw new WorkerError("CLOUD_ANSWER_INVALID", "The cloud's answer is not JSON in UTF-8.", { cause });
  }
}

function hostOf(uri: string): string | undefined {
  return URL.canParse(uri) ? new URL(uri).host : undefined;
}

/** Reads a refusal. One that broke off says nothing: that is thrown as a lost connection is. */
async function refusalOf(response: Response): Promise<CloudError> {
  const text = new TextDecoder().decode(await bytesOf(response));
  const seconds = Number(response.headers.get("retry-after"));
  const retryAfter = seconds > 0 && seconds <= 3_600 ? seconds : undefined;
  try {
    const { error } = errorJson.parse(JSON.parse(text));
    return new CloudError(error.code, response.status, error.message, retryAfter);
  } catch {
    return new CloudError("INTERNAL", response.status, `HTTP ${response.status} without a reason.`, retryAfter);
  }
}

async function discard(response: Response): Promise<void> {
  await bytesOf(response).catch(() => {});
}

/**
 * Reads an answer up to its largest size.
 * @throws {@link WorkerError} `CLOUD_ANSWER_INVALID` for one that is larger.
 */
async function bytesOf({ body }: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length;
    // Leaving the loop ends the answer.
    if (size > MAX_ANSWER) {
      throw new WorkerError("CLOUD_ANSWER_INVALID", `The cloud's answer has more than ${MAX_ANSWER} bytes.`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}
