import { readFileSync } from "node:fs";
import {
  buildSchema,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getArgumentValues,
  isListType,
  isNonNullType,
} from "graphql";
import type { Address } from "viem";
import type { ChainReader } from "../../../ops/chainReader.ts";
import { type Admission, type Admitted, createAdmission } from "../query/admissionControl.ts";
import { computedColumns } from "../query/computedColumns.ts";
import { Deadline } from "../query/deadline.ts";
import { LateError } from "../query/errors.ts";
import { MAX_TIME } from "../query/limits.ts";
import { fieldOf, isChild, objectTypes, reader, setSettlement } from "../query/objectTypes.ts";
import type { IndexedBlock, QueryContext, SharedContext } from "../query/queryContext.ts";
import { MAX_CONNECTIONS, type Reader, type ReadPool } from "../query/readPool.ts";
import { newBudget } from "../query/selectList.ts";
import { tableOf } from "../query/tables.ts";
import { BlockNotIndexedError, type IndexingStatus } from "../status/indexingStatus.ts";
import { completeValue } from "./completeValue.ts";
import { EXPENSIVE, MAX_COST } from "./costs.ts";
import { unwrapDescriptions } from "./descriptions.ts";
import { createDocuments, type Operation } from "./documents.ts";
import { asGraphQLError, requestError, withCode } from "./errors.ts";
import { MAX_ROOT_FIELDS } from "./limits.ts";
import { costOfField } from "./queryCost.ts";
import { asksDatabase, resolverOf } from "./resolvers/rootFields.ts";
import { defineScalars } from "./scalars.ts";
import type { Selection } from "./selection.ts";
import { serialize } from "./serialize.ts";
import { badVariable } from "./valueErrors.ts";

/** Text of the gallery schema. */
export const schemaText = readFileSync(new URL("./schema.graphql", import.meta.url), "utf8");

/** Extensions that a request may have. */
export interface RequestExtensions {
  /** Block that has to be indexed before the answer is read. */
  readonly minBlock?: number | undefined;
  /** SHA-256 of a request in place of its text, or beside it the first time. */
  readonly persistedQuery?: { readonly version: 1; readonly sha256Hash: string } | undefined;
}

/** One request as it comes over HTTP. */
export interface GraphQLRequest {
  readonly query?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly operationName?: string | null | undefined;
  readonly extensions?: RequestExtensions | null | undefined;
}

/** An answer as JSON. */
export interface GraphQLResponse {
  readonly json: string;
  /** The request was never run. */
  readonly isRefused: boolean;
  /** Everything up to it is in the answer. */
  readonly block: IndexedBlock | undefined;
  /** In the unit of `costs.ts`, at least 1. */
  readonly cost: number;
  /** Seconds after which to ask again: there was no place for it. */
  readonly retryAfter?: number;
}

/** Returns the cost of a response beyond the 1 of its request. */
export function costOf({ cost }: Pick<GraphQLResponse, "cost">): number {
  return Math.ceil(cost) - 1;
}

/** Answers requests. */
export interface GraphQLExecutor {
  readonly schema: GraphQLSchema;
  /** The answer as it goes over the wire. `client`: who asks, for turns to go round; left out, one that nobody tells apart. */
  executeJson(request: GraphQLRequest, client?: string): Promise<GraphQLResponse>;
  /** Returns the response as an object. */
  execute(
    request: GraphQLRequest,
    client?: string,
  ): Promise<Pick<GraphQLResponse, "isRefused" | "cost"> & { readonly result: ExecutionResult }>;
  /** Executes by graphql-js, field by field. It is slower, and `executeJson` is compared with it. */
  executeByReference(request: GraphQLRequest): Promise<ExecutionResult>;
}

export interface ExecutorDependencies {
  readonly pool: ReadPool;
  readonly chain: ChainReader;
  readonly indexingStatus: IndexingStatus;
  readonly chainId: number;
  /** GridSettlement, in whose domain receipts are signed. */
  readonly settlement: Address;
  /** Told of errors that the client is not shown. */
  readonly onError: (error: unknown) => void;
  /** Milliseconds that a request may take. */
  readonly maxTime?: number;
  readonly admission?: Admission;
}

/**
 * Requests at a time, for a pool of {@link MAX_CONNECTIONS}: enough to keep all connections busy, while expensive ones have at most half of
 * them.
 */
const admitted = {
  ...{ running: 8 * MAX_CONNECTIONS, waiting: 1_000 },
  expensive: { cost: EXPENSIVE, running: MAX_CONNECTIONS / 2, waiting: 50 },
} as const;

/** Milliseconds that `minBlock` waits. */
const BLOCK_TIMEOUT = 5_000;
/** Seconds after which a request that found no place may be asked again. */
const RETRY_AFTER = 1;
/** Totals, facets and estimates that are kept until the next block. */
const MAX_CACHED = 20_000;

/** Builds the schema and everything that answers it. */
export function createExecutor(dependencies: ExecutorDependencies): GraphQLExecutor {
  const { pool, chain, indexingStatus, chainId, settlement } = dependencies;
  const { maxTime = MAX_TIME, admission = createAdmission(admitted) } = dependencies;
  const schema = buildSchema(schemaText);
  defineScalars(schema);
  unwrapDescriptions(schema);
  requireAnswers(schema);
  setSettlement(chainId, settlement);
  const documents = createDocuments(schema);
  const shared: SharedContext = { chain, cache: indexingStatus.cachedPerBlock(MAX_CACHED) };
  const query = schema.getQueryType();
  if (!query) throw new Error("The schema has no queries.");
  const fields = query.getFields();

  /** Reads through a pool, until the deadline. */
  function until(deadline: Deadline, reader: Reader): Reader {
    return { query: (text, values) => reader.query(text, values, deadline) };
  }

  function contextOf(deadline: Deadline, block: IndexedBlock | undefined, snapshot?: Reader): QueryContext {
    return {
      shared,
      byKey: snapshot ?? until(deadline, pool.reader),
      lists: snapshot ?? until(deadline, pool.lists),
      schema: indexingStatus.schema(),
      chainId,
      budget: newBudget(),
      deadline,
      block,
    };
  }

  async function reach(block: number): Promise<void> {
    const now = indexingStatus.current();
    if (now && now.number >= block) return;
    try {
      await indexingStatus.atLeast(block, BLOCK_TIMEOUT);
    } catch (error) {
      if (error instanceof BlockNotIndexedError) throw requestError("BLOCK_NOT_REACHED", error.message);
      throw error;
    }
  }

  function textOf({ query, extensions }: GraphQLRequest): string {
    const text = query ?? undefined;
    const hash = extensions?.persistedQuery?.sha256Hash.toLowerCase();
    if (hash === undefined) {
      if (text === undefined) throw requestError("BAD_INPUT", "query is missing: the question's text.");
      return text;
    }
    if (text !== undefined) {
      documents.keep(hash, text);
      return text;
    }
    const known = documents.byHash(hash);
    // The message is what clients of this protocol look for.
    if (known === undefined) throw requestError("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");
    return known;
  }

  /** Reads a request and runs it, or says why it can't. */
  async function begin<Result>(
    request: GraphQLRequest,
    client: string,
    run: (running: Running) => Promise<Result | readonly GraphQLError[]>,
  ): Promise<Result | readonly GraphQLError[]> {
    try {
      const operation = documents.operation(textOf(request), request.operationName);
      if (!("selections" in operation)) return operation;
      const { coerced: variables, errors } = operation.variables(request.variables ?? {});
      if (errors) return errors.map(badVariable);
      const { minBlock } = request.extensions ?? {};
      if (minBlock !== undefined) await reach(minBlock);
      const { selections, failure } = select(operation, variables);
      if (selections.length > MAX_ROOT_FIELDS) {
        return [
          requestError(
            "TOO_EXPENSIVE",
            `This asks for ${selections.length} root fields; a question has at most ${MAX_ROOT_FIELDS} root fields.`,
          ),
        ];
      }
      const asked = selections.map((selection) => ({ selection, ...argumentsOf(selection, variables) }));
      const cost = asked.reduce((sum, { selection, given }) => sum + (given ? costOfField(selection, given) : 0), 0);
      if (cost > MAX_COST) {
        const message = `This costs ${Math.ceil(cost)}, which is more than ${MAX_COST} at once: ask for fewer rows, facets or fields at a time.`;
        return [requestError("TOO_EXPENSIVE", message)];
      }
      if (!failure) operation.keep(variables, selections);
      return await within({ cost, client }, async (deadline) => {
        const block = indexingStatus.current();
        const running = (snapshot?: Reader) =>
          run({
            ...{ operation, variables, asked, cost: Math.max(1, cost) },
            ...(failure && { failure }),
            context: contextOf(deadline, block, snapshot),
          });
        // Several statements answer from one state of the database. Totals, which are kept for a block, are no second statement.
        return selections.filter(asksDatabase).length > 1 ? pool.snapshot(running, deadline) : running();
      });
    } catch (error) {
      return [shown(asGraphQLError(error), dependencies)];
    }
  }

  /** Runs a request when it is its turn, and ends its time. */
  async function within<Result>(
    request: Omit<Admitted, "deadline">,
    run: (deadline: Deadline) => Promise<Result>,
  ): Promise<Result> {
    const deadline = new Deadline(maxTime);
    try {
      return await admission.run({ ...request, deadline }, () => run(deadline));
    } finally {
      deadline.end();
    }
  }

  /** Arguments of a root field; a variable may be null where one must not be. */
  function argumentsOf({ name, nodes }: Selection, variables: Running["variables"]): Pick<Asked, "given" | "failure"> {
    const definition = fields[name];
    const [node] = nodes;
    if (!definition || !node || definition.args.length === 0) return { given: {} };
    try {
      return { given: getArgumentValues(definition, node, variables) };
    } catch (error) {
      if (error instanceof GraphQLError) return { failure: error };
      throw error;
    }
  }

  async function root(of: QueryContext, { selection, given, failure }: Asked): Promise<unknown> {
    const run = resolverOf(selection.name);
    if (!run) throw new Error(`Root field ${selection.name} has no meaning.`);
    if (!given) throw failure;
    try {
      const made = run({ context: of, selection, arguments: given });
      return await of.deadline.race(made, () => new LateError(maxTime));
    } catch (error) {
      throw asGraphQLError(error);
    }
  }

  async function runJson(running: Running): Promise<GraphQLResponse | readonly GraphQLError[]> {
    const { asked, failure, cost, context: of } = running;
    const parts = await Promise.all(asked.map((one) => part(of, one)));
    const errors = [...(failure ? [shown(failure, dependencies)] : []), ...parts.flatMap((one) => one.errors ?? [])];
    const told = errors.length > 0 ? `"errors":${JSON.stringify(errors)},` : "";
    const isNulled = failure !== undefined || parts.some(({ json }) => json === undefined);
    // Half a response is none where another process, or the same in a second, would answer.
    const full = errors.find(({ extensions }) => extensions.code === "OVERLOADED");
    if (full) return [full];
    const members = asked.map(({ selection }, i) => `${JSON.stringify(selection.responseName)}:${parts[i]?.json}`);
    const json = `{${told}"data":${isNulled ? "null" : `{${members.join()}}`}${blockJson(of.block)}}`;
    return { json, isRefused: false, block: of.block, cost };
  }

  /** JSON of a root field, and the errors in it. No JSON: it must not be null, and is. */
  async function part(of: QueryContext, asked: Asked): Promise<{ json?: string; errors?: GraphQLError[] }> {
    const { selection } = asked;
    if (selection.name === "__typename") return { json: '"Query"' };
    let read: () => unknown;
    try {
      const value = await root(of, asked);
      try {
        return { json: serialize(selection, value) };
      } catch {
        read = () => value;
      }
    } catch (error) {
      read = () => {
        throw error;
      };
    }
    const { value, errors } = completeValue(selection, read);
    const told = errors.map((error) => shown(error, dependencies));
    return value === undefined ? { errors: told } : { json: JSON.stringify(value), errors: told };
  }

  /** By graphql-js: what is asked of the schema itself, and everything in tests. */
  async function runReference(running: Running): Promise<ExecutionResult> {
    const { operation, variables, asked, context: of } = running;
    const byName = new Map(asked.map((one) => [one.selection.responseName, one]));
    const result = await execute({
      schema,
      document: operation.document,
      operationName: operation.node.name?.value ?? null,
      variableValues: variables,
      fieldResolver: (source, given, _context, info) => {
        const one = info.parentType === query ? byName.get(String(info.path.key)) : undefined;
        if (one) return root(of, one);
        return reader(info.parentType.name, { name: info.fieldName, arguments: given })(source);
      },
    });
    return {
      ...(result.errors && { errors: result.errors.map((error) => shown(error, dependencies)) }),
      ...(result.data !== undefined && { data: result.data }),
      ...(of.block && { extensions: { block: of.block } }),
    };
  }

  async function executeJson(request: GraphQLRequest, client = ""): Promise<GraphQLResponse> {
    const response = await begin(request, client, async (running) => {
      if (!running.asked.some(({ selection }) => isIntrospection(selection))) return runJson(running);
      return {
        json: JSON.stringify(await runReference(running)),
        isRefused: false,
        block: running.context.block,
        cost: running.cost,
      };
    });
    if ("json" in response) return response;
    const block = indexingStatus.current();
    const isFull = response.some(({ extensions }) => extensions.code === "OVERLOADED");
    return {
      json: `{"errors":${JSON.stringify(response)}${blockJson(block)}}`,
      ...{ isRefused: true, block, cost: 1 },
      ...(isFull && { retryAfter: RETRY_AFTER }),
    };
  }

  return {
    schema,
    executeJson,
    execute: async (request, client) => {
      const { json, isRefused, cost } = await executeJson(request, client);
      return { result: JSON.parse(json) as ExecutionResult, isRefused, cost };
    },
    executeByReference: async (request) => {
      const response = await begin(request, "", runReference);
      return Array.isArray(response) ? { errors: response } : (response as ExecutionResult);
    },
  };
}

/** A request that fits the schema, on its way. */
interface Running {
  readonly operation: Operation;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly asked: readonly Asked[];
  readonly cost: number;
  /** A directive on a root field has no value: nothing can be told. */
  readonly failure?: GraphQLError;
  readonly context: QueryContext;
}

/** A root field, and its arguments or what is wrong with them. */
interface Asked {
  readonly selection: Selection;
  readonly given?: Readonly<Record<string, unknown>>;
  readonly failure?: GraphQLError;
}

function select(
  operation: Operation,
  variables: Running["variables"],
): { readonly selections: readonly Selection[]; readonly failure?: GraphQLError } {
  try {
    return { selections: operation.selections(variables) };
  } catch (error) {
    if (error instanceof GraphQLError) return { selections: [], failure: error };
    throw error;
  }
}

/** Returns whether a root field asks about the schema itself. */
function isIntrospection({ name }: Selection): boolean {
  return name === "__schema" || name === "__type";
}

let lastBlock: { readonly block: IndexedBlock; readonly json: string } | undefined;

function blockJson(block: IndexedBlock | undefined): string {
  if (!block) return "";
  if (lastBlock?.block !== block) lastBlock = { block, json: `,"extensions":${JSON.stringify({ block })}` };
  return lastBlock.json;
}

/**
 * Says what the client can put right, and of everything else only that it went wrong. graphql-js's own errors at this stage are of
 * variables that are null where that can't be, and name the place; those of values that a type can't say name none.
 */
function shown(error: unknown, { onError }: ExecutorDependencies): GraphQLError {
  const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  const isTold = original instanceof GraphQLError && (original.extensions.code !== undefined || original.nodes);
  if (error instanceof GraphQLError && isTold) return withCode(error, "BAD_INPUT");
  onError(original);
  const { nodes = null, path = null } = error instanceof GraphQLError ? error : {};
  return new GraphQLError("Something went wrong on our side.", { nodes, path, extensions: { code: "INTERNAL" } });
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
    if (!resolverOf(field)) throw new Error(`Root field ${field} has no meaning.`);
  }
}

/** Returns whether a field answers a list. */
function isList({ type }: Pick<Selection, "type">): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type);
}
