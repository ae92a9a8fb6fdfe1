import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublicClient, type Hex, http, parseEther } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gridContracts, SignerRole } from "../../sdk/src/index.ts";
import { testAccount } from "../src/accounts.ts";
import { type LocalChain, startChain } from "../src/chain.ts";
import { deploy, readRecording, recordDeployment, sourcesHash } from "../src/deployment.ts";
import { prepareModels } from "../src/models.ts";
import { anyPort } from "../src/ports.ts";
import { createProcesses, type Processes } from "../src/processes.ts";
import { seedAccounts, seedModels } from "../src/seed.ts";

let home: string;
let processes: Processes;
let chain: LocalChain;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "gridnft-deployment-"));
  mkdirSync(join(home, "recorded"));
  processes = createProcesses(home, () => {});
  chain = await startChain({ folder: join(home, "chain"), port: await anyPort(), processes });
});
afterAll(async () => {
  await chain?.stop();
  await processes.close([]);
  rmSync(home, { recursive: true, force: true });
});

const client = () => createPublicClient({ chain: foundry, transport: http(chain.rpcUrl), cacheTime: 0 });

describe("the recorded deployment", () => {
  it("is what Deploy.s.sol does now; if not: npm run deployment:record", async () => {
    const recording = readRecording();
    expect(recording?.sources, "stale: run npm run deployment:record").toBe(sourcesHash());
    const fresh = await recordDeployment(join(home, "recorded"));
    // forge's gas is an estimate, the rest follows from the code
    const essence = (of: typeof fresh | undefined) => ({
      calls: of?.transactions.map(({ to, data }) => ({ to, data })),
      deployment: of?.deployment,
    });
    expect(essence(recording), "stale: run npm run deployment:record").toEqual(essence(fresh));
  }, 600_000);

  it("makes the whole system on a new chain", async () => {
    const path = join(home, "deployment.json");
    const { deployment, by } = await deploy({ rpcUrl: chain.rpcUrl, path, environment: {} });
    expect(by).toBe("recording");
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(deployment);
    for (const { address, startBlock } of Object.values(deployment.contracts)) {
      expect(await client().getCode({ address, blockNumber: BigInt(startBlock) })).toMatch(/^0x[0-9a-f]{40,}/);
      expect(await client().getCode({ address, blockNumber: BigInt(startBlock - 1) })).toBeUndefined();
    }
    await expect(deploy({ rpcUrl: chain.rpcUrl, path, environment: {} })).rejects.toMatchObject({ code: "DEPLOYMENT" });

    // On it, everything that npm start seeds; and a second time changes nothing.
    const [worker1, worker2, gateway, treasurer] = Array.from({ length: 4 }, () => generatePrivateKey()) as [
      Hex,
      Hex,
      Hex,
      Hex,
    ];
    const keys = { worker1, worker2, gateway, treasurer };
    const options = { rpcUrl: chain.rpcUrl, deployment, keys, workers: 2 as const };
    const models = await prepareModels(join(home, "models"));
    await seedAccounts(options);
    const seeded = await seedModels(options, models);
    const { settlement, registry, aigc } = gridContracts(client(), { deployment });
    for (const name of ["worker1", "worker2"] as const) {
      expect(await registry.read.isBonded([testAccount(name).address])).toBe(true);
      const key = privateKeyToAccount(keys[name]).address;
      expect(await settlement.read.isSigner([testAccount(name).address, SignerRole.WORKER_SIGNER, key])).toBe(true);
      expect(await client().getBalance({ address: key })).toBe(parseEther("10"));
    }
    expect((await settlement.read.accountOf([testAccount("gateway").address])).balance).toBe(parseEther("10000"));
    const filler = privateKeyToAccount(treasurer).address;
    expect(await settlement.read.isSigner([testAccount("gateway").address, SignerRole.TREASURER, filler])).toBe(true);
    expect(await client().getBalance({ address: filler })).toBe(parseEther("10"));
    for (const { modelId, manifestHash, card } of seeded) {
      const { spec, licensePeriod } = await aigc.read.modelOf([modelId]);
      expect(spec).toMatchObject({ name: card.name, weightsHash: manifestHash, usageBps: card.usageBps });
      expect(licensePeriod > 0).toBe(card.access === "LICENSED");
      const canUse = await aigc.read.canUse([modelId, testAccount("artist").address]);
      expect(canUse).toBe(card.access === "OPEN");
    }
    expect(seeded.map(({ card }) => card.access)).toEqual(expect.arrayContaining(["OPEN", "LICENSED"]));

    const head = await client().getBlockNumber();
    await seedAccounts(options);
    expect(await seedModels(options, models)).toEqual(seeded);
    expect(await client().getBlockNumber()).toBe(head);
  });
});
