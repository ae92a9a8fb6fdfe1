import {
  generateImageRequest,
  generateImageResponse,
  job as jobSchema,
  paymentRequired,
  quoteQuery,
  quote as quoteSchema,
} from "@gridnft/sdk/schemas";
import { z } from "zod";
import type { Cloud } from "../../cloud.ts";
import { ApiError, describeError } from "../../error.ts";
import { submissionOf } from "../../jobs/idempotency.ts";
import { isFinal } from "../../jobs/job.ts";
import { quoteRequest } from "../../jobs/quote.ts";
import { defaultPayment, submitJob } from "../../jobs/submit.ts";
import { jobError, type WatchJob, waitForEnd } from "../../jobs/wait.ts";
import { type App, endpoint } from "../http/endpoint.ts";
import type { RateLimit } from "../http/rateLimit.ts";
import { readIdempotencyKey, waitSecondsOf } from "../http/requestHeaders.ts";
import { jobJson, queuedJson, resultJson } from "./views.ts";

const idempotencyHeader = z.object({
  "idempotency-key": z
    .string()
    .optional()
    .describe('Names the request, e.g. "8e03978e": sent again with the same body, it gets the same job.'),
});

/**
 * Adds `POST /v1/generate-image` and `GET /v1/quote`. Requests that wait do so at `watch`. `checkLanesSoon` asks for an early check of the
 * gateway's lanes.
 */
export function generateRoutes(
  app: App,
  cloud: Cloud,
  watch: WatchJob,
  jobLimit: RateLimit,
  checkLanesSoon: () => void,
): void {
  endpoint(
    app,
    {
      method: "get",
      path: "/v1/quote",
      summary: "A price, and the orders to sign for it",
      tag: "generate",
      query: quoteQuery,
      readQuery: parseNumbers,
      answers: { 200: { description: "The quote", schema: quoteSchema } },
      errors: ["MODEL_UNKNOWN", "MODEL_NOT_LICENSED", "NO_WORKER", "CHAIN_UNREACHABLE"],
    },
    async ({ context, query }) => {
      const { requester, payer, prompt = "", ...parameters } = query;
      const parties = { requester, payer, caller: context.get("caller") };
      return context.json(await quoteRequest(cloud, { ...parameters, prompt }, parties));
    },
  );

  endpoint(
    app,
    {
      method: "post",
      path: "/v1/generate-image",
      summary: "Makes pictures from a prompt",
      tag: "generate",
      description:
        "Makes pictures from a prompt. A session is optional. With one, requests of the same Idempotency-Key and body make one job.",
      session: "optional",
      headers: idempotencyHeader,
      body: generateImageRequest,
      answers: {
        200: { description: "The pictures, with the worker's receipts", schema: generateImageResponse },
        202: { description: "The job; see Location", schema: jobSchema },
        402: { description: "What to sign: `PAYMENT_REQUIRED`", schema: paymentRequired },
      },
      errors: [
        "MODEL_UNKNOWN",
        "MODEL_NOT_LICENSED",
        "NOT_YOURS",
        "ORDER_INVALID",
        "ORDER_EXPIRED",
        "SIGNATURE_INVALID",
        "ORDER_REPLAYED",
        "KEY_REUSED",
        "JOB_FAILED",
        "NO_WORKER",
        "CHAIN_UNREACHABLE",
      ],
    },
    async ({ context, body, session }) => {
      jobLimit.take(context.get("caller"));
      const key = readIdempotencyKey(context.req.header("idempotency-key"));
      const payment = body.payment ?? defaultPayment(cloud, session);
      if (!payment) {
        const parties = { requester: body.requester ?? session?.account, caller: context.get("caller") };
        const quote = await quoteRequest(cloud, body, parties);
        const message = cloud.gateway
          ? "Sign one of the quote's orders and send it with the quote's parameters, or sign in and let the gateway pay."
          : "Sign one of the quote's orders and send it with the quote's parameters.";
        return context.json({ error: { code: "PAYMENT_REQUIRED", message }, quote }, 402);
      }
      // Keys belong to sessions. A signed order needs none, because its nonce makes one job.
      const submission =
        key !== undefined && session ? submissionOf(session.account, key, await context.req.json()) : undefined;
      const { job: queued, isNew } = await submitJob(cloud, {
        parameters: body,
        requester: body.requester,
        payment,
        session,
        address: context.get("address"),
        submission,
      });
      const { id } = queued;
      context.set("job", id);
      if (payment.rail === "gateway") checkLanesSoon();

      const location = `/v1/jobs/${id}`;
      const pending = { location, "retry-after": "2" };
      try {
        const seconds = waitSecondsOf(context.req.header("prefer"), cloud.settings.waitSeconds);
        const job = await waitForEnd(cloud, watch, id, seconds, context.req.raw.signal);
        if (!isFinal(job)) return context.json(await jobJson(cloud, cloud.database, job), 202, pending);
        // A request that does not wait gets the job, which says how it ended.
        if (!isNew && seconds === 0) return context.json(await jobJson(cloud, cloud.database, job), 202, { location });
        if (job.status === "done") return context.json(await resultJson(cloud, cloud.database, job), 200, { location });
        throw jobError(job, { location });
      } catch (error) {
        if (!(error instanceof ApiError && error.code === "DATABASE_UNAVAILABLE")) throw error;
        // The job is stored. A client that repeats the request would make, and pay, another one.
        cloud.log.warn({ job: id, error: describeError(error) }, "job queued, but the database is away");
        return context.json(queuedJson(queued), 202, pending);
      }
    },
  );
}

/** Returns a query with its numbers parsed. Text that is no number stays, and the schema refuses it. */
function parseNumbers(query: Record<string, string>): unknown {
  const numeric = ["steps", "guidance_scale", "width", "height", "n"];
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) =>
      numeric.includes(name) && /^-?\d+(\.\d+)?$/.test(value) ? [name, Number(value)] : [name, value],
    ),
  );
}
