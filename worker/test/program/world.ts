import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  aigcAbi,
  type GenerationRequest,
  generationRequest,
  type JobOrder,
  jobOrder,
  type LaneConfig,
  laneId,
  type SettlementDomain,
  SignerRole,
  settlementDomainOf,
  settlementTypes,
  workLane,
} from "@gridnft/sdk";
import { pino } from "pino";
import { type Hex, maxUint256, parseEther, parseEventLogs } from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { type LocalGrid, type Party, startGrid } from "../../../test/e2e/chain.ts";
import { readEnvironment, type WorkerEnvironment } from "../../src/environment.ts";
import { MODEL_HASH } from "./tinyEngine.ts";

/** AIPG wei per megapixel and step, and what one 64 x 64 image of 4 steps costs by it. */
export const RATE = parseEther("1");
export const PRICE = (64n * 64n * 4n * RATE) / 1_000_000n;

export const quiet = pino({ level: process.env.WORKER_TEST_LOG ?? "silent" });

/** A chain with a model, a bonded worker with a hot key, a payer with money, and a gateway with a lane to the worker. */
export interface World {
  readonly grid: LocalGrid;
  readonly domain: SettlementDomain;
  readonly owner: Party;
  readonly artist: Party;
  readonly worker: Party;
  readonly gateway: Party;
  readonly workerKey: PrivateKeyAccount;
  readonly workerKeyHex: Hex;
  readonly gatewayKey: PrivateKeyAccount;
  readonly modelId: bigint;
  readonly feeConfigId: number;
  readonly folder: string;
  request(fields?: Partial<GenerationRequest>): GenerationRequest;
  order(request: GenerationRequest, terms?: Partial<JobOrder>): Promise<JobOrder>;
  signOrder(order: JobOrder, by?: Party): Promise<Hex>;
  /** Opens another lane to the worker. */
  openLane(funding: bigint, thawDelay?: number): Promise<{ config: LaneConfig; laneId: Hex }>;
  addKey(party: Party, key: PrivateKeyAccount, role: SignerRole): Promise<void>;
  /** A worker's environment; every call has a state folder of its own unless it names one. */
  environment(over?: NodeJS.ProcessEnv): WorkerEnvironment;
  /** The variables behind {@link World.environment}. */
  variables(over?: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** Starts a {@link World} whose model has these weights. */
export async function startWorld(weightsHash: Hex = MODEL_HASH): Promise<World> {
  const grid = await startGrid();
  try {
    return await furnish(grid, weightsHash);
  } catch (error) {
    await grid.stop();
    throw error;
  }
}

async function furnish(grid: LocalGrid, weightsHash: Hex): Promise<World> {
  const domain = settlementDomainOf(grid.deployment);
  const folder = mkdtempSync(join(tmpdir(), "gridnft-worker-"));
  const deploymentFile = join(folder, "deployment.json");
  writeFileSync(deploymentFile, JSON.stringify(grid.deployment));
  const [owner, artist, worker, gateway] = [0, 7, 8, 9].map((index) => grid.party(index)) as [
    Party,
    Party,
    Party,
    Party,
  ];
  for (const party of [owner, artist, worker, gateway]) {
    await grid.mined(owner.grid.aipg.write.mint([party.address, parseEther("100000")]));
    const { GridSettlement, WorkerRegistry, AIGC } = grid.deployment.contracts;
    for (const { address } of [GridSettlement, WorkerRegistry, AIGC]) {
      await grid.mined(party.grid.aipg.write.approve([address, maxUint256]));
    }
  }
  const spec = {
    ...{ name: "Tiny", version: "1", family: 0, kind: 0, baseModelId: 0n, weightsHash, weightsURI: "" },
    ...{ license: "MIT", previewCid: "", usageBps: 500, resaleBps: 0, access: 0 },
  };
  const fee = await owner.grid.aigc.read.registrationFee();
  const { logs } = await grid.mined(owner.grid.aigc.write.register([spec, owner.address, fee]));
  const modelId = parseEventLogs({ abi: aigcAbi, logs, eventName: "ModelRegistered" })[0]?.args.modelId ?? 0n;

  const addKey: World["addKey"] = async (party, key, role) => {
    const deadline = (await grid.now()) + 3_600n;
    const message = { account: party.address, role, deadline };
    const proof = await key.signTypedData({ domain, types: settlementTypes, primaryType: "SignerProof", message });
    await grid.mined(party.grid.settlement.write.addSigner([key.address, role, deadline, proof]));
  };
  const workerKeyHex = generatePrivateKey();
  const [workerKey, gatewayKey] = [privateKeyToAccount(workerKeyHex), privateKeyToAccount(generatePrivateKey())];
  await grid.mined(worker.grid.registry.write.register([await worker.grid.registry.read.minBond(), ""]));
  await addKey(worker, workerKey, SignerRole.WORKER_SIGNER);
  await grid.mined(worker.wallet.sendTransaction({ to: workerKey.address, value: parseEther("10") }));
  await addKey(gateway, gatewayKey, SignerRole.PAYER_SIGNER);
  await grid.mined(gateway.grid.settlement.write.deposit([parseEther("10000")]));
  await grid.mined(artist.grid.settlement.write.deposit([parseEther("1000")]));
  const feeConfigId = await owner.grid.settlement.read.currentFeeConfigId();

  let nonces = 0n;
  let salts = 0;
  let states = 0;
  const variables: World["variables"] = (over = {}) => ({
    GRID_RPC_URL: grid.rpcUrl,
    GRID_DEPLOYMENT: deploymentFile,
    GRID_CLOUD_URL: "http://127.0.0.1:1",
    GRID_WORKER_ACCOUNT: worker.address,
    GRID_WORKER_SIGNER_KEY: workerKeyHex,
    GRID_WORKER_MODELS: `${modelId}=${folder}`,
    GRID_WORKER_STATE: join(folder, `state-${states++}`),
    GRID_WORKER_RATE: RATE.toString(),
    GRID_WORKER_SETTLE_AFTER: "0",
    GRID_WORKER_PURSE_INTERVAL: "1",
    ...over,
  });
  return {
    ...{
      grid,
      domain,
      owner,
      artist,
      worker,
      gateway,
      workerKey,
      workerKeyHex,
      gatewayKey,
      modelId,
      feeConfigId,
      folder,
    },
    request: (fields = {}) =>
      generationRequest({
        ...{ modelId, modelHash: weightsHash, prompt: "a lighthouse", width: 64, height: 64, steps: 4 },
        ...{ guidanceMilli: 7500, sampler: "euler", scheduler: "normal", ...fields },
      }),
    order: async (request, terms = {}) =>
      jobOrder(request, {
        ...{ requester: artist.address, payer: artist.address, worker: worker.address, feeConfigId, count: 1 },
        ...{
          maxPrice: PRICE * BigInt(terms.count ?? 1),
          deadline: (await grid.now()) + 600n,
          nonce: nonces++,
          ...terms,
        },
      }),
    signOrder: (message, by = artist) =>
      by.account.signTypedData({ domain, types: settlementTypes, primaryType: "JobOrder", message }),
    openLane: async (funding, thawDelay = 86_400) => {
      const config = workLane({
        ...{ payer: gateway.address, payerSigner: gatewayKey.address, worker: worker.address, feeConfigId, thawDelay },
        salt: `0x${(++salts).toString(16).padStart(64, "0")}`,
      });
      await grid.mined(gateway.grid.settlement.write.openLane([config, funding]));
      return { config, laneId: laneId(config, domain) };
    },
    addKey,
    variables,
    environment: (over) => readEnvironment(variables(over)),
    stop: async () => {
      await grid.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Private key of a party: anvil's accounts are public. */
export function keyOf({ account }: Party): Hex {
  const key = account.getHdKey().privateKey;
  if (!key) throw new Error("a test account has a key");
  return `0x${Buffer.from(key).toString("hex")}`;
}

/** Looks again and again until there is something to see; the test's own limit ends it otherwise. */
export async function until<value>(look: () => Promise<value>): Promise<value> {
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
