// Deployment to a new local chain without compiling: the recorded transactions of `Deploy.s.sol` are sent again by the same account
// with the same nonces, which gives the same code at the same addresses. Forge does it when the contracts have changed since, or
// when the environment asks for another configuration.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Deployment, parseDeployment } from "@gridnft/sdk";
import { type Address, createWalletClient, type Hex, http, publicActions } from "viem";
import { foundry } from "viem/chains";
import { z } from "zod";
import { filesBelow, projectRoot } from "../../tools/check.ts";
import { testAccount } from "./accounts.ts";
import { type DeploymentFile, deployLocal, startAnvil } from "./deployLocal.ts";
import { LocalError } from "./errors.ts";
import { anyPort } from "./ports.ts";

/** Path of the recording. */
export const recordingPath = join(projectRoot, "local/recorded/deployment.json");

const hex = z.templateLiteral(["0x", z.string()]);
const recordingSchema = z.object({
  /** Hash of everything that the code and its addresses follow from. */
  sources: z.string(),
  /** Transactions of the deployer from nonce 0 on, each mined in a block of its own. */
  transactions: z.array(z.object({ to: hex, gas: z.int(), data: hex })),
  /** File that `Deploy.s.sol` wrote, with blocks counted from the first transaction (1). */
  deployment: z.custom<DeploymentFile>((value) => typeof value === "object" && value !== null),
});
export type Recording = z.infer<typeof recordingSchema>;

/** Environment variables that make another deployment than the recorded one. */
const variables =
  /^(AIPG_ADDRESS|DEPLOYER_PRIVATE_KEY|GRID_(ADMIN|UPGRADER|PARAMS|CURATOR|GUARDIAN|TREASURY|COLLECTION_OWNER|REGISTRATION_FEE|MINT_FEE|PROTOCOL_BPS|CONTRACT_URI|EXTERNAL_URL|SALT))$/;

/** Deploys to the new chain at `rpcUrl`, and writes the deployment file to `path`. Returns how it was done. */
export async function deploy({
  rpcUrl,
  path,
  environment = process.env,
  log = () => {},
}: {
  rpcUrl: string;
  path: string;
  environment?: NodeJS.ProcessEnv;
  log?: (line: string) => void;
}): Promise<{ deployment: Deployment; by: "recording" | "forge" }> {
  const recording = readRecording();
  const asked = Object.keys(environment).filter((name) => variables.test(name) && environment[name]);
  const isCurrent = recording?.sources === sourcesHash();
  let file: DeploymentFile;
  if (recording && isCurrent && asked.length === 0) {
    file = await replayDeployment(rpcUrl, recording);
  } else {
    log(
      asked.length > 0 ? `with ${asked.join(", ")}: by forge` : "the contracts have changed: by forge, which compiles",
    );
    file = await deployLocal({ rpcUrl, environment, folder: dirname(path) });
  }
  writeAtomically(path, file);
  return {
    deployment: parseDeployment(file),
    by: recording && isCurrent && asked.length === 0 ? "recording" : "forge",
  };
}

/** Reads the committed recording, if it is there. */
export function readRecording(path = recordingPath): Recording | undefined {
  return existsSync(path) ? recordingSchema.parse(JSON.parse(readFileSync(path, "utf8"))) : undefined;
}

/** Returns the hash of the contracts, their deployment script, the compiler's settings and the versions of what they import. */
export function sourcesHash(): string {
  const hash = createHash("sha256");
  const add = (name: string, text: string) => hash.update(`${name}\n${text.length}\n${text}`);
  const files = filesBelow(join(projectRoot, "contracts"), ".sol").map((file) => `contracts/${file}`);
  const scripts = ["Deploy.s.sol", "GridDeployment.sol", "GridGovernance.sol"].map((file) => `script/${file}`);
  for (const file of [...files.sort(), ...scripts, "foundry.toml", "remappings.txt"]) {
    add(file, readFileSync(join(projectRoot, file), "utf8").replaceAll("\r\n", "\n"));
  }
  const manifest = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  for (const name of ["@openzeppelin/contracts", "@openzeppelin/contracts-upgradeable", "solady", "solc"]) {
    add(name, manifest.devDependencies[name] ?? "");
  }
  return hash.digest("hex");
}

/** Sends the recorded transactions to a chain that has none of them. */
export async function replayDeployment(rpcUrl: string, recording: Recording): Promise<DeploymentFile> {
  const account = testAccount("deployer");
  const transport = http(rpcUrl, { retryCount: 0 });
  const client = createWalletClient({ account, chain: foundry, transport, pollingInterval: 20 }).extend(publicActions);
  const blocks: bigint[] = [];
  const code = await client.getCode({ address: recording.deployment.contracts.GridNFT?.address as Address });
  if (code !== undefined || (await client.getTransactionCount({ address: account.address })) !== 0) {
    throw new LocalError("DEPLOYMENT", "The chain isn't new: its deployer has sent transactions.");
  }
  for (const [nonce, { to, gas, data }] of recording.transactions.entries()) {
    const raw = await account.signTransaction({
      ...{ chainId: foundry.id, type: "eip1559", nonce, to: to as Hex, data: data as Hex, gas: BigInt(gas) },
      ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n },
    });
    const receipt = await client.waitForTransactionReceipt({
      hash: await client.sendRawTransaction({ serializedTransaction: raw }),
    });
    if (receipt.status !== "success") {
      throw new LocalError(
        "DEPLOYMENT",
        `Transaction ${nonce} of the recorded deployment reverted: npm run deployment:record.`,
      );
    }
    blocks.push(receipt.blockNumber);
  }
  const blockOf = (recorded: number): number => Number(blocks[recorded - 1]);
  const contracts = Object.fromEntries(
    Object.entries(recording.deployment.contracts).map(([name, { address, startBlock }]) => [
      name,
      { address, startBlock: blockOf(startBlock) },
    ]),
  );
  return { ...recording.deployment, startBlock: blockOf(recording.deployment.startBlock), contracts };
}

/** Runs `Deploy.s.sol` on a chain of its own, and returns what it sent. Compiles what has changed. */
export async function recordDeployment(folder: string): Promise<Recording> {
  const anvil = await startAnvil(await anyPort());
  try {
    // Nothing of the caller's environment gets into what is committed.
    const environment = { PATH: process.env.PATH, HOME: process.env.HOME };
    const deployment = await deployLocal({ rpcUrl: anvil.rpcUrl, environment, folder });
    const client = createWalletClient({ chain: foundry, transport: http(anvil.rpcUrl) }).extend(publicActions);
    const transactions: Recording["transactions"] = [];
    const head = await client.getBlockNumber();
    for (let blockNumber = 1n; blockNumber <= head; blockNumber++) {
      const block = await client.getBlock({ blockNumber, includeTransactions: true });
      const [transaction] = block.transactions;
      if (block.transactions.length !== 1 || !transaction?.to) {
        throw new LocalError("DEPLOYMENT", `Block ${blockNumber} of the deployment isn't one call.`);
      }
      transactions.push({ to: transaction.to, gas: Number(transaction.gas), data: transaction.input });
    }
    return { sources: sourcesHash(), transactions, deployment };
  } finally {
    await anvil.stop();
  }
}

/** Writes the deployment file. A reader sees the old one or the new one. */
function writeAtomically(path: string, file: DeploymentFile): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(file, null, 2)}\n`);
  renameSync(draft, path);
}
