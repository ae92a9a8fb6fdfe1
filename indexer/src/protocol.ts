import { dailyStatistics, protocol } from "ponder:schema";
import { zeroAddress, zeroHash } from "viem";
import type { Place, Store } from "./place.ts";
import { type Amounts, addTo, plus } from "./sums.ts";

type Protocol = typeof protocol.$inferSelect;
type Day = typeof dailyStatistics.$inferSelect;

const SECONDS_PER_DAY = 86_400n;

/** What an event changes of the two rows that nearly every event changes. */
export interface Sums {
  readonly protocol: Amounts<Protocol>;
  readonly settings: Partial<Protocol>;
  readonly day: Amounts<Day>;
}

/** Nothing yet. */
export function newSums(): Sums {
  return { protocol: {}, settings: {}, day: {} };
}

/** Adds to the chain's totals. */
export function addToProtocol({ sums }: Place, amounts: Amounts<Protocol>): void {
  addTo(sums.protocol, amounts);
}

/** Notes what governance has set. */
export function setProtocol({ sums }: Place, settings: Partial<Protocol>): void {
  Object.assign(sums.settings, settings);
}

/** Least bond in force at a time. */
export function minBondAt({ minBond, nextMinBond, nextMinBondFrom }: Protocol, time: bigint): bigint {
  return nextMinBondFrom !== 0n && nextMinBondFrom <= time ? nextMinBond : minBond;
}

/** Adds to the sums of the day (UTC). */
export function addToDay({ sums }: Place, amounts: Amounts<Day>): void {
  addTo(sums.day, amounts);
}

/** Day (UTC) of something, in days since 1970-01-01. */
export function dayOf({ time }: Place): number {
  return Number(time / SECONDS_PER_DAY);
}

/** Writes what an event has changed, and notes that its block has a row. */
export async function writeSums(db: Store, place: Place): Promise<void> {
  await writeProtocol(db, place);
  const { day } = place.sums;
  if (isEmpty(day)) return;
  await db
    .insert(dailyStatistics)
    .values({ ...blankDay({ chainId: place.chainId, day: dayOf(place) }), ...day })
    .onConflictDoUpdate((row) => plus(row, day));
}

async function writeProtocol(db: Store, place: Place): Promise<void> {
  const { chainId, sums } = place;
  const { settings } = sums;
  if (isEmpty(sums.protocol) && isEmpty(settings)) {
    const row = await db.find(protocol, { chainId });
    if (row?.lastEventHash === place.blockHash) return;
  }
  const seen = { lastEventBlock: place.block, lastEventHash: place.blockHash, lastEventTime: place.time };
  await db
    .insert(protocol)
    .values({ ...blankProtocol(chainId), ...sums.protocol, ...settings, ...seen })
    .onConflictDoUpdate((row) => ({ ...plus(row, sums.protocol), ...settings, ...seen }));
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
