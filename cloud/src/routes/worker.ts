import { SignerRole } from "@gridnft/sdk";
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
} from "@gridnft/sdk/wire";
import type { Address, Hex } from "viem";
import { z } from "zod";
import type { Cloud } from "../cloud.ts";
import { CloudError } from "../error.ts";
import { readBody, uploading } from "../http/bodies.ts";
import { type App, endpoint, type WorkerSession } from "../http/endpoint.ts";
import { MOST_UPLOADS, Slots } from "../http/slots.ts";
import { counterSign, vouchersFor } from "../payment/vouchers.ts";
import { claimJob, type WorkerJobJson } from "../queue/claim.ts";
import { completeJob } from "../queue/complete.ts";
import { requestOf } from "../queue/jobs.ts";
import { findLeased, heartbeat, type LeaseKey, releaseJob, strike } from "../queue/lease.ts";
import { modelsOf, putOffer, type SeenTimes, seeWorker } from "../queue/offers.ts";
import { MOST_BYTES, stageImage } from "../queue/staging.ts";
import { WaitingClaims } from "../queue/waiting.ts";
import { mostBytesOf } from "../storage/png.ts";

const jobParams = z.object({ id: z.string().max(64) });
const leaseToken = z.string().max(64);
/** Claims that a worker may have waiting: as many as it may have jobs. */
const MOST_CLAIMS = 64;

/** `/v1/worker/...` */
export function workerRoutes(app: App, cloud: Cloud, tendLanes: () => void): void {
  const { database, chain, notices, stopping } = cloud;
  const seen: SeenTimes = new Map();
  const waiting = new WaitingClaims(notices);
  const claims = new Slots(MOST_CLAIMS, "claims");
  const uploads = new Slots(MOST_UPLOADS, "uploads");

  /** Each call of a worker counts as a sign of life, and only while its key is live and its bond is there. */
  const greet = async (session: WorkerSession): Promise<void> => {
    if (!(await chain.isSigner(session.worker, SignerRole.WORKER_SIGNER, session.account))) {
      throw new CloudError("SESSION_INVALID", "This key does not sign for the worker any more.");
    }
    // Without a bond its offer would keep jobs from others, and money in its lane, for nothing that it risks. A chain that does not answer
    // takes no worker's life.
    const isBonded = await chain.isBonded(session.worker).catch(() => true);
    if (isBonded) await seeWorker(database, seen, session.worker);
  };
  const requireBond = async ({ worker }: WorkerSession): Promise<void> => {
    if (await chain.isBonded(worker)) return;
    throw new CloudError(
      "WORKER_NOT_BONDED",
      "The worker has no sufficient bond in WorkerRegistry, so nothing it makes could be anchored and minted.",
    );
  };
  const waitForJob = async (
    worker: Address,
    seconds: number,
    client: AbortSignal,
  ): Promise<WorkerJobJson | undefined> => {
    const end = Date.now() + seconds * 1_000;
    const claim = async (): Promise<WorkerJobJson | undefined> => {
      const claimed = await claimJob(cloud, worker);
      if (!claimed || !client.aborted) return claimed;
      // Nobody would hear of it until its lease ran out.
      const message = "The worker hung up before it was told.";
      await releaseJob(
        cloud,
        { worker, jobId: claimed.id, token: claimed.lease.token },
        { reason: "stopping", message },
      );
      return undefined;
    };
    let job = await claim();
    if (job || seconds === 0) return job;
    const models = await modelsOf(database, worker);
    while (!client.aborted && Date.now() < end) {
      const over = new AbortController();
      // Waiting begins before looking: what happens in between is not missed.
      const woken = waiting.next(worker, models, end - Date.now(), stopping, client, over.signal);
      try {
        job = await claim();
        if (job) return job;
        await woken;
      } finally {
        over.abort();
      }
      if (stopping.aborted) throw new CloudError("STOPPING", "This process is stopping. Ask again.");
      await seeWorker(database, seen, worker);
    }
    return undefined;
  };
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
      await greet(session);
      await requireBond(session);
      for (const [i, offered] of body.models.entries()) {
        requireStep(offered, `models.${i}.defaults`);
        const model = await chain.modelNamed(offered.model_id.toString());
        if (model.modelId === offered.model_id && model.weightsHash.toLowerCase() === offered.model_hash) continue;
        throw new CloudError(
          "FIELD_INVALID",
          `models.${i}.model_hash is not AIGC's weights hash, ${model.weightsHash}.`,
          {
            field: `models.${i}.model_hash`,
          },
        );
      }
      if (new Set(body.models.map(({ model_id }) => model_id)).size !== body.models.length) {
        throw new CloudError("FIELD_INVALID", "models names a model twice.", { field: "models" });
      }
      await putOffer(database, session.worker, body);
      tendLanes();
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
      await greet(session);
      await requireBond(session);
      const release = claims.take(session.worker);
      try {
        const job = await waitForJob(session.worker, body.wait_seconds, context.req.raw.signal);
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
      await greet(session);
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
      await greet(session);
      const key = leaseOf(session, params.id, query.lease);
      return uploading(uploads, session, context.req, async () => {
        // A file is held in memory for whoever has the job, and for nobody else.
        const size = requestOf(await findLeased(database, key));
        const most = Math.min(MOST_BYTES, mostBytesOf(size));
        const file = await readBody(context.req, most, `A picture of ${size.width} x ${size.height} pixels`);
        return context.json(await struckWhenWrong(cloud, key, () => stageImage(cloud, key, params.index, file)));
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
      await greet(session);
      const key = leaseOf(session, params.id, body.lease);
      const { engine, receipts, closing_signature: closingSignature, known_voucher: knownVoucher } = body;
      const { prompt_cut: promptCut, unknown_words: unknownWords } = body;
      const delivery = { engine, receipts, closingSignature, knownVoucher, promptCut, unknownWords };
      const { answer, laneLeft } = await struckWhenWrong(cloud, key, () => completeJob(cloud, key, delivery));
      cloud.metrics.jobDone();
      cloud.log.info({ job: params.id, worker: session.worker }, "job done");
      // Half empty lanes are filled; the others need no look.
      if (laneLeft !== undefined && cloud.gateway && laneLeft * 2n < cloud.gateway.laneFunding) tendLanes();
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
      await greet(session);
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
      await greet(session);
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
      await greet(session);
      await counterSign(cloud, session.worker, body, (signer) =>
        chain.isSigner(session.worker, SignerRole.WORKER_SIGNER, signer),
      );
      return context.body(null, 204);
    },
  );
}

/** @throws {@link CloudError} `FIELD_INVALID` for defaults that the worker itself does not take. */
function requireStep(
  { side_step: step, defaults }: z.output<typeof workerOffer>["models"][number],
  name: string,
): void {
  for (const side of ["width", "height"] as const) {
    if (!defaults || defaults[side] % step === 0) continue;
    throw new CloudError("FIELD_INVALID", `${name}.${side} is not a multiple of side_step, ${step}.`, {
      field: `${name}.${side}`,
    });
  }
}

/** Runs a delivery; when what is delivered is wrong, the job goes to somebody else. */
async function struckWhenWrong<Answer>(cloud: Cloud, key: LeaseKey, deliver: () => Promise<Answer>): Promise<Answer> {
  try {
    return await deliver();
  } catch (error) {
    const wrong = ["IMAGE_INVALID", "IMAGE_MISMATCH", "RECEIPT_INVALID"];
    if (error instanceof CloudError && wrong.includes(error.code)) await strike(cloud, key, error);
    throw error;
  }
}
