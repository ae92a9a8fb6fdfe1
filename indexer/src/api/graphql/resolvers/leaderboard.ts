import { startOfWeek, weekOf } from "../../../lib/weeks.ts";
import { type LeaderboardSubject, leaderboardOf } from "../../query/leaderboards.ts";
import { MAX_FIRST } from "../../query/limits.ts";
import { rowsByKey } from "../../query/rowsByKey.ts";
import { under } from "../../query/selection.ts";
import { countOf } from "../../query/selectList.ts";
import { requestError } from "../errors.ts";
import type { ResolverArgs } from "./resolver.ts";

/** Rows that summing a week up counts as: it is done once for each block. */
const WEEK_COST = 200;

/** Fields of an entry that are rows of tables: for which subjects, and by which column. */
const parts = [
  { field: "account", type: "Account", key: "address", of: ["ARTISTS", "COLLECTORS", "WORKERS"] },
  { field: "worker", type: "Worker", key: "address", of: ["WORKERS"] },
  { field: "model", type: "Model", key: "modelId", of: ["MODELS"] },
] as const;

/** Reads a leaderboard of a week. */
export async function readLeaderboard({ context, selection, arguments: given }: ResolverArgs): Promise<unknown> {
  const first = countOf("first", given.first, MAX_FIRST);
  const subject = given.of as LeaderboardSubject;
  const now = context.block?.timestamp ?? 0;
  const time = typeof given.week === "number" ? given.week : now;
  if (time > now) throw requestError("BAD_INPUT", `week is a time up to ${now}, the time of this answer's block.`);
  context.budget.spend(WEEK_COST, "Account", []);
  const week = weekOf(time);
  const { entries, isApproximate } = await leaderboardOf(context, subject, week);
  const shown = entries.slice(0, first);
  const values = shown.map(({ key }) => key);
  const fields = under(selection.fields, "entries");
  const found = await Promise.all(
    parts.map(async ({ field, type, key, of }) => {
      const isPart = (of as readonly string[]).includes(subject);
      const rows = isPart ? await rowsByKey(context, { type, key, values, fields: under(fields, field) }) : new Map();
      return [field, rows] as const;
    }),
  );
  const start = startOfWeek(week);
  return {
    ...{ of: subject, start, end: startOfWeek(week + 1), isApproximate },
    entries: shown.map(({ key, rank, score }) => ({
      ...{ rank, score },
      address: subject === "MODELS" ? null : key,
      modelId: subject === "MODELS" ? key : null,
      ...Object.fromEntries(found.map(([field, rows]) => [field, rows.get(key) ?? null])),
    })),
  };
}
