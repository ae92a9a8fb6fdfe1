import { randomBytes, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  fileHashes,
  type GenerationRequest,
  type JobOrder,
  type JobReceipt,
  type LaneConfig,
  laneId as laneIdOf,
  type ModelTotal,
  mergeTotals,
  messageToJson,
  nextVoucher,
  receiptId,
  receiptTree,
  type Voucher,
  voucherDigest,
} from "@gridnft/sdk";
import {
  completeRequest,
  counterSignature,
  heartbeatRequest,
  releaseRequest,
  type voucherOffer,
  workerOffer,
} from "@gridnft/sdk/schemas";
import { type Hex, recoverMessageAddress } from "viem";
import { parseSiweMessage } from "viem/siwe";
import type { z } from "zod";
import { listen } from "../../../test/fixtures/scriptedServer.ts";
import { signMessage } from "../../../test/fixtures/seed.ts";
import type { WorkerGrid } from "./workerGrid.ts";

type VoucherOfferJson = z.input<typeof voucherOffer>;

/** A job as a test queues it. */
export interface ScriptedJob {
  readonly request: GenerationRequest;
  readonly order: JobOrder;
  readonly signature?: Hex;
  readonly lane?: LaneConfig;
  readonly price: bigint;
}

/** What a worker did with a job. */
export interface ScriptedResult {
  readonly receipts: readonly { receipt: JobReceipt; signature: Hex }[];
  /** Of an order that the worker ended early. */
  readonly closing: Hex | undefined;
  readonly files: readonly Uint8Array[];
  /** Reading of the prompts, as the worker said it. */
  readonly reading: {
    readonly prompt_cut?: boolean | undefined;
    readonly unknown_words?: readonly string[] | undefined;
  };
}

/**
 * A router under the test's control, which the real one is not: it can lie, fall silent, and forget. Speaks the wire's protocol over
 * HTTP; keeps everything in memory.
 */
export interface ScriptedCloud {
  readonly url: string;
  /** Queues a job; resolves when the worker has completed or released it. */
  give(job: ScriptedJob): Promise<ScriptedResult | Released>;
  /** What the test changes about the cloud's honesty. */
  readonly behaviour: {
    /** Changes a voucher before it is signed. */
    twist?:
      | ((voucher: Voucher, receiptIds: readonly Hex[]) => { voucher: Voucher; receiptIds: readonly Hex[] })
      | undefined;
    /** Answers 500 to everything while true. */
    down?: boolean;
    /** Takes `complete`, but its answer never arrives. */
    loseCompleteAnswer?: boolean;
    /** Reads the receipts of `complete`, and answers that it is stopping. */
    refuseComplete?: boolean;
    /** Says that it read other bytes. */
    misread?: boolean;
    /** Forgets every session. */
    forgetSessions?: boolean;
    /** Says of the running job that it is gone: at every call, or at this one. */
    loseLease?: boolean | "images";
    /** Loses what was uploaded, and says so when the job is to be completed. */
    loseUploads?: boolean;
    /** Sends a voucher as one that follows another than the worker has. */
    followUnknown?: boolean;
  };
  /** Every receipt that ever arrived, whatever was answered. */
  readonly seen: { receipt: JobReceipt; signature: Hex }[];
  /** Every closing that ever arrived, whatever was answered. */
  readonly closings: Hex[];
  /** Hashes of pictures that it asks for, and copies that it got. */
  readonly wanted: Hex[];
  readonly handedIn: Map<string, Uint8Array>;
  readonly heartbeats: { image: number; step: number; steps: number }[];
  readonly counterSigned: { laneId: Hex; digest: Hex; signature: Hex }[];
  /** Numbers of receipts that came with each voucher which was sent. */
  readonly sentReceipts: number[];
  readonly offers: number;
  readonly refusedHeartbeats: number;
  readonly refusedWhileDown: number;
  readonly signIns: readonly { address: string; resources: readonly string[] }[];
  stop(): Promise<void>;
}

/** A job that the worker gave back, and why. */
export interface Released {
  readonly released: string;
  readonly code: string | undefined;
  readonly message: string;
}

/** Returns what a worker delivered; throws if it gave the job back. */
export function delivered(result: ScriptedResult | Released): ScriptedResult {
  if ("released" in result) throw new Error(`released: ${result.released} ${result.message}`);
  return result;
}

interface Running extends ScriptedJob {
  readonly id: string;
  readonly lease: string;
  readonly files: Map<number, Uint8Array>;
  readonly done: (result: ScriptedResult | Released) => void;
}

/** Starts a {@link ScriptedCloud} on a free port. */
export async function startScriptedCloud(seeded: WorkerGrid): Promise<ScriptedCloud> {
  const behaviour: ScriptedCloud["behaviour"] = {};
  const seen: ScriptedCloud["seen"] = [];
  const closings: Hex[] = [];
  const wanted: Hex[] = [];
  const handedIn = new Map<string, Uint8Array>();
  const heartbeats: ScriptedCloud["heartbeats"] = [];
  const counterSigned: ScriptedCloud["counterSigned"] = [];
  const sentReceipts: number[] = [];
  /** Numbers of receipts by the vouchers' digests. */
  const voucherSizes = new Map<Hex, number>();
  const signIns: { address: string; resources: readonly string[] }[] = [];
  const queue: Running[] = [];
  const running = new Map<string, Running>();
  const finished = new Map<string, unknown>();
  const receipts = new Map<Hex, unknown>();
  const tokens = new Set<string>();
  const lanes = new Map<
    Hex,
    { config: LaneConfig; totals: readonly ModelTotal[]; receipts: JobReceipt[]; offer?: VoucherOfferJson }
  >();
  let offers = 0;
  let refusedHeartbeats = 0;
  let refusedWhileDown = 0;

  const voucherFor = async (job: Running, signed: readonly { receipt: JobReceipt }[]): Promise<VoucherOfferJson> => {
    const config = job.lane as LaneConfig;
    const laneId = laneIdOf(config, seeded.domain);
    const lane = lanes.get(laneId) ?? { config, totals: [], receipts: [] };
    lanes.set(laneId, lane);
    lane.receipts.push(...signed.map(({ receipt }) => receipt));
    const ids = lane.receipts.map((receipt) => receiptId(receipt, seeded.domain));
    const owed = new Map([[job.order.modelId, job.price]]);
    const honest = nextVoucher(laneId, lane.totals, owed, receiptTree(lane.receipts, seeded.domain));
    lane.totals = mergeTotals(lane.totals, honest);
    const { voucher, receiptIds } = behaviour.twist?.(honest, ids) ?? { voucher: honest, receiptIds: ids };
    voucherSizes.set(voucherDigest(voucher, seeded.domain), receiptIds.length);
    const offer = {
      lane: messageToJson("LaneConfig", config),
      voucher: messageToJson("Voucher", voucher),
      payer_signature: await signMessage(seeded.gatewayKey, seeded.domain, "Voucher", voucher),
      receipt_ids: [...receiptIds],
    };
    lane.offer = offer;
    return offer;
  };

  /** A voucher for a worker that has those of the digests. */
  const sent = (offer: VoucherOfferJson, known: readonly Hex[]): VoucherOfferJson => {
    const after = known.find((digest) => voucherSizes.has(digest));
    const answer: VoucherOfferJson = behaviour.followUnknown
      ? { ...offer, after: `0x${"77".repeat(32)}`, receipt_ids: [] }
      : { ...offer, ...(after && { after, receipt_ids: offer.receipt_ids.slice(voucherSizes.get(after)) }) };
    sentReceipts.push(answer.receipt_ids.length);
    return answer;
  };

  const complete = async (job: Running, body: unknown): Promise<unknown> => {
    const delivery = completeRequest.parse(body);
    const { engine, receipts: signed, closing_signature: closing, known_voucher: known } = delivery;
    const { prompt_cut, unknown_words } = delivery;
    running.delete(job.id);
    for (const { receipt, signature } of signed) {
      receipts.set(receiptId(receipt, seeded.domain), {
        ...{ chain_id: seeded.domain.chainId, settlement: seeded.domain.verifyingContract, engine, signature },
        request: messageToJson("GenerationRequest", job.request),
        order: messageToJson("JobOrder", job.order),
        receipt: messageToJson("JobReceipt", receipt),
        receipt_id: receiptId(receipt, seeded.domain),
        ipfs_hash: "bafkrei",
      });
    }
    const voucher = job.lane === undefined ? undefined : await voucherFor(job, signed);
    const files = signed.map(({ receipt }) => job.files.get(receipt.index) as Uint8Array);
    job.done({ receipts: signed, closing, files, reading: { prompt_cut, unknown_words } });
    const offer = voucher && sent(voucher, known ? [known] : []);
    const answer = { accepted: true, ...(offer === undefined ? {} : { voucher: offer }) };
    finished.set(job.id, answer);
    return answer;
  };

  const route = async (request: IncomingMessage, body: Buffer): Promise<{ status: number; json?: unknown }> => {
    const url = new URL(request.url ?? "/", "http://x");
    const path = url.pathname;
    const json = (): unknown => JSON.parse(body.toString() || "null");
    const refuse = (status: number, code: string) => ({ status, json: { error: { code, message: "Scripted." } } });
    if (behaviour.down) {
      refusedWhileDown++;
      return refuse(503, "STOPPING");
    }
    if (path === "/v1/auth/nonce") {
      const host = request.headers.host ?? "";
      const nonce = randomBytes(12).toString("hex");
      return { status: 200, json: { nonce, domain: host, uri: `http://${host}`, chain_id: seeded.domain.chainId } };
    }
    if (path === "/v1/auth/sign-in") {
      const { message, signature } = json() as { message: string; signature: Hex };
      const address = await recoverMessageAddress({ message, signature });
      const { resources = [] } = parseSiweMessage(message);
      signIns.push({ address, resources });
      const token = randomUUID();
      tokens.add(token);
      return {
        status: 200,
        json: { token, account: address, worker: seeded.worker.address, expires_at: 4_000_000_000 },
      };
    }
    if (behaviour.forgetSessions) {
      behaviour.forgetSessions = false;
      tokens.clear();
    }
    if (!tokens.has(request.headers.authorization?.slice(7) ?? "")) return refuse(401, "SESSION_INVALID");
    if (path === "/v1/worker/offer") {
      workerOffer.parse(json());
      offers++;
      return { status: 204 };
    }
    if (path === "/v1/worker/claim") {
      const job = queue.shift();
      if (!job) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        return { status: 204 };
      }
      running.set(job.id, job);
      return {
        status: 200,
        json: {
          id: job.id,
          lease: { token: job.lease, expires_at: Math.floor(Date.now() / 1_000) + 30 },
          request: messageToJson("GenerationRequest", job.request),
          order: messageToJson("JobOrder", job.order),
          ...(job.signature ? { order_signature: job.signature } : {}),
          ...(job.lane ? { lane: messageToJson("LaneConfig", job.lane) } : {}),
          price: job.price.toString(),
        },
      };
    }
    if (path === "/v1/worker/vouchers") {
      if (request.method === "GET") {
        behaviour.followUnknown = false;
        const known = (url.searchParams.get("known")?.split(",") ?? []) as Hex[];
        const vouchers = [...lanes.values()].flatMap(({ offer }) => (offer ? [sent(offer, known)] : []));
        return { status: 200, json: { vouchers } };
      }
      const { lane_id: laneId, digest, signature } = counterSignature.parse(json());
      counterSigned.push({ laneId, digest, signature });
      return { status: 204 };
    }
    const copy = /^\/v1\/worker\/wanted-images(?:\/(0x[0-9a-f]{64}))?$/.exec(path);
    if (copy?.[1]) {
      if (!wanted.includes(copy[1] as Hex)) return refuse(404, "IMAGE_UNKNOWN");
      handedIn.set(copy[1], new Uint8Array(body));
      return { status: 204 };
    }
    if (copy) return { status: 200, json: { images: wanted.map((image_hash) => ({ image_hash, bytes: 1 })) } };
    const receipt = /^\/v1\/receipts\/(0x[0-9a-f]{64})$/.exec(path)?.[1] as Hex | undefined;
    if (receipt) {
      const bundle = receipts.get(receipt);
      return bundle ? { status: 200, json: bundle } : refuse(404, "RECEIPT_UNKNOWN");
    }
    const [, id = "", action = "", index] = /^\/v1\/worker\/jobs\/([^/]+)\/([a-z]+)(?:\/(\d+))?$/.exec(path) ?? [];
    const job = running.get(id);
    if (job === undefined || behaviour.loseLease === true || behaviour.loseLease === action) {
      if (action === "heartbeat") refusedHeartbeats++;
      return refuse(409, finished.has(id) ? "JOB_FINISHED" : "LEASE_LOST");
    }
    if (action === "heartbeat") {
      const { progress } = heartbeatRequest.parse(json());
      if (progress) heartbeats.push(progress);
      return { status: 200, json: { expires_at: Math.floor(Date.now() / 1_000) + 30, cancelled: false } };
    }
    if (action === "images") {
      const file = new Uint8Array(body);
      job.files.set(Number(index), file);
      const { imageHash, cidDigest } = fileHashes(behaviour.misread ? file.subarray(1) : file);
      const answer = { image_hash: imageHash, cid_digest: cidDigest, ipfs_hash: "bafkrei", bytes: file.length };
      return { status: 200, json: answer };
    }
    if (action === "release") {
      const { reason, code, message = "" } = releaseRequest.parse(json());
      running.delete(id);
      job.done({ released: reason, code, message });
      return { status: 204 };
    }
    const completed = json();
    const delivery = completeRequest.parse(completed);
    seen.push(...delivery.receipts);
    if (delivery.closing_signature) closings.push(delivery.closing_signature);
    if (behaviour.refuseComplete) return refuse(503, "STOPPING");
    if (behaviour.loseUploads) {
      behaviour.loseUploads = false;
      job.files.clear();
      return refuse(503, "IMAGE_UNAVAILABLE");
    }
    const answer = await complete(job, completed);
    if (behaviour.loseCompleteAnswer) return { status: 0 };
    return { status: 200, json: answer };
  };

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      route(request, Buffer.concat(chunks)).then(
        ({ status, json }) => {
          if (status === 0) return request.socket.destroy();
          response.writeHead(status, { "content-type": "application/json" });
          response.end(json === undefined ? undefined : JSON.stringify(json));
        },
        (error: unknown) => {
          response.writeHead(500).end(String(error));
        },
      );
    });
  });
  return {
    url: `http://127.0.0.1:${await listen(server)}`,
    give: (job) =>
      new Promise((done) => queue.push({ ...job, id: randomUUID(), lease: randomUUID(), files: new Map(), done })),
    ...{ behaviour, seen, closings, wanted, handedIn, heartbeats, counterSigned, sentReceipts, signIns },
    get offers() {
      return offers;
    },
    get refusedHeartbeats() {
      return refusedHeartbeats;
    },
    get refusedWhileDown() {
      return refusedWhileDown;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
