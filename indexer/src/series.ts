import { series } from "ponder:schema";
import type { Place, Store } from "./place.ts";

export type SeriesRow = typeof series.$inferSelect;

/** Changes a series, and notes when. Returns it as it is now. */
export function changeSeries(
  db: Store,
  place: Place,
  seriesId: bigint,
  change: (row: SeriesRow) => Partial<SeriesRow>,
): Promise<SeriesRow> {
  return db
    .update(series, { chainId: place.chainId, seriesId })
    .set((row) => ({ ...change(row), updatedSeq: place.seq }));
}
