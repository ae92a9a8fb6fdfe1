import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BaseError,
  ContractFunctionRevertedError,
  createWalletClient,
  type Hex,
  HttpRequestError,
  http,
  parseAbi,
  parseEther,
  publicActions,
} from "viem";
import { foundry } from "viem/chains";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testAccount } from "../accounts.ts";
import { anyPort } from "../ports.ts";
import { createProcesses, type Processes } from "../processes.ts";
import { type LocalChain, startChain } from "./chain.ts";

let home: string;
let processes: Processes;
let chain: LocalChain;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "gridnft-chain-"));
  processes = createProcesses(home, () => {});
  chain = await start();
});
afterEach(async () => {
  await chain.stop().catch(() => undefined);
  processes.killAll();
  rmSync(home, { recursive: true, force: true });
});

const start = async () => startChain({ folder: join(home), port: await anyPort(), processes });
const journal = () => join(home, "journal.jsonl");
const wallet = (name: Parameters<typeof testAccount>[0] = "artist") =>
  createWalletClient({
    account: testAccount(name),
    chain: foundry,
    transport: http(chain.rpcUrl, { retryCount: 0 }),
    cacheTime: 0,
    pollingInterval: 20,
  }).extend(publicActions);
const request = (method: string, ...params: unknown[]) =>
  wallet().request({ method: method as never, params: params as never }) as Promise<unknown>;

/** Everything that a reader of the chain could have seen. */
async function history(): Promise<{ hash: Hex | null; timestamp: bigint }[]> {
  const head = await wallet().getBlockNumber();
  return Promise.all(
    Array.from({ length: Number(head) + 1 }, async (_, n) => {
      const { hash, timestamp } = await wallet().getBlock({ blockNumber: BigInt(n) });
      return { hash, timestamp };
    }),
  );
}

describe("a chain with a journal", () => {
  it("comes back after kill -9 with the same blocks, state and old state", async () => {
    const to = testAccount("collector").address;
    // Two at a time, as two programs would: they get blocks of their own.
    await Promise.all(
      (["artist", "gateway"] as const).map(async (name) => {
        for (let i = 0; i < 20; i++) await wallet(name).sendTransaction({ to, value: 1n });
      }),
    );
    const [before, balance] = [await history(), await wallet().getBalance({ address: to })];
    expect(before).toHaveLength(41);
    await chain.kill();
    await expect(wallet().getBlockNumber()).rejects.toThrow();

    chain = await start();
    expect(chain.isNew).toBe(false);
    expect(await history()).toEqual(before);
    expect(await wallet().getBalance({ address: to })).toBe(balance);
    // anvil's own dump would have forgotten this one
    expect(await wallet().getBalance({ address: to, blockNumber: 3n })).toBe(parseEther("10000") + 3n);
  });

  it("keeps clock, snapshots and given balances, and never goes back in time", async () => {
    const to = testAccount("collector").address;
    const send = async () => wallet().sendTransaction({ to, value: 1n });
    await send();
    const snapshot = await request("evm_snapshot");
    await send();
    await send();
    expect(await request("evm_revert", snapshot)).toBe(true);
    await request("evm_increaseTime", 100_000);
    await request("anvil_mine", "0x3", "0x3c");
    await request("anvil_setBalance", to, "0x7");
    await send();
    await request("evm_mine");
    const before = await history();
    const block = await wallet().getBlock();
    expect(Number(block.timestamp)).toBeGreaterThan(Date.now() / 1000 + 100_000);
    await chain.kill();

    chain = await start();
    expect(await history()).toEqual(before);
    expect(await wallet().getBalance({ address: to })).toBe(8n);
    const pending = await wallet().getBlock({ blockTag: "pending" });
    expect(pending.timestamp).toBeGreaterThanOrEqual(block.timestamp);
    await send();
    expect((await wallet().getBlock()).timestamp).toBeGreaterThanOrEqual(block.timestamp);
  });

  it("keeps a transaction that waits for an earlier one", async () => {
    const account = wallet();
    const gap = await account.sendTransaction({ to: account.account.address, nonce: 1 });
    expect(await account.getBlockNumber()).toBe(0n);
    const later = await account.signTransaction({
      ...(await account.prepareTransactionRequest({ nonce: 2 })),
      nonce: 2,
    });
    await expect(request("eth_sendRawTransactionSync", later)).rejects.toThrow("waits in the pool");
    await chain.kill();
    chain = await start();
    await wallet().sendTransaction({ to: account.account.address, nonce: 0 });
    expect((await wallet().waitForTransactionReceipt({ hash: gap })).status).toBe("success");
    const before = await history();
    await chain.kill();
    chain = await start();
    expect(await history()).toEqual(before);
  });

  it("passes refusals on, and replays without them", async () => {
    const account = wallet();
    await account.sendTransaction({ to: account.account.address });
    await expect(account.sendTransaction({ to: account.account.address, nonce: 0 })).rejects.toThrow("nonce");
    await expect(request("anvil_reorg", [1, []])).rejects.toThrow("rebuilt from its journal");
    const before = await history();
    await chain.kill();
    chain = await start();
    expect(await history()).toEqual(before);
  });

  it("answers batches and what isn't JSON-RPC as anvil does", async () => {
    const { address } = testAccount("artist");
    const raw = await wallet().signTransaction(await wallet().prepareTransactionRequest({ to: address, value: 5n }));
    const post = async (body: string) =>
      (await fetch(chain.rpcUrl, { method: "POST", headers: { "content-type": "application/json" }, body })).json();
    const batch = [
      { jsonrpc: "2.0", id: 1, method: "eth_blockNumber", params: [] },
      { jsonrpc: "2.0", id: 2, method: "eth_sendRawTransaction", params: [raw] },
      { jsonrpc: "2.0", id: "three", method: "eth_blockNumber", params: [] },
    ];
    expect(await post(JSON.stringify(batch))).toMatchObject([
      { id: 1, result: "0x0" },
      { id: 2, result: expect.stringMatching(/^0x[0-9a-f]{64}$/) },
      { id: "three", result: "0x1" },
    ]);
    expect(await post("nonsense")).toMatchObject({ error: { code: -32_600 } });
  });

  it("is away when anvil is, which no client takes for a contract's refusal", async () => {
    await chain.process.kill();
    const abi = parseAbi(["function nothing() view returns (uint256)"]);
    const asked = wallet().readContract({ address: testAccount("artist").address, abi, functionName: "nothing" });
    const error = (await asked.catch((reason: unknown) => reason)) as BaseError;
    expect(error.walk((cause) => cause instanceof HttpRequestError)).toMatchObject({ status: 502 });
    expect(error.walk((cause) => cause instanceof ContractFunctionRevertedError)).toBeNull();
  });

  it("drops a last line that was cut off, and refuses one that was changed", async () => {
    await wallet().sendTransaction({ to: testAccount("collector").address, value: 1n });
    const before = await history();
    await chain.kill();
    appendFileSync(journal(), '{"n":99,"method":"evm_mi');
    chain = await start();
    expect(await history()).toEqual(before);
    await chain.kill();

    const text = readFileSync(journal(), "utf8");
    truncateSync(journal());
    appendFileSync(
      journal(),
      text.replace(/"time":(\d+)/, (_, time) => `"time":${Number(time) + 1}`),
    );
    await expect(start()).rejects.toMatchObject({ code: "JOURNAL", message: expect.stringContaining("--reset") });
  });
});
