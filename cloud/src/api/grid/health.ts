import { z } from "zod";
import type { Cloud } from "../../cloud.ts";
import { countsOf } from "../../jobs/counts.ts";
import { type App, endpoint, tags } from "../http/endpoint.ts";

/** Version of this package, shown by `/health` and `/openapi.json`. */
export const VERSION = "0.1.0";

/** Body of `GET /health`. */
export const health = z.object({
  status: z.enum(["ok", "degraded", "stopping"]),
  version: z.string(),
  chain: z.object({
    id: z.int(),
    /** Number of the newest block known. */
    head: z.int(),
    /** Seconds since this process saw it. Local chains mine on demand, so there it can be long. */
    head_age: z.int(),
    head_timestamp: z.int(),
    reachable: z.boolean(),
  }),
  database: z.object({ reachable: z.boolean() }),
  /** Live workers. */
  workers: z.int(),
  jobs: z.object({ queued: z.int(), running: z.int() }),
  /** Gateway account and its open lanes, if the cloud pays for signed-in accounts. */
  gateway: z.object({ account: z.string(), lanes: z.int() }).optional(),
});

/** Adds `GET /health`, `GET /metrics` and `GET /openapi.json`. */
export function healthRoutes(app: App, cloud: Cloud): void {
  endpoint(
    app,
    {
      method: "get",
      path: "/health",
      summary: "How this process is; 503 when it can't work",
      tag: "service",
      answers: {
        200: { description: "It works", schema: health },
        503: { description: "It does not", schema: health },
      },
    },
    async ({ context }) => {
      const { chain, gateway, stopping } = cloud;
      const [reached, counts] = await Promise.all([
        chain.refresh().then(
          () => true,
          () => false,
        ),
        countsOf(cloud),
      ]);
      const head = chain.head();
      const works = reached && counts !== undefined && !stopping.aborted;
      context.header("cache-control", "no-store");
      return context.json(
        {
          status: stopping.aborted ? "stopping" : works ? "ok" : "degraded",
          version: VERSION,
          chain: {
            id: chain.domain.chainId,
            head: Number(head.number),
            head_age: Math.floor((Date.now() - head.seenAt) / 1_000),
            head_timestamp: Number(head.timestamp),
            reachable: reached,
          },
          database: { reachable: counts !== undefined },
          workers: counts?.workers ?? 0,
          jobs: { queued: counts?.queued ?? 0, running: counts?.running ?? 0 },
          ...(gateway && { gateway: { account: gateway.account, lanes: counts?.lanes ?? 0 } }),
        } satisfies z.input<typeof health>,
        works ? 200 : 503,
      );
    },
  );

  endpoint(
    app,
    {
      method: "get",
      path: "/metrics",
      summary: "Metrics of this process, for Prometheus",
      tag: "service",
      answers: { 200: { description: "The metrics", type: "text/plain" } },
    },
    async ({ context }) => {
      const text = await cloud.metrics.text(await countsOf(cloud));
      context.header("cache-control", "no-store");
      return context.body(text, 200, { "content-type": cloud.metrics.contentType });
    },
  );

  app.openAPIRegistry.registerComponent("securitySchemes", "session", { type: "http", scheme: "bearer" });
  let document: unknown;
  app.get("/openapi.json", (context) => {
    context.header("cache-control", "public, max-age=3600");
    document ??= app.getOpenAPI31Document({
      openapi: "3.1.0",
      info: {
        title: "AIPG Grid AI Cloud API",
        version: VERSION,
        description:
          "Pictures by GPU workers, paid through signed receipts. Errors are `{error: {code, message, field?}}`.",
        contact: { name: "GridNFT" },
        license: { name: "MIT", url: "https://opensource.org/license/mit" },
      },
      tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
      servers: [{ url: cloud.publicUrl }],
    });
    return context.json(document as object);
  });
}
