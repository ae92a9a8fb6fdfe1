import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";

/** Characters that are sent at a time. */
const CHUNK = 1 << 16;

/** Writes rows (as {@link copyRow} makes them) by COPY. `target` is a table, with columns in brackets if not all. */
export async function copyRows(client: pg.ClientBase, target: string, rows: Iterable<string>): Promise<void> {
  await pipeline(Readable.from(chunks(rows)), client.query(copyFrom(`copy ${target} from stdin`)));
}

function* chunks(rows: Iterable<string>): Generator<Buffer> {
  let chunk = "";
  for (const row of rows) {
    chunk += row;
    if (chunk.length < CHUNK) continue;
    yield Buffer.from(chunk);
    chunk = "";
  }
  if (chunk !== "") yield Buffer.from(chunk);
}

/** A row in Postgres's text format. Arrays are of text, objects become JSON. */
export function copyRow(values: readonly unknown[]): string {
  return `${values.map(field).join("\t")}\n`;
}

function field(value: unknown): string {
  if (value === null || value === undefined) return "\\N";
  if (typeof value === "boolean") return value ? "t" : "f";
  if (typeof value === "string") return escaped(value);
  if (Array.isArray(value)) {
    return escaped(`{${value.map((item) => `"${String(item).replace(/["\\]/g, "\\$&")}"`).join(",")}}`);
  }
  return typeof value === "object" ? escaped(JSON.stringify(value)) : String(value);
}

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escaped(text: string): string {
  return text.replace(/[\\\n\r\t]/g, (character) => escapes[character] ?? character);
}
