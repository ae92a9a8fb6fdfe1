import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublicClient, createWalletClient, http, parseAbi } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contractNames } from "../../contracts/manifest.ts";
import { listen } from "../../test/fixtures/scriptedServer.ts";
import { baseLike, type DeploymentFile, deployLocal, deploymentTable, startAnvil } from "../src/deployLocal.ts";

const port = 20_000 + (process.pid % 20_000);
/** Nothing of the machine's own configuration gets in. */
const environment = { PATH: process.env.PATH, HOME: process.env.HOME };

describe("deployLocal", () => {
  let anvil: Awaited<ReturnType<typeof startAnvil>>;
  let folder: string;
  let file: DeploymentFile;

  beforeAll(async () => {
    anvil = await startAnvil(port);
    folder = mkdtempSync(join(tmpdir(), "gridnft-deploy-"));
    file = await deployLocal({ rpcUrl: anvil.rpcUrl, environment, folder });
  }, 600_000);

  afterAll(() => anvil?.stop());

  const client = () => createPublicClient({ transport: http(anvil.rpcUrl) });
  const again = (more: Record<string, string>, rpcUrl = anvil.rpcUrl) =>
    deployLocal({ rpcUrl, environment: { ...environment, ...more }, folder });

  it("writes where everything is", async () => {
    expect(JSON.parse(readFileSync(join(folder, "31337.json"), "utf8"))).toEqual(file);
    expect(file.chainId).toBe(31_337);
    expect(Object.keys(file.contracts).sort()).toEqual(contractNames());
    expect(Object.keys(file.implementations).sort()).toEqual(contractNames("isProxy"));
    for (const address of [
      ...Object.values(file.contracts).map((entry) => entry.address),
      ...Object.values(file.implementations),
    ]) {
      expect(await client().getCode({ address })).toMatch(/^0x[0-9a-f]{40,}/);
    }
  });

  it("names for each contract the very block it was made in", async () => {
    for (const { address, startBlock } of Object.values(file.contracts)) {
      expect(startBlock).toBeGreaterThan(0);
      expect(startBlock).toBeGreaterThanOrEqual(file.startBlock);
      expect(await client().getCode({ address, blockNumber: BigInt(startBlock) })).toBe(
        await client().getCode({ address }),
      );
      expect(await client().getCode({ address, blockNumber: BigInt(startBlock - 1) })).toBeUndefined();
    }
  });

  it("stays below Base's gas cap in every transaction", async () => {
    expect(baseLike).toContain("--enable-tx-gas-limit");
    const head = await client().getBlockNumber();
    for (let blockNumber = 1n; blockNumber <= head; blockNumber++) {
      const block = await client().getBlock({ blockNumber, includeTransactions: true });
      for (const transaction of block.transactions) expect(transaction.gas).toBeLessThanOrEqual(16_777_216n);
    }
  });

  it("leaves the deployer without a role", async () => {
    const authority = file.contracts.GridAuthority?.address;
    if (authority === undefined) throw new Error("no authority");
    const [deployer] = await createWalletClient({ transport: http(anvil.rpcUrl) }).getAddresses();
    if (deployer === undefined) throw new Error("no deployer");
    for (const role of [0n, 1n, 2n, 3n, 4n]) {
      const [held] = await client().readContract({
        address: authority,
        abi: parseAbi(["function hasRole(uint64, address) view returns (bool, uint32)"]),
        functionName: "hasRole",
        args: [role, deployer],
      });
      expect(held).toBe(false);
    }
  });

  it("changes nothing when it is run again", async () => {
    const head = await client().getBlockNumber();
    expect(await again({})).toEqual(file);
    expect(await client().getBlockNumber()).toBe(head);
  });

  it("deploys another system with another salt, for the same token", async () => {
    const token = file.contracts.AIPG?.address ?? "";
    const other = await again({ GRID_SALT: `0x${"5".padStart(64, "0")}`, AIPG_ADDRESS: token });
    expect(other.contracts.AIPG?.address).toBe(token);
    expect(other.contracts.AIGC?.address).not.toBe(file.contracts.AIGC?.address);
  });

  it("prints a table", () => {
    const table = deploymentTable(file);
    for (const [name, { address, startBlock }] of Object.entries(file.contracts)) {
      expect(table).toMatch(new RegExp(`^${name} +${address} +${startBlock}$`, "m"));
    }
  });

  it.each([
    [{ GRID_ADMIN: "0x12" }, "environment", 'GRID_ADMIN="0x12" is not an address.'],
    [{ GRID_ADMIN: "0x70997970C51812dc3A010C7d01b50e0d17dc79c8" }, "environment", "has a wrong checksum"],
    [{ GRID_GUARDIAN: "0x70997970C51812DC3A010C7D01B50E0D17DC79C8" }, "forge", 'SameAccount("guardian", "admin")'],
    [{ AIPG_ADDRESS: "AIPG" }, "environment", 'AIPG_ADDRESS="AIPG" is not an address.'],
    [{ GRID_MINT_FEE: "0.1" }, "environment", 'GRID_MINT_FEE="0.1" is not a whole number.'],
    [{ GRID_SALT: "0x1" }, "environment", 'GRID_SALT="0x1" is not 32 bytes of hex.'],
    [{ DEPLOYER_PRIVATE_KEY: "secret" }, "environment", "DEPLOYER_PRIVATE_KEY is not 32 bytes of hex."],
    [{ DEPLOYER_PRIVATE_KEY: `0x${"1".padStart(64, "0")}` }, "sender", "has no ETH on this chain"],
    [{ AIPG_ADDRESS: `0x${"1".padStart(40, "0")}` }, "token", "There is no contract at AIPG_ADDRESS"],
    [{ GRID_GUARDIAN: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" }, "forge", 'SameAccount("guardian", "admin")'],
    [{ GRID_PROTOCOL_BPS: "65536" }, "forge", 'Deploy_Unexpected("GRID_PROTOCOL_BPS")'],
  ])("says what is wrong with %o", async (more, code, message) => {
    const failure = again(more as unknown as Record<string, string>);
    await expect(failure).rejects.toMatchObject({ name: "Error", code });
    await expect(failure).rejects.toThrow(message);
  });

  it("never shows a private key", async () => {
    const secret = `0x${"7".repeat(63)}`;
    await expect(again({ DEPLOYER_PRIVATE_KEY: secret })).rejects.not.toThrow(secret);
  });

  it("says when nothing answers, or something that is no URL was given", async () => {
    await expect(again({}, "http://127.0.0.1:1")).rejects.toThrow("No chain answers at http://127.0.0.1:1.");
    await expect(again({}, "localhost:8545")).rejects.toMatchObject({ code: "argument" });
  });

  it("refuses a chain that isn't local", async () => {
    const { server, url } = await fakeChain(8453);
    await expect(again({}, url)).rejects.toThrow(/has id 8453; deploy:local is for local/);
    server.close();
  });

  it("refuses a taken port", async () => {
    await expect(startAnvil(port)).rejects.toMatchObject({ code: "port" });
  });

  it("leaves nothing of a failed deployment in the folder", () => {
    expect(existsSync(join(folder, "8453.json"))).toBe(false);
  });
});

/** Answers every request with a chain id, on a free port. */
async function fakeChain(chainId: number) {
  const http = await import("node:http");
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      const { id } = JSON.parse(body) as { id: number };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ jsonrpc: "2.0", id, result: `0x${chainId.toString(16)}` }));
    });
  });
  return { server, url: `http://127.0.0.1:${await listen(server)}` };
}
