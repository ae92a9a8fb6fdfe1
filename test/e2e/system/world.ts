/** A whole grid for a test, and people on it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Account,
  type Address,
  type Chain,
  createWalletClient,
  type Hex,
  http,
  type PublicActions,
  publicActions,
  type TransactionReceipt,
  type Transport,
  type WalletClient,
} from "viem";
import { foundry } from "viem/chains";
import { type AccountName, testAccount } from "../../../local/src/accounts.ts";
import { type LocalGridOptions, type LocalGridSystem, startLocalGrid } from "../../../local/src/grid.ts";
import { anyPort } from "../../../local/src/ports.ts";
import { removePostgres } from "../../../local/src/postgres.ts";
import { createGalleryClient, type GalleryClient, waitForBlock } from "../../../sdk/src/gallery/index.ts";
import {
  type CloudClient,
  createCloudClient,
  type GridContracts,
  gridContracts,
  signIn,
} from "../../../sdk/src/index.ts";
import { sleep, waitForSuccess } from "../../../sdk/src/node/index.ts";
import type { GenerationParameters } from "../../../sdk/src/schemas/index.ts";

/** A viem client that reads and writes for one account. */
export type Wallet = WalletClient<Transport, Chain, Account> & PublicActions<Transport, Chain, Account>;

/** Somebody on the grid. */
export interface Person {
  readonly address: Address;
  readonly wallet: Wallet;
  readonly grid: GridContracts<Wallet>;
  /** Without a session. */
  readonly cloud: CloudClient;
  /** Signs in, and gives the client with the session. */
  signedIn(models?: readonly bigint[]): Promise<CloudClient>;
}

/** A running grid of a test. */
export interface World {
  readonly system: LocalGridSystem;
  readonly gallery: GalleryClient;
  /** Parts that ended by themselves. */
  readonly crashes: readonly string[];
  person(name: AccountName): Person;
  mined(hash: Promise<Hex>): Promise<TransactionReceipt>;
  /** Waits until the gallery has the chain's head. */
  indexed(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a grid on free ports, in a folder that goes with it. */
export async function startWorld(options: Omit<LocalGridOptions, "home" | "onCrash">): Promise<World> {
  const home = mkdtempSync(join(tmpdir(), "gridnft-system-"));
  const crashes: string[] = [];
  const remove = (): void => {
    removePostgres(join(home, "postgres"));
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const ports = { rpc: await anyPort(), cloud: await anyPort(), indexer: await anyPort(), postgres: await anyPort() };
    const onCrash = (part: string, how: string, log: string) => crashes.push(`${part}: ${how}\n${log}`);
    const system = await startLocalGrid({ ...options, home, ports, onCrash });
    return worldOf(system, crashes, remove);
  } catch (error) {
    remove();
    throw error;
  }
}

function worldOf(system: LocalGridSystem, crashes: readonly string[], remove: () => void): World {
  const { deployment } = system;
  const gallery = createGalleryClient({ url: system.graphqlUrl });
  const people = new Map<AccountName, Person>();
  const person = (name: AccountName): Person => {
    const known = people.get(name);
    if (known) return known;
    const account = testAccount(name);
    const wallet: Wallet = createWalletClient({
      account,
      chain: foundry,
      transport: http(system.rpcUrl, { retryCount: 0 }),
      cacheTime: 0,
      pollingInterval: 30,
    }).extend(publicActions);
    const cloud = createCloudClient({ url: system.cloudUrl });
    const made: Person = {
      address: account.address,
      wallet,
      cloud,
      grid: gridContracts<Wallet>(wallet, { deployment }),
      signedIn: async (models = []) => {
        const { token } = await signIn(cloud, { signer: account, deployment, models });
        return cloud.withToken(token);
      },
    };
    people.set(name, made);
    return made;
  };
  const { wallet } = person("deployer");
  return {
    system,
    gallery,
    crashes,
    person,
    mined: async (hash) => waitForSuccess(wallet, { hash: await hash }),
    indexed: async () => {
      await waitForBlock(gallery, await wallet.getBlockNumber(), { timeout: 120_000 });
    },
    stop: async () => {
      await system.stop();
      remove();
    },
  };
}

/** A small picture: quick to make, and still the whole way. */
export function small(prompt: string, more: Partial<GenerationParameters> = {}): GenerationParameters {
  return { model: "1", prompt, width: 256, height: 256, steps: 4, ...more };
}

/** Waits until the condition holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(100);
}
