import { randomBytes } from "node:crypto";
import {
  gridContracts,
  type LaneConfig,
  laneId as laneIdOf,
  MIN_THAW_DELAY,
  messageToJson,
  SignerRole,
  settlementTypes,
  workLane,
} from "@gridnft/sdk";
import {
  type Account,
  type Address,
  bytesToHex,
  createWalletClient,
  type Hex,
  http,
  maxUint256,
  type PublicActions,
  publicActions,
  type Transport,
  type Chain as ViemChain,
  type WalletClient,
} from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import type { Cloud } from "../cloud.ts";
import type { GatewayTerms } from "../environment.ts";
import { describeError } from "../error.ts";
import { LIVE_SECONDS } from "../queue/offers.ts";
import { lesser } from "./amounts.ts";
import { type LaneRow, laneConfigOf, outstanding, totalsOf } from "./lanes.ts";
import { syncLanes } from "./laneWatch.ts";

type OwnerClient = WalletClient<Transport, ViemChain | undefined, Account> &
  PublicActions<Transport, ViemChain | undefined, Account>;

/** Seconds between attempts for a worker whose lane could not be opened or filled. */
const PAUSE = 30_000;

/** Opens and fills lanes from the gateway's cold account, one transaction at a time over all processes. */
export interface LaneKeeper {
  /** Looks after the lanes to all live workers. */
  tend(): Promise<void>;
}

/** A keeper, where the cold account's key is here. */
export function laneKeeper(cloud: Cloud): LaneKeeper | undefined {
  const { gateway } = cloud;
  if (!gateway?.owner) return undefined;
  const owner = gateway.owner;
  const pauses = new Map<Address, number>();
  return {
    tend: async () => {
      const workers = await worthyWorkers(cloud, gateway);
      for (const worker of workers) {
        if ((pauses.get(worker) ?? 0) > Date.now() || cloud.stopping.aborted) continue;
        try {
          if (!(await needsCare(cloud, gateway, worker))) continue;
          await cloud.database.exclusively("gridnft gateway account", () => care(cloud, gateway, owner, worker));
        } catch (error) {
          pauses.set(worker, Date.now() + PAUSE);
          cloud.log.error({ worker, error: describeError(error) }, "lane could not be opened or filled");
        }
      }
    },
  };
}

/** Live workers with an offer that the gateway would pay for. */
async function worthyWorkers({ database }: Cloud, { maxRate }: GatewayTerms): Promise<Address[]> {
  const rows = await database.all<{ worker: Address }>(
    `SELECT DISTINCT w.worker FROM cloud.worker w JOIN cloud.offer o USING (worker)
     WHERE w.last_seen > now() - $1 * interval '1 second' AND o.rate <= $2
       AND (w.blocked_until IS NULL OR w.blocked_until < now())`,
    [LIVE_SECONDS, maxRate.toString()],
  );
  return rows.map(({ worker }) => worker);
}

function currentLane(
  { database }: Cloud,
  { account, signer }: GatewayTerms,
  worker: Address,
): Promise<LaneRow | undefined> {
  return database.one<LaneRow>(
    `SELECT * FROM cloud.lane WHERE worker = $1 AND payer = $2 AND payer_signer = $3 AND state <> 'closed' AND NOT thawing
     ORDER BY created_at DESC, lane_id LIMIT 1`,
    [worker, account.toLowerCase(), signer.address.toLowerCase()],
  );
}

/** AIPG wei by which a lane is to be filled: half empty lanes are. */
async function missingIn({ database }: Cloud, { laneFunding }: GatewayTerms, lane: LaneRow): Promise<bigint> {
  const left = BigInt(lane.free) - outstanding(await totalsOf(database, lane.lane_id));
  return left * 2n < laneFunding ? laneFunding - left : 0n;
}

async function needsCare(cloud: Cloud, gateway: GatewayTerms, worker: Address): Promise<boolean> {
  const lane = await currentLane(cloud, gateway, worker);
  return lane?.state !== "open" || (await missingIn(cloud, gateway, lane)) > 0n;
}

/** Opens the worker's lane or fills it. Runs under the account's lock; looks again, because another process may have done it. */
async function care(cloud: Cloud, gateway: GatewayTerms, owner: PrivateKeyAccount, worker: Address): Promise<void> {
  const client: OwnerClient = createWalletClient({
    account: owner,
    transport: http(cloud.settings.rpcUrl, { retryCount: 1, timeout: 20_000 }),
    pollingInterval: Math.min(cloud.settings.chainPoll, 1_000),
  }).extend(publicActions);
  const lane = await currentLane(cloud, gateway, worker);
  if (lane?.state === "open") {
    const missing = await missingIn(cloud, gateway, lane);
    if (missing > 0n) await fill(cloud, gateway, client, lane, missing);
    return;
  }
  await requireSigner(cloud, gateway, client);
  // The terms are written down first: a crash in between leaves a lane that is known, not money in one that is not.
  const config = lane ? laneConfigOf(lane) : await newLane(cloud, gateway, worker);
  const { settlement } = gridContracts(client, { deployment: cloud.chain.deployment });
  const id = laneIdOf(config, cloud.chain.domain);
  if (!(await settlement.read.laneOf([id])).opened) {
    const funding = await fundAccount(cloud, gateway, client, gateway.laneFunding);
    if (funding === 0n) throw new Error("The gateway's account has no AIPG.");
    try {
      await settlement.simulate.openLane([config, funding], { account: client.account.address });
    } catch (error) {
      // Terms that are refused now (its fee config ended) will be refused for ever: the next attempt makes others.
      await cloud.database.run("UPDATE cloud.lane SET state = 'closed' WHERE lane_id = $1", [id]);
      throw error;
    }
    await mined(client, settlement.write.openLane([config, funding], write(client)));
    cloud.log.info({ lane: id, worker, funding: funding.toString() }, "lane opened");
  }
  await syncLanes(cloud, [id], await client.getBlockNumber());
}

async function newLane(cloud: Cloud, gateway: GatewayTerms, worker: Address): Promise<LaneConfig> {
  const config = workLane({
    payer: gateway.account,
    payerSigner: gateway.signer.address,
    worker,
    feeConfigId: await cloud.chain.feeConfigId(),
    thawDelay: MIN_THAW_DELAY,
    salt: bytesToHex(randomBytes(32)),
  });
  await cloud.database.run(
    `INSERT INTO cloud.lane (lane_id, config, payer, payer_signer, worker, state) VALUES ($1, $2, $3, $4, $5, 'opening')`,
    [
      laneIdOf(config, cloud.chain.domain),
      JSON.stringify(messageToJson("LaneConfig", config)),
      gateway.account.toLowerCase(),
      gateway.signer.address.toLowerCase(),
      worker,
    ],
  );
  return config;
}

/** Tops a lane up. One that takes no more (its fee config ended) gets a successor. */
async function fill(
  cloud: Cloud,
  gateway: GatewayTerms,
  client: OwnerClient,
  lane: LaneRow,
  missing: bigint,
): Promise<void> {
  const { settlement } = gridContracts(client, { deployment: cloud.chain.deployment });
  const amount = await fundAccount(cloud, gateway, client, missing);
  if (amount === 0n) throw new Error("The gateway's account has no AIPG left.");
  const config = laneConfigOf(lane);
  try {
    await settlement.simulate.topUpLane([config, amount], { account: client.account.address });
  } catch (error) {
    await cloud.database.run("UPDATE cloud.lane SET state = 'closed' WHERE lane_id = $1", [lane.lane_id]);
    throw error;
  }
  await mined(client, settlement.write.topUpLane([config, amount], write(client)));
  cloud.log.info({ lane: lane.lane_id, amount: amount.toString() }, "lane topped up");
  await syncLanes(cloud, [lane.lane_id], await client.getBlockNumber());
}

/** Sees to it that the account in GridSettlement has `wanted`, by a deposit of what there is; returns what it has of it. */
async function fundAccount(cloud: Cloud, gateway: GatewayTerms, client: OwnerClient, wanted: bigint): Promise<bigint> {
  const { settlement, aipg } = gridContracts(client, { deployment: cloud.chain.deployment });
  const { balance } = await settlement.read.accountOf([gateway.account]);
  if (balance >= wanted) return wanted;
  const held = await aipg.read.balanceOf([gateway.account]);
  const deposit = lesser(held, wanted - balance);
  if (deposit > 0n) {
    if ((await aipg.read.allowance([gateway.account, settlement.address])) < deposit) {
      await mined(client, aipg.write.approve([settlement.address, maxUint256], write(client)));
    }
    await mined(client, settlement.write.deposit([deposit], write(client)));
  }
  if (deposit < wanted - balance)
    cloud.log.warn({ missing: (wanted - balance - deposit).toString() }, "gateway is short of AIPG");
  return balance + deposit;
}

/** Registers the voucher key with its proof of possession, once. */
async function requireSigner(cloud: Cloud, gateway: GatewayTerms, client: OwnerClient): Promise<void> {
  const { settlement } = gridContracts(client, { deployment: cloud.chain.deployment });
  const { account, signer } = gateway;
  const role = SignerRole.PAYER_SIGNER;
  if (await settlement.read.isSigner([account, role, signer.address])) return;
  const { timestamp } = await client.getBlock();
  const message = { account, role, deadline: timestamp + 24n * 60n * 60n };
  const proof = await signer.signTypedData({
    domain: { ...cloud.chain.domain },
    types: settlementTypes,
    primaryType: "SignerProof",
    message,
  });
  await mined(client, settlement.write.addSigner([signer.address, role, message.deadline, proof], write(client)));
  cloud.log.info({ signer: signer.address }, "voucher key registered");
}

const write = (client: OwnerClient) => ({ account: client.account, chain: null });

async function mined(client: OwnerClient, sent: Promise<Hex>): Promise<void> {
  const receipt = await client.waitForTransactionReceipt({ hash: await sent, timeout: 120_000 });
  if (receipt.status !== "success") throw new Error(`Transaction ${receipt.transactionHash} reverted.`);
}
