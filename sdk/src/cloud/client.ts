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
import { type CloudCall, type CloudEndpoint, readBytes, readJson, send, sendJson } from "./http.js";
import { type WatchOptions, watchJob } from "./watch.js";

/** How to reach an AI Cloud API. */
export interface CloudOptions {
  /** Base URL, e.g. `http://127.0.0.1:8787`. */
  readonly url: string;
  /** Session token, see `signIn`. */
  readonly token?: string | undefined;
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch;
  /** Milliseconds to wait for the head of an answer. Default 30,000. */
  readonly timeout?: number;
}

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

/** What a request for a picture became: finished at once, or a job to follow. */
export type Submission =
  | { readonly finished: true; readonly result: GenerateImageResponse }
  | { readonly finished: false; readonly job: Job };

interface Abortable {
  readonly signal?: AbortSignal | undefined;
}

/**
 * The AI Cloud API, typed. Every answer is read by the schemas of `@gridnft/sdk/schemas`; every function throws
 * {@link CloudError}. Amounts are AIPG wei, times Unix seconds.
 *
 * The cloud is not trusted: what it says about money and provenance is checked by `generate`, `signQuote` and `checkBundle`.
 */
export interface CloudClient {
  readonly url: string;
  /** Whether calls carry a session token. */
  readonly signedIn: boolean;
  /** The same client with a session. */
  withToken(token: string): CloudClient;
  /** `GET /health`. */
  health(options?: Abortable): Promise<z.output<typeof healthAnswer>>;
  /** `GET /v1/models`: models that workers serve. */
  models(options?: Abortable): Promise<readonly ModelListing[]>;
  /** `GET /v1/workers`: workers in touch now. */
  workers(options?: Abortable): Promise<readonly WorkerListing[]>;
  /**
   * The price, and the orders to sign for it; `signQuote` checks them before signing. With a prompt and a requester it asks
   * `POST /v1/generate-image` for its answer 402, so that prompts are in no URL; otherwise `GET /v1/quote`.
   */
  quote(query: QuoteQuery, options?: Abortable): Promise<Quote>;
  /**
   * `POST /v1/generate-image`. With `wait` the cloud answers when the picture is done, if that is soon enough. With a session and an
   * `idempotencyKey`, the same request again gets the same job.
   * @throws PaymentRequiredError with a quote when nothing pays.
   */
  generateImage(
    request: GenerateImageRequest,
    options?: Abortable & { readonly wait?: boolean; readonly idempotencyKey?: string | undefined },
  ): Promise<Submission>;
  /** `GET /v1/jobs/:id`. */
  job(id: string, options?: Abortable): Promise<Job>;
  /** `DELETE /v1/jobs/:id`: takes back a job that no worker has begun. */
  cancelJob(id: string, options?: Abortable): Promise<void>;
  /**
   * Follows a job until it is done, failed or cancelled.
   *
   * @example
   * for await (const { status, progress } of cloud.watchJob(id)) console.log(status, progress?.step);
   */
  watchJob(id: string, options?: WatchOptions): AsyncGenerator<Job, void, undefined>;
  /** `GET /v1/receipts/:id`: everything that a mint or a check needs. */
  receiptBundle(receiptId: string, options?: Abortable): Promise<ReceiptBundle>;
  /**
   * The file of a CID, checked to be the one that the CID names.
   * @throws GridError `CID_MISMATCH` when it is another.
   */
  image(cid: string, options?: Abortable): Promise<Uint8Array>;
  /** `GET /v1/auth/nonce`. */
  nonce(options?: Abortable): Promise<z.output<typeof nonceAnswer>>;
  /** `POST /v1/auth/sign-in`; `signIn` builds and signs the message. */
  postSignIn(body: z.input<typeof signInRequest>, options?: Abortable): Promise<Session>;
  /** `GET /v1/auth/session`. */
  session(options?: Abortable): Promise<SessionState>;
  /** `DELETE /v1/auth/session`. */
  signOut(options?: Abortable): Promise<void>;
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
  const endpoint: CloudEndpoint = {
    url: baseUrl(options.url),
    // Looked up at each call: a page may replace it, and a detached `fetch` refuses to run in browsers.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    token: options.token,
    timeout: options.timeout ?? 30_000,
  };
  const path = (...parts: string[]) => `/${parts.map(encodeURIComponent).join("/")}`;

  return {
    url: endpoint.url,
    signedIn: endpoint.token !== undefined,
    withToken: (token) => createCloudClient({ ...options, token }),
    health: (call) => sendJson(endpoint, "/health", healthAnswer, call),
    models: async (call) => (await sendJson(endpoint, "/v1/models", modelList, call)).models,
    workers: async (call) => (await sendJson(endpoint, "/v1/workers", workerList, call)).workers,
    quote: (query, call) =>
      query.prompt !== undefined && query.requester !== undefined && query.payer === undefined
        ? quoteByPost({ ...endpoint, token: undefined }, query, call?.signal)
        : sendJson(endpoint, "/v1/quote", quote, { ...call, query }),
    generateImage: async (request, { wait = false, idempotencyKey, signal } = {}) => {
      const response = await send(
        wait ? { ...endpoint, timeout: Math.max(endpoint.timeout, 180_000) } : endpoint,
        "/v1/generate-image",
        {
          method: "POST",
          body: request,
          headers: {
            ...(!wait && { prefer: "respond-async" }),
            ...(idempotencyKey !== undefined && { "idempotency-key": `"${idempotencyKey}"` }),
          },
          signal,
        },
      );
      return response.status === 202
        ? { finished: false, job: await readJson(response, job) }
        : { finished: true, result: await readJson(response, generateImageResponse) };
    },
    job: (id, call) => sendJson(endpoint, path("v1", "jobs", id), job, call),
    cancelJob: async (id, call) => {
      await finish(await send(endpoint, path("v1", "jobs", id), { ...call, method: "DELETE" }));
    },
    watchJob: (id, watch) => watchJob(endpoint, id, watch),
    receiptBundle: (id, call) => sendJson(endpoint, path("v1", "receipts", id), receiptBundle, call),
    image: async (cid, call) => {
      const headers = { accept: "*/*" };
      const file = await readBytes(
        await send(endpoint, path("ipfs", cid), { ...call, headers }),
        MAX_IMAGE,
        call?.signal,
      );
      requireCid(file, cid);
      return file;
    },
    nonce: (call) => sendJson(endpoint, "/v1/auth/nonce", nonceAnswer, call),
    postSignIn: (body, call) => sendJson(endpoint, "/v1/auth/sign-in", session, { ...call, method: "POST", body }),
    session: (call) => sendJson(endpoint, "/v1/auth/session", sessionState, call),
    signOut: async (call) => {
      await finish(await send(endpoint, "/v1/auth/session", { ...call, method: "DELETE" }));
    },
    request: (route, schema, call) => sendJson(endpoint, route, schema, call),
  };
}

/** The quote in the answer 402 to a request that nothing pays for; asked without a session, which might. */
async function quoteByPost(endpoint: CloudEndpoint, body: QuoteQuery, signal: AbortSignal | undefined): Promise<Quote> {
  try {
    await finish(
      await send(endpoint, "/v1/generate-image", {
        method: "POST",
        body,
        headers: { prefer: "respond-async" },
        signal,
      }),
    );
  } catch (error) {
    if (error instanceof PaymentRequiredError) return error.quote;
    throw error;
  }
  throw new CloudError("ANSWER_INVALID", "The cloud took a job that nothing pays for.", { status: 200 });
}

/** Lets go of an answer whose body says nothing. */
async function finish(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => {});
}

function baseUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new CloudError("UNREACHABLE", `"${text}" is not the URL of a cloud.`, { cause });
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
