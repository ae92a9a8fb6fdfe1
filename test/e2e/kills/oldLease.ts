/** A worker that stands still until its job went to another one, and comes back with the old lease. */
import { privateKeyToAccount } from "viem/accounts";
import {
  CloudError,
  createWorkerClient,
  engineHash,
  type JobReceipt,
  messageFromJson,
  orderHash,
  settlementDomainOf,
} from "../../../sdk/src/index.ts";
import { sleep } from "../../../sdk/src/node/index.ts";
import type { WorkerJob } from "../../../sdk/src/schemas/index.ts";
import { isTransient } from "../../../worker/src/errors.ts";
import type { KillableGrid } from "./killableGrid.ts";
import type { Load } from "./load.ts";

/** Size of the job: the second worker is at it for longer than the old lease is tried. */
const IMAGES = 2;
const STEPS = 80;
/** Milliseconds that the first worker stands still. */
const STALL = 4_000;
/** Milliseconds within which the job must have gone to the second one, and each call must be answered. */
const HANG_TIMEOUT = 20_000;

interface Held {
  readonly worker: string | null;
  readonly lease_token: string | null;
  readonly order_message: unknown;
}

/** Times that a job is ordered for it: a cloud may be just back, and the first worker done before it stands still. */
const TRIES = 4;

/**
 * Orders a job, stops the worker that gets it, and, once another one has it, speaks for the first by its old lease: each call has to be
 * refused. Then the first worker goes on, and says the same.
 *
 * @returns Sentences about what is not as it has to be.
 */
export async function tryOldLease(killable: KillableGrid, load: Load): Promise<readonly string[]> {
  for (let tries = 0; tries < TRIES; tries++) {
    const findings = await tryOnce(killable, load);
    if (findings) return findings;
    await sleep(300);
  }
  return ["No job changed hands, so no old lease was tried."];
}

async function tryOnce(killable: KillableGrid, load: Load): Promise<readonly string[] | undefined> {
  const { job } = await load.order(IMAGES, STEPS);
  const first = job === undefined ? undefined : await heldBy(killable, job, undefined);
  const position = killable.workers.findIndex(({ party }) => party.address.toLowerCase() === first?.worker);
  const stalled = killable.workers[position];
  if (job === undefined || !first?.lease_token || !stalled?.key) return undefined;
  await killable.inflict({ kind: "stall", part: `worker-${position + 1}`, milliseconds: STALL });
  // As if its time were over.
  await killable.sql(
    "UPDATE cloud.job SET lease_expires_at = now() - interval '1 second' WHERE id = $1 AND lease_token = $2",
    [job, first.lease_token],
  );
  const second = await heldBy(killable, job, first.lease_token);
  if (!second) return undefined;

  const { chainId } = settlementDomainOf(killable.deployment);
  const cloud = createWorkerClient({
    ...{ url: killable.cloudUrl, chainId, account: stalled.party.address, signer: privateKeyToAccount(stalled.key) },
  });
  const lease = { id: job, lease: { token: first.lease_token } } as unknown as WorkerJob;
  const order = messageFromJson("JobOrder", first.order_message);
  const receipts = Array.from({ length: IMAGES }, (_, index) => ({
    receipt: {
      ...{ orderHash: orderHash(order), index, requester: order.requester, worker: order.worker },
      ...{ modelId: order.modelId, requestHash: order.requestHash, seed: 1n, engineHash: engineHash("old lease") },
      ...{ imageHash: order.requestHash, cidDigest: order.requestHash, completedAt: order.deadline, price: 1n },
    } satisfies JobReceipt,
    signature: `0x${"11".repeat(64)}1b` as const,
  }));
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    heartbeat: () => cloud.heartbeat(lease, { image: 0, step: 1, steps: STEPS }),
    upload: () => cloud.upload(lease, 0, new Uint8Array(8)),
    complete: () => cloud.complete(lease, "old lease", receipts),
    release: () => cloud.release(lease, "failed", "The old lease."),
  };
  const findings: string[] = [];
  for (const [name, call] of Object.entries(calls)) {
    const answer = await answerOf(call);
    if (answer !== "LEASE_LOST") findings.push(`A ${name} by an old lease of job ${job} was answered ${answer}.`);
  }
  return findings;
}

/** Waits until a worker has the job under another lease than that one; undefined when it is over, or none has it in time. */
async function heldBy({ sql }: KillableGrid, job: string, not: string | undefined): Promise<Held | undefined> {
  const end = Date.now() + HANG_TIMEOUT;
  while (Date.now() < end) {
    const [row] = await sql<Held & { readonly status: string }>(
      "SELECT worker, lease_token, order_message, status FROM cloud.job WHERE id = $1",
      [job],
    );
    if (!row || ["done", "failed"].includes(row.status)) return undefined;
    if (row.status !== "queued" && row.lease_token !== not) return row;
    await sleep(20);
  }
  return undefined;
}

/** Code of the answer to a call; "yes" for one that does what was asked. It is asked until the cloud is there, for some time. */
async function answerOf(call: () => Promise<unknown>): Promise<string> {
  const end = Date.now() + HANG_TIMEOUT;
  for (;;) {
    try {
      await call();
      return "yes";
    } catch (error) {
      if (!isTransient(error) || Date.now() > end) return error instanceof CloudError ? error.code : String(error);
      await sleep(50);
    }
  }
}
