/** Ledger of the worker, and its transactions, which are kept before they are sent: receipts, closings, vouchers, settlements. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type JobOrder,
  jobReceipt,
  laneId,
  leafOf,
  merkleTree,
  nextVoucher,
  orderClosing,
  orderHash,
  receiptId,
  receiptTree,
  SETTLE_GRACE,
  SignerRole,
  voucherDigest,
  type WorkerClient,
} from "@gridnft/sdk";
import { encodeFunctionData, type Hex, keccak256, parseAbi, parseEther, toHex, zeroHash } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setAutomine } from "../../../test/fixtures/anvil.ts";
import { privateKeyOf } from "../../../test/fixtures/chain.ts";
import { settlementOf } from "../../../test/fixtures/order.ts";
import { signMessage } from "../../../test/fixtures/seed.ts";
import { until } from "../../../test/fixtures/until.ts";
import { connectChain, type GridChain } from "../../src/chain/connect.ts";
import { createSigning, type Signing } from "../../src/chain/signing.ts";
import { createTransactions, type TransactionCall } from "../../src/chain/transactions.ts";
import { claimEarnings } from "../../src/commands/claim.ts";
import { registerWorker } from "../../src/commands/register.ts";
import { createVoucherAcceptor } from "../../src/payouts/acceptVoucher.ts";
import { createPayouts } from "../../src/payouts/index.ts";
import { settleOrders } from "../../src/payouts/settle.ts";
import { openState, type State } from "../../src/state/index.ts";
import type { Ledger } from "../../src/state/ledger.ts";
import { PRICE, quiet, startWorkerGrid, type WorkerGrid } from "./workerGrid.ts";

const folder = mkdtempSync(join(tmpdir(), "gridnft-state-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let names = 0;
const fresh = (): string => join(folder, `${names++}`);

let seeded: WorkerGrid;
let chain: GridChain;
let sign: Signing;

beforeAll(async () => {
  seeded = await startWorkerGrid();
  const { rpcUrl, deployment } = seeded.environment();
  chain = await connectChain(rpcUrl, deployment);
  sign = createSigning(seeded.workerKey, seeded.domain);
}, 300_000);

afterAll(() => seeded?.stop());

const opened: State[] = [];
const state = async (path = fresh()): Promise<State> => {
  const made = await openState(path, seeded.domain);
  opened.push(made);
  return made;
};
afterAll(() => Promise.allSettled(opened.map(({ close }) => close())));

it("never has two receipts for one image, nor two writers at once", async () => {
  const path = fresh();
  const { ledger, close } = await openState(path, seeded.domain);
  const request = seeded.request();
  const order = await seeded.order(request, { count: 2 });
  const job = { order, orderSignature: undefined, request, engine: "e", price: PRICE, at: 1, block: 1n };
  await ledger.recordJob(job);
  const receiptOf = (imageHash: Hex) =>
    jobReceipt(order, {
      index: 0,
      seed: 1n,
      engineHash: zeroHash,
      imageHash,
      cidDigest: imageHash,
      completedAt: 1n,
      price: PRICE,
    });
  const [one, other] = [receiptOf(`0x${"01".repeat(32)}`), receiptOf(`0x${"02".repeat(32)}`)];
  const results = await Promise.allSettled([ledger.recordReceipt(one), ledger.recordReceipt(other)]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  await ledger.recordReceipt(one);
  await close();
  const again = await openState(path, seeded.domain);
  opened.push(again);
  await expect(again.ledger.recordReceipt(other)).rejects.toMatchObject({ code: "EQUIVOCATION" });
  const [kept] = again.ledger.jobsIn("open");
  expect(kept?.receipts.get(0) && receiptId(kept.receipts.get(0) ?? one, seeded.domain)).toBe(
    receiptId(one, seeded.domain),
  );
});

it("closes an order once, with just what it signed, and signs no receipt of it afterwards", async () => {
  const path = fresh();
  const { ledger, close } = await openState(path, seeded.domain);
  const request = seeded.request();
  const [order, onLane] = [
    await seeded.order(request, { count: 4 }),
    await seeded.order(request, { count: 2, laneId: `0x${"1a".repeat(32)}` }),
  ];
  const receiptAt = (index: number, of = order, tint = index) => {
    const imageHash: Hex = `0x${`${tint}`.padStart(64, "0")}`;
    const hashes = { imageHash, cidDigest: imageHash, engineHash: zeroHash };
    return jobReceipt(of, { index, seed: 1n, ...hashes, completedAt: 1n, price: PRICE });
  };
  const base = { orderSignature: undefined, request, engine: "e", price: PRICE, at: 1, block: 1n };
  await ledger.recordJob({ ...base, order });
  const closingOf = (...indices: number[]) =>
    orderClosing({ order, receipts: indices.map((index) => receiptAt(index)), domain: seeded.domain });
  const closed = expect.objectContaining({ code: "ORDER_CLOSED" });
  await expect(ledger.recordClosing(closingOf(0))).rejects.toEqual(closed);
  await ledger.recordReceipt(receiptAt(0));
  await ledger.recordReceipt(receiptAt(1));
  // Fewer than were signed, and one that was not.
  await expect(ledger.recordClosing(closingOf(0))).rejects.toEqual(closed);
  await expect(ledger.recordClosing(closingOf(0, 1, 2))).rejects.toEqual(closed);
  // A receipt and the closing at once: one of them is written.
  const both = await Promise.allSettled([ledger.recordReceipt(receiptAt(2)), ledger.recordClosing(closingOf(0, 1))]);
  expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  const other = await Promise.allSettled([
    ledger.recordClosing(closingOf(0, 1, 2)),
    ledger.recordReceipt(receiptAt(3)),
  ]);
  expect(other.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  await ledger.recordClosing(closingOf(0, 1, 2));
  await ledger.recordReceipt(receiptAt(2));
  await expect(ledger.recordReceipt(receiptAt(3))).rejects.toEqual(closed);
  await expect(ledger.recordClosing(closingOf(0, 1))).rejects.toEqual(closed);

  await ledger.recordJob({ ...base, order: onLane });
  await ledger.recordReceipt(receiptAt(0, onLane));
  const laneClosing = { orderHash: orderHash(onLane), receiptCount: 1, receiptsRoot: zeroHash };
  await expect(ledger.recordClosing(laneClosing)).rejects.toEqual(closed);
  await close();

  const again = await openState(path, seeded.domain);
  expect(again.ledger.job(orderHash(order))?.closing).toEqual(closingOf(0, 1, 2));
  await expect(again.ledger.recordReceipt(receiptAt(3))).rejects.toEqual(closed);
  await expect(again.ledger.recordReceipt(receiptAt(0, order, 9))).rejects.toMatchObject({ code: "EQUIVOCATION" });
  await again.close();
  // A line that was cut was never acknowledged, so nothing of it left: the order is open again, with its receipts.
  const file = join(path, "journal.jsonl");
  const lines = readFileSync(file, "utf8").split("\n");
  const cut = lines.findIndex((line) => line.includes('"closing"'));
  writeFileSync(file, `${lines.slice(0, cut).join("\n")}\n${lines[cut]?.slice(0, 40)}`);
  const third = await openState(path, seeded.domain);
  expect(third.ledger.job(orderHash(order))).toMatchObject({ closing: undefined, state: "open" });
  expect(third.ledger.job(orderHash(order))?.receipts.size).toBe(3);
  await third.close();
  // A receipt behind the closing was never written by this program.
  const receiptLine = lines.find((line) => line.includes('"receipt"') && line.includes('"index":2'));
  const forged = lines.filter((line) => line !== receiptLine && line !== "").slice(0, cut);
  writeFileSync(file, `${[...forged, receiptLine].join("\n")}\n`);
  await expect(openState(path, seeded.domain)).rejects.toMatchObject({ code: "STATE_DAMAGED" });
});

describe("a ledger that is compacted", () => {
  const lifetime = 600;
  const hashOf = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
  const receiptOf = (order: JobOrder, n: number, completedAt = 1) =>
    jobReceipt(order, {
      ...{ index: 0, seed: 1n, engineHash: zeroHash, imageHash: hashOf(n), cidDigest: hashOf(n) },
      ...{ completedAt: BigInt(completedAt), price: PRICE },
    });
  /** All that a ledger says. */
  const viewOf = ({ ledger }: State, ids: readonly Hex[]) => ({
    jobs: (["open", "delivered", "settled", "waiting", "short", "lost", "expired", "rejected"] as const).flatMap(
      (name) => ledger.jobsIn(name),
    ),
    lanes: ledger.lanes(),
    receipts: ids.map((id) => ledger.laneReceipt(id)),
    sent: ledger.sent(),
  });

  it("forgets what is over, and nothing else; opened again it says the same", async () => {
    const path = fresh();
    const file = join(path, "journal.jsonl");
    const { config, laneId } = await seeded.openLane(parseEther("1"));
    const request = seeded.request();
    const start = Number(await seeded.grid.now());
    const deadline = BigInt(start + lifetime);
    const direct = (count = 1) => seeded.order(request, { count, deadline });
    const onLane = () => seeded.order(request, { laneId, payer: config.payer, deadline });
    const [settled, rejected, delivered, waiting, closed, open] = [
      ...[await direct(), await direct(), await direct(), await direct(), await direct(3)],
      await seeded.order(request, { deadline: deadline + 1_000_000n }),
    ] as [JobOrder, JobOrder, JobOrder, JobOrder, JobOrder, JobOrder];
    const lanes = [await onLane(), await onLane(), await onLane()] as [JobOrder, JobOrder, JobOrder];
    const first = await openState(path, seeded.domain);
    const { ledger } = first;
    const base = { orderSignature: undefined, request, engine: "e", price: PRICE, at: start, block: 1n };
    const taken = async (order: JobOrder, n: number, completedAt = start): Promise<Hex> => {
      await ledger.recordJob({ ...base, order, orderSignature: `0x${"11".repeat(65)}` });
      await ledger.recordReceipt(receiptOf(order, n, completedAt));
      return orderHash(order);
    };
    await ledger.recordLane(config, [{ modelId: seeded.modelId, cumulative: 5n }]);
    await ledger.recordDelivered(await taken(settled, 1), start);
    await ledger.recordClosed(orderHash(settled), "settled", start);
    await ledger.recordClosed(await taken(rejected, 2), "rejected", start);
    await ledger.recordDelivered(await taken(delivered, 3), start);
    await ledger.recordDelivered(await taken(waiting, 4), start);
    await ledger.recordClosed(orderHash(waiting), "waiting", start);
    await taken(closed, 5);
    await ledger.recordClosing(
      orderClosing({ order: closed, receipts: [receiptOf(closed, 5, start)], domain: seeded.domain }),
    );
    await taken(open, 6);
    // Three jobs of a lane, with a collect after each: the last two may still be in a voucher's tree.
    const ids: Hex[] = [];
    let totals = [{ modelId: seeded.modelId, cumulative: 5n }];
    for (const [i, order] of lanes.entries()) {
      const at = start + 10_000 * (i + 1);
      await ledger.recordDelivered(await taken(order, 10 + i, at), at);
      const receipt = receiptOf(order, 10 + i, at);
      ids.push(receiptId(receipt, seeded.domain));
      const owed = new Map([[seeded.modelId, PRICE]]);
      const voucher = nextVoucher(laneId, totals, owed, receiptTree([receipt], seeded.domain));
      totals = [...voucher.totals] as typeof totals;
      const [payerSignature, workerSignature] = [`0x${"22".repeat(65)}`, `0x${"33".repeat(65)}`] as const;
      await ledger.recordVoucher({ voucher, payerSignature, workerSignature }, at + 5_000);
      if (i < 2) await ledger.recordCollected(laneId, at + 5_010);
    }
    const transaction = { purpose: "p", hash: hashOf(77), raw: "0x02" as Hex };
    await ledger.recordTransaction({ ...transaction, nonce: 4 }, start);
    await ledger.recordMined(4);
    await ledger.recordTransaction({ ...transaction, hash: hashOf(78), nonce: 5 }, start);

    // Too early for anything to be over: written anew, it says all that it said.
    const whole = viewOf(first, ids);
    await ledger.compact(start, { isForced: true });
    expect(viewOf(first, ids)).toEqual(whole);
    await first.close();
    const second = await openState(path, seeded.domain);
    expect(viewOf(second, ids)).toEqual(whole);

    const later = Number(deadline) + SETTLE_GRACE + 86_401;
    await second.ledger.compact(later, { isForced: true });
    const kept = viewOf(second, ids);
    expect(kept.jobs.map((job) => job.orderHash).sort()).toEqual(
      [delivered, waiting, closed, open].map((order) => orderHash(order)).sort(),
    );
    // The first collect anchored the first receipt for certain.
    expect(kept.lanes).toEqual([{ ...whole.lanes[0], forgottenBefore: start + 10_001 }]);
    expect(kept.receipts).toEqual([undefined, ...whole.receipts.slice(1)]);
    expect(kept.sent).toEqual(whole.sent);
    await second.close();
    // A program of before would not know these records, so it is told by the version.
    const head = JSON.parse(readFileSync(file, "utf8").split("\n")[0] ?? "") as { version: number };
    expect(head.version).toBe(2);

    const third = await state(path);
    expect(viewOf(third, ids)).toEqual(kept);
    // What is forgotten is not signed again, and nothing that comes late is written about it.
    await expect(third.ledger.recordReceipt(receiptOf(settled, 9))).rejects.toMatchObject({ code: "ORDER_CLOSED" });
    const size = statSync(file).size;
    await third.ledger.recordDelivered(orderHash(settled), later);
    await third.ledger.recordClosed(orderHash(rejected), "expired", later);
    expect(statSync(file).size).toBe(size);
    await expect(third.ledger.recordReceipt(receiptOf(open, 9))).rejects.toMatchObject({ code: "EQUIVOCATION" });
    // A forgotten receipt that a voucher names again is this worker's, and was counted; an unknown one is counted now.
    const earned = () => third.ledger.lane(laneId)?.earned.get(seeded.modelId);
    const before = earned();
    await third.ledger.recordAdopted(laneId, receiptOf(lanes[0], 10, start + 10_000));
    expect(third.ledger.laneReceipt(ids[0] as Hex)?.laneId).toBe(laneId);
    expect(earned()).toBe(before);
    await third.ledger.recordAdopted(laneId, receiptOf(lanes[0], 99, start + 50_000));
    expect(earned()).toBe((before ?? 0n) + PRICE);
  });

  it("reads a journal of before, and compacts it only when most of it is over", async () => {
    const path = fresh();
    const file = join(path, "journal.jsonl");
    const request = seeded.request();
    const start = Number(await seeded.grid.now());
    const made = await openState(path, seeded.domain);
    const orders = await Promise.all(Array.from({ length: 20 }, () => seeded.order(request)));
    const base = { orderSignature: undefined, request, engine: "e", price: PRICE, at: start, block: 1n };
    for (const order of orders) await made.ledger.recordJob({ ...base, order });
    await made.close();
    const [head = "", ...lines] = readFileSync(file, "utf8").split("\n").slice(0, -1);
    const ended = orders.map((order) => ({
      type: "closed",
      at: start,
      order_hash: orderHash(order),
      outcome: "lost",
    }));
    const repeated = Array.from({ length: 60 }, () => ended.map((line) => JSON.stringify(line))).flat();
    const old = head.replace('"version":2', '"version":1');
    writeFileSync(file, `${[old, ...lines, ...repeated].join("\n")}\n`);
    const again = await state(path);
    const length = () => readFileSync(file, "utf8").split("\n").length - 1;
    expect(length()).toBe(1 + 20 + 1_200);
    await again.ledger.compact(start);
    expect([length(), again.ledger.jobsIn("lost").length]).toEqual([1 + 2 * 20, 20]);
    await again.ledger.compact(start + 2 * 86_400 + SETTLE_GRACE);
    expect(length()).toBe(1 + 2 * 20);
    await again.ledger.compact(start + 2 * 86_400 + SETTLE_GRACE, { isForced: true });
    expect(readFileSync(file, "utf8")).toBe(`${head}\n`);
  });
});

/** Services of payouts over a chain whose answers to some questions are others. */
const payoutServices = (
  ledger: Ledger,
  answers: { [name: string]: (args: readonly [Hex, bigint]) => Promise<unknown> },
) => {
  const { settlement } = chain.grid;
  const read = new Proxy(settlement.read, { get: (real, name) => answers[String(name)] ?? Reflect.get(real, name) });
  const grid = { ...chain.grid, settlement: { ...settlement, read } } as GridChain["grid"];
  const clock = { now: () => Math.floor(Date.now() / 1_000), sync: async () => 1n };
  const services = { chain: { ...chain, grid }, clock, ledger, log: quiet, sign, account: seeded.worker.address };
  const transactions = createTransactions({ ...services, signer: seeded.workerKey, now: clock.now });
  const { payouts: terms } = seeded.environment();
  return { ...services, transactions, terms, confirmations: 0, signal: new AbortController().signal };
};

it("settles what it can when the node does not answer about one order, and looks after the lanes in any case", async () => {
  const { ledger } = await state();
  const orders: JobOrder[] = [];
  for (const seed of [1n, 2n]) {
    const request = seeded.request({ seed });
    const order = await seeded.order(request);
    orders.push(order);
    const job = { order, orderSignature: await seeded.signOrder(order), request, engine: "e", price: PRICE };
    await ledger.recordJob({ ...job, at: 1, block: 1n });
    const hash: Hex = `0x${`${seed}`.padStart(64, "0")}`;
    const hashes = { engineHash: hash, imageHash: hash, cidDigest: hash };
    await ledger.recordReceipt(
      jobReceipt(order, { index: 0, seed, ...hashes, completedAt: await seeded.grid.now(), price: PRICE }),
    );
    await ledger.recordDelivered(orderHash(order), 1);
  }
  const [odd, good] = orders as [JobOrder, JobOrder];
  const real = chain.grid.settlement.read;
  const refuse = async () => {
    throw new Error("block range is too large");
  };
  const isNonceUsed = (args: readonly [Hex, bigint]) => (args[1] === odd.nonce ? refuse() : real.isNonceUsed(args));
  await settleOrders(payoutServices(ledger, { isNonceUsed }));
  expect(await real.isNonceUsed([good.payer, good.nonce])).toBe(true);
  expect(ledger.jobsIn("delivered").map(({ order }) => order.nonce)).toEqual([odd.nonce]);
  let looked = 0;
  const lanes = () => {
    looked++;
    return ledger.lanes();
  };
  const run = createPayouts(payoutServices({ ...ledger, lanes }, { accountOf: refuse })).runOnce();
  await expect(run).rejects.toThrow("block range is too large");
  expect(looked).toBe(1);
});

it("does not keep in mind a lane that was never opened", async () => {
  const { ledger } = await state();
  const { config } = await seeded.openLane(PRICE);
  const made = { ...config, salt: `0x${"ee".repeat(32)}` as Hex };
  const voucher = { laneId: laneId(made, seeded.domain), totals: [], receiptCount: 0, receiptsRoot: zeroHash };
  const offer = { lane: made, voucher, payer_signature: `0x${"11".repeat(65)}` as Hex, receipt_ids: [] };
  const cloud = { vouchers: async () => [offer] } as unknown as WorkerClient;
  const vouchers = createVoucherAcceptor({ ...payoutServices(ledger, {}), cloud });
  await expect(vouchers.accept(offer)).rejects.toMatchObject({ code: "VOUCHER_REFUSED" });
  expect(ledger.lanes()).toEqual([]);
});

it("gets the receipts of a voucher that it accepted before a restart once, and answers it with any others", async () => {
  const { ledger } = await state();
  const { config } = await seeded.openLane(PRICE);
  const id = laneId(config, seeded.domain);
  await ledger.recordLane(config, [{ modelId: seeded.modelId, cumulative: 0n }]);
  const ids = Array.from({ length: 5 }, (_, i) => keccak256(toHex(`receipt ${i}`)));
  const totals = [{ modelId: seeded.modelId, cumulative: PRICE }];
  const receiptsRoot = merkleTree(ids.map(leafOf)).root;
  const voucher = { laneId: id, totals, receiptCount: ids.length, receiptsRoot };
  const [payerSignature, workerSignature] = [`0x${"22".repeat(65)}`, `0x${"33".repeat(65)}`] as const;
  await ledger.recordVoucher({ voucher, payerSignature, workerSignature }, 1_000);
  const digest = voucherDigest(voucher, seeded.domain);
  const after = { after: digest, receipt_ids: [] };
  const sent: number[] = [];
  const answered: Hex[] = [];
  const restarted = (receipts: readonly Hex[]) => {
    const whole = { lane: config, voucher, payer_signature: payerSignature, receipt_ids: [...receipts] };
    const cloud = {
      vouchers: async (known: readonly Hex[]) => {
        const offer = known.includes(digest) ? { ...whole, ...after } : whole;
        sent.push(offer.receipt_ids.length);
        return [offer];
      },
      counterSign: async (_lane: Hex, _digest: Hex, signature: Hex) => answered.push(signature),
    } as unknown as WorkerClient;
    return createVoucherAcceptor({ ...payoutServices(ledger, {}), cloud });
  };
  const vouchers = restarted(ids);
  for (let i = 0; i < 3; i++) await vouchers.catchUp();
  expect([sent.splice(0), vouchers.knownOn(id)]).toEqual([[5, 0, 0], digest]);
  for (const wrong of [[...ids].reverse(), [...ids, ...ids]]) {
    const other = restarted(wrong);
    await other.catchUp();
    expect(other.knownOn(id)).toBeUndefined();
  }
  expect(answered).toEqual(Array.from({ length: 5 }, () => workerSignature));
});

it("refuses the state folder of another deployment", async () => {
  const path = fresh();
  const { close } = await openState(path, seeded.domain);
  await close();
  const other = { ...seeded.domain, verifyingContract: seeded.artist.address };
  await expect(openState(path, other)).rejects.toMatchObject({ code: "STATE_DAMAGED" });
});

it("registers a worker, once, and claims what it earned", async () => {
  const cold = seeded.grid.party(4);
  const environment = {
    ...seeded.variables(),
    GRID_WORKER_ACCOUNT_KEY: privateKeyOf(cold),
    GRID_WORKER_SIGNER_KEY: generatePrivateKey(),
  };
  // As the program gets the bytes "ipfs://caf\xe9".
  const broken = registerWorker(["--profile", "ipfs://caf\ufffd"], environment);
  await expect(broken).rejects.toThrow("Word 3 of the command line is not UTF-8.");
  await expect(registerWorker([], environment)).rejects.toThrow("AIPG more");
  await seeded.grid.mined(seeded.owner.grid.aipg.write.mint([cold.address, parseEther("100000")]));
  expect(await registerWorker(["--profile", "ipfs://me"], environment)).toContain("is bonded with");
  const { registry, settlement, aipg } = seeded.owner.grid;
  expect(await registry.read.isBonded([cold.address])).toBe(true);
  const signer = privateKeyToAccount(environment.GRID_WORKER_SIGNER_KEY).address;
  expect(await settlement.read.isSigner([cold.address, SignerRole.WORKER_SIGNER, signer])).toBe(true);
  const count = await chain.client.getTransactionCount({ address: cold.address });
  expect(await registerWorker([], environment)).toContain("is bonded.");
  expect(await chain.client.getTransactionCount({ address: cold.address })).toBe(count);

  expect(await claimEarnings([], environment)).toContain("nothing");
  const request = seeded.request();
  const order = await seeded.order(request, { worker: cold.address });
  const hashes = { imageHash: zeroHash, cidDigest: zeroHash, engineHash: zeroHash };
  const completedAt = await seeded.grid.now();
  const receipt = jobReceipt(order, { index: 0, seed: 1n, ...hashes, completedAt, price: PRICE });
  const signature = await signMessage(cold.account, seeded.domain, "JobReceipt", receipt);
  const item = await settlementOf(seeded.domain, seeded.artist.account, order, [{ receipt, signature }]);
  await seeded.grid.mined(seeded.artist.grid.settlement.write.settle([item]));
  const earned = await settlement.read.earnedOf([cold.address]);
  const to = privateKeyToAccount(generatePrivateKey()).address;
  await expect(claimEarnings(["--to", "nobody"], environment)).rejects.toThrow("is not an address");
  const mistyped = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD";
  await expect(claimEarnings(["--to", mistyped], environment)).rejects.toThrow("has a wrong checksum");
  expect(await claimEarnings(["--to", to], environment)).toContain("AIPG paid to");
  expect(await aipg.read.balanceOf([to])).toBe(earned);
  expect(earned).toBeGreaterThan(0n);
});

const transfer = (value: bigint): TransactionCall => ({
  purpose: "a transfer",
  to: seeded.grid.deployment.contracts.AIPG.address,
  data: encodeFunctionData({
    abi: parseAbi(["function transfer(address to, uint256 value) returns (bool)"]),
    args: [seeded.artist.address, value],
  }),
  gas: 100_000n,
});
const sent = (): Promise<number> => chain.client.getTransactionCount({ address: seeded.workerKey.address });
const mine = (on: boolean): Promise<unknown> => setAutomine(seeded.grid, on);
const block = (): Promise<unknown> => seeded.grid.rpc("evm_mine");

it("sends a stuck transaction again with the same nonce and a higher fee; one of them counts", async () => {
  const { ledger } = await state();
  const transactions = createTransactions({
    chain,
    signer: seeded.workerKey,
    ledger,
    log: quiet,
    now: () => 1,
    stuck: 300,
  });
  const before = await sent();
  await mine(false);
  const sending = transactions.send(transfer(0n));
  await until(async () => ledger.sent().length >= 2);
  await mine(true);
  await block();
  expect((await sending).status).toBe("success");
  expect(await sent()).toBe(before + 1);
  expect(ledger.sent()).toEqual([]);
});

it("sends again after a crash what was signed before, and nothing twice", async () => {
  const path = fresh();
  const first = await openState(path, seeded.domain);
  const before = await sent();
  await mine(false);
  const gone = new AbortController();
  const options = { chain, signer: seeded.workerKey, log: quiet, now: () => 1 };
  const sending = createTransactions({ ...options, ledger: first.ledger }).send(transfer(0n), gone.signal);
  await until(async () => first.ledger.sent().length > 0);
  gone.abort();
  await expect(sending).rejects.toMatchObject({ code: "TRANSACTION_FAILED" });
  await first.close();
  // The node forgets what it has not mined, as nodes do.
  const [{ hash } = { hash: zeroHash }] = first.ledger.sent();
  await seeded.grid.rpc("anvil_dropTransaction", hash);
  await mine(true);
  const second = await openState(path, seeded.domain);
  opened.push(second);
  await createTransactions({ ...options, ledger: second.ledger }).resume();
  expect((await chain.client.getTransactionReceipt({ hash })).status).toBe("success");
  expect(await sent()).toBe(before + 1);
  expect(second.ledger.sent()).toEqual([]);
  // A second look has nothing to do.
  await createTransactions({ ...options, ledger: second.ledger }).resume();
  expect(await sent()).toBe(before + 1);
});
