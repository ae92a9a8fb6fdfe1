/** A parameter of a URL's query that is not taken. The message names it and lists those that are. */
export class SearchParameterError extends Error {
  override readonly name = "SearchParameterError";

  constructor(
    message: string,
    /** Name of the parameter at fault. */
    readonly parameter?: string,
  ) {
    super(message);
  }
}

/** Parameters that a route takes. */
export interface SearchParameters {
  readonly names: readonly string[];
  /** Names that may be repeated. */
  readonly lists?: readonly string[];
}

/**
 * Reads the query of a URL.
 * @param search The URL's text from `?` on; may be empty.
 * @throws {@link SearchParameterError} for an unknown name, a repeated one that is no list, bytes that are no UTF-8, and zero bytes.
 */
export function readSearchParameters(
  search: string,
  { names, lists = [] }: SearchParameters,
): Record<string, string | string[]> {
  const query = search.startsWith("?") ? search.slice(1) : search;
  if (query === "") return {};
  requireUtf8(query);
  const read: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (!names.includes(name)) throw new SearchParameterError(unknown(name, names), name);
    // No database takes them in a text.
    if (value.includes("\0")) throw new SearchParameterError(`${name} has a zero byte (%00).`, name);
    const before = Object.hasOwn(read, name) ? read[name] : undefined;
    if (before === undefined) read[name] = value;
    else if (lists.includes(name)) read[name] = [before, value].flat();
    else throw new SearchParameterError(`${name} is given more than once.`, name);
  }
  return read;
}

function unknown(name: string, names: readonly string[]): string {
  const shown = name.length > 60 ? `${name.slice(0, 60)}...` : name;
  const known = names.length === 0 ? "this route takes none" : `this route takes ${names.join(", ")}`;
  return `${shown === "" ? "An empty name" : shown} is not a parameter of this route: ${known}.`;
}

function requireUtf8(query: string): void {
  try {
    decodeURIComponent(query);
  } catch {
    throw new SearchParameterError("The URL's query is not percent-encoded UTF-8.");
  }
}
