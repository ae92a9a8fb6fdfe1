import { parseAccept } from "hono/utils/accept";
import { ApiError } from "../../error.ts";

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

/** Returns the seconds to wait, by RFC 7240: `respond-async` is 0, `wait=10` is 10, at most the limit. */
export function waitSecondsOf(prefer: string | undefined, limit: number): number {
  const preferences = (prefer ?? "")
    .toLowerCase()
    .split(",")
    .map((part) => part.trim());
  if (preferences.includes("respond-async")) return 0;
  const wait = preferences.map((part) => /^wait=(\d{1,6})$/.exec(part)?.[1]).find(Boolean);
  return wait === undefined ? limit : Math.min(Number(wait), limit);
}

/** Key as the IETF draft writes it, a string of RFC 9651 (without escapes), or bare, as many clients send it. */
const quoted = /^"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"$/;
const bare = /^([\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,255})$/;

/**
 * Reads the key of a request.
 * @throws {@link ApiError} `FIELD_INVALID`.
 */
export function readIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const key = (quoted.exec(header) ?? bare.exec(header))?.[1];
  if (key !== undefined) return key;
  throw new ApiError(
    "FIELD_INVALID",
    'Idempotency-Key is not 1 to 255 ASCII characters in quotes, such as "8e03978e".',
    { field: "Idempotency-Key" },
  );
}
