/**
 * The least that each operation can cost, whoever writes the contract: its own bytes and slots at the EVM's prices, no
 * instruction of any implementation. Every line is something that the design promises of the operation.
 */
import { concat, type Hex, numberToHex, size } from "viem";
import { Floor, gas } from "./costs.ts";
import { type MintWorkload, mintWorkload, word } from "./workload.ts";

const TRANSFER_721 = 4; // topics, no data
const SELECTOR: Hex = "0x12345678";

/** Packed integer, without its leading zeros' cost: what a hand-made encoding would send. */
const uint = (bytes: number, value = 0x0123456789abcdef0123456789abcdefn): Hex =>
  numberToHex(value & (2n ** BigInt(8 * bytes) - 1n), { size: bytes });
const some = (bytes: number): Hex =>
  `0x${word("some bytes")
    .slice(2)
    .repeat(8)
    .slice(0, 2 * bytes)}`;
const signature = some(65);

/** Mint by the requester from one lane anchor, by (multi)proof, fee included, the holder owning one already. */
export function mintFloor(workload: MintWorkload): Floor {
  const { count, orders, body, blobBytes, proofs, requests } = workload;
  const floor = new Floor()
    .calldata("selector, receiver, fee cap", concat([SELECTOR, some(20), uint(16)]))
    .calldata("body", body)
    .calldata("lane and proof", concat(proofs.flatMap((proof) => [proof.laneId, ...proof.proof, proof.flags])))
    .add("proxy", gas.proxy)
    .add("body hashed once", gas.keccak + gas.keccakWord * Math.ceil(size(body) / 32))
    .code("body, requester, anchor times", blobBytes)
    .log("SeriesMinted", 4, blobBytes)
    .log("Transfer", TRANSFER_721, 0);
  floor.add("log: Transfer of each further token", gas.log + 4 * gas.logTopic, count - 1);
  for (const request of requests) {
    const dynamic = [request.prompt, request.negativePrompt, request.sampler, request.scheduler, request.extras];
    for (const text of dynamic) floor.keccak("text of a request", text.length);
  }
  floor
    .keccak("requestHash, 15 words", 15 * 32, requests.length)
    .keccak("engineHash", 43)
    .keccak("JobReceipt, 13 words", 13 * 32, count)
    .keccak("receiptId, 66 bytes", 66, count)
    .keccak("leaf", 32, count)
    .keccak("Merkle steps", 64, proofs.reduce((sum, proof) => sum + proof.proof.length, 0) + count - proofs.length)
    .add("fresh slot: owner of each token (so that its first transfer costs like any other)", gas.freshSlot, count)
    .add("fresh slot: minted bits of an order", gas.freshSlot, orders)
    .add("changed slot: counters of series and supply", gas.changedSlot)
    .add("changed slot: holder's balance", gas.changedSlot)
    .add("anchor: settlement account and slot", gas.coldAccount + gas.coldRead)
    .add("anchor source: slot", gas.coldRead)
    .add("model hash: AIGC account and slot, behind its proxy", gas.coldAccount + gas.coldRead + gas.proxy)
    .add("fee: its slot", gas.coldRead);
  return fee(floor);
}

/** Order and receipts come along: what `settle` must do, without a transaction, proof and AIGC's account of its own. */
export function settleAndMintFloor(): Floor {
  const both = mint.direct();
  const { items } = settleFloor(1);
  const shared = /^transaction$|^royalty: AIGC account/;
  for (const item of items) if (!shared.test(item.what)) both.add(item.what, item.gas);
  return both.add("royalty: slot", gas.coldRead);
}

/** AIPG moves from one holder to another, by an endless allowance. */
function fee(floor: Floor): Floor {
  return floor
    .add("fee: AIPG account", gas.coldAccount)
    .add("fee: allowance, read", gas.coldRead)
    .add("fee: AIPG pause flag, read", gas.coldRead)
    .add("fee: two balances", gas.changedSlot, 2)
    .log("AIPG Transfer", 3, 32);
}

export function plainMintFloor(): Floor {
  return new Floor()
    .calldata("selector, receiver", concat([SELECTOR, some(20)]))
    .add("proxy", gas.proxy)
    .add("fresh slot: owner", gas.freshSlot)
    .add("fresh slot: balance", gas.freshSlot)
    .add("changed slot: counter", gas.changedSlot)
    .log("Transfer", TRANSFER_721, 0);
}

/** Both hold tokens already. */
export function transferFloor(): Floor {
  return new Floor()
    .calldata("selector, from, to, id", concat([SELECTOR, some(20), some(20), uint(4)]))
    .add("proxy", gas.proxy)
    .add("changed slot: owner", gas.changedSlot)
    .add("changed slot: two balances", gas.changedSlot, 2)
    .log("Transfer", TRANSFER_721, 0);
}

/** Read by a contract: call into the proxy, then artist and royalty from the series' blob. */
export function royaltyFloor(): Floor {
  return new Floor(true)
    .add("call, GridNFT's account", gas.coldAccount)
    .add("proxy", gas.proxy)
    .add("blob's account", gas.coldAccount);
}

const voucher = (rows: number): Hex =>
  concat([
    SELECTOR,
    concat([uint(1, 1n), some(20), some(20), some(20), uint(2, 1n), uint(5, 86_400n), some(32)]), // LaneConfig
    concat([uint(4, 1_000n), some(32)]), // receiptCount, receiptsRoot
    ...Array.from({ length: rows }, () => concat([uint(2, 7n), uint(16)])), // ModelTotal
    signature,
  ]);

/** Collect of one model's total, anchoring a root, called by the worker: one signature, whatever the number of jobs. */
export function collectFloor(): Floor {
  return new Floor()
    .calldata("lane, voucher, signature", voucher(1))
    .keccak("LaneConfig", 8 * 32)
    .keccak("Voucher and its row", 8 * 32)
    .keccak("two digests", 66, 2)
    .add("payer's signature", gas.ecrecover)
    .add("changed slot: lane", gas.changedSlot)
    .add("changed slot: model's total and royalty", gas.changedSlot)
    .add("changed slot: worker's credit, with the protocol's cut", gas.changedSlot)
    .add("changed slot: model's credit", gas.changedSlot)
    .add("fresh slot: anchor", gas.freshSlot)
    .add("bond: registry account and slot", gas.coldAccount + gas.coldRead)
    .log("collected: lane and row", 3, 3 * 32)
    .log("anchored", 4, 32);
}

const order = concat([
  ...[some(20), some(20), some(20)], // requester, payer, worker
  ...[uint(2, 1n), uint(2, 7n), some(32), uint(1, 1n), uint(16), uint(5, 1_763_168_400n), uint(8)], // to the nonce
]);
const output = concat([uint(1, 0n), uint(8), some(32), some(32), some(32), uint(5, 1_763_164_790n), uint(16)]);

/** Settle of one order with one receipt; `jobs` of one payer, worker and model in one batch. */
export function settleFloor(jobs: number): Floor {
  const floor = new Floor().calldata("selector", SELECTOR);
  floor.calldata(
    `order, receipt, two signatures x ${jobs}`,
    concat(Array<Hex>(jobs).fill(concat([order, signature, output, signature]))),
  );
  return floor
    .keccak("JobOrder, 12 words", 12 * 32, jobs)
    .keccak("JobReceipt, 13 words", 13 * 32, jobs)
    .keccak("two digests", 66, 2 * jobs)
    .keccak("leaf", 32, jobs)
    .add("signatures of payer and worker", gas.ecrecover, 2 * jobs)
    .add("fresh slot: anchor", gas.freshSlot, jobs)
    .add("changed slot: nonces", gas.changedSlot, Math.ceil(jobs / 256))
    .add("changed slot: payer's account", gas.changedSlot)
    .add("changed slot: worker's credit, with the protocol's cut", gas.changedSlot)
    .add("changed slot: model's credit", gas.changedSlot)
    .add("royalty: AIGC account and slot, behind its proxy", gas.coldAccount + gas.coldRead + gas.proxy)
    .add("fee config, read", gas.coldRead)
    .add("log: settled and anchored, split", gas.log + 4 * gas.logTopic + 4 * 32 * gas.logByte, jobs);
}

export const mint = {
  one: () => mintFloor(mintWorkload(1, false)),
  direct: () => mintFloor(mintWorkload(1, false, 1)),
  tenUnique: () => mintFloor(mintWorkload(10, false)),
  tenShared: () => mintFloor(mintWorkload(10, true)),
  fiftyUnique: () => mintFloor(mintWorkload(50, false)),
  fiftyShared: () => mintFloor(mintWorkload(50, true)),
} as const;
