/** What tests of the cloud share: a chain with models and workers, a Postgres, clouds, users, and workers by script. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { type Address, type Hex, parseEther } from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { createSiweMessage } from "viem/siwe";
import {
  type JobOrder,
  type LaneConfig,
  laneId,
  messageFromJson,
  messageToJson,
  type SettlementDomain,
  SignerRole,
} from "../../sdk/src/index.ts";
import { setBalance } from "../../test/fixtures/anvil.ts";
import { type LocalGrid, type Party, privateKeyOf, startGrid } from "../../test/fixtures/chain.ts";
import { startPostgres, type TestPostgres } from "../../test/fixtures/postgres.ts";
import {
  addSigner,
  fund,
  openLane,
  principals,
  registerModel,
  registerWorker,
  signMessage,
} from "../../test/fixtures/seed.ts";
import { migrate } from "../src/database/migrate.ts";
import { type GatewayTerms, readSettings, type Settings, type TreasurySettings } from "../src/environment.ts";
import { type RunningCloud, startCloud } from "../src/start.ts";
import { type RunningTreasury, startTreasury } from "../src/startTreasury.ts";

/** AIPG wei per megapixel and step. */
export const RATE = 10n ** 16n;
export const OPEN_HASH: Hex = `0x${"a1".repeat(32)}`;
export const LICENSED_HASH: Hex = `0x${"b2".repeat(32)}`;

/** A worker's cold account and hot key. */
export interface WorkerIdentity {
  readonly party: Party;
  readonly key: PrivateKeyAccount;
}

/** A whole grid without its clouds. */
export interface TestGrid {
  readonly chain: LocalGrid;
  readonly domain: SettlementDomain;
  readonly postgres: TestPostgres;
  readonly owner: Party;
  readonly artist: Party;
  readonly gateway: Party;
  readonly gatewayKey: PrivateKeyAccount;
  /** Secret of {@link gatewayKey}, for a cloud in a process of its own. */
  readonly gatewaySecret: Hex;
  /** The gateway's TREASURER. */
  readonly treasurer: PrivateKeyAccount;
  /** Terms of the clouds' gateway: caps that no test meets by chance. */
  readonly gatewayTerms: GatewayTerms;
  /** Ids of an open and of a licensed model. */
  readonly open: bigint;
  readonly licensed: bigint;
  readonly workers: readonly [WorkerIdentity, WorkerIdentity];
  /** Opens a lane with 10 AIPG to one more worker; the next `tellLanes` tells the clouds. */
  openLane(worker: WorkerIdentity): Promise<void>;
  /** Writes the opened lanes into the database, as the clouds would have done before. */
  tellLanes(): Promise<void>;
  /** Starts a cloud process' worth of cloud on this grid's database. */
  cloud(changes?: Partial<Settings>): Promise<RunningCloud>;
  /** Settings of the gateway's treasury, which looks often. */
  treasurySettings(changes?: Partial<TreasurySettings>): TreasurySettings;
  /** Starts the gateway's treasury. */
  treasury(changes?: Partial<TreasurySettings>): Promise<RunningTreasury>;
  /** SQL on the cloud's database. */
  sql<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

/**
 * Starts chain and database, registers models, bonds two workers, and opens a lane with 10 AIPG to each.
 * @param lanes Without them the gateway has an account with AIPG, and nothing else: the treasury does the rest.
 */
export async function startTestGrid({
  dailyImages = 50,
  lanes = true,
}: {
  dailyImages?: number;
  lanes?: boolean;
} = {}): Promise<TestGrid> {
  const [chain, postgres] = await Promise.all([startGrid(), startPostgres()]);
  const { domain } = chain;
  const { owner, artist, worker, gateway } = principals(chain);
  // anvil has ten accounts with ETH; the second worker is one of the governance's.
  const second = chain.party(6);
  await fund(chain, [owner, artist, worker, second, gateway], parseEther("10000"));
  const model = { family: 8, resaleBps: 250 };
  const open = await registerModel(chain, owner, { ...model, name: "Open Sea", weightsHash: OPEN_HASH });
  const licensed = await registerModel(chain, owner, {
    ...{ ...model, name: "Licensed Sky", weightsHash: LICENSED_HASH, access: 1 },
  });
  const workers = (await Promise.all(
    [worker, second].map(async (party) => {
      const key = privateKeyToAccount(generatePrivateKey());
      await registerWorker(chain, party, key);
      return { party, key };
    }),
  )) as [WorkerIdentity, WorkerIdentity];
  await chain.mined(artist.grid.settlement.write.deposit([parseEther("1000")]));

  const folder = mkdtempSync(join(tmpdir(), "gridnft-blocks-"));
  const gatewaySecret = generatePrivateKey();
  const gatewayKey = privateKeyToAccount(gatewaySecret);
  const pool = postgres.pool(2);
  const treasurer = privateKeyToAccount(generatePrivateKey());
  await setBalance(chain, treasurer.address, parseEther("10"));
  const gatewayTerms: GatewayTerms = {
    account: gateway.address,
    signer: gatewayKey,
    treasurer,
    caps: {
      job: parseEther("1000"),
      account: parseEther("100000"),
      address: parseEther("100000"),
      all: parseEther("100000"),
      images: dailyImages,
    },
    laneFunding: parseEther("10"),
    maxRate: 10n ** 18n,
    cheapestHoldSeconds: 5,
    sponsored: { kind: "everybody" },
  };
  const untold: LaneConfig[] = [];
  const addLane = async ({ party }: WorkerIdentity): Promise<void> => {
    const terms = { payerSigner: gatewayKey.address, worker: party.address, salt: generatePrivateKey() };
    untold.push((await openLane(chain, gateway, { ...terms, funding: parseEther("10") })).config);
  };
  if (lanes) {
    await prepareGateway(chain, gateway, gatewayTerms);
    for (const identity of workers) await addLane(identity);
  }
  let telling: Promise<void> = Promise.resolve();
  const tellLanes = (): Promise<void> => {
    telling = telling.then(async () => {
      await migrate(postgres.url);
      for (const config of untold.splice(0)) {
        await pool.query(
          `INSERT INTO cloud.lane (lane_id, config, payer, payer_signer, worker, state)
           VALUES ($1, $2, lower($3), lower($4), lower($5), 'opening')`,
          [
            laneId(config, domain),
            JSON.stringify(messageToJson("LaneConfig", config)),
            config.payer,
            config.payerSigner,
            config.worker,
          ],
        );
      }
    });
    return telling;
  };
  const treasuries: RunningTreasury[] = [];
  const treasurySettings = (changes: Partial<TreasurySettings> = {}): TreasurySettings => {
    return {
      rpcUrl: chain.rpcUrl,
      deployment: chain.deployment,
      databaseUrl: postgres.url,
      account: gateway.address,
      owner: privateKeyToAccount(privateKeyOf(gateway)),
      signer: gatewayKey.address,
      treasurer: treasurer.address,
      cap: parseEther("400"),
      balance: parseEther("400"),
      idleSeconds: 3_600,
      dailyLanes: 200,
      poll: 100,
      logLevel: (process.env.GRID_LOG_LEVEL as Settings["logLevel"] | undefined) ?? "silent",
      ...changes,
    };
  };
  const clouds: RunningCloud[] = [];
  const stopped = new Set<RunningCloud>();
  return {
    chain,
    domain,
    postgres,
    owner,
    artist,
    gateway,
    gatewayKey,
    gatewaySecret,
    treasurer,
    gatewayTerms,
    open,
    licensed,
    workers,
    openLane: addLane,
    tellLanes,
    cloud: async (changes = {}) => {
      const base = readSettings({
        GRID_RPC_URL: chain.rpcUrl,
        DATABASE_URL: postgres.url,
        GRID_CLOUD_PORT: "0",
        GRID_BLOCKS: folder,
        GRID_CHAIN_POLL_MS: "100",
        GRID_CLOUD_WAIT_SECONDS: "20",
        GRID_CLOUD_JOBS_PER_MINUTE: "10000",
        GRID_CLOUD_REQUESTS_PER_MINUTE: "100000",
        GRID_LOG_LEVEL: process.env.GRID_LOG_LEVEL ?? "silent",
      });
      await tellLanes();
      const cloud = await startCloud({ ...base, deployment: chain.deployment, gateway: gatewayTerms, ...changes });
      const once: RunningCloud = {
        url: cloud.url,
        stop: async () => {
          if (stopped.has(once)) return;
          stopped.add(once);
          await cloud.stop();
        },
      };
      clouds.push(once);
      return once;
    },
    treasurySettings,
    treasury: async (changes) => {
      const treasury = await startTreasury(treasurySettings(changes));
      let stopping: Promise<void> | undefined;
      const once: RunningTreasury = {
        stop: () => {
          stopping ??= treasury.stop();
          return stopping;
        },
      };
      treasuries.push(once);
      return once;
    },
    sql: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      (await pool.query(text, [...values])).rows as Row[],
    stop: async () => {
      for (const treasury of treasuries) await treasury.stop();
      for (const cloud of clouds) await cloud.stop();
      await Promise.all([chain.stop(), postgres.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Registers the gateway's hot keys, sets the TREASURER's cap, and deposits: a treasury's part, done at once. */
async function prepareGateway(chain: LocalGrid, gateway: Party, { signer, treasurer }: GatewayTerms): Promise<void> {
  if (!treasurer) throw new Error("The gateway has no TREASURER.");
  await addSigner(chain, gateway, signer, SignerRole.PAYER_SIGNER);
  await addSigner(chain, gateway, treasurer, SignerRole.TREASURER);
  const { write } = gateway.grid.settlement;
  await chain.mined(write.setTreasurerCap([treasurer.address, parseEther("1000")]));
  await chain.mined(write.deposit([parseEther("1000")]));
}

/** An answer of the API. */
export interface Answer<Body = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** Calls a cloud; JSON in, JSON out. */
export async function call<Body = Record<string, never>>(
  cloud: Pick<RunningCloud, "url">,
  method: string,
  path: string,
  {
    token,
    json,
    body,
    headers = {},
  }: {
    token?: string | undefined;
    json?: unknown;
    body?: Uint8Array;
    headers?: Record<string, string>;
  } = {},
): Promise<Answer<Body>> {
  const response = await fetch(`${cloud.url}${path}`, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(json !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    body: json !== undefined ? JSON.stringify(json) : ((body as Uint8Array<ArrayBuffer> | undefined) ?? null),
  });
  const text = await response.text();
  let parsed: unknown = text;
  try {
    parsed = text === "" ? undefined : JSON.parse(text);
  } catch {}
  return { status: response.status, headers: response.headers, body: parsed as Body };
}

/** What the API refuses with. */
export interface Refusal {
  readonly error: { readonly code: string; readonly message: string; readonly field?: string };
}

/** Text of a sign-in message, every field of which can be another. */
export async function signInMessage(
  cloud: RunningCloud,
  address: Address,
  changes: Partial<Parameters<typeof createSiweMessage>[0]> = {},
): Promise<string> {
  const { body } = await call<{ nonce: string; domain: string; uri: string; chain_id: number }>(
    cloud,
    "GET",
    "/v1/auth/nonce",
  );
  return createSiweMessage({
    address,
    chainId: body.chain_id,
    domain: body.domain,
    nonce: body.nonce,
    uri: body.uri,
    version: "1",
    issuedAt: new Date(),
    ...changes,
  });
}

/** Signs in and returns the token. */
export async function signIn(
  grid: TestGrid,
  cloud: RunningCloud,
  account: Pick<PrivateKeyAccount, "address" | "signMessage">,
  worker?: Address,
): Promise<string> {
  const resources = worker && { resources: [`eip155:${grid.domain.chainId}:${worker}`] };
  const message = await signInMessage(cloud, account.address, resources);
  const signature = await account.signMessage({ message });
  const { body, status } = await call<{ token: string }>(cloud, "POST", "/v1/auth/sign-in", {
    json: { message, signature },
  });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body.token;
}

/** A PNG of one colour, a different file for each `tint`. */
export function png(width: number, height: number, tint: number): Promise<Uint8Array> {
  return sharp({
    create: {
      width,
      height,
      channels: 3,
      background: { r: tint % 256, g: (tint >> 8) % 256, b: (tint >> 16) % 256 },
    },
  })
    .png()
    .toBuffer();
}

/** Signs the orders of a quote as their payer. */
export async function signOrders(
  grid: TestGrid,
  payer: Pick<PrivateKeyAccount, "signTypedData">,
  orders: readonly unknown[],
): Promise<{ order: ReturnType<typeof messageToJson<"JobOrder">>; signature: Hex }[]> {
  return Promise.all(
    orders.map(async (json) => {
      const order: JobOrder = messageFromJson("JobOrder", json);
      const signature = await signMessage(payer, grid.domain, "JobOrder", order);
      return { order: messageToJson("JobOrder", order), signature };
    }),
  );
}
