import { account } from "ponder:schema";
import { type Address, zeroAddress } from "viem";
import { addToDay, addToProtocol } from "../../lib/counters.ts";
import { type EventContext, lower, type Store } from "../../lib/eventContext.ts";

export type AccountRow = typeof account.$inferSelect;

/** Changes an account, which begins to exist when it is first heard of. The zero address is nobody. */
export async function changeAccount(
  db: Store,
  context: EventContext,
  anyCase: Address,
  change: (row: AccountRow) => Partial<AccountRow> = () => ({}),
): Promise<void> {
  const address = lower(anyCase);
  if (address === zeroAddress) return;
  const blank = blankAccount(context, address);
  const first = change(blank);
  let isNew = true;
  await db
    .insert(account)
    .values({ ...blank, ...first })
    .onConflictDoUpdate((row) => {
      isNew = false;
      const changed = change(row);
      countRoles(context, row, changed);
      return { ...changed, lastSeenAt: context.time, updatedSeq: context.seq };
    });
  if (!isNew) return;
  countRoles(context, blank, first);
  addToProtocol(context, { accounts: 1 });
  addToDay(context, { newAccounts: 1 });
}

/** Counts who begins or ceases to hold artworks, and who mints for the first time. */
function countRoles(context: EventContext, before: AccountRow, after: Partial<AccountRow>): void {
  const holders = begins(before.artworksOwned, after.artworksOwned);
  if (holders !== 0) addToProtocol(context, { holders });
  const artists = begins(before.artworksCreated, after.artworksCreated);
  if (artists !== 0) addToProtocol(context, { artists });
}

/** 1 from none to some, -1 from some to none. */
function begins(before: number, after = before): number {
  return Number(after > 0) - Number(before > 0);
}

function blankAccount(context: EventContext, address: Address): AccountRow {
  return {
    chainId: context.chainId,
    address,
    balance: 0n,
    thawing: 0n,
    thawReadyAt: 0n,
    deposited: 0n,
    withdrawn: 0n,
    spent: 0n,
    reward: 0n,
    artworksOwned: 0,
    artworksCreated: 0,
    seriesCreated: 0,
    modelsOwned: 0,
    modelsCreated: 0,
    firstSeenAt: context.time,
    lastSeenAt: context.time,
    seq: context.seq,
    updatedSeq: context.seq,
  };
}
