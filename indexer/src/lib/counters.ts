import { dailyStatistics, protocol } from "ponder:schema";
import { zeroAddress, zeroHash } from "viem";
import { type Amounts, addTo, type Day, type Protocol, plus } from "./amounts.ts";
import type { EventContext, Store } from "./eventContext.ts";

const SECONDS_PER_DAY = 86_400n;

/** Adds to the chain's totals. */
export function addToProtocol({ counters }: EventContext, amounts: Amounts<Protocol>): void {
  addTo(counters.protocol, amounts);
}

/** Sets what governance decides. */
export function setProtocol({ counters }: EventContext, settings: Partial<Protocol>): void {
  Object.assign(counters.settings, settings);
}

/** Returns the least bond in force at a time. */
export function minBondAt({ minBond, nextMinBond, nextMinBondFrom }: Protocol, time: bigint): bigint {
  return nextMinBondFrom !== 0n && nextMinBondFrom <= time ? nextMinBond : minBond;
}

/** Adds to the counters of the day (UTC). */
export function addToDay({ counters }: EventContext, amounts: Amounts<Day>): void {
  addTo(counters.day, amounts);
}

/** Returns the day (UTC) of an event, in days since 1970-01-01. */
export function dayOf({ time }: EventContext): number {
  return Number(time / SECONDS_PER_DAY);
}

/** Writes the counters of an event, and notes that its block has a row. */
export async function writeCounters(db: Store, context: EventContext): Promise<void> {
  await writeProtocol(db, context);
  const { day } = context.counters;
  if (isEmpty(day)) return;
  await db
    .insert(dailyStatistics)
    .values({ ...blankDay({ chainId: context.chainId, day: dayOf(context) }), ...day })
    .onConflictDoUpdate((row) => plus(row, day));
}

async function writeProtocol(db: Store, context: EventContext): Promise<void> {
  const { chainId, counters } = context;
  const { settings } = counters;
  if (isEmpty(counters.protocol) && isEmpty(settings)) {
    const row = await db.find(protocol, { chainId });
    if (row?.lastEventHash === context.blockHash) return;
  }
  const seen = { lastEventBlock: context.block, lastEventHash: context.blockHash, lastEventTime: context.time };
  await db
    .insert(protocol)
    .values({ ...blankProtocol(chainId), ...counters.protocol, ...settings, ...seen })
    .onConflictDoUpdate((row) => ({ ...plus(row, counters.protocol), ...settings, ...seen }));
}

function isEmpty(amounts: object): boolean {
  for (const _ in amounts) return false;
  return true;
}

function blankProtocol(chainId: number): Protocol {
  return {
    chainId,
    registrationFee: 0n,
    modelTreasury: zeroAddress,
    modelsPaused: false,
    modelUpgradesSealed: false,
    mintFee: 0n,
    mintTreasury: zeroAddress,
    mintPaused: false,
    nftUpgradesSealed: false,
    renderer: zeroAddress,
    rendererSealed: false,
    escrow: zeroAddress,
    collectionOwner: zeroAddress,
    feeConfigId: 0,
    protocolBps: 0,
    settlementTreasury: zeroAddress,
    settlementPaused: false,
    minBond: 0n,
    nextMinBond: 0n,
    nextMinBondFrom: 0n,
    registryTreasury: zeroAddress,
    treasuryPot: 0n,
    totalBonded: 0n,
    totalRewards: 0n,
    artworks: 0,
    supply: 0,
    holders: 0,
    artists: 0,
    transfers: 0,
    evolutions: 0,
    series: 0,
    models: 0,
    workers: 0,
    accounts: 0,
    payments: 0,
    receipts: 0n,
    volume: 0n,
    lastEventBlock: 0n,
    lastEventHash: zeroHash,
    lastEventTime: 0n,
  };
}

function blankDay(key: { chainId: number; day: number }): Day {
  return {
    ...key,
    artworks: 0,
    series: 0,
    evolutions: 0,
    transfers: 0,
    models: 0,
    licenses: 0,
    payments: 0,
    receipts: 0n,
    newAccounts: 0,
    volume: 0n,
    toWorkers: 0n,
    royalties: 0n,
    protocolFees: 0n,
    licenseRevenue: 0n,
  };
}
