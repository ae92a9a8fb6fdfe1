import { type Address, zeroHash } from "viem";
import type { ContractCall } from "../chain/call.js";
import { type ReadClient, transactAll, type WalletClient } from "../chain/transact.js";
import { GridError } from "../lib/errors.js";
import {
  type AnchoringSteps,
  anchorState,
  anchorWaits,
  isAnchored,
  type Preparation,
  type Prepared,
  requireConfirmable,
  statesOf,
  unbondedOf,
} from "./anchoring.js";
import { collectCall, confirmAnchorCall, settleCall, settleClosedCall } from "./settlementCalls.js";

/**
 * Does what is left to do before a mint, and insists that it anchored: confirms what waits, settles what ended early, collects.
 * Nothing is paid to a worker whose bond is too small to anchor.
 *
 * @param options `whole`: settle whole orders, too, for a call that can't do it on its way.
 * @throws {@link GridError} `WORKER_NOT_BONDED` before anything is paid; `NOT_ANCHORED` or `ANCHOR_WAITS` when a worker was paid
 * and has no sufficient bond; ChainError.
 */
export async function anchorFirst(
  client: WalletClient,
  preparation: Preparation,
  { whole = false } = {},
): Promise<Prepared> {
  const { deployment } = preparation;
  const { settlements, closed, waiting, collects } = await requireAnchorable(client, preparation);
  const confirmed = await transactAll(
    client,
    waiting.map((anchor) => confirmAnchorCall(deployment, anchor)),
  );
  const direct = whole ? settlements : [];
  const settled = await transactAll(client, [
    ...direct.map((item) => settleCall(deployment, item)),
    ...closed.map((item) => settleClosedCall(deployment, item)),
  ]);
  // A bond can fall between the question and the payment.
  const paid = await statesOf(client, deployment, [...direct, ...closed.map((one) => one.settlement)]);
  const unanchored = paid.find(({ state }) => state !== "anchored");
  if (unanchored) throw anchorWaits(unanchored.anchor.worker);
  const collected = await transactAll(
    client,
    collects.map((papers) => collectCall(deployment, papers)),
  );
  const settlement = deployment.contracts.GridSettlement.address;
  for (const { config, voucher } of collects) {
    const anchor = { settlement, laneId: voucher.laneId, payer: config.payer, root: voucher.receiptsRoot };
    if (await isAnchored(client, anchor)) continue;
    const message = `Worker ${config.worker} was paid, but has no bond now: its receipts can't be anchored, nor minted. Try again once it is bonded.`;
    throw new GridError("NOT_ANCHORED", message, "worker");
  }
  return { collected, settled, confirmed };
}

/**
 * Calls that anchor what is left to anchor before a mint, in the order of {@link anchorFirst}.
 * @throws {@link GridError} as {@link anchorFirst} does before anything is paid.
 */
export async function anchoringCalls(
  client: ReadClient,
  preparation: Preparation,
  { whole = false } = {},
): Promise<readonly ContractCall[]> {
  const { deployment } = preparation;
  const { settlements, closed, waiting, collects } = await requireAnchorable(client, preparation);
  return [
    ...waiting.map((anchor) => confirmAnchorCall(deployment, anchor)),
    ...(whole ? settlements : []).map((item) => settleCall(deployment, item)),
    ...closed.map((item) => settleClosedCall(deployment, item)),
    ...collects.map((papers) => collectCall(deployment, papers)),
  ];
}

/**
 * Returns what is left of a preparation, of workers whose bond is large enough to anchor.
 * @throws {@link GridError} `WORKER_NOT_BONDED`, `ANCHOR_WAITS`.
 */
async function requireAnchorable(client: ReadClient, preparation: Preparation): Promise<AnchoringSteps> {
  const { deployment } = preparation;
  const left = await remaining(client, preparation);
  await requireConfirmable(client, deployment, left.waiting);
  const [unbonded] = await unbondedOf(client, deployment, [
    ...[...left.settlements, ...left.closed.map((one) => one.settlement)].map(({ order }) => order.worker),
    ...left.collects.map(({ config }) => config.worker),
  ]);
  if (unbonded) throw notBonded(unbonded);
  return left;
}

/** Returns what is left of a preparation: since it was planned somebody else may have done a part of it. */
async function remaining(
  client: ReadClient,
  { deployment, settlements, closed, waiting, collects }: Preparation,
): Promise<AnchoringSteps> {
  const settlement = deployment.contracts.GridSettlement.address;
  const [whole, early, waits, anchored] = await Promise.all([
    statesOf(client, deployment, settlements),
    statesOf(
      client,
      deployment,
      closed.map((one) => one.settlement),
    ),
    Promise.all(waiting.map((anchor) => anchorState(client, { settlement, laneId: zeroHash, ...anchor }))),
    Promise.all(
      collects.map(({ config, voucher: { laneId, receiptsRoot: root } }) =>
        isAnchored(client, { settlement, laneId, payer: config.payer, root }),
      ),
    ),
  ]);
  const nowWaiting = [...whole, ...early].filter(({ state }) => state === "waiting").map(({ anchor }) => anchor);
  return {
    settlements: whole.filter(({ state }) => state === "open").map(({ item }) => item),
    closed: closed.filter((_, i) => early[i]?.state === "open"),
    waiting: [...waiting.filter((_, i) => waits[i] === "waiting"), ...nowWaiting],
    collects: collects.filter((_, i) => !anchored[i]),
  };
}

function notBonded(worker: Address): GridError {
  return new GridError(
    "WORKER_NOT_BONDED",
    `The bond of worker ${worker} is too small now, so what it made can't be anchored. Nothing was paid. Try again once ${worker} has added to its bond.`,
    "worker",
  );
}
