import {
  claimRequest,
  completeAnswer,
  completeRequest,
  counterSignature,
  heartbeatAnswer,
  heartbeatRequest,
  releaseRequest,
  uploadAnswer,
  voucherList,
  voucherQuery,
  workerJob,
  workerOffer,
} from "@gridnft/sdk/schemas";
import type { Hex } from "viem";
import { z } from "zod";
import type { WorkerSession } from "../../auth/sessions.ts";
import type { Cloud } from "../../cloud.ts";
import { maxFileSize } from "../../files/png.ts";
import { completeJob } from "../../jobs/complete.ts";
import { requestOf } from "../../jobs/job.ts";
import { findLeased, heartbeat, type LeaseKey, penalizeWhenWrong, releaseJob } from "../../jobs/lease.ts";
import { putOffer, requireValidOffer } from "../../jobs/offers.ts";
import { MAX_FILE_BYTES, stageImage } from "../../jobs/staging.ts";
import { waitForJob } from "../../jobs/waitForJob.ts";
import { WaitingClaims } from "../../jobs/waitingClaims.ts";
import { type LastSeenTimes, requireBond, touchWorker } from "../../jobs/workers.ts";
import { counterSign, vouchersFor } from "../../payment/vouchers.ts";
import { readBody, withUploadLimit } from "../http/bodies.ts";
import { ConcurrencyLimit, MAX_UPLOADS } from "../http/concurrencyLimit.ts";
import { type App, endpoint } from "../http/endpoint.ts";

const jobParams = z.object({ id: z.string().max(64) });
const leaseToken = z.string().max(64);
/** Claims that a worker may have waiting, as many as the jobs that it may have. */
const MAX_CLAIMS = 64;

/** Adds `/v1/worker/...`. */
export function workerRoutes(app: App, cloud: Cloud, checkLanesSoon: () => void): void {
  const { database } = cloud;
  const lastSeen: LastSeenTimes = new Map();
  const waiting = new WaitingClaims(cloud.notifications);
  const claims = new ConcurrencyLimit(MAX_CLAIMS, "claims");
  const uploads = new ConcurrencyLimit(MAX_UPLOADS, "uploads");

  const touch = (session: WorkerSession): Promise<void> => touchWorker(cloud, lastSeen, session);
  const leaseOf = ({ worker }: WorkerSession, jobId: string, token: string): LeaseKey => ({ worker, jobId, token });

  endpoint(
    app,
    {
      method: "put",
      path: "/v1/worker/offer",
      summary: "Says what the worker serves",
      tag: "worker",
      session: "worker",
      body: workerOffer,
      answers: { 204: { description: "Stored" } },
      errors: ["WORKER_NOT_BONDED", "MODEL_UNKNOWN", "CHAIN_UNREACHABLE"],
    },
    async ({ context, body, session }) => {
      await touch(session);
      await requireBond(cloud, session.worker);
      await requireValidOffer(cloud, body);
      await putOffer(database, session.worker, body);
      checkLanesSoon();
      return context.body(null, 204);
    },
  );

  endpoint(
    app,
    {
      method: "post",
      path: "/v1/worker/claim",
      summary: "Takes the next job, waiting for one",
      tag: "worker",
      session: "worker",
      body: claimRequest,
      answers: { 200: { description: "A job", schema: workerJob }, 204: { description: "None in that time" } },
      errors: ["WORKER_NOT_BONDED"],
    },
    async ({ context, body, session }) => {
      await touch(session);
      await requireBond(cloud, session.worker);
      const release = claims.take(session.worker);
      try {
        const job = await waitForJob(
          cloud,
          { waiting, lastSeen },
          { worker: session.worker, seconds: body.wait_seconds, client: context.req.raw.signal },
        );
        context.set("job", job?.id);
        return job ? context.json(job) : context.body(null, 204);
      } finally {
        release();
      }
    },
  );

  endpoint(
    app,
    {
      method: "post",
      path: "/v1/worker/jobs/{id}/heartbeat",
      summary: "Keeps the lease and reports progress",
      tag: "worker",
      session: "worker",
      params: jobParams,
      body: heartbeatRequest,
      answers: { 200: { description: "The lease's new end", schema: heartbeatAnswer } },
      errors: ["LEASE_LOST"],
    },
    async ({ context, params, body, session }) => {
      await touch(session);
      const expires = await heartbeat(cloud, leaseOf(session, params.id, body.lease), body.progress);
      return context.json({ expires_at: Math.floor(expires.getTime() / 1_000), cancelled: false });
    },
  );

  endpoint(
    app,
    {
      method: "put",
      path: "/v1/worker/jobs/{id}/images/{index}",
      summary: "Uploads a picture under the lease",
      tag: "worker",
      session: "worker",
      params: jobParams.extend({
        index: z
          .string()
          .regex(/^\d{1,3}$/, "is not a whole number")
          .transform(Number),
      }),
      query: z.object({ lease: leaseToken }),
      file: "image/png",
      answers: { 200: { description: "What the bytes hash to", schema: uploadAnswer } },
      errors: [
        "LEASE_LOST",
        "BODY_INCOMPLETE",
        "BODY_TOO_LARGE",
        "IMAGE_INVALID",
        "STORAGE_FULL",
        "STORAGE_UNAVAILABLE",
      ],
    },
    async ({ context, params, query, session }) => {
      await touch(session);
      const key = leaseOf(session, params.id, query.lease);
      return withUploadLimit(uploads, session, context.req, async () => {
        // A file is held in memory only for the worker that has the job.
        const size = requestOf(await findLeased(database, key));
        const most = Math.min(MAX_FILE_BYTES, maxFileSize(size));
        const file = await readBody(context.req, most, `A picture of ${size.width} x ${size.height} pixels`);
        return context.json(await penalizeWhenWrong(cloud, key, () => stageImage(cloud, key, params.index, file)));
      });
    },
  );

  endpoint(
    app,
    {
      method: "post",
      path: "/v1/worker/jobs/{id}/complete",
      summary:
        "Delivers the receipts, all of them or those that the order is closed with; from here on nothing can be uploaded",
      tag: "worker",
      session: "worker",
      params: jobParams,
      body: completeRequest,
      answers: { 200: { description: "Accepted; on the lane rail with the voucher", schema: completeAnswer } },
      errors: ["LEASE_LOST", "JOB_FINISHED", "IMAGE_MISMATCH", "IMAGE_UNAVAILABLE", "RECEIPT_INVALID"],
    },
    async ({ context, params, body, session }) => {
      await touch(session);
      const key = leaseOf(session, params.id, body.lease);
      const { answer, laneLeft } = await penalizeWhenWrong(cloud, key, () => completeJob(cloud, key, body));
      cloud.metrics.jobDone();
      cloud.log.info({ job: params.id, worker: session.worker }, "job done");
      // Half empty lanes are filled; the others need no look.
      if (laneLeft !== undefined && cloud.gateway && laneLeft * 2n < cloud.gateway.laneFunding) checkLanesSoon();
      return context.json(answer);
    },
  );

  endpoint(
    app,
    {
      method: "post",
      path: "/v1/worker/jobs/{id}/release",
      summary: "Gives the job back",
      tag: "worker",
      session: "worker",
      params: jobParams,
      body: releaseRequest,
      answers: { 204: { description: "It goes to another worker" } },
      errors: ["LEASE_LOST"],
    },
    async ({ context, params, body, session }) => {
      await touch(session);
      await releaseJob(cloud, leaseOf(session, params.id, body.lease), body);
      return context.body(null, 204);
    },
  );

  endpoint(
    app,
    {
      method: "get",
      path: "/v1/worker/vouchers",
      summary: "The newest voucher of each lane to the worker",
      tag: "worker",
      session: "worker",
      query: voucherQuery,
      answers: { 200: { description: "The vouchers", schema: voucherList } },
    },
    async ({ context, query, session }) => {
      await touch(session);
      const known = query.known?.split(",") as Hex[] | undefined;
      return context.json({ vouchers: await vouchersFor(database, session.worker, known ?? []) });
    },
  );

  endpoint(
    app,
    {
      method: "post",
      path: "/v1/worker/vouchers",
      summary: "Counter-signs a voucher, so that anybody can collect it",
      tag: "worker",
      session: "worker",
      body: counterSignature,
      answers: { 204: { description: "Stored" } },
      errors: ["VOUCHER_INVALID", "SIGNATURE_INVALID"],
    },
    async ({ context, body, session }) => {
      await touch(session);
      await counterSign(cloud, session.worker, body);
      return context.body(null, 204);
    },
  );
}
