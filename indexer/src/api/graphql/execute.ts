import { readFileSync } from "node:fs";
import {
  buildSchema,
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getOperationAST,
  isListType,
  isNonNullType,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import type { ChainReader } from "../chain.ts";
import { readProgress } from "../progress.ts";
import { Statement } from "../sql/builder.ts";
import type { Reader, ReadPool } from "../sql/pool.ts";
import { columnOf, placeOfTable, tableOf } from "../sql/tables.ts";
import { questionError } from "./errors.ts";
import { boundedIntrospection } from "./introspection.ts";
import { lists } from "./lists.ts";
import { type Budget, fieldsAsked, newBudget, selectList } from "./look.ts";
import { type Connection, page } from "./page.ts";
import { defineScalars } from "./scalars.ts";
import { childKey, fieldOf, isChild, objectTypes, type Row } from "./types.ts";

/** Text of the gallery schema. */
export const schemaText = readFileSync(new URL("./schema.graphql", import.meta.url), "utf8");

/** One question as it comes over HTTP. */
export interface Question {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly operationName?: string | null | undefined;
}

/** Answers questions. */
export interface Answerer {
  readonly schema: GraphQLSchema;
  /** `isRefused`: the question was never run. */
  answer(question: Question): Promise<{ readonly result: ExecutionResult; readonly isRefused: boolean }>;
}

export interface AnswererDependencies {
  readonly pool: ReadPool;
  readonly chain: ChainReader;
  /** Schema of the database whose tables answer now. */
  readonly schema: () => string;
  readonly chainId: number;
  /** Told of errors that the asker is not shown. */
  readonly onError: (error: unknown) => void;
}

interface Context {
  readonly reader: Reader;
  readonly budget: Budget;
  readonly dependencies: AnswererDependencies;
}

const MAX_DOCUMENTS = 1_000;
const MAX_TOKENS = 4_000;
const MAX_ROOT_FIELDS = 20;
/** Longer questions are read anew each time: a thousand of them would fill the memory. */
const MAX_KEPT = 10_000;

const rules = [...specifiedRules, boundedIntrospection];

/** Root fields that find one row: the arguments that name it, by column. */
const single: Readonly<Record<string, readonly (readonly [argument: string, column: string])[]>> = {
  artwork: [["tokenId", "tokenId"]],
  series: [["seriesId", "seriesId"]],
  model: [["modelId", "modelId"]],
  worker: [["address", "address"]],
  signer: [["address", "signer"]],
  account: [["address", "address"]],
  receipt: [["receiptId", "receiptId"]],
  lane: [["laneId", "laneId"]],
  protocol: [],
};

const typeOfSingle: Readonly<Record<string, string>> = {
  artwork: "Artwork",
  series: "Series",
  model: "Model",
  worker: "Worker",
  signer: "Signer",
  account: "Account",
  receipt: "Receipt",
  lane: "Lane",
  protocol: "Protocol",
};

/** Builds the schema and everything that answers it. */
export function createAnswerer(dependencies: AnswererDependencies): Answerer {
  const schema = buildSchema(schemaText);
  defineScalars(schema);
  requireAnswers(schema);
  const documents = new Map<string, DocumentNode | readonly GraphQLError[]>();

  function documentOf(query: string): DocumentNode | readonly GraphQLError[] {
    const known = documents.get(query);
    if (known) return known;
    const read = readDocument(schema, query);
    const oldest = documents.size >= MAX_DOCUMENTS ? documents.keys().next().value : undefined;
    if (oldest !== undefined) documents.delete(oldest);
    if (query.length <= MAX_KEPT) documents.set(query, read);
    return read;
  }

  async function run(document: DocumentNode, question: Question, reader: Reader): Promise<ExecutionResult> {
    const contextValue: Context = { reader, budget: newBudget(), dependencies };
    const result = await execute({
      schema,
      document,
      contextValue,
      fieldResolver: resolve as GraphQLFieldResolver<unknown, unknown>,
      variableValues: question.variables ?? {},
      operationName: question.operationName ?? null,
    });
    return { ...result, ...(result.errors && { errors: result.errors.map((error) => shown(error, dependencies)) }) };
  }

  return {
    schema,
    answer: async (question) => {
      const document = documentOf(question.query);
      if (!("kind" in document)) return { result: { errors: document }, isRefused: true };
      const operation = getOperationAST(document, question.operationName);
      if (!operation) {
        const errors = [questionError("BAD_INPUT", "Say which operation to run: operationName.")];
        return { result: { errors }, isRefused: true };
      }
      // Several statements answer from one state of the database.
      const [only, second] = operation.selectionSet.selections;
      const reads = second !== undefined || only?.kind !== "Field" || /\btotalCount\b/.test(question.query);
      const result = reads
        ? await dependencies.pool.snapshot((reader) => run(document, question, reader))
        : await run(document, question, dependencies.pool.reader);
      return { result, isRefused: false };
    },
  };
}

function readDocument(schema: GraphQLSchema, query: string): DocumentNode | readonly GraphQLError[] {
  let document: DocumentNode;
  try {
    document = parse(query, { maxTokens: MAX_TOKENS, noLocation: false });
  } catch (error) {
    return [error instanceof GraphQLError ? error : questionError("BAD_INPUT", "The query can't be read.")];
  }
  const errors = validate(schema, document, rules, { maxErrors: 10 });
  return errors.length > 0 ? errors : document;
}

/** Says what the asker can put right, and of everything else only that it went wrong. */
function shown(error: GraphQLError, { onError }: AnswererDependencies): GraphQLError {
  const original = error.originalError;
  if (original === undefined || original === null || original instanceof GraphQLError) return error;
  onError(original);
  return new GraphQLError("Something went wrong on our side.", {
    ...(error.nodes && { nodes: error.nodes }),
    ...(error.path && { path: error.path }),
    extensions: { code: "INTERNAL" },
  });
}

const resolve = (
  source: Row | Connection | undefined,
  fieldArguments: Record<string, unknown>,
  context: Context,
  info: GraphQLResolveInfo,
): unknown => {
  const parent = info.parentType.name;
  if (parent === "Query") return resolveRoot(fieldArguments, context, info);
  if (parent.endsWith("Connection")) return resolveConnection(source as Connection, info);
  const type = objectTypes[parent];
  const row = source as Row;
  if (!type) return row[info.fieldName]; // Block, PageInfo, edges
  const field = fieldOf(type, info.fieldName);
  return isChild(field) ? row[childKey(String(info.path.key))] : field.of(row);
};

function resolveRoot(fieldArguments: Record<string, unknown>, context: Context, info: GraphQLResolveInfo): unknown {
  const { fieldName } = info;
  if (fieldsAsked(info, [info.operation.selectionSet]).length > MAX_ROOT_FIELDS) {
    throw questionError("TOO_EXPENSIVE", `A question has at most ${MAX_ROOT_FIELDS} root fields.`);
  }
  if (fieldName === "block") return readBlock(context);
  if (fieldName === "statistics") return readDays(fieldArguments.days, context, info);
  if (fieldName in lists) {
    const { schema, chainId } = context.dependencies;
    const { reader, budget } = context;
    return page({ reader, schema: schema(), chainId, budget }, info, fieldArguments);
  }
  return readSingle(fieldArguments, context, info);
}

function resolveConnection(connection: Connection, { fieldName }: GraphQLResolveInfo): unknown {
  const { edges, hasNextPage, hasPreviousPage } = connection;
  if (fieldName === "nodes") return edges.map(({ node }) => node);
  if (fieldName === "edges") return edges;
  if (fieldName === "totalCount") return connection.totalCount();
  return {
    hasNextPage,
    hasPreviousPage,
    startCursor: edges[0]?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  };
}

async function readSingle(
  fieldArguments: Record<string, unknown>,
  context: Context,
  info: GraphQLResolveInfo,
): Promise<Row | null> {
  const [keys, typeName] = [single[info.fieldName], typeOfSingle[info.fieldName]];
  if (!keys || !typeName) throw new Error(`Root field ${info.fieldName} has no meaning.`);
  const conditions = keys.map(([argument, column]) => [column, fieldArguments[argument]] as const);
  const [row] = await readRows({ typeName, conditions, rest: "limit 1", rows: 1 }, context, info);
  if (!row && info.fieldName === "protocol") {
    throw questionError("NOT_READY", "The protocol's first block is not indexed yet: ask again.");
  }
  return row ?? null;
}

async function readDays(days: unknown, context: Context, info: GraphQLResolveInfo): Promise<Row[]> {
  if (typeof days !== "number" || days < 1 || days > 1_000) {
    throw questionError("BAD_INPUT", "days is a number from 1 to 1000.");
  }
  const rest = `order by "day" desc limit ${days}`;
  return readRows({ typeName: "DayStatistics", conditions: [], rest, rows: days }, context, info);
}

interface Reading {
  readonly typeName: string;
  readonly conditions: readonly (readonly [column: string, value: unknown])[];
  readonly rest: string;
  readonly rows: number;
}

async function readRows(
  { typeName, conditions, rest, rows }: Reading,
  { reader, budget, dependencies }: Context,
  info: GraphQLResolveInfo,
): Promise<Row[]> {
  budget.spend(rows);
  const { schema, chainId } = dependencies;
  const statement = new Statement(schema(), chainId);
  const table = tableOf((objectTypes[typeName] ?? { table: "protocol" }).table);
  const alias = statement.alias();
  const sets = info.fieldNodes.map(({ selectionSet }) => selectionSet);
  const list = selectList({ info, statement, budget }, typeName, sets, alias, { rows, level: 1 });
  const where = [["chainId", chainId] as const, ...conditions].map(
    ([key, value]) => `${columnOf(table, alias, key)} = ${statement.value(value)}`,
  );
  const text = `select ${list.length === 0 ? '1 as "1"' : list.join(", ")} from ${placeOfTable(statement, table)} ${alias} where ${where.join(" and ")} ${rest}`;
  return reader.query<Row>(text, statement.values);
}

/** The block that the rows are true at; its hash is the chain's, if that has the same block there. */
async function readBlock({ reader, dependencies }: Context): Promise<Row> {
  const { chain, schema, chainId } = dependencies;
  const progress = await readProgress(reader, schema(), chainId);
  const { number, timestamp } = progress ?? { number: 0, timestamp: 0 };
  const block = await chain.block(number).catch(() => undefined);
  return { chainId, number, timestamp, hash: block?.timestamp === timestamp ? block.hash : null };
}

/** Every field of the schema must come from somewhere: a gap is found at boot, not by whoever asks first. */
function requireAnswers(schema: GraphQLSchema): void {
  for (const [name, type] of Object.entries(objectTypes)) {
    const graphqlType = schema.getType(name);
    if (!graphqlType || !("getFields" in graphqlType)) throw new Error(`The schema has no type ${name}.`);
    const table = tableOf(type.table);
    for (const [fieldName, definition] of Object.entries(graphqlType.getFields())) {
      const field = fieldOf(type, fieldName);
      if (isChild(field)) {
        const isList = isListType(isNonNullType(definition.type) ? definition.type.ofType : definition.type);
        if (isList !== (field.order !== undefined)) throw new Error(`${name}.${fieldName}: one row, or a list?`);
        continue;
      }
      for (const column of field.columns) {
        if (!table.columns.has(column) && column !== "bonded") throw new Error(`${name}.${fieldName} has no column.`);
      }
    }
  }
  for (const field of Object.keys(schema.getQueryType()?.getFields() ?? {})) {
    const isKnown = field in single || field in lists || field === "block" || field === "statistics";
    if (!isKnown) throw new Error(`Root field ${field} has no meaning.`);
  }
}
