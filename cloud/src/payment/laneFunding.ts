import { randomBytes } from "node:crypto";
import {
  gridSettlementAbi,
  type LaneConfig,
  laneId as laneIdOf,
  MIN_THAW_DELAY,
  messageToJson,
  SignerRole,
  settlementTypes,
  workLane,
} from "@gridnft/sdk";
import { type Address, bytesToHex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import type { Cloud } from "../cloud.ts";
import type { GatewayTerms } from "../environment.ts";
import { describeError } from "../error.ts";
import { maxBigInt, minBigInt } from "./amounts.ts";
import { availableOn, type LaneRow, laneConfigOf } from "./lanes.ts";
import { encodeCall, openSender, RevertError, type Sender } from "./sender.ts";
import { syncLanes } from "./settlementSync.ts";

/** Milliseconds until funding of a worker's lane is retried. */
const RETRY_INTERVAL = 30_000;
/** Seconds after which the need of a lane is renewed. The treasury trusts it for {@link WANTED_SECONDS}. */
const RENEW_SECONDS = 15;
/** Seconds for which a lane counts as needed. */
export const WANTED_SECONDS = 60;
/** Milliseconds between checks, while jobs wait for a lane and otherwise. */
const BUSY_INTERVAL = 1_000;
const IDLE_INTERVAL = 5_000;
/** Seconds for which a hot key's proof is valid, and those that must be left of it. */
const PROOF_SECONDS = 24n * 60n * 60n;
const MIN_PROOF_SECONDS = 6n * 60n * 60n;

/** Reason why a queued job waits, for its owner. */
export interface WaitingReason {
  readonly code: "LANE_OPENING" | "GATEWAY_SHORT";
  readonly message: string;
}
const LANE_OPENING: WaitingReason = {
  code: "LANE_OPENING",
  message: "The gateway's lane to the worker is not open yet. The job waits for it.",
};
const GATEWAY_SHORT: WaitingReason = {
  code: "GATEWAY_SHORT",
  message: "The gateway is out of funds. The job waits for more.",
};
const LANE_RETRY: WaitingReason = {
  code: "LANE_OPENING",
  message: "The gateway's lane to the worker could not be filled. It is tried again, and the job waits.",
};

/** Queued job, and its price with the worker that it is for. */
export interface NeededJob {
  readonly id: string;
  readonly price: bigint;
}

/** Jobs that a worker could begin with now, oldest first. */
export interface WorkerDemand {
  readonly worker: Address;
  readonly jobs: readonly NeededJob[];
}

/** Queued jobs of the gateway: for which workers they are, and why they wait. */
export interface LaneDemand {
  /** Returns the queued jobs by the worker that could begin with them now. */
  find(): Promise<readonly WorkerDemand[]>;
  /** Stores by job why it waits, and that no other job does. */
  explain(reasons: ReadonlyMap<string, WaitingReason>): Promise<void>;
}

/**
 * Creates the task that funds the lanes that queued jobs need now, by the TREASURER's key, and marks those that the treasury is to open.
 * @returns The task. It returns the milliseconds until the next check.
 */
export function laneFunding(cloud: Cloud, gateway: GatewayTerms, demand: LaneDemand): () => Promise<number> {
  const { chain, settings } = cloud;
  const sender =
    gateway.treasurer &&
    openSender(gateway.treasurer, { rpcUrl: settings.rpcUrl, deployment: chain.deployment, poll: settings.chainPoll });
  const pauses = new Map<Address, number>();
  const proofs = new KeyProofs(cloud, gateway);
  return async () => {
    await proofs.refresh();
    const reasons = new Map<string, WaitingReason>();
    const addReason = (jobs: readonly NeededJob[], reason: WaitingReason) => {
      for (const { id } of jobs) reasons.set(id, reason);
    };
    for (const need of await demand.find()) {
      if (cloud.stopping.aborted) return IDLE_INTERVAL;
      if ((pauses.get(need.worker) ?? 0) > Date.now()) {
        addReason(need.jobs, LANE_RETRY);
        continue;
      }
      try {
        const { reason, jobs } = await fundLane(cloud, gateway, sender, need);
        if (reason) addReason(jobs, reason);
      } catch (error) {
        pauses.set(need.worker, Date.now() + RETRY_INTERVAL);
        addReason(need.jobs, LANE_RETRY);
        cloud.log.error({ worker: need.worker, error: describeError(error) }, "lane could not be filled");
      }
    }
    await demand.explain(reasons);
    return reasons.size > 0 ? BUSY_INTERVAL : IDLE_INTERVAL;
  };
}

/** Funds a worker's lane. Returns the jobs that still wait, and why. */
async function fundLane(
  cloud: Cloud,
  gateway: GatewayTerms,
  sender: Sender | undefined,
  { worker, jobs }: WorkerDemand,
): Promise<{ readonly jobs: readonly NeededJob[]; readonly reason: WaitingReason | undefined }> {
  const { database } = cloud;
  const lane = await currentLane(cloud, gateway, worker);
  if (!lane) await newLane(cloud, gateway, worker);
  else {
    await database.run(
      `UPDATE cloud.lane SET wanted_at = now()
       WHERE lane_id = $1 AND coalesce(wanted_at < now() - $2 * interval '1 second', true)`,
      [lane.lane_id, RENEW_SECONDS],
    );
  }
  if (lane?.state !== "open" || lane.resting || lane.thawing) return { jobs, reason: LANE_OPENING };
  const available = await availableOn(database, lane);
  const short = unfundedJobs(jobs, available);
  if (short.length === 0) return { jobs: [], reason: undefined };
  if (!sender) return { jobs: short, reason: GATEWAY_SHORT };
  return database.withLock("gridnft gateway treasurer", () => topUpLane(cloud, gateway, sender, worker, jobs));
}

/** Returns the jobs that an amount does not cover, after those before them. */
function unfundedJobs(jobs: readonly NeededJob[], available: bigint): NeededJob[] {
  let left = available;
  return jobs.filter(({ price }) => {
    if (price > left) return true;
    left -= price;
    return false;
  });
}

/** Returns the lane for a worker's new jobs. */
function currentLane(
  { database }: Pick<Cloud, "database">,
  { account, signer }: GatewayTerms,
  worker: Address,
): Promise<LaneRow | undefined> {
  return database.one<LaneRow>(
    `SELECT * FROM cloud.lane WHERE worker = $1 AND payer = $2 AND payer_signer = $3 AND state <> 'closed'
     ORDER BY created_at DESC, lane_id LIMIT 1`,
    [worker, account.toLowerCase(), signer.address.toLowerCase()],
  );
}

/**
 * Stores the terms of a lane before it is opened, so that no money goes into a lane that is unknown after a crash. Of several processes one
 * does it.
 */
async function newLane(cloud: Cloud, gateway: GatewayTerms, worker: Address): Promise<void> {
  const config: LaneConfig = workLane({
    payer: gateway.account,
    payerSigner: gateway.signer.address,
    worker,
    feeConfigId: await cloud.chain.feeConfigId(),
    thawDelay: MIN_THAW_DELAY,
    salt: bytesToHex(randomBytes(32)),
  });
  await cloud.database.run(
    `INSERT INTO cloud.lane (lane_id, config, payer, payer_signer, worker, state, wanted_at)
     SELECT $1, $2::jsonb, $3, $4, $5, 'opening', now() WHERE NOT EXISTS (
       SELECT FROM cloud.lane WHERE payer = $3 AND payer_signer = $4 AND worker = $5 AND state <> 'closed')
     ON CONFLICT DO NOTHING`,
    [
      laneIdOf(config, cloud.chain.domain),
      JSON.stringify(messageToJson("LaneConfig", config)),
      gateway.account.toLowerCase(),
      gateway.signer.address.toLowerCase(),
      worker,
    ],
  );
}

/**
 * Tops a lane up by one step, or by what is missing. It runs under the TREASURER's lock, and checks again, because another process may have
 * done it.
 */
async function topUpLane(
  cloud: Cloud,
  gateway: GatewayTerms,
  sender: Sender,
  worker: Address,
  jobs: readonly NeededJob[],
): Promise<{ readonly jobs: readonly NeededJob[]; readonly reason: WaitingReason | undefined }> {
  const lane = await currentLane(cloud, gateway, worker);
  if (lane?.state !== "open" || lane.resting || lane.thawing) return { jobs, reason: LANE_OPENING };
  const available = await availableOn(cloud.database, lane);
  if (unfundedJobs(jobs, available).length === 0) return { jobs: [], reason: undefined };
  const missing = jobs.reduce((sum, { price }) => sum + price, 0n) - available;
  const most = await treasurerAllowance(gateway, sender);
  const amount = minBigInt(maxBigInt(missing, gateway.laneFunding), most);
  // A part that pays for no job would only be tied up.
  if (unfundedJobs(jobs, available + amount).length === jobs.length) {
    cloud.log.warn({ worker, missing: missing.toString(), left: most.toString() }, "gateway is out of funds");
    return { jobs, reason: GATEWAY_SHORT };
  }
  const { settlement } = sender.contracts;
  try {
    const block = await sender.send(
      encodeCall(settlement, "topUpLane", [laneConfigOf(lane), amount]),
      gridSettlementAbi,
    );
    cloud.log.info({ lane: lane.lane_id, amount: amount.toString() }, "lane topped up");
    await syncLanes(cloud, [lane.lane_id], block);
  } catch (error) {
    if (!(error instanceof RevertError)) throw error;
    if (error.reason === "GridSettlement_FeeConfigRefused") {
      // It takes no more for ever: the next look has another one opened.
      await cloud.database.run("UPDATE cloud.lane SET state = 'closed' WHERE lane_id = $1", [lane.lane_id]);
      return { jobs, reason: LANE_OPENING };
    }
    if (error.reason !== "GridSettlement_LaneThawing") throw error;
    await syncLanes(cloud, [lane.lane_id], await sender.client.getBlockNumber());
    return { jobs, reason: LANE_OPENING };
  }
  const short = unfundedJobs(jobs, available + amount);
  return { jobs: short, reason: short.length > 0 ? GATEWAY_SHORT : undefined };
}

/** Returns the AIPG wei that the TREASURER can move now, within the account's balance and its cap. */
async function treasurerAllowance(
  { account }: GatewayTerms,
  { client, contracts: { settlement } }: Sender,
): Promise<bigint> {
  const [{ balance }, cap, window, { timestamp }] = await Promise.all([
    settlement.read.accountOf([account]),
    settlement.read.treasurerCapOf([client.account.address]),
    settlement.read.TREASURER_WINDOW(),
    client.getBlock(),
  ]);
  const spent = timestamp >= BigInt(cap.windowStart) + BigInt(window) ? 0n : cap.spent;
  return minBigInt(balance, cap.cap > spent ? cap.cap - spent : 0n);
}

/** Proofs by which the treasury registers the gateway's hot keys. The keys stay in their own processes. */
class KeyProofs {
  #registered = false;

  constructor(
    private readonly cloud: Cloud,
    private readonly gateway: GatewayTerms,
  ) {}

  /** Stores a fresh proof for each key that is not registered. */
  async refresh(): Promise<void> {
    if (this.#registered) return;
    const { signer, treasurer } = this.gateway;
    const keys: [SignerRole, PrivateKeyAccount][] = [[SignerRole.PAYER_SIGNER, signer]];
    if (treasurer) keys.push([SignerRole.TREASURER, treasurer]);
    const states = await Promise.all(keys.map(([role, key]) => this.#refreshOne(role, key)));
    this.#registered = states.every(Boolean);
  }

  /** Returns true if the key is registered. */
  async #refreshOne(role: SignerRole, key: PrivateKeyAccount): Promise<boolean> {
    const { database, chain } = this.cloud;
    const { account } = this.gateway;
    if (await chain.isSigner(account, role, key.address)) return true;
    const now = chain.now();
    const names = [account.toLowerCase(), role, key.address.toLowerCase()];
    const stored = await database.one<{ deadline: string }>(
      "SELECT deadline FROM cloud.signer_proof WHERE account = $1 AND role = $2 AND signer = $3",
      names,
    );
    if (stored && BigInt(stored.deadline) > now + MIN_PROOF_SECONDS) return false;
    const message = { account, role, deadline: now + PROOF_SECONDS };
    const proof = await key.signTypedData({
      domain: { ...chain.domain },
      types: settlementTypes,
      primaryType: "SignerProof",
      message,
    });
    await database.run(
      `INSERT INTO cloud.signer_proof (account, role, signer, deadline, proof) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (account, role, signer) DO UPDATE SET deadline = excluded.deadline, proof = excluded.proof`,
      [...names, message.deadline.toString(), proof],
    );
    return false;
  }
}
