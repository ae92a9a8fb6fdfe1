/**
 * The one workload of the mint rows: texts of `workload.json`, receipts proven in trees of 1,024 leaves, the CID differing
 * from the image hash, a salt in each request. Hashes stand for random bytes: 0.4% zero bytes, as in life.
 */
import { readFileSync } from "node:fs";
import { type Hex, keccak256, sha256, slice, stringToHex, toHex } from "viem";
import {
  composeBody,
  EvolutionPolicy,
  encodeBody,
  engineHash,
  type GenerationRequest,
  type JobOrder,
  jobOrder,
  jobReceipt,
  leafOf,
  merkleTree,
  type ReceiptProof,
  type ReceiptToMint,
  receiptId,
  seedAt,
  settlementDomain,
} from "../../sdk/src/index.ts";

interface Texts {
  readonly title: string;
  readonly description: string;
  readonly tags: string;
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly engine: string;
  readonly sampler: string;
  readonly scheduler: string;
}

export const texts = JSON.parse(readFileSync(new URL("./workload.json", import.meta.url), "utf8")) as Texts;

/** Bytes of each text: part of the workload's definition, as each stored byte costs about 230 gas. */
export const textLengths: Readonly<Record<keyof Texts, number>> = {
  title: 19,
  description: 93,
  tags: 18,
  prompt: 200,
  negativePrompt: 28,
  engine: 43,
  sampler: 7,
  scheduler: 6,
};

/** AIPG wei of each image. */
const PRICE = 50_000_000_000_000_000n;

/** Leaves of the tree that receipts are proven in. */
export const TREE_SIZE = 1_024;

export const word = (name: string): Hex => keccak256(stringToHex(name));
export const account = (name: string): Hex => slice(word(name), 12);

export const domain = settlementDomain(8453, account("settlement"));
export const artist = account("artist");
export const worker = account("worker");
export const gateway = account("gateway");

function request(i: number): GenerationRequest {
  return {
    modelId: 7n,
    modelHash: sha256(stringToHex("weights")),
    prompt: texts.prompt.slice(0, -1) + String.fromCharCode(65 + i),
    negativePrompt: texts.negativePrompt,
    seed: BigInt(slice(word(`seed ${i}`), 0, 8)) >> 1n,
    width: 1024,
    height: 768,
    steps: 50,
    guidanceMilli: 7500,
    sampler: texts.sampler,
    scheduler: texts.scheduler,
    sourceHash: `0x${"00".repeat(32)}`,
    extras: "",
    salt: word(`salt ${i}`),
  };
}

function order(of: GenerationRequest, i: number, count: number, direct: boolean): JobOrder {
  return jobOrder(of, {
    requester: artist,
    payer: direct ? artist : gateway,
    worker,
    ...(!direct && { laneId: word("lane") }),
    feeConfigId: 1,
    count,
    maxPrice: BigInt(count) * PRICE,
    deadline: 1_763_168_400n,
    nonce: BigInt(i),
  });
}

/** A mint of so many artworks, as bytes. */
export interface MintWorkload {
  readonly count: number;
  readonly orders: number;
  readonly body: Hex;
  /** Body and what the contract writes around it. */
  readonly blobBytes: number;
  readonly proofs: readonly ReceiptProof[];
  readonly requests: readonly GenerationRequest[];
}

/**
 * @param count Artworks.
 * @param treeSize Receipts under the anchored root; a single one is settled directly by the artist, else it is a lane's.
 * @param shared One prompt and one order for all (each image with a seed of its own), or a prompt and an order for each.
 */
export function mintWorkload(count: number, shared: boolean, treeSize = TREE_SIZE): MintWorkload {
  const requests = Array.from({ length: shared ? 1 : count }, (_, i) => request(i));
  const direct = treeSize === 1;
  const orders = requests.map((each, i) => order(each, i, shared ? count : 1, direct));
  const receipts = Array.from({ length: count }, (_, i) =>
    jobReceipt(orders[shared ? 0 : i] as JobOrder, {
      index: shared ? i : 0,
      seed: seedAt(requests[shared ? 0 : i] as GenerationRequest, shared ? i : 0) as bigint,
      engineHash: engineHash(texts.engine),
      imageHash: word(`image ${i}`),
      cidDigest: word(`cid ${i}`),
      completedAt: 1_763_164_790n + BigInt(i),
      price: PRICE,
    }),
  );
  // Images of one order stand side by side in the worker's tree; unrelated orders are spread over it.
  const leaves = Array.from({ length: treeSize }, (_, i) => word(toHex(i)));
  receipts.forEach((receipt, i) => {
    leaves[shared ? 100 + i : i * Math.floor(treeSize / count) + (i % 3)] = leafOf(receiptId(receipt, domain));
  });
  const tree = merkleTree(leaves);
  const anchor = direct
    ? { source: 0, domain, payer: artist, tree }
    : { source: 0, domain, laneId: word("lane"), payer: gateway, tree };
  const items: ReceiptToMint[] = receipts.map((receipt, i) => ({
    receipt,
    request: requests[shared ? 0 : i] as GenerationRequest,
    engine: texts.engine,
    anchor,
  }));
  const { body, proofs } = composeBody(items, {
    policy: EvolutionPolicy.NONE,
    royaltyBps: 500,
    title: texts.title,
    description: texts.description,
    tags: texts.tags,
  });
  const packed = encodeBody(body);
  return {
    count,
    orders: orders.length,
    body: packed,
    blobBytes: packed.length / 2 - 1 + 10 * body.anchors.length + 20,
    proofs,
    requests,
  };
}
