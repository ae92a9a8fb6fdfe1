import { decodeBlob, gridNftAbi, gridSettlementAbi, receiptsOf, receiptTree, settlementDomainOf } from "@gridnft/sdk";
import { decodeEventLog, decodeFunctionData, type Hex, keccak256, toEventSelector } from "viem";
import { describe, expect, it } from "vitest";
import { makeChain, TAIL } from "./chain.ts";
import { deployment } from "./deployment.ts";
import type { LoggedEvent } from "./events.ts";
import { serveChain } from "./rpc.ts";

const size = { events: 1_200, blocks: 10 };
const blocks = [...makeChain(size)];
const transactions = blocks.flatMap((block) => block.transactions);

/** Decoded as GridNFT's or GridSettlement's. */
function decode({ address, topics, data }: LoggedEvent) {
  const abi = address === deployment.contracts.GridNFT.address ? gridNftAbi : gridSettlementAbi;
  return decodeEventLog({ abi, topics: topics as [Hex, ...Hex[]], data });
}

describe("a synthetic chain", () => {
  it("has exactly the events asked for, all in the blocks asked for, and quiet blocks after them", () => {
    const counts = blocks.map((block) => block.transactions.reduce((sum, { events }) => sum + events.length, 0));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(size.events);
    expect(counts.slice(0, 1)).toEqual([0]);
    expect(counts.slice(size.blocks + 1)).toEqual(Array.from({ length: TAIL }, () => 0));
    expect(blocks.slice(1).map(({ parentHash }) => parentHash)).toEqual(blocks.slice(0, -1).map(({ hash }) => hash));
  });

  it("is the same each time, and another one for another seed", () => {
    const digest = (seed: number) => keccak256(Buffer.from(JSON.stringify([...makeChain(size, seed)])));
    expect(digest(1)).toBe(digest(1));
    expect(digest(2)).not.toBe(digest(1));
  });

  it("tells of settlements whose calldata has just the receipts of their root", () => {
    const domain = settlementDomainOf(deployment);
    let checked = 0;
    for (const { input, events, to } of transactions) {
      const settled = events
        .filter(({ topics }) => topics[0] === toEventSelector(orderSettled))
        .map((event) => decode(event).args as { root: Hex; orderHash: Hex });
      if (settled.length === 0) continue;
      const abi = to === deployment.contracts.GridNFT.address ? gridNftAbi : gridSettlementAbi;
      const { functionName, args } = decodeFunctionData({ abi: [...abi], data: input });
      const items = (functionName === "settleAndMint" ? args[1] : args?.[0]) as unknown as readonly {
        order: { requester: Hex; worker: Hex; modelId: bigint; requestHash: Hex };
        receipts: readonly Parameters<typeof receiptTree>[0][number][];
      }[];
      items.forEach(({ order, receipts }, i) => {
        const { requester, worker, modelId, requestHash } = order;
        const orderHash = settled[i]?.orderHash as Hex;
        const whole = receipts.map((receipt) => ({ ...receipt, orderHash, requester, worker, modelId, requestHash }));
        expect(receiptTree(whole, domain).root).toBe(settled[i]?.root);
        checked++;
      });
    }
    expect(checked).toBeGreaterThan(200);
  });

  it("mints bodies that the SDK reads, with prompts of some 300 bytes", () => {
    const blobs = transactions
      .flatMap(({ events }) => events)
      .filter(({ topics }) => topics[0] === toEventSelector(seriesMinted))
      .map((event) => decodeBlob((decode(event).args as { blob: Hex }).blob));
    expect(blobs.length).toBeGreaterThan(100);
    for (const { body, requester } of blobs) {
      expect(receiptsOf(body, requester)).toHaveLength(body.artworks.length);
      for (const { prompt } of body.requests) {
        expect(prompt.length).toBeGreaterThan(260);
        expect(prompt.length).toBeLessThanOrEqual(300);
      }
    }
  });
});

const orderSettled = gridSettlementAbi.find((item) => item.type === "event" && item.name === "OrderSettled") as never;
const seriesMinted = gridNftAbi.find((item) => item.type === "event" && item.name === "SeriesMinted") as never;

describe("its endpoint", () => {
  const ask = async (url: string, ...calls: [method: string, ...params: unknown[]][]) => {
    const body = calls.map(([method, ...params], id) => ({ jsonrpc: "2.0", id, method, params }));
    const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    return ((await response.json()) as { result?: unknown; error?: { code: number } }[]).map(
      ({ result, error }) => result ?? error?.code ?? null,
    );
  };

  it("answers by range, address and topic, and counts what it was asked", async () => {
    const { server, url } = await serveChain(blocks);
    try {
      const { address } = deployment.contracts.GridNFT;
      const all = { fromBlock: "0x1", toBlock: "0xa" };
      const topics = [[toEventSelector(seriesMinted)]];
      const [logs, ours, minted, head, unknown] = await ask(
        url,
        ["eth_getLogs", all],
        ["eth_getLogs", { ...all, address }],
        ["eth_getLogs", { ...all, address: [address], topics }],
        ["eth_getBlockByNumber", "latest", false],
        ["eth_nonsense"],
      );
      const events = transactions.flatMap((transaction) => transaction.events);
      expect(logs).toHaveLength(size.events);
      expect(ours).toHaveLength(events.filter((event) => event.address === address).length);
      expect(minted).toHaveLength(events.filter(({ topics: [first] }) => first === topics[0]?.[0]).length);
      expect(head).toMatchObject({ number: "0x50", hash: blocks.at(-1)?.hash, transactions: [] });
      expect(unknown).toBe(-32_601);
      expect(await (await fetch(url)).json()).toMatchObject({ calls: { eth_getLogs: 3, eth_nonsense: 1 } });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("shows a growing chain up to where it has grown", async () => {
    const { server, url } = await serveChain(blocks, { first: 5, interval: 3_600_000 });
    try {
      const logs = { fromBlock: "0x0", toBlock: "0xff" };
      const answers = await ask(
        url,
        ["eth_blockNumber"],
        ["eth_getBlockByNumber", "0x5", false],
        ["eth_getLogs", logs],
      );
      expect(answers.slice(0, 2)).toEqual(["0x4", null]);
      expect(answers[2]).toHaveLength((size.events * 4) / size.blocks);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
