// Calls of GridSettlement that pay workers and anchor receipts.

import { type ContractCall, contractCall } from "../chain/call.js";
import type { Deployment } from "../chain/deployment.js";
import { settlementAt } from "../generated/used.js";
import type { ClosedSettlement, LanePapers, Settlement, WaitingAnchor } from "./anchoring.js";

export function settleCall(deployment: Deployment, item: Settlement): ContractCall {
  return contractCall({ ...settlementAt(deployment), functionName: "settle", args: [item] });
}

export function settleClosedCall(
  deployment: Deployment,
  { settlement, closingSignature }: ClosedSettlement,
): ContractCall {
  return contractCall({
    ...settlementAt(deployment),
    functionName: "settleClosed",
    args: [settlement, closingSignature],
  });
}

export function settleInGraceCall(deployment: Deployment, item: Settlement): ContractCall {
  return contractCall({ ...settlementAt(deployment), functionName: "settleInGrace", args: [item] });
}

export function confirmAnchorCall(deployment: Deployment, { payer, root }: WaitingAnchor): ContractCall {
  return contractCall({ ...settlementAt(deployment), functionName: "confirmAnchor", args: [payer, root] });
}

export function collectCall(
  deployment: Deployment,
  { config, voucher, payer_signature, worker_signature }: LanePapers,
): ContractCall {
  return contractCall({
    ...settlementAt(deployment),
    functionName: "collect",
    args: [config, voucher, payer_signature, worker_signature ?? "0x"],
  });
}
