import type { WriteStream } from "node:tty";
import picocolors from "picocolors";
import { openOutput } from "./output.ts";
import { fitting, printable, safeJson } from "./text.ts";

/** Output of a command: results on stdout, progress and faults on stderr. Writing never fails. */
export interface Terminal {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly colors: ReturnType<typeof picocolors.createColors>;
  /** Progress is drawn as a bar that moves. */
  readonly live: boolean;
  /** Columns of the output; a pipe has no end. */
  readonly width: number;
  /** A line of the result; nothing with `--json` and `--quiet`. */
  line(text?: string): void;
  /** The bare result with `--quiet`, such as an id; nothing otherwise. */
  value(text: string): void;
  /** The result with `--json`; nothing otherwise. */
  result(value: unknown): void;
  /** Progress: a bar or spinner that the next one replaces on a terminal, plain lines in a pipe. */
  progress(text: string, share?: number): void;
  /** Takes the bar away. */
  settle(): void;
  fault(text: string): void;
  /** Writes a question, without an end of line. */
  question(text: string): void;
}

export interface TerminalOptions {
  readonly json: boolean;
  readonly quiet?: boolean;
  readonly out: NodeJS.WritableStream;
  readonly err: NodeJS.WritableStream;
  readonly environment: NodeJS.ProcessEnv;
}

/** Columns of a terminal that does not say how many it has. */
const USUAL_COLUMNS = 80;

export function openTerminal(options: TerminalOptions): Terminal {
  const { json, quiet = false, environment } = options;
  const [out, err] = [openOutput(options.out), openOutput(options.err)];
  const plain = environment.NO_COLOR !== undefined && environment.NO_COLOR !== "";
  const forced = environment.FORCE_COLOR !== undefined && environment.FORCE_COLOR !== "0";
  const colors = picocolors.createColors(!plain && (forced || isTerminal(options.out)));
  const live = !json && !quiet && isTerminal(options.err) && environment.TERM !== "dumb";
  const columns = (stream: NodeJS.WritableStream): number => (stream as WriteStream).columns || USUAL_COLUMNS;
  let drawn = false;
  let said = "";
  const settle = (): void => {
    if (drawn) err.write("\r\x1b[2K");
    drawn = false;
  };
  return {
    ...{ json, quiet, colors, live },
    width: isTerminal(options.out) ? Math.min(Math.max(columns(options.out), 40), 120) : 100,
    line: (text = "") => {
      if (json || quiet) return;
      settle();
      out.write(`${text}\n`);
    },
    value: (text) => {
      if (quiet && !json) out.write(`${text}\n`);
    },
    result: (value) => {
      if (json) out.write(`${safeJson(jsonOf(value))}\n`);
    },
    progress: (text, share) => {
      if (json || quiet) return;
      const plainText = printable(text);
      if (live) {
        // A line that is as wide as the terminal would wrap, and could not be taken away.
        const line = `${share === undefined ? "" : `${bar(share)} `}${plainText}`;
        err.write(`\r\x1b[2K${fitting(line, columns(options.err) - 1)}`);
        drawn = true;
      } else if (plainText !== said) {
        said = plainText;
        err.write(`${plainText}\n`);
      }
    },
    settle,
    fault: (text) => {
      settle();
      err.write(`${text}\n`);
    },
    question: (text) => {
      settle();
      err.write(printable(text));
    },
  };
}

/** Returns true for a stream that a person looks at, or types into. */
export function isTerminal(stream: NodeJS.WritableStream | NodeJS.ReadableStream | undefined): boolean {
  return (stream as { isTTY?: boolean } | undefined)?.isTTY === true;
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
