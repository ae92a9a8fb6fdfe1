// `/tables`: every table as it is, by Ponder's generated GraphQL, for questions that nobody foresaw. It makes a statement of its own for
// each field and reads whole rows, so it is let out by the spoon.
import { getTableColumns, is, Table } from "drizzle-orm";
import { type ASTNode, type DocumentNode, GraphQLError, parse, visit } from "graphql";
import type { Context, MiddlewareHandler } from "hono";
import { z } from "zod";
import { charge } from "./public.ts";

export const tableLimits = {
  depth: 6,
  tokens: 800,
  aliases: 10,
  /** Rows of one list. */
  page: 100,
  /** Rows of a whole question. */
  rows: 500,
  /** Questions at a time. */
  questions: 4,
  /** Milliseconds. */
  time: 5_000,
} as const;

/** Rows of a list that does not say how many. */
const DEFAULT_PAGE = 50;
/** Types of columns that Ponder's GraphQL has no word for. */
const unspeakable = ["tsvector"];

const questionJson = z.object({
  query: z.string().min(1),
  variables: z.record(z.string(), z.unknown()).nullish(),
});

/** The tables that Ponder's GraphQL can show. */
export function speakableTables<Tables extends Readonly<Record<string, unknown>>>(tables: Tables): Tables {
  const speakable = Object.entries(tables).filter(
    ([name, table]) =>
      name === "default" ||
      !is(table, Table) ||
      Object.values(getTableColumns(table)).every((column) => !unspeakable.includes(column.getSQLType())),
  );
  return Object.fromEntries(speakable) as Tables;
}

/** Lets a question through to Ponder's GraphQL if it is small enough, and gives up on it after a while. */
export function limitTables(): MiddlewareHandler {
  let running = 0;
  return async (context, next) => {
    if (context.req.method !== "POST") {
      context.header("allow", "POST");
      return context.json(refusal("BAD_INPUT", "Questions are posted here as JSON: {query, variables?}."), 405);
    }
    const text = await context.req.text();
    const parsed = questionJson.safeParse(parseJson(text));
    if (!parsed.success) return context.json(refusal("BAD_INPUT", "The body is JSON: {query, variables?}."), 400);
    let rows: number;
    try {
      const document = parse(parsed.data.query, { maxTokens: tableLimits.tokens, noLocation: true });
      rows = rowsOf(document, parsed.data.variables ?? {});
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      return context.json(refusal(String(error.extensions.code ?? "BAD_INPUT"), error.message), 400);
    }
    if (running >= tableLimits.questions) {
      return busy(
        context,
        `Only ${tableLimits.questions} questions at a time are answered here: ask again in a moment.`,
      );
    }
    charge(context, Math.ceil(rows / 20));
    // A body can be read once, and Ponder's GraphQL reads it again.
    const { url, method, headers } = context.req.raw;
    context.req.raw = new Request(url, { method, headers, body: text });
    running++;
    const answered = next().finally(() => running--);
    const late = Symbol();
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<typeof late>((resolve) => {
      timer = setTimeout(() => resolve(late), tableLimits.time);
    });
    const first = await Promise.race([answered, patience]).finally(() => clearTimeout(timer));
    if (first !== late) return undefined;
    answered.catch(() => undefined);
    return busy(context, `This took more than ${tableLimits.time / 1_000} s: ask for less at a time.`);
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function busy(context: Context, message: string): Response {
  context.header("retry-after", "1");
  return context.json(refusal("TOO_SLOW", message), 503);
}

function refusal(code: string, message: string): object {
  return { errors: [{ message, extensions: { code } }] };
}

/**
 * Rows that a question may ask for.
 * @throws GraphQLError `TOO_EXPENSIVE` when one of its lists, or all of it, is too long.
 */
export function rowsOf(document: DocumentNode, variables: Readonly<Record<string, unknown>>): number {
  const standing = new Map<string, unknown>();
  let rows = 0;
  visit(document, {
    VariableDefinition: ({ variable, defaultValue }) => {
      if (defaultValue?.kind === "IntValue") standing.set(variable.name.value, Number(defaultValue.value));
    },
    Field: (node) => {
      // Rows stand in `items`, so whatever has those, or asks for a number of them, is a list.
      const limit = node.arguments?.find(({ name }) => name.value === "limit");
      const isList = limit !== undefined || node.selectionSet?.selections.some(isItems) === true;
      if (!isList) return;
      const asked = limit ? numberOf(limit.value) : DEFAULT_PAGE;
      if (asked > tableLimits.page) {
        throw tooMuch(`limit is at most ${tableLimits.page}, and ${asked} was asked for: go on by cursor.`);
      }
      rows += asked;
    },
  });
  if (rows > tableLimits.rows)
    throw tooMuch(`A question has at most ${tableLimits.rows} rows, and this asks for ${rows}.`);
  return rows;

  function numberOf(value: ASTNode): number {
    if (value.kind === "IntValue") return Math.abs(Number(value.value));
    if (value.kind !== "Variable") return DEFAULT_PAGE;
    const given = variables[value.name.value] ?? standing.get(value.name.value) ?? DEFAULT_PAGE;
    return Math.abs(Number(given));
  }
}

function isItems(node: ASTNode): boolean {
  return (
    node.kind === "FragmentSpread" ||
    node.kind === "InlineFragment" ||
    (node.kind === "Field" && node.name.value === "items")
  );
}

function tooMuch(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: "TOO_EXPENSIVE" } });
}
