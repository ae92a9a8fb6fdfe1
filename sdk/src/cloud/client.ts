import * as z from "zod/mini";
import { requireCid } from "../messages/image.js";
import {
  type GenerateImageRequest,
  type GenerateImageResponse,
  generateImageResponse,
  type Job,
  job,
  modelList,
  nonceAnswer,
  type Quote,
  quote,
  type quoteQuery,
  type ReceiptBundle,
  receiptBundle,
  type Session,
  session,
  sessionState,
  type signInRequest,
  workerList,
} from "../schemas/index.js";
import { CloudError, PaymentRequiredError } from "./errors.js";
import { baseUrl, type CallOptions, type CloudCall, type CloudOptions, send, sendJson } from "./request.js";
import { type WatchOptions, watchJob } from "./watch.js";

/** Answer of `GET /health`; a cloud may say more. */
export const healthAnswer = z.looseObject({ status: z.string() });

/** One row of `GET /v1/models`. */
export type ModelListing = z.output<typeof modelList>["models"][number];
/** One row of `GET /v1/workers`. */
export type WorkerListing = z.output<typeof workerList>["workers"][number];
/** Query of `GET /v1/quote`. */
export type QuoteQuery = z.input<typeof quoteQuery>;
/** A session and what is left of its quota. */
export type SessionState = z.output<typeof sessionState>;

/** Outcome of a request for a picture: finished at once, or a job to follow. */
export type Submission =
  | { readonly finished: true; readonly result: GenerateImageResponse }
  | { readonly finished: false; readonly job: Job };

/**
 * The AI Cloud API, typed. Every answer is read by the schemas of `@gridnft/sdk/schemas`; every function throws
 * {@link CloudError}. Amounts are AIPG wei, times Unix seconds.
 *
 * The cloud is not trusted: what it says about money and provenance is checked by `generate`, `signQuote` and `checkBundle`.
 */
export interface CloudClient {
  readonly url: string;
  /** True if calls carry a session token. */
  readonly signedIn: boolean;
  /** The same client with a session. */
  withToken(token: string): CloudClient;
  /** `GET /health`. */
  health(options?: CallOptions): Promise<z.output<typeof healthAnswer>>;
  /** `GET /v1/models`: models that workers serve. */
  models(options?: CallOptions): Promise<readonly ModelListing[]>;
  /** `GET /v1/workers`: workers in touch now. */
  workers(options?: CallOptions): Promise<readonly WorkerListing[]>;
  /**
   * The price, and the orders to sign for it; `signQuote` checks them before signing. With a prompt and a requester it asks
   * `POST /v1/generate-image` for its answer 402, so that prompts are in no URL; otherwise `GET /v1/quote`.
   */
  quote(query: QuoteQuery, options?: CallOptions): Promise<Quote>;
  /**
   * `POST /v1/generate-image`. With `wait` the cloud answers when the picture is done, if that is soon enough. With a session and an
   * `idempotencyKey`, the same request again gets the same job.
   * @throws PaymentRequiredError with a quote when nothing pays.
   */
  generateImage(
    request: GenerateImageRequest,
    options?: CallOptions & { readonly wait?: boolean; readonly idempotencyKey?: string | undefined },
  ): Promise<Submission>;
  /** `GET /v1/jobs/:id`. */
  job(id: string, options?: CallOptions): Promise<Job>;
  /** `DELETE /v1/jobs/:id`: takes back a job that no worker has begun. */
  cancelJob(id: string, options?: CallOptions): Promise<void>;
  /**
   * Follows a job until it is done, failed or cancelled.
   *
   * @example
   * for await (const { status, progress } of cloud.watchJob(id)) console.log(status, progress?.step);
   */
  watchJob(id: string, options?: WatchOptions): AsyncGenerator<Job, void, undefined>;
  /** `GET /v1/receipts/:id`: everything that a mint or a check needs. */
  receiptBundle(receiptId: string, options?: CallOptions): Promise<ReceiptBundle>;
  /**
   * The file of a CID, checked to be the one that the CID names.
   * @throws GridError `CID_MISMATCH` when it is another.
   */
  image(cid: string, options?: CallOptions): Promise<Uint8Array>;
  /** `GET /v1/auth/nonce`. */
  nonce(options?: CallOptions): Promise<z.output<typeof nonceAnswer>>;
  /** `POST /v1/auth/sign-in`; `signIn` builds and signs the message. */
  postSignIn(body: z.input<typeof signInRequest>, options?: CallOptions): Promise<Session>;
  /** `GET /v1/auth/session`. */
  session(options?: CallOptions): Promise<SessionState>;
  /** `DELETE /v1/auth/session`. */
  signOut(options?: CallOptions): Promise<void>;
  /** Any other route; the schema is one of zod or of zod/mini. */
  request<schema extends z.core.$ZodType>(path: string, schema: schema, call?: CloudCall): Promise<z.output<schema>>;
}

/** Largest picture that is read, bytes. */
const MAX_IMAGE = 64 * 1_048_576;

/**
 * A client of an AI Cloud API.
 *
 * @example
 * const cloud = createCloudClient({ url: "http://127.0.0.1:8787" });
 * const [model] = await cloud.models();
 */
export function createCloudClient(options: CloudOptions): CloudClient {
  const path = (...parts: string[]) => `/${parts.map(encodeURIComponent).join("/")}`;

  return {
    url: baseUrl(options.url),
    signedIn: options.token !== undefined,
    withToken: (token) => createCloudClient({ ...options, token }),
    health: (call) => sendJson(options, "/health", healthAnswer, call),
    models: async (call) => (await sendJson(options, "/v1/models", modelList, call)).models,
    workers: async (call) => (await sendJson(options, "/v1/workers", workerList, call)).workers,
    quote: (query, call) =>
      query.prompt !== undefined && query.requester !== undefined && query.payer === undefined
        ? quoteByPost({ ...options, token: undefined }, query, call)
        : sendJson(options, "/v1/quote", quote, { ...call, query }),
    generateImage: async (request, { wait = false, idempotencyKey, ...call } = {}) => {
      const { response, json } = await send(
        wait ? { ...options, timeout: Math.max(options.timeout ?? 0, 180_000) } : options,
        "/v1/generate-image",
        {
          ...call,
          method: "POST",
          body: request,
          headers: {
            ...(!wait && { prefer: "respond-async" }),
            ...(idempotencyKey !== undefined && { "idempotency-key": `"${idempotencyKey}"` }),
          },
        },
      );
      return response.status === 202
        ? { finished: false, job: await json(job) }
        : { finished: true, result: await json(generateImageResponse) };
    },
    job: (id, call) => sendJson(options, path("v1", "jobs", id), job, call),
    cancelJob: async (id, call) => {
      (await send(options, path("v1", "jobs", id), { ...call, method: "DELETE" })).close();
    },
    watchJob: (id, watch) => watchJob(options, id, watch),
    receiptBundle: (id, call) => sendJson(options, path("v1", "receipts", id), receiptBundle, call),
    image: async (cid, call) => {
      const headers = { accept: "*/*" };
      const file = await (await send(options, path("ipfs", cid), { ...call, headers, limit: MAX_IMAGE })).bytes();
      requireCid(file, cid);
      return file;
    },
    nonce: (call) => sendJson(options, "/v1/auth/nonce", nonceAnswer, call),
    postSignIn: (body, call) => sendJson(options, "/v1/auth/sign-in", session, { ...call, method: "POST", body }),
    session: (call) => sendJson(options, "/v1/auth/session", sessionState, call),
    signOut: async (call) => {
      (await send(options, "/v1/auth/session", { ...call, method: "DELETE" })).close();
    },
    request: (route, schema, call) => sendJson(options, route, schema, call),
  };
}

/** Asks for the price by a request that nothing pays for: its answer 402 has the quote. A session is left out, since it might pay. */
async function quoteByPost(options: CloudOptions, body: QuoteQuery, call: CallOptions | undefined): Promise<Quote> {
  const headers = { prefer: "respond-async" };
  try {
    (await send(options, "/v1/generate-image", { ...call, method: "POST", body, headers })).close();
  } catch (error) {
    if (error instanceof PaymentRequiredError) return error.quote;
    throw error;
  }
  throw new CloudError("ANSWER_INVALID", "The cloud took a job that nothing pays for.", { status: 200 });
}
