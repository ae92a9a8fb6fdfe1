import type { WriteStream } from "node:tty";
import picocolors from "picocolors";

/** Where a command writes: results on stdout, progress and faults on stderr. */
export interface Terminal {
  readonly json: boolean;
  readonly colors: ReturnType<typeof picocolors.createColors>;
  /** Whether progress is drawn as a bar that moves. */
  readonly live: boolean;
  /** Columns of the output; a pipe has no end. */
  readonly width: number;
  /** A line of the result; nothing with `--json`. */
  line(text?: string): void;
  /** The result with `--json`; nothing otherwise. */
  result(value: unknown): void;
  /** What goes on: a bar or spinner that the next one replaces on a terminal, plain lines in a pipe. */
  progress(text: string, share?: number): void;
  /** Takes the bar away. */
  settle(): void;
  fault(text: string): void;
}

export interface TerminalOptions {
  readonly json: boolean;
  readonly out: NodeJS.WritableStream;
  readonly err: NodeJS.WritableStream;
  readonly environment: NodeJS.ProcessEnv;
}

export function openTerminal(options: TerminalOptions): Terminal {
  const { json, out, err, environment } = options;
  const isTerminal = (stream: NodeJS.WritableStream): boolean => (stream as WriteStream).isTTY === true;
  const plain = environment.NO_COLOR !== undefined && environment.NO_COLOR !== "";
  const forced = environment.FORCE_COLOR !== undefined && environment.FORCE_COLOR !== "0";
  const colors = picocolors.createColors(!plain && (forced || isTerminal(out)));
  const live = !json && isTerminal(err) && environment.TERM !== "dumb";
  let drawn = false;
  let said = "";
  const settle = (): void => {
    if (drawn) err.write("\r\x1b[2K");
    drawn = false;
  };
  return {
    json,
    colors,
    live,
    width: isTerminal(out) ? Math.min(Math.max((out as WriteStream).columns ?? 80, 40), 120) : 100,
    line: (text = "") => {
      if (json) return;
      settle();
      out.write(`${text}\n`);
    },
    result: (value) => {
      if (json) out.write(`${JSON.stringify(jsonOf(value), undefined, 2)}\n`);
    },
    progress: (text, share) => {
      if (json) return;
      if (live) {
        err.write(`\r\x1b[2K${share === undefined ? "" : `${bar(share)} `}${text}`);
        drawn = true;
      } else if (text !== said) {
        said = text;
        err.write(`${text}\n`);
      }
    },
    settle,
    fault: (text) => {
      settle();
      err.write(`${text}\n`);
    },
  };
}

/** Signed messages keep the names of their EIP-712 fields, as everywhere on the wire. */
const messages: ReadonlySet<string> = new Set(["request", "receipt", "order", "evidence"]);

/** A value as the API would write it: keys in snake_case, big integers as decimal strings, no bytes. */
function jsonOf(value: unknown, isMessage = false): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return undefined;
  if (Array.isArray(value)) return value.map((item) => jsonOf(item, isMessage));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const name = isMessage ? key : key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return [name, jsonOf(item, isMessage || messages.has(key))];
    }),
  );
}

/** A bar of 24 characters. */
export function bar(share: number): string {
  const filled = Math.round(24 * Math.min(Math.max(share, 0), 1));
  return `${"█".repeat(filled)}${"░".repeat(24 - filled)}`;
}

/** Words of a text on lines of at most `width` characters, each with `indent` before it. */
export function wrap(text: string, width: number, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.map((each) => `${indent}${each}`).join("\n");
}

/** Rows under a head, columns as wide as their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? title).length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(head), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)];
}

/** Takes out what would steer a terminal: text from the chain and from servers is anybody's. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
}
