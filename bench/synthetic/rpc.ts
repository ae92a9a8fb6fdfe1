// A JSON-RPC endpoint with a synthetic chain in memory: answers are put together from JSON that was made once, so that the
// indexers are measured and not it. Also a program:
//   tsx bench/synthetic/rpc.ts <events> <blocks> [<tail> <milliseconds between the blocks of the tail>]
// prints {"ready":true,"url":...}.
import { createServer, type IncomingMessage, type Server } from "node:http";
import { fileURLToPath } from "node:url";
import { numberToHex, zeroAddress, zeroHash } from "viem";
import { listen } from "../../test/fixtures/scriptedServer.ts";
import { makeChain, type SyntheticBlock, TAIL } from "./chain.ts";
import { CHAIN_ID } from "./deployment.ts";

/** What was asked of the endpoint since it was told to forget. */
export interface RpcStatistics {
  /** Milliseconds since 1970 of the first and the last `eth_getLogs`; 0: none. */
  readonly firstLogs: number;
  readonly lastLogs: number;
  readonly logs: number;
  readonly bytes: number;
  readonly calls: Readonly<Record<string, number>>;
}

interface PreparedLog {
  readonly address: string;
  readonly topic: string;
  readonly json: string;
}

interface PreparedBlock {
  /** All fields but the transactions, without the closing brace. */
  readonly header: string;
  readonly hashes: string;
  readonly transactions: string;
  readonly logs: readonly PreparedLog[];
}

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params?: readonly unknown[];
}

interface LogFilter {
  readonly fromBlock?: string;
  readonly toBlock?: string;
  readonly blockHash?: string;
  readonly address?: string | readonly string[];
  readonly topics?: readonly (string | readonly string[] | null)[];
}

/** Every bit set: no reader can conclude that a log is absent. */
const FULL_BLOOM = `0x${"f".repeat(512)}`;
const EMPTY_BLOOM = `0x${"0".repeat(512)}`;
const ONE_GWEI = "0x3b9aca00";

/** Makes a chain grow: from its beginning on, one block at a time. */
export interface Growth {
  /** Blocks there at first. */
  readonly first: number;
  /** Milliseconds between blocks. */
  readonly interval: number;
}

/** Serves a chain on a free port of 127.0.0.1: all of it, or as it grows. */
export async function serveChain(
  chain: Iterable<SyntheticBlock>,
  growth?: Growth,
): Promise<{ server: Server; url: string }> {
  const blocks: PreparedBlock[] = [];
  const numbers = new Map<string, number>();
  for (const block of chain) {
    numbers.set(block.hash, block.number);
    blocks.push(prepare(block));
  }
  const began = Date.now();
  const headOf = (): number => {
    const grown = growth ? growth.first + Math.floor((Date.now() - began) / growth.interval) : blocks.length;
    return Math.min(grown, blocks.length) - 1;
  };
  let statistics = blank();
  const answer = answerer({ blocks, numbers, headOf }, (method, logs) => {
    const now = Date.now();
    statistics.calls[method] = (statistics.calls[method] ?? 0) + 1;
    if (method !== "eth_getLogs") return;
    statistics.firstLogs ||= now;
    statistics.lastLogs = now;
    statistics.logs += logs;
  });
  const server = createServer(async (request, response) => {
    const finish = (text: string): void => {
      statistics.bytes += text.length;
      response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
      response.end(text);
    };
    if (request.method === "GET") return finish(JSON.stringify(statistics));
    if (request.method === "DELETE") {
      statistics = blank();
      return finish("{}");
    }
    const body = JSON.parse(await textOf(request)) as Call | Call[];
    finish(Array.isArray(body) ? `[${body.map(answer).join(",")}]` : answer(body));
  });
  server.keepAliveTimeout = 60_000;
  return { server, url: `http://127.0.0.1:${await listen(server)}` };
}

function blank() {
  return { firstLogs: 0, lastLogs: 0, logs: 0, bytes: 0, calls: {} as Record<string, number> };
}

interface Shown {
  readonly blocks: readonly PreparedBlock[];
  /** Of a hash. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly headOf: () => number;
}

function answerer(
  { blocks, numbers, headOf }: Shown,
  note: (method: string, logs: number) => void,
): (call: Call) => string {
  const numberOf = (tag: unknown): number => {
    if (tag === undefined || tag === "latest" || tag === "pending") return headOf();
    if (tag === "finalized" || tag === "safe") return Math.max(headOf() - 30, 0);
    if (tag === "earliest") return 0;
    return Number(tag);
  };
  const blockJson = (number: number | undefined, full: unknown): string => {
    const block = number === undefined || number > headOf() ? undefined : blocks[number];
    if (!block) return "null";
    return `${block.header},"transactions":[${full === true ? block.transactions : block.hashes}]}`;
  };
  const resultOf = ({ method, params = [] }: Call): { json: string; logs: number } | undefined => {
    const plain = (json: string) => ({ json, logs: 0 });
    switch (method) {
      case "eth_chainId":
        return plain(`"${numberToHex(CHAIN_ID)}"`);
      case "net_version":
        return plain(`"${CHAIN_ID}"`);
      case "eth_blockNumber":
        return plain(`"${numberToHex(headOf())}"`);
      case "eth_getBlockByNumber":
        return plain(blockJson(numberOf(params[0]), params[1]));
      case "eth_getBlockByHash":
        return plain(blockJson(numbers.get(String(params[0])), params[1]));
      case "eth_getCode":
        return plain('"0x00"');
      case "eth_gasPrice":
        return plain(`"${ONE_GWEI}"`);
      case "eth_getLogs": {
        const filter = (params[0] ?? {}) as LogFilter;
        const only = filter.blockHash === undefined ? undefined : (numbers.get(filter.blockHash) ?? -1);
        const last = Math.min(only ?? numberOf(filter.toBlock), headOf());
        const found = logsIn(blocks, filter, only ?? numberOf(filter.fromBlock), last);
        return { json: `[${found.join(",")}]`, logs: found.length };
      }
      default:
        return undefined;
    }
  };
  return (call) => {
    const id = JSON.stringify(call.id ?? null);
    const result = resultOf(call);
    note(call.method, result?.logs ?? 0);
    if (!result) {
      return `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"the method ${call.method} does not exist"}}`;
    }
    return `{"jsonrpc":"2.0","id":${id},"result":${result.json}}`;
  };
}

function logsIn(blocks: readonly PreparedBlock[], filter: LogFilter, from: number, to: number): string[] {
  const { address, topics } = filter;
  const addresses = address === undefined ? undefined : new Set([address].flat().map((each) => each.toLowerCase()));
  const [first] = topics ?? [];
  const selectors = first === undefined || first === null ? undefined : new Set([first].flat());
  const found: string[] = [];
  for (let number = from; number <= to; number++) {
    for (const log of blocks[number]?.logs ?? []) {
      if (addresses && !addresses.has(log.address)) continue;
      if (selectors && !selectors.has(log.topic)) continue;
      found.push(log.json);
    }
  }
  return found;
}

function prepare({ number, hash, parentHash, timestamp, transactions }: SyntheticBlock): PreparedBlock {
  const here = { blockHash: hash, blockNumber: numberToHex(number) };
  const hashOf = (index: number): string => `0x${(number * 100_000 + index + 1).toString(16).padStart(64, "0")}`;
  const logs: PreparedLog[] = [];
  const prepared = transactions.map(({ from, to, input, events }, index) => {
    const transactionIndex = numberToHex(index);
    for (const { address, topics, data } of events) {
      logs.push({
        address,
        topic: topics[0] ?? zeroHash,
        json: JSON.stringify({
          address,
          topics,
          data,
          ...here,
          blockTimestamp: numberToHex(timestamp),
          transactionHash: hashOf(index),
          transactionIndex,
          logIndex: numberToHex(logs.length),
          removed: false,
        }),
      });
    }
    return JSON.stringify({
      type: "0x2",
      chainId: numberToHex(CHAIN_ID),
      nonce: numberToHex(number),
      gas: "0x5b8d80",
      gasPrice: ONE_GWEI,
      maxFeePerGas: ONE_GWEI,
      maxPriorityFeePerGas: ONE_GWEI,
      from,
      to,
      value: "0x0",
      input,
      accessList: [],
      r: zeroHash,
      s: zeroHash,
      v: "0x0",
      yParity: "0x0",
      hash: hashOf(index),
      ...here,
      transactionIndex,
    });
  });
  const header = {
    number: here.blockNumber,
    hash,
    parentHash,
    timestamp: numberToHex(timestamp),
    logsBloom: logs.length > 0 ? FULL_BLOOM : EMPTY_BLOOM,
    miner: zeroAddress,
    gasUsed: "0xe4e1c0",
    gasLimit: "0x3938700",
    baseFeePerGas: ONE_GWEI,
    nonce: "0x0000000000000000",
    mixHash: zeroHash,
    stateRoot: zeroHash,
    receiptsRoot: zeroHash,
    transactionsRoot: zeroHash,
    sha3Uncles: zeroHash,
    size: "0x10000",
    difficulty: "0x0",
    totalDifficulty: "0x0",
    extraData: "0x",
    uncles: [],
  };
  return {
    header: JSON.stringify(header).slice(0, -1),
    hashes: transactions.map((_, index) => `"${hashOf(index)}"`).join(","),
    transactions: prepared.join(","),
    logs,
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [events = 100_000, blocks = 500, tail = TAIL, interval] = process.argv.slice(2).map(Number);
  const growth = interval === undefined ? undefined : { first: blocks + TAIL, interval };
  const { server, url } = await serveChain(makeChain({ events, blocks, tail }), growth);
  console.log(JSON.stringify({ ready: true, url }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      server.close();
      server.closeAllConnections();
    });
  }
}
