import stringWidth from "string-width";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const encoder = new TextEncoder();

/** Characters as people count them: a letter with its accents, a family of emoji. */
export function charactersOf(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** Bytes of a text in UTF-8. */
export function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

/** Bounds of a text. */
export interface TextBounds {
  readonly characters: number;
  readonly bytes: number;
}

/** The longest beginning within bounds; it ends between two characters. */
export function beginningOf(text: string, { characters, bytes }: TextBounds): string {
  let [kept, size] = ["", 0];
  for (const character of charactersOf(text).slice(0, characters)) {
    size += bytesOf(character);
    if (size > bytes) break;
    kept += character;
  }
  return kept;
}

/** Columns that a text takes on a terminal. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/**
 * A text on lines of at most `width` columns, each with `indent` before it. Scripts without spaces are cut between characters. A
 * link or a hash that is longer stays whole, to be copied.
 */
export function wrap(text: string, width: number, indent = ""): string {
  const columns = Math.max(width - widthOf(indent), 2);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const isWhole = widthOf(word) <= columns || /^[!-~]*$/.test(word);
    const room = columns - widthOf(line) - 1;
    if (line !== "" && (isWhole ? widthOf(word) > room : room < 2)) {
      lines.push(line);
      line = "";
    }
    if (isWhole) {
      line = line === "" ? word : `${line} ${word}`;
      continue;
    }
    if (line !== "") line += " ";
    for (const character of charactersOf(word)) {
      if (widthOf(line) + widthOf(character) > columns) {
        lines.push(line);
        line = "";
      }
      line += character;
    }
  }
  lines.push(line);
  return lines.map((each) => `${indent}${each}`).join("\n");
}

/** The beginning of a text that fits into `width` columns. */
export function fitting(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let [kept, used] = ["", 0];
  for (const character of charactersOf(text)) {
    used += widthOf(character);
    if (used > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** A text with spaces after it, up to `width` columns. */
export function padded(text: string, width: number): string {
  return `${text}${" ".repeat(Math.max(width - widthOf(text), 0))}`;
}

/** A number and what it counts: 1 worker, 2 workers. */
export function counted(number: number | bigint, noun: string): string {
  return `${number} ${noun}${Number(number) === 1 ? "" : "s"}`;
}

/** A time in UTC, to the minute or the second. */
export function utc(unixSeconds: number | bigint, precision: "minutes" | "seconds" = "minutes"): string {
  const text = new Date(Number(unixSeconds) * 1_000).toISOString();
  return text.slice(0, precision === "minutes" ? 16 : 19).replace("T", " ");
}

/** Rows under a head, columns as wide as their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) => Math.max(...[head, ...rows].map((row) => widthOf(row[column] ?? title))));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => padded(cell, widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(head), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)];
}

const steering = "\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069";

/** Takes out what would steer a terminal: text from the chain and from servers is anybody's. */
export function printable(text: string): string {
  return text.replace(new RegExp(`[${steering}]`, "g"), "");
}

/** A value as JSON that steers no terminal: what would is written as `\u` and four digits. */
export function safeJson(value: unknown): string {
  const text = JSON.stringify(value, undefined, 2);
  return text.replace(new RegExp(`(?!\n)[${steering}]`, "g"), (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
