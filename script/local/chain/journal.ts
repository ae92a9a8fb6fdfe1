// The chain's journal: every call that changes it, in order, each with the block time it gets. Written and synced before
// the call is made, so whatever a client was answered, or saw in a block, is in it. Replaying it makes the same chain again,
// block hash by block hash.
import { type FileHandle, mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { LocalError } from "../errors.ts";

const header = z.strictObject({
  version: z.literal(1),
  chain_id: z.int(),
  /** Time of block 0. */
  genesis: z.int(),
  /** Version of anvil: another one may make other blocks. */
  anvil: z.string(),
});
export type JournalHeader = z.infer<typeof header>;

const entry = z.strictObject({
  n: z.int(),
  method: z.string(),
  params: z.array(z.unknown()),
  /** Time of the block that the call makes, if it makes one. */
  time: z.int(),
  /** How far the chain's clock is ahead of the wall's after the call, seconds. */
  ahead: z.int(),
});
export type JournalEntry = z.infer<typeof entry>;

const outcome = z.strictObject({
  n: z.int(),
  /** Hash of the head block after the call; null when the call was refused. */
  head: z.string().nullable(),
  /** How many blocks it made. */
  blocks: z.int().optional(),
});

/** An entry, and what became of it: undefined when we were killed between the two. */
export interface JournalLine extends JournalEntry {
  head?: string | null | undefined;
  blocks?: number | undefined;
}

/** An open journal. */
export interface Journal {
  readonly header: JournalHeader;
  /** What it held when it was opened. */
  readonly lines: readonly JournalLine[];
  /** Appends a call and returns its number once it is on the disk. */
  append(call: Omit<JournalEntry, "n">): Promise<number>;
  /** Notes what became of a call. Not synced: a replay finds it out again. */
  settle(n: number, head: string | null, blocks?: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens the journal at `path`, or begins one with `fresh`. A last line that was cut off is dropped: nobody was answered. */
export async function openJournal(path: string, fresh: JournalHeader): Promise<Journal> {
  await mkdir(dirname(path), { recursive: true });
  const { text, bytes } = await readWhole(path);
  const file = await open(path, "a+", 0o600);
  await file.truncate(bytes);
  if (text.length === 0) await write(file, fresh, true);
  const { head, lines } = text.length === 0 ? { head: fresh, lines: [] } : parse(path, text);
  let last = lines.at(-1)?.n ?? 0;
  return {
    header: head,
    lines,
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

/** The file up to its last line feed. */
async function readWhole(path: string): Promise<{ text: string; bytes: number }> {
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  const bytes = content.lastIndexOf(0x0a) + 1;
  return { text: content.subarray(0, bytes).toString("utf8"), bytes };
}

function parse(path: string, text: string): { head: JournalHeader; lines: JournalLine[] } {
  const [first = "", ...rest] = text.trimEnd().split("\n");
  const lines: JournalLine[] = [];
  try {
    const head = header.parse(JSON.parse(first));
    const byNumber = new Map<number, JournalLine>();
    for (const line of rest) {
      const json: unknown = JSON.parse(line);
      const known = outcome.safeParse(json);
      if (known.success) {
        const of = byNumber.get(known.data.n);
        if (of) Object.assign(of, known.data);
        continue;
      }
      const made: JournalLine = entry.parse(json);
      byNumber.set(made.n, made);
      lines.push(made);
    }
    return { head, lines };
  } catch (cause) {
    throw new LocalError("JOURNAL", `The chain's journal ${path} can't be read; begin anew with --reset.`, { cause });
  }
}
