import { spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { createServer } from "node:net";
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
import { mnemonicToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { foundryBinary } from "../../../tools/foundry.mjs";
import { type AnvilProcess, type DurableAnvil, startDurableAnvil } from "../src/index.ts";

let home: string;
let chain: DurableAnvil<AnvilProcess>;
const running = new Set<AnvilProcess>();

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "gridnft-chain-"));
  chain = await start();
});
afterEach(async () => {
  await chain.stop().catch(() => undefined);
  for (const anvil of running) await anvil.kill();
  rmSync(home, { recursive: true, force: true });
});

const start = async () =>
  startDurableAnvil({
    ...{ folder: home, chainId: foundry.id, anvilVersion: "1.7.1", startAnvil },
    ...{ port: await freePort(), anvilPort: await freePort() },
  });

async function startAnvil(args: readonly string[], isUp: () => Promise<boolean>): Promise<AnvilProcess> {
  const flags = ["--silent", "--hardfork", "osaka", "--enable-tx-gas-limit", "--accounts", "20"];
  const child = spawn(foundryBinary("anvil"), [...args, ...flags], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const end = (signal: NodeJS.Signals) => async () => {
    running.delete(anvil);
    child.kill(signal);
    await ended;
  };
  const anvil = { stop: end("SIGTERM"), kill: end("SIGKILL") };
  running.add(anvil);
  while (!(await isUp())) {
    if (child.exitCode !== null) throw new Error(`anvil ended with exit code ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return anvil;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}

/** Accounts of anvil's mnemonic, by number. */
const people = { artist: 7, gateway: 9, collector: 12 };
const account = (name: keyof typeof people) =>
  mnemonicToAccount("test test test test test test test test test test test junk", { addressIndex: people[name] });
const journal = () => join(home, "journal.jsonl");
const wallet = (name: keyof typeof people = "artist") =>
  createWalletClient({
    account: account(name),
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

describe("a chain with a write-ahead log", () => {
  it("comes back after kill -9 with the same blocks, state and old state", async () => {
    const to = account("collector").address;
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
    const to = account("collector").address;
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
    const artist = wallet();
    const gap = await artist.sendTransaction({ to: artist.account.address, nonce: 1 });
    expect(await artist.getBlockNumber()).toBe(0n);
    const later = await artist.signTransaction({
      ...(await artist.prepareTransactionRequest({ nonce: 2 })),
      nonce: 2,
    });
    await expect(request("eth_sendRawTransactionSync", later)).rejects.toThrow("waits in the pool");
    await chain.kill();
    chain = await start();
    await wallet().sendTransaction({ to: artist.account.address, nonce: 0 });
    expect((await wallet().waitForTransactionReceipt({ hash: gap })).status).toBe("success");
    const before = await history();
    await chain.kill();
    chain = await start();
    expect(await history()).toEqual(before);
  });

  it("passes refusals on, and replays without them", async () => {
    const artist = wallet();
    await artist.sendTransaction({ to: artist.account.address });
    await expect(artist.sendTransaction({ to: artist.account.address, nonce: 0 })).rejects.toThrow("nonce");
    await expect(request("anvil_reorg", [1, []])).rejects.toThrow("rebuilt from its journal");
    const before = await history();
    await chain.kill();
    chain = await start();
    expect(await history()).toEqual(before);
  });

  it("answers batches and what isn't JSON-RPC as anvil does", async () => {
    const { address } = account("artist");
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
    const asked = wallet().readContract({ address: account("artist").address, abi, functionName: "nothing" });
    const error = (await asked.catch((reason: unknown) => reason)) as BaseError;
    expect(error.walk((cause) => cause instanceof HttpRequestError)).toMatchObject({ status: 502 });
    expect(error.walk((cause) => cause instanceof ContractFunctionRevertedError)).toBeNull();
  });

  it("drops a last line that was cut off, and refuses one that was changed", async () => {
    await wallet().sendTransaction({ to: account("collector").address, value: 1n });
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
    await expect(start()).rejects.toMatchObject({ name: "WriteAheadLogError", code: "DIVERGED" });
  });
});
