import { readFile, stat } from "node:fs/promises";
import { parseCid } from "@gridnft/sdk";
import type { Logger } from "pino";
import { EnvironmentError } from "../environment.ts";
import { CloudError, describeError } from "../error.ts";

/** A file that is not served any more. */
interface Takedown {
  readonly status: "410" | "451";
  readonly reason: string | undefined;
}

/** The operator's list of files that are not served. */
export interface Takedowns {
  /** There is a list, so what was served may have to be called back. */
  readonly isKept: boolean;
  /**
   * Insists that a CID is not on the list, by its hash: another base, version or codec is the same file.
   * @throws {@link CloudError} `IMAGE_GONE`, `IMAGE_BLOCKED`.
   */
  require(cid: string): Promise<void>;
}

/** Milliseconds between looks at the list. */
const LOOK_EVERY = 500;

/**
 * Reads a list: one CID a line, then, if wanted, 410 or 451, and a reason; `#` begins a remark. It is read again when it changes. A list
 * that cannot be read any more stays as it was.
 * @throws {@link EnvironmentError} when it cannot be read at first, or has another line.
 */
export async function openTakedowns(path: string | undefined, log: Logger): Promise<Takedowns> {
  if (path === undefined) return { isKept: false, require: async () => {} };
  const first = await load(path).catch((cause: unknown) => {
    throw new EnvironmentError(`GRID_TAKEDOWNS: ${path} cannot be read (${describeError(cause)}).`, { cause });
  });
  if (first.faults.length > 0) throw new EnvironmentError(first.faults.map((f) => `GRID_TAKEDOWNS: ${f}`).join("\n"));
  let { list, mark } = first;
  // No wall clock: one that is put back would keep the list from being read.
  let lookedAt = performance.now();
  let looking: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    try {
      if ((await markOf(path)) === mark) return;
      const read = await load(path);
      ({ list, mark } = read);
      for (const fault of read.faults) log.error({ fault }, "takedown list: a line is left out");
      log.info({ files: list.size }, "takedown list read");
    } catch (error) {
      log.error({ error: describeError(error) }, "takedown list cannot be read: the last one holds");
    } finally {
      lookedAt = performance.now();
      looking = undefined;
    }
  };
  return {
    isKept: true,
    require: async (cid) => {
      if (performance.now() - lookedAt >= LOOK_EVERY) looking ??= look();
      await looking;
      const found = list.get(parseCid(cid).cidDigest);
      if (!found) return;
      const { status, reason = status === "451" ? "It may not be shown for legal reasons." : "It was taken down." } =
        found;
      throw new CloudError(
        status === "451" ? "IMAGE_BLOCKED" : "IMAGE_GONE",
        `This file is not served here: ${reason}`,
        {
          field: "cid",
        },
      );
    },
  };
}

interface Loaded {
  readonly list: ReadonlyMap<string, Takedown>;
  readonly faults: readonly string[];
  /** Changes with the file. */
  readonly mark: string;
}

async function load(path: string): Promise<Loaded> {
  // The mark is of before: a change in between is seen at the next look.
  const mark = await markOf(path);
  const list = new Map<string, Takedown>();
  const faults: string[] = [];
  for (const [i, line] of (await readFile(path, "utf8")).split(/\r?\n/).entries()) {
    const text = line.replace(/^\uFEFF/, "").trim();
    if (text === "" || text.startsWith("#")) continue;
    const [, cid = "", status, reason] = /^(\S+)(?:\s+(410|451)(?=\s|$))?(?:\s+(.*))?$/.exec(text) ?? [];
    try {
      list.set(parseCid(cid).cidDigest, { status: status === "451" ? "451" : "410", reason: reason || undefined });
    } catch (error) {
      faults.push(`line ${i + 1} does not begin with a CID: ${describeError(error)}`);
    }
  }
  return { list, faults, mark };
}

async function markOf(path: string): Promise<string> {
  const { ino, size, mtimeMs, ctimeMs } = await stat(path);
  return [ino, size, mtimeMs, ctimeMs].join("/");
}
