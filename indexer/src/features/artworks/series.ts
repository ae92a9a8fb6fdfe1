import { series } from "ponder:schema";
import type { EventContext, Store } from "../../lib/eventContext.ts";

export type SeriesRow = typeof series.$inferSelect;

/** Changes a series, and notes when. Returns it as it is now. */
export function changeSeries(
  db: Store,
  context: EventContext,
  seriesId: bigint,
  change: (row: SeriesRow) => Partial<SeriesRow>,
): Promise<SeriesRow> {
  return db
    .update(series, { chainId: context.chainId, seriesId })
    .set((row) => ({ ...change(row), updatedSeq: context.seq }));
}
