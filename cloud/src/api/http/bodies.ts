import type { HonoRequest, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { WorkerSession } from "../../auth/sessions.ts";
import { CloudError } from "../../error.ts";
import type { ConcurrencyLimit } from "./concurrencyLimit.ts";
import type { Env } from "./endpoint.ts";

/** Bytes of an oversized body that are still read and discarded. */
const MAX_DRAIN_BYTES = 32 * 1_048_576;

/**
 * Refuses bodies above a size. The rest of the body is read and discarded up to a limit, because many clients read no response before they
 * have sent everything.
 */
export function limitBody(maxSize: number, what: string): MiddlewareHandler<Env> {
  return bodyLimit({
    maxSize,
    onError: async ({ req }) => {
      await drain(req.raw.body).catch(() => {});
      throw new CloudError("BODY_TOO_LARGE", `${what} has at most ${maxSize} bytes.`);
    },
  });
}

/**
 * Reads a body of at most some bytes. Bytes beyond that are discarded. A connection that breaks inside the body yields no error, so its end
 * is checked.
 * @throws {@link CloudError} `BODY_TOO_LARGE`, `BODY_INCOMPLETE`.
 */
export async function readBody({ raw }: HonoRequest, maxSize: number, what: string): Promise<Uint8Array> {
  const tooLarge = async (): Promise<never> => {
    await drain(raw.body).catch(() => {});
    throw new CloudError("BODY_TOO_LARGE", `${what} has at most ${maxSize} bytes.`);
  };
  const said = raw.headers.get("content-length");
  if (Number(said ?? 0) > maxSize) return tooLarge();
  if (!raw.body) return new Uint8Array();
  const reader = raw.body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      if (raw.signal.aborted || (said !== null && size < Number(said))) {
        throw new CloudError("BODY_INCOMPLETE", `${what} ended after ${size} bytes, before it was whole.`);
      }
      return Buffer.concat(parts, size);
    }
    size += value.length;
    if (size > maxSize) {
      reader.releaseLock();
      return tooLarge();
    }
    parts.push(value);
  }
}

/**
 * Runs an upload of a worker within its limit. An error is sent after the body was read, because many clients read none before. A refusal
 * by the limit is sent at once, so that slow senders hold no memory.
 * @throws {@link CloudError} `TOO_MANY_REQUESTS`, or as `take`.
 */
export async function withUploadLimit<Answer>(
  limit: ConcurrencyLimit,
  { worker }: WorkerSession,
  { raw }: HonoRequest,
  take: () => Promise<Answer>,
): Promise<Answer> {
  const release = limit.take(worker);
  try {
    return await take();
  } catch (error) {
    await drain(raw.body).catch(() => {});
    throw error;
  } finally {
    release();
  }
}

/** Reads and discards a body, up to a limit. */
export async function drain(body: ReadableStream<Uint8Array> | null): Promise<void> {
  if (!body || body.locked) return;
  const reader = body.getReader();
  for (let read = 0; read < MAX_DRAIN_BYTES; ) {
    const { done, value } = await reader.read();
    if (done) return;
    read += value.length;
  }
  await reader.cancel();
}
