import { parseAccept } from "hono/utils/accept";

/**
 * Returns the media type that a client prefers to the default one (RFC 9110, 12.5.1). Its Accept header must name the type, with a weight
 * above 0 and not below the default's. Wildcards alone choose none.
 */
export function chosenType<Type extends string>(
  accept: string | undefined,
  types: readonly Type[],
  otherwise: string,
): Type | undefined {
  const ranges = parseAccept(accept ?? "").map(({ type, q }) => ({ type: type.toLowerCase(), q }));
  const weightOf = (type: string): number | undefined => ranges.find((range) => range.type === type)?.q;
  const [group] = otherwise.split("/");
  const other = weightOf(otherwise) ?? weightOf(`${group}/*`) ?? weightOf("*/*") ?? 0;
  const named = types
    .map((type) => ({ type, weight: weightOf(type) ?? 0 }))
    .filter(({ weight }) => weight > 0 && weight >= other)
    .sort((a, b) => b.weight - a.weight);
  return named[0]?.type;
}

/** Returns the one byte range of a Range header, as first and last. Other ranges are served with the whole file, as RFC 9110 allows. */
export function rangeOf(
  header: string | undefined,
  length: number,
): readonly [number, number] | "unsatisfiable" | undefined {
  const range = /^bytes=(\d*)-(\d*)$/i.exec(header?.trim() ?? "");
  if (!range || (range[1] === "" && range[2] === "")) return undefined;
  if (range[1] === "") {
    const last = Number(range[2]);
    return last === 0 ? "unsatisfiable" : [Math.max(0, length - last), length - 1];
  }
  const first = Number(range[1]);
  if (range[2] !== "" && Number(range[2]) < first) return undefined;
  if (first >= length) return "unsatisfiable";
  return [first, range[2] === "" ? length - 1 : Math.min(Number(range[2]), length - 1)];
}

/**
 * Returns true if a Range header counts beside an If-Range header, which must name the same entity tag. Weak tags and dates never match,
 * because files have no date.
 */
export function isRangeAsked(ifRange: string | undefined, etag: string): boolean {
  return ifRange === undefined || ifRange.trim() === etag;
}
