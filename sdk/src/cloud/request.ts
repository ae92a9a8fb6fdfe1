import type * as z from "zod/mini";
import { readAs } from "../lib/readAs.js";
import { CloudError, cloudErrorOf } from "./errors.js";

/** Address of an AI Cloud API, and how it is called. */
export interface CloudOptions {
  /** Base URL, e.g. `http://127.0.0.1:8787`. */
  readonly url: string;
  /** Session token, see `signIn`. */
  readonly token?: string | undefined;
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Milliseconds to wait for the head of an answer. Default 30,000. */
  readonly timeout?: number | undefined;
}

/** Options of any call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds to wait for the whole answer. Default: the client's for its head, ten minutes for all of it. */
  readonly timeout?: number | undefined;
}

/** One call. */
export interface CloudCall extends CallOptions {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Largest answer that is read, bytes. Default 32 MiB. */
  readonly limit?: number;
}

/** Answer with a status of 200 to 299. */
export interface CloudAnswer {
  readonly response: Response;
  /**
   * Reads the body up to the call's limit.
   * @throws {@link CloudError} `ANSWER_INVALID` above the limit, `UNREACHABLE` when the connection breaks or falls silent.
   */
  bytes(): Promise<Uint8Array>;
  /**
   * Reads the body as JSON, by a schema.
   * @throws {@link CloudError} as `bytes`; `ANSWER_INVALID` naming the field.
   */
  json<schema extends z.core.$ZodType>(schema: schema): Promise<z.output<schema>>;
  /** Drops a body that is not read. */
  close(): void;
}

/** Largest answer that is read by default, bytes. */
const MAX_ANSWER = 32 * 1_048_576;
/** Milliseconds of silence after which the body of an answer counts as broken. */
const BODY_SILENCE = 30_000;
/** Milliseconds after which a body that still grows counts as broken. */
const MAX_DURATION = 600_000;

/**
 * Makes a call. Redirects are refused: a session token must not follow one to another server.
 * @throws {@link CloudError} `UNREACHABLE` when there is no whole answer, else what an answer with another status says. The reason of
 * the caller's signal is thrown as it is.
 */
export async function send(options: CloudOptions, path: string, call: CloudCall = {}): Promise<CloudAnswer> {
  const { method = "GET", query = {}, body, headers, signal, timeout, limit = MAX_ANSWER } = call;
  const base = baseUrl(options.url);
  const url = new URL(`${base}${path}`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  signal?.throwIfAborted();
  const end = Date.now() + (timeout ?? MAX_DURATION);
  const hangUp = new AbortController();
  const close = () => hangUp.abort();
  // Closing removes the listener: the caller's signal may outlive many calls. `AbortSignal.any` is younger than the browsers we want.
  signal?.addEventListener("abort", close, { signal: hangUp.signal });
  const lost = (message: string, cause: unknown, status?: number): CloudError => {
    close();
    signal?.throwIfAborted();
    return cause instanceof CloudError ? cause : new CloudError("UNREACHABLE", message, { status, cause });
  };
  const timer = setTimeout(close, timeout ?? options.timeout ?? 30_000);
  let response: Response;
  try {
    // Looked up at each call: a page may replace it, and a detached `fetch` refuses to run in browsers.
    response = await (options.fetch ?? ((input, init) => globalThis.fetch(input, init)))(url, {
      method,
      headers: {
        accept: "application/json",
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
        ...headers,
      },
      ...(body !== undefined && {
        body: body instanceof Uint8Array ? (body as NonNullable<RequestInit["body"]>) : JSON.stringify(body),
      }),
      redirect: "error",
      signal: hangUp.signal,
    });
  } catch (cause) {
    throw lost(`The cloud at ${base} does not answer.`, cause);
  } finally {
    clearTimeout(timer);
  }
  const { body: stream, status } = response;
  if (!stream) close();
  const bytes = async () => {
    try {
      return stream ? await readBytes(stream, { hangUp, end, limit, status }) : new Uint8Array();
    } catch (cause) {
      throw lost("The connection to the cloud broke.", cause, status);
    }
  };
  if (!response.ok) throw cloudErrorOf(status, jsonOf(await bytes()), response.headers);
  const json: CloudAnswer["json"] = async (schema) => {
    const value = jsonOf(await bytes());
    if (value === undefined) {
      throw new CloudError("ANSWER_INVALID", "The cloud's answer is not JSON in UTF-8.", { status });
    }
    const parsed = readAs(schema, value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const field = issue?.path.join(".") ?? "";
    const message = `The cloud's answer is not what this version expects (${field || "answer"}: ${issue?.message}).`;
    throw new CloudError("ANSWER_INVALID", message, { status, field, cause: parsed.error });
  };
  return { response, bytes, json, close };
}

/** Makes a call and reads its answer by a schema. */
export async function sendJson<schema extends z.core.$ZodType>(
  options: CloudOptions,
  path: string,
  schema: schema,
  call?: CloudCall,
): Promise<z.output<schema>> {
  return (await send(options, path, call)).json(schema);
}

/** Returns the URL of a cloud without query, fragment and slashes at its end. */
export function baseUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new CloudError("UNREACHABLE", `"${text}" is not the URL of a cloud.`, { cause });
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/** Reads a body until it ends, and then hangs up. Throws when it is hung up on, when it grows above the limit, and at the end of its time. */
async function readBytes(
  body: ReadableStream<Uint8Array>,
  bounds: { readonly hangUp: AbortController; readonly end: number; readonly limit: number; readonly status: number },
): Promise<Uint8Array> {
  const { hangUp, end, limit, status } = bounds;
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  // A `fetch` that is not the platform's may not look at its signal.
  const cancel = () => void reader.cancel().catch(() => {});
  hangUp.signal.addEventListener("abort", cancel);
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    for (;;) {
      hangUp.signal.throwIfAborted();
      timer = setTimeout(() => hangUp.abort(), Math.min(BODY_SILENCE, end - Date.now()));
      const { done, value } = await reader.read();
      clearTimeout(timer);
      if (done) break;
      size += value.length;
      if (size > limit) throw new CloudError("ANSWER_INVALID", `The answer has more than ${limit} bytes.`, { status });
      parts.push(value);
    }
    hangUp.signal.throwIfAborted();
  } finally {
    clearTimeout(timer);
    hangUp.abort();
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Returns the JSON of UTF-8 bytes; undefined for anything else. Bad bytes are not replaced: what is answered may be signed. */
function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
