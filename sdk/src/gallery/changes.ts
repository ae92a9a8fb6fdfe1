import { sleep } from "../lib/sleep.js";
import { GalleryError } from "./errors.js";

/** Message of a gallery about the blocks since the last event. Ids as the contracts have them, in decimal digits or hex. */
export type GalleryChange =
  | {
      readonly type: "changes";
      /** Id of the event: pass it as `after` to go on from there. */
      readonly id: string;
      readonly artworks: readonly string[];
      readonly series: readonly string[];
      readonly models: readonly string[];
      readonly workers: readonly string[];
      readonly accounts: readonly string[];
      readonly lanes: readonly string[];
    }
  | {
      /** Reset: earlier messages may not hold any more, so ask anew for whatever is kept. */
      readonly type: "reset";
      readonly id: string;
      /** `reorg`, `too_much` or `unknown_id`. */
      readonly reason: string;
    };

/** Options of {@link watchChanges}. */
export interface ChangesOptions {
  /** URL of the gallery, without a path: `http://127.0.0.1:42069`. */
  readonly url: string;
  /** Id of the last event that was seen; left out: from now on. */
  readonly after?: string | undefined;
  /** Ends the watch. */
  readonly signal?: AbortSignal | undefined;
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Milliseconds between one connection and the next. */
const RETRY = 2_000;
/** Longest event, in characters. */
const MAX_EVENT = 4_000_000;
const kinds = ["artworks", "series", "models", "workers", "accounts", "lanes"] as const;

/**
 * Changes of a gallery as they are indexed (`GET /v1/changes`). Connects again when the connection ends, and goes on where it was.
 *
 * @throws {@link GalleryError} `REFUSED` when the gallery refuses for good; the signal's reason when it aborts.
 *
 * @example
 * for await (const change of watchChanges({ url: galleryUrl, signal })) {
 *   if (change.type === "reset") await reload();
 *   else for (const tokenId of change.artworks) await refresh(tokenId);
 * }
 */
export async function* watchChanges({
  url,
  after,
  signal,
  fetch = globalThis.fetch,
}: ChangesOptions): AsyncGenerator<GalleryChange, never> {
  const address = `${url.replace(/\/+$/, "")}/v1/changes`;
  for (let last = after; ; ) {
    signal?.throwIfAborted();
    let wait = RETRY;
    try {
      const response = await fetch(address, {
        headers: { accept: "text/event-stream", ...(last !== undefined && { "last-event-id": last }) },
        ...(signal && { signal }),
      });
      if (!response.ok || !response.body) {
        await response.body?.cancel();
        if (response.status < 500 && response.status !== 429) {
          throw new GalleryError(
            "REFUSED",
            `The gallery at ${url} answered ${response.status} to a watch of its changes.`,
          );
        }
        wait = Math.max(RETRY, 1_000 * (Number(response.headers.get("retry-after")) || 0));
      } else {
        for await (const { id, event, data } of readEvents(response.body)) {
          last = id ?? last;
          const change = changeOf(last, event, data);
          if (change) yield change;
        }
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof GalleryError) throw error;
      // The connection broke: come again.
    }
    await sleep(wait, signal);
  }
}

interface ServerEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string | undefined;
}

/** Events of a stream, as the HTML standard reads them, with `\n` or `\r\n` at the ends of lines. */
async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const events = text.split(/\r?\n\r?\n/);
      text = events.pop() ?? "";
      if (text.length > MAX_EVENT) throw new GalleryError("ANSWER_INVALID", "The gallery's event has no end.");
      for (const event of events) yield readEvent(event);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function readEvent(text: string): ServerEvent {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, name = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    fields.set(name, name === "data" && fields.has(name) ? `${fields.get(name)}\n${value}` : value);
  }
  return { id: fields.get("id"), event: fields.get("event"), data: fields.get("data") };
}

/** Undefined for events that a later version may add. */
function changeOf(id = "", event: string | undefined, data: string | undefined): GalleryChange | undefined {
  if (data === undefined || (event !== "changes" && event !== "reset")) return undefined;
  let told: Readonly<Record<string, unknown>>;
  try {
    told = JSON.parse(data);
  } catch (cause) {
    throw new GalleryError("ANSWER_INVALID", "The gallery's event is not JSON.", { cause });
  }
  if (event === "reset") return { type: "reset", id, reason: String(told.reason) };
  const ids = kinds.map((kind) => {
    const list = told[kind];
    if (!Array.isArray(list) || !list.every((one) => typeof one === "string")) {
      throw new GalleryError("ANSWER_INVALID", `The gallery's event has no list of ${kind}.`);
    }
    return [kind, list] as const;
  });
  return { type: "changes", id, ...(Object.fromEntries(ids) as Record<(typeof kinds)[number], string[]>) };
}
