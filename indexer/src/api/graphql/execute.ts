import { readFileSync } from "node:fs";
import {
  buildSchema,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getArgumentValues,
  isNonNullType,
} from "graphql";
import type { Address } from "viem";
import type { ChainReader } from "../chain.ts";
import { BlockNotIndexedError, type Fresh, type IndexedBlock } from "../fresh.ts";
import type { Asking, Shared } from "../sql/asking.ts";
import type { Reader, ReadPool } from "../sql/pool.ts";
import { tableOf } from "../sql/tables.ts";
import { unwrapDescriptions } from "./descriptions.ts";
import { createDocuments, type Operation } from "./documents.ts";
import { questionError } from "./errors.ts";
import { MAX_ROOT_FIELDS } from "./limits.ts";
import { isList, newBudget } from "./look.ts";
import { asksDatabase, rootOf } from "./roots.ts";
import { defineScalars } from "./scalars.ts";
import type { Selection } from "./selection.ts";
import { computedColumns, fieldOf, isChild, objectTypes, setSettlement } from "./types.ts";
import { badVariable } from "./values.ts";
import { reader, write } from "./write.ts";

/** Text of the gallery schema. */
export const schemaText = readFileSync(new URL("./schema.graphql", import.meta.url), "utf8");

/** What may stand beside a question. */
export interface QuestionExtensions {
  /** Block that has to be indexed before the answer is read. */
  readonly minBlock?: number | undefined;
  /** SHA-256 of a question in place of its text, or beside it the first time. */
  readonly persistedQuery?: { readonly version: 1; readonly sha256Hash: string } | undefined;
}

/** One question as it comes over HTTP. */
export interface Question {
  readonly query?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly operationName?: string | null | undefined;
  readonly extensions?: QuestionExtensions | null | undefined;
}

/** An answer as JSON. */
export interface Answer {
  readonly json: string;
  /** The question was never run. */
  readonly isRefused: boolean;
  /** Everything up to it is in the answer. */
  readonly block: IndexedBlock | undefined;
  /** Rows that it asked for. */
  readonly rows: number;
}

/** Rows that count as much as one request more, where requests are limited. */
const ROWS_PER_COST = 100;

/** What an answer cost beyond the 1 of its request. */
export function costOf({ rows }: Answer): number {
  return Math.floor(rows / ROWS_PER_COST);
}

/** Answers questions. */
export interface Answerer {
  readonly schema: GraphQLSchema;
  /** The answer as it goes over the wire. */
  answerJson(question: Question): Promise<Answer>;
  /** The same as an object. */
  answer(question: Question): Promise<{ readonly result: ExecutionResult; readonly isRefused: boolean }>;
  /** The same by graphql-js, field by field: slower, and what `answerJson` is compared with. */
  answerByReference(question: Question): Promise<ExecutionResult>;
  /** For REST, which asks the functions below `sql/` without a document. */
  asking(): Asking;
  /** Waits for a block, for at most 5 seconds. */
  reach(block: number): Promise<void>;
}

export interface AnswererDependencies {
  readonly pool: ReadPool;
  readonly chain: ChainReader;
  readonly fresh: Fresh;
  readonly chainId: number;
  /** GridSettlement, in whose domain receipts are signed. */
  readonly settlement: Address;
  /** Told of errors that the asker is not shown. */
  readonly onError: (error: unknown) => void;
}

/** Milliseconds that `minBlock` waits. */
const BLOCK_PATIENCE = 5_000;
/** Totals, facets and estimates that are kept until the next block. */
const MAX_CACHED = 20_000;

/** Builds the schema and everything that answers it. */
export function createAnswerer(dependencies: AnswererDependencies): Answerer {
  const { pool, chain, fresh, chainId, settlement } = dependencies;
  const schema = buildSchema(schemaText);
  defineScalars(schema);
  unwrapDescriptions(schema);
  requireAnswers(schema);
  setSettlement(chainId, settlement);
  const documents = createDocuments(schema);
  const shared: Shared = { chain, fresh, chainId, cache: fresh.cachedPerBlock(MAX_CACHED) };
  const query = schema.getQueryType();
  if (!query) throw new Error("The schema has no queries.");
  const fields = query.getFields();

  function asking(block = fresh.current(), snapshot?: Reader): Asking {
    return {
      shared,
      byKey: snapshot ?? pool.reader,
      lists: snapshot ?? pool.lists,
      schema: fresh.schema(),
      chainId,
      budget: newBudget(),
      block,
    };
  }

  async function reach(block: number): Promise<void> {
    const now = fresh.current();
    if (now && now.number >= block) return;
    try {
      await fresh.atLeast(block, BLOCK_PATIENCE);
    } catch (error) {
      if (error instanceof BlockNotIndexedError) throw questionError("BLOCK_NOT_REACHED", error.message);
      throw error;
    }
  }

  function textOf({ query: text, extensions }: Question): string {
    const hash = extensions?.persistedQuery?.sha256Hash.toLowerCase();
    if (hash === undefined) {
      if (text === undefined) throw questionError("BAD_INPUT", "query is missing: the question's text.");
      return text;
    }
    if (text !== undefined) {
      documents.keep(hash, text);
      return text;
    }
    const known = documents.byHash(hash);
    // The message is what clients of this protocol look for.
    if (known === undefined) throw questionError("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");
    return known;
  }

  /** Reads a question and runs it, or says why it can't. */
  async function begin<Result>(
    question: Question,
    run: (running: Running) => Promise<Result>,
  ): Promise<Result | readonly GraphQLError[]> {
    try {
      const operation = documents.operation(textOf(question), question.operationName);
      if (!("selections" in operation)) return operation;
      const { coerced: variables, errors } = operation.variables(question.variables ?? {});
      if (errors) return errors.map(badVariable);
      const { minBlock } = question.extensions ?? {};
      if (minBlock !== undefined) await reach(minBlock);
      const selections = operation.isIntrospection ? [] : operation.selections(variables);
      if (selections.length > MAX_ROOT_FIELDS) {
        return [
          questionError(
            "TOO_EXPENSIVE",
            `This asks for ${selections.length} root fields; a question has at most ${MAX_ROOT_FIELDS} root fields.`,
          ),
        ];
      }
      const block = fresh.current();
      const running = (snapshot?: Reader) => run({ operation, variables, selections, asking: asking(block, snapshot) });
      // Several statements answer from one state of the database. Totals, which are kept for a block, are no second statement.
      return selections.filter(asksDatabase).length > 1 ? await pool.snapshot(running) : await running();
    } catch (error) {
      return [shown(error, dependencies)];
    }
  }

  function root({ asking: of, variables }: Running, selection: Selection): Promise<unknown> {
    const run = rootOf(selection.name);
    const definition = fields[selection.name];
    const [node] = selection.nodes;
    if (!run || !definition || !node) throw new Error(`Root field ${selection.name} has no meaning.`);
    const given = definition.args.length === 0 ? {} : getArgumentValues(definition, node, variables);
    return run({ asking: of, selection, arguments: given });
  }

  async function runJson(running: Running): Promise<Answer> {
    const { selections, asking: of } = running;
    const errors: GraphQLError[] = [];
    let isNulled = false;
    const parts = await Promise.all(
      selections.map(async (selection) => {
        if (selection.name === "__typename") return '"Query"';
        try {
          return write(selection, await root(running, selection));
        } catch (error) {
          errors.push(shown(error, dependencies, selection));
          if (isNonNullType(selection.type)) isNulled = true;
          return "null";
        }
      }),
    );
    const members = selections.map(({ responseName }, i) => `${JSON.stringify(responseName)}:${parts[i]}`);
    const told = errors.length > 0 ? `"errors":${JSON.stringify(errors)},` : "";
    const json = `{${told}"data":${isNulled ? "null" : `{${members.join()}}`}${blockJson(of.block)}}`;
    return { json, isRefused: false, block: of.block, rows: of.budget.spent };
  }

  /** By graphql-js: what is asked of the schema itself, and everything in tests. */
  async function runReference(running: Running): Promise<ExecutionResult> {
    const bySelection = new Map(running.selections.map((selection) => [selection.responseName, selection]));
    const { operation, variables, asking: of } = running;
    const result = await execute({
      schema,
      document: operation.document,
      operationName: operation.node.name?.value ?? null,
      variableValues: variables,
      fieldResolver: (source, _arguments, _context, info) => {
        const selection = info.parentType === query ? bySelection.get(String(info.path.key)) : undefined;
        if (selection) return root(running, selection);
        return reader(info.parentType.name, { name: info.fieldName, responseName: String(info.path.key) })(source);
      },
    });
    return {
      ...(result.errors && { errors: result.errors.map((error) => shown(error, dependencies)) }),
      ...(result.data !== undefined && { data: result.data }),
      ...(of.block && { extensions: { block: of.block } }),
    };
  }

  async function answerJson(question: Question): Promise<Answer> {
    const answer = await begin(question, async (running) => {
      if (!running.operation.isIntrospection) return runJson(running);
      return {
        json: JSON.stringify(await runReference(running)),
        isRefused: false,
        block: running.asking.block,
        rows: running.asking.budget.spent,
      };
    });
    if ("json" in answer) return answer;
    const block = fresh.current();
    return { json: `{"errors":${JSON.stringify(answer)}${blockJson(block)}}`, isRefused: true, block, rows: 0 };
  }

  return {
    schema,
    asking,
    reach,
    answerJson,
    answer: async (question) => {
      const { json, isRefused } = await answerJson(question);
      return { result: JSON.parse(json) as ExecutionResult, isRefused };
    },
    answerByReference: async (question) => {
      const answer = await begin(question, runReference);
      return Array.isArray(answer) ? { errors: answer } : (answer as ExecutionResult);
    },
  };
}

/** A question that fits the schema, on its way. */
interface Running {
  readonly operation: Operation;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly selections: readonly Selection[];
  readonly asking: Asking;
}

let lastBlock: { readonly block: IndexedBlock; readonly json: string } | undefined;

function blockJson(block: IndexedBlock | undefined): string {
  if (!block) return "";
  if (lastBlock?.block !== block) lastBlock = { block, json: `,"extensions":${JSON.stringify({ block })}` };
  return lastBlock.json;
}

/** Says what the asker can put right, and of everything else only that it went wrong. */
function shown(error: unknown, { onError }: AnswererDependencies, selection?: Selection): GraphQLError {
  const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  const isOurs = !(original instanceof GraphQLError);
  if (isOurs) onError(original);
  const place = error instanceof GraphQLError ? error : undefined;
  const nodes = place?.nodes ?? selection?.nodes;
  const path = place?.path ?? (selection && [selection.responseName]);
  return new GraphQLError(isOurs ? "Something went wrong on our side." : original.message, {
    ...(nodes && { nodes }),
    ...(path && { path }),
    extensions: isOurs ? { code: "INTERNAL" } : original.extensions,
  });
}

/** Every field of the schema must come from somewhere: a gap is found at boot, not by whoever asks first. */
function requireAnswers(schema: GraphQLSchema): void {
  for (const [name, type] of Object.entries(objectTypes)) {
    const graphqlType = schema.getType(type.schemaType ?? name);
    if (!graphqlType || !("getFields" in graphqlType)) throw new Error(`The schema has no type ${name}.`);
    const table = tableOf(type.table);
    for (const [fieldName, definition] of Object.entries(graphqlType.getFields())) {
      const field = fieldOf(type, fieldName);
      if (isChild(field)) {
        const is = isList(definition as Pick<Selection, "type">);
        if (is !== (field.order !== undefined)) throw new Error(`${name}.${fieldName}: one row, or a list?`);
        continue;
      }
      for (const column of field.columns) {
        const isKnown = table.columns.has(column) || `${type.table}.${column}` in computedColumns;
        if (!isKnown) throw new Error(`${name}.${fieldName} has no column.`);
      }
    }
  }
  for (const field of Object.keys(schema.getQueryType()?.getFields() ?? {})) {
    if (!rootOf(field)) throw new Error(`Root field ${field} has no meaning.`);
  }
}
