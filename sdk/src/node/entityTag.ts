/**
 * Returns true if an If-None-Match header names an entity tag. Tags are compared weakly (RFC 9110, 8.8.3.2): `W/"a"` and `"a"` are equal.
 * `*` is every tag.
 */
export function namesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  if (namesEveryTag(header)) return true;
  const opaque = opaqueOf(tag);
  return (header.match(/(?:W\/)?"[^"]*"/g) ?? []).some((one) => opaqueOf(one) === opaque);
}

/** Returns true if an If-None-Match header is `*`. */
export function namesEveryTag(header: string | undefined): boolean {
  return header?.trim() === "*";
}

function opaqueOf(tag: string): string {
  return tag.replace(/^W\//, "");
}
