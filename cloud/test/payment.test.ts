/** Both rails, from the request to money and anchor on chain, with a worker by script. */
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { type Hex, parseEther, parseEventLogs } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  composeBody,
  EvolutionPolicy,
  encodeBody,
  fileHashes,
  gridNftAbi,
  gridSettlementAbi,
  jobPrice,
  laneId,
  leafOf,
  merkleTree,
  messageFromJson,
} from "../../sdk/src/index.ts";
import {
  generateImageResponse,
  job as jobSchema,
  quote as quoteSchema,
  receiptBundle,
} from "../../sdk/src/schemas/index.ts";
import { listen } from "../../test/fixtures/scriptedServer.ts";
import { until } from "../../test/fixtures/until.ts";
import { encodeCall, openSender } from "../src/payment/sender.ts";
import type { RunningCloud } from "../src/start.ts";
import { planOf, type RunningTreasury, workOnce } from "../src/startTreasury.ts";
import { call, RATE, signIn, signOrders, startTestGrid, type TestGrid } from "./grid.ts";
import { type ScriptedWorker, scriptedWorker } from "./scriptedWorker.ts";

let grid: TestGrid;
let cloud: RunningCloud;
let worker: ScriptedWorker;
let treasuries: RunningTreasury[];
/** AIPG wei a day of the TREASURER. */
const CAP = parseEther("3");

beforeAll(async () => {
  grid = await startTestGrid({ lanes: false });
  const gateway = { ...grid.gatewayTerms, laneFunding: parseEther("1") };
  // Two processes of each: nothing may happen twice.
  const clouds = await Promise.all([grid.cloud({ gateway }), grid.cloud({ gateway })]);
  cloud = clouds[0] as RunningCloud;
  treasuries = await Promise.all([grid.treasury({ cap: CAP }), grid.treasury({ cap: CAP })]);
  worker = await scriptedWorker(grid, cloud, grid.workers[0]);
}, 300_000);
afterAll(() => grid?.stop());

const resolved = () => ({
  prompt: "a lighthouse at dusk",
  model: grid.open.toString(),
  width: 128,
  height: 64,
  steps: 5,
});

it("tells what to sign, and does it once it is signed", async () => {
  const ask = { ...resolved(), requester: grid.artist.address, seed: 42, n: 2 };
  const asked = await call<{ error: { code: string }; quote: unknown }>(cloud, "POST", "/v1/generate-image", {
    json: ask,
  });
  expect(asked.status).toBe(402);
  expect(asked.body.error.code).toBe("PAYMENT_REQUIRED");
  const quote = quoteSchema.parse(asked.body.quote);
  expect(quote.price).toBe(jobPrice({ width: 128, height: 64, steps: 5, count: 2 }, RATE));
  expect(quote.candidates.map((one) => one.worker.toLowerCase())).toEqual([
    grid.workers[0].party.address.toLowerCase(),
  ]);

  const orders = await signOrders(
    grid,
    grid.artist.account,
    (asked.body.quote as { candidates: { order: unknown }[] }).candidates.map(({ order }) => order),
  );
  const answer = call(cloud, "POST", "/v1/generate-image", {
    json: { ...quote.parameters, payment: { rail: "direct", orders } },
  });
  const job = await until(() => worker.claim(5), "the worker gets the job");
  expect(job).toMatchObject({ order_signature: orders[0]?.signature, price: quote.price.toString() });
  await worker.heartbeat(job, { image: 0, step: 3, steps: 5 });
  const shown = jobSchema.parse((await call(cloud, "GET", `/v1/jobs/${job.id}`)).body);
  expect(shown).toMatchObject({ status: "running", progress: { image: 0, images: 2, step: 3, steps: 5 } });
  const { receipts, files } = await worker.work(job);

  const { status, body } = await answer;
  expect(status).toBe(200);
  const result = generateImageResponse.parse(body);
  expect(result.images.map(({ seed }) => seed)).toEqual(["42", "43"]);
  const reading = { prompt_cut: false, unknown_words: ["lighthouse"] };
  expect(result).toMatchObject(reading);
  expect((await call(cloud, "GET", `/v1/jobs/${job.id}`)).body).toMatchObject(reading);
  expect(result.image_hash).toBe(fileHashes(files[0] as Uint8Array).imageHash);
  expect(BigInt(Math.round(Number(result.cost_aipg) * 1e9)) * 10n ** 9n).toBe(quote.price);
  const picture = await fetch(result.image_url);
  expect(Buffer.from(await picture.arrayBuffer()).equals(files[0] as Uint8Array)).toBe(true);

  // Anybody settles with the bundle, and the requester mints.
  const bundle = receiptBundle.parse((await call(cloud, "GET", `/v1/receipts/${result.receipt_id}`)).body);
  if (!bundle.direct) throw new Error("a direct bundle");
  const tree = merkleTree(result.images.map(({ receipt_id }) => leafOf(receipt_id)));
  const anchor = { source: 0, domain: grid.domain, payer: grid.artist.address, tree };
  const { body: series, proofs } = composeBody(
    bundle.direct.receipts.map(({ receipt }) => ({ receipt, request: bundle.request, engine: bundle.engine, anchor })),
    { policy: EvolutionPolicy.NONE, royaltyBps: 500, title: "Dusk", description: "", tags: "" },
  );
  const item = {
    order: bundle.order,
    orderSignature: bundle.direct.order_signature,
    receipts: bundle.direct.receipts.map(({ receipt, signature }) => ({ ...receipt, signature })),
  };
  const { logs } = await grid.chain.mined(
    grid.artist.grid.nft.write.settleAndMint([0n, [item], encodeBody(series), proofs, grid.artist.address, 10n ** 18n]),
  );
  expect(parseEventLogs({ abi: gridNftAbi, logs, eventName: "SeriesMinted" })).toHaveLength(1);
  expect(receipts).toHaveLength(2);
  await until(
    async () =>
      (await grid.sql(`SELECT 1 FROM cloud.job WHERE id = $1 AND settled_at IS NOT NULL`, [job.id])).length > 0,
    "the cloud sees that the order is settled",
  );
});

it("pays by the gateway's lane, by one collect for several jobs, and goes on after it", async () => {
  const token = await signIn(grid, cloud, grid.artist.account);
  // The worker's offer stands for long, and nobody opened a lane for it.
  expect(await grid.sql("SELECT 1 FROM cloud.lane")).toEqual([]);
  const order = async (prompt: string) => {
    const answer = call(cloud, "POST", "/v1/generate-image", { token, json: { ...resolved(), prompt } });
    const job = await until(() => worker.claim(5), "the worker gets the job");
    const parties = [job.lane?.payer, job.lane?.worker].map((address) => address?.toLowerCase());
    expect(parties).toEqual([grid.gateway.address, job.order.worker].map((address) => address.toLowerCase()));
    const { voucher } = await worker.work(job);
    const { status, body } = await answer;
    expect(status).toBe(200);
    if (!voucher) throw new Error("no voucher");
    return { result: generateImageResponse.parse(body), voucher, price: BigInt(job.price) };
  };
  const first = await order("one");
  const second = await order("two");
  expect(second.voucher.receipt_ids).toEqual([first.result.receipt_id, second.result.receipt_id]);
  expect(messageFromJson("Voucher", second.voucher.voucher).totals).toEqual([
    { modelId: grid.open, cumulative: first.price + second.price },
  ]);

  const workerSignature = await worker.counterSign(second.voucher);
  const bundle = receiptBundle.parse((await call(cloud, "GET", `/v1/receipts/${first.result.receipt_id}`)).body);
  expect(bundle.lane?.worker_signature).toBe(workerSignature);
  if (!bundle.lane?.worker_signature) throw new Error("no counter-signature");
  const { config, voucher, payer_signature, worker_signature } = bundle.lane;
  const { logs } = await grid.chain.mined(
    grid.artist.grid.settlement.write.collect([config, voucher, payer_signature, worker_signature]),
  );
  expect(parseEventLogs({ abi: gridSettlementAbi, logs, eventName: "ReceiptsAnchored" })[0]?.args.receiptCount).toBe(2);
  const [collected] = parseEventLogs({ abi: gridSettlementAbi, logs, eventName: "LaneCollected" });
  expect(collected?.args.cumulative).toBe(first.price + second.price);

  // Minting what the gateway paid for.
  const tree = merkleTree(bundle.lane.receipt_ids.map(leafOf));
  const anchor = { source: 0, domain: grid.domain, laneId: voucher.laneId, payer: config.payer, tree };
  const { body, proofs } = composeBody(
    [{ receipt: bundle.receipt, request: bundle.request, engine: bundle.engine, anchor }],
    { policy: EvolutionPolicy.NONE, royaltyBps: 0, title: "One", description: "", tags: "" },
  );
  await grid.chain.mined(grid.artist.grid.nft.write.mint([encodeBody(body), proofs, grid.artist.address, 10n ** 18n]));

  await until(
    async () => (await grid.sql(`SELECT 1 FROM cloud.lane WHERE anchored_through = 2`)).length > 0,
    "the cloud sees the anchor",
  );
  const third = await order("three");
  expect(third.voucher.receipt_ids).toEqual([third.result.receipt_id]);
  expect(messageFromJson("Voucher", third.voucher.voucher).totals).toEqual([
    { modelId: grid.open, cumulative: first.price + second.price + third.price },
  ]);
  // A receipt that is anchored keeps the voucher that anchored it.
  const again = receiptBundle.parse((await call(cloud, "GET", `/v1/receipts/${first.result.receipt_id}`)).body);
  expect(again.lane?.voucher).toEqual(voucher);
});

it("counts the gateway's pictures against a quota", async () => {
  const token = await signIn(grid, cloud, grid.artist.account);
  const { body } = await call<{ quota: { limit: number; used: number } }>(cloud, "GET", "/v1/auth/session", { token });
  expect(body.quota).toMatchObject({ limit: 50, used: 3 });
});

it("takes receipts into the next voucher again when their anchor is gone by a reorg", async () => {
  const token = await signIn(grid, cloud, grid.artist.account);
  const order = async (prompt: string) => {
    const answer = call(cloud, "POST", "/v1/generate-image", { token, json: { ...resolved(), prompt } });
    const job = await until(() => worker.claim(5), "the worker gets the job");
    const { voucher } = await worker.work(job);
    const result = generateImageResponse.parse((await answer).body);
    if (!voucher) throw new Error("no voucher");
    return { id: result.receipt_id, voucher };
  };
  const anchored = async () =>
    (await grid.sql<{ n: number }>("SELECT anchored_through AS n FROM cloud.lane"))[0]?.n ?? -1;
  const first = await order("before the storm");
  const before = await anchored();
  const { wallet } = grid.chain.party(0);
  const snapshot = await wallet.request({ method: "evm_snapshot" as never });
  const { lane, voucher, payer_signature } = first.voucher;
  const workerSignature = await worker.counterSign(first.voucher);
  await grid.chain.mined(
    grid.artist.grid.settlement.write.collect([
      messageFromJson("LaneConfig", lane),
      messageFromJson("Voucher", voucher),
      payer_signature,
      workerSignature,
    ]),
  );
  await until(async () => (await anchored()) > before, "the cloud sees the anchor");
  await wallet.request({ method: "evm_revert" as never, params: [snapshot] as never });
  await grid.chain.pass(1);
  await until(async () => (await anchored()) === before, "the cloud sees that the anchor is gone");
  const second = await order("after the storm");
  expect(second.voucher.receipt_ids).toContain(first.id);
  expect(second.voucher.receipt_ids).toContain(second.id);
  // Money is what it was: totals only grow, and all of them can still be collected.
  const signature = await worker.counterSign(second.voucher);
  await grid.chain.mined(
    grid.artist.grid.settlement.write.collect([
      messageFromJson("LaneConfig", second.voucher.lane),
      messageFromJson("Voucher", second.voucher.voucher),
      second.voucher.payer_signature,
      signature,
    ]),
  );
});

it("counts no money in a lane whose top-up is gone by a reorg, and none in a lane that is gone itself", async () => {
  const { wallet } = grid.chain.party(0);
  const { settlement } = grid.gateway.grid;
  const rows = () =>
    grid.sql<{ lane_id: Hex; state: string; free: string }>(
      "SELECT lane_id, state, free::text FROM cloud.lane ORDER BY created_at",
    );
  const [row] = await grid.sql<{ config: Record<string, unknown> }>("SELECT config FROM cloud.lane");
  const first = messageFromJson("LaneConfig", row?.config);
  const { free } = await settlement.read.laneOf([laneId(first, grid.domain)]);
  const before = await until(async () => {
    const now = await rows();
    return now[0]?.free === free.toString() && now;
  }, "the cloud sees what was collected");
  const json = { ...row?.config, worker: grid.workers[1].party.address.toLowerCase() };
  const second = messageFromJson("LaneConfig", json);
  const opening = { lane_id: laneId(second, grid.domain), state: "opening", free: "0" };
  await grid.sql(
    `INSERT INTO cloud.lane (lane_id, config, payer, payer_signer, worker, state)
     SELECT $1, $2, payer, payer_signer, $3, 'opening' FROM cloud.lane`,
    [opening.lane_id, JSON.stringify(json), json.worker],
  );
  const snapshot = await wallet.request({ method: "evm_snapshot" as never });
  await grid.chain.mined(settlement.write.topUpLane([first, parseEther("1")]));
  await grid.chain.mined(settlement.write.openLane([second, parseEther("1")]));
  const more = (BigInt(before[0]?.free ?? 0) + parseEther("1")).toString();
  await until(
    async () =>
      JSON.stringify(await rows()) ===
      JSON.stringify([
        { ...before[0], free: more },
        { ...opening, state: "open", free: parseEther("1").toString() },
      ]),
    "the cloud sees the money",
  );
  await wallet.request({ method: "evm_revert" as never, params: [snapshot] as never });
  for (let blocks = 0; blocks < 3; blocks++) await grid.chain.pass(1);
  await until(
    async () => JSON.stringify(await rows()) === JSON.stringify([...before, opening]),
    "the cloud sees that the money is gone",
  );
  await grid.sql("DELETE FROM cloud.lane WHERE lane_id = $1", [opening.lane_id]);
});

describe("the gateway's lanes", () => {
  const settlement = () => grid.gateway.grid.settlement;
  const laneRow = async () => {
    const [row] = await grid.sql<{ lane_id: Hex; state: string; resting: boolean; thawing: boolean }>(
      "SELECT lane_id, state, resting, thawing FROM cloud.lane",
    );
    if (!row) throw new Error("no lane");
    return row;
  };
  const laneState = async () => settlement().read.laneOf([(await laneRow()).lane_id]);
  const balance = async () => (await settlement().read.accountOf([grid.gateway.address])).balance;
  const owed = async () =>
    BigInt(
      (await grid.sql<{ due: string }>("SELECT sum(promised - collected)::text AS due FROM cloud.lane_total"))[0]
        ?.due ?? 0,
    );
  const openings = async () =>
    (await settlement().getEvents.LaneOpened({}, { fromBlock: BigInt(grid.chain.deployment.startBlock) })).length;
  const post = async (changes: object = {}) => {
    const token = await signIn(grid, cloud, grid.artist.account);
    const { status, body } = await call<{ id: string }>(cloud, "POST", "/v1/generate-image", {
      token,
      json: { ...resolved(), ...changes },
      headers: { prefer: "respond-async" },
    });
    expect(status).toBe(202);
    return body.id;
  };
  const shown = async (id: string) =>
    (await call<{ status: string; waiting?: { code: string; message: string } }>(cloud, "GET", `/v1/jobs/${id}`)).body;
  /** As if no job had needed the lanes for so long. */
  const letRest = () =>
    grid.sql(`WITH paid AS (UPDATE cloud.voucher SET created_at = created_at - interval '2 hours')
      UPDATE cloud.lane SET created_at = created_at - interval '2 hours', wanted_at = wanted_at - interval '2 hours'`);
  const thawBegins = () =>
    until(async () => (await laneState()).thawReadyAt !== 0, "the idle lane's money is asked back");

  it("are opened once, with nothing in them, and filled by the TREASURER in small steps", async () => {
    expect(await openings()).toBe(1);
    const [opened] = await settlement().getEvents.LaneOpened(
      {},
      { fromBlock: BigInt(grid.chain.deployment.startBlock) },
    );
    expect(opened?.args.amount).toBe(0n);
    const filled = await settlement().getEvents.LaneToppedUp(
      {},
      { fromBlock: BigInt(grid.chain.deployment.startBlock) },
    );
    expect(filled.map(({ args: { by, amount } }) => [by, amount])).toEqual([[grid.treasurer.address, parseEther("1")]]);
    expect((await settlement().read.treasurerCapOf([grid.treasurer.address])).cap).toBe(CAP);
    // Approved is what was deposited.
    const { aipg } = grid.gateway.grid;
    expect(await balance()).toBe(parseEther("399"));
    const allowance = await aipg.read.allowance([grid.gateway.address, settlement().address]);
    expect(allowance).toBeGreaterThan(0n);
  });

  it("are found again when a process died between opening one and writing it down", async () => {
    const { lane_id } = await laneRow();
    await grid.sql("UPDATE cloud.lane SET state = 'opening', wanted_at = now()");
    await until(async () => (await laneRow()).state === "open", "the lane is known to be open");
    expect([await openings(), (await laneRow()).lane_id]).toEqual([1, lane_id]);
  });

  it("are not filled twice by a transaction that a killed process left behind", async () => {
    const { wallet } = grid.chain.party(0);
    const rpc = (method: string, ...params: unknown[]) =>
      wallet.request({ method: method as never, params: params as never });
    const { deployment, rpcUrl } = grid.chain;
    const [config] = await grid.sql<{ config: unknown }>("SELECT config FROM cloud.lane");
    const senders = [1, 2].map(() => openSender(grid.treasurer, { rpcUrl, deployment, poll: 100 }));
    const topUp = encodeCall(settlement(), "topUpLane", [messageFromJson("LaneConfig", config?.config), 5n]);
    const before = (await laneState()).free;
    await rpc("evm_setAutomine", false);
    try {
      const left = senders[0]?.send(topUp, gridSettlementAbi);
      await until(
        async () => ((await rpc("txpool_status")) as { pending: string }).pending !== "0x0",
        "the transaction waits for its block",
      );
      await expect(senders[1]?.send(topUp, gridSettlementAbi)).rejects.toThrow();
      await rpc("evm_mine");
      await left;
    } finally {
      await rpc("evm_setAutomine", true);
    }
    expect((await laneState()).free).toBe(before + 5n);
  });

  it("are not waited for without end when a node tells of a block that never comes", async () => {
    const { deployment, rpcUrl } = grid.chain;
    const lying = createServer(async (request, response) => {
      const question = await text(request);
      const headers = { "content-type": "application/json" };
      const told = await fetch(rpcUrl, { method: "POST", headers, body: question });
      const answer = (await told.json()) as { readonly result?: { blockNumber: string } | null };
      const receipt = question.includes("eth_getTransactionReceipt") ? answer.result : undefined;
      if (receipt) receipt.blockNumber = "0xffffffff";
      response.writeHead(200, headers).end(JSON.stringify(answer));
    });
    try {
      const url = `http://127.0.0.1:${await listen(lying)}`;
      const sender = openSender(grid.treasurer, { rpcUrl: url, deployment, poll: 100, timeout: 1_000 });
      const [row] = await grid.sql<{ config: unknown }>("SELECT config FROM cloud.lane");
      const topUp = encodeCall(settlement(), "topUpLane", [messageFromJson("LaneConfig", row?.config), 1n]);
      await expect(sender.send(topUp, gridSettlementAbi)).rejects.toThrow("4294967295");
    } finally {
      lying.closeAllConnections();
      lying.close();
    }
  });

  it("stay empty when the gateway is out of funds: the job waits, and its owner is told", async () => {
    const dear = { width: 1_024, height: 1_024, steps: 100, n: 4 };
    const id = await post(dear);
    const told = await until(async () => {
      const job = await shown(id);
      return job.waiting && job;
    }, "the owner is told");
    expect(told).toMatchObject({ status: "queued", waiting: { code: "GATEWAY_SHORT" } });
    expect(jobSchema.parse((await call(cloud, "GET", `/v1/jobs/${id}`)).body).waiting?.message).toContain(
      "out of funds",
    );
    expect(await worker.claim()).toBeUndefined();
    // An operator lets the TREASURER move more.
    for (const treasury of treasuries) await treasury.stop();
    treasuries = [await grid.treasury({ cap: parseEther("50") })];
    const job = await until(() => worker.claim(2), "the job goes on");
    expect(job.id).toBe(id);
    await grid.sql("UPDATE cloud.job SET status = 'failed', lease_token = NULL WHERE id = $1", [id]);
  });

  it("give an idle one's money back, without what is promised, and take a job again", async () => {
    const { lane_id } = await laneRow();
    await post();
    await worker.work(await until(() => worker.claim(2), "a job that is not collected"));
    const due = await owed();
    expect(due).toBeGreaterThan(0n);
    await letRest();
    await thawBegins();
    const asked = await laneState();
    expect(asked.thawing).toBe(asked.free - due);
    // A job that comes meanwhile takes the thaw back.
    const id = await post();
    const first = await until(() => worker.claim(2), "the job gets the lane");
    expect([first.id, first.lane?.salt]).toEqual([id, (await laneConfig()).salt]);
    expect(await laneState()).toMatchObject({ thawReadyAt: 0, thawing: 0n, free: asked.free + 1n });
    await worker.work(first);

    const before = await balance();
    await letRest();
    await thawBegins();
    const left = await owed();
    const home = (await laneState()).free - left;
    await grid.chain.pass(24 * 3_600 + 1);
    await until(async () => (await balance()) === before + home, "the money is back in the account");
    expect((await laneState()).free).toBe(left);

    const last = await post();
    const second = await until(() => worker.claim(2), "the lane is filled anew");
    expect([second.id, second.lane?.salt]).toEqual([last, first.lane?.salt]);
    await worker.work(second);
    expect([await openings(), (await laneRow()).lane_id]).toEqual([1, lane_id]);
  });

  it("are none of the database's: terms of another payer or key are not signed", async () => {
    for (const treasury of treasuries) await treasury.stop();
    const [row] = await grid.sql<{ config: Record<string, unknown> }>("SELECT config FROM cloud.lane");
    const plant = async (changes: object) => {
      const config = { ...row?.config, salt: `0x${"77".repeat(32)}`, ...changes };
      const id = laneId(messageFromJson("LaneConfig", config), grid.domain);
      await grid.sql("DELETE FROM cloud.lane WHERE state = 'opening'");
      await grid.sql(
        `INSERT INTO cloud.lane (lane_id, config, payer, payer_signer, worker, state, wanted_at)
         SELECT $1, $2, payer, payer_signer, worker, 'opening', now() FROM cloud.lane LIMIT 1`,
        [id, JSON.stringify(config)],
      );
    };
    const plan = async () => (await planOf(grid.treasurySettings({ owner: undefined }))).map(({ what }) => what);
    const worker0 = grid.workers[0].party.address;
    await plant({});
    // Without a key the transactions are printed, for a multisig: the one lane, and what else is due.
    expect(await plan()).toContain(`open a lane to ${worker0}`);
    for (const change of [
      { payerSigner: grid.artist.address },
      { payer: grid.artist.address },
      { thawDelay: 30 * 24 * 3_600 },
      { worker: grid.artist.address },
    ]) {
      await plant(change);
      expect((await plan()).filter((what) => what.startsWith("open"))).toEqual([]);
    }
  });

  it("are not more than a day's number, however many the database asks for", async () => {
    const [row] = await grid.sql<{ config: Record<string, unknown> }>(
      "SELECT config FROM cloud.lane WHERE state = 'open'",
    );
    await grid.sql("DELETE FROM cloud.lane WHERE state = 'opening'");
    for (const { party } of grid.workers) {
      const config = { ...row?.config, worker: party.address.toLowerCase(), salt: `0x${"66".repeat(32)}` };
      await grid.sql(
        `INSERT INTO cloud.lane (lane_id, config, payer, payer_signer, worker, state, wanted_at)
         SELECT $1, $2, payer, payer_signer, $3, 'opening', now() FROM cloud.lane WHERE state = 'open' LIMIT 1`,
        [laneId(messageFromJson("LaneConfig", config), grid.domain), JSON.stringify(config), config.worker],
      );
    }
    const before = await openings();
    await workOnce(grid.treasurySettings({ dailyLanes: 1 }));
    expect(await openings()).toBe(before + 1);
  });

  const laneConfig = async () => {
    const [row] = await grid.sql<{ config: { salt: Hex } }>("SELECT config FROM cloud.lane WHERE state = 'open'");
    if (!row) throw new Error("no lane");
    return row.config;
  };
});
