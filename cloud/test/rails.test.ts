/** Both rails, from the request to money and anchor on chain, with a worker by script. */
import { parseEventLogs } from "viem";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  composeBody,
  EvolutionPolicy,
  encodeBody,
  fileHashes,
  gridNftAbi,
  gridSettlementAbi,
  jobPrice,
  leafOf,
  merkleTree,
  messageFromJson,
} from "../../sdk/src/index.ts";
import {
  generateImageResponse,
  job as jobSchema,
  quote as quoteSchema,
  receiptBundle,
} from "../../sdk/src/wire/index.ts";
import type { RunningCloud } from "../src/start.ts";
import { call, RATE, signIn, signOrders, startTestGrid, type TestGrid, until } from "./grid.ts";
import { type ScriptedWorker, scriptedWorker } from "./scriptedWorker.ts";

let grid: TestGrid;
let cloud: RunningCloud;
let worker: ScriptedWorker;

beforeAll(async () => {
  grid = await startTestGrid();
  cloud = await grid.cloud();
  worker = await scriptedWorker(grid, cloud, grid.workers[0]);
}, 120_000);
afterAll(() => grid?.stop());

const wish = () => ({ prompt: "a lighthouse at dusk", model: grid.open.toString(), width: 128, height: 64, steps: 5 });

it("tells what to sign, and does it once it is signed", async () => {
  const ask = { ...wish(), requester: grid.artist.address, seed: 42, n: 2 };
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
  await until(
    async () => (await call<{ gateway?: { lanes: number } }>(cloud, "GET", "/health")).body.gateway?.lanes === 1,
    "the gateway opens a lane",
  );
  const order = async (prompt: string) => {
    const answer = call(cloud, "POST", "/v1/generate-image", { token, json: { ...wish(), prompt } });
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
    const answer = call(cloud, "POST", "/v1/generate-image", { token, json: { ...wish(), prompt } });
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
