import { governanceEvent, protocol } from "ponder:schema";
import { toJson } from "./activity.ts";
import { lower, on, type Place, type Store } from "./place.ts";
import { minBondAt, setProtocol } from "./protocol.ts";

/** Writes down an act of governance. */
export async function recordGovernance(
  db: Store,
  place: Place,
  contract: "AIGC" | "GridNFT" | "GridSettlement" | "WorkerRegistry",
  name: string,
  args: object = {},
): Promise<void> {
  await db.insert(governanceEvent).values({
    chainId: place.chainId,
    seq: place.seq,
    contract,
    name,
    detail: toJson(args),
    time: place.time,
    block: place.block,
    tx: place.tx,
  });
}

// Events of OpenZeppelin's contracts and of ERC-5267/7572: acts without a column of their own.
const acts = {
  AIGC: ["AuthorityUpdated", "BatchMetadataUpdate", "ContractURIUpdated", "Initialized", "Upgraded"],
  GridNFT: [
    "AuthorityUpdated",
    "BatchMetadataUpdate",
    "ContractURIUpdated",
    "EIP712DomainChanged",
    "Initialized",
    "Upgraded",
  ],
  GridSettlement: ["AuthorityUpdated", "EIP712DomainChanged"],
  WorkerRegistry: ["AuthorityUpdated"],
} as const;

for (const name of acts.AIGC) {
  on(`AIGC:${name}`, async ({ db, place, event }) => {
    await recordGovernance(db, place, "AIGC", name, event.args);
  });
}
for (const name of acts.GridNFT) {
  on(`GridNFT:${name}`, async ({ db, place, event }) => {
    await recordGovernance(db, place, "GridNFT", name, event.args);
  });
}
for (const name of acts.GridSettlement) {
  on(`GridSettlement:${name}`, async ({ db, place, event }) => {
    await recordGovernance(db, place, "GridSettlement", name, event.args);
  });
}
for (const name of acts.WorkerRegistry) {
  on(`WorkerRegistry:${name}`, async ({ db, place, event }) => {
    await recordGovernance(db, place, "WorkerRegistry", name, event.args);
  });
}

on("AIGC:RegistrationFeeSet", async ({ db, place, event }) => {
  setProtocol(place, { registrationFee: event.args.fee });
  await recordGovernance(db, place, "AIGC", "RegistrationFeeSet", event.args);
});

on("AIGC:TreasurySet", async ({ db, place, event }) => {
  setProtocol(place, { modelTreasury: event.args.treasury });
  await recordGovernance(db, place, "AIGC", "TreasurySet", event.args);
});

on("AIGC:Paused", async ({ db, place, event }) => {
  setProtocol(place, { modelsPaused: true });
  await recordGovernance(db, place, "AIGC", "Paused", event.args);
});

on("AIGC:Unpaused", async ({ db, place, event }) => {
  setProtocol(place, { modelsPaused: false });
  await recordGovernance(db, place, "AIGC", "Unpaused", event.args);
});

on("AIGC:UpgradesSealed", async ({ db, place }) => {
  setProtocol(place, { modelUpgradesSealed: true });
  await recordGovernance(db, place, "AIGC", "UpgradesSealed");
});

on("GridNFT:MintFeeSet", async ({ db, place, event }) => {
  setProtocol(place, { mintFee: event.args.fee, mintTreasury: event.args.treasury });
  await recordGovernance(db, place, "GridNFT", "MintFeeSet", event.args);
});

on("GridNFT:MintPauseSet", async ({ db, place, event }) => {
  setProtocol(place, { mintPaused: event.args.paused });
  await recordGovernance(db, place, "GridNFT", "MintPauseSet", event.args);
});

on("GridNFT:RendererSet", async ({ db, place, event }) => {
  setProtocol(place, { renderer: event.args.renderer });
  await recordGovernance(db, place, "GridNFT", "RendererSet", event.args);
});

on("GridNFT:OwnershipTransferred", async ({ db, place, event }) => {
  setProtocol(place, { collectionOwner: event.args.newOwner });
  await recordGovernance(db, place, "GridNFT", "OwnershipTransferred", event.args);
});

on("GridNFT:RendererSealed", async ({ db, place }) => {
  setProtocol(place, { rendererSealed: true });
  await recordGovernance(db, place, "GridNFT", "RendererSealed");
});

on("GridNFT:EscrowSet", async ({ db, place, event }) => {
  setProtocol(place, { escrow: lower(event.args.escrow) });
  await recordGovernance(db, place, "GridNFT", "EscrowSet", event.args);
});

on("GridNFT:UpgradesSealed", async ({ db, place }) => {
  setProtocol(place, { nftUpgradesSealed: true });
  await recordGovernance(db, place, "GridNFT", "UpgradesSealed");
});

on("GridSettlement:TreasurySet", async ({ db, place, event }) => {
  setProtocol(place, { settlementTreasury: event.args.treasury });
  await recordGovernance(db, place, "GridSettlement", "TreasurySet", event.args);
});

on("GridSettlement:Paused", async ({ db, place, event }) => {
  setProtocol(place, { settlementPaused: true });
  await recordGovernance(db, place, "GridSettlement", "Paused", event.args);
});

on("GridSettlement:Unpaused", async ({ db, place, event }) => {
  setProtocol(place, { settlementPaused: false });
  await recordGovernance(db, place, "GridSettlement", "Unpaused", event.args);
});

// A raise comes into force without a log. So the amount in force is carried over by the next one.
on("WorkerRegistry:MinBondSet", async ({ db, place, event }) => {
  const { minBond } = event.args;
  const from = BigInt(event.args.from);
  if (from <= place.time) {
    setProtocol(place, { minBond, nextMinBond: 0n, nextMinBondFrom: 0n });
  } else {
    const before = await db.find(protocol, { chainId: place.chainId });
    const inForce = before ? minBondAt(before, place.time) : 0n;
    setProtocol(place, { minBond: inForce, nextMinBond: minBond, nextMinBondFrom: from });
  }
  await recordGovernance(db, place, "WorkerRegistry", "MinBondSet", event.args);
});

on("WorkerRegistry:TreasurySet", async ({ db, place, event }) => {
  setProtocol(place, { registryTreasury: event.args.treasury });
  await recordGovernance(db, place, "WorkerRegistry", "TreasurySet", event.args);
});
