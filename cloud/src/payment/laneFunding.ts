import { randomBytes } from "node:crypto";
import {
  gridSettlementAbi,
  jobPrice,
  type LaneConfig,
  laneId as laneIdOf,
  MIN_THAW_DELAY,
  messageToJson,
  SignerRole,
  settlementTypes,
  workLane,
} from "@gridnft/sdk";
import { type Address, bytesToHex, type Hex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import type { Cloud } from "../cloud.ts";
import type { GatewayTerms } from "../environment.ts";
import { describeError } from "../error.ts";
import { covers, isCovered, type LiveOffer, liveOffers } from "../queue/offers.ts";
import { SECOND_CHANCE, WITH_ROOM } from "../queue/ranking.ts";
import { greater, lesser } from "./amounts.ts";
import { type LaneRow, laneConfigOf, roomOf } from "./lanes.ts";
import { syncLanes } from "./laneWatch.ts";
import { callOf, openSender, Refused, type Sender } from "./sender.ts";

/** Oldest queued jobs of an offer that are looked at: more than its worker has at a time. */
const MOST_JOBS = 128;
/** Milliseconds until a worker's lane is tried again, once it could not be filled. */
const PAUSE = 30_000;
/** Seconds after which a lane that is still needed is said to be so again. The treasury believes it for {@link WANTED_SECONDS}. */
const SAY_AGAIN = 15;
/** Seconds for which a lane counts as needed. */
export const WANTED_SECONDS = 60;
/** Milliseconds between looks while jobs wait for a lane, and else. */
const OFTEN = 1_000;
const SELDOM = 5_000;
/** Seconds for which a hot key's proof is good, and those that must be left of it. */
const PROOF_LIFE = 24n * 60n * 60n;
const PROOF_LEAST = 6n * 60n * 60n;

/** Reason for which a queued job is not handed out, as its owner is told. */
interface Reason {
  readonly code: "LANE_OPENING" | "GATEWAY_SHORT";
  readonly message: string;
}
const OPENING: Reason = {
  code: "LANE_OPENING",
  message: "The gateway's lane to the worker is not open yet. The job waits for it.",
};
const SHORT: Reason = {
  code: "GATEWAY_SHORT",
  message: "The gateway is out of funds. The job waits for more.",
};
const RETRIED: Reason = {
  code: "LANE_OPENING",
  message: "The gateway's lane to the worker could not be filled. It is tried again, and the job waits.",
};

/** A queued job and what it costs with the worker that it is for. */
interface NeededJob {
  readonly id: string;
  readonly price: bigint;
}

/** Jobs that a worker could begin with now, oldest first. */
interface Need {
  readonly worker: Address;
  readonly jobs: readonly NeededJob[];
}

/** Keeps lanes filled that queued jobs need, by the TREASURER's key, and says which ones the treasury is to open. */
export interface LaneFunding {
  /** Looks after the lanes that jobs need now; returns the milliseconds until the next look. */
  tend(): Promise<number>;
}

/** Lane funding of a cloud that has a gateway. */
export function laneFunding(cloud: Cloud): LaneFunding | undefined {
  const { gateway, chain, settings } = cloud;
  if (!gateway) return undefined;
  const sender =
    gateway.treasurer &&
    openSender(gateway.treasurer, { rpcUrl: settings.rpcUrl, deployment: chain.deployment, poll: settings.chainPoll });
  const pauses = new Map<Address, number>();
  const proofs = new KeyProofs(cloud, gateway);
  return {
    tend: async () => {
      await proofs.offer();
      const needs = await needsOf(cloud, gateway);
      const reasons = new Map<string, Reason>();
      for (const need of needs) {
        if (cloud.stopping.aborted) return SELDOM;
        const tell = (jobs: readonly NeededJob[], reason: Reason) => {
          for (const { id } of jobs) reasons.set(id, reason);
        };
        if ((pauses.get(need.worker) ?? 0) > Date.now()) {
          tell(need.jobs, RETRIED);
          continue;
        }
        try {
          const { reason, jobs } = await serve(cloud, gateway, sender, need);
          if (reason) tell(jobs, reason);
        } catch (error) {
          pauses.set(need.worker, Date.now() + PAUSE);
          tell(need.jobs, RETRIED);
          cloud.log.error({ worker: need.worker, error: describeError(error) }, "lane could not be filled");
        }
      }
      await tellOwners(cloud, reasons);
      return reasons.size > 0 ? OFTEN : SELDOM;
    },
  };
}

interface QueuedJobRow {
  readonly id: string;
  readonly model_id: string;
  readonly model_hash: Hex;
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly count: number;
  readonly sampler: string;
  readonly scheduler: string;
  readonly max_price: string;
  readonly age: number;
}

/**
 * Queued jobs by the worker that could begin with them now: the cheapest one that is not full, or the next one when that one has let
 * its time pass. Nobody has a lane opened by an offer alone.
 */
async function needsOf({ database }: Cloud, gateway: GatewayTerms): Promise<Need[]> {
  const waits = await database.one(
    "SELECT 1 FROM cloud.job WHERE status = 'queued' AND rail = 'gateway' AND payer = $1 LIMIT 1",
    [gateway.account.toLowerCase()],
  );
  if (!waits) return [];
  const paused = await database.all<{ worker: Address }>(
    "SELECT worker FROM cloud.worker WHERE paused_until > now() OR lane_paused_until > now()",
  );
  const off = new Set(paused.map(({ worker }) => worker));
  const offers = (await liveOffers(database))
    .filter(({ rate, worker }) => rate <= gateway.maxRate && !off.has(worker))
    .sort((a, b) => (a.rate < b.rate ? -1 : a.rate > b.rate ? 1 : a.worker < b.worker ? -1 : 1));
  // Of each offer its own: no crowd of jobs that only one worker can do stands in the way of the others'.
  const jobs = await database.all<QueuedJobRow>(
    `SELECT DISTINCT ON (found.place) found.* FROM unnest($3::text[], $4::numeric[]) AS live (worker, model_id)
     JOIN cloud.offer o USING (worker, model_id) CROSS JOIN LATERAL (
       SELECT j.place, j.id, j.model_id, j.model_hash, (j.request->>'width')::int AS width,
         (j.request->>'height')::int AS height, j.steps, j.count, j.sampler, j.scheduler, j.max_price,
         extract(epoch FROM now() - j.queued_at)::float8 AS age
       FROM cloud.job j WHERE j.status = 'queued' AND j.rail = 'gateway' AND j.model_id = o.model_id
         AND CASE WHEN j.payer = $1 AND ${isCovered("o")} THEN true ELSE false END
       ORDER BY j.place LIMIT $2) found
     ORDER BY found.place`,
    [
      gateway.account.toLowerCase(),
      MOST_JOBS,
      offers.map(({ worker }) => worker),
      offers.map(({ modelId }) => modelId.toString()),
    ],
  );
  const barred = await database.all<{ key: string }>(
    `SELECT job_id || ' ' || worker AS key FROM cloud.job_failure
     WHERE job_id = ANY ($1) AND CASE kind WHEN 'stopping' THEN false WHEN 'passing' THEN until > now()
       WHEN 'expired' THEN at > now() - $2 * interval '1 second' ELSE true END`,
    [jobs.map(({ id }) => id), SECOND_CHANCE],
  );
  const isBarred = new Set(barred.map(({ key }) => key));
  const needs = new Map<Address, NeededJob[]>();
  for (const job of jobs) {
    const able = offers.filter(
      (offer) =>
        offer.modelId === BigInt(job.model_id) &&
        covers(offer, { ...job, modelHash: job.model_hash }) &&
        !isBarred.has(`${job.id} ${offer.worker}`) &&
        jobPrice(job, offer.rate) <= BigInt(job.max_price) &&
        (needs.get(offer.worker)?.length ?? 0) + offer.busy < offer.parallel,
    );
    const passed = Math.floor(job.age / (Math.max(1, gateway.patience) * WITH_ROOM));
    const turn: LiveOffer | undefined = able[Math.min(passed, able.length - 1)];
    if (!turn) continue;
    const price = jobPrice(job, turn.rate);
    needs.set(turn.worker, [...(needs.get(turn.worker) ?? []), { id: job.id, price }]);
  }
  return [...needs].map(([worker, jobs]) => ({ worker, jobs }));
}

/** Sees to a worker's lane; returns what still waits, and why. */
async function serve(
  cloud: Cloud,
  gateway: GatewayTerms,
  sender: Sender | undefined,
  { worker, jobs }: Need,
): Promise<{ readonly jobs: readonly NeededJob[]; readonly reason: Reason | undefined }> {
  const { database } = cloud;
  const lane = await currentLane(cloud, gateway, worker);
  if (!lane) await newLane(cloud, gateway, worker);
  else {
    await database.run(
      `UPDATE cloud.lane SET wanted_at = now()
       WHERE lane_id = $1 AND coalesce(wanted_at < now() - $2 * interval '1 second', true)`,
      [lane.lane_id, SAY_AGAIN],
    );
  }
  if (lane?.state !== "open" || lane.resting || lane.thawing) return { jobs, reason: OPENING };
  const { available } = await roomOf(database, lane);
  const short = beyond(jobs, available);
  if (short.length === 0) return { jobs: [], reason: undefined };
  if (!sender) return { jobs: short, reason: SHORT };
  return database.exclusively("gridnft gateway treasurer", () => fill(cloud, gateway, sender, worker, jobs));
}

/** Jobs that so much does not pay for, those before them paid. */
function beyond(jobs: readonly NeededJob[], available: bigint): NeededJob[] {
  let left = available;
  return jobs.filter(({ price }) => {
    if (price > left) return true;
    left -= price;
    return false;
  });
}

/** The lane that new jobs for a worker go to, or wait for. */
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
 * Writes down the terms of a lane that is to be opened, before anybody opens it: a crash in between leaves a lane that is known, not
 * money in one that is not. Of several processes one does it.
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

/** Tops a lane up by one step, or by what is missing. Runs under the TREASURER's lock; looks again, because another process may have. */
async function fill(
  cloud: Cloud,
  gateway: GatewayTerms,
  sender: Sender,
  worker: Address,
  jobs: readonly NeededJob[],
): Promise<{ readonly jobs: readonly NeededJob[]; readonly reason: Reason | undefined }> {
  const lane = await currentLane(cloud, gateway, worker);
  if (lane?.state !== "open" || lane.resting || lane.thawing) return { jobs, reason: OPENING };
  const { available } = await roomOf(cloud.database, lane);
  if (beyond(jobs, available).length === 0) return { jobs: [], reason: undefined };
  const missing = jobs.reduce((sum, { price }) => sum + price, 0n) - available;
  const most = await movable(gateway, sender);
  const amount = lesser(greater(missing, gateway.laneFunding), most);
  // A part that pays for no job would only be tied up.
  if (beyond(jobs, available + amount).length === jobs.length) {
    cloud.log.warn({ worker, missing: missing.toString(), left: most.toString() }, "gateway is out of funds");
    return { jobs, reason: SHORT };
  }
  const { settlement } = sender.contracts;
  try {
    const block = await sender.send(callOf(settlement, "topUpLane", [laneConfigOf(lane), amount]), gridSettlementAbi);
    cloud.log.info({ lane: lane.lane_id, amount: amount.toString() }, "lane topped up");
    await syncLanes(cloud, [lane.lane_id], block);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.reason === "GridSettlement_FeeConfigRefused") {
      // It takes no more for ever: the next look has another one opened.
      await cloud.database.run("UPDATE cloud.lane SET state = 'closed' WHERE lane_id = $1", [lane.lane_id]);
      return { jobs, reason: OPENING };
    }
    if (error.reason !== "GridSettlement_LaneThawing") throw error;
    await syncLanes(cloud, [lane.lane_id], await sender.client.getBlockNumber());
    return { jobs, reason: OPENING };
  }
  const short = beyond(jobs, available + amount);
  return { jobs: short, reason: short.length > 0 ? SHORT : undefined };
}

/** AIPG wei that the TREASURER can move now: within the account's balance and its cap. */
async function movable({ account }: GatewayTerms, { client, contracts: { settlement } }: Sender): Promise<bigint> {
  const [{ balance }, cap, window, { timestamp }] = await Promise.all([
    settlement.read.accountOf([account]),
    settlement.read.treasurerCapOf([client.account.address]),
    settlement.read.TREASURER_WINDOW(),
    client.getBlock(),
  ]);
  const spent = timestamp >= BigInt(cap.windowStart) + BigInt(window) ? 0n : cap.spent;
  return lesser(balance, cap.cap > spent ? cap.cap - spent : 0n);
}

/** Tells jobs' owners why they wait, and takes back what was said of others. */
async function tellOwners({ database }: Cloud, reasons: ReadonlyMap<string, Reason>): Promise<void> {
  const ids = [...reasons.keys()];
  if (ids.length > 0) {
    await database.run(
      `WITH told AS (
         UPDATE cloud.job j SET waiting_code = given.code, waiting_message = given.message, version = version + 1
         FROM unnest($1::uuid[], $2::text[], $3::text[]) AS given (id, code, message)
         WHERE j.id = given.id AND j.status = 'queued' AND j.waiting_message IS DISTINCT FROM given.message RETURNING j.id)
       SELECT pg_notify('cloud_job', id::text) FROM told`,
      [ids, ids.map((id) => reasons.get(id)?.code), ids.map((id) => reasons.get(id)?.message)],
    );
  }
  await database.run(
    `WITH told AS (
       UPDATE cloud.job SET waiting_code = NULL, waiting_message = NULL, version = version + 1
       WHERE status = 'queued' AND waiting_code IS NOT NULL AND NOT id = ANY ($1::uuid[]) RETURNING id)
     SELECT pg_notify('cloud_job', id::text) FROM told`,
    [ids],
  );
}

/** Proofs by which the treasury registers the gateway's hot keys: their keys never meet. */
class KeyProofs {
  #registered = false;

  constructor(
    private readonly cloud: Cloud,
    private readonly gateway: GatewayTerms,
  ) {}

  /** Leaves a fresh proof for each key that is not registered. */
  async offer(): Promise<void> {
    if (this.#registered) return;
    const { signer, treasurer } = this.gateway;
    const keys: [SignerRole, PrivateKeyAccount][] = [[SignerRole.PAYER_SIGNER, signer]];
    if (treasurer) keys.push([SignerRole.TREASURER, treasurer]);
    const states = await Promise.all(keys.map(([role, key]) => this.#offerOne(role, key)));
    this.#registered = states.every(Boolean);
  }

  /** Returns whether the key is registered. */
  async #offerOne(role: SignerRole, key: PrivateKeyAccount): Promise<boolean> {
    const { database, chain } = this.cloud;
    const { account } = this.gateway;
    if (await chain.isSigner(account, role, key.address)) return true;
    const now = chain.now();
    const names = [account.toLowerCase(), role, key.address.toLowerCase()];
    const stored = await database.one<{ deadline: string }>(
      "SELECT deadline FROM cloud.signer_proof WHERE account = $1 AND role = $2 AND signer = $3",
      names,
    );
    if (stored && BigInt(stored.deadline) > now + PROOF_LEAST) return false;
    const message = { account, role, deadline: now + PROOF_LIFE };
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
