import { gridSettlementAbi, type Voucher, voucherDelta } from "@gridnft/sdk";
import { type Address, encodeFunctionData, formatEther, parseEventLogs } from "viem";
import { type LaneFacts, readLaneFacts } from "../chain/facts.ts";
import { describe } from "../errors.ts";
import type { LaneBook, SignedVoucher } from "../state/ledger.ts";
import { gasCost, isProfitable, type Occasion } from "./profitability.ts";
import type { PayoutServices } from "./services.ts";

/**
 * Collects the lanes with an accepted voucher: those that are profitable, those that have waited `collectAfter`, and at once
 * where the payer takes its money back or revokes the key that signed, or where the model's royalty is about to rise for this lane.
 *
 * @param urgent Collect everything that covers its gas now.
 */
export async function collectLanes(services: PayoutServices, urgent = false): Promise<void> {
  const { ledger, log } = services;
  for (const lane of ledger.lanes()) {
    if (lane.voucher === undefined) continue;
    try {
      await collectLane(lane, lane.voucher, urgent, services);
    } catch (error) {
      log.error({ lane: lane.laneId, reason: describe(error) }, "a lane could not be collected");
    }
  }
}

async function collectLane(
  lane: LaneBook,
  signed: SignedVoucher,
  urgent: boolean,
  services: PayoutServices,
): Promise<void> {
  const { chain, ledger, clock, log, terms } = services;
  const models = signed.voucher.totals.map(({ modelId }) => modelId);
  const facts = await readLaneFacts(chain, lane.laneId, lane.config, models);
  const asked = voucherDelta(signed.voucher, facts.totals);
  if (asked === 0n) {
    // Another account collected it: the minter, perhaps.
    if (lane.waitingSince !== undefined) await ledger.recordCollected(lane.laneId, clock.now());
    return;
  }
  const leaving = facts.thawReadyAt !== 0 || !facts.payerSignerGood;
  if (leaving) log.warn({ lane: lane.laneId, ...threatOf(facts) }, "a lane's payer leaves; it is collected at once");
  const rising = await risingRoyalties(signed.voucher, facts, services);
  if (rising.length > 0) {
    log.info({ lane: lane.laneId, models: rising.map(String) }, "a lane is collected before it reads a higher royalty");
  }
  // A lane that doesn't wait and isn't paid was collected, and a reorganisation took that back.
  const old = lane.waitingSince === undefined || clock.now() >= lane.waitingSince + terms.collectAfter;
  const occasion = leaving || urgent || rising.length > 0 ? "urgent" : old ? "age" : "profitable";
  await collect(lane, signed, asked, facts, occasion, services);
}

/** Seconds before a lane would read a higher royalty from which it is collected. */
const ROYALTY_MARGIN_SECONDS = 86_400;

/**
 * Models of a voucher whose delta would soon pay a higher royalty. The first collect after the end of the lane's period reads the
 * rate anew, for its whole delta: the rate in force then, or one that is announced and begins later.
 */
async function risingRoyalties(
  voucher: Voucher,
  { totals }: LaneFacts,
  { chain, clock }: PayoutServices,
): Promise<readonly bigint[]> {
  const due = new Map(voucher.totals.map(({ modelId, cumulative }) => [modelId, cumulative]));
  const pending = totals.filter(
    ({ modelId, cumulative, royaltyReadAt }) => royaltyReadAt !== 0 && (due.get(modelId) ?? 0n) > cumulative,
  );
  if (pending.length === 0) return [];
  const life = await chain.grid.settlement.read.LANE_ROYALTY_LIFE();
  const rising: bigint[] = [];
  for (const { modelId, royaltyBps, royaltyReadAt } of pending) {
    // A model that AIGC does not know, or an AIGC that does not answer, pays nothing.
    const model = await chain.grid.aigc.read.modelOf([modelId]).catch(() => undefined);
    if (model === undefined) continue;
    const left = risesAt(royaltyBps, royaltyReadAt + life, model) - clock.now();
    if (left > 0 && left <= ROYALTY_MARGIN_SECONDS) rising.push(modelId);
  }
  return rising;
}

/** Terms of AIGC's `Model` that say what its use costs. */
interface RoyaltyTerms {
  readonly spec: { readonly usageBps: number };
  readonly nextUsageBps: number;
  readonly nextUsageFrom: number;
}

/**
 * Unix seconds from which a lane that goes by `royaltyBps` until `end` reads a higher rate; Infinity when none is known.
 */
export function risesAt(royaltyBps: number, end: number, { spec, nextUsageBps, nextUsageFrom }: RoyaltyTerms): number {
  const isAnnounced = nextUsageFrom !== 0;
  const atTheEnd = isAnnounced && nextUsageFrom <= end ? nextUsageBps : spec.usageBps;
  if (atTheEnd > royaltyBps) return end;
  return isAnnounced && nextUsageFrom > end && nextUsageBps > royaltyBps ? nextUsageFrom : Number.POSITIVE_INFINITY;
}

async function collect(
  { laneId, config }: LaneBook,
  { voucher, payerSignature }: SignedVoucher,
  asked: bigint,
  facts: LaneFacts,
  occasion: Occasion,
  { chain, ledger, clock, log, terms, transactions, signal }: PayoutServices,
): Promise<void> {
  const { client, deployment } = chain;
  const address: Address = deployment.contracts.GridSettlement.address;
  const amount = asked <= facts.free ? asked : facts.free;
  // The hot key calls itself: that is its attestation.
  const paper = [config, voucher, payerSignature, "0x"] as const;
  const call = { address, abi: gridSettlementAbi, account: transactions.sender } as const;
  const whole = amount === asked;
  if (amount === 0n) return;
  const estimate = whole
    ? await client.estimateContractGas({ ...call, functionName: "collect", args: paper })
    : await client.estimateContractGas({ ...call, functionName: "collectUpTo", args: [...paper, amount] });
  const gas = (estimate * 12n) / 10n;
  const cost = gasCost(gas, await client.getGasPrice(), terms);
  if (!isProfitable(amount, cost, occasion, terms)) {
    log.debug(
      { lane: laneId, aipg: formatEther(amount), cost: formatEther(cost) },
      "a lane waits until it is worth its gas",
    );
    return;
  }
  const data = whole
    ? encodeFunctionData({ abi: gridSettlementAbi, functionName: "collect", args: paper })
    : encodeFunctionData({ abi: gridSettlementAbi, functionName: "collectUpTo", args: [...paper, amount] });
  const receipt = await transactions.send({ purpose: `collect lane ${laneId}`, to: address, data, gas }, signal);
  const rows = parseEventLogs({ abi: gridSettlementAbi, logs: receipt.logs, eventName: "LaneCollected" });
  const [anchored] = parseEventLogs({ abi: gridSettlementAbi, logs: receipt.logs, eventName: "ReceiptsAnchored" });
  const paid = rows.reduce((sum, { args }) => sum + args.toWorker + args.royalty + args.protocolFee, 0n);
  const line = { lane: laneId, aipg: formatEther(paid), transaction: receipt.transactionHash };
  if (receipt.status !== "success")
    return log.warn(line, "somebody else collected a lane first, or its money went away");
  if (whole) await ledger.recordCollected(laneId, clock.now());
  log.info({ ...line, anchored: anchored?.args.receiptCount ?? 0 }, "a lane is collected");
}

function threatOf({ thawReadyAt, payerSignerValidUntil }: LaneFacts): { [reason: string]: number } {
  return thawReadyAt === 0 ? { signer_valid_until: payerSignerValidUntil } : { thaw_ready_at: thawReadyAt };
}

/** Amount that a voucher would still take from its lane, AIPG wei. */
export function dueOf(voucher: Voucher | undefined, facts: Pick<LaneFacts, "totals">): bigint {
  return voucher === undefined ? 0n : voucherDelta(voucher, facts.totals);
}
