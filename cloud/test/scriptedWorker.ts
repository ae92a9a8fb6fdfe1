/** A worker that speaks the protocol, whose every step a test can replace by a wrong one. */
import type { Hex, PrivateKeyAccount } from "viem";
import {
  engineHash,
  type JobReceipt,
  jobReceipt,
  type MessageJson,
  messageFromJson,
  messageToJson,
  orderClosing,
  receiptPrice,
  seedAt,
  voucherDigest,
} from "../../sdk/src/index.ts";
import { signMessage } from "../../test/fixtures/seed.ts";
import type { RunningCloud } from "../src/start.ts";
import {
  type Answer,
  call,
  LICENSED_HASH,
  OPEN_HASH,
  png,
  RATE,
  signIn,
  type TestGrid,
  type WorkerIdentity,
} from "./grid.ts";

export const ENGINE = "scripted 1.0";

/** A job as it comes over the wire. */
export interface JobJson {
  readonly id: string;
  readonly lease: { readonly token: string; readonly expires_at: number };
  readonly request: MessageJson<"GenerationRequest">;
  readonly order: MessageJson<"JobOrder">;
  readonly order_signature?: Hex;
  readonly lane?: MessageJson<"LaneConfig">;
  readonly price: string;
}

/** A voucher as it comes over the wire. */
export interface VoucherJson {
  readonly lane: MessageJson<"LaneConfig">;
  readonly voucher: MessageJson<"Voucher">;
  readonly payer_signature: Hex;
  readonly after?: Hex;
  readonly receipt_ids: Hex[];
}

/** What the cloud said an upload hashes to. */
export interface UploadJson {
  readonly image_hash: Hex;
  readonly cid_digest: Hex;
  readonly ipfs_hash: string;
}

/** A signed-in worker with its offer made. */
export interface ScriptedWorker {
  readonly identity: WorkerIdentity;
  readonly token: string;
  claim(seconds?: number): Promise<JobJson | undefined>;
  heartbeat(job: JobJson, progress?: { image: number; step: number; steps: number }): Promise<Answer>;
  upload(job: JobJson, index: number, file: Uint8Array): Promise<Answer<UploadJson>>;
  receipt(job: JobJson, index: number, upload: UploadJson, changes?: Partial<JobReceipt>): JobReceipt;
  complete(
    job: JobJson,
    receipts: readonly JobReceipt[],
    engine?: string,
    closing?: Hex,
    by?: PrivateKeyAccount,
    known?: Hex,
  ): Promise<Answer<{ voucher?: VoucherJson }>>;
  /** Closes a job's order with just these receipts. */
  close(job: JobJson, receipts: readonly JobReceipt[]): Promise<Hex>;
  release(job: JobJson, reason: "stopping" | "failed" | "refused", code?: string, message?: string): Promise<Answer>;
  /** All of it, honestly: uploads, signs, completes. */
  work(
    job: JobJson,
    tint?: number,
    known?: Hex,
  ): Promise<{ receipts: JobReceipt[]; voucher: VoucherJson | undefined; files: Uint8Array[] }>;
  counterSign(voucher: VoucherJson): Promise<Hex>;
}

/** Signs a worker in and puts its offer. */
export async function scriptedWorker(
  grid: TestGrid,
  cloud: RunningCloud,
  identity: WorkerIdentity,
  {
    rate = RATE,
    models = [grid.open, grid.licensed],
    parallel = 4,
    sideStep,
  }: { rate?: bigint; models?: readonly bigint[]; parallel?: number; sideStep?: number } = {},
): Promise<ScriptedWorker> {
  const { key, party } = identity;
  const token = await signIn(grid, cloud, key, party.address);
  const offer = {
    software: "scripted",
    parallel,
    models: models.map((id) => ({
      model_id: id.toString(),
      model_hash: id === grid.open ? OPEN_HASH : LICENSED_HASH,
      rate: rate.toString(),
      samplers: ["euler_a", "ddim"],
      schedulers: ["karras", "normal"],
      ...(sideStep !== undefined && { side_step: sideStep }),
      max_pixels: 1_048_576,
      max_steps: 100,
      max_count: 4,
    })),
  };
  const put = await call(cloud, "PUT", "/v1/worker/offer", { token, json: offer });
  if (put.status !== 204) throw new Error(JSON.stringify(put.body));

  const post = <Body>(path: string, json: unknown) => call<Body>(cloud, "POST", path, { token, json });
  const receipt: ScriptedWorker["receipt"] = (job, index, upload, changes = {}) => {
    const order = messageFromJson("JobOrder", job.order);
    const request = messageFromJson("GenerationRequest", job.request);
    return {
      ...jobReceipt(order, {
        index,
        seed: seedAt(request, index) ?? 1_000n + BigInt(index),
        engineHash: engineHash(ENGINE),
        imageHash: upload.image_hash,
        cidDigest: upload.cid_digest,
        completedAt: BigInt(Math.floor(Date.now() / 1_000)),
        price: receiptPrice(BigInt(job.price), order.count, index),
      }),
      ...changes,
    };
  };
  const worker: ScriptedWorker = {
    identity,
    token,
    claim: async (seconds = 0) =>
      (await post<JobJson>("/v1/worker/claim", { wait_seconds: seconds })).body ?? undefined,
    heartbeat: (job, progress) =>
      post(`/v1/worker/jobs/${job.id}/heartbeat`, { lease: job.lease.token, ...(progress && { progress }) }),
    upload: (job, index, file) =>
      call<UploadJson>(cloud, "PUT", `/v1/worker/jobs/${job.id}/images/${index}?lease=${job.lease.token}`, {
        token,
        body: file,
        headers: { "content-type": "image/png" },
      }),
    receipt,
    complete: async (job, receipts, engine = ENGINE, closing = undefined, by = key, known = undefined) =>
      post(`/v1/worker/jobs/${job.id}/complete`, {
        lease: job.lease.token,
        engine,
        receipts: await Promise.all(
          receipts.map(async (message) => ({
            receipt: messageToJson("JobReceipt", message),
            signature: await signMessage(by, grid.domain, "JobReceipt", message),
          })),
        ),
        ...(closing && { closing_signature: closing }),
        ...(known && { known_voucher: known }),
        ...{ prompt_cut: false, unknown_words: ["lighthouse"] },
      }),
    close: async (job, receipts) => {
      const order = messageFromJson("JobOrder", job.order);
      const closing = orderClosing({ order, receipts, domain: grid.domain });
      return signMessage(key, grid.domain, "OrderClosing", closing);
    },
    release: (job, reason, code, message) =>
      post(`/v1/worker/jobs/${job.id}/release`, {
        lease: job.lease.token,
        reason,
        ...(code !== undefined && { code }),
        ...(message !== undefined && { message }),
      }),
    work: async (job, tint = Number(BigInt(`0x${job.lease.token.slice(0, 6)}`)), known = undefined) => {
      const receipts: JobReceipt[] = [];
      const files: Uint8Array[] = [];
      for (let index = 0; index < job.order.count; index++) {
        const file = await png(job.request.width, job.request.height, tint + index);
        const upload = await worker.upload(job, index, file);
        if (upload.status !== 200) throw new Error(JSON.stringify(upload.body));
        files.push(file);
        receipts.push(receipt(job, index, upload.body));
      }
      const done = await worker.complete(job, receipts, ENGINE, undefined, key, known);
      if (done.status !== 200) throw new Error(JSON.stringify(done.body));
      return { receipts, files, voucher: done.body.voucher };
    },
    counterSign: async ({ voucher }) => {
      const message = messageFromJson("Voucher", voucher);
      const signature = await signMessage(key, grid.domain, "Voucher", message);
      const answer = await post("/v1/worker/vouchers", {
        lane_id: message.laneId,
        digest: voucherDigest(message, grid.domain),
        signature,
      });
      if (answer.status !== 204) throw new Error(JSON.stringify(answer.body));
      return signature;
    },
  };
  return worker;
}
