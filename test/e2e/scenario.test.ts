/**
 * The protocol's way on a fresh chain, gone with nothing but the SDK, viem and cast: a model, a worker, a lane, 25
 * receipts, one collect, a series of ten by proof, one settled and minted at once, an evolution, metadata, money out.
 */
import { type Address, type Hex, maxUint64, parseEther, parseEventLogs, sha256, stringToHex, zeroHash } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  ANY_SEED,
  bodyHash,
  checkReceipt,
  cidOf,
  createFastChecker,
  decodeBlob,
  domainSeparator,
  EvolutionPolicy,
  type GenerationRequest,
  generationRequest,
  gridNftAbi,
  gridSettlementAbi,
  type JobOrder,
  type JobReceipt,
  type LaneConfig,
  laneId as laneIdOf,
  MAX_COUNT,
  MAX_TOTALS,
  MIN_THAW_DELAY,
  nextVoucher,
  nftDomainOf,
  nftTypes,
  type ReceiptToMint,
  receiptId,
  receiptsOf,
  receiptTree,
  SETTLE_GRACE,
  type SettlementDomain,
  type SignedReceipt,
  SignerRole,
  type Voucher,
} from "../../sdk/src/index.ts";
import { type LocalGrid, startGrid } from "../fixtures/chain.ts";
import { anchorOf, doOrder, newOrder, packed, settlementOf } from "../fixtures/order.ts";
import { addSigner, fund, laneTo, principals, registerModel, registerWorker, signMessage } from "../fixtures/seed.ts";

const PRICE = parseEther("1");
const ENGINE = "onnxruntime 1.30.0 cpu t1";
const MODEL_HASH = sha256(stringToHex("the weights"));

let grid: LocalGrid;
let domain: SettlementDomain;
let parties: ReturnType<typeof principals> | undefined;
/** Hot keys: no ETH, no AIPG. */
const workerKey = privateKeyToAccount(generatePrivateKey());
const gatewayKey = privateKeyToAccount(generatePrivateKey());

let modelId: bigint;
let lane: LaneConfig;
let laneId: Hex;
let feeConfigId: number;
/** What the worker has made, by receipt id. */
const made = new Map<Hex, ReceiptToMint>();
let laneReceipts: JobReceipt[];
let series: bigint;

beforeAll(async () => {
  grid = await startGrid();
  domain = grid.domain;
  parties = principals(grid);
  await fund(grid, Object.values(parties), parseEther("100000"));
}, 600_000);

afterAll(() => grid?.stop());

/** The parties exist once `beforeAll` ran. */
function cast() {
  if (!parties) throw new Error("the chain did not start");
  return parties;
}

function request(prompt: string, seed = ANY_SEED, sourceHash: Hex = zeroHash): GenerationRequest {
  return generationRequest({
    modelId,
    modelHash: MODEL_HASH,
    prompt,
    negativePrompt: "blurry",
    seed,
    sourceHash,
    width: 512,
    height: 512,
    steps: 20,
    guidanceMilli: 7500,
    sampler: "euler_a",
    scheduler: "karras",
  });
}

/** The worker's part: picture, hashes, receipt, signature by its hot key; and the check of whoever asked. */
async function work(of: GenerationRequest, order: JobOrder): Promise<SignedReceipt[]> {
  const made = await doOrder(of, order, {
    ...{ domain, key: workerKey, engine: ENGINE, price: PRICE, completedAt: await grid.now() },
    image: (index) => (index % 2 === 1 ? { layout: "dag-pb" } : {}),
  });
  const signers = [order.worker, workerKey.address];
  return made.map(({ receipt, signature }) => {
    expect(checkReceipt(receipt, { domain, request: of, order, signature, signers })).toBe(workerKey.address);
    return { receipt, signature };
  });
}

async function order(of: GenerationRequest, terms: { payer: Address; count: number; laneId?: Hex; nonce: bigint }) {
  const { artist, worker } = cast();
  const usual = { requester: artist.address, worker: worker.address, feeConfigId, price: PRICE };
  return newOrder(grid, of, { ...usual, ...terms });
}

it("agrees with the contracts about the domains", async () => {
  const { owner } = cast();
  expect(domainSeparator(domain)).toBe(await owner.grid.settlement.read.domainSeparator());
  for (const [contract, ours] of [
    [owner.grid.settlement, domain],
    [owner.grid.nft, nftDomainOf(grid.deployment)],
  ] as const) {
    const [, name, version, chainId, verifyingContract] = await contract.read.eip712Domain();
    expect({ name, version, chainId: Number(chainId), verifyingContract }).toEqual({ ...ours });
  }
});

it("agrees with the contracts about limits and roles", async () => {
  const { settlement, nft } = cast().owner.grid;
  expect([
    await settlement.read.MAX_ORDER_COUNT(),
    await settlement.read.SETTLE_GRACE(),
    await settlement.read.MIN_THAW_DELAY(),
    Number(await settlement.read.MAX_VOUCHER_ROWS()),
  ]).toEqual([MAX_COUNT, SETTLE_GRACE, MIN_THAW_DELAY, MAX_TOTALS]);
  // A role that does not exist is refused by name, the last of ours is not.
  const unknown = Math.max(...Object.values(SignerRole)) + 1;
  const { address } = cast().gateway;
  await expect(settlement.simulate.addSigner([address, unknown, maxUint64, "0x"])).rejects.toThrow("UnknownRole");
  await expect(settlement.simulate.addSigner([address, unknown - 1, maxUint64, "0x"])).rejects.toThrow("BadProof");
  expect(await nft.read.anchorSource([0n])).toBe(settlement.address);
});

it("registers a model", async () => {
  const { owner } = cast();
  const spec = { name: "Lighthouse XL", family: 2, weightsHash: MODEL_HASH, weightsURI: "ipfs://weights" };
  modelId = await registerModel(grid, owner, { ...spec, resaleBps: 250 });
  expect(modelId).toBeGreaterThan(0n);
  expect(grid.cast("call", grid.deployment.contracts.AIGC.address, "weightsHash(uint256)(bytes32)", `${modelId}`)).toBe(
    MODEL_HASH,
  );
  expect(await owner.grid.aigc.read.canUse([modelId, cast().artist.address])).toBe(true);
});

it("registers a worker with a bond and a hot key", async () => {
  const { worker } = cast();
  await registerWorker(grid, worker, workerKey, "ipfs://profile");
  expect(await worker.grid.registry.read.isBonded([worker.address])).toBe(true);
});

it("opens a lane from the gateway to the worker", async () => {
  const { gateway, worker } = cast();
  feeConfigId = await gateway.grid.settlement.read.currentFeeConfigId();
  await grid.mined(gateway.grid.settlement.write.deposit([parseEther("100")]));
  await addSigner(grid, gateway, gatewayKey, SignerRole.PAYER_SIGNER);
  lane = await laneTo(gateway, { payerSigner: gatewayKey.address, worker: worker.address });
  laneId = laneIdOf(lane, domain);
  expect(await gateway.grid.settlement.read.laneIdOf([lane])).toBe(laneId);
  await grid.mined(gateway.grid.settlement.write.openLane([lane, parseEther("50")]));
  expect(await gateway.grid.settlement.read.laneOf([laneId])).toMatchObject({ free: parseEther("50"), opened: true });
});

it("makes 25 pictures on the lane and pays them by one collect", async () => {
  const { gateway, owner } = cast();
  const jobs = [
    { of: request("a lighthouse at dusk", 42n), count: 10 },
    ...Array.from({ length: 15 }, (_, i) => ({ of: request(`a harbour, view ${i}`), count: 1 })),
  ];
  const done = await Promise.all(
    jobs.map(async ({ of, count }, i) => {
      const terms = { payer: gateway.address, count, laneId, nonce: BigInt(i) };
      return { of, results: await work(of, await order(of, terms)) };
    }),
  );
  laneReceipts = done.flatMap(({ results }) => results.map(({ receipt }) => receipt));
  expect(laneReceipts).toHaveLength(25);
  const checker = await createFastChecker();
  for (const { receipt, signature } of done.flatMap(({ results }) => results)) {
    expect(checker.isSignedBy(receipt, domain, signature, [workerKey.address])).toBe(true);
  }

  const tree = receiptTree(laneReceipts, domain);
  const voucher: Voucher = nextVoucher(laneId, [], new Map([[modelId, PRICE * 25n]]), tree);
  const signatures = [
    await signMessage(gatewayKey, domain, "Voucher", voucher),
    await signMessage(workerKey, domain, "Voucher", voucher),
  ] as const;
  // Anyone may carry it: here it is the model's owner.
  const { logs } = await grid.mined(owner.grid.settlement.write.collect([lane, voucher, ...signatures]));
  const [anchored] = parseEventLogs({ abi: gridSettlementAbi, logs, eventName: "ReceiptsAnchored" });
  expect(anchored?.args).toMatchObject({ laneId, root: tree.root, receiptCount: 25, worker: lane.worker });
  const [attestedBy] = await owner.grid.settlement.read.anchorOf([laneId, gateway.address, tree.root]);
  expect(attestedBy).toBe(lane.worker);

  const anchor = { source: 0, domain, laneId, payer: gateway.address, tree };
  for (const { of, results } of done) {
    for (const { receipt } of results) {
      made.set(receiptId(receipt, domain), { receipt, request: of, engine: ENGINE, anchor });
    }
  }
});

it("mints ten of them as a series, by one proof", async () => {
  const { artist } = cast();
  const chosen = laneReceipts.slice(0, 10).map((receipt) => made.get(receiptId(receipt, domain)) as ReceiptToMint);
  const [body, proofs] = packed(chosen, {
    policy: EvolutionPolicy.ARTIST,
    royaltyBps: 500,
    title: "Lighthouses",
    description: 'Ten "views" of one \\ lighthouse',
    tags: "sea,light",
  });
  const fee = (await artist.grid.nft.read.mintFee())[0] * 10n;
  const { logs } = await grid.mined(artist.grid.nft.write.mint([body, proofs, artist.address, fee]));
  const [minted] = parseEventLogs({ abi: gridNftAbi, logs, eventName: "SeriesMinted" });
  series = minted?.args.seriesId ?? 0n;
  expect(minted?.args).toMatchObject({ seriesId: 1n, artist: artist.address, to: artist.address });
  expect(grid.cast("call", grid.deployment.contracts.GridNFT.address, "ownerOf(uint256)(address)", "1010")).toBe(
    artist.address,
  );

  // The event alone gives back every receipt, and its id is what the worker signed.
  const blob = decodeBlob(minted?.args.blob ?? "0x");
  expect(blob.packed).toBe(body);
  expect(receiptsOf(blob.body, blob.requester).map((receipt) => receiptId(receipt, domain))).toEqual(
    chosen.map(({ receipt }) => receiptId(receipt, domain)),
  );
});

it("reads the provenance of a token", async () => {
  const { artist, gateway } = cast();
  const { receipt, request: of } = made.get(receiptId(laneReceipts[3] as JobReceipt, domain)) as ReceiptToMint;
  const provenance = await artist.grid.nft.read.provenanceOf([1004n]);
  expect(provenance).toMatchObject({
    request: of,
    seed: 45n,
    engine: ENGINE,
    imageHash: receipt.imageHash,
    cidDigest: receipt.cidDigest,
    worker: receipt.worker,
    requester: artist.address,
    payer: gateway.address,
    orderHash: receipt.orderHash,
    price: PRICE,
    receiptId: receiptId(receipt, domain),
  });
  expect(await artist.grid.nft.read.imageCid([1004n])).toBe(cidOf(receipt));
  expect(await artist.grid.nft.read.verify([1004n])).toBe(true);
});

it("mints another for the artist, who pays no gas", async () => {
  const { artist, gateway } = cast();
  const chosen = made.get(receiptId(laneReceipts[12] as JobReceipt, domain)) as ReceiptToMint;
  const [body, proofs] = packed([chosen], {
    policy: EvolutionPolicy.OWNER,
    royaltyBps: 0,
    title: "Harbour",
    description: "",
    tags: "",
  });
  const authorization = {
    requester: artist.address,
    to: artist.address,
    bodyHash: bodyHash(body),
    maxFee: 0n, // the gateway pays it
    deadline: (await grid.now()) + 600n,
  };
  const sign = (message: typeof authorization) =>
    artist.account.signTypedData({
      domain: nftDomainOf(grid.deployment),
      types: nftTypes,
      primaryType: "MintAuthorization",
      message,
    });
  const { mintFor } = gateway.grid.nft.simulate;
  const other = { ...authorization, to: gateway.address };
  await expect(mintFor([body, proofs, other, await sign(authorization), parseEther("1")])).rejects.toThrow(
    "BadSignature",
  );
  const before = await artist.wallet.getBalance({ address: artist.address });
  const call = [body, proofs, authorization, await sign(authorization), parseEther("1")] as const;
  const { logs } = await grid.mined(gateway.grid.nft.write.mintFor(call));
  expect(await artist.wallet.getBalance({ address: artist.address })).toBe(before);
  const [minted] = parseEventLogs({ abi: gridNftAbi, logs, eventName: "SeriesMinted" });
  expect(minted?.args).toMatchObject({ seriesId: 2n, artist: artist.address, to: artist.address });
});

it("settles an order directly and mints it in one transaction", async () => {
  const { artist } = cast();
  await grid.mined(artist.grid.settlement.write.deposit([parseEther("10")]));
  const of = request("a lone buoy");
  const job = await order(of, { payer: artist.address, count: 1, nonce: 1n });
  const receipts = await work(of, job);
  const item = await settlementOf(domain, artist.account, job, receipts);
  const anchor = anchorOf(domain, artist.address, receipts);
  const buoys = receipts.map(({ receipt }) => ({ receipt, request: of, engine: ENGINE, anchor }));
  const header = { policy: EvolutionPolicy.NONE, royaltyBps: 1_000, title: "Buoy", description: "", tags: "" };
  const call = [0n, [item], ...packed(buoys, header), artist.address, parseEther("1")] as const;
  const { logs } = await grid.mined(artist.grid.nft.write.settleAndMint(call));
  expect(parseEventLogs({ abi: gridSettlementAbi, logs, eventName: "OrderSettled" })).toHaveLength(1);
  expect(parseEventLogs({ abi: gridNftAbi, logs, eventName: "SeriesMinted" })[0]?.args.seriesId).toBe(3n);
  await expect(artist.grid.nft.simulate.settleAndMint(call)).rejects.toThrow("GridNFT_AlreadyMinted");
});

it("evolves one, by somebody who carries the artist's authorization", async () => {
  const { artist, gateway } = cast();
  const tokenId = series * 1_000n + 4n;
  const parent = made.get(receiptId(laneReceipts[3] as JobReceipt, domain)) as ReceiptToMint;
  const of = request("the lighthouse at night", 5n, parent.receipt.imageHash);
  const job = await order(of, { payer: artist.address, count: 1, nonce: 2n });
  const receipts = await work(of, job);
  const [{ receipt }] = receipts as [SignedReceipt];
  const item = await settlementOf(domain, artist.account, job, receipts);
  await grid.mined(gateway.grid.settlement.write.settle([item]));
  const anchor = anchorOf(domain, artist.address, receipts);
  const [body, proofs] = packed([{ receipt, request: of, engine: ENGINE, anchor, parent: { tokenId, version: 1 } }]);
  const authorization = { tokenId, version: 2, bodyHash: bodyHash(body), deadline: (await grid.now()) + 600n };
  const permission = await artist.account.signTypedData({
    domain: nftDomainOf(grid.deployment),
    types: nftTypes,
    primaryType: "EvolveAuthorization",
    message: authorization,
  });
  await grid.mined(gateway.grid.nft.write.evolveFor([body, proofs, authorization, permission]));
  expect(await artist.grid.nft.read.versionsOf([tokenId])).toBe(2n);
  expect(await artist.grid.nft.read.provenanceOf([tokenId])).toMatchObject({
    receiptId: receiptId(receipt, domain),
    parent: tokenId,
    parentVersion: 1,
  });
  expect(await artist.grid.nft.read.provenanceOf([tokenId, 1n])).toMatchObject({
    receiptId: receiptId(parent.receipt, domain),
  });
});

it("shows complete metadata", async () => {
  const { artist } = cast();
  const uri = await artist.grid.nft.read.tokenURI([1002n]);
  const { receipt } = made.get(receiptId(laneReceipts[1] as JobReceipt, domain)) as ReceiptToMint;
  const json = JSON.parse(
    uri.startsWith("data:application/json;base64,")
      ? Buffer.from(uri.slice(uri.indexOf(",") + 1), "base64").toString()
      : decodeURIComponent(uri.slice(uri.indexOf(",") + 1)),
  );
  expect(json).toMatchObject({
    name: "Lighthouses #2",
    description: 'Ten "views" of one \\ lighthouse',
    image: `ipfs://${cidOf(receipt)}`,
    prompt: "a lighthouse at dusk",
    negative_prompt: "blurry",
    seed: 43,
    steps: 20,
    guidance_scale: 7.5,
    ai_generated: true,
    aigc_type: "image",
    aigc_data: `ipfs://${cidOf(receipt)}`,
    proof_type: "attestation",
    provenance: {
      receipt: receiptId(receipt, domain),
      model_id: Number(modelId),
      model_hash: MODEL_HASH,
      image_sha256: receipt.imageHash,
      engine: ENGINE,
    },
  });
  expect(json.attributes).toContainEqual({ trait_type: "Model", value: "Lighthouse XL" });
});

it("pays the worker, the model's owner and the protocol, to the wei", async () => {
  const { owner, worker } = cast();
  const { settlement, aipg } = owner.grid;
  const jobs = 27n; // 25 on the lane, two direct
  const royalty = (PRICE * jobs * 500n) / 10_000n;
  const protocol = (PRICE * jobs * 250n) / 10_000n;
  expect(await settlement.read.earnedOf([worker.address])).toBe(PRICE * jobs - royalty - protocol);
  const before = await aipg.read.balanceOf([worker.address]);
  await grid.mined(worker.grid.settlement.write.claimEarned([worker.address]));
  expect((await aipg.read.balanceOf([worker.address])) - before).toBe(PRICE * jobs - royalty - protocol);

  const ownerBefore = await aipg.read.balanceOf([owner.address]);
  await grid.mined(owner.grid.settlement.write.claimModelRoyalty([modelId]));
  expect((await aipg.read.balanceOf([owner.address])) - ownerBefore).toBe(royalty);

  const treasury = await settlement.read.treasury();
  const treasuryBefore = BigInt(
    grid.cast("call", aipg.address, "balanceOf(address)(uint256)", treasury).split(" ")[0] ?? "",
  );
  await grid.mined(worker.grid.settlement.write.sweepProtocol([[worker.address]]));
  expect((await aipg.read.balanceOf([treasury])) - treasuryBefore).toBe(protocol);
});
