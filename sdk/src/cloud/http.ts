import type * as z from "zod/mini";
import { readAs } from "../lib/readAs.js";
import { CloudError, cloudErrorOf } from "./errors.js";

/** Where the AI Cloud API is, and as whom it is called. */
export interface CloudEndpoint {
  /** Base URL without a slash at its end. */
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  /** Session token. */
  readonly token?: string | undefined;
  /** Milliseconds to wait for the head of an answer. */
  readonly timeout: number;
}

/** One call. */
export interface CloudCall {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Largest JSON answer that is read, bytes. */
const MAX_JSON = 32 * 1_048_576;
/** Milliseconds of silence after which the body of an answer counts as broken. */
const BODY_SILENCE = 30_000;

/**
 * Makes a call and insists on a status of 200 to 299.
 * @throws {@link CloudError} `UNREACHABLE` when there is no whole answer, else what the answer says. An abort by the caller's signal
 * is thrown as it is.
 */
export async function send(endpoint: CloudEndpoint, path: string, call: CloudCall = {}): Promise<Response> {
  const { method = "GET", query = {}, body, headers, signal } = call;
  const url = new URL(`${endpoint.url}${path}`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  signal?.throwIfAborted();
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(), endpoint.timeout);
  let response: Response;
  try {
    response = await endpoint.fetch(url, {
      method,
      headers: {
        accept: "application/json",
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(endpoint.token !== undefined && { authorization: `Bearer ${endpoint.token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      // A session token must not follow a redirect to somebody else.
      redirect: "error",
      signal: signal ? anyOf(signal, impatience.signal) : impatience.signal,
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new CloudError("UNREACHABLE", `The cloud at ${endpoint.url} does not answer.`, { cause });
  } finally {
    clearTimeout(timer);
  }
  if (response.ok) return response;
  const problem = await readBytes(response, MAX_JSON, signal);
  throw cloudErrorOf(response.status, jsonOrUndefined(problem), response.headers);
}

/** Makes a call and reads its answer by a schema. */
export async function sendJson<schema extends z.core.$ZodType>(
  endpoint: CloudEndpoint,
  path: string,
  schema: schema,
  call: CloudCall = {},
): Promise<z.output<schema>> {
  return readJson(await send(endpoint, path, call), schema);
}

/**
 * Reads an answer by a schema.
 * @throws {@link CloudError} `ANSWER_INVALID`, naming the field.
 */
export async function readJson<schema extends z.core.$ZodType>(
  response: Response,
  schema: schema,
): Promise<z.output<schema>> {
  const { status } = response;
  const json = jsonOrUndefined(await readBytes(response, MAX_JSON));
  const parsed = readAs(schema, json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join(".") ?? "";
  const message = `The cloud's answer is not what this version expects (${field || "answer"}: ${issue?.message}).`;
  throw new CloudError("ANSWER_INVALID", message, { status, field, cause: parsed.error });
}

/**
 * The bytes of an answer, up to a limit.
 * @throws {@link CloudError} `ANSWER_INVALID` above it, `UNREACHABLE` when the connection breaks.
 */
export async function readBytes(response: Response, limit: number, signal?: AbortSignal): Promise<Uint8Array> {
  const { body, status } = response;
  if (!body) return new Uint8Array();
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  let silent = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hangUp = () => {
    silent = true;
    reader.cancel().catch(() => {});
  };
  try {
    for (;;) {
      timer = setTimeout(hangUp, BODY_SILENCE);
      const { done, value } = await reader.read();
      clearTimeout(timer);
      if (silent) throw new Error("silence");
      if (done) break;
      size += value.length;
      if (size > limit) throw new CloudError("ANSWER_INVALID", `The answer has more than ${limit} bytes.`, { status });
      parts.push(value);
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof CloudError) throw cause;
    throw new CloudError("UNREACHABLE", "The connection to the cloud broke.", { status, cause });
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {});
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** A signal that aborts with the first of two. `AbortSignal.any` is younger than the browsers we want. */
export function anyOf(a: AbortSignal, b: AbortSignal): AbortSignal {
  const both = new AbortController();
  for (const one of [a, b]) {
    if (one.aborted) both.abort(one.reason);
    one.addEventListener("abort", () => both.abort(one.reason), { once: true, signal: both.signal });
  }
  return both.signal;
}

/** Returns the JSON of UTF-8 bytes; undefined for anything else. Bad bytes are not replaced: what is answered may be signed. */
function jsonOrUndefined(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
