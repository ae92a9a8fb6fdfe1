// Subsquid on the same logs: @subsquid/evm-processor from the RPC endpoint, typeorm-store into Postgres (DB_URL), written as its
// documentation shows it: rows of a batch collected in memory, one insert and one upsert for each table.
//   node --import tsx bench/peers/subsquid/main.mjs <rpc>
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { artworksOf, versionOf } from "../../indexer/rows.ts";
import { deployment } from "../../synthetic/deployment.ts";
import { selectorOf } from "../../synthetic/events.ts";

const require = createRequire(import.meta.url);
const { EvmBatchProcessor } = require("@subsquid/evm-processor");
const { TypeormDatabase } = require("@subsquid/typeorm-store");
const { event, indexed } = require("@subsquid/evm-abi");
const p = require("@subsquid/evm-codec");
const { In } = require("typeorm");
const { Artwork, Transfer, Occurrence } = require("./lib/model");

const [rpc] = process.argv.slice(2);
const { AIGC, GridNFT, GridSettlement, WorkerRegistry } = deployment.contracts;

const id = indexed(p.uint256);
const who = indexed(p.address);
const hash = indexed(p.bytes32);
const shape = (contract, name, args) => event(selectorOf(contract, name), name, args);
const events = {
  minted: shape("GridNFT", "SeriesMinted", { seriesId: id, artist: who, to: who, count: p.uint256, blob: p.bytes }),
  evolved: shape("GridNFT", "VersionAdded", {
    tokenId: id,
    version: id,
    requester: who,
    nonce: p.uint256,
    blob: p.bytes,
  }),
  transfer: shape("GridNFT", "Transfer", { from: who, to: who, tokenId: id }),
};
const amount = p.uint128;
/** The rest: which argument is the account, which the amount. */
const occurrences = [
  [shape("GridNFT", "AnchorSourceAdded", { index: id, source: who }), "source", "source"],
  [
    shape("GridSettlement", "OrderSettled", {
      orderHash: hash,
      payer: who,
      worker: who,
      requester: p.address,
      modelId: p.uint256,
      nonce: p.uint256,
      root: p.bytes32,
      receiptCount: p.uint32,
      anchored: p.bool,
      toWorker: amount,
      royalty: amount,
      protocolFee: amount,
      balance: amount,
    }),
    "order",
    "worker",
    "toWorker",
  ],
  [
    shape("GridSettlement", "LaneCollected", {
      laneId: hash,
      worker: who,
      modelId: id,
      cumulative: amount,
      toWorker: amount,
      royalty: amount,
      protocolFee: amount,
      free: amount,
    }),
    "collect",
    "worker",
    "toWorker",
  ],
  [
    shape("GridSettlement", "ReceiptsAnchored", { laneId: hash, worker: who, root: p.bytes32, receiptCount: p.uint32 }),
    "anchor",
    "worker",
  ],
  [
    shape("GridSettlement", "Deposited", { account: who, from: who, amount, balance: amount }),
    "deposit",
    "account",
    "amount",
  ],
  [
    shape("WorkerRegistry", "WorkerRegistered", { worker: who, bond: amount, profileURI: p.string }),
    "worker",
    "worker",
    "bond",
  ],
];
const byTopic = new Map(occurrences.map(([codec, name, account, sum]) => [codec.topic, { codec, name, account, sum }]));

const nobody = "0x0000000000000000000000000000000000000000";
const nft = GridNFT.address.toLowerCase();

const processor = new EvmBatchProcessor()
  .setRpcEndpoint({ url: rpc, capacity: 10, maxBatchCallSize: 100 })
  .setFinalityConfirmation(10)
  .setBlockRange({ from: 1 })
  .setFields({ log: { topics: true, data: true } })
  .addLog({ address: [AIGC, GridNFT, GridSettlement, WorkerRegistry].map(({ address }) => address.toLowerCase()) });

const database = new TypeormDatabase({
  supportHotBlocks: false,
  projectDir: fileURLToPath(new URL(".", import.meta.url)),
});

processor.run(database, async ({ blocks, store }) => {
  const artworks = new Map();
  const known = await formerArtworks(blocks, store);
  const transfers = [];
  const others = [];
  const artwork = (tokenId) => {
    const row = artworks.get(`${tokenId}`) ?? known.get(`${tokenId}`);
    if (!row) throw new Error(`Token ${tokenId} is not known.`);
    artworks.set(`${tokenId}`, row);
    return row;
  };
  for (const { header, logs } of blocks) {
    const time = Math.floor(header.timestamp / 1_000);
    for (const log of logs) {
      const [topic] = log.topics;
      const isNft = log.address === nft;
      if (isNft && topic === events.minted.topic) {
        for (const row of artworksOf(events.minted.decode(log))) {
          const fields = { ...row, id: `${row.tokenId}`, modelId: Number(row.modelId) };
          artworks.set(fields.id, new Artwork({ ...fields, owner: nobody, mintedAt: time, versions: 1 }));
        }
      } else if (isNft && topic === events.evolved.topic) {
        const { tokenId, version, blob } = events.evolved.decode(log);
        Object.assign(artwork(tokenId), versionOf(blob), { versions: Number(version) });
      } else if (isNft && topic === events.transfer.topic) {
        const { from, to, tokenId } = events.transfer.decode(log);
        artwork(tokenId).owner = to;
        transfers.push(new Transfer({ id: log.id, tokenId, from, to, time }));
      } else {
        const known = byTopic.get(topic);
        const args = known?.codec.decode(log) ?? {};
        const fields = {
          name: known?.name ?? "other",
          account: args[known?.account] ?? nobody,
          amount: args[known?.sum] ?? 0n,
        };
        others.push(new Occurrence({ id: log.id, ...fields, time }));
      }
    }
  }
  await store.upsert([...artworks.values()]);
  await store.insert(transfers);
  await store.insert(others);
});

/** Artworks of earlier batches that this one moves or evolves. */
async function formerArtworks(blocks, store) {
  const ids = new Set();
  const minted = new Set();
  for (const { logs } of blocks) {
    for (const { address, topics } of logs) {
      if (address !== nft) continue;
      if (topics[0] === events.minted.topic) minted.add(BigInt(topics[1]));
      if (topics[0] === events.transfer.topic) ids.add(BigInt(topics[3]));
      if (topics[0] === events.evolved.topic) ids.add(BigInt(topics[1]));
    }
  }
  const wanted = [...ids].filter((tokenId) => !minted.has(tokenId / 1_000n)).map(String);
  const rows = wanted.length > 0 ? await store.findBy(Artwork, { id: In(wanted) }) : [];
  return new Map(rows.map((row) => [row.id, row]));
}
