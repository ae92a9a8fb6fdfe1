import { createParser, type EventSourceMessage } from "eventsource-parser";
import { sleep } from "../lib/sleep.js";
import { type Job, job } from "../schemas/index.js";
import { CloudError } from "./errors.js";
import { type CloudOptions, send, sendJson } from "./request.js";

/** Options of following a job. */
export interface WatchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds between questions where the stream does not work. Default 1,000. */
  readonly pollInterval?: number;
  /** Milliseconds of silence after which the stream counts as broken. Default 30,000. */
  readonly silence?: number;
}

/** Broken streams in a row, none of which told anything, after which only questions are asked. */
const MAX_EMPTY_STREAMS = 2;
/** Questions in a row without an answer after which watching ends with the error. */
const MAX_UNANSWERED = 30;

/** Returns true if a job will not change any more. */
export function isFinal({ status }: Pick<Job, "status">): boolean {
  return status === "done" || status === "failed" || status === "cancelled";
}

/**
 * Follows a job until it is done, failed or cancelled: by its event stream, which is taken up again when it breaks, or by asking
 * where streams do not get through. Yields the job whenever it has changed; the last one is final.
 *
 * @throws {@link CloudError} when the cloud refuses, or stays unreachable.
 */
export async function* watchJob(
  options: CloudOptions,
  id: string,
  { signal, pollInterval = 1_000, silence = 30_000 }: WatchOptions = {},
): AsyncGenerator<Job, void, undefined> {
  const path = `/v1/jobs/${encodeURIComponent(id)}`;
  let last: Job | undefined;
  let lastEventId: string | undefined;
  let emptyStreams = 0;
  let unanswered = 0;

  for (;;) {
    if (emptyStreams < MAX_EMPTY_STREAMS) {
      let told = false;
      try {
        for await (const event of events(options, `${path}/events`, { lastEventId, silence, signal })) {
          lastEventId = event.id ?? lastEventId;
          const next = jobAfter(last, event);
          if (!next) continue;
          told = true;
          unanswered = 0;
          last = next;
          yield next;
          if (isFinal(next)) return;
        }
      } catch (error) {
        signal?.throwIfAborted();
        if (isVerdict(error)) throw error;
      }
      emptyStreams = told ? 0 : emptyStreams + 1;
    }
    try {
      const next = await sendJson(options, path, job, { signal });
      unanswered = 0;
      if (!last || !sameJob(last, next)) {
        last = next;
        yield next;
      }
      if (isFinal(next)) return;
    } catch (error) {
      signal?.throwIfAborted();
      if (isVerdict(error) || ++unanswered >= MAX_UNANSWERED) throw error;
    }
    await sleep(pollInterval, signal);
  }
}

/** Returns true if asking again is pointless: the cloud understood, and said no. */
function isVerdict(error: unknown): boolean {
  if (!(error instanceof CloudError)) return true;
  if (error.code === "ANSWER_INVALID") return error.status !== undefined && error.status < 300;
  return error.status !== undefined && error.status < 500 && error.status !== 429;
}

function sameJob(a: Job, b: Job): boolean {
  const text = (of: Job) => JSON.stringify(of, (_, value) => (typeof value === "bigint" ? `${value}` : value));
  return text(a) === text(b);
}

const progressSchema = job.shape.progress.def.innerType;

/** The job after an event: events carry the whole job, or, as `progress`, that part of it. */
function jobAfter(last: Job | undefined, { event, data }: EventSourceMessage): Job | undefined {
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    return undefined;
  }
  const whole = job.safeParse(json);
  if (whole.success) return whole.data;
  const progress = event === "progress" ? progressSchema.safeParse(json) : undefined;
  return last && progress?.success ? { ...last, status: "running", progress: progress.data } : undefined;
}

/** The events of one connection. Ends when the stream does, or falls silent. */
async function* events(
  options: CloudOptions,
  path: string,
  {
    lastEventId,
    silence,
    signal,
  }: { lastEventId: string | undefined; silence: number; signal?: AbortSignal | undefined },
): AsyncGenerator<EventSourceMessage, void, undefined> {
  const { response, close } = await send(options, path, {
    headers: { accept: "text/event-stream", ...(lastEventId !== undefined && { "last-event-id": lastEventId }) },
    signal,
  });
  const reader = response.body?.getReader();
  if (!reader || !response.headers.get("content-type")?.startsWith("text/event-stream")) return close();
  const waiting: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => waiting.push(event) });
  const decoder = new TextDecoder();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isSilent = false;
  try {
    for (;;) {
      timer = setTimeout(() => {
        isSilent = true;
        close();
      }, silence);
      const { done, value } = await reader.read();
      clearTimeout(timer);
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* waiting.splice(0);
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (!isSilent) throw new CloudError("UNREACHABLE", "The job's stream broke.", { cause: error });
  } finally {
    clearTimeout(timer);
    close();
  }
}
