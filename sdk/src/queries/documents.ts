import type { Address, Hex } from "viem";
import { z } from "zod";
import { galleryDocument } from "./client.js";
import {
  account,
  activity,
  artwork,
  artworkCard,
  block,
  connection,
  lane,
  model,
  receipt,
  series,
  settlement,
  worker,
} from "./fields.js";
import type { Filter, FilterName, Order, OrderName } from "./filters.js";
import { withArguments } from "./selection.js";

/** Where a page begins, and how long it is (1 to 100, default 24). */
export interface PageVariables {
  readonly first?: number | undefined;
  readonly after?: string | undefined;
}

/** Variables of a list. */
export type ListVariables<filter extends FilterName, order extends OrderName> = PageVariables & {
  readonly filter?: Filter<filter> | undefined;
  readonly orderBy?: Order<order> | undefined;
};

/** A query for one thing, null when there is none, with the block that the answer is true at. */
function one<variables, const name extends string, schema extends z.ZodType>(
  operation: string,
  field: name,
  call: string,
  schema: schema,
) {
  const shape = { [field]: withArguments(schema.nullable(), call) } as Record<name, z.ZodNullable<schema>>;
  return galleryDocument<variables, z.ZodObject<Record<name, z.ZodNullable<schema>> & { block: typeof block }>>(
    operation,
    z.object({ ...shape, block }) as never,
  );
}

/** A query for a page of a list; its answer has the page under `page`. */
function list<variables, node extends z.ZodType>(
  field: string,
  [filter, order]: readonly [FilterName | undefined, OrderName],
  node: node,
  extra: { readonly declared: string; readonly passed: string } = { declared: "", passed: "" },
) {
  const declared = `$first: Int, $after: String, ${filter ? `$filter: ${filter}, ` : ""}$orderBy: ${order}${extra.declared}`;
  const passed = `first: $first, after: $after, ${filter ? "filter: $filter, " : ""}orderBy: $orderBy${extra.passed}`;
  const name = `${field.charAt(0).toUpperCase()}${field.slice(1)}`;
  const page = connection(node);
  const asked = z.object({ block, [field]: withArguments(page, `(${passed})`) });
  const text = galleryDocument<variables, typeof asked>(`${name}(${declared})`, asked);
  return {
    ...text,
    schema: asked.transform((answer) => ({
      block: answer.block as z.output<typeof block>,
      page: answer[field] as z.output<ReturnType<typeof connection<node>>>,
    })),
  };
}

/** Every query of the SDK by name. */
export const documents = {
  block: galleryDocument<Record<never, never>, z.ZodObject<{ block: typeof block }>>("Block", z.object({ block })),
  artwork: one<{ readonly tokenId: bigint }, "artwork", typeof artwork>(
    "Artwork($tokenId: BigInt!)",
    "artwork",
    "(tokenId: $tokenId)",
    artwork,
  ),
  artworks: list<
    ListVariables<"ArtworkFilter", "ArtworkOrder"> & { readonly search?: string | undefined },
    typeof artworkCard
  >("artworks", ["ArtworkFilter", "ArtworkOrder"], artworkCard, {
    declared: ", $search: String",
    passed: ", search: $search",
  }),
  series: one<{ readonly seriesId: bigint }, "series", typeof series>(
    "Series($seriesId: BigInt!)",
    "series",
    "(seriesId: $seriesId)",
    series,
  ),
  model: one<{ readonly modelId: bigint }, "model", typeof model>(
    "Model($modelId: BigInt!)",
    "model",
    "(modelId: $modelId)",
    model,
  ),
  models: list<ListVariables<"ModelFilter", "ModelOrder">, typeof model>(
    "models",
    ["ModelFilter", "ModelOrder"],
    model,
  ),
  worker: one<{ readonly address: Address }, "worker", typeof worker>(
    "Worker($address: Address!)",
    "worker",
    "(address: $address)",
    worker,
  ),
  workers: list<ListVariables<"WorkerFilter", "WorkerOrder">, typeof worker>(
    "workers",
    ["WorkerFilter", "WorkerOrder"],
    worker,
  ),
  account: one<{ readonly address: Address }, "account", typeof account>(
    "Account($address: Address!)",
    "account",
    "(address: $address)",
    account,
  ),
  receipt: one<{ readonly receiptId: Hex }, "receipt", typeof receipt>(
    "Receipt($receiptId: Hex!)",
    "receipt",
    "(receiptId: $receiptId)",
    receipt,
  ),
  receipts: list<ListVariables<"ReceiptFilter", "TimeOrder">, typeof receipt>(
    "receipts",
    ["ReceiptFilter", "TimeOrder"],
    receipt,
  ),
  settlements: list<ListVariables<"SettlementFilter", "TimeOrder">, typeof settlement>(
    "settlements",
    ["SettlementFilter", "TimeOrder"],
    settlement,
  ),
  lanes: list<ListVariables<"LaneFilter", "TimeOrder">, typeof lane>("lanes", ["LaneFilter", "TimeOrder"], lane),
  activity: list<ListVariables<"ActivityFilter", "TimeOrder">, typeof activity>(
    "activity",
    ["ActivityFilter", "TimeOrder"],
    activity,
  ),
} as const;
