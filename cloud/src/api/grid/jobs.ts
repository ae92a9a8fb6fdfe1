import { bytes32Json, job as jobSchema, receiptBundle } from "@gridnft/sdk/schemas";
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { z } from "zod";
import type { Cloud } from "../../cloud.ts";
import { requireReader } from "../../jobs/access.ts";
import { cancelJob } from "../../jobs/cancel.ts";
import { getJob, type JobRow } from "../../jobs/job.ts";
import { reap } from "../../jobs/reaper.ts";
import { ConcurrencyLimit } from "../http/concurrencyLimit.ts";
import { type App, type Env, endpoint } from "../http/endpoint.ts";
import { chosenType } from "../http/requestHeaders.ts";
import type { JobState, JobStreams } from "./jobStreams.ts";
import { bundleJson, jobJson } from "./views.ts";

const jobParams = z.object({ id: z.string().max(64) });
/** Streams that a caller may have open. */
const MAX_STREAMS = 64;

interface Streams {
  readonly limit: ConcurrencyLimit;
  readonly changes: JobStreams;
}

/** Adds `/v1/jobs/:id`, its stream, and `/v1/receipts/:id`. */
export function jobRoutes(app: App, cloud: Cloud, changes: JobStreams): void {
  const { database } = cloud;
  const errors = ["JOB_UNKNOWN", "NOT_YOURS"] as const;
  const streams: Streams = { limit: new ConcurrencyLimit(MAX_STREAMS, "streams"), changes };

  endpoint(
    app,
    {
      method: "get",
      path: "/v1/jobs/{id}",
      summary: "A job; its stream with `Accept: text/event-stream`",
      tag: "jobs",
      session: "optional",
      params: jobParams,
      answers: { 200: { description: "The job", schema: jobSchema } },
      errors,
    },
    async ({ context, params, session }) => {
      let job = await getJob(database, params.id);
      requireReader(job, session);
      if (chosenType(context.req.header("accept"), ["text/event-stream"], "application/json")) {
        return streamJob(context, cloud, job, streams);
      }
      if (job.lease_expires_at && job.lease_expires_at < new Date()) {
        await reap(cloud);
        job = await getJob(database, params.id);
      }
      context.header("cache-control", "no-store");
      return context.json(await jobJson(cloud, database, job));
    },
  );

  endpoint(
    app,
    {
      method: "get",
      path: "/v1/jobs/{id}/events",
      summary: "Server-sent events: `state`, `progress`, then `done` or `failed`",
      tag: "jobs",
      session: "optional",
      params: jobParams,
      answers: { 200: { description: "The stream; each event's data is the job", type: "text/event-stream" } },
      errors,
    },
    async ({ context, params, session }) => {
      const job = await getJob(database, params.id);
      requireReader(job, session);
      return streamJob(context, cloud, job, streams);
    },
  );

  endpoint(
    app,
    {
      method: "delete",
      path: "/v1/jobs/{id}",
      summary: "Cancels a job that no worker has yet",
      tag: "jobs",
      session: "account",
      params: jobParams,
      answers: { 200: { description: "The cancelled job", schema: jobSchema } },
      errors: [...errors, "JOB_STARTED", "JOB_FINISHED"],
    },
    async ({ context, params, session }) => {
      await cancelJob(database, params.id, session);
      return context.json(await jobJson(cloud, database, await getJob(database, params.id)));
    },
  );

  endpoint(
    app,
    {
      method: "get",
      path: "/v1/receipts/{id}",
      summary: "Everything that a mint or a check of one receipt needs",
      tag: "jobs",
      session: "optional",
      params: z.object({ id: bytes32Json }),
      answers: { 200: { description: "The bundle", schema: receiptBundle } },
      errors: ["RECEIPT_UNKNOWN", "NOT_YOURS"],
    },
    async ({ context, params, session }) => context.json(await bundleJson(cloud, params.id, session)),
  );
}

/**
 * Streams a job until it is final. The ids of events are the job's versions. A client that reconnects with Last-Event-ID gets the changes
 * since then; any other client gets the state first.
 */
function streamJob(
  context: Context<Env>,
  { stopping }: Pick<Cloud, "stopping">,
  first: JobRow,
  { limit, changes }: Streams,
): Response {
  // Without a body nobody reads the stream, and nothing tells its end.
  if (context.req.method === "HEAD") {
    return context.body(null, 200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  }
  const release = limit.take(context.get("caller"));
  const last = Number(context.req.header("last-event-id") ?? "0");
  context.header("cache-control", "no-store");
  context.header("x-accel-buffering", "no");
  return streamSSE(context, async (stream) => {
    // A slow reader gets the newest state, not all that there were.
    let newest: JobState | undefined;
    let isTicking = false;
    let wake = (): void => undefined;
    let isOver = stopping.aborted;
    const end = (): void => {
      isOver = true;
      wake();
    };
    const off = changes.on(first.id, {
      state: (state) => {
        newest = state;
        wake();
      },
      tick: () => {
        isTicking = true;
        wake();
      },
      gone: end,
    });
    stream.onAbort(end);
    stopping.addEventListener("abort", end);
    try {
      let sent = Number.isSafeInteger(last) ? last : 0;
      let status: JobRow["status"] | undefined = sent === first.version ? first.status : undefined;
      let isQuiet = false;
      while (!isOver) {
        const state = newest;
        newest = undefined;
        if (state && (state.version !== sent || state.isFinal)) {
          await stream.writeSSE({ event: eventOf(state, status), id: String(state.version), data: state.data });
          ({ version: sent, status } = state);
          isQuiet = false;
          if (state.isFinal) return;
        } else if (isTicking) {
          isTicking = false;
          // It keeps proxies from closing the connection.
          if (isQuiet) await stream.write(": waiting\n\n");
          isQuiet = true;
        }
        if (newest === undefined && !isTicking && !isOver) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      stopping.removeEventListener("abort", end);
      off();
      release();
    }
  });
}

function eventOf({ status, isFinal }: JobState, before: JobRow["status"] | undefined): string {
  if (isFinal) return status === "done" ? "done" : "failed";
  return status === "running" && before === "running" ? "progress" : "state";
}
