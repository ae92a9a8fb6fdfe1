import { formatEther } from "viem";
import { getBlock, readContract } from "viem/actions";
import { gridSettlementAbi, nftAt, registryAt } from "../generated/used.js";
import { type Evidence, eventsOf, isBefore, type LogPlace } from "./chain.js";
import { dateOf, type Finding, fail, pass } from "./check.js";
import { mintedBefore, type Twin } from "./firstAnchor.js";
import type { VersionRecord } from "./record.js";

/** Checks by the registry's logs that the worker had a sufficient bond at the time of the anchor. */
export async function checkWorker(evidence: Evidence, record: VersionRecord, anchor: LogPlace): Promise<Finding> {
  const { worker } = record.receipt;
  const registry = registryAt(evidence.deployment);
  const range = { toBlock: anchor.blockNumber };
  const [registered, added, announced, cancelled, slashed, minimum] = await Promise.all([
    eventsOf(evidence, { ...registry, ...range, eventName: "WorkerRegistered", args: { worker } }),
    eventsOf(evidence, { ...registry, ...range, eventName: "BondAdded", args: { worker } }),
    eventsOf(evidence, { ...registry, ...range, eventName: "UnbondAnnounced", args: { worker } }),
    eventsOf(evidence, { ...registry, ...range, eventName: "UnbondCancelled", args: { worker } }),
    eventsOf(evidence, { ...registry, ...range, eventName: "BondSlashed", args: { worker } }),
    eventsOf(evidence, { ...registry, ...range, eventName: "MinBondSet" }),
  ]);
  const first = registered[0];
  if (!first || !isBefore(first, anchor)) {
    return fail("Nobody by this address had registered as a worker when it was anchored.", { worker });
  }
  const { timestamp } = await getBlock(evidence.client, { blockNumber: first.blockNumber });
  const bonds = [...registered, ...added, ...announced, ...cancelled, ...slashed];
  const bond = newest(bonds, anchor)?.args.bond ?? 0n;
  // A raise holds from its `from` on, unless another setting came before that.
  const { timestamp: anchoredAt } = await getBlock(evidence.client, { blockNumber: anchor.blockNumber });
  const inForce = minimum.filter(({ args }) => BigInt(args.from) <= anchoredAt);
  const least = newest(inForce, anchor)?.args.minBond ?? 0n;
  const shown = {
    worker,
    "registered since": dateOf(timestamp),
    "bond at the time": `${formatEther(bond)} AIPG`,
    "least bond": `${formatEther(least)} AIPG`,
    "slashed before": `${slashed.length} times`,
  };
  if (bond < least || bond === 0n) {
    return fail("The worker's bond was too small when it was anchored: it had nothing to lose.", shown);
  }
  return pass(`Registered since ${dateOf(timestamp)}, with a bond of ${formatEther(bond)} AIPG at stake.`, shown);
}

/** Checks that nobody has shown two images that the worker signed for this job, and its receipt is used up by this token. */
export async function checkSingle(evidence: Evidence, record: VersionRecord, twins: readonly Twin[]): Promise<Finding> {
  const { worker, orderHash, index, requester } = record.receipt;
  const [slashings, minted] = await Promise.all([
    eventsOf(evidence, {
      abi: gridSettlementAbi,
      address: record.domain.verifyingContract,
      eventName: "EquivocationSlashed",
      args: { worker, orderHash },
    }),
    readContract(evidence.client, {
      ...nftAt(evidence.deployment),
      functionName: "isMinted",
      args: [requester, orderHash, BigInt(index)],
      blockNumber: evidence.head,
    }),
  ]);
  const shown = { order: orderHash, index: `${index}` };
  const proof = slashings.find(({ args }) => args.index === index);
  if (proof) {
    return fail("The worker signed two different images for this job, and lost its bond for it.", {
      ...shown,
      "one receipt": proof.args.receiptA,
      "the other": proof.args.receiptB,
      transaction: proof.transactionHash,
    });
  }
  const before = mintedBefore(twins, record);
  if (before) return fail(`The same receipt was minted before, as ${before.name}; it can be minted once.`, shown);
  if (!minted) return fail("GridNFT does not count this receipt as minted.", shown);
  return pass("No second image signed for this job has come to light, and the receipt can't be minted again.", shown);
}

function newest<event extends LogPlace>(events: readonly event[], before: LogPlace): event | undefined {
  return events
    .filter((event) => isBefore(event, before))
    .reduce<event | undefined>((last, event) => (last && isBefore(event, last) ? last : event), undefined);
}
