import {
  generateImageRequest,
  generateImageResponse,
  job as jobSchema,
  paymentRequired,
  quoteQuery,
  quote as quoteSchema,
} from "@gridnft/sdk/wire";
import { type Address, formatEther, isAddressEqual } from "viem";
import { z } from "zod";
import type { SessionRecord } from "../auth/sessions.ts";
import type { Cloud } from "../cloud.ts";
import type { GatewayTerms } from "../environment.ts";
import { CloudError, describeError } from "../error.ts";
import { type App, endpoint } from "../http/endpoint.ts";
import type { RateLimit } from "../http/rates.ts";
import { checkOrders } from "../payment/orders.ts";
import { defaultsOf, type Wish, wishOf } from "../payment/parameters.ts";
import { noWorker, quoteFor, rankedOffers } from "../payment/quote.ts";
import { queueOnce, readIdempotencyKey, submissionOf } from "../queue/idempotency.ts";
import { getJob, isFinal, type JobRow, queueDirectJob, queueGatewayJob, type Submission } from "../queue/jobs.ts";
import { liveOffers } from "../queue/offers.ts";
import { jobJson, queuedJson, resultJson } from "./views.ts";

type GenerateBody = z.output<typeof generateImageRequest>;

const idempotencyHeader = z.object({
  "idempotency-key": z
    .string()
    .optional()
    .describe('Names the request, e.g. "8e03978e": sent again with the same body, it gets the same job.'),
});

/** `POST /v1/generate-image` and `GET /v1/quote`. `tendLanes` asks for a look at the gateway's lanes soon. */
export function generateRoutes(app: App, cloud: Cloud, jobLimit: RateLimit, tendLanes: () => void): void {
  endpoint(
    app,
    {
      method: "get",
      path: "/v1/quote",
      summary: "A price, and the orders to sign for it",
      tag: "generate",
      query: quoteQuery,
      readQuery: withNumbers,
      answers: { 200: { description: "The quote", schema: quoteSchema } },
      errors: ["MODEL_UNKNOWN", "MODEL_NOT_LICENSED", "NO_WORKER", "CHAIN_UNREACHABLE"],
    },
    async ({ context, query }) => {
      const { requester, payer, prompt = "", ...parameters } = query;
      const wish = await readWish(cloud, { ...parameters, prompt });
      if (requester) await requireAccess(cloud, wish, requester);
      return context.json(await quoteFor(cloud, wish, { requester, payer, caller: context.get("caller") }));
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
      const payment = body.payment ?? (session && cloud.gateway ? { rail: "gateway" as const } : undefined);
      if (!payment) {
        const wish = await readWish(cloud, body);
        const requester = body.requester ?? session?.account;
        if (requester) await requireAccess(cloud, wish, requester);
        const quote = await quoteFor(cloud, wish, { requester, caller: context.get("caller") });
        const message = cloud.gateway
          ? "Sign one of the quote's orders and send it with the quote's parameters, or sign in and let the gateway pay."
          : "Sign one of the quote's orders and send it with the quote's parameters.";
        return context.json({ error: { code: "PAYMENT_REQUIRED", message }, quote }, 402);
      }
      // Without a session nobody has keys of their own. A signed order is one by itself: its nonce makes one job.
      const submission =
        key !== undefined && session ? submissionOf(session.account, key, await context.req.json()) : undefined;
      const { job: queued, isNew } = await queueOnce(cloud.database, submission, async () => {
        const wish = await readWish(cloud, body);
        return payment.rail === "direct"
          ? orderDirect(cloud, wish, payment.orders, { body, session, submission })
          : orderFromGateway(cloud, wish, { body, session, submission, address: context.get("address") });
      });
      const { id } = queued;
      context.set("job", id);
      if (isNew) {
        cloud.metrics.jobPosted(payment.rail);
        cloud.log.info({ job: id, rail: payment.rail, model: queued.model_id }, "job queued");
      }
      if (payment.rail === "gateway") tendLanes();

      const location = `/v1/jobs/${id}`;
      const pending = { location, "retry-after": "2" };
      try {
        const seconds = waitSeconds(cloud, context.req.header("prefer"));
        const job = await waitForEnd(cloud, id, seconds, context.req.raw.signal);
        if (!isFinal(job)) return context.json(await jobJson(cloud, cloud.database, job), 202, pending);
        // A request that does not wait gets the job, which says how it ended.
        if (!isNew && seconds === 0) return context.json(await jobJson(cloud, cloud.database, job), 202, { location });
        if (job.status === "done") return context.json(await resultJson(cloud, cloud.database, job), 200, { location });
        const code = job.error_code === "NO_WORKER" ? "NO_WORKER" : "JOB_FAILED";
        throw new CloudError(code, job.error_message ?? "The job was cancelled.", { headers: { location } });
      } catch (error) {
        if (!(error instanceof CloudError && error.code === "DATABASE_UNAVAILABLE")) throw error;
        // The job is there. Whoever is told to ask again would make, and pay, another one.
        cloud.log.warn({ job: id, error: describeError(error) }, "job queued, but the database is away");
        return context.json(queuedJson(queued), 202, pending);
      }
    },
  );
}

async function readWish(cloud: Cloud, body: Omit<GenerateBody, "payment" | "requester">): Promise<Wish> {
  const model = await cloud.chain.modelNamed(body.model);
  return wishOf(body, model, defaultsOf(model, await liveOffers(cloud.database, model.modelId)));
}

/** @throws {@link CloudError} `MODEL_NOT_LICENSED`. */
async function requireAccess({ chain }: Cloud, { model }: Wish, account: Address): Promise<void> {
  if (model.access === "open" || (await chain.canUse(model.modelId, account))) return;
  const remedy =
    model.access === "licensed" ? "Buy a license for it from AIGC, or own it." : "Its owner keeps it private.";
  throw new CloudError("MODEL_NOT_LICENSED", `${account} may not use the model "${model.name}". ${remedy}`, {
    field: "model",
  });
}

/** Request for a job, and its sender. */
interface Sent {
  readonly body: GenerateBody;
  readonly session: SessionRecord | undefined;
  readonly submission: Submission | undefined;
}

async function orderDirect(
  cloud: Cloud,
  wish: Wish,
  orders: Extract<GenerateBody["payment"], { rail: "direct" }>["orders"],
  { body, session, submission }: Sent,
): Promise<JobRow> {
  const checked = await checkOrders(cloud, wish, orders);
  if (body.requester && !isAddressEqual(body.requester, checked.requester)) {
    throw new CloudError("ORDER_INVALID", "requester is not the orders' requester.", { field: "requester" });
  }
  // A licensed model is for its licensee: naming one as requester proves nothing, so it must have signed something.
  const isProven = checked.provesRequester || session?.account === checked.requester.toLowerCase();
  if (wish.model.access !== "open" && !isProven) {
    throw new CloudError(
      "MODEL_NOT_LICENSED",
      `The model "${wish.model.name}" needs its licensee's word: sign in with ${checked.requester}, or let it sign the order itself.`,
      { field: "payment" },
    );
  }
  await requireAccess(cloud, wish, checked.requester);
  return queueDirectJob(cloud, wish, checked, submission);
}

async function orderFromGateway(
  cloud: Cloud,
  wish: Wish,
  { body, session, submission, address }: Sent & { readonly address: string },
): Promise<JobRow> {
  const { gateway, database } = cloud;
  if (!gateway) {
    throw new CloudError("PAYMENT_REQUIRED", "There is no gateway here that pays. Ask for a quote and sign an order.", {
      field: "payment.rail",
    });
  }
  if (!session) {
    throw new CloudError("SESSION_INVALID", "The gateway pays for signed-in accounts only. Sign in first.");
  }
  if (body.requester && !isAddressEqual(body.requester, session.account)) {
    throw new CloudError(
      "NOT_YOURS",
      "The gateway pays for the account that is signed in, not for another requester.",
      {
        field: "requester",
      },
    );
  }
  await requirePayee(cloud, gateway, session.account);
  await requireAccess(cloud, wish, session.account);
  const offers = await liveOffers(database, wish.model.modelId);
  const affordable = rankedOffers(wish, offers).filter(({ rate }) => rate <= gateway.maxRate);
  if (affordable.length === 0) throw noWorker(wish, offers);
  return queueGatewayJob(cloud, wish, { requester: session.account, address, gateway, submission });
}

/** @throws {@link CloudError} `PAYMENT_REQUIRED` for an account that the gateway does not pay for. */
async function requirePayee({ chain }: Cloud, { payees }: GatewayTerms, account: Address): Promise<void> {
  if (payees.kind === "everybody") return;
  if (payees.kind === "listed") {
    if (payees.accounts.has(account.toLowerCase())) return;
    throw new CloudError(
      "PAYMENT_REQUIRED",
      `The gateway pays for accounts of its list only, and ${account} is not one. Ask for a quote and sign an order.`,
    );
  }
  if ((await chain.aipgOf(account)) >= payees.least) return;
  throw new CloudError(
    "PAYMENT_REQUIRED",
    `The gateway pays for accounts that hold at least ${formatEther(payees.least)} AIPG. Ask for a quote and sign an order.`,
  );
}

/** Waits until a job is final, some seconds are over, the process is to stop, or the client is gone. */
export async function waitForEnd(cloud: Cloud, id: string, seconds: number, client: AbortSignal): Promise<JobRow> {
  const { database, notices, stopping } = cloud;
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    // Listening begins before looking: what happens in between is not missed.
    const over = new AbortController();
    const changed = notices.next(
      "cloud_job",
      id,
      Math.min(5_000, Math.max(0, end - Date.now())),
      stopping,
      client,
      over.signal,
    );
    const job = await getJob(database, id);
    if (isFinal(job) || Date.now() >= end || stopping.aborted || client.aborted) {
      over.abort();
      return job;
    }
    await changed;
  }
}

/** Seconds to wait, by RFC 7240: `respond-async` is 0, `wait=10` is 10, at most the configured limit. */
function waitSeconds({ settings }: Cloud, prefer: string | undefined): number {
  const preferences = (prefer ?? "")
    .toLowerCase()
    .split(",")
    .map((part) => part.trim());
  if (preferences.includes("respond-async")) return 0;
  const wait = preferences.map((part) => /^wait=(\d{1,6})$/.exec(part)?.[1]).find(Boolean);
  return wait === undefined ? settings.waitSeconds : Math.min(Number(wait), settings.waitSeconds);
}

/** A query's numbers are text; the schema wants numbers, and refuses what is none. */
function withNumbers(query: Record<string, string>): unknown {
  const numeric = ["steps", "guidance_scale", "width", "height", "n"];
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) =>
      numeric.includes(name) && /^-?\d+(\.\d+)?$/.test(value) ? [name, Number(value)] : [name, value],
    ),
  );
}
