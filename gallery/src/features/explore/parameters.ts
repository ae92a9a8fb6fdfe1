// Parameters of the list of artworks, as they stand in its URL.

import { addressFault } from "@gridnft/sdk";
import type { ArtworkFilter, ArtworkOrder } from "@gridnft/sdk/gallery";
import type { Address } from "viem";
import { ParameterError } from "../../http/parameterError.ts";

/** Orders that the list offers. `BEST` is by the words. */
export const ORDERS = [
  ...(["NEWEST", "TRENDING", "OLDEST", "RECENTLY_UPDATED", "MOST_REMIXED", "MOST_VERSIONS"] as const),
  "MOST_TRANSFERRED",
] as const satisfies readonly ArtworkOrder[];

/** Properties by which the list is narrowed down, by the names of their parameters. */
export const FILTERS = ["model", "tag", "size", "worker", "artist", "owner", "series"] as const;
export type FilterName = (typeof FILTERS)[number];

/** Question for a page of artworks. */
export interface ExploreQuestion {
  readonly search: string;
  readonly filters: Readonly<Partial<Record<FilterName, string>>>;
  readonly order: "BEST" | (typeof ORDERS)[number];
  readonly after: string | undefined;
}

const unless = (isValid: boolean, fault: string): string | undefined => (isValid ? undefined : fault);

/** Faults of the filters' values; undefined for those that can be asked for. */
const faultOf: Readonly<Record<FilterName, (value: string) => string | undefined>> = {
  model: (value) => unless(/^\d{1,78}$/.test(value), "is not a token id"),
  series: (value) => unless(/^\d{1,78}$/.test(value), "is not a series id"),
  tag: (value) => unless(value.length <= 64, "is longer than 64 characters"),
  size: (value) => unless(/^\d{1,5}x\d{1,5}$/.test(value), "is not a size such as 512x768"),
  worker: addressFault,
  artist: addressFault,
  owner: addressFault,
};

/**
 * Reads the question from a URL. Empty parameters count as absent, unknown ones are left out.
 * @throws {@link ParameterError} with the parameter's name.
 */
export function readQuestion(parameters: URLSearchParams): ExploreQuestion {
  const read = (name: string): string | undefined => parameters.get(name)?.trim() || undefined;
  const search = read("q") ?? "";
  if (search.length > 1_000) throw new ParameterError("q", "is longer than 1,000 characters");
  const filters: Partial<Record<FilterName, string>> = {};
  for (const name of FILTERS) {
    const value = read(name);
    if (value === undefined) continue;
    const fault = faultOf[name](value);
    if (fault !== undefined) throw new ParameterError(name, fault);
    filters[name] = value;
  }
  const wanted = read("order");
  const order = ORDERS.find((one) => one === wanted) ?? (search ? "BEST" : "NEWEST");
  return { search, filters, order, after: read("after") };
}

/** Returns the path of a question. The first page of a list is without `after`. */
export function pathOf({ search, filters, order, after }: ExploreQuestion): string {
  const parameters = new URLSearchParams();
  if (search) parameters.set("q", search);
  for (const name of FILTERS) if (filters[name]) parameters.set(name, filters[name]);
  if (order !== (search ? "BEST" : "NEWEST")) parameters.set("order", order);
  if (after) parameters.set("after", after);
  const query = parameters.toString();
  return query ? `/explore?${query}` : "/explore";
}

/** Returns a question with one filter set, or without it; at its first page. */
export function withFilter(question: ExploreQuestion, name: FilterName, value: string | undefined): ExploreQuestion {
  const { [name]: _, ...others } = question.filters;
  return { ...question, filters: value === undefined ? others : { ...others, [name]: value }, after: undefined };
}

/** Returns the API's filter. */
export function filterOf({ filters }: ExploreQuestion): ArtworkFilter {
  const accountsOf = (name: "artist" | "owner" | "worker"): readonly Address[] | undefined =>
    filters[name] ? [filters[name].toLowerCase() as Address] : undefined;
  const [artist, owner, worker] = [accountsOf("artist"), accountsOf("owner"), accountsOf("worker")];
  return {
    ...(filters.model && { modelIds: [BigInt(filters.model)] }),
    ...(filters.series && { seriesId: BigInt(filters.series) }),
    ...(filters.tag && { tags: [filters.tag.toLowerCase()] }),
    ...(filters.size && { sizes: [filters.size] }),
    ...(artist && { artist }),
    ...(owner && { owner }),
    ...(worker && { worker }),
  };
}
