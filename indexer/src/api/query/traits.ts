// Attributes of an artwork as `tokenURI` gives them (GridRenderer), from rows.
import type { TableName } from "./tables.ts";

/** Columns that the attributes of an artwork follow from. */
export interface TraitSource {
  readonly modelId: string;
  /** Null when the model is not registered. */
  readonly model: string | null;
  readonly worker: string;
  /** Null when the version has no row. */
  readonly completedAt: number | null;
  readonly policy: number;
  readonly version: number;
  /** Tags as the body states them, with commas between. Null when the series has no row. */
  readonly tags: string | null;
}

/** One attribute. */
export interface Attribute {
  readonly traitType: string;
  readonly value: string;
  readonly displayType: string | null;
}

const evolves = ["No", "By its artist", "By its owner"];

/** SQL of a {@link TraitSource} as JSON, by the columns of `artwork`. */
export function traitsSql(column: (key: string) => string, table: (name: TableName) => string): string {
  const [chain, tokenId] = [column("chainId"), column("tokenId")];
  const model = `select m.name from ${table("model")} m where m.chain_id = ${chain} and m.model_id = ${column("modelId")}`;
  const completed = `select v.completed_at from ${table("artworkVersion")} v where v.chain_id = ${chain} and v.token_id = ${tokenId} and v.version = ${column("versions")}`;
  const tags = `select s.tag_text from ${table("series")} s where s.chain_id = ${chain} and s.series_id = ${column("seriesId")}`;
  return `select json_build_object('modelId', ${column("modelId")}::text, 'model', (${model}), 'worker', ${column("worker")}, 'completedAt', (${completed}), 'policy', ${column("policy")}, 'version', ${column("versions")}, 'tags', (${tags}))`;
}

/**
 * Returns the attributes, in the order of `tokenURI`.
 * @throws Error when the artwork's series or version has no row.
 */
export function attributesOf(source: TraitSource): readonly Attribute[] {
  const { modelId, model, worker, completedAt, policy, version, tags } = source;
  if (completedAt === null || tags === null) throw new Error("Series and version of an artwork must not be missing.");
  const plain = (traitType: string, value: string, displayType: string | null = null): Attribute => ({
    ...{ traitType, value, displayType },
  });
  return [
    plain("Model", model || `Model #${modelId}`),
    plain("Worker Node", worker),
    plain("Generation Date", String(completedAt), "date"),
    plain("Evolves", evolves[policy] ?? "By its owner"),
    ...(version > 1 ? [plain("Version", String(version))] : []),
    ...tags
      .split(",")
      .filter((tag) => tag !== "")
      .map((tag) => plain("Tag", tag)),
  ];
}
