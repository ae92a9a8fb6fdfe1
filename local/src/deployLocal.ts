// `npm run deploy:local`: deploys the protocol to a local chain.
//
//   npm run deploy:local                                    starts anvil, deploys, and keeps the chain until Ctrl-C
//   npm run deploy:local -- --port 9545                     the same on another port
//   npm run deploy:local -- --rpc-url http://localhost:8545 deploys to a chain that runs already, and ends
//
// Writes deployments/<chain id>.json. The configuration comes from the environment, see script/Deploy.s.sol; the sender is
// the node's first unlocked account, or that of DEPLOYER_PRIVATE_KEY.
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { addressFault } from "@gridnft/sdk";
import { type Address, createPublicClient, createWalletClient, type Hex, http, type PublicClient } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { projectRoot } from "../../tools/check.ts";
import { foundryBinary } from "../../tools/foundry.mjs";
import { spawnGuarded } from "./guard.ts";
import { portIsFree } from "./ports.ts";

/** Contents of `deployments/<chain id>.json`. */
export interface DeploymentFile {
  chainId: number;
  /** First block that can have a log of the protocol. */
  startBlock: number;
  contracts: Record<string, { address: Address; startBlock: number }>;
  implementations: Record<string, Address>;
}

/** Error that the user can put right. Printed without a stack. */
export class DeployError extends Error {
  constructor(
    readonly code: "argument" | "environment" | "port" | "rpc" | "chain" | "sender" | "token" | "forge",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const localChains = [31_337, 1337];

/** Flags of an anvil that behaves as Base does: its hard fork, and no transaction above 16,777,216 gas. */
export const baseLike = ["--hardfork", "osaka", "--enable-tx-gas-limit"];

export interface DeployOptions {
  rpcUrl: string;
  /** Environment that `script/Deploy.s.sol` reads. */
  environment?: NodeJS.ProcessEnv;
  /** Folder for the deployment file; default `deployments/`. */
  folder?: string;
  /** Called with each line worth showing. */
  log?: (line: string) => void;
}

/** Deploys the protocol to a local chain that runs, and writes the deployment file. */
export async function deployLocal(options: DeployOptions): Promise<DeploymentFile> {
  const { rpcUrl, environment = process.env, folder = join(projectRoot, "deployments"), log = () => {} } = options;
  checkEnvironment(environment);
  const client = createPublicClient({ transport: http(checkUrl(rpcUrl), { retryCount: 0 }), cacheTime: 0 });
  const chainId = await client.getChainId().catch((cause: unknown) => {
    throw new DeployError("rpc", `No chain answers at ${rpcUrl}.`, { cause });
  });
  if (!localChains.includes(chainId)) {
    throw new DeployError(
      "chain",
      `The chain at ${rpcUrl} has id ${chainId}; deploy:local is for local chains (${localChains.join(", ")}). For others see docs/deploy.md.`,
    );
  }
  const sender = await senderArguments(client, environment, rpcUrl);
  const token = environment.AIPG_ADDRESS;
  if (token !== undefined && token !== "" && (await client.getCode({ address: token as Address })) === undefined) {
    throw new DeployError("token", `There is no contract at AIPG_ADDRESS ${token} on chain ${chainId}.`);
  }
  mkdirSync(join(projectRoot, "deployments"), { recursive: true });
  log(`Deploying to chain ${chainId} at ${rpcUrl} (the first run compiles, which takes a minute)`);
  // One transaction at a time: sent together they can exceed a block, and anvil then leaves the last ones in its pool.
  // The script writes where nobody else reads, so that two deployments at a time keep apart.
  mkdirSync(join(projectRoot, "cache"), { recursive: true });
  const path = join(projectRoot, "cache", `deployment-${randomUUID()}.json`);
  await forgeScript(
    ["script/Deploy.s.sol", "--tc", "Deploy", "--rpc-url", rpcUrl, "--broadcast", "--slow", ...sender],
    { ...environment, GRID_DEPLOYMENT_FILE: path },
  );
  const file = JSON.parse(readFileSync(path, "utf8")) as DeploymentFile;
  rmSync(path);
  const head = await client.getBlockNumber();
  for (const entry of Object.values(file.contracts)) {
    entry.startBlock = Number(await creationBlock(client, entry.address, head));
  }
  file.startBlock = Math.min(...Object.values(file.contracts).map((entry) => entry.startBlock));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${chainId}.json`), `${JSON.stringify(file, null, 2)}\n`);
  return file;
}

/** Starts an anvil. `stop` ends it. */
export async function startAnvil(
  port: number,
  flags: readonly string[] = [],
): Promise<{ rpcUrl: string; stop: () => Promise<void> }> {
  if (!(await portIsFree(port))) {
    throw new DeployError(
      "port",
      `Port ${port} is taken. If a chain runs there, say --rpc-url http://127.0.0.1:${port}; else choose another --port.`,
    );
  }
  const args = ["--port", `${port}`, "--silent", ...baseLike, ...flags];
  const child = spawnGuarded(foundryBinary("anvil"), args, { name: "anvil" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const rpcUrl = `http://127.0.0.1:${port}`;
  const client = createPublicClient({ transport: http(rpcUrl, { retryCount: 0 }) });
  const deadline = Date.now() + 15_000;
  while (!(await client.getChainId().catch(() => undefined))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill();
      throw new DeployError("rpc", `anvil did not start on port ${port}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
  };
  return { rpcUrl, stop };
}

/** Returns the table that `npm run deploy:local` prints. */
export function deploymentTable(file: DeploymentFile): string {
  const rows = Object.entries(file.contracts).map(([name, { address, startBlock }]) => [
    name,
    address,
    `${startBlock}`,
  ]);
  for (const [name, address] of Object.entries(file.implementations))
    rows.push([`${name} implementation`, address, ""]);
  const head = ["contract", "address", "block"];
  const widths = head.map((title, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? title).length)));
  const line = (row: string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(head), line(widths.map((width) => "─".repeat(width))), ...rows.map(line)].join("\n");
}

/** Finds the first block in which there was code at `address`. */
async function creationBlock(client: PublicClient, address: Address, head: bigint): Promise<bigint> {
  let [low, high] = [0n, head];
  while (low < high) {
    const middle = (low + high) / 2n;
    const code = await client.getCode({ address, blockNumber: middle });
    if (code === undefined) low = middle + 1n;
    else high = middle;
  }
  return low;
}

function checkUrl(rpcUrl: string): string {
  if (!/^https?:\/\/[^\s/]/.test(rpcUrl) || !URL.canParse(rpcUrl)) {
    throw new DeployError("argument", `--rpc-url "${rpcUrl}" is not a URL such as http://127.0.0.1:8545.`);
  }
  return rpcUrl;
}

/** Checks the variables for which forge would answer with a stack trace. */
function checkEnvironment(environment: NodeJS.ProcessEnv): void {
  const accounts = ["ADMIN", "UPGRADER", "PARAMS", "CURATOR", "GUARDIAN", "TREASURY", "COLLECTION_OWNER"];
  for (const name of ["AIPG_ADDRESS", ...accounts.map((account) => `GRID_${account}`)]) {
    const value = environment[name];
    const fault = value && addressFault(value);
    if (fault) throw new DeployError("environment", `${name}="${value}" ${fault}.`);
  }
  for (const name of ["GRID_REGISTRATION_FEE", "GRID_MINT_FEE", "GRID_PROTOCOL_BPS"]) {
    const value = environment[name];
    if (value && !/^\d+$/.test(value))
      throw new DeployError("environment", `${name}="${value}" is not a whole number.`);
  }
  const salt = environment.GRID_SALT;
  if (salt && !/^0x[0-9a-fA-F]{64}$/.test(salt)) {
    throw new DeployError("environment", `GRID_SALT="${salt}" is not 32 bytes of hex.`);
  }
}

async function senderArguments(
  client: PublicClient,
  environment: NodeJS.ProcessEnv,
  rpcUrl: string,
): Promise<string[]> {
  const key = environment.DEPLOYER_PRIVATE_KEY;
  if (key) {
    if (!/^0x[0-9a-fA-F]{64}$/.test(key)) {
      throw new DeployError("environment", "DEPLOYER_PRIVATE_KEY is not 32 bytes of hex.");
    }
    await requireFunds(client, privateKeyToAccount(key as Hex).address);
    return ["--private-key", key];
  }
  const accounts = await createWalletClient({ transport: http(rpcUrl) })
    .getAddresses()
    .catch(() => []);
  const sender = accounts[0];
  if (sender === undefined) {
    throw new DeployError("sender", `The node at ${rpcUrl} has no unlocked account: set DEPLOYER_PRIVATE_KEY.`);
  }
  await requireFunds(client, sender);
  return ["--unlocked", "--sender", sender];
}

async function requireFunds(client: PublicClient, sender: Address): Promise<void> {
  if ((await client.getBalance({ address: sender })) === 0n) {
    throw new DeployError("sender", `The deployer ${sender} has no ETH on this chain.`);
  }
}

/** Runs a forge script; its output is shown only when it fails. */
async function forgeScript(args: string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const child: ChildProcess = spawn(foundryBinary("forge"), ["script", ...args], {
    cwd: projectRoot,
    env: { ...environment, FORCE_COLOR: "0", FOUNDRY_PROFILE: "script" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const pipe of [child.stdout, child.stderr])
    pipe?.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exitCode = await new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? 1)));
  if (exitCode === 0) return;
  // A contract's own error stands at the end of the trace; anything else in the last line that says so.
  const reverts = [...output.matchAll(/\[Revert\] (.+)/g)];
  const reason = reverts.at(-1)?.[1] ?? /Error: ([\s\S]*)$/.exec(output)?.[1] ?? output;
  throw new DeployError("forge", `The deployment failed: ${reason.trim().slice(0, 2000)}`);
}

function readPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new DeployError("argument", `--port "${text}" is not a port number.`);
  }
  return port;
}

async function main(): Promise<void> {
  let values: { "rpc-url"?: string | undefined; port?: string | undefined };
  try {
    ({ values } = parseArgs({ options: { "rpc-url": { type: "string" }, port: { type: "string" } } }));
  } catch (cause) {
    throw new DeployError("argument", (cause as Error).message, { cause });
  }
  if (values["rpc-url"] !== undefined && values.port !== undefined) {
    throw new DeployError("argument", "--port is for a chain to start, --rpc-url for one that runs: give one of them.");
  }
  if (!existsSync(join(projectRoot, "node_modules"))) throw new DeployError("argument", "Run npm ci first.");
  const anvil = values["rpc-url"] === undefined ? await startAnvil(readPort(values.port ?? "8545")) : undefined;
  try {
    const file = await deployLocal({ rpcUrl: values["rpc-url"] ?? anvil?.rpcUrl ?? "", log: console.log });
    console.log(`\n${deploymentTable(file)}\n\nWritten to deployments/${file.chainId}.json`);
  } catch (error) {
    await anvil?.stop();
    throw error;
  }
  if (anvil === undefined) return;
  console.log(`The chain runs at ${anvil.rpcUrl} until you press Ctrl-C.`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void anvil.stop().then(() => process.exit(0)));
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main().catch((error: unknown) => {
    console.error(error instanceof DeployError ? `✗ ${error.message}` : error);
    process.exitCode = 1;
  });
}
