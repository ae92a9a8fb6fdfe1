import { attribute } from "ponder:schema";
import type { EventContext, Store } from "../../lib/eventContext.ts";
import { partsOf } from "../../lib/keys.ts";

/** Numbers of artworks that more or fewer have each attribute. */
export type AttributeChanges = Map<string, number>;

/** Notes that artworks begin (1) or cease (-1) to have attributes. */
export function addAttributes(changes: AttributeChanges, attributes: readonly string[], artworks: 1 | -1): void {
  for (const each of attributes) changes.set(each, (changes.get(each) ?? 0) + artworks);
}

/** Writes the counters: one row for each attribute that any artwork has had. */
export async function writeAttributes(db: Store, { chainId }: EventContext, changes: AttributeChanges): Promise<void> {
  const more = [...changes].filter(([, artworks]) => artworks > 0);
  if (more.length > 0) {
    await db
      .insert(attribute)
      .values(more.map(([each, artworks]) => ({ chainId, attribute: each, ...partsOf(each), artworks })))
      .onConflictDoUpdate((row) => ({ artworks: row.artworks + (changes.get(row.attribute) ?? 0) }));
  }
  for (const [each, artworks] of changes) {
    if (artworks >= 0) continue;
    await db.update(attribute, { chainId, attribute: each }).set((row) => ({ artworks: row.artworks + artworks }));
  }
}
