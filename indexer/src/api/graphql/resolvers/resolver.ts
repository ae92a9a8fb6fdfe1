import type { QueryContext } from "../../query/queryContext.ts";
import type { Selection } from "../selection.ts";

/** Arguments of a resolver: a field of `Query` as it is asked for. */
export interface ResolverArgs {
  readonly context: QueryContext;
  readonly selection: Selection;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** Reader of a field of `Query`. */
export type Resolver = (args: ResolverArgs) => Promise<unknown>;
