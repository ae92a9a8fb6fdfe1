import type { Address } from "viem";
import type { SessionRecord } from "../auth/sessions.ts";
import type { Cloud } from "../cloud.ts";
import { ApiError } from "../error.ts";
import type { JobRow } from "./job.ts";
import type { ResolvedRequest } from "./resolve.ts";

/**
 * Requires that a private job's reader is its requester, its payer, or the worker that has it or made it. The worker knows the job and
 * finds its pay by it. Other jobs are protected by their unguessable ids.
 * @throws {@link ApiError} `NOT_YOURS`.
 */
export function requireReader(
  job: Pick<JobRow, "private" | "requester" | "payer" | "worker">,
  session: SessionRecord | undefined,
): void {
  if (!job.private || isParty(job, session)) return;
  if (session?.worker !== undefined && session.worker === job.worker) return;
  throw new ApiError("NOT_YOURS", "This job is private: sign in with the account of its requester.");
}

/** Returns true if a session is the job's requester, or its payer on the direct rail. */
export function isParty(
  job: Pick<JobRow, "requester" | "payer">,
  session: Pick<SessionRecord, "account"> | undefined,
): boolean {
  return session !== undefined && (session.account === job.requester || session.account === job.payer);
}

/**
 * Requires that an account may use the model of a request.
 * @throws {@link ApiError} `MODEL_NOT_LICENSED`.
 */
export async function requireModelAccess(
  { chain }: Pick<Cloud, "chain">,
  { model }: ResolvedRequest,
  account: Address,
): Promise<void> {
  if (model.access === "open" || (await chain.canUse(model.modelId, account))) return;
  const remedy =
    model.access === "licensed" ? "Buy a license for it from AIGC, or own it." : "Its owner keeps it private.";
  throw new ApiError("MODEL_NOT_LICENSED", `${account} may not use the model "${model.name}". ${remedy}`, {
    field: "model",
  });
}
