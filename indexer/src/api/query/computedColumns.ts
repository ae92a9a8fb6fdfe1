// Columns that no table has: SQL over a table's alias.
import { zeroAddress } from "viem";
import type { Statement } from "./statement.ts";
import { columnOf, type Table, type TableName, tableOf, tableRef } from "./tables.ts";
import { traitsSql } from "./traits.ts";

/** Computed columns: each function gives their SQL. */
interface ComputedNames {
  readonly column: (key: string) => string;
  readonly table: (name: TableName) => string;
  /** Time of the answer's block: what changes by time alone is true at that block, as a contract would answer there. */
  readonly now: () => string;
}

/** Value in force of what is announced ahead: `next` from the time `from` on, which is 0 when nothing is announced. */
const inForce =
  (current: string, next: string, from: string) =>
  (column: (key: string) => string, now: string): string =>
    `case when ${column(from)} between 1 and ${now} then ${column(next)} else ${column(current)} end`;

const minBondSql = inForce("minBond", "nextMinBond", "nextMinBondFrom");
const usageBpsSql = inForce("usageBps", "nextUsageBps", "nextUsageFrom");

/** Null unless what is announced for the time `from` is not in force yet. */
const ifAnnounced =
  (key: string, from: string, cast = "") =>
  ({ column, now }: ComputedNames): string =>
    `case when ${column(from)} > ${now()} then ${column(key)}${cast} end`;

/** SQL of a computed column by an alias of its table. Undefined for a column that the table has. */
export function computedSql(statement: Statement, table: Table, alias: string, key: string): string | undefined {
  return computedColumns[`${table.name}.${key}`]?.({
    column: (other) => columnOf(table, alias, other),
    table: (name) => tableRef(statement, name),
    now: () => statement.now(),
  });
}

/** Computed columns by table and name. Amounts go as text. */
export const computedColumns: Readonly<Record<string, (names: ComputedNames) => string>> = {
  "worker.bonded": ({ column, table, now }) => {
    const minBond = minBondSql((key) => columnOf(tableOf("protocol"), "p", key), now());
    return `(${column("bond")} >= (select ${minBond} from ${table("protocol")} p where p.chain_id = ${column("chainId")}))`;
  },
  "protocol.minBondNow": ({ column, now }) => `(${minBondSql(column, now())})::text`,
  "protocol.raisedMinBond": ifAnnounced("nextMinBond", "nextMinBondFrom", "::text"),
  "protocol.raisedMinBondFrom": ifAnnounced("nextMinBondFrom", "nextMinBondFrom"),
  "model.usageBpsNow": ({ column, now }) => usageBpsSql(column, now()),
  "model.announcedUsageBps": ifAnnounced("nextUsageBps", "nextUsageFrom"),
  "model.announcedUsageFrom": ifAnnounced("nextUsageFrom", "nextUsageFrom"),
  "model.userNow": ({ column, now }) =>
    `case when ${column("userExpires")} >= ${now()} and ${column("user")} <> '${zeroAddress}' then ${column("user")} end`,
  "artwork.royaltyReceiver": ({ column, table }) =>
    `(select s.royalty_receiver from ${table("series")} s where s.chain_id = ${column("chainId")} and s.series_id = ${column("seriesId")})`,
  "artwork.traits": ({ column, table }) => `(${traitsSql(column, table)})`,
  // A receipt first seen in a mint has no root, and was anchored.
  "receipt.anchored": ({ column, table }) =>
    `(not exists (select 1 from ${table("waitingAnchor")} w where w.chain_id = ${column("chainId")} and w.root = ${column("root")} and w.confirmed_seq = 0))`,
};
