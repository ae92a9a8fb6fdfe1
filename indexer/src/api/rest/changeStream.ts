// `GET /v1/changes`: changes as they are indexed, as server-sent events.
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Context, Hono } from "hono";
import { ApiError } from "../http/errors.ts";
import { entryOf } from "../http/rateLimit.ts";
import type { IndexingStatus } from "../status/indexingStatus.ts";
import type { ChangeEvent, Changes } from "./changeFeed.ts";
import { refuse } from "./routes.ts";

/** Cost of a connection, of its client's limit. */
const COST = 5;
/** Milliseconds between signs of life on a connection that has nothing to tell. */
const HEARTBEAT = 15_000;
/** Bytes that a client may leave unread. */
const MAX_UNREAD = 1_000_000;
/** Milliseconds that a client waits before it comes again. */
const RETRY = 2_000;

interface StreamDependencies {
  readonly changes: Changes;
  readonly indexingStatus: IndexingStatus;
  /** Milliseconds. */
  readonly heartbeat?: number;
  /** Bytes. */
  readonly maxUnread?: number;
}

/** Sink of an event stream. */
interface Sink {
  /** False when the client reads too slowly. */
  write(text: string): boolean;
  end(): void;
}

export function createChangeStream({
  changes,
  indexingStatus,
  heartbeat = HEARTBEAT,
  maxUnread = MAX_UNREAD,
}: StreamDependencies): Hono {
  const app = new Hono();
  app.get("/v1/changes", (context) => {
    const unknown = Object.keys(context.req.query()).find((name) => name !== "last_event_id");
    if (unknown !== undefined) {
      return refuse(
        context,
        new ApiError("FIELD_INVALID", `${unknown} is not a parameter of this route: see /reference.`, unknown),
      );
    }
    // A browser's EventSource says where to go on by itself, and wins over the address that it was made with.
    const after = context.req.header("last-event-id") ?? context.req.query("last_event_id");
    if (!indexingStatus.ready() || !indexingStatus.current()) {
      return refuse(
        context,
        new ApiError("NOT_READY", "The history is not indexed yet: ask again in a moment.", undefined, 5),
      );
    }
    if (context.req.method === "HEAD") return new Response(null, { headers });
    entryOf(context).charge(COST - 1);
    return (
      open(context, maxUnread, (sink) => serve(sink, after === "" ? undefined : after)) ?? refuse(context, tooMany())
    );
  });

  /** Undefined when too many listen. */
  function serve(sink: Sink, after: string | undefined): (() => void) | undefined {
    let timer: NodeJS.Timeout | undefined;
    const write = (text: string): void => {
      if (!sink.write(text)) finish();
    };
    const finish = (): void => {
      clearInterval(timer);
      stop?.();
      sink.end();
    };
    const stop = changes.listen({ tell: (event) => write(textOf(event)), end: () => finish() }, after);
    if (!stop) return undefined;
    write(`retry: ${RETRY}\n\n`);
    timer = setInterval(() => write(": \n\n"), heartbeat);
    timer.unref();
    return finish;
  }

  return app;
}

const tooMany = () =>
  new ApiError("TOO_MANY_REQUESTS", "Too many listen for changes: ask again in a moment.", undefined, 10);

const headers: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/** Texts of events that are being told: all listeners are told the same one, which may be long. */
const texts = new WeakMap<ChangeEvent, string>();

/** One event as it goes over the wire. Of a block in which nothing happened the id alone: browsers keep it, and tell nobody. */
function textOf(told: ChangeEvent): string {
  const { id, event, data } = told;
  if (event === "block") return `id: ${id}\n\n`;
  const text = texts.get(told) ?? `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  texts.set(told, text);
  return text;
}

/** Opens the stream: on Node's response if there is one, because a `Response` would go through middleware that waits for its end. */
function open(
  context: Context,
  maxUnread: number,
  serve: (sink: Sink) => (() => void) | undefined,
): Response | undefined {
  const { outgoing } = (context.env ?? {}) as { incoming?: IncomingMessage; outgoing?: ServerResponse };
  return outgoing ? openOutgoing(context, outgoing, maxUnread, serve) : openResponse(maxUnread, serve);
}

function openOutgoing(
  context: Context,
  outgoing: ServerResponse,
  maxUnread: number,
  serve: (sink: Sink) => (() => void) | undefined,
): Response | undefined {
  const begun: string[] = [];
  let isOpen = false;
  const finish = serve({
    write: (text) => {
      if (!isOpen) begun.push(text);
      else if (outgoing.writable) outgoing.write(text);
      return outgoing.writableLength <= maxUnread;
    },
    end: () => outgoing.end(),
  });
  if (!finish) return undefined;
  outgoing.writeHead(200, { ...headers, "access-control-allow-origin": "*" });
  outgoing.flushHeaders();
  isOpen = true;
  for (const text of begun) outgoing.write(text);
  outgoing.on("close", finish);
  const { res } = context;
  res.headers.set("x-hono-already-sent", "true");
  context.finalized = true;
  void res.body;
  return res;
}

function openResponse(maxUnread: number, serve: (sink: Sink) => (() => void) | undefined): Response | undefined {
  let finish: (() => void) | undefined;
  let isOpen = true;
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        finish = serve({
          write: (text) => {
            if (isOpen) controller.enqueue(encoder.encode(text));
            return (controller.desiredSize ?? 0) > 0;
          },
          end: () => {
            if (isOpen) controller.close();
            isOpen = false;
          },
        });
      },
      cancel: () => {
        isOpen = false;
        finish?.();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: maxUnread }),
  );
  return finish ? new Response(body, { headers }) : undefined;
}
