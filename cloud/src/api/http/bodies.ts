import type { HonoRequest, MiddlewareHandler } from "hono";
import type { WorkerSession } from "../../auth/sessions.ts";
import { ApiError } from "../../error.ts";
import type { ConcurrencyLimit } from "./concurrencyLimit.ts";

/** Bytes of an oversized body that are still read and discarded. */
const MAX_DRAIN_BYTES = 32 * 1_048_576;

/**
 * Refuses bodies above a size. The rest of the body is read and discarded up to a limit, because many clients read no response before they
 * have sent everything.
 */
export function limitBody(maxSize: number, what: string): MiddlewareHandler {
  return async ({ req }, next) => {
    const { raw } = req;
    const isSized = raw.headers.has("content-length");
    if (isSized) await requireSize(raw, maxSize, what);
    // A body in chunks says its size by its end.
    else if (raw.body)
      req.raw = new Request(raw, { body: (await readBody(req, maxSize, what)) as Uint8Array<ArrayBuffer> });
    await next();
  };
}

/**
 * Reads a body of at most some bytes. Bytes beyond that are discarded. A connection that ended before its body was read yields a body
 * without bytes and without an error, so its end is checked. One that ends while its body is read yields an error.
 * @throws {@link ApiError} `BODY_TOO_LARGE`, `BODY_INCOMPLETE`.
 */
export async function readBody({ raw }: HonoRequest, maxSize: number, what: string): Promise<Uint8Array> {
  await requireSize(raw, maxSize, what);
  if (!raw.body) return new Uint8Array();
  const said = raw.headers.get("content-length");
  const reader = raw.body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  const incomplete = (cause?: unknown): ApiError =>
    new ApiError("BODY_INCOMPLETE", `${what} ended after ${size} bytes, before it was whole.`, { cause });
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw incomplete(error);
    });
    if (done) {
      if (raw.signal.aborted || (said !== null && size < Number(said))) throw incomplete();
      return Buffer.concat(parts, size);
    }
    size += value.length;
    if (size > maxSize) {
      reader.releaseLock();
      throw await tooLarge(raw, maxSize, what);
    }
    parts.push(value);
  }
}

/** @throws {@link ApiError} `BODY_TOO_LARGE` for a body whose length is said and above a size. */
async function requireSize(raw: Request, maxSize: number, what: string): Promise<void> {
  if (Number(raw.headers.get("content-length") ?? 0) > maxSize) throw await tooLarge(raw, maxSize, what);
}

/** Throws the rest of a body away, and returns its refusal. */
async function tooLarge({ body }: Request, maxSize: number, what: string): Promise<ApiError> {
  await drain(body).catch(() => {});
  return new ApiError("BODY_TOO_LARGE", `${what} has at most ${maxSize} bytes.`);
}

/** Returns a sentence's beginning about a body that is compressed, which none may be; undefined for others. */
export function encodingFault({ raw }: HonoRequest): string | undefined {
  const encoding = raw.headers.get("content-encoding") ?? "identity";
  return encoding.toLowerCase() === "identity" ? undefined : `Content-Encoding ${encoding.slice(0, 30)} is not read`;
}

/**
 * Runs an upload of a worker within its limit. An error is sent after the body was read, because many clients read none before. A refusal
 * by the limit is sent at once, so that slow senders hold no memory.
 * @throws {@link ApiError} `TOO_MANY_REQUESTS`, `FIELD_INVALID` for a compressed file, or as `take`.
 */
export async function withUploadLimit<Answer>(
  limit: ConcurrencyLimit,
  { worker }: WorkerSession,
  request: HonoRequest,
  take: () => Promise<Answer>,
): Promise<Answer> {
  const release = limit.take(worker);
  try {
    const encoded = encodingFault(request);
    if (encoded !== undefined) {
      throw new ApiError("FIELD_INVALID", `${encoded}: send the file as it is.`, { field: "Content-Encoding" });
    }
    return await take();
  } catch (error) {
    await drain(request.raw.body).catch(() => {});
    throw error;
  } finally {
    release();
  }
}

/** Reads and discards a body, up to a limit. */
async function drain(body: ReadableStream<Uint8Array> | null): Promise<void> {
  if (!body || body.locked) return;
  const reader = body.getReader();
  for (let read = 0; read < MAX_DRAIN_BYTES; ) {
    const { done, value } = await reader.read();
    if (done) return;
    read += value.length;
  }
  await reader.cancel();
}
