import { type Context, ponder } from "ponder:registry";
import { artwork, occurrence, transfer } from "ponder:schema";
import { type Address, type Hex, zeroAddress } from "viem";
import { artworksOf, versionOf } from "../../indexer/rows.ts";

ponder.on("GridNFT:SeriesMinted", async ({ event, context }) => {
  const mintedAt = Number(event.block.timestamp);
  const rows = artworksOf(event.args).map((row) => ({
    ...row,
    artist: row.artist as Hex,
    worker: row.worker as Hex,
    imageHash: row.imageHash as Hex,
    modelId: Number(row.modelId),
    owner: zeroAddress,
    mintedAt,
    versions: 1,
  }));
  await context.db.insert(artwork).values(rows);
});

ponder.on("GridNFT:VersionAdded", async ({ event, context }) => {
  const { tokenId, version, blob } = event.args;
  const { prompt, imageHash } = versionOf(blob);
  await context.db.update(artwork, { tokenId }).set({ prompt, imageHash: imageHash as Hex, versions: Number(version) });
});

ponder.on("GridNFT:Transfer", async ({ event, context }) => {
  const { from, to, tokenId } = event.args;
  await context.db.update(artwork, { tokenId }).set({ owner: to });
  await context.db.insert(transfer).values({ id: event.id, tokenId, from, to, time: Number(event.block.timestamp) });
});

interface Logged {
  readonly event: { readonly id: string; readonly block: { readonly timestamp: bigint } };
  readonly context: { readonly db: Context["db"] };
}

async function note({ event, context }: Logged, name: string, account: Address, amount = 0n): Promise<void> {
  const time = Number(event.block.timestamp);
  await context.db.insert(occurrence).values({ id: event.id, name, account, amount, time });
}

ponder.on("GridNFT:AnchorSourceAdded", (at) => note(at, "source", at.event.args.source));
ponder.on("GridSettlement:FeeConfigAppended", (at) => note(at, "fees", zeroAddress));
ponder.on("GridSettlement:OrderSettled", (at) => note(at, "order", at.event.args.worker, at.event.args.toWorker));
ponder.on("GridSettlement:LaneOpened", (at) => note(at, "lane", at.event.args.worker, at.event.args.amount));
ponder.on("GridSettlement:LaneCollected", (at) => note(at, "collect", at.event.args.worker, at.event.args.toWorker));
ponder.on("GridSettlement:ReceiptsAnchored", (at) => note(at, "anchor", at.event.args.worker));
ponder.on("GridSettlement:Deposited", (at) => note(at, "deposit", at.event.args.account, at.event.args.amount));
ponder.on("WorkerRegistry:WorkerRegistered", (at) => note(at, "worker", at.event.args.worker, at.event.args.bond));
ponder.on("AIGC:ModelRegistered", (at) => note(at, "model", at.event.args.creator, at.event.args.fee));
ponder.on("AIGC:Transfer", (at) => note(at, "model transfer", at.event.args.to));
