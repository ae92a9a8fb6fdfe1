import { SignerRole } from "@gridnft/sdk";
import type { Address } from "viem";
import type { WorkerSession } from "../auth/sessions.ts";
import type { Cloud } from "../cloud.ts";
import type { Queries } from "../database/database.ts";
import { ApiError } from "../error.ts";
import { LIVE_SECONDS } from "./offers.ts";

/** Times when this process last stored that a worker is live, by worker. */
export type LastSeenTimes = Map<Address, number>;

/** Stores that a worker is live, at most every 5 s. */
export async function storeLastSeen(queries: Queries, seen: LastSeenTimes, worker: Address): Promise<void> {
  const now = Date.now();
  if ((seen.get(worker) ?? 0) > now - 5_000) return;
  seen.set(worker, now);
  await queries.run("UPDATE cloud.worker SET last_seen = now() WHERE worker = $1", [worker]);
}

/**
 * Requires that a session's key still signs for its worker.
 * @throws {@link ApiError} `SESSION_INVALID`.
 */
export async function requireWorkerSigner(
  { chain }: Pick<Cloud, "chain">,
  { worker, account }: WorkerSession,
): Promise<void> {
  if (await chain.isSigner(worker, SignerRole.WORKER_SIGNER, account)) return;
  throw new ApiError("SESSION_INVALID", "This key does not sign for the worker any more.");
}

/**
 * Stores that a worker is live, if its key and its bond are valid.
 * @throws {@link ApiError} `SESSION_INVALID`.
 */
export async function touchWorker(
  cloud: Pick<Cloud, "chain" | "database">,
  seen: LastSeenTimes,
  session: WorkerSession,
): Promise<void> {
  await requireWorkerSigner(cloud, session);
  // Without a bond its offer would keep jobs from others, and money in its lane, for nothing that it risks. A chain that does not answer
  // takes no worker's life.
  const isBonded = await cloud.chain.isBonded(session.worker).catch(() => true);
  if (isBonded) await storeLastSeen(cloud.database, seen, session.worker);
}

/**
 * Requires that a worker has the bond that anchoring needs.
 * @throws {@link ApiError} `WORKER_NOT_BONDED`.
 */
export async function requireBond({ chain }: Pick<Cloud, "chain">, worker: Address): Promise<void> {
  if (await chain.isBonded(worker)) return;
  throw new ApiError(
    "WORKER_NOT_BONDED",
    "The worker has no sufficient bond in WorkerRegistry, so nothing it makes could be anchored and minted.",
  );
}

/** Live worker, with its models and its number of jobs. */
export interface WorkerRow {
  worker: string;
  software: string;
  models: { model_id: string; rate: string }[];
  busy: number;
  parallel: number;
  jobs_done: number;
  last_seen: string;
}

/** Returns the live workers. */
export function liveWorkers(queries: Queries): Promise<WorkerRow[]> {
  return queries.all<WorkerRow>(
    `SELECT w.worker, w.software, w.parallel, w.jobs_done, floor(extract(epoch FROM w.last_seen))::bigint AS last_seen,
       (SELECT count(*)::int FROM cloud.job j WHERE j.worker = w.worker AND j.status IN ('claimed', 'running')) AS busy,
       coalesce((SELECT json_agg(json_build_object('model_id', o.model_id::text, 'rate', o.rate::text)
         ORDER BY o.model_id) FROM cloud.offer o WHERE o.worker = w.worker), '[]') AS models
     FROM cloud.worker w WHERE w.last_seen > now() - $1 * interval '1 second' ORDER BY w.worker`,
    [LIVE_SECONDS],
  );
}
