import type { HonoRequest, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { CloudError } from "../error.ts";
import type { Env, WorkerSession } from "./endpoint.ts";
import type { Slots } from "./slots.ts";

/** Bytes of a body that is too large which are still read and thrown away. */
const DRAIN = 32 * 1_048_576;

/**
 * Refuses bodies above a size. What a client sends on while it is told so is thrown away, up to a point: many clients read no
 * answer before they have sent everything.
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
 * Reads a body of at most some bytes. What comes beyond is thrown away. A connection that ended before its body was read gives a body
 * without bytes and without an error, so its end is looked at.
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
 * Takes a worker's file in one of its places. A refusal is answered when the client has sent what it has: many read none before. One for
 * want of a place is answered at once: whoever sends slowly would keep more than places.
 * @throws {@link CloudError} `TOO_MANY_REQUESTS`, or as `take`.
 */
export async function uploading<Answer>(
  slots: Slots,
  { worker }: WorkerSession,
  { raw }: HonoRequest,
  take: () => Promise<Answer>,
): Promise<Answer> {
  const release = slots.take(worker);
  try {
    return await take();
  } catch (error) {
    await drain(raw.body).catch(() => {});
    throw error;
  } finally {
    release();
  }
}

/** Reads a body and throws it away, up to a point. */
export async function drain(body: ReadableStream<Uint8Array> | null): Promise<void> {
  if (!body || body.locked) return;
  const reader = body.getReader();
  for (let read = 0; read < DRAIN; ) {
    const { done, value } = await reader.read();
    if (done) return;
    read += value.length;
  }
  await reader.cancel();
}
