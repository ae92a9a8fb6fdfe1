// The floor, as a program of its own so that its memory is its own: eth_getLogs, decode, COPY, with nothing of what an indexer is
// for (reorgs, restarts, rows that can be asked for while it runs).
//   tsx bench/indexer/handwritten.ts <rpc> <database> <last block>
// Prints {"ready":true,"began":...,"ended":...} and waits for its end.
import { type ContractName, indexedAbis } from "@gridnft/sdk";
import { type Abi, type Address, decodeEventLog, type Hex, toEventSelector, zeroAddress } from "viem";
import { copyRow, copyRows } from "../measure/copy.ts";
import { execute, withClient } from "../measure/postgres.ts";
import { deployment } from "../synthetic/deployment.ts";
import { peerIndexes } from "./peerTables.ts";
import { artworksOf, versionOf } from "./rows.ts";

/** Blocks asked for at a time. */
const RANGE = 25;

interface RpcLog {
  readonly address: Address;
  readonly topics: [Hex, ...Hex[]];
  readonly data: Hex;
  readonly blockTimestamp: Hex;
  readonly blockNumber: Hex;
  readonly logIndex: Hex;
}

const contracts = Object.entries(indexedAbis).map(([name, abi]) => [name as ContractName, abi] as const);

/** The one event of each contract's selector: decoding looks no further. */
const events = new Map<string, Abi>();
for (const [name, abi] of contracts) {
  for (const item of abi) {
    if (item.type !== "event") continue;
    events.set(`${deployment.contracts[name].address}${toEventSelector(item)}`, [item] as Abi);
  }
}
const nft = deployment.contracts.GridNFT.address;

const [rpc = "", database = "", last = ""] = process.argv.slice(2);

async function logsOf(from: number): Promise<RpcLog[]> {
  const range = { fromBlock: hex(from), toBlock: hex(Math.min(from + RANGE - 1, Number(last))) };
  const address = contracts.map(([name]) => deployment.contracts[name].address);
  const response = await fetch(rpc, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_getLogs", params: [{ ...range, address }] }),
  });
  return ((await response.json()) as { result: RpcLog[] }).result;
}

const hex = (value: number): Hex => `0x${value.toString(16)}`;

interface Args {
  readonly [name: string]: unknown;
}

const artworks = new Map<
  bigint,
  { row: unknown[]; owner: string; prompt: string; imageHash: string; versions: number }
>();

/** Rows of `transfer` and `occurrence` that logs make; artworks change until the end. */
function rowsOf(logs: readonly RpcLog[]): { transfers: string[]; occurrences: string[] } {
  const transfers: string[] = [];
  const occurrences: string[] = [];
  for (const { address, topics, data, blockTimestamp, blockNumber, logIndex } of logs) {
    const abi = events.get(`${address}${topics[0]}`);
    if (!abi) throw new Error(`Nothing is known of topic ${topics[0]} at ${address}.`);
    const { eventName, args } = decodeEventLog({ abi, topics, data }) as unknown as { eventName: string; args: Args };
    const id = `${Number(blockNumber)}-${Number(logIndex)}`;
    const time = Number(blockTimestamp);
    if (address === nft && eventName === "SeriesMinted") {
      const { seriesId, artist, blob } = args as { seriesId: bigint; artist: Address; blob: Hex };
      for (const { tokenId, prompt, imageHash, ...row } of artworksOf({ seriesId, artist, blob })) {
        const { title, modelId, worker, width, height, sampler } = row;
        const fields = [row.artist, title, modelId, worker, width, height, sampler, time];
        artworks.set(tokenId, { row: fields, owner: zeroAddress, prompt, imageHash, versions: 1 });
      }
    } else if (address === nft && eventName === "VersionAdded") {
      Object.assign(known(args.tokenId), versionOf(args.blob as Hex), { versions: Number(args.version) });
    } else if (address === nft && eventName === "Transfer") {
      known(args.tokenId).owner = args.to as string;
      transfers.push(copyRow([id, args.tokenId, args.from, args.to, time]));
    } else {
      const account = args.worker ?? args.account ?? zeroAddress;
      occurrences.push(copyRow([id, eventName, account, args.toWorker ?? args.amount ?? 0n, time]));
    }
  }
  return { transfers, occurrences };
}

function known(tokenId: unknown) {
  const artwork = artworks.get(tokenId as bigint);
  if (!artwork) throw new Error(`Token ${tokenId} is not known.`);
  return artwork;
}

function* artworkRows(): Generator<string> {
  for (const [tokenId, { row, owner, prompt, imageHash, versions }] of artworks) {
    const [artist, title, modelId, worker, width, height, sampler, time] = row;
    const fields = [artist, owner, title, prompt, modelId, worker, width, height, sampler, imageHash, time, versions];
    yield copyRow([`${tokenId}`, tokenId, tokenId / 1_000n, ...fields]);
  }
}

const began = Date.now();
await withClient(database, async (client) => {
  let next = logsOf(0);
  for (let from = 0; from <= Number(last); from += RANGE) {
    const logs = await next;
    next = from + RANGE <= Number(last) ? logsOf(from + RANGE) : Promise.resolve([]);
    const { transfers, occurrences } = rowsOf(logs);
    await copyRows(client, "transfer", transfers);
    await copyRows(client, "occurrence", occurrences);
  }
  await copyRows(client, "artwork", artworkRows());
});
const ended = Date.now();
await execute(database, peerIndexes);
console.log(JSON.stringify({ ready: true, began, ended }));
setInterval(() => undefined, 60_000);
