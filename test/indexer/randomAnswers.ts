/**
 * The differential fuzz of the executor: answers to random questions beside those of graphql-js, byte for byte.
 *
 *   npm run fuzz:graphql                                  10,000 questions from a seed of its own
 *   GRID_FUZZ_SEED=7 GRID_FUZZ_RUNS=1 npm run fuzz:graphql   one of them again
 */
import {
  type DocumentNode,
  execute,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  getOperationAST,
  getVariableValues,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import { expect } from "vitest";
import type { Gallery } from "./gallery.ts";
import { type RandomQuestion, randomQuestion, type Stock } from "./randomQuestions.ts";

/** Questions in a test run. */
const RUNS = 400;

/** Ways in which a question may end; each has to occur. */
type End = "data" | "field errors" | "unreadable" | "invalid" | "no such operation" | "bad variables" | "limit";

/** Differences that are told at most. */
const MOST_TOLD = 3;

/** Asks random questions, and throws for those whose answers differ, with all that is needed to ask them again. */
export async function compareRandom(gallery: Gallery): Promise<void> {
  const seed = Number(process.env.GRID_FUZZ_SEED ?? 1);
  const runs = Number(process.env.GRID_FUZZ_RUNS ?? RUNS);
  const stock = stockOf(gallery);
  const ends = new Map<End, number>();
  const differences: string[] = [];
  for (let i = seed; i < seed + runs; i++) {
    const question = randomQuestion(gallery.executor.schema, stock, i);
    try {
      for (const variables of [question.variables, ...question.others]) {
        const end = await compare(gallery, { ...question, variables });
        ends.set(end, (ends.get(end) ?? 0) + 1);
      }
    } catch (error) {
      const again = `GRID_FUZZ_SEED=${i} GRID_FUZZ_RUNS=1 npm run fuzz:graphql`;
      const told = `${question.query}\n${JSON.stringify(question.variables)}`;
      differences.push(`${again}\n${told}\n${gallery.errors.splice(0).join("\n")}\n${String(error)}`);
      if (differences.length === MOST_TOLD) break;
    }
  }
  if (differences.length > 0) throw new Error(differences.join("\n\n"));
  console.log(`random questions from seed ${seed}: ${JSON.stringify(Object.fromEntries(ends))}`);
  if (runs < RUNS) return;
  // A generator that mostly writes nonsense would find nothing.
  expect(ends.get("data") ?? 0).toBeGreaterThan(0.4 * runs);
  expect(ends.get("field errors") ?? 0).toBeGreaterThan(0.02 * runs);
  for (const end of ["unreadable", "invalid", "no such operation", "bad variables"] as const) {
    expect([end, (ends.get(end) ?? 0) > 0]).toEqual([end, true]);
  }
}

function stockOf({ catalogue }: Gallery): Stock {
  const some = catalogue.artworks.filter((_, i) => i % 40 === 0);
  const addresses = some.flatMap(({ artist, owner, worker }) => [artist, owner, worker]);
  return {
    BigInt: [...some.map(({ tokenId }) => String(tokenId)), "1", "2", "3", "999999", 5],
    Address: [...addresses, addresses[0]?.toUpperCase().replace("X", "x")],
    Hex: some.map(({ imageHash }) => imageHash),
    search: ["study", "fox", "city or sea", "", "-no"],
    tags: ["fox", "sea", "none"],
    allTags: ["fox", "sea"],
    number: [1, 2],
    width: [512, 768],
    height: [512, 768],
  };
}

/** Compares two answers. Returns how the question ended. */
async function compare({ executor, errors }: Gallery, question: RandomQuestion): Promise<End> {
  const { json, isRefused } = await executor.executeJson(question);
  const answer = JSON.parse(json) as FormattedExecutionResult;
  const told = answer.errors ?? [];
  if (told.some(({ extensions }) => extensions?.code === undefined)) throw new Error(`No code: ${json}`);
  const [first] = told;
  if (isRefused && first?.extensions?.code === "TOO_EXPENSIVE") return "limit";
  const refusal = refusalOf(executor.schema, question);
  if (refusal) {
    expect(isRefused).toBe(true);
    const unmatched = told.map(plain);
    const matched = refusal.errors.map((error) => {
      const at = unmatched.findIndex((one) => isSaid(one, error));
      return at === -1 ? undefined : unmatched.splice(at, 1)[0];
    });
    expect(matched.sort()).toEqual(told.map(plain).sort());
    // Of what a scalar refuses graphql-js does not say where it stands.
    const places = refusal.errors.map(({ locations }, i) => locations ?? told[i]?.locations);
    expect(told.map(({ locations }) => locations)).toEqual(places);
    return refusal.end;
  }
  expect([isRefused, told.map(plain)]).toEqual([false, told.map(plain)]);
  const reference = JSON.parse(JSON.stringify(await executor.executeByReference(question))) as FormattedExecutionResult;
  expect(JSON.stringify(answer.data)).toBe(JSON.stringify(reference.data));
  expect(inOrder(told)).toEqual(inOrder(reference.errors ?? []));
  expect(answer.extensions).toEqual(reference.extensions);
  const unexpected = errors
    .splice(0)
    .map(String)
    .filter((error) => !error.includes("must not be") && !error.startsWith("Error: Cannot return null"));
  expect(unexpected).toEqual([]);
  return told.length > 0 ? "field errors" : "data";
}

/** Returns graphql-js's reason not to run a question. */
function refusalOf(
  schema: Gallery["executor"]["schema"],
  { query, variables, operationName }: RandomQuestion,
): { readonly end: End; readonly errors: readonly GraphQLFormattedError[] } | undefined {
  const refused = (end: End, errors: readonly GraphQLError[]) => ({
    end,
    errors: JSON.parse(JSON.stringify(errors)) as GraphQLFormattedError[],
  });
  let document: DocumentNode;
  try {
    document = parse(query);
  } catch (error) {
    if (error instanceof GraphQLError) return refused("unreadable", [error]);
    throw error;
  }
  const invalid = validate(schema, document, specifiedRules, { maxErrors: 10 });
  // Fragments in circles are looked for before all else.
  const circles = invalid.filter(({ message }) => message.startsWith("Cannot spread fragment"));
  if (invalid.length > 0) return refused("invalid", circles.length > 0 ? circles : invalid);
  const operation = getOperationAST(document, operationName);
  if (!operation) {
    const { errors = [] } = execute({ schema, document, operationName: operationName ?? null }) as {
      errors?: readonly GraphQLError[];
    };
    return refused("no such operation", errors);
  }
  if (operation.operation !== "query") {
    // Variables, which it would look at first, are none of an operation that there is not.
    const bare = { ...document, definitions: [{ ...operation, variableDefinitions: [] }] };
    const { errors = [] } = execute({ schema, document: bare }) as { errors?: readonly GraphQLError[] };
    return refused("no such operation", errors);
  }
  const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variables, { maxErrors: 10 });
  return errors && refused("bad variables", errors);
}

function plain({ message }: GraphQLFormattedError): string {
  return message;
}

/** Returns whether our message of an error holds graphql-js's. Of a value that doesn't fit ours names the place before. */
function isSaid(message: string, { message: expected }: GraphQLFormattedError): boolean {
  if (message === expected || message.endsWith(`; ${expected}`)) return true;
  // Of a long value only the beginning is told.
  const [head = "", tail] = message.split("...");
  return tail !== undefined && expected.startsWith(head) && expected.endsWith(tail);
}

/** Errors of fields are told when they are known, which may be in any order. */
function inOrder(errors: readonly GraphQLFormattedError[]): unknown[] {
  return errors
    .map(({ message, locations, path, extensions }) => ({ message, locations, path, extensions }))
    .sort((a, b) => (JSON.stringify(a.path) < JSON.stringify(b.path) ? -1 : 1));
}
