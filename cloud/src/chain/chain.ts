import {
  bondState,
  type Deployment,
  deploymentOf,
  type GridContracts,
  gridContracts,
  isBonded,
  SETTLE_GRACE,
  type SettlementDomain,
  SignerRole,
  settlementDomainOf,
} from "@gridnft/sdk";
import { type Address, createPublicClient, type Hex, http, isAddressEqual, type PublicClient } from "viem";
import { withChainErrors } from "./errors.ts";
import { type ModelCatalogue, modelCatalogue } from "./models.ts";
import { TtlCache } from "./ttlCache.ts";

/** Seconds that an order's deadline may lie ahead. */
export const MAX_ORDER_SECONDS = 24n * 60n * 60n;
/** Seconds until the last order that is signed now can be settled. */
const MAX_SETTLE_SECONDS = MAX_ORDER_SECONDS + BigInt(SETTLE_GRACE);

/** Newest block that this process knows. */
export interface Head {
  readonly number: bigint;
  readonly hash: Hex;
  readonly timestamp: bigint;
  /** Time by this machine's clock, milliseconds. */
  readonly seenAt: number;
}

/** Reader of the chain. Each function says how old its answer may be. */
export interface Chain extends ModelCatalogue {
  readonly client: PublicClient;
  readonly deployment: Deployment;
  readonly domain: SettlementDomain;
  readonly contracts: GridContracts<PublicClient>;
  head(): Head;
  /** Reads the head now. */
  refresh(): Promise<Head>;
  /** Returns the approximate Unix time of the next block, for new deadlines. */
  now(): bigint;
  /** Returns the Unix time that no later block can be before, for deadlines that must be over. */
  certainTime(): bigint;
  /** Returns true if a key signs for an account in a role. True is cached for up to 15 s. */
  isSigner(account: Address, role: SignerRole, signer: Address): Promise<boolean>;
  /** Returns true if a key signs for a worker without an end; a revoked key in its last day does not. True is cached for up to 15 s. */
  isLastingSigner(worker: Address, signer: Address): Promise<boolean>;
  /** Returns true if the worker can anchor its receipts. True is cached for up to 15 s. */
  isBonded(worker: Address): Promise<boolean>;
  /**
   * Returns true if direct orders for the worker are safe to sign. Its active bond is at least the minimum, also after an announced raise
   * that comes before the longest order can be settled, and none of it is unbonding. Otherwise an order could be paid and its receipts not
   * anchored. Cached for one block.
   */
  staysBonded(worker: Address): Promise<boolean>;
  /** Returns the current fee configuration. It is cached for up to a minute; the previous one is accepted for a week. */
  feeConfigId(): Promise<number>;
  isFeeConfigAccepted(feeConfigId: number): Promise<boolean>;
  /** Returns what a payer can spend on direct orders: its balance without what it announced to withdraw. */
  spendableOf(payer: Address): Promise<bigint>;
  /** Returns the AIPG wei that an account holds. Cached for up to 15 s. */
  aipgOf(account: Address): Promise<bigint>;
  /** Returns true if an order with this nonce can be settled: not used, not cancelled, no cancellation announced. */
  isNonceFree(payer: Address, nonce: bigint): Promise<boolean>;
  isNonceUsed(payer: Address, nonce: bigint): Promise<boolean>;
  nonceWordOf(payer: Address, word: bigint): Promise<bigint>;
  isMinted(requester: Address, orderHash: Hex, index: number): Promise<boolean>;
  stop(): void;
}

/** Local chains, which mine a block only when there is a transaction. */
const LOCAL_CHAINS = [31_337, 1_337];
const CACHE_TIMEOUT = 15_000;

/**
 * Connects to a chain and follows its head.
 * @throws {@link ApiError} `CHAIN_UNREACHABLE`.
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
  const chainId = await withChainErrors(client.getChainId());
  const deployment = given ?? deploymentOf(chainId);
  if (deployment.chainId !== chainId) {
    throw new Error(`The deployment is of chain ${deployment.chainId}, but the RPC answers for chain ${chainId}.`);
  }
  const contracts = gridContracts<PublicClient>(client, { deployment });
  const { settlement, nft, aipg } = contracts;
  const isLocal = LOCAL_CHAINS.includes(chainId);

  let head: Head | undefined;
  const refresh = async (): Promise<Head> => {
    const { number, hash, timestamp } = await withChainErrors(client.getBlock({ blockTag: "latest" }));
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
  const signers = new TtlCache<boolean>(CACHE_TIMEOUT, yes);
  const bonded = new TtlCache<boolean>(CACHE_TIMEOUT, yes);
  const eligible = new TtlCache<boolean>(CACHE_TIMEOUT);
  const holdings = new TtlCache<bigint>(CACHE_TIMEOUT);
  const feeConfigs = new TtlCache<number>(60_000);
  const minted = new TtlCache<boolean>(60 * 60_000, yes);

  const now = (): bigint => {
    const { timestamp, seenAt } = current();
    const since = BigInt(Math.floor((Date.now() - seenAt) / 1_000));
    const wall = BigInt(Math.floor(Date.now() / 1_000));
    // A chain whose clock was set forward stays ahead of ours; one that rested falls behind until its next block.
    return timestamp + since > wall ? timestamp + since : wall;
  };

  return {
    ...modelCatalogue(contracts.aigc, () => current().hash),
    client,
    deployment,
    domain: settlementDomainOf(deployment),
    contracts,
    head: current,
    refresh,
    now,
    // After an outage a sequencer's blocks can have times of long ago, so elsewhere only a block is certain.
    certainTime: () => (isLocal ? now() : current().timestamp),
    isSigner: (account, role, signer) =>
      isAddressEqual(account, signer) && role !== SignerRole.TREASURER
        ? Promise.resolve(true)
        : signers.get(`${account}/${role}/${signer}`.toLowerCase(), () =>
            withChainErrors(settlement.read.isSigner([account, role, signer])),
          ),
    isLastingSigner: async (worker, signer) => {
      if (isAddressEqual(worker, signer)) return true;
      return signers.get(`${worker}/lasting/${signer}`.toLowerCase(), async () => {
        const { account, role, revokedAt } = await withChainErrors(settlement.read.signerOf([signer]));
        return isAddressEqual(account, worker) && role === SignerRole.WORKER_SIGNER && revokedAt === 0;
      });
    },
    isBonded: (worker) =>
      bonded.get(worker.toLowerCase(), () => withChainErrors(isBonded(client, { deployment, worker }))),
    staysBonded: (worker) =>
      eligible.get(`${current().hash}/${worker}`.toLowerCase(), async () => {
        const { bond, unbonding, minBond, nextMinBond, nextMinBondFrom } = await withChainErrors(
          bondState(client, { deployment, worker }),
        );
        const isRaised = nextMinBondFrom !== 0 && BigInt(nextMinBondFrom) <= now() + MAX_SETTLE_SECONDS;
        return bond >= minBond && (!isRaised || bond >= nextMinBond) && unbonding === 0n;
      }),
    feeConfigId: () => feeConfigs.get("current", () => withChainErrors(settlement.read.currentFeeConfigId())),
    isFeeConfigAccepted: (feeConfigId) => withChainErrors(settlement.read.isFeeConfigAccepted([feeConfigId])),
    spendableOf: async (payer) => {
      const { balance, thawing, thawReadyAt } = await withChainErrors(settlement.read.accountOf([payer]));
      if (thawReadyAt === 0) return balance;
      return balance > thawing ? balance - thawing : 0n;
    },
    aipgOf: (account) => holdings.get(account.toLowerCase(), () => withChainErrors(aipg.read.balanceOf([account]))),
    isNonceFree: async (payer, nonce) => {
      const [used, cancelAt] = await withChainErrors(
        Promise.all([settlement.read.isNonceUsed([payer, nonce]), settlement.read.cancelReadyAt([payer, nonce])]),
      );
      return !used && cancelAt === 0;
    },
    isNonceUsed: (payer, nonce) => withChainErrors(settlement.read.isNonceUsed([payer, nonce])),
    nonceWordOf: (payer, word) => withChainErrors(settlement.read.nonceWordOf([payer, word])),
    isMinted: (requester, orderHash, index) =>
      minted.get(`${requester}/${orderHash}/${index}`.toLowerCase(), () =>
        withChainErrors(nft.read.isMinted([requester, orderHash, BigInt(index)])),
      ),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
