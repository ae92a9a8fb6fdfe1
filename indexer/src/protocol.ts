import { dailyStatistics, protocol } from "ponder:schema";
import { zeroAddress, zeroHash } from "viem";
import type { Place, Store } from "./place.ts";

type Protocol = typeof protocol.$inferSelect;
type Day = typeof dailyStatistics.$inferSelect;

const SECONDS_PER_DAY = 86_400n;

/** Changes the chain's row of settings and totals, and notes that this block has a row. Every handler calls it once. */
export async function changeProtocol(
  db: Store,
  place: Place,
  change: (row: Protocol) => Partial<Protocol> = () => ({}),
): Promise<void> {
  const { chainId } = place;
  const seen = { lastEventBlock: place.block, lastEventHash: place.blockHash, lastEventTime: place.time };
  const row = await db.find(protocol, { chainId });
  if (row) {
    await db.update(protocol, { chainId }).set({ ...change(row), ...seen });
  } else {
    const blank = blankProtocol(chainId);
    await db.insert(protocol).values({ ...blank, ...change(blank), ...seen });
  }
}

/** Adds to the sums of the day (UTC) on which something happened. */
export async function changeDay(db: Store, place: Place, change: (row: Day) => Partial<Day>): Promise<void> {
  const key = { chainId: place.chainId, day: Number(place.time / SECONDS_PER_DAY) };
  const row = await db.find(dailyStatistics, key);
  if (row) {
    await db.update(dailyStatistics, key).set(change(row));
  } else {
    const blank = blankDay(key);
    await db.insert(dailyStatistics).values({ ...blank, ...change(blank) });
  }
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
    collectionOwner: zeroAddress,
    feeConfigId: 0,
    protocolBps: 0,
    settlementTreasury: zeroAddress,
    settlementPaused: false,
    minBond: 0n,
    registryTreasury: zeroAddress,
    treasuryPot: 0n,
    totalBonded: 0n,
    totalRewards: 0n,
    artworks: 0,
    supply: 0,
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
