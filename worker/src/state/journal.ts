import { renameSync } from "node:fs";
import { type FileHandle, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { createMutex, decodeUtf8, errnoOf, syncFolder } from "@gridnft/sdk/node";
import { WorkerError } from "../errors.ts";

/** Line that is made when its turn has come; undefined writes nothing. */
export type LateLine = () => object | undefined;

/** Append-only file of JSON lines. What `append` has resolved for survives the process and the power. */
export interface Journal {
  /**
   * Writes a line and waits until it is on the disk. `written` is called before the next line is made.
   * @throws {@link WorkerError} `STATE_UNWRITABLE`; the journal takes nothing more then, since its end is unknown.
   */
  append(line: object | LateLine, written?: () => void): Promise<void>;
  /**
   * Replaces all lines by others, in one step: after a crash there are the old ones or the new ones. When it fails before that step, the
   * old ones are there and it goes on.
   * @throws {@link WorkerError} `STATE_UNWRITABLE`.
   */
  rewrite(lines: () => Iterable<object>): Promise<void>;
  /** Lines in the file. */
  readonly length: number;
  close(): Promise<void>;
}

/** Bytes that are written at a time. */
const CHUNK = 1_048_576;

/**
 * Opens a journal and reads what it holds. A last line without its newline was never acknowledged to anybody: it is cut off.
 *
 * The lines that are read go into a new file in the old one's place: a holder of the old one, a process that was stopped and lost its lock
 * meanwhile, adds nothing to this one.
 *
 * @param requireLock Insists that the folder is this process' alone, by throwing. Asked before anything is replaced, and after each line: a
 * line that was written too late for the one who has the folder now leads to nothing.
 * @throws {@link WorkerError} `STATE_DAMAGED` when any other line is not JSON, `STATE_UNWRITABLE`.
 */
export async function openJournal(
  path: string,
  requireLock: () => void = () => {},
): Promise<{ journal: Journal; lines: readonly unknown[] }> {
  let file: FileHandle | undefined;
  let whole: Uint8Array;
  const replace = async (chunks: Iterable<Uint8Array>): Promise<void> => {
    const next = `${path}.new`;
    await rm(next, { force: true });
    const written = await open(next, "ax", 0o600);
    try {
      for (const chunk of chunks) await written.appendFile(chunk);
      await written.datasync();
      requireLock();
      // Nothing comes between the look at the lock and this.
      renameSync(next, path);
    } catch (error) {
      await written.close().catch(() => {});
      await rm(next, { force: true }).catch(() => {});
      throw error;
    }
    const old = file;
    file = written;
    await old?.close();
    await syncFolder(dirname(path)).catch((cause: unknown) => {
      // Which of the two files there is after a power cut is unknown, so nothing may be added.
      broken = cause;
      throw cause;
    });
  };
  let broken: unknown;
  try {
    const bytes = await readFile(path).catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT") return new Uint8Array();
      throw error;
    });
    whole = bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1);
  } catch (cause) {
    throw new WorkerError("STATE_UNWRITABLE", `The journal ${path} cannot be opened${because(cause)}.`, { cause });
  }
  const lines = linesOf(whole, path);
  try {
    await replace([whole]);
  } catch (cause) {
    throw new WorkerError("STATE_UNWRITABLE", `The journal ${path} cannot be opened${because(cause)}.`, { cause });
  }
  let length = lines.length;
  const turns = createMutex();
  const failed = (cause: unknown): WorkerError =>
    cause instanceof WorkerError
      ? cause
      : new WorkerError("STATE_UNWRITABLE", `The journal ${path} cannot be written${because(cause)}.`, { cause });
  const requireWhole = (): void => {
    if (broken === undefined) return;
    throw new WorkerError("STATE_UNWRITABLE", `The journal ${path} failed earlier.`, { cause: broken });
  };
  const write = async (line: object | LateLine, written: () => void): Promise<void> => {
    requireWhole();
    const made = typeof line === "function" ? (line as LateLine)() : line;
    if (made === undefined) return;
    try {
      await file?.appendFile(`${JSON.stringify(made)}\n`);
      await file?.datasync();
      requireLock();
    } catch (cause) {
      broken = cause;
      throw failed(cause);
    }
    length++;
    written();
  };
  const journal: Journal = {
    append: (line, written = () => {}) => turns.run(() => write(line, written)),
    rewrite: (make) =>
      turns.run(async () => {
        requireWhole();
        let count = 0;
        const chunks = function* (): Iterable<Uint8Array> {
          let text = "";
          for (const line of make()) {
            count++;
            text += `${JSON.stringify(line)}\n`;
            if (text.length < CHUNK) continue;
            yield Buffer.from(text);
            text = "";
          }
          yield Buffer.from(text);
        };
        await replace(chunks()).catch((cause: unknown) => {
          throw failed(cause);
        });
        length = count;
      }),
    get length() {
      return length;
    },
    close: async () => {
      await turns.run(async () => {});
      await file?.close();
    },
  };
  return { journal, lines };
}

const NEWLINE = 0x0a;

/** Code of a system call's error, for the end of a sentence. */
function because(cause: unknown): string {
  const errno = errnoOf(cause);
  return errno === undefined ? "" : ` (${errno})`;
}

function linesOf(bytes: Uint8Array, path: string): unknown[] {
  const lines: unknown[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, start);
    try {
      lines.push(JSON.parse(decodeUtf8(bytes.subarray(start, end))));
    } catch (cause) {
      const number = lines.length + 1;
      throw new WorkerError("STATE_DAMAGED", `Line ${number} of the journal ${path} is not readable.`, { cause });
    }
    start = end + 1;
  }
  return lines;
}
