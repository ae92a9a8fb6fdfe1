import { account } from "ponder:schema";
import { type Address, zeroAddress } from "viem";
import { lower, type Place, type Store } from "./place.ts";
import { changeDay, changeProtocol } from "./protocol.ts";

export type AccountRow = typeof account.$inferSelect;

/** Changes an account, which begins to exist when it is first heard of. The zero address is nobody. */
export async function changeAccount(
  db: Store,
  place: Place,
  anyCase: Address,
  change: (row: AccountRow) => Partial<AccountRow> = () => ({}),
): Promise<void> {
  const address = lower(anyCase);
  if (address === zeroAddress) return;
  const key = { chainId: place.chainId, address };
  const row = await db.find(account, key);
  if (row) {
    await db.update(account, key).set({ ...change(row), lastSeenAt: place.time });
    return;
  }
  const blank: AccountRow = {
    ...key,
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
    firstSeenAt: place.time,
    lastSeenAt: place.time,
    seq: place.seq,
  };
  await db.insert(account).values({ ...blank, ...change(blank) });
  await changeProtocol(db, place, (protocol) => ({ accounts: protocol.accounts + 1 }));
  await changeDay(db, place, (day) => ({ newAccounts: day.newAccounts + 1 }));
}
