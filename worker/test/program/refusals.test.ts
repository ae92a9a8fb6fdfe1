/** Jobs that the worker must not take, each against the real contracts: who checks nothing itself works for nothing. */
import {
  type GenerationRequest,
  type JobOrder,
  jobReceipt,
  type LaneConfig,
  orderHash,
  SignerRole,
} from "@gridnft/sdk";
import { type Hex, parseEther, zeroHash } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addSigner } from "../../../test/fixtures/seed.ts";
import { connectChain } from "../../src/chain/connect.ts";
import { type AcceptServices, acceptJob } from "../../src/jobs/accept.ts";
import { openState } from "../../src/state/index.ts";
import { type RunningWorker, startWorker } from "../../src/worker.ts";
import { type ScriptedCloud, startScriptedCloud } from "./scriptedCloud.ts";
import { tinyEngine } from "./tinyEngine.ts";
import { PRICE, quiet, startWorkerGrid, type WorkerGrid } from "./workerGrid.ts";

let seeded: WorkerGrid;
let cloud: ScriptedCloud;
let worker: RunningWorker;

beforeAll(async () => {
  seeded = await startWorkerGrid();
  cloud = await startScriptedCloud(seeded);
  const environment = seeded.environment({
    ...{ GRID_CLOUD_URL: cloud.url, GRID_WORKER_MAX_COUNT: "3", GRID_WORKER_MAX_PIXELS: `${256 * 256}` },
    // Nothing is settled meanwhile: what a payer owes adds up.
    ...{ GRID_WORKER_SETTLE_AFTER: "3600", GRID_WORKER_EXPOSURE: "0.05" },
  });
  worker = await startWorker(environment, { log: quiet, software: "test", loadEngine: async () => tinyEngine() });
}, 300_000);

afterAll(async () => {
  await worker?.stop();
  await cloud?.stop();
  await seeded?.stop();
});

interface Offered {
  readonly request?: GenerationRequest;
  readonly order?: JobOrder;
  readonly signature?: Hex;
  readonly lane?: LaneConfig;
  readonly price?: bigint;
}

/** Gives the worker a job that is good but for what is said, and returns the code of its refusal. */
async function answerTo(offered: Offered, terms: Partial<JobOrder> = {}): Promise<string> {
  const request = offered.request ?? seeded.request();
  const order = offered.order ?? (await seeded.order(request, terms));
  const signature = offered.signature ?? (await seeded.signOrder(order));
  const price = offered.price ?? PRICE * BigInt(order.count);
  const { lane } = offered;
  const result = await cloud.give({ request, order, price, ...(lane ? { lane } : { signature }) });
  if (!("released" in result)) return "taken";
  expect(result.released).toBe("refused");
  expect(result.message).toMatch(/^(?![A-Z_]+:).*\.$/s);
  return result.code ?? "";
}

describe("a request", () => {
  it("that is good is taken", async () => {
    expect(await answerTo({})).toBe("taken");
  });

  it.each<[string, Partial<GenerationRequest>, string]>([
    ["of a model that is not served", { modelId: 99n }, "MODEL_NOT_SERVED"],
    ["for other weights", { modelHash: `0x${"ab".repeat(32)}` }, "MODEL_HASH"],
    ["with an input image", { sourceHash: `0x${"01".repeat(32)}` }, "UNSUPPORTED"],
    ["with extras", { extras: "{}" }, "UNSUPPORTED"],
    ["for an unknown sampler", { sampler: "heun" }, "UNSUPPORTED"],
    ["for an unknown schedule", { scheduler: "beta" }, "UNSUPPORTED"],
    ["that is too large", { width: 512, height: 512 }, "LIMITS"],
    ["with odd sides", { width: 65 }, "LIMITS"],
    ["without steps", { steps: 0 }, "LIMITS"],
    ["with too many steps", { steps: 151 }, "LIMITS"],
    ["with a prompt too long", { prompt: "x".repeat(8_001) }, "LIMITS"],
    ["with a guidance out of range", { guidanceMilli: 30_001 }, "LIMITS"],
  ])("%s is refused", async (_, fields, code) => {
    expect(await answerTo({ request: { ...seeded.request(), ...fields } })).toBe(code);
  });

  it("with a seed that no receipt could carry is refused", async () => {
    const request = { ...seeded.request(), seed: 2n ** 63n };
    expect(await answerTo({ request })).toBe("LIMITS");
  });

  it("for too many images is refused", async () => {
    expect(await answerTo({}, { count: 4 })).toBe("LIMITS");
  });

  it("other than the order's is refused", async () => {
    const order = await seeded.order(seeded.request({ prompt: "a harbour" }));
    expect(await answerTo({ order })).toBe("REQUEST_HASH");
  });

  it("below the worker's price is refused, to the wei", async () => {
    expect(await answerTo({ price: PRICE - 1n })).toBe("PRICE_TOO_LOW");
  });

  it("above the order's cap is refused", async () => {
    expect(await answerTo({}, { maxPrice: PRICE - 1n })).toBe("PRICE_ABOVE_CAP");
  });
});

describe("a direct order", () => {
  it("for another worker is refused", async () => {
    expect(await answerTo({}, { worker: seeded.artist.address })).toBe("NOT_MY_ORDER");
  });

  it("that ends before the job would is refused", async () => {
    expect(await answerTo({}, { deadline: (await seeded.grid.now()) + 2n })).toBe("DEADLINE_TOO_NEAR");
  });

  it("signed by somebody else is refused", async () => {
    const order = await seeded.order(seeded.request());
    expect(await answerTo({ order, signature: await seeded.signOrder(order, seeded.gateway) })).toBe("ORDER_SIGNATURE");
  });

  it("with a signature that the contracts refuse is refused", async () => {
    const order = await seeded.order(seeded.request());
    const good = await seeded.signOrder(order);
    // v of 0 or 1: most libraries recover the payer from it all the same.
    const lenient: Hex = `${good.slice(0, -2) as Hex}${good.endsWith("1b") ? "00" : "01"}`;
    expect(await answerTo({ order, signature: lenient })).toBe("ORDER_SIGNATURE");
  });

  it("by an ORDER_SIGNER is taken, and refused once the key is revoked, though it settles for another day", async () => {
    const key = privateKeyToAccount(generatePrivateKey());
    await addSigner(seeded.grid, seeded.artist, key, SignerRole.ORDER_SIGNER);
    const by = { ...seeded.artist, account: key } as unknown as WorkerGrid["artist"];
    const first = await seeded.order(seeded.request());
    expect(await answerTo({ order: first, signature: await seeded.signOrder(first, by) })).toBe("taken");
    await seeded.grid.mined(seeded.artist.grid.settlement.write.revokeSigner([key.address]));
    const second = await seeded.order(seeded.request());
    expect(await answerTo({ order: second, signature: await seeded.signOrder(second, by) })).toBe("ORDER_SIGNATURE");
  });

  it("with a used nonce is refused", async () => {
    const order = await seeded.order(seeded.request());
    const { settlement } = seeded.artist.grid;
    await seeded.grid.mined(settlement.write.announceCancel([[order.nonce]]));
    expect(await answerTo({ order })).toBe("CANCEL_PENDING");
    await seeded.grid.pass(3_601);
    await seeded.grid.mined(settlement.write.cancelOrders([seeded.artist.address, [order.nonce]]));
    const again = { ...order, deadline: (await seeded.grid.now()) + 600n };
    expect(await answerTo({ order: again })).toBe("NONCE_USED");
  });

  it("under a fee config that does not exist is refused", async () => {
    expect(await answerTo({}, { feeConfigId: 9 })).toBe("FEE_CONFIG");
  });

  it("of a payer without the money is refused", async () => {
    const payer = seeded.grid.party(6);
    const order = await seeded.order(seeded.request(), { payer: payer.address });
    const signature = await seeded.signOrder(order, payer);
    expect(await answerTo({ order, signature })).toBe("BALANCE_TOO_LOW");
  });

  it("of a payer who is leaving, or owes as much already, is refused", async () => {
    const payer = seeded.grid.party(5);
    const { settlement } = payer.grid;
    await seeded.grid.mined(seeded.owner.grid.settlement.write.depositFor([payer.address, PRICE]));
    const next = async (): Promise<string> => {
      const order = await seeded.order(seeded.request(), { payer: payer.address });
      return answerTo({ order, signature: await seeded.signOrder(order, payer) });
    };
    await seeded.grid.mined(settlement.write.thaw([1n]));
    expect(await next()).toBe("BALANCE_TOO_LOW");
    await seeded.grid.mined(settlement.write.cancelThaw());
    expect(await next()).toBe("taken");
    expect(await next()).toBe("BALANCE_TOO_LOW");
  });
});

describe("a lane's order", () => {
  const onLane = async (lane: LaneConfig, laneId: Hex, terms: Partial<JobOrder> = {}): Promise<string> =>
    answerTo({ lane }, { laneId, payer: lane.payer, ...terms });

  it("is taken while the lane can pay, and refused beyond that", async () => {
    const { config, laneId } = await seeded.openLane(PRICE * 2n);
    expect(await onLane(config, laneId)).toBe("taken");
    expect(await onLane(config, laneId)).toBe("taken");
    expect(await onLane(config, laneId)).toBe("LANE_SHORT");
  });

  it("is refused while vouchers are owed for more than the exposure allows", async () => {
    const { config, laneId } = await seeded.openLane(parseEther("10"));
    cloud.behaviour.twist = (voucher, receiptIds) => ({ voucher: { ...voucher, totals: [] }, receiptIds });
    // 0.05 AIPG of exposure, 0.016384 AIPG a job.
    for (let i = 0; i < 3; i++) expect(await onLane(config, laneId)).toBe("taken");
    expect(await onLane(config, laneId)).toBe("EXPOSURE");
    cloud.behaviour.twist = undefined;
  });

  it("is refused while its router has pictures that it never acknowledged, however short their orders were", async () => {
    const { config, laneId } = await seeded.openLane(parseEther("10"));
    const { rpcUrl, deployment, state, rate, limits } = seeded.environment();
    const chain = await connectChain(rpcUrl, deployment);
    const { ledger, close } = await openState(state, seeded.domain);
    try {
      let now = Number(await seeded.grid.now());
      const engine = tinyEngine();
      const { modelHash, samplers, schedulers, sideStep } = engine;
      const model = { modelId: seeded.modelId, modelHash, samplers, schedulers, sideStep, engine, card: undefined };
      const services: AcceptServices = {
        ...{ chain, ledger, account: seeded.worker.address, exposure: PRICE * 2n, estimate: () => 1 },
        ...{ terms: { models: [model], rate, limits }, clock: { now: () => now, sync: async () => 1n } },
      };
      const request = seeded.request();
      const take = async () => {
        const order = await seeded.order(request, { laneId, payer: config.payer, deadline: BigInt(now + 60) });
        const lease = { token: "t", expires_at: now };
        return acceptJob({ ...{ id: "1", lease, request, order }, lane: config, price: PRICE }, services);
      };
      await ledger.recordLane(config, [{ modelId: seeded.modelId, cumulative: 0n }]);
      for (const outcome of [undefined, "expired"] as const) {
        const order = await seeded.order(request, { laneId, payer: config.payer, deadline: BigInt(now - 1) });
        const job = { order, orderSignature: undefined, request, engine: engine.name, price: PRICE, at: now - 60 };
        await ledger.recordJob({ ...job, block: 1n });
        const hashes = { engineHash: zeroHash, imageHash: zeroHash, cidDigest: zeroHash };
        await ledger.recordReceipt(
          jobReceipt(order, { index: 0, seed: 1n, ...hashes, completedAt: BigInt(now - 2), price: PRICE }),
        );
        if (outcome) await ledger.recordClosed(orderHash(order), outcome, now);
      }
      expect(await take()).toMatchObject({ code: "EXPOSURE" });
      now += 3_600;
      expect(await take()).toMatchObject({ state: "open" });
    } finally {
      await close();
    }
  });

  it("is refused when the lane does not exist, is another one, or another worker's", async () => {
    const { config, laneId } = await seeded.openLane(parseEther("1"));
    const unopened = { ...config, salt: `0x${"ff".repeat(32)}` as Hex };
    const idOf = (lane: LaneConfig): Promise<Hex> => seeded.owner.grid.settlement.read.laneIdOf([lane]);
    expect(await onLane(unopened, await idOf(unopened))).toBe("LANE_UNKNOWN");
    expect(await onLane(unopened, laneId)).toBe("LANE_MISMATCH");
    const foreign = { ...config, worker: seeded.artist.address };
    expect(await onLane(foreign, await idOf(foreign))).toBe("NOT_MY_ORDER");
    const hop = { ...config, kind: 1 };
    expect(await onLane(hop, await idOf(hop))).toBe("LANE_KIND");
    expect(await onLane(config, laneId, { payer: seeded.artist.address })).toBe("LANE_MISMATCH");
    expect(await onLane(config, laneId, { feeConfigId: 9 })).toBe("FEE_CONFIG");
  });

  it("without its lane is refused", async () => {
    const { laneId } = await seeded.openLane(parseEther("1"));
    expect(await answerTo({}, { laneId, payer: seeded.gateway.address })).toBe("LANE_MISMATCH");
  });

  it("is refused while its payer takes the money back", async () => {
    const { config, laneId } = await seeded.openLane(parseEther("1"));
    await seeded.grid.mined(seeded.gateway.grid.settlement.write.thawLane([config, 1n]));
    expect(await onLane(config, laneId)).toBe("LANE_THAWING");
  });

  it("is refused once the key that signs its vouchers is revoked", async () => {
    const { config, laneId } = await seeded.openLane(parseEther("1"));
    await seeded.grid.mined(seeded.gateway.grid.settlement.write.revokeSigner([config.payerSigner]));
    expect(await onLane(config, laneId)).toBe("LANE_SIGNER");
  });
});
