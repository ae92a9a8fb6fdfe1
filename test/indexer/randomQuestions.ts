/** Random questions to the gallery schema, right and wrong ones, the same for the same seed. */
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import { seededRandom } from "../../sdk/src/node/index.ts";

/** A question as a client sends it. */
export interface RandomQuestion {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  readonly operationName?: string;
  /** Other variables to ask the same text with: what follows from a text is kept. */
  readonly others: readonly Record<string, unknown>[];
}

/** Values that lead somewhere, by the name of a scalar. */
export type Stock = Readonly<Record<string, readonly unknown[]>>;

/** A field with its arguments, as the document has it wherever it mentions the response name. */
interface Mention {
  readonly field: GraphQLField<unknown, unknown>;
  readonly text: string;
}

const MAX_DEPTH = 4;
const words = ["a", "b", "x1", "name", "nodes", "__proto__", "constructor", "toString", "_", "tokenId", "first"];

/** Makes the question of a seed. About one in seven is spoilt afterwards. */
export function randomQuestion(schema: GraphQLSchema, stock: Stock, seed: number): RandomQuestion {
  const writer = new Writer(schema, stock, seed);
  return writer.question();
}

class Writer {
  readonly #random: () => number;
  readonly #schema: GraphQLSchema;
  readonly #stock: Stock;
  readonly #variables = new Map<string, { readonly declared: string; readonly given?: unknown }>();
  readonly #fragments = new Map<string, { readonly type: string; text: string }>();
  /** By type and response name: what has the same name in one place has to be the same field. */
  readonly #mentions = new Map<string, Map<string, Mention>>();
  #names = 0;

  constructor(schema: GraphQLSchema, stock: Stock, seed: number) {
    this.#schema = schema;
    this.#stock = stock;
    this.#random = seededRandom(seed);
    // The first numbers of seeds beside each other are alike.
    for (let i = 0; i < 5; i++) this.#random();
  }

  question(): RandomQuestion {
    const set = this.#set(this.#type("Query"), 0);
    const declared = [...this.#variables].map(([name, { declared: type }]) => `$${name}: ${type}`).join(", ");
    const head =
      declared !== "" || this.#chance(0.3)
        ? `query ${this.#chance(0.6) ? "Q" : ""}${declared === "" ? "" : `(${declared})`} `
        : "";
    const fragments = [...this.#fragments].map(([name, { type, text }]) => `fragment ${name} on ${type} ${text}`);
    const parts = [`${head}${set}`, ...fragments];
    if (this.#chance(0.3)) parts.reverse();
    const query = parts.join(" ");
    const variables = Object.fromEntries(
      [...this.#variables].flatMap(([name, one]) => ("given" in one ? [[name, one.given]] : [])),
    );
    const spoilt = this.#chance(0.15) ? this.#spoil(query) : query;
    const optional = [...this.#variables].filter(([, one]) => !one.declared.endsWith("!")).map(([name]) => name);
    const required = Object.fromEntries(Object.entries(variables).filter(([name]) => !optional.includes(name)));
    const nothing = Object.fromEntries(optional.map((name) => [name, null]));
    const others = optional.length === 0 ? [] : [required, { ...required, ...nothing }];
    const name = spoilt.includes("query R") && this.#chance(0.8) ? this.#pick(["Q", "Q", "R", "S"]) : undefined;
    return { query: spoilt, variables, others, ...(name !== undefined && { operationName: name }) };
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[this.#below(values.length)] as Value;
  }

  #type(name: string): GraphQLNamedType {
    return this.#schema.getType(name) as GraphQLNamedType;
  }

  #set(type: GraphQLNamedType, depth: number): string {
    const count = 1 + this.#below(depth === 0 ? 3 : 5);
    const parts = Array.from({ length: count }, () => this.#part(type, depth)).filter((part) => part !== "");
    return `{ ${parts.length === 0 ? "__typename" : parts.join(" ")} }`;
  }

  #part(type: GraphQLNamedType, depth: number): string {
    const kind = this.#random();
    if (kind < 0.06) return `${this.#alias(type, "__typename")}__typename${this.#directives()}`;
    if (kind < 0.14) return this.#inline(type, depth);
    if (kind < 0.22) return this.#spread(type, depth);
    return this.#field(type, depth);
  }

  /** An alias that no field of the type has in this document. */
  #alias(type: GraphQLNamedType, name: string): string {
    if (!this.#chance(0.1)) return "";
    const alias = this.#chance(0.3) ? this.#pick(words) : `n${this.#names++}`;
    const known = this.#known(type);
    if (known.has(alias) || (isObjectType(type) && alias in type.getFields())) return "";
    known.set(alias, { field: { name } as never, text: "" });
    return `${alias}: `;
  }

  #known(type: GraphQLNamedType): Map<string, Mention> {
    const known = this.#mentions.get(type.name) ?? new Map<string, Mention>();
    this.#mentions.set(type.name, known);
    return known;
  }

  #field(type: GraphQLNamedType, depth: number): string {
    if (!isObjectType(type) && !isInterfaceType(type)) return "__typename";
    const known = this.#known(type);
    const own = type.getFields();
    const again = [...known].filter(([, { field, text }]) => text !== "" && own[field.name] === field);
    if (again.length > 0 && this.#chance(0.25)) return this.#mention(this.#pick(again)[1], depth);
    const fields = Object.values(own).filter(
      (field) => depth < MAX_DEPTH || isLeafType(getNamedType(field.type)) || this.#chance(0.02),
    );
    if (fields.length === 0) return "__typename";
    const field = this.#pick(fields);
    // The same field with other arguments beside it reads other rows.
    const times = field.args.length > 0 && this.#chance(0.3) ? 2 : 1;
    return Array.from({ length: times }, () => this.#newField(known, field, depth)).join(" ");
  }

  #newField(known: Map<string, Mention>, field: GraphQLField<unknown, unknown>, depth: number): string {
    const given = this.#arguments(field.args);
    const isNamed = given === "" && !known.has(field.name) && !this.#chance(0.08);
    const responseName = isNamed ? field.name : `n${this.#names++}`;
    const mention = { field, text: `${isNamed ? "" : `${responseName}: `}${field.name}${given}` };
    known.set(responseName, mention);
    return this.#mention(mention, depth);
  }

  #mention({ field, text }: Mention, depth: number): string {
    const named = getNamedType(field.type);
    const inner = isLeafType(named) ? "" : ` ${this.#set(named, depth + 1)}`;
    return `${text}${this.#directives()}${inner}`;
  }

  #inline(type: GraphQLNamedType, depth: number): string {
    const of = this.#fitting(type);
    const condition = this.#chance(0.4) && of === type ? "" : ` on ${of.name}`;
    return `...${condition}${this.#directives()} ${this.#set(of, depth + (this.#chance(0.5) ? 1 : 0))}`;
  }

  /** A type that values of `type` may be of. */
  #fitting(type: GraphQLNamedType): GraphQLNamedType {
    if (isAbstractType(type) && this.#chance(0.8)) return this.#pick(this.#schema.getPossibleTypes(type));
    const interfaces = isObjectType(type) ? type.getInterfaces() : [];
    return interfaces.length > 0 && this.#chance(0.2) ? this.#pick(interfaces) : type;
  }

  #spread(type: GraphQLNamedType, depth: number): string {
    const of = this.#fitting(type);
    const known = [...this.#fragments].filter(([, one]) => one.type === of.name && one.text !== "");
    if (known.length > 0 && this.#chance(0.5)) return `...${this.#pick(known)[0]}${this.#directives()}`;
    if (this.#fragments.size > 5) return "";
    const name = this.#chance(0.1) ? `f${this.#pick(words)}` : `f${this.#fragments.size}`;
    if (this.#fragments.has(name)) return "";
    const fragment = { type: of.name, text: "" };
    this.#fragments.set(name, fragment);
    fragment.text = this.#set(of, depth + 1);
    return `...${name}${this.#directives()}`;
  }

  #directives(): string {
    if (!this.#chance(0.12)) return "";
    const one = (name: string): string => {
      if (this.#chance(0.5)) return ` @${name}(if: ${this.#chance(0.5)})`;
      return ` @${name}(if: $${this.#variable("Boolean!", this.#chance(0.5))})`;
    };
    const name = this.#pick(["skip", "include"]);
    return one(name) + (this.#chance(0.2) ? one(name === "skip" ? "include" : "skip") : "");
  }

  /** Declares a variable for a place of a type; sometimes one with a default, or null, or without a value. */
  #variable(type: string, value: unknown, standing = literal(value)): string {
    const name = `v${this.#variables.size}`;
    const isRequired = type.endsWith("!");
    const loose = isRequired ? type.slice(0, -1) : type;
    const fate = this.#random();
    if (fate < 0.2 && standing !== undefined) {
      const given = this.#pick([{}, { given: value }, { given: null }] as const);
      this.#variables.set(name, { declared: `${loose} = ${standing}`, ...given });
    } else if (fate < 0.3 && !isRequired) {
      this.#variables.set(name, { declared: type, ...(this.#chance(0.5) && { given: null }) });
    } else if (fate < 0.32) this.#variables.set(name, { declared: `${loose}!`, given: this.#pick([null, 7, "x", []]) });
    else this.#variables.set(name, { declared: this.#chance(0.3) ? `${loose}!` : type, given: value });
    return name;
  }

  #arguments(args: readonly GraphQLArgument[]): string {
    const given = args.flatMap((argument) => {
      const isRequired = isNonNullType(argument.type) && argument.defaultValue === undefined;
      const isPage = ["first", "days"].includes(argument.name);
      if (!isRequired && !this.#chance(isPage ? 0.92 : 0.2)) return [];
      const value = isPage ? 1 + this.#below(3) : this.#value(argument.type, argument.name);
      // Nothing that a random text can be is a cursor.
      if (["after", "before", "last"].includes(argument.name) && !this.#chance(0.1)) return [];
      if (this.#chance(0.02)) return [`${argument.name}: ${this.#pick(["null", "101", '"x"', "[1]"])}`];
      const text = literal(value, argument.type);
      if (!this.#chance(0.35)) return [`${argument.name}: ${text}`];
      return [`${argument.name}: $${this.#variable(String(argument.type), value, text)}`];
    });
    return given.length === 0 ? "" : `(${given.join(", ")})`;
  }

  #value(type: GraphQLInputType, name: string, depth = 0): unknown {
    if (isNonNullType(type)) return this.#value(type.ofType, name, depth);
    if (isListType(type)) {
      if (this.#chance(0.3)) return this.#value(type.ofType, name, depth);
      return Array.from({ length: this.#below(3) }, () => this.#value(type.ofType, name, depth));
    }
    if (isEnumType(type)) return this.#pick(type.getValues()).name;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter(() => depth < 3);
      const chosen = Array.from({ length: this.#below(3) }, () => this.#pick(fields)).filter(
        (one) => one !== undefined,
      );
      return Object.fromEntries(chosen.map((field) => [field.name, this.#value(field.type, field.name, depth + 1)]));
    }
    const known = this.#stock[name] ?? this.#stock[type.name];
    if (known) return this.#pick(known);
    if (type.name === "Boolean") return this.#chance(0.5);
    return type.name === "Int" || type.name === "Long" || type.name === "Timestamp" ? this.#below(5) : "1";
  }

  /** Breaks a question in one place. */
  #spoil(query: string): string {
    const tokens = query.split(/(\s+|[{}():,$@!])/).filter((token) => token !== "");
    const at = this.#below(tokens.length);
    const replaced = (token: string): string => [...tokens.slice(0, at), token, ...tokens.slice(at + 1)].join("");
    switch (this.#below(7)) {
      case 0:
        return replaced("");
      case 1:
        return replaced(`${tokens[at]} ${tokens[at]}`);
      case 2:
        return replaced(this.#pick(["nothing", "...none", "1", "{", "}", "name", "$x", '"x"', "on", "null", "@skip"]));
      case 3:
        return query.replace(/^(query\s*(Q\s*)?)?/, this.#pick(["mutation ", "subscription ", "mutation M "]));
      case 4:
        return `${query} ${this.#pick(["{ __typename }", "query R { __schema { queryType { name } } block { number } }", "type T { a: Int }"])}`;
      case 5:
        return query.replace(/\.\.\.f\d/, `...f${this.#below(6)}`);
      default:
        return query.replace(/ on \w+/, ` on ${this.#pick(Object.keys(this.#schema.getTypeMap()))}`);
    }
  }
}

/** A value as a document has it. Names of enums stand without quotes. */
function literal(value: unknown, type?: GraphQLInputType): string {
  const named = type && getNamedType(type);
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, type)).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = isInputObjectType(named) ? named.getFields() : {};
    return `{${Object.entries(value)
      .map(([name, inner]) => `${name}: ${literal(inner, fields[name]?.type)}`)
      .join(", ")}}`;
  }
  return isEnumType(named) ? String(value) : JSON.stringify(value);
}
