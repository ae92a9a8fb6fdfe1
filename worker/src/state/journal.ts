import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { WorkerError } from "../errors.ts";

/** An append-only file of JSON lines. What `append` has resolved for survives the process and the power. */
export interface Journal {
  /**
   * Writes a line and waits until it is on the disk.
   * @throws {@link WorkerError} `STATE_UNWRITABLE`; the journal takes nothing more then, since its end is unknown.
   */
  append(line: unknown): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a journal and reads what it holds. A last line without its newline was never acknowledged to anybody: it is cut off.
 * @throws {@link WorkerError} `STATE_DAMAGED` when any other line is not JSON, `STATE_UNWRITABLE`.
 */
export async function openJournal(path: string): Promise<{ journal: Journal; lines: readonly unknown[] }> {
  let file: FileHandle;
  let text: string;
  try {
    file = await open(path, "a+", 0o600);
    text = await file.readFile("utf8");
    const whole = text.lastIndexOf("\n") + 1;
    if (whole < text.length) await file.truncate(Buffer.byteLength(text.slice(0, whole)));
    text = text.slice(0, whole);
    await syncFolder(dirname(path));
  } catch (cause) {
    throw new WorkerError("STATE_UNWRITABLE", `The journal ${path} cannot be opened.`, { cause });
  }
  const lines: unknown[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    try {
      lines.push(JSON.parse(line));
    } catch (cause) {
      await file.close();
      const number = lines.length + 1;
      throw new WorkerError("STATE_DAMAGED", `Line ${number} of the journal ${path} is not readable.`, { cause });
    }
  }
  let last: Promise<void> = Promise.resolve();
  let broken: unknown;
  const write = async (line: unknown): Promise<void> => {
    if (broken !== undefined) {
      throw new WorkerError("STATE_UNWRITABLE", `The journal ${path} failed earlier.`, { cause: broken });
    }
    try {
      await file.appendFile(`${JSON.stringify(line)}\n`);
      await file.datasync();
    } catch (cause) {
      broken = cause;
      throw new WorkerError("STATE_UNWRITABLE", `The journal ${path} cannot be written.`, { cause });
    }
  };
  const journal: Journal = {
    append: (line) => {
      const written = last.then(() => write(line));
      last = written.catch(() => {});
      return written;
    },
    close: async () => {
      await last;
      await file.close();
    },
  };
  return { journal, lines };
}

/** Makes a new name in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
