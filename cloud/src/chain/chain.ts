import {
  type Deployment,
  deploymentOf,
  type GridContracts,
  gridContracts,
  SETTLE_GRACE,
  type SettlementDomain,
  SignerRole,
  settlementDomainOf,
} from "@gridnft/sdk";
import { type Address, createPublicClient, type Hex, http, isAddressEqual, type PublicClient } from "viem";
import { Memory } from "./cache.ts";
import { asked } from "./faults.ts";
import { type ChainModel, type ModelCatalogue, modelCatalogue } from "./models.ts";

/** Seconds that an order's deadline may lie ahead. */
export const MOST_ORDER_TIME = 24n * 60n * 60n;
/** Seconds until the last order that is signed now can be settled. */
const LONGEST_ORDER = MOST_ORDER_TIME + BigInt(SETTLE_GRACE);

/** The newest block that this process knows of. */
export interface Head {
  readonly number: bigint;
  readonly hash: Hex;
  readonly timestamp: bigint;
  /** By this machine's clock, milliseconds. */
  readonly seenAt: number;
}

/** What the cloud asks the chain. Answers may be some seconds old where that harms nobody, which each function says. */
export interface Chain extends ModelCatalogue {
  readonly client: PublicClient;
  readonly deployment: Deployment;
  readonly domain: SettlementDomain;
  readonly contracts: GridContracts<PublicClient>;
  /** Local chains mine a block only when there is something in it. */
  readonly isLocal: boolean;
  head(): Head;
  /** Asks for the head now. */
  refresh(): Promise<Head>;
  /** Unix time that the next block will have, about. For deadlines that are given out. */
  now(): bigint;
  /** Unix time that no later block can be before. For deadlines that must be over for certain. */
  certainTime(): bigint;
  /** A yes is up to 15 s old. */
  isSigner(account: Address, role: SignerRole, signer: Address): Promise<boolean>;
  /** Returns whether a key signs for a worker with no end in sight: a revoked key's last day does not count. A yes is up to 15 s old. */
  isLastingSigner(worker: Address, signer: Address): Promise<boolean>;
  /** Whether the worker can anchor what it makes; a yes is up to 15 s old. */
  isBonded(worker: Address): Promise<boolean>;
  /**
   * Returns whether direct orders for the worker are safe to sign: its active bond is at least the minimum, also once an announced
   * raise holds that comes before the longest order can be settled, and it has announced to take none of it back. Otherwise an
   * order could be paid and its receipts not anchored. Read once a block.
   */
  staysBonded(worker: Address): Promise<boolean>;
  /** Up to a minute old; the previous one is accepted for a week. */
  feeConfigId(): Promise<number>;
  isFeeConfigAccepted(feeConfigId: number): Promise<boolean>;
  /** What a payer can spend on direct orders: its balance without what it announced to withdraw. */
  spendableOf(payer: Address): Promise<bigint>;
  /** AIPG wei that an account holds. Up to 15 s old. */
  aipgOf(account: Address): Promise<bigint>;
  /** Whether an order with this nonce can be settled: not used, not cancelled, no cancelling announced. */
  isNonceFree(payer: Address, nonce: bigint): Promise<boolean>;
  isNonceUsed(payer: Address, nonce: bigint): Promise<boolean>;
  nonceWordOf(payer: Address, word: bigint): Promise<bigint>;
  isMinted(requester: Address, orderHash: Hex, index: number): Promise<boolean>;
  stop(): void;
}

const LOCAL_CHAINS = [31_337, 1_337];
const SHORT = 15_000;

/**
 * Connects to a chain and follows its head.
 * @throws {@link CloudError} `CHAIN_UNREACHABLE`.
 */
export async function openChain(
  { rpcUrl, deployment: given, pollEvery }: { rpcUrl: string; deployment: Deployment | undefined; pollEvery: number },
  onError: (error: unknown) => void,
): Promise<Chain> {
  const client: PublicClient = createPublicClient({
    transport: http(rpcUrl, { batch: { wait: 0 }, retryCount: 1, timeout: 10_000 }),
    pollingInterval: pollEvery,
    cacheTime: 0,
  });
  const chainId = await asked(client.getChainId());
  const deployment = given ?? deploymentOf(chainId);
  if (deployment.chainId !== chainId) {
    throw new Error(`The deployment is of chain ${deployment.chainId}, but the RPC answers for chain ${chainId}.`);
  }
  const contracts = gridContracts<PublicClient>(client, { deployment });
  const { settlement, registry, nft, aipg } = contracts;
  const isLocal = LOCAL_CHAINS.includes(chainId);

  let head: Head | undefined;
  const refresh = async (): Promise<Head> => {
    const { number, hash, timestamp } = await asked(client.getBlock({ blockTag: "latest" }));
    if (head?.hash !== hash) head = { number, hash, timestamp, seenAt: Date.now() };
    return head;
  };
  const first = await refresh();
  const current = (): Head => head ?? first;
  let stopped = false;
  let timer: NodeJS.Timeout;
  const poll = async (): Promise<void> => {
    await refresh().catch(onError);
    if (!stopped) timer = setTimeout(poll, pollEvery);
  };
  timer = setTimeout(poll, pollEvery);

  const yes = (answer: boolean) => answer;
  const signers = new Memory<boolean>(SHORT, yes);
  const bonded = new Memory<boolean>(SHORT, yes);
  const staying = new Memory<boolean>(SHORT);
  const holdings = new Memory<bigint>(SHORT);
  const feeConfigs = new Memory<number>(60_000);
  const minted = new Memory<boolean>(60 * 60_000, yes);

  const now = (): bigint => {
    const { timestamp, seenAt } = current();
    const since = BigInt(Math.floor((Date.now() - seenAt) / 1_000));
    const wall = BigInt(Math.floor(Date.now() / 1_000));
    // A chain whose clock was set forward stays ahead of ours; one that rested falls behind until its next block.
    return timestamp + since > wall ? timestamp + since : wall;
  };

  return {
    ...modelCatalogue(contracts.aigc, asked, () => current().hash),
    client,
    deployment,
    domain: settlementDomainOf(deployment),
    contracts,
    isLocal,
    head: current,
    refresh,
    now,
    // After an outage a sequencer's blocks can have times of long ago, so elsewhere only a block is certain.
    certainTime: () => (isLocal ? now() : current().timestamp),
    isSigner: (account, role, signer) =>
      isAddressEqual(account, signer) && role !== SignerRole.TREASURER
        ? Promise.resolve(true)
        : signers.ask(`${account}/${role}/${signer}`.toLowerCase(), () =>
            asked(settlement.read.isSigner([account, role, signer])),
          ),
    isLastingSigner: async (worker, signer) => {
      if (isAddressEqual(worker, signer)) return true;
      return signers.ask(`${worker}/lasting/${signer}`.toLowerCase(), async () => {
        const { account, role, revokedAt } = await asked(settlement.read.signerOf([signer]));
        return isAddressEqual(account, worker) && role === SignerRole.WORKER_SIGNER && revokedAt === 0;
      });
    },
    isBonded: (worker) => bonded.ask(worker.toLowerCase(), () => asked(registry.read.isBonded([worker]))),
    staysBonded: (worker) =>
      staying.ask(`${current().hash}/${worker}`.toLowerCase(), async () => {
        const [{ bond, unbonding }, minBond, [nextMinBond, nextFrom]] = await asked(
          Promise.all([registry.read.workerOf([worker]), registry.read.minBond(), registry.read.nextMinBond()]),
        );
        const isRaised = nextFrom !== 0 && BigInt(nextFrom) <= now() + LONGEST_ORDER;
        return bond >= minBond && (!isRaised || bond >= nextMinBond) && unbonding === 0n;
      }),
    feeConfigId: () => feeConfigs.ask("current", () => asked(settlement.read.currentFeeConfigId())),
    isFeeConfigAccepted: (feeConfigId) => asked(settlement.read.isFeeConfigAccepted([feeConfigId])),
    spendableOf: async (payer) => {
      const { balance, thawing, thawReadyAt } = await asked(settlement.read.accountOf([payer]));
      if (thawReadyAt === 0) return balance;
      return balance > thawing ? balance - thawing : 0n;
    },
    aipgOf: (account) => holdings.ask(account.toLowerCase(), () => asked(aipg.read.balanceOf([account]))),
    isNonceFree: async (payer, nonce) => {
      const [used, cancelAt] = await asked(
        Promise.all([settlement.read.isNonceUsed([payer, nonce]), settlement.read.cancelReadyAt([payer, nonce])]),
      );
      return !used && cancelAt === 0;
    },
    isNonceUsed: (payer, nonce) => asked(settlement.read.isNonceUsed([payer, nonce])),
    nonceWordOf: (payer, word) => asked(settlement.read.nonceWordOf([payer, word])),
    isMinted: (requester, orderHash, index) =>
      minted.ask(`${requester}/${orderHash}/${index}`.toLowerCase(), () =>
        asked(nft.read.isMinted([requester, orderHash, BigInt(index)])),
      ),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

export type { ChainModel };
