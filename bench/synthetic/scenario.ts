// Scenario of the synthetic chain: a gallery's life, in transactions with the real contracts' events and calldata.
import {
  type Body,
  encodeBody,
  engineHash,
  type GenerationRequest,
  generationRequest,
  gridNftAbi,
  gridSettlementAbi,
  type JobOrder,
  type JobReceipt,
  jobOrder,
  jobReceipt,
  laneId as laneIdOf,
  receiptTree,
  settlementDomainOf,
} from "@gridnft/sdk";
import {
  type Address,
  concatHex,
  encodeFunctionData,
  type Hex,
  keccak256,
  stringToHex,
  toHex,
  zeroAddress,
} from "viem";
import { createRandom, type Random } from "../../test/fixtures/random.ts";
import { addressOf, deployment } from "./deployment.ts";
import { emit, type LoggedEvent } from "./events.ts";
import { createHashes, drawPrompt, drawRank, drawText, samplers, schedulers, sizes, skewed, wordAt } from "./words.ts";

/** One transaction of the scenario. */
export interface ScenarioTransaction {
  readonly from: Address;
  readonly to: Address;
  readonly input: Hex;
  readonly events: readonly LoggedEvent[];
}

/** When a transaction happens: it stands in what the contracts write. */
export interface Moment {
  readonly block: number;
  /** Unix seconds. */
  readonly time: number;
}

/** A token of the scenario. */
interface Token {
  readonly tokenId: bigint;
  readonly artist: Address;
  owner: Address;
  versions: number;
  nonce: number;
}

const domain = settlementDomainOf(deployment);
const { GridNFT, GridSettlement, AIGC, WorkerRegistry } = deployment.contracts;

const MODELS = 40;
const WORKERS = 60;
const LANES = 40;
const REQUESTERS = 4_000;
const AIPG = 10n ** 18n;
/** Basis points of the only fee config. */
const PROTOCOL_BPS = 500n;
const ROYALTY_BPS = 300n;
const SIGNATURE: Hex = `0x${"5a".repeat(64)}1b`;

const engines = ["onnxruntime 1.30.0 cpu t1", "stable-diffusion.cpp master-1 cuda", "comfyui 0.3.60 cuda"];

/** Makes the transactions of one history, one after the other. Equal seeds tell equal stories. */
export class Scenario {
  readonly #random: Random;
  readonly #tokens: Token[] = [];
  readonly #lanes: { readonly laneId: Hex; readonly worker: Address; cumulative: bigint; free: bigint }[] = [];
  #blobs = 0;
  #prompts = 0;
  #orders = 0;
  readonly #hash: () => Hex;

  constructor(seed: number) {
    this.#random = createRandom(seed);
    this.#hash = createHashes(this.#random);
  }

  /** What has to be there first: settings, models, workers, lanes. */
  prologue(moment: Moment): ScenarioTransaction[] {
    const admin = addressOf("admin");
    const act = (to: Address, ...events: LoggedEvent[]): ScenarioTransaction => ({
      from: admin,
      to,
      input: "0x",
      events,
    });
    return [
      act(GridNFT.address, emit("GridNFT", "AnchorSourceAdded", { index: 0n, source: GridSettlement.address })),
      act(GridSettlement.address, emit("GridSettlement", "FeeConfigAppended", { feeConfigId: 1, protocolBps: 500 })),
      ...Array.from({ length: MODELS }, (_, i) => this.#register(i + 1)),
      ...Array.from({ length: WORKERS }, (_, i) =>
        act(
          WorkerRegistry.address,
          emit("WorkerRegistry", "WorkerRegistered", {
            worker: workerOf(i),
            bond: 10_000n * AIPG,
            profileURI: `https://worker-${i}.example/profile.json`,
          }),
        ),
      ),
      ...Array.from({ length: LANES }, (_, i) => this.#openLane(i, moment)),
    ];
  }

  /** The next transaction, of at most `most` events. */
  next(moment: Moment, most: number): ScenarioTransaction {
    const roll = this.#random.integer(100);
    const series = 2 + this.#random.integer(6);
    if (roll < 40 && most >= 3) return this.#mint(moment, 1, false);
    if (roll < 48 && most >= 2 + series) return this.#mint(moment, series, true);
    if (roll < 54 && most >= 1 + 2 * series) return this.#mint(moment, series, false);
    if (roll < 62 && most >= 2 && this.#tokens.length > 0) return this.#evolve(moment);
    if (roll < 68 && most >= 2) return this.#collect();
    if (roll < 72 || this.#tokens.length === 0) return this.#deposit();
    return this.#transfer();
  }

  #register(modelId: number): ScenarioTransaction {
    const creator = addressOf(`creator ${modelId % 15}`);
    const registered = {
      modelId: BigInt(modelId),
      creator,
      weightsHash: weightsHashOf(modelId),
      spec: {
        name: `${wordAt(100 + modelId)} ${wordAt(200 + modelId)}`,
        version: `${1 + (modelId % 3)}.0`,
        family: modelId % 9,
        kind: 0,
        baseModelId: 0n,
        weightsHash: weightsHashOf(modelId),
        weightsURI: `https://models.example/${modelId}.safetensors`,
        license: "Apache-2.0",
        previewCid: "",
        usageBps: Number(ROYALTY_BPS),
        resaleBps: 500,
        access: 0,
      },
      registrant: creator,
      fee: 100n * AIPG,
    };
    const events = [
      emit("AIGC", "Transfer", { from: zeroAddress, to: creator, tokenId: BigInt(modelId) }),
      emit("AIGC", "ModelRegistered", registered),
    ];
    return { from: creator, to: AIGC.address, input: "0x", events };
  }

  #openLane(i: number, { time }: Moment): ScenarioTransaction {
    const [payer, worker] = [addressOf(`gateway ${i % 8}`), workerOf(i % WORKERS)];
    const config = {
      kind: 0,
      payer,
      payerSigner: payer,
      worker,
      feeConfigId: 1,
      thawDelay: 86_400,
      salt: toHex(time * 1_000 + i, { size: 32 }),
    };
    const laneId = laneIdOf(config, domain);
    this.#lanes.push({ laneId, worker, cumulative: 0n, free: 10n ** 9n * AIPG });
    const opened = { laneId, payer, worker, config, protocolBps: 500, amount: 10n ** 9n * AIPG, balance: 0n };
    return {
      from: payer,
      to: GridSettlement.address,
      input: "0x",
      events: [emit("GridSettlement", "LaneOpened", opened)],
    };
  }

  /** settleAndMint of `count` artworks: of one order, or of one each. */
  #mint(moment: Moment, count: number, shared: boolean): ScenarioTransaction {
    const artist = this.#requester();
    const work = this.#work(moment, artist, count, shared);
    const seriesId = BigInt(++this.#blobs);
    const to = this.#random.integer(10) === 0 ? this.#requester() : artist;
    const body: Body = {
      header: {
        policy: this.#random.pick([0, 1, 2] as const),
        royaltyBps: 500,
        title: drawText(this.#random, 24),
        description: drawText(this.#random, 90),
        tags: Array.from({ length: 3 }, () => wordAt(500 + Math.floor(drawRank(this.#random) / 20))).join(","),
      },
      ...work.body,
    };
    const packed = encodeBody(body);
    const tokens = Array.from({ length: count }, (_, i) => seriesId * 1_000n + BigInt(i + 1));
    for (const tokenId of tokens) this.#tokens.push({ tokenId, artist, owner: to, versions: 1, nonce: 0 });
    const minted = { seriesId, artist, to, count: BigInt(count), blob: blobOf(packed, artist, moment) };
    return {
      from: artist,
      to: GridNFT.address,
      input: encodeFunctionData({
        abi: gridNftAbi,
        functionName: "settleAndMint",
        args: [0n, work.items, packed, work.proofs, to, AIPG],
      }),
      events: [
        ...work.events,
        emit("GridNFT", "SeriesMinted", minted),
        ...tokens.map((tokenId) => emit("GridNFT", "Transfer", { from: zeroAddress, to, tokenId })),
      ],
    };
  }

  /** A receipt settled, and in the same transaction (by a contract of the artist's) made a version of a token. */
  #evolve(moment: Moment): ScenarioTransaction {
    const token = this.#random.pick(this.#tokens);
    const work = this.#work(moment, token.artist, 1, true);
    this.#blobs++;
    token.versions++;
    token.nonce++;
    const packed = encodeBody(work.body);
    const added = {
      tokenId: token.tokenId,
      version: BigInt(token.versions),
      requester: token.artist,
      nonce: BigInt(token.nonce),
      blob: blobOf(packed, token.artist, moment),
    };
    return {
      from: token.artist,
      to: GridSettlement.address,
      input: encodeFunctionData({ abi: gridSettlementAbi, functionName: "settleBatch", args: [work.items] }),
      events: [...work.events, emit("GridNFT", "VersionAdded", added)],
    };
  }

  #transfer(): ScenarioTransaction {
    const token = this.#random.pick(this.#tokens);
    const [from, to] = [token.owner, this.#requester()];
    token.owner = to;
    return {
      from,
      to: GridNFT.address,
      input: encodeFunctionData({ abi: gridNftAbi, functionName: "transferFrom", args: [from, to, token.tokenId] }),
      events: [emit("GridNFT", "Transfer", { from, to, tokenId: token.tokenId })],
    };
  }

  /** A lane pays for what its worker did since the last time, and anchors it. */
  #collect(): ScenarioTransaction {
    const lane = this.#random.pick(this.#lanes);
    const gross = BigInt(1 + this.#random.integer(1_000)) * AIPG;
    lane.cumulative += gross;
    lane.free -= gross;
    const { laneId, worker, cumulative, free } = lane;
    const modelId = BigInt(1 + this.#random.integer(MODELS));
    const anchored = { laneId, worker, root: this.#hash(), receiptCount: 1 + this.#random.integer(500) };
    return {
      from: worker,
      to: GridSettlement.address,
      input: "0x",
      events: [
        emit("GridSettlement", "LaneCollected", { laneId, worker, modelId, cumulative, ...sharesOf(gross), free }),
        emit("GridSettlement", "ReceiptsAnchored", anchored),
      ],
    };
  }

  #deposit(): ScenarioTransaction {
    const account = this.#requester();
    const deposited = { account, from: account, amount: 50n * AIPG, balance: 100n * AIPG };
    return {
      from: account,
      to: GridSettlement.address,
      input: encodeFunctionData({ abi: gridSettlementAbi, functionName: "deposit", args: [50n * AIPG] }),
      events: [emit("GridSettlement", "Deposited", deposited)],
    };
  }

  /** Orders, receipts, their settlements, and the body that they make. */
  #work(moment: Moment, requester: Address, count: number, shared: boolean) {
    const payer = this.#random.integer(4) === 0 ? addressOf(`gateway ${this.#random.integer(8)}`) : requester;
    const worker = workerOf(skewed(this.#random, WORKERS));
    const engine = this.#random.pick(engines);
    const price = BigInt(1 + this.#random.integer(20)) * AIPG;
    const perOrder = shared ? count : 1;
    const jobs = Array.from({ length: count / perOrder }, () => {
      const request = this.#request();
      const order = jobOrder(request, {
        requester,
        payer,
        worker,
        feeConfigId: 1,
        count: perOrder,
        maxPrice: price * BigInt(perOrder),
        deadline: BigInt(moment.time + 600),
        nonce: BigInt(this.#orders++),
      });
      const receipts = Array.from({ length: perOrder }, (_, index) =>
        this.#receipt(order, { index, moment, engine, price }),
      );
      return { request, order, receipts };
    });
    const one = jobs[0];
    if (!one) throw new Error("There is no work.");
    const body: Omit<Body, "header"> = {
      anchors: [{ source: 0, ...(payer !== requester && { payer }), worker }],
      engines: [engine],
      requests: jobs.map(({ request }) => request),
      orders: jobs.map(({ receipts }, i) => ({
        orderHash: orderHashIn(receipts),
        anchor: 0,
        request: i,
        engine: 0,
        price,
      })),
      artworks: jobs.flatMap(({ receipts }, i) =>
        receipts.map(({ index, completedAt, imageHash, cidDigest, seed }) => ({
          order: i,
          index,
          completedAt: Number(completedAt),
          imageHash,
          seed,
          ...(cidDigest !== imageHash && { cidDigest }),
        })),
      ),
    };
    return {
      body,
      items: jobs.map(({ order, receipts }) => ({
        order,
        orderSignature: SIGNATURE,
        receipts: receipts.map((receipt) => ({ ...receipt, signature: SIGNATURE })),
      })),
      proofs: jobs.map(() => ({ laneId: toHex(0, { size: 32 }), proof: [], flags: "0x" as const })),
      events: jobs.map(({ order, receipts }) => settled(order, receipts)),
    };
  }

  #request(): GenerationRequest {
    const random = this.#random;
    const modelId = 1 + skewed(random, MODELS);
    const [width, height] = random.pick(sizes);
    return generationRequest({
      modelId: BigInt(modelId),
      modelHash: weightsHashOf(modelId),
      prompt: drawPrompt(random, this.#prompts++),
      negativePrompt: random.integer(2) ? "blurry, low quality, watermark" : "",
      width,
      height,
      steps: 20 + random.integer(30),
      guidanceMilli: 7_000,
      sampler: random.pick(samplers),
      scheduler: random.pick(schedulers),
    });
  }

  #receipt(
    order: JobOrder,
    { index, moment, engine, price }: { index: number; moment: Moment; engine: string; price: bigint },
  ): JobReceipt {
    const imageHash = this.#hash();
    return jobReceipt(order, {
      index,
      seed: BigInt(this.#random.integer(2 ** 31)),
      engineHash: engineHash(engine),
      imageHash,
      cidDigest: this.#random.integer(2) ? this.#hash() : imageHash,
      completedAt: BigInt(moment.time - 30),
      price,
    });
  }

  #requester(): Address {
    return requesterOf(skewed(this.#random, REQUESTERS));
  }
}

const workers = Array.from({ length: WORKERS }, (_, i) => addressOf(`worker ${i}`));
const requesters = Array.from({ length: REQUESTERS }, (_, i) => addressOf(`requester ${i}`));
const weights = Array.from({ length: MODELS }, (_, i) => keccak256(stringToHex(`weights ${i + 1}`)));

const workerOf = (i: number): Address => workers[i] as Address;
const requesterOf = (i: number): Address => requesters[i] as Address;
const weightsHashOf = (modelId: number): Hex => weights[modelId - 1] as Hex;

function orderHashIn(receipts: readonly JobReceipt[]): Hex {
  const [receipt] = receipts;
  if (!receipt) throw new Error("An order has no receipts.");
  return receipt.orderHash;
}

function sharesOf(gross: bigint) {
  const protocolFee = (gross * PROTOCOL_BPS) / 10_000n;
  const royalty = (gross * ROYALTY_BPS) / 10_000n;
  return { toWorker: gross - protocolFee - royalty, royalty, protocolFee };
}

function settled(order: JobOrder, receipts: readonly JobReceipt[]): LoggedEvent {
  const { payer, worker, requester, modelId, nonce } = order;
  return emit("GridSettlement", "OrderSettled", {
    orderHash: orderHashIn(receipts),
    payer,
    worker,
    requester,
    modelId,
    nonce,
    root: receiptTree(receipts, domain).root,
    receiptCount: receipts.length,
    anchored: true,
    ...sharesOf(receipts.reduce((sum, { price }) => sum + price, 0n)),
    balance: 100n * AIPG,
  });
}

/** What the contract stores and logs: requester, body, and time and block of its one anchor. */
function blobOf(packed: Hex, requester: Address, { time, block }: Moment): Hex {
  return concatHex([requester, packed, toHex(time, { size: 5 }), toHex(block, { size: 5 })]);
}
