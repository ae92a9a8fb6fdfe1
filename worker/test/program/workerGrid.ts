import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GenerationRequest, generationRequest, type JobOrder, type LaneConfig } from "@gridnft/sdk";
import { pino } from "pino";
import { type Hex, parseEther } from "viem";
import { type LocalGrid, type Party, startGrid } from "../../../test/fixtures/chain.ts";
import { newOrder } from "../../../test/fixtures/order.ts";
import { fund, openLane, principals, type SeededGrid, seedGrid, signMessage } from "../../../test/fixtures/seed.ts";
import { readEnvironment, type WorkerEnvironment } from "../../src/environment.ts";
import { MODEL_HASH } from "./tinyEngine.ts";

/** AIPG wei per megapixel and step, and what one 64 x 64 image of 4 steps costs by it. */
export const RATE = parseEther("1");
export const PRICE = (64n * 64n * 4n * RATE) / 1_000_000n;

export const quiet = pino({ level: process.env.WORKER_TEST_LOG ?? "silent" });

/** Seeded grid with a payer's and a gateway's money, and the environment of a worker on it. */
export interface WorkerGrid extends SeededGrid {
  readonly folder: string;
  request(fields?: Partial<GenerationRequest>): GenerationRequest;
  order(request: GenerationRequest, terms?: Partial<JobOrder>): Promise<JobOrder>;
  signOrder(order: JobOrder, by?: Party): Promise<Hex>;
  /** The artist's order of a request, signed. */
  directJob(
    fields?: Partial<GenerationRequest>,
    terms?: Partial<JobOrder>,
  ): Promise<{ request: GenerationRequest; order: JobOrder; signature: Hex; price: bigint }>;
  /** Opens another lane to the worker. */
  openLane(funding: bigint, thawDelay?: number): Promise<{ config: LaneConfig; laneId: Hex }>;
  /** A worker's environment; every call has a state folder of its own unless it names one. */
  environment(over?: NodeJS.ProcessEnv): WorkerEnvironment;
  /** The variables behind {@link WorkerGrid.environment}. */
  variables(over?: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** Starts a {@link WorkerGrid} whose model has these weights. */
export async function startWorkerGrid(weightsHash: Hex = MODEL_HASH): Promise<WorkerGrid> {
  const grid = await startGrid();
  try {
    return await furnish(grid, weightsHash);
  } catch (error) {
    await grid.stop();
    throw error;
  }
}

async function furnish(grid: LocalGrid, weightsHash: Hex): Promise<WorkerGrid> {
  const folder = mkdtempSync(join(tmpdir(), "gridnft-worker-"));
  const deploymentFile = join(folder, "deployment.json");
  writeFileSync(deploymentFile, JSON.stringify(grid.deployment));
  await fund(grid, Object.values(principals(grid)), parseEther("100000"), ["GridSettlement", "WorkerRegistry", "AIGC"]);
  const seeded = await seedGrid(grid, { name: "Tiny", version: "1", weightsHash });
  const { domain, artist, worker, gateway, workerKey, workerKeyHex, gatewayKey, modelId, feeConfigId } = seeded;
  await grid.mined(worker.wallet.sendTransaction({ to: workerKey.address, value: parseEther("10") }));
  await grid.mined(gateway.grid.settlement.write.deposit([parseEther("10000")]));
  await grid.mined(artist.grid.settlement.write.deposit([parseEther("1000")]));

  let nonces = 0n;
  let salts = 0;
  let states = 0;
  const variables: WorkerGrid["variables"] = (over = {}) => ({
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
  const requestOf: WorkerGrid["request"] = (fields = {}) =>
    generationRequest({
      ...{ modelId, modelHash: weightsHash, prompt: "a lighthouse", width: 64, height: 64, steps: 4 },
      ...{ guidanceMilli: 7500, sampler: "euler", scheduler: "normal", ...fields },
    });
  const orderOf: WorkerGrid["order"] = async (request, terms = {}) =>
    newOrder(grid, request, {
      ...{ requester: artist.address, payer: artist.address, worker: worker.address, feeConfigId, price: PRICE },
      ...{ deadline: (await grid.now()) + 600n, nonce: nonces++, ...terms },
    });
  const signOrder: WorkerGrid["signOrder"] = (order, by = artist) => signMessage(by.account, domain, "JobOrder", order);
  return {
    ...{ ...seeded, folder, request: requestOf, order: orderOf, signOrder },
    directJob: async (fields, terms) => {
      const request = requestOf(fields);
      const order = await orderOf(request, terms);
      return { request, order, signature: await signOrder(order), price: PRICE * BigInt(order.count) };
    },
    openLane: async (funding, thawDelay = 86_400) => {
      const salt: Hex = `0x${(++salts).toString(16).padStart(64, "0")}`;
      const terms = { payerSigner: gatewayKey.address, worker: worker.address, feeConfigId, thawDelay, salt, funding };
      const { config, id } = await openLane(grid, gateway, terms);
      return { config, laneId: id };
    },
    variables,
    environment: (over) => readEnvironment(variables(over)),
    stop: async () => {
      await grid.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
