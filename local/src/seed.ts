// Seed data of a local chain: AIPG for the accounts, models, workers with bond and hot key, the gateway's deposit. Reads the chain
// first and does what is missing, so it may break off and run again.

import {
  type ContractName,
  type Deployment,
  type GridContracts,
  gridContracts,
  postBond,
  SignerRole,
  settlementDomainOf,
  settlementTypes,
} from "@gridnft/sdk";
import { waitForSuccess } from "@gridnft/sdk/node";
import {
  type Account,
  type Address,
  type Chain,
  createWalletClient,
  type Hex,
  http,
  maxUint256,
  type PublicActions,
  parseEther,
  publicActions,
  type Transport,
  type WalletClient,
} from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { type AccountName, testAccount } from "./accounts.ts";
import { LocalError } from "./errors.ts";
import type { LocalModel } from "./models.ts";

/** AIPG wei. */
const amounts = {
  /** First balance of each account. */
  initial: parseEther("100000"),
  /** Deposit of the gateway, from which its lanes are funded. */
  gateway: parseEther("10000"),
  /** Deposit of the artist, for direct orders. */
  artist: parseEther("100"),
  /** Price of a month's license of a LICENSED model. */
  license: parseEther("5"),
  /** ETH with which a hot key pays gas. */
  gas: parseEther("10"),
};
const licensePeriod = 30 * 24 * 3_600;

/** Names in the order of the enums in `contracts/interfaces/IAIGC.sol`. */
const families = ["sd15", "sd21", "sdxl", "flux1-schnell", "flux1-dev", "flux-krea", "chroma", "svd", "other"];
const kinds = ["checkpoint", "lora", "controlnet", "upscaler", "embedding", "vae", "pipeline"];
const accesses = ["OPEN", "LICENSED", "PRIVATE"];

/** Model folder with its token. */
export interface SeededModel extends LocalModel {
  readonly modelId: bigint;
}

/** Hot keys of the services. */
export interface HotKeys {
  readonly worker1: Hex;
  readonly worker2: Hex;
  /** Signs the gateway's vouchers. */
  readonly gateway: Hex;
  /** Fills the gateway's lanes. */
  readonly treasurer: Hex;
}

export interface SeedOptions {
  rpcUrl: string;
  deployment: Deployment;
  keys: HotKeys;
  workers: 1 | 2;
  /** Called with a description of each step. */
  log?: (line: string) => void;
}

type Wallet = WalletClient<Transport, Chain, Account> & PublicActions<Transport, Chain, Account>;

/** Account of the mnemonic with its clients. */
interface Party {
  address: Address;
  wallet: Wallet;
  grid: GridContracts<Wallet>;
}

interface Context extends SeedOptions {
  party: (name: AccountName) => Party;
  /** Waits for a transaction, if one was needed. */
  done: (what: string, hash: Promise<Hex | undefined>) => Promise<void>;
}

/** Seeds accounts, workers and the gateway. */
export async function seedAccounts(options: SeedOptions): Promise<void> {
  const context = contextOf(options);
  const { party } = context;
  const deployer = party("deployer");
  const workers = (["worker1", "worker2"] as const).slice(0, options.workers);
  // The accounts' own transactions don't wait for each other; the deployer's are in a row.
  for (const name of ["artist", "gateway", "author", "collector", ...workers] as const) {
    const { address } = party(name);
    if ((await deployer.grid.aipg.read.balanceOf([address])) > 0n) continue;
    if ((await deployer.grid.settlement.read.accountOf([address])).balance > 0n) continue;
    await context.done(`AIPG for ${name}`, deployer.grid.aipg.write.mint([address, amounts.initial]));
  }
  await Promise.all([
    ...workers.map((name) => seedWorker(context, name)),
    seedGateway(context),
    deposit(context, "artist", amounts.artist),
  ]);
}

/** Registers the models of these folders that have no token yet, all by the author's account. */
export async function seedModels(options: SeedOptions, models: readonly LocalModel[]): Promise<SeededModel[]> {
  const context = contextOf(options);
  const author = context.party("author");
  const registered = await registeredModels(context);
  const seeded: SeededModel[] = [];
  for (const model of models) {
    const { card, manifestHash } = model;
    const known = registered.find(({ spec }) => spec.weightsHash === manifestHash && spec.name === card.name);
    const modelId = known?.modelId ?? (await register(context, model));
    if (card.access === "LICENSED" && (await author.grid.aigc.read.modelOf([modelId])).licensePeriod === 0) {
      const terms = [modelId, amounts.license, licensePeriod] as const;
      await context.done(`license price of ${card.name}`, author.grid.aigc.write.setLicenseTerms(terms));
    }
    seeded.push({ ...model, modelId });
  }
  return seeded;
}

async function registeredModels({ party, deployment }: Context) {
  // By the author: a hash is not unique, and others may have registered a model of that name, too.
  const { grid, address } = party("author");
  const from = { fromBlock: BigInt(deployment.startBlock) };
  const events = await grid.aigc.getEvents.ModelRegistered({ creator: address }, from);
  return events.flatMap(({ args: { modelId, spec } }) => (modelId && spec ? [{ modelId, spec }] : []));
}

async function register(context: Context, { card, manifestHash }: LocalModel): Promise<bigint> {
  const { grid, address } = context.party("author");
  await approve(context, "author", "AIGC");
  const spec = {
    name: card.name,
    version: card.version,
    family: indexIn(families, card.family, card.name),
    kind: indexIn(kinds, card.kind, card.name),
    baseModelId: 0n,
    weightsHash: manifestHash,
    weightsURI: "",
    license: card.license,
    previewCid: "",
    usageBps: card.usageBps,
    resaleBps: card.resaleBps,
    access: indexIn(accesses, card.access, card.name),
  };
  const registration = [spec, address, await grid.aigc.read.registrationFee()] as const;
  const { result: modelId } = await grid.aigc.simulate.register(registration);
  await context.done(`model ${card.name}`, grid.aigc.write.register(registration));
  return modelId;
}

async function seedWorker(context: Context, name: "worker1" | "worker2"): Promise<void> {
  const { wallet } = context.party(name);
  const key = privateKeyToAccount(context.keys[name]);
  await context.done(`bond of ${name}`, postBond(wallet, { deployment: context.deployment }));
  await addKey(context, name, key, SignerRole.WORKER_SIGNER);
  if ((await wallet.getBalance({ address: key.address })) < amounts.gas / 10n) {
    await context.done(`gas for ${name}`, wallet.sendTransaction({ to: key.address, value: amounts.gas }));
  }
}

async function seedGateway(context: Context): Promise<void> {
  await deposit(context, "gateway", amounts.gateway);
  const treasurer = privateKeyToAccount(context.keys.treasurer);
  await addKey(context, "gateway", privateKeyToAccount(context.keys.gateway), SignerRole.PAYER_SIGNER);
  await addKey(context, "gateway", treasurer, SignerRole.TREASURER);
  const { wallet } = context.party("gateway");
  if ((await wallet.getBalance({ address: treasurer.address })) < amounts.gas / 10n) {
    const sent = wallet.sendTransaction({ to: treasurer.address, value: amounts.gas });
    await context.done("gas for the gateway's treasurer", sent);
  }
}

/** Deposits AIPG into the settlement, once. What was spent since is not replaced. */
async function deposit(context: Context, name: AccountName, amount: bigint): Promise<void> {
  const { grid, address } = context.party(name);
  const events = await grid.settlement.getEvents.Deposited(
    { account: address },
    { fromBlock: BigInt(context.deployment.startBlock) },
  );
  if (events.length > 0) return;
  await approve(context, name, "GridSettlement");
  await context.done(`deposit of ${name}`, grid.settlement.write.deposit([amount]));
}

async function approve(context: Context, name: AccountName, spender: ContractName): Promise<void> {
  const { grid, address } = context.party(name);
  const { address: to } = context.deployment.contracts[spender];
  if ((await grid.aipg.read.allowance([address, to])) > maxUint256 / 2n) return;
  await context.done(`approval of ${name}`, grid.aipg.write.approve([to, maxUint256]));
}

/** Registers a hot key, with the key's signature that it agrees. */
async function addKey(context: Context, name: AccountName, key: PrivateKeyAccount, role: number): Promise<void> {
  const { grid, address, wallet } = context.party(name);
  if (await grid.settlement.read.isSigner([address, role, key.address])) return;
  const deadline = (await wallet.getBlock({ blockTag: "pending" })).timestamp + 3_600n;
  const proof = await key.signTypedData({
    domain: settlementDomainOf(context.deployment),
    types: settlementTypes,
    primaryType: "SignerProof",
    message: { account: address, role, deadline },
  });
  await context.done(`hot key of ${name}`, grid.settlement.write.addSigner([key.address, role, deadline, proof]));
}

function contextOf(options: SeedOptions): Context {
  const { rpcUrl, deployment, log = () => {} } = options;
  const parties = new Map<AccountName, Party>();
  const party = (name: AccountName): Party => {
    const known = parties.get(name);
    if (known) return known;
    const transport = http(rpcUrl, { retryCount: 0 });
    const wallet: Wallet = createWalletClient({
      account: testAccount(name),
      chain: foundry,
      transport,
      cacheTime: 0,
      pollingInterval: 20,
    }).extend(publicActions);
    const made = { address: wallet.account.address, wallet, grid: gridContracts<Wallet>(wallet, { deployment }) };
    parties.set(name, made);
    return made;
  };
  const done: Context["done"] = async (what, sent) => {
    try {
      const hash = await sent;
      if (hash === undefined) return;
      await waitForSuccess(party("deployer").wallet, { hash });
      log(what);
    } catch (cause) {
      throw new LocalError("SEED", `Seeding the chain failed at: ${what}.`, { cause });
    }
  };
  return { ...options, party, done };
}

function indexIn(names: readonly string[], name: string, model: string): number {
  const index = names.indexOf(name);
  if (index < 0)
    throw new LocalError("MODELS", `The card of "${model}" says ${name}: it must be one of ${names.join(", ")}.`);
  return index;
}
