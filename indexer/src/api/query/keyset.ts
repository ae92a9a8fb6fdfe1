// Pages by keys: a cursor says where a row stands in an order, not the how-manieth it is. It holds when rows come and go.
import { z } from "zod";
import { QueryError } from "./errors.ts";
import { DEFAULT_FIRST, MAX_FIRST } from "./limits.ts";
import type { Row } from "./objectTypes.ts";
import { countOf } from "./selectList.ts";
import type { SqlType, Statement } from "./statement.ts";

/** Arguments of a page, as the schema has let them through. */
export interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

/** A column of an order. */
export interface Key {
  readonly sql: string;
  readonly type: SqlType | "text";
}

/** Which rows a page has. */
export interface Page {
  readonly rows: number;
  readonly isBackward: boolean;
  readonly after: readonly string[] | undefined;
  readonly before: readonly string[] | undefined;
}

/** Rows of a page, one more than it has if there are more, and how it was read. */
export interface ReadPage {
  readonly rows: readonly Row[];
  readonly page: Page;
  readonly order: string;
}

/** An order by its name and columns; the last tells rows apart that are equal in all others. */
export interface KeyOrder {
  readonly name: string;
  readonly isDescending: boolean;
  readonly keys: readonly Key[];
}

/** Returns the most rows of a page, and whether they are counted from its end. Refuses what no page can have. */
export function lengthOf({ first, last }: PageArguments): Pick<Page, "rows" | "isBackward"> {
  if (typeof first === "number" && typeof last === "number") {
    throw new QueryError("BAD_INPUT", "Give first or last, not both.");
  }
  const isBackward = typeof last === "number";
  const [name, value] = isBackward ? (["last", last] as const) : (["first", first ?? DEFAULT_FIRST] as const);
  return { rows: countOf(name, value, MAX_FIRST), isBackward };
}

/** Reads the arguments of a page. */
export function pageOf(page: PageArguments, order: KeyOrder): Page {
  const { after, before } = page;
  return {
    ...lengthOf(page),
    after: typeof after === "string" ? keysIn("after", after, order) : undefined,
    before: typeof before === "string" ? keysIn("before", before, order) : undefined,
  };
}

/** Conditions that a page's cursors make. */
export function between(page: Page, order: KeyOrder, statement: Statement): string[] {
  const tuple = (parts: readonly string[]) => (parts.length === 1 ? `${parts[0]}` : `(${parts.join(", ")})`);
  const beyond = (values: readonly string[], isLater: boolean): string => {
    const placeholders = values.map((value, i) => {
      const type = order.keys[i]?.type;
      return statement.value(value, type === "text" ? undefined : type);
    });
    const operator = isLater === order.isDescending ? "<" : ">";
    return `${tuple(order.keys.map(({ sql }) => sql))} ${operator} ${tuple(placeholders)}`;
  };
  return [...(page.after ? [beyond(page.after, true)] : []), ...(page.before ? [beyond(page.before, false)] : [])];
}

/** `order by`, from the end of the page if it is asked for from there. */
export function orderBy(
  page: Page,
  order: KeyOrder,
  keys: readonly string[] = order.keys.map(({ sql }) => sql),
): string {
  const direction = order.isDescending !== page.isBackward ? "desc" : "asc";
  return `order by ${keys.map((key) => `${key} ${direction}`).join(", ")}`;
}

/** Keys of a row as columns of a select list: `=0`, `=1`. */
export function keyColumns(keys: readonly string[]): string {
  return keys.map((key, i) => `${key}::text as "=${i}"`).join(", ");
}

/** A page of rows that were read with one more than it has. */
export interface Slice {
  readonly rows: readonly Row[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** Cuts the one more off, and puts rows read from the end in order. */
export function slice({ rows: read, page }: ReadPage): Slice {
  const hasMore = read.length > page.rows;
  const rows = hasMore ? read.slice(0, page.rows) : [...read];
  if (!page.isBackward) return { rows, hasNextPage: hasMore, hasPreviousPage: page.after !== undefined };
  return { rows: rows.reverse(), hasNextPage: page.before !== undefined, hasPreviousPage: hasMore };
}

/** Cursor of a row that was read with its keys. */
export function cursorOf(order: string, row: Row): string {
  return writeCursor([order, row["=0"], ...(row["=1"] === undefined ? [] : [row["=1"]])]);
}

/** Writes a cursor: JSON in base64. */
export function writeCursor(values: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(values)).toString("base64url");
}

/** Reads the values of a cursor. Undefined when it has another form. */
export function readCursor<Values>(cursor: string, form: z.ZodType<Values>): Values | undefined {
  try {
    return form.safeParse(JSON.parse(Buffer.from(cursor, "base64url").toString())).data;
  } catch {
    return undefined;
  }
}

const cursorJson = z.tuple([z.string()], z.string().max(300));

function keysIn(name: string, cursor: string, order: KeyOrder): string[] {
  const refuse = (message: string): never => {
    throw new QueryError("BAD_CURSOR", message);
  };
  const parsed = readCursor(cursor, cursorJson);
  if (!parsed) return refuse(`${name} is not a cursor of this API.`);
  const [stated, ...values] = parsed;
  if (stated !== order.name) return refuse(`${name} is a cursor of order ${stated.slice(0, 50)}, not ${order.name}.`);
  const isPlain =
    values.length === order.keys.length && values.every((value, i) => fits(value, order.keys[i]?.type ?? "text"));
  return isPlain ? values : refuse(`${name} is not a cursor of this API.`);
}

function fits(value: string, type: Key["type"]): boolean {
  if (type === "text") return !value.includes("\u0000");
  if (type === "real") return /^\d{1,40}(\.\d{1,40})?(e[+-]\d{1,3})?$/.test(value);
  return /^-?\d{1,78}$/.test(value);
}
