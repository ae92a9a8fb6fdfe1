// Write-ahead log of a chain: every call that changes it, in order, each with the time of the block that it makes. A call is written
// and synced before it is made. So whatever a client was answered, or saw in a block, is in the log.
import { type FileHandle, mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { WriteAheadLogError } from "./errors.ts";

const header = z.strictObject({
  version: z.literal(1),
  chain_id: z.int(),
  /** Time of block 0. */
  genesis: z.int(),
  /** Version of anvil: another one may make other blocks. */
  anvil: z.string(),
});
export type LogHeader = z.infer<typeof header>;

const entry = z.strictObject({
  n: z.int(),
  method: z.string(),
  params: z.array(z.unknown()),
  /** Time of the block that the call makes, if it makes one. */
  time: z.int(),
  /** Seconds by which the chain's clock is ahead of the wall's after the call. */
  ahead: z.int(),
});
export type LogEntry = z.infer<typeof entry>;

const outcome = z.strictObject({
  n: z.int(),
  /** Hash of the head block after the call; null when the call was refused. */
  head: z.string().nullable(),
  /** Number of blocks that the call made. */
  blocks: z.int().optional(),
});

/** Logged call with its outcome, which is undefined when the process was killed between the two. */
export interface LoggedCall extends LogEntry {
  head?: string | null | undefined;
  blocks?: number | undefined;
}

/** Open write-ahead log. */
export interface WriteAheadLog {
  readonly header: LogHeader;
  /** Calls that it held when it was opened. */
  readonly calls: readonly LoggedCall[];
  /** Appends a call and returns its number once it is on the disk. */
  append(call: Omit<LogEntry, "n">): Promise<number>;
  /** Appends a call's outcome. Not synced: a replay finds it out again. */
  settle(n: number, head: string | null, blocks?: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the log at `path`, or begins one with `fresh`. A last line that was cut off is dropped: its call was not answered.
 * @throws {@link WriteAheadLogError} `UNREADABLE`.
 */
export async function openWriteAheadLog(path: string, fresh: LogHeader): Promise<WriteAheadLog> {
  await mkdir(dirname(path), { recursive: true });
  const { text, bytes } = await readWhole(path);
  const file = await open(path, "a+", 0o600);
  await file.truncate(bytes);
  if (text.length === 0) await write(file, fresh, true);
  const { head, calls } = text.length === 0 ? { head: fresh, calls: [] } : parse(path, text);
  let last = calls.at(-1)?.n ?? 0;
  return {
    header: head,
    calls,
    append: async (call) => {
      last += 1;
      const n = last;
      await write(file, { n, ...call }, true);
      return n;
    },
    settle: (n, hash, blocks) => write(file, { n, head: hash, ...(blocks === undefined ? {} : { blocks }) }, false),
    close: async () => {
      await file.datasync();
      await file.close();
    },
  };
}

async function write(file: FileHandle, line: object, sync: boolean): Promise<void> {
  await file.appendFile(`${JSON.stringify(line)}\n`);
  if (sync) await file.datasync();
}

/** Reads the file up to its last line feed. */
async function readWhole(path: string): Promise<{ text: string; bytes: number }> {
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  const bytes = content.lastIndexOf(0x0a) + 1;
  return { text: content.subarray(0, bytes).toString("utf8"), bytes };
}

function parse(path: string, text: string): { head: LogHeader; calls: LoggedCall[] } {
  const [first = "", ...rest] = text.trimEnd().split("\n");
  const calls: LoggedCall[] = [];
  try {
    const head = header.parse(JSON.parse(first));
    const byNumber = new Map<number, LoggedCall>();
    for (const line of rest) {
      const json: unknown = JSON.parse(line);
      const known = outcome.safeParse(json);
      if (known.success) {
        const of = byNumber.get(known.data.n);
        if (of) Object.assign(of, known.data);
        continue;
      }
      const made: LoggedCall = entry.parse(json);
      byNumber.set(made.n, made);
      calls.push(made);
    }
    return { head, calls };
  } catch (cause) {
    throw new WriteAheadLogError("UNREADABLE", `The chain's journal ${path} can't be read.`, { cause });
  }
}
