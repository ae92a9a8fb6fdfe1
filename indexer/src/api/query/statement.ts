/** Types that values are cast to. */
export type SqlType = "numeric" | "bigint" | "int" | "real" | "text[]" | "numeric[]" | "int[]" | "tsquery";

/** Collects the values of one statement while its text is put together. */
export class Statement {
  readonly values: unknown[] = [];
  /** Number of names for tables that were given. */
  aliases = 0;
  /** Number of placeholders that were asked for: text without one means the same in any statement. */
  uses = 0;
  #placeholders = new Map<string, string>();

  /** @param time Unix seconds of the answer's block. `block`: its number. */
  constructor(
    readonly schema: string,
    readonly chainId: number,
    readonly time: number,
    readonly block: number,
  ) {}

  /** Placeholder of the time of the answer's block. */
  now(): string {
    return this.value(this.time, "bigint");
  }

  /** Placeholder of a value. `type` is for places where Postgres can't tell it. */
  value(value: unknown, type?: SqlType): string {
    this.uses++;
    const key = `${typeof value}:${Array.isArray(value) ? JSON.stringify(value) : String(value)}:${type ?? ""}`;
    const known = this.#placeholders.get(key);
    if (known) return known;
    this.values.push(value);
    const placeholder = `$${this.values.length}${type ? `::${type}` : ""}`;
    this.#placeholders.set(key, placeholder);
    return placeholder;
  }

  /** A fresh name for a table in this statement. */
  alias(): string {
    return `t${this.aliases++}`;
  }
}
