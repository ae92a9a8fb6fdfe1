// Values that don't fit are refused by a sentence that says where they stand and what would be right.
import {
  type ASTNode,
  type ASTVisitor,
  GraphQLError,
  print,
  type ValidationContext,
  ValuesOfCorrectTypeRule,
} from "graphql";
import { requestError } from "./errors.ts";
import { MAX_OBJECT_FIELDS, MAX_VALUE_DEPTH, MAX_VARIABLE_VALUES } from "./limits.ts";

/** Most characters of a value that a refusal repeats. */
const MAX_TOLD = 80;

type Ancestor = ASTNode | readonly ASTNode[];
type Enter = (node: ASTNode, key: unknown, parent: Ancestor, path: Path, above: readonly Ancestor[]) => unknown;
/** Keys that lead from each ancestor to the next, and from the last to the node. */
type Path = readonly (string | number)[];

/** graphql-js's rule for literals, which by itself names neither argument nor place of what a scalar refuses. */
export function fittingLiterals(context: ValidationContext): ASTVisitor {
  let locate = (error: GraphQLError): GraphQLError => error;
  const locating: ValidationContext = Object.create(context, {
    reportError: { value: (error: GraphQLError) => context.reportError(locate(error)) },
  });
  const rule = ValuesOfCorrectTypeRule(locating) as Readonly<Record<string, Enter>>;
  return Object.fromEntries(
    Object.entries(rule).map(([kind, enter]): [string, Enter] => [
      kind,
      (node, key, parent, path, above) => {
        const ancestors = [...above, parent];
        locate = ({ message, nodes }) => badInput(`${locationOf(node, path, ancestors)}; ${message}`, nodes ?? [node]);
        return enter(node, key, parent, path, above);
      },
    ]),
  );
}

/** Of a variable graphql-js says its name and the place in it, but gives no code. */
export function badVariable({ message, nodes }: GraphQLError): GraphQLError {
  return badInput(shortened(message), nodes ?? []);
}

/**
 * Errors of variables that are too much to be read, by functions that call themselves and tell all of a value that doesn't fit;
 * undefined when nothing is.
 */
export function excessiveVariable(given: Readonly<Record<string, unknown>>): GraphQLError | undefined {
  const refuse = (name: string, what: string) =>
    requestError("BAD_INPUT", `Variable "$${name}" ${what}, which is the limit.`);
  let count = 0;
  for (const [name, variable] of Object.entries(given)) {
    let level: readonly unknown[] = [variable];
    for (let depth = 0; level.length > 0; depth++) {
      count += level.length;
      if (depth > MAX_VALUE_DEPTH) return refuse(name, `nests deeper than ${MAX_VALUE_DEPTH} times [ ] and { }`);
      if (count > MAX_VARIABLE_VALUES)
        return refuse(name, `has, with those before, more than ${MAX_VARIABLE_VALUES} values`);
      const next: unknown[] = [];
      for (const value of level) {
        if (typeof value !== "object" || value === null) continue;
        const values = Object.values(value);
        if (!Array.isArray(value) && values.length > MAX_OBJECT_FIELDS) {
          return refuse(name, `has an object of more than ${MAX_OBJECT_FIELDS} fields`);
        }
        for (const one of values) next.push(one);
      }
      level = next;
    }
  }
  return undefined;
}

/** A message that repeats at most so much of a value as a refusal may: its beginning, and what comes after it. */
function shortened(message: string): string {
  const start = message.indexOf(" got invalid value ") + " got invalid value ".length;
  const end = Math.max(message.lastIndexOf(' at "'), start);
  const reason = end > start ? end : message.lastIndexOf("; ");
  if (start < 20 || reason - start <= MAX_TOLD) return message;
  return `${message.slice(0, start + MAX_TOLD)}...${message.slice(reason)}`;
}

function badInput(message: string, nodes: readonly ASTNode[]): GraphQLError {
  return new GraphQLError(message, { nodes, extensions: { code: "BAD_INPUT" } });
}

/** In the words that graphql-js has for variables. */
function locationOf(node: ASTNode, path: Path, ancestors: readonly Ancestor[]): string {
  const start = ancestors.findIndex((one) => isNode(one) && isHolder(one));
  const holder = ancestors[start];
  const value = node.kind === "ObjectField" ? node.value : node;
  const printed = print(value);
  const told = printed.length > MAX_TOLD ? `${printed.slice(0, MAX_TOLD)}...` : printed;
  if (!holder || !isNode(holder)) return `Got invalid value ${told}`;
  if (holder.kind === "VariableDefinition") {
    const { value: name } = holder.variable.name;
    return `Default of variable "$${name}" is invalid value ${told}${within(name, start)}`;
  }
  const { value: name } = (holder as { readonly name: { readonly value: string } }).name;
  const owner = ancestors[start - 2] as { readonly kind: string; readonly name: { readonly value: string } };
  const of = owner.kind === "Directive" ? `@${owner.name.value}` : owner.name.value;
  return `Argument "${name}" of "${of}" got invalid value ${told}${within(name, start)}`;

  /** Returns the location of the node in the holder's value; nothing where it is all of it. */
  function within(name: string, from: number): string {
    const steps = [...ancestors, node].slice(from + 1).map((one, i) => {
      if (isNode(one)) return one.kind === "ObjectField" ? `.${one.name.value}` : "";
      const list = ancestors[from + i];
      return list && isNode(list) && list.kind === "ListValue" ? `[${path[from + i + 1]}]` : "";
    });
    const way = steps.join("");
    return way === "" ? "" : ` at "${name}${way}"`;
  }
}

function isNode(ancestor: Ancestor): ancestor is ASTNode {
  return !Array.isArray(ancestor);
}

function isHolder({ kind }: ASTNode): boolean {
  return kind === "Argument" || kind === "VariableDefinition";
}
