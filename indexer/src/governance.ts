import { governanceEvent } from "ponder:schema";
import { toJson } from "./activity.ts";
import { type Place, placeOf, ponder, type Store } from "./place.ts";
import { changeProtocol } from "./protocol.ts";

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
  ponder.on(`AIGC:${name}`, async ({ context, event }) => {
    const place = placeOf(context, event);
    await changeProtocol(context.db, place);
    await recordGovernance(context.db, place, "AIGC", name, event.args);
  });
}
for (const name of acts.GridNFT) {
  ponder.on(`GridNFT:${name}`, async ({ context, event }) => {
    const place = placeOf(context, event);
    await changeProtocol(context.db, place);
    await recordGovernance(context.db, place, "GridNFT", name, event.args);
  });
}
for (const name of acts.GridSettlement) {
  ponder.on(`GridSettlement:${name}`, async ({ context, event }) => {
    const place = placeOf(context, event);
    await changeProtocol(context.db, place);
    await recordGovernance(context.db, place, "GridSettlement", name, event.args);
  });
}
for (const name of acts.WorkerRegistry) {
  ponder.on(`WorkerRegistry:${name}`, async ({ context, event }) => {
    const place = placeOf(context, event);
    await changeProtocol(context.db, place);
    await recordGovernance(context.db, place, "WorkerRegistry", name, event.args);
  });
}

ponder.on("AIGC:RegistrationFeeSet", async ({ context, event }) => {
  const place = placeOf(context, event);
  await changeProtocol(context.db, place, () => ({ registrationFee: event.args.fee }));
  await recordGovernance(context.db, place, "AIGC", "RegistrationFeeSet", event.args);
});

ponder.on("AIGC:TreasurySet", async ({ context, event }) => {
  const place = placeOf(context, event);
  await changeProtocol(context.db, place, () => ({ modelTreasury: event.args.treasury }));
  await recordGovernance(context.db, place, "AIGC", "TreasurySet", event.args);
});

ponder.on("AIGC:Paused", async ({ context, event }) => {
  const place = placeOf(context, event);
  await changeProtocol(context.db, place, () => ({ modelsPaused: true }));
  await recordGovernance(context.db, place, "AIGC", "Paused", event.args);
});

ponder.on("AIGC:Unpaused", async ({ context, event }) => {
  const place = placeOf(context, event);
  await changeProtocol(context.db, place, () => ({ modelsPaused: false }));
  await recordGovernance(context.db, place, "AIGC", "Unpaused", event.args);
});

ponder.on("AIGC:UpgradesSealed", async ({ context, event }) => {
  const place = placeOf(context, event);
  await changeProtocol(context.db, place, () => ({ modelUpgradesSealed: true }));
  await recordGovernance(context.db, place, "AIGC", "UpgradesSealed");
});

ponder.on("GridNFT:MintFeeSet", async ({ context, event }) => {
  const place = placeOf(context, event);
  await changeProtocol(context.db, place, () => ({ mintFee: event.args.fee, mintTreasury: event.args.treasury }));
  await recordGovernance(context.db, place, "GridNFT", "MintFeeSet", event.args);
});

ponder.on("GridNFT:MintPauseSet", async ({ context, event }) => {
  const place = placeOf(context, event);
  await changeProtocol(context.db, place, () => ({ mintPaused: event.args.paused }));
  await recordGovernance(context.db, place, "GridNFT", "MintPauseSet", event.args);
});

ponder.on("GridNFT:RendererSet", async ({ context, event }) => {
  const place = placeOf(context, event);
  await changeProtocol(context.db, place, () => ({ renderer: event.args.renderer }));
  await recordGovernance(context.db, place, "GridNFT", "RendererSet", event.args);
});

ponder.on("GridNFT:OwnershipTransferred", async ({ context, event }) => {
  const place = placeOf(context, event);
  await changeProtocol(context.db, place, () => ({ collectionOwner: event.args.newOwner }));
  await recordGovernance(context.db, place, "GridNFT", "OwnershipTransferred", event.args);
});

ponder.on("GridNFT:UpgradesSealed", async ({ context, event }) => {
  const place = placeOf(context, event);
  await changeProtocol(context.db, place, () => ({ nftUpgradesSealed: true }));
  await recordGovernance(context.db, place, "GridNFT", "UpgradesSealed");
});

ponder.on("GridSettlement:TreasurySet", async ({ context, event }) => {
  const place = placeOf(context, event);
  await changeProtocol(context.db, place, () => ({ settlementTreasury: event.args.treasury }));
  await recordGovernance(context.db, place, "GridSettlement", "TreasurySet", event.args);
});

ponder.on("GridSettlement:Paused", async ({ context, event }) => {
  const place = placeOf(context, event);
  await changeProtocol(context.db, place, () => ({ settlementPaused: true }));
  await recordGovernance(context.db, place, "GridSettlement", "Paused", event.args);
});

ponder.on("GridSettlement:Unpaused", async ({ context, event }) => {
  const place = placeOf(context, event);
  await changeProtocol(context.db, place, () => ({ settlementPaused: false }));
  await recordGovernance(context.db, place, "GridSettlement", "Unpaused", event.args);
});

ponder.on("WorkerRegistry:MinBondSet", async ({ context, event }) => {
  const place = placeOf(context, event);
  await changeProtocol(context.db, place, () => ({ minBond: event.args.minBond }));
  await recordGovernance(context.db, place, "WorkerRegistry", "MinBondSet", event.args);
});

ponder.on("WorkerRegistry:TreasurySet", async ({ context, event }) => {
  const place = placeOf(context, event);
  await changeProtocol(context.db, place, () => ({ registryTreasury: event.args.treasury }));
  await recordGovernance(context.db, place, "WorkerRegistry", "TreasurySet", event.args);
});
