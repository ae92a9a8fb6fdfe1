import { z } from "zod";
import { readCursor, writeCursor } from "../../query/keyset.ts";
import { MAX_FIRST } from "../../query/limits.ts";
import { ancestors, descendants, type Step } from "../../query/remixes.ts";
import { rowsByKey } from "../../query/rowsByKey.ts";
import { under } from "../../query/selection.ts";
import { countOf } from "../../query/selectList.ts";
import { requestError } from "../errors.ts";
import type { ResolverArgs } from "./resolver.ts";

const cursorJson = z.tuple([
  z.enum(["ANCESTORS", "DESCENDANTS"]),
  z.string(),
  z.string().regex(/^\d{1,78}$/),
  z.int().min(1),
]);

/** One page of what an artwork was made from, or of what was made from it. */
export async function readRemixTree({ context, selection, arguments: given }: ResolverArgs): Promise<unknown> {
  const first = countOf("first", given.first, MAX_FIRST);
  const [root, direction] = [String(given.tokenId), given.direction as "ANCESTORS" | "DESCENDANTS"];
  const after = typeof given.after === "string" ? stepAt(given.after, direction, root) : undefined;
  // Each step is a look at an index, whatever is asked of it.
  context.budget.spend(first, "Artwork", []);
  const found =
    direction === "ANCESTORS"
      ? await ancestors(context, after ?? { tokenId: root, depth: 0 }, first + 1)
      : await descendants(context, root, after?.tokenId, first + 1);
  if (!found) throw requestError("BAD_CURSOR", `after is not a cursor of the artworks made from ${root}.`);
  const steps = found.slice(0, first);
  const rows = await rowsByKey(context, {
    ...{ type: "Artwork", key: "tokenId" },
    values: steps.map(({ tokenId }) => tokenId),
    fields: under(under(selection.fields, "nodes"), "artwork"),
  });
  const cursorOf = (step: Step | undefined) => (step ? writeCursor([direction, root, step.tokenId, step.depth]) : null);
  return {
    nodes: steps.map((step) => ({ ...step, artwork: rows.get(step.tokenId) ?? null })),
    pageInfo: {
      hasNextPage: found.length > first,
      hasPreviousPage: after !== undefined,
      startCursor: cursorOf(steps[0]),
      endCursor: cursorOf(steps.at(-1)),
    },
  };
}

function stepAt(cursor: string, direction: string, root: string): Pick<Step, "tokenId" | "depth"> {
  const parsed = readCursor(cursor, cursorJson);
  if (!parsed) throw requestError("BAD_CURSOR", "after is not a cursor of this API.");
  const [its, tree, tokenId, depth] = parsed;
  if (its !== direction || tree !== root) {
    throw requestError(
      "BAD_CURSOR",
      `after is a cursor of the ${its.toLowerCase()} of ${tree.slice(0, 80)}, not of the ${direction.toLowerCase()} of ${root}.`,
    );
  }
  return { tokenId, depth };
}
