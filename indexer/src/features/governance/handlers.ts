import { protocol } from "ponder:schema";
import { minBondAt, setProtocol } from "../../lib/counters.ts";
import { lower } from "../../lib/eventContext.ts";
import { registerHandler } from "../../lib/registerHandler.ts";
import { recordGovernance } from "./governanceEvents.ts";

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
  registerHandler(`AIGC:${name}`, async ({ db, context, event }) => {
    await recordGovernance(db, context, "AIGC", name, event.args);
  });
}
for (const name of acts.GridNFT) {
  registerHandler(`GridNFT:${name}`, async ({ db, context, event }) => {
    await recordGovernance(db, context, "GridNFT", name, event.args);
  });
}
for (const name of acts.GridSettlement) {
  registerHandler(`GridSettlement:${name}`, async ({ db, context, event }) => {
    await recordGovernance(db, context, "GridSettlement", name, event.args);
  });
}
for (const name of acts.WorkerRegistry) {
  registerHandler(`WorkerRegistry:${name}`, async ({ db, context, event }) => {
    await recordGovernance(db, context, "WorkerRegistry", name, event.args);
  });
}

registerHandler("AIGC:RegistrationFeeSet", async ({ db, context, event }) => {
  setProtocol(context, { registrationFee: event.args.fee });
  await recordGovernance(db, context, "AIGC", "RegistrationFeeSet", event.args);
});

registerHandler("AIGC:TreasurySet", async ({ db, context, event }) => {
  setProtocol(context, { modelTreasury: event.args.treasury });
  await recordGovernance(db, context, "AIGC", "TreasurySet", event.args);
});

registerHandler("AIGC:Paused", async ({ db, context, event }) => {
  setProtocol(context, { modelsPaused: true });
  await recordGovernance(db, context, "AIGC", "Paused", event.args);
});

registerHandler("AIGC:Unpaused", async ({ db, context, event }) => {
  setProtocol(context, { modelsPaused: false });
  await recordGovernance(db, context, "AIGC", "Unpaused", event.args);
});

registerHandler("AIGC:UpgradesSealed", async ({ db, context }) => {
  setProtocol(context, { modelUpgradesSealed: true });
  await recordGovernance(db, context, "AIGC", "UpgradesSealed");
});

registerHandler("GridNFT:MintFeeSet", async ({ db, context, event }) => {
  setProtocol(context, { mintFee: event.args.fee, mintTreasury: event.args.treasury });
  await recordGovernance(db, context, "GridNFT", "MintFeeSet", event.args);
});

registerHandler("GridNFT:MintPauseSet", async ({ db, context, event }) => {
  setProtocol(context, { mintPaused: event.args.paused });
  await recordGovernance(db, context, "GridNFT", "MintPauseSet", event.args);
});

registerHandler("GridNFT:RendererSet", async ({ db, context, event }) => {
  setProtocol(context, { renderer: event.args.renderer });
  await recordGovernance(db, context, "GridNFT", "RendererSet", event.args);
});

registerHandler("GridNFT:OwnershipTransferred", async ({ db, context, event }) => {
  setProtocol(context, { collectionOwner: event.args.newOwner });
  await recordGovernance(db, context, "GridNFT", "OwnershipTransferred", event.args);
});

registerHandler("GridNFT:RendererSealed", async ({ db, context }) => {
  setProtocol(context, { rendererSealed: true });
  await recordGovernance(db, context, "GridNFT", "RendererSealed");
});

registerHandler("GridNFT:EscrowSet", async ({ db, context, event }) => {
  setProtocol(context, { escrow: lower(event.args.escrow) });
  await recordGovernance(db, context, "GridNFT", "EscrowSet", event.args);
});

registerHandler("GridNFT:UpgradesSealed", async ({ db, context }) => {
  setProtocol(context, { nftUpgradesSealed: true });
  await recordGovernance(db, context, "GridNFT", "UpgradesSealed");
});

registerHandler("GridSettlement:TreasurySet", async ({ db, context, event }) => {
  setProtocol(context, { settlementTreasury: event.args.treasury });
  await recordGovernance(db, context, "GridSettlement", "TreasurySet", event.args);
});

registerHandler("GridSettlement:Paused", async ({ db, context, event }) => {
  setProtocol(context, { settlementPaused: true });
  await recordGovernance(db, context, "GridSettlement", "Paused", event.args);
});

registerHandler("GridSettlement:Unpaused", async ({ db, context, event }) => {
  setProtocol(context, { settlementPaused: false });
  await recordGovernance(db, context, "GridSettlement", "Unpaused", event.args);
});

// A raise comes into force without a log. So the amount in force is carried over by the next one.
registerHandler("WorkerRegistry:MinBondSet", async ({ db, context, event }) => {
  const { minBond } = event.args;
  const from = BigInt(event.args.from);
  if (from <= context.time) {
    setProtocol(context, { minBond, nextMinBond: 0n, nextMinBondFrom: 0n });
  } else {
    const before = await db.find(protocol, { chainId: context.chainId });
    const inForce = before ? minBondAt(before, context.time) : 0n;
    setProtocol(context, { minBond: inForce, nextMinBond: minBond, nextMinBondFrom: from });
  }
  await recordGovernance(db, context, "WorkerRegistry", "MinBondSet", event.args);
});

registerHandler("WorkerRegistry:TreasurySet", async ({ db, context, event }) => {
  setProtocol(context, { registryTreasury: event.args.treasury });
  await recordGovernance(db, context, "WorkerRegistry", "TreasurySet", event.args);
});
