/** Returns the address of the next page of a list; undefined after the last one. */
export function nextOf(
  path: string,
  { hasNextPage, endCursor }: { readonly hasNextPage: boolean; readonly endCursor: string | null },
  parameters: Readonly<Record<string, string>> = {},
): string | undefined {
  if (!hasNextPage || endCursor === null) return undefined;
  return `${path}?${new URLSearchParams({ ...parameters, after: endCursor })}`;
}
