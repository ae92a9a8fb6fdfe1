/** A chain with a model, a bonded worker and a gateway's lane, and a scripted worker that makes receipt bundles on it. */
import { type Address, type Hex, maxUint256, parseEther, parseEventLogs, sha256, stringToHex, zeroHash } from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { type LocalGrid, type Party, startGrid } from "../../test/e2e/chain.ts";
import {
  aigcAbi,
  cidOf,
  engineHash,
  fileHashes,
  type GenerationRequest,
  generationRequest,
  type JobOrder,
  type JobReceipt,
  jobOrder,
  jobReceipt,
  type LaneConfig,
  laneId,
  nextVoucher,
  orderClosing,
  receiptId,
  receiptTree,
  type SettlementDomain,
  SignerRole,
  seedAt,
  settlementDomainOf,
  settlementTypes,
  workLane,
} from "../src/index.js";
import type { ReceiptBundle } from "../src/schemas/index.js";

export const PRICE = parseEther("1");
export const ENGINE = "test engine 1.0";
const MODEL_HASH = sha256(stringToHex("weights"));

export interface Workshop {
  readonly grid: LocalGrid;
  readonly domain: SettlementDomain;
  readonly modelId: bigint;
  readonly modelHash: Hex;
  readonly owner: Party;
  readonly artist: Party;
  readonly worker: Party;
  readonly gateway: Party;
  readonly workerKey: PrivateKeyAccount;
  readonly gatewayKey: PrivateKeyAccount;
  readonly feeConfigId: number;
  readonly lane: LaneConfig;
  request(prompt: string, seed?: bigint, sourceHash?: Hex): GenerationRequest;
  /** A direct order of the artist, done: one bundle for each image. */
  direct(of: GenerationRequest, options?: { count?: number; nonce?: bigint }): Promise<readonly ReceiptBundle[]>;
  /** A direct order of the artist that ended early: one bundle for each image of `indices`, with the worker's closing. */
  closed(
    of: GenerationRequest,
    options: { count: number; indices: readonly number[]; by?: PrivateKeyAccount },
  ): Promise<readonly ReceiptBundle[]>;
  /** Jobs of the artist, or of another requester, on the gateway's lane, paid by one voucher that also has what was made before. */
  onLane(of: readonly GenerationRequest[], options?: { requester?: Address }): Promise<readonly ReceiptBundle[]>;
  /** A bundle without the papers that pay for it. */
  bundle(request: GenerationRequest, order: JobOrder, receipt: JobReceipt, signature: Hex): ReceiptBundle;
  /** The worker's receipts and signatures for an order. */
  work(
    of: GenerationRequest,
    order: JobOrder,
  ): Promise<readonly { receipt: JobReceipt; signature: Hex; file: Uint8Array }[]>;
}

/** The file of an image: any bytes do. */
export function fileOf(request: GenerationRequest, index: number): Uint8Array {
  return new TextEncoder().encode(`${request.prompt}, image ${index}`);
}

export async function openWorkshop(): Promise<Workshop> {
  const grid = await startGrid();
  const domain = settlementDomainOf(grid.deployment);
  const [owner, artist, worker, gateway] = [0, 7, 8, 9].map((index) => grid.party(index)) as [
    Party,
    Party,
    Party,
    Party,
  ];
  const { GridSettlement, WorkerRegistry, AIGC } = grid.deployment.contracts;
  const fund = async (party: Party, spender: Address) => {
    await grid.mined(owner.grid.aipg.write.mint([party.address, parseEther("100000")]));
    await grid.mined(party.grid.aipg.write.approve([spender, maxUint256]));
  };
  // The artist approves nothing: the SDK does.
  await grid.mined(owner.grid.aipg.write.mint([artist.address, parseEther("1000")]));
  await fund(owner, AIGC.address);
  await fund(worker, WorkerRegistry.address);
  await fund(gateway, GridSettlement.address);

  const spec = {
    name: "Lighthouse",
    version: "1.0",
    family: 0,
    kind: 0,
    baseModelId: 0n,
    weightsHash: MODEL_HASH,
    weightsURI: "",
    license: "MIT",
    previewCid: "",
    usageBps: 500,
    resaleBps: 0,
    access: 0,
  };
  const fee = await owner.grid.aigc.read.registrationFee();
  const { logs } = await grid.mined(owner.grid.aigc.write.register([spec, owner.address, fee]));
  const modelId = parseEventLogs({ abi: aigcAbi, logs, eventName: "ModelRegistered" })[0]?.args.modelId ?? 0n;

  await grid.mined(worker.grid.registry.write.register([await worker.grid.registry.read.minBond(), ""]));
  const [workerKey, gatewayKey] = [0, 0].map(() => privateKeyToAccount(generatePrivateKey())) as [
    PrivateKeyAccount,
    PrivateKeyAccount,
  ];
  const addKey = async (party: Party, key: PrivateKeyAccount, role: number) => {
    const deadline = (await grid.now()) + 3_600n;
    const message = { account: party.address, role, deadline };
    const proof = await key.signTypedData({ domain, types: settlementTypes, primaryType: "SignerProof", message });
    await grid.mined(party.grid.settlement.write.addSigner([key.address, role, deadline, proof]));
  };
  await addKey(worker, workerKey, SignerRole.WORKER_SIGNER);
  await addKey(gateway, gatewayKey, SignerRole.PAYER_SIGNER);
  await grid.mined(gateway.grid.settlement.write.deposit([parseEther("100")]));
  const feeConfigId = await gateway.grid.settlement.read.currentFeeConfigId();
  const lane = workLane({
    payer: gateway.address,
    payerSigner: gatewayKey.address,
    worker: worker.address,
    feeConfigId,
    thawDelay: 86_400,
    salt: zeroHash,
  });
  await grid.mined(gateway.grid.settlement.write.openLane([lane, parseEther("50")]));

  let nonce = 0n;
  const onLane: JobReceipt[] = [];

  const work: Workshop["work"] = async (of, order) => {
    const completedAt = await grid.now();
    return Promise.all(
      Array.from({ length: order.count }, async (_, index) => {
        const file = fileOf(of, index);
        const receipt = jobReceipt(order, {
          index,
          seed: seedAt(of, index) ?? 7_000n + BigInt(index),
          engineHash: engineHash(ENGINE),
          ...fileHashes(file),
          completedAt,
          price: PRICE,
        });
        const paper = { domain, types: settlementTypes, primaryType: "JobReceipt", message: receipt } as const;
        return { receipt, file, signature: await workerKey.signTypedData(paper) };
      }),
    );
  };
  const order = async (
    of: GenerationRequest,
    terms: { payer: Address; count: number; laneId?: Hex; nonce: bigint; requester?: Address },
  ) =>
    jobOrder(of, {
      requester: artist.address,
      worker: worker.address,
      feeConfigId,
      maxPrice: PRICE * BigInt(terms.count),
      deadline: (await grid.now()) + 3_600n,
      ...terms,
    });
  const bundle = (request: GenerationRequest, job: JobOrder, receipt: JobReceipt, signature: Hex): ReceiptBundle => ({
    chain_id: domain.chainId,
    settlement: domain.verifyingContract,
    request,
    order: job,
    receipt,
    receipt_id: receiptId(receipt, domain),
    signature,
    engine: ENGINE,
    ipfs_hash: cidOf(receipt),
  });

  return {
    grid,
    domain,
    modelId,
    modelHash: MODEL_HASH,
    owner,
    artist,
    worker,
    gateway,
    workerKey,
    gatewayKey,
    feeConfigId,
    lane,
    work,
    bundle,
    request: (prompt, seed, sourceHash) =>
      generationRequest({
        modelId,
        modelHash: MODEL_HASH,
        prompt,
        ...(seed !== undefined && { seed }),
        ...(sourceHash && { sourceHash }),
        width: 512,
        height: 512,
        steps: 20,
        guidanceMilli: 7_500,
        sampler: "euler_a",
        scheduler: "karras",
      }),
    direct: async (of, { count = 1, nonce: given } = {}) => {
      const job = await order(of, { payer: artist.address, count, nonce: given ?? nonce++ });
      const paper = { domain, types: settlementTypes, primaryType: "JobOrder", message: job } as const;
      const order_signature = await artist.account.signTypedData(paper);
      const receipts = await work(of, job);
      return receipts.map(({ receipt, signature }) => ({
        ...bundle(of, job, receipt, signature),
        direct: {
          order_signature,
          receipts: receipts.map((one) => ({ receipt: one.receipt, signature: one.signature })),
        },
      }));
    },
    closed: async (of, { count, indices, by = workerKey }) => {
      const job = await order(of, { payer: artist.address, count, nonce: nonce++ });
      const paper = { domain, types: settlementTypes } as const;
      const order_signature = await artist.account.signTypedData({ ...paper, primaryType: "JobOrder", message: job });
      const made = (await work(of, job)).filter(({ receipt }) => indices.includes(receipt.index));
      const message = orderClosing({ order: job, receipts: made.map(({ receipt }) => receipt), domain });
      const closing_signature = await by.signTypedData({ ...paper, primaryType: "OrderClosing", message });
      const receipts = made.map(({ receipt, signature }) => ({ receipt, signature }));
      return receipts.map(({ receipt, signature }) => ({
        ...bundle(of, job, receipt, signature),
        direct: { order_signature, receipts, closing_signature },
      }));
    },
    onLane: async (requests, { requester = artist.address } = {}) => {
      const id = laneId(lane, domain);
      const done = [];
      for (const of of requests) {
        const job = await order(of, { payer: gateway.address, count: 1, laneId: id, nonce: nonce++, requester });
        const [result] = await work(of, job);
        if (!result) throw new Error("no receipt");
        onLane.push(result.receipt);
        done.push({ of, job, ...result });
      }
      const tree = receiptTree(onLane, domain);
      const voucher = nextVoucher(id, [], new Map([[modelId, PRICE * BigInt(onLane.length)]]), tree);
      const paper = { domain, types: settlementTypes, primaryType: "Voucher", message: voucher } as const;
      const papers = {
        config: lane,
        voucher,
        payer_signature: await gatewayKey.signTypedData(paper),
        worker_signature: await workerKey.signTypedData(paper),
        receipt_ids: onLane.map((receipt) => receiptId(receipt, domain)),
      };
      return done.map(({ of, job, receipt, signature }) => ({ ...bundle(of, job, receipt, signature), lane: papers }));
    },
  };
}
