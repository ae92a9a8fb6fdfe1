/** The worker program on a real chain, with a router that the test controls and that can lie. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  checkReceipt,
  createWorkerClient,
  type JobOrder,
  type LaneConfig,
  leafOf,
  merkleTree,
  SignerRole,
  type Voucher,
} from "@gridnft/sdk";
import { pino } from "pino";
import { type Hex, parseEther, recoverAddress, zeroHash } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { addSigner } from "../../../test/fixtures/seed.ts";
import { until } from "../../../test/fixtures/until.ts";
import { WorkerError } from "../../src/errors.ts";
import { uploadWantedImages } from "../../src/jobs/wantedImages.ts";
import type { Logger } from "../../src/log.ts";
import { openState } from "../../src/state/index.ts";
import { tidyPictures } from "../../src/state/pictures.ts";
import { type RunningWorker, startWorker } from "../../src/worker.ts";
import { delivered, type ScriptedCloud, startScriptedCloud } from "./scriptedCloud.ts";
import { MODEL_HASH, tinyEngine } from "./tinyEngine.ts";
import { PRICE, quiet, startWorkerGrid, type WorkerGrid } from "./workerGrid.ts";

let seeded: WorkerGrid;
let cloud: ScriptedCloud;
let worker: RunningWorker | undefined;

beforeAll(async () => {
  seeded = await startWorkerGrid();
}, 300_000);

afterEach(async () => {
  await worker?.stop();
  await cloud?.stop();
  worker = undefined;
});

afterAll(() => seeded?.stop());

interface Choices {
  readonly over?: NodeJS.ProcessEnv;
  readonly stepMilliseconds?: number;
  readonly log?: Logger;
}

/** Starts a worker with a fresh router and, unless `over` names one, a fresh state folder. */
async function start(choices: Choices = {}): Promise<RunningWorker> {
  cloud = await startScriptedCloud(seeded);
  return restart(choices);
}

async function restart({ over = {}, stepMilliseconds = 0, log = quiet }: Choices = {}): Promise<RunningWorker> {
  const environment = seeded.environment({ GRID_CLOUD_URL: cloud.url, ...over });
  const loadEngine = async () => tinyEngine({ stepMilliseconds });
  worker = await startWorker(environment, { log, software: "test", loadEngine });
  return worker;
}

type Answer = Awaited<ReturnType<ScriptedCloud["give"]>>;

async function giveDirect(
  terms: Partial<JobOrder> = {},
  seed = 7n,
): Promise<{ order: JobOrder; answer: Promise<Answer> }> {
  const job = await seeded.directJob({ seed }, terms);
  return { order: job.order, answer: cloud.give(job) };
}

async function giveOnLane(lane: LaneConfig, laneId: Hex): Promise<Answer> {
  const request = seeded.request();
  const order = await seeded.order(request, { laneId, payer: lane.payer });
  return cloud.give({ request, order, lane, price: PRICE });
}

const chain = () => seeded.owner.grid.settlement.read;
const isUsed = ({ payer, nonce }: JobOrder): Promise<boolean> => chain().isNonceUsed([payer, nonce]);
const collected = async (laneId: Hex): Promise<bigint> =>
  (await chain().laneTotalOf([laneId, seeded.modelId])).cumulative;

describe("the direct rail", () => {
  it("signs in for its cold account, delivers, and settles", async () => {
    await start();
    const before = await chain().earnedOf([seeded.worker.address]);
    const request = seeded.request({ seed: 77n, prompt: "a zyxw" });
    const order = await seeded.order(request, { count: 2, maxPrice: PRICE * 3n });
    const price = PRICE * 2n + 1n;
    const { receipts, reading } = delivered(
      await cloud.give({ request, order, signature: await seeded.signOrder(order), price }),
    );
    // A word that the cloud would refuse does not cost the delivery.
    expect(reading).toEqual({ prompt_cut: false, unknown_words: ["zyxw"] });
    expect(receipts.map(({ receipt }) => receipt.seed)).toEqual([77n, 78n]);
    for (const { receipt, signature } of receipts) {
      const signers = [seeded.workerKey.address];
      expect(checkReceipt(receipt, { domain: seeded.domain, request, order, signature, signers })).toBe(signers[0]);
    }
    expect(receipts.reduce((sum, { receipt }) => sum + receipt.price, 0n)).toBe(price);
    expect(cloud.signIns).toEqual([
      { address: seeded.workerKey.address, resources: [`eip155:${seeded.domain.chainId}:${seeded.worker.address}`] },
    ]);
    await until(() => isUsed(order));
    expect(await chain().earnedOf([seeded.worker.address])).toBeGreaterThan(before);
  });

  it("logs the jobs that it takes and refuses, at info, without their prompts", async () => {
    const lines: string[] = [];
    const write = (line: string): void => void lines.push(line);
    await start({ log: pino({ level: "info" }, { write }), over: { GRID_WORKER_MAX_STEPS: "4" } });
    const secret = { prompt: "a very private lighthouse", negativePrompt: "an unloved buoy" };
    delivered(await cloud.give(await seeded.directJob(secret)));
    const refused = await cloud.give(await seeded.directJob({ ...secret, steps: 5 }));
    expect(refused).toMatchObject({ released: "refused" });
    const said = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(said).toEqual(expect.arrayContaining(["a job is claimed", "a job is delivered", "a job is refused"]));
    expect(lines.join("")).not.toMatch(/lighthouse|buoy/);
  });

  it("keeps copies of what it delivered, hands them in when asked, and removes them one day", async () => {
    const path = join(seeded.folder, "kept-state");
    await start({ over: { GRID_WORKER_STATE: path } });
    const { order, answer } = await giveDirect({}, 4_711n);
    const { receipts, files } = delivered(await answer);
    await until(() => isUsed(order));
    await worker?.stop();
    const state = await openState(path, seeded.domain);
    try {
      const { ledger, pictures } = state;
      const imageHash = receipts[0]?.receipt.imageHash as Hex;
      const [foreign, refused] = [`0x${"ab".repeat(32)}`, `0x${"cd".repeat(32)}`] as const;
      const identity = { chainId: seeded.domain.chainId, account: seeded.worker.address, signer: seeded.workerKey };
      const client = createWorkerClient({ url: cloud.url, ...identity });
      cloud.wanted.push(foreign, imageHash);
      // One that another worker handed in meanwhile.
      const wantedImages = async () => [...(await client.wantedImages()), refused];
      await pictures.put(`0x${createHash("sha256").update("x").digest("hex")}`, Buffer.from("x"));
      await uploadWantedImages({ cloud: { ...client, wantedImages }, pictures, log: quiet });
      expect([...cloud.handedIn]).toEqual([[imageHash, files[0]]]);

      const names = async () => (await pictures.list()).map(({ sha256 }) => `0x${sha256}`);
      await tidyPictures({ ledger, pictures }, { seconds: 3_600, bytes: 1_000_000 });
      expect(await names()).toContain(imageHash);
      await tidyPictures({ ledger, pictures }, { seconds: 3_600, bytes: 1 });
      expect(await names()).not.toContain(imageHash);
      // Put a moment ago: its receipt may be on its way.
      expect(await names()).toHaveLength(1);
    } finally {
      await state.close();
    }
  });

  it("uploads again what the cloud lost between upload and delivery", async () => {
    await start();
    cloud.behaviour.loseUploads = true;
    const { answer } = await giveDirect({ count: 2 });
    const { files } = delivered(await answer);
    expect(files.map((file) => file.length > 0)).toEqual([true, true]);
  });

  it("makes a lost picture again, and keeps it", async () => {
    const path = join(seeded.folder, "lost-state");
    await start({ over: { GRID_WORKER_STATE: path } });
    const job = await seeded.directJob({ seed: 8n });
    cloud.behaviour.misread = true;
    expect(await cloud.give(job)).toMatchObject({ code: "UPLOAD_MISMATCH" });
    cloud.behaviour.misread = false;
    const [name = ""] = readdirSync(join(path, "pictures")).filter((file) => file.endsWith(".png"));
    const file = readFileSync(join(path, "pictures", name));
    writeFileSync(join(path, "pictures", name), "damaged");
    expect(Buffer.from(delivered(await cloud.give(job)).files[0] ?? []).equals(file)).toBe(true);
    expect(readFileSync(join(path, "pictures", name)).equals(file)).toBe(true);
  });

  it("settles orders that were delivered together in one transaction", async () => {
    await start({ over: { GRID_WORKER_SETTLE_AFTER: "2" } });
    const before = await seeded.owner.wallet.getTransactionCount({ address: seeded.workerKey.address });
    const given = [await giveDirect(), await giveDirect(), await giveDirect(), await giveDirect()];
    for (const { answer } of given) delivered(await answer);
    for (const { order } of given) await until(() => isUsed(order));
    // Two, if a look fell between them.
    const after = await seeded.owner.wallet.getTransactionCount({ address: seeded.workerKey.address });
    expect(after - before).toBeLessThanOrEqual(2);
  });

  it.each([
    ["cancels", (order: JobOrder) => seeded.artist.grid.settlement.write.announceCancel([[order.nonce]])],
    [
      "withdraws",
      async ({ payer }: JobOrder) => {
        const { balance } = await chain().accountOf([payer]);
        return seeded.artist.grid.settlement.write.thaw([balance]);
      },
    ],
  ])("settles at once when the payer %s", async (_, leave) => {
    await start({ over: { GRID_WORKER_SETTLE_AFTER: "3600" } });
    const { order, answer } = await giveDirect();
    delivered(await answer);
    await seeded.grid.mined(leave(order));
    await until(() => isUsed(order));
    if ((await chain().accountOf([seeded.artist.address])).thawing > 0n) {
      await seeded.grid.mined(seeded.artist.grid.settlement.write.cancelThaw());
    }
  });

  it("spends no gas on what the artist has settled", async () => {
    await start({ over: { GRID_WORKER_SETTLE_AFTER: "2" } });
    const { order, answer } = await giveDirect();
    const { receipts } = delivered(await answer);
    const before = await seeded.owner.wallet.getTransactionCount({ address: seeded.workerKey.address });
    const outputs = receipts.map(({ receipt, signature }) => ({ ...receipt, signature }));
    const item = { order, orderSignature: await seeded.signOrder(order), receipts: outputs };
    await seeded.grid.mined(seeded.artist.grid.settlement.write.settle([item]));
    const next = await giveDirect();
    delivered(await next.answer);
    await until(() => isUsed(next.order));
    // One transaction: the second order's.
    expect(await seeded.owner.wallet.getTransactionCount({ address: seeded.workerKey.address })).toBe(before + 1);
  });
});

describe("the lane rail", () => {
  it("counter-signs vouchers, and collects what they promise", async () => {
    await start();
    const { config, laneId } = await seeded.openLane(parseEther("5"));
    for (let i = 0; i < 3; i++) delivered(await giveOnLane(config, laneId));
    await until(async () => cloud.counterSigned.length >= 3);
    await until(async () => (await collected(laneId)) === PRICE * 3n);
    const last = cloud.counterSigned.at(-1);
    expect(await recoverAddress({ hash: last?.digest ?? zeroHash, signature: last?.signature ?? "0x" })).toBe(
      seeded.workerKey.address,
    );
  });

  it("waits until a lane is worth its gas, but not when its payer leaves", async () => {
    // An ETH at a trillion AIPG: no job is worth a hundred times its gas.
    const over = { GRID_WORKER_AIPG_PER_ETH: "1", GRID_WORKER_GAS_FACTOR: "1000", GRID_WORKER_MIN_COLLECT: "1000" };
    await start({ over });
    const { config, laneId } = await seeded.openLane(parseEther("5"));
    delivered(await giveOnLane(config, laneId));
    await until(async () => cloud.counterSigned.length > 0);
    // Several looks later it is still there.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await collected(laneId)).toBe(0n);
    await seeded.grid.mined(seeded.gateway.grid.settlement.write.thawLane([config, 2n ** 128n - 1n]));
    await until(async () => (await collected(laneId)) === PRICE);
  });

  it("takes what covers its gas when it stops, if it is told to", async () => {
    const patient = { GRID_WORKER_MIN_COLLECT: "1000", GRID_WORKER_SETTLE_AFTER: "3600" };
    const running = await start({ over: { ...patient, GRID_WORKER_COLLECT_AT_STOP: "true" } });
    const { config, laneId } = await seeded.openLane(parseEther("5"));
    delivered(await giveOnLane(config, laneId));
    await until(async () => cloud.counterSigned.length > 0);
    const { order, answer } = await giveDirect();
    delivered(await answer);
    await running.stop();
    expect(await collected(laneId)).toBe(PRICE);
    expect(await isUsed(order)).toBe(true);
  });

  it("gets the receipts that are new with a voucher, and all of them when it says that it has none", async () => {
    await start({ over: { GRID_WORKER_MIN_COLLECT: "1000" } });
    const { config, laneId } = await seeded.openLane(parseEther("5"));
    for (let i = 1; i <= 4; i++) {
      delivered(await giveOnLane(config, laneId));
      await until(async () => cloud.counterSigned.length >= i);
    }
    expect(cloud.sentReceipts).toEqual([1, 1, 1, 1]);
    // One that follows a voucher which the worker never saw: it asks for the whole.
    cloud.behaviour.followUnknown = true;
    delivered(await giveOnLane(config, laneId));
    await until(async () => cloud.counterSigned.length >= 5);
    expect(cloud.sentReceipts.slice(4)).toEqual([0, 5]);
    // After a restart there is no tree at hand, until the next voucher has brought one.
    await worker?.stop();
    await restart();
    delivered(await giveOnLane(config, laneId));
    await until(async () => new Set(cloud.counterSigned.map(({ digest }) => digest)).size === 6);
    delivered(await giveOnLane(config, laneId));
    await until(async () => new Set(cloud.counterSigned.map(({ digest }) => digest)).size === 7);
    expect(cloud.sentReceipts.at(-1)).toBe(1);
    for (const { digest, signature } of cloud.counterSigned) {
      expect(await recoverAddress({ hash: digest, signature })).toBe(seeded.workerKey.address);
    }
  });

  type Twist = (voucher: Voucher, receiptIds: readonly Hex[]) => { voucher: Voucher; receiptIds: readonly Hex[] };
  const stranger = `0x${"5a".repeat(32)}` as const;
  const twists: [string, Twist][] = [
    [
      "promises less than was delivered",
      (voucher, receiptIds) => ({
        voucher: { ...voucher, totals: voucher.totals.map((row) => ({ ...row, cumulative: row.cumulative - 1n })) },
        receiptIds,
      }),
    ],
    ["leaves the model out", (voucher, receiptIds) => ({ voucher: { ...voucher, totals: [] }, receiptIds })],
    [
      "has a receipt that the worker never signed",
      (voucher, receiptIds) => {
        const ids = [...receiptIds, stranger];
        const { root, size } = merkleTree(ids.map(leafOf));
        return { voucher: { ...voucher, receiptsRoot: root, receiptCount: size }, receiptIds: ids };
      },
    ],
    [
      "has another root than its receipts",
      (voucher, receiptIds) => ({ voucher: { ...voucher, receiptsRoot: stranger }, receiptIds }),
    ],
    [
      "promises more than the lane has",
      (voucher, receiptIds) => ({
        voucher: { ...voucher, totals: voucher.totals.map((row) => ({ ...row, cumulative: parseEther("6") })) },
        receiptIds,
      }),
    ],
  ];
  it.each(twists)("does not counter-sign a voucher that follows a good one and %s", async (_, twist) => {
    await start({ over: { GRID_WORKER_MIN_COLLECT: "1000" } });
    const { config, laneId } = await seeded.openLane(parseEther("5"));
    delivered(await giveOnLane(config, laneId));
    await until(async () => cloud.counterSigned.length === 1);
    cloud.behaviour.twist = twist;
    delivered(await giveOnLane(config, laneId));
    cloud.behaviour.twist = undefined;
    delivered(await giveOnLane(config, laneId));
    await until(async () => cloud.counterSigned.length === 2);
    // What the refused one brought is forgotten: the honest one came whole.
    expect(cloud.sentReceipts.at(-1)).toBe(3);
  });

  it.each(twists)("does not counter-sign a voucher that %s", async (_, twist) => {
    await start();
    const { config, laneId } = await seeded.openLane(parseEther("5"));
    cloud.behaviour.twist = twist;
    delivered(await giveOnLane(config, laneId));
    cloud.behaviour.twist = undefined;
    delivered(await giveOnLane(config, laneId));
    // The honest voucher after it covers both jobs, and is the only one that was signed.
    await until(async () => (await collected(laneId)) === PRICE * 2n);
    expect(cloud.counterSigned).toHaveLength(1);
  });

  it("attests receipts of a lost journal only if its own key signed them", async () => {
    await start({ over: { GRID_WORKER_MIN_COLLECT: "1000" } });
    const { config, laneId } = await seeded.openLane(parseEther("5"));
    delivered(await giveOnLane(config, laneId));
    await until(async () => cloud.counterSigned.length > 0);
    await worker?.stop();
    // A new state folder: the router's voucher has a receipt that this journal does not know.
    await restart();
    await until(async () => (await collected(laneId)) === PRICE);
    expect(cloud.counterSigned).toHaveLength(2);
  });
});

describe("bad days", () => {
  it("finds out that a job was delivered when the answer got lost", async () => {
    await start();
    cloud.behaviour.loseCompleteAnswer = true;
    const { order, answer } = await giveDirect();
    delivered(await answer);
    await until(() => isUsed(order));
  });

  it("gives a job back when the router reads other bytes than it was sent", async () => {
    await start();
    cloud.behaviour.misread = true;
    const { order, answer } = await giveDirect();
    expect(await answer).toMatchObject({ released: "failed" });
    expect(await isUsed(order)).toBe(false);
  });

  it("drops a job whose lease is lost, and goes on with the next", async () => {
    await start({ stepMilliseconds: 400 });
    cloud.behaviour.loseLease = true;
    const lost = await giveDirect();
    await until(async () => cloud.refusedHeartbeats > 0);
    cloud.behaviour.loseLease = false;
    const { answer } = await giveDirect();
    delivered(await answer);
    expect(await isUsed(lost.order)).toBe(false);
  });

  it("signs in again when the router has forgotten the session", async () => {
    await start();
    cloud.behaviour.forgetSessions = true;
    const { answer } = await giveDirect();
    delivered(await answer);
    expect(cloud.signIns.length).toBe(2);
  });

  it("waits for a router that is away, and offers its models again", async () => {
    await start();
    cloud.behaviour.down = true;
    await until(async () => cloud.refusedWhileDown > 1);
    const before = cloud.offers;
    cloud.behaviour.down = false;
    const { answer } = await giveDirect();
    delivered(await answer);
    expect(cloud.offers).toBeGreaterThan(before);
  });

  it("keeps heartbeats going while the engine works, with its progress", async () => {
    await start({ stepMilliseconds: 300 });
    const { answer } = await giveDirect();
    delivered(await answer);
    expect(cloud.heartbeats.length).toBeGreaterThan(1);
    expect(cloud.heartbeats.every(({ steps }) => steps === 4)).toBe(true);
  });

  it("finishes the running job when it is told to stop", async () => {
    const running = await start({ stepMilliseconds: 150 });
    const { answer } = await giveDirect();
    await until(async () => cloud.heartbeats.length > 0);
    await running.stop();
    delivered(await answer);
  });

  it("makes one picture of an order that comes to two places at once, and hands it over twice", async () => {
    await start({ stepMilliseconds: 20, over: { GRID_WORKER_PARALLEL: "2" } });
    // Without a seed: each try would choose another one.
    const request = seeded.request();
    const order = await seeded.order(request);
    const job = { request, order, signature: await seeded.signOrder(order), price: PRICE };
    const [first, second] = (await Promise.all([cloud.give(job), cloud.give(job)])).map(delivered);
    expect([second?.receipts, second?.files]).toEqual([first?.receipts, first?.files]);
    expect(first?.files).toHaveLength(1);
    delivered(await (await giveDirect()).answer);
  });

  it("stops though its engine hangs, and gives the job back", async () => {
    cloud = await startScriptedCloud(seeded);
    const environment = seeded.environment({ GRID_CLOUD_URL: cloud.url, GRID_WORKER_STOP_GRACE: "0" });
    let isAt = false;
    const generate = () => {
      isAt = true;
      return new Promise<never>(() => {});
    };
    const loadEngine = async () => ({ ...tinyEngine(), generate });
    const running = await startWorker(environment, { log: quiet, software: "test", loadEngine });
    const { answer } = await giveDirect();
    await until(async () => isAt);
    await running.stop();
    expect(await answer).toMatchObject({ released: "stopping" });
  });

  it("fails a job whose engine makes another kind of file", async () => {
    cloud = await startScriptedCloud(seeded);
    const generate = async () => ({ file: Uint8Array.of(1), mediaType: "image/webp", promptCut: false });
    const loadEngine = async () => ({ ...tinyEngine(), generate });
    const environment = seeded.environment({ GRID_CLOUD_URL: cloud.url });
    const running = await startWorker(environment, { log: quiet, software: "test", loadEngine });
    const { answer } = await giveDirect();
    expect(await answer).toMatchObject({ released: "failed" });
    await running.stop();
  });

  it("gives the running job back when it cannot finish in time", async () => {
    const running = await start({ stepMilliseconds: 2_000, over: { GRID_WORKER_STOP_GRACE: "0" } });
    const { answer } = await giveDirect();
    await until(async () => cloud.heartbeats.length > 0);
    await running.stop();
    expect(await answer).toMatchObject({ released: "stopping" });
  });
});

describe("starting", () => {
  const failure = async (over: NodeJS.ProcessEnv, loadEngine = async () => tinyEngine()): Promise<string> => {
    cloud = await startScriptedCloud(seeded);
    try {
      const environment = seeded.environment({ GRID_CLOUD_URL: cloud.url, ...over });
      worker = await startWorker(environment, { log: quiet, software: "test", loadEngine });
    } catch (error) {
      if (error instanceof WorkerError) return error.code;
      throw error;
    }
    return "started";
  };

  it("refuses a folder whose weights are not the chain's", async () => {
    expect(MODEL_HASH).not.toBe(zeroHash);
    expect(await failure({}, async () => tinyEngine({ modelHash: `0x${"77".repeat(32)}` }))).toBe("MODEL_MISMATCH");
  });

  it("refuses a model that is not registered", async () => {
    expect(await failure({ GRID_WORKER_MODELS: `99=${seeded.folder}` })).toBe("MODEL_MISMATCH");
  });

  it("refuses a key that does not sign for the account", async () => {
    expect(await failure({ GRID_WORKER_SIGNER_KEY: generatePrivateKey() })).toBe("NOT_SIGNER");
  });

  it("refuses a key in another role, and one that is revoked", async () => {
    const [treasurer, revoked] = [generatePrivateKey(), generatePrivateKey()];
    await addSigner(seeded.grid, seeded.worker, privateKeyToAccount(treasurer), SignerRole.TREASURER);
    await addSigner(seeded.grid, seeded.worker, privateKeyToAccount(revoked), SignerRole.WORKER_SIGNER);
    await seeded.grid.mined(seeded.worker.grid.settlement.write.revokeSigner([privateKeyToAccount(revoked).address]));
    expect(await failure({ GRID_WORKER_SIGNER_KEY: treasurer })).toBe("NOT_SIGNER");
    await cloud.stop();
    expect(await failure({ GRID_WORKER_SIGNER_KEY: revoked })).toBe("NOT_SIGNER");
  });

  it("refuses a state folder that another worker uses", async () => {
    const { GRID_WORKER_STATE } = seeded.variables();
    await start({ over: { GRID_WORKER_STATE } });
    const first = cloud;
    const environment = seeded.environment({ GRID_CLOUD_URL: first.url, GRID_WORKER_STATE });
    const again = startWorker(environment, { log: quiet, software: "test", loadEngine: async () => tinyEngine() });
    await expect(again).rejects.toMatchObject({ code: "STATE_LOCKED" });
  });
});
