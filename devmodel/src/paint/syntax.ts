/**
 * The paint language: what scenes are written in. A small expression language in the manner of shaders; a program runs once,
 * when the model is made, and leaves the nodes of the decoder behind. `docs/models.md` describes it.
 */
export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "name"; readonly name: string; readonly line: number }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "unary"; readonly operand: Expression }
  | { readonly kind: "binary"; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "choice"; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | {
      readonly kind: "call";
      readonly callee: Expression;
      readonly inputs: readonly Expression[];
      readonly line: number;
    }
  | { readonly kind: "index"; readonly list: Expression; readonly at: Expression; readonly line: number }
  | { readonly kind: "member"; readonly record: Expression; readonly name: string; readonly line: number };

export type Statement =
  | { readonly kind: "let"; readonly name: string; readonly value: Expression }
  | { readonly kind: "set"; readonly name: string; readonly value: Expression; readonly line: number }
  | {
      readonly kind: "fn";
      readonly name: string;
      readonly parameters: readonly string[];
      readonly body: readonly Statement[];
    }
  | { readonly kind: "return"; readonly value: Expression }
  | { readonly kind: "for"; readonly name: string; readonly over: Expression; readonly body: readonly Statement[] }
  | {
      readonly kind: "if";
      readonly test: Expression;
      readonly yes: readonly Statement[];
      readonly no: readonly Statement[];
    }
  | { readonly kind: "on"; readonly gate: Expression; readonly body: readonly Statement[]; readonly line: number }
  | { readonly kind: "expression"; readonly value: Expression };

/** A fault in a scene, with its line. */
export class PaintError extends Error {
  override readonly name = "PaintError";
  readonly code = "SCENE_INVALID";

  constructor(message: string, line: number) {
    super(`Line ${line}: ${message}`);
  }
}

interface Token {
  readonly text: string;
  readonly kind: "number" | "string" | "name" | "mark" | "end";
  readonly line: number;
}

const tokenPattern =
  /(\s+|#[^\n]*)|(\d+\.?\d*(?:e-?\d+)?|\.\d+)|"([^"\n]*)"|([A-Za-z_]\w*)|(\*\*|[-+*/]=|\.\.|[-+*/%<>=(),;:?[\]{}.])/gy;

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let at = 0;
  while (at < source.length) {
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(source);
    if (!match) throw new PaintError(`"${source[at]}" means nothing here.`, line);
    const [all, , number, string, name, mark] = match;
    if (number?.endsWith(".") && source[at + all.length] === ".") {
      // "0..6" is a range, not "0." followed by ".6"
      tokens.push({ kind: "number", text: number.slice(0, -1), line });
      at += all.length - 1;
      continue;
    }
    if (number !== undefined) tokens.push({ kind: "number", text: number, line });
    else if (string !== undefined) tokens.push({ kind: "string", text: string, line });
    else if (name !== undefined) tokens.push({ kind: "name", text: name, line });
    else if (mark !== undefined) tokens.push({ kind: "mark", text: mark, line });
    line += all.split("\n").length - 1;
    at += all.length;
  }
  tokens.push({ kind: "end", text: "the end", line });
  return tokens;
}

/** Reads a program. @throws {@link PaintError} */
export function parsePaint(source: string): Statement[] {
  const parser = new Parser(tokenize(source));
  const program: Statement[] = [];
  while (!parser.atEnd) program.push(parser.statement());
  return program;
}

const LEVELS: readonly (readonly string[])[] = [
  ["<", ">"],
  ["+", "-"],
  ["*", "/", "%"],
];

class Parser {
  private at = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  get atEnd(): boolean {
    return this.token.kind === "end";
  }

  statement(): Statement {
    const { line } = this.token;
    if (this.taken("let")) return this.binding();
    if (this.taken("fn")) return this.fn();
    if (this.taken("for")) {
      const name = this.name();
      this.expect("in");
      return { kind: "for", name, over: this.expression(), body: this.block() };
    }
    if (this.taken("if")) {
      const test = this.expression();
      const yes = this.block();
      return { kind: "if", test, yes, no: this.taken("else") ? this.block() : [] };
    }
    if (this.taken("on")) return { kind: "on", gate: this.expression(), body: this.block(), line };
    if (this.taken("return")) return this.ended({ kind: "return", value: this.expression() });
    const value = this.expression();
    const operator = ["=", "+=", "-=", "*=", "/="].find((mark) => this.taken(mark));
    if (operator === undefined) return this.ended({ kind: "expression", value });
    if (value.kind !== "name") throw new PaintError("Only a name can be assigned.", line);
    const right = this.expression();
    const changed: Expression =
      operator === "=" ? right : { kind: "binary", operator: operator.charAt(0), left: value, right };
    return this.ended({ kind: "set", name: value.name, value: changed, line });
  }

  private binding(): Statement {
    const name = this.name();
    this.expect("=");
    return this.ended({ kind: "let", name, value: this.expression() });
  }

  private fn(): Statement {
    const name = this.name();
    this.expect("(");
    const parameters: string[] = [];
    while (!this.taken(")")) {
      parameters.push(this.name());
      if (!this.taken(",") && this.token.text !== ")") this.expect(",");
    }
    if (!this.taken("=")) return { kind: "fn", name, parameters, body: this.block() };
    return this.ended({ kind: "fn", name, parameters, body: [{ kind: "return", value: this.expression() }] });
  }

  private block(): Statement[] {
    this.expect("{");
    const body: Statement[] = [];
    while (!this.taken("}")) body.push(this.statement());
    return body;
  }

  private expression(): Expression {
    const test = this.binary(0);
    if (!this.taken("?")) return test;
    const yes = this.expression();
    this.expect(":");
    return { kind: "choice", test, yes, no: this.expression() };
  }

  private binary(level: number): Expression {
    const operators = LEVELS[level];
    if (!operators) return this.unary();
    let left = this.binary(level + 1);
    for (;;) {
      const operator = operators.find((mark) => this.taken(mark));
      if (operator === undefined) return left;
      left = { kind: "binary", operator, left, right: this.binary(level + 1) };
    }
  }

  private unary(): Expression {
    if (this.taken("-")) return { kind: "unary", operand: this.unary() };
    const base = this.postfix();
    if (!this.taken("**")) return base;
    return { kind: "binary", operator: "**", left: base, right: this.unary() };
  }

  private postfix(): Expression {
    let value = this.primary();
    for (;;) {
      const { line } = this.token;
      if (this.taken("(")) value = { kind: "call", callee: value, inputs: this.items(")"), line };
      else if (this.taken("[")) {
        value = { kind: "index", list: value, at: this.expression(), line };
        this.expect("]");
      } else if (this.taken(".")) value = { kind: "member", record: value, name: this.name(), line };
      else return value;
    }
  }

  private primary(): Expression {
    const token = this.token;
    this.at++;
    if (token.kind === "number") {
      const value = Number(token.text);
      if (!this.taken("..")) return { kind: "number", value };
      const last = Number(this.token.text);
      this.at++;
      const items = Array.from({ length: last - value }, (_, i): Expression => ({ kind: "number", value: value + i }));
      return { kind: "list", items };
    }
    if (token.kind === "string") return { kind: "string", value: token.text };
    if (token.kind === "name") return { kind: "name", name: token.text, line: token.line };
    if (token.text === "[") return { kind: "list", items: this.items("]") };
    if (token.text !== "(") throw new PaintError(`An expression was expected, not "${token.text}".`, token.line);
    const inner = this.expression();
    this.expect(")");
    return inner;
  }

  private items(close: string): Expression[] {
    const items: Expression[] = [];
    while (!this.taken(close)) {
      items.push(this.expression());
      if (!this.taken(",") && this.token.text !== close) this.expect(",");
    }
    return items;
  }

  private ended(statement: Statement): Statement {
    this.expect(";");
    return statement;
  }

  private get token(): Token {
    return this.tokens[this.at] as Token;
  }

  private taken(text: string): boolean {
    if (this.token.text !== text || this.token.kind === "string") return false;
    this.at++;
    return true;
  }

  private expect(text: string): void {
    if (!this.taken(text)) throw new PaintError(`"${text}" was expected, not "${this.token.text}".`, this.token.line);
  }

  private name(): string {
    const token = this.token;
    if (token.kind !== "name") throw new PaintError(`A name was expected, not "${token.text}".`, token.line);
    this.at++;
    return token.text;
  }
}
