import { readFile, stat } from "node:fs/promises";
import { parseCid } from "@gridnft/sdk";
import type { Logger } from "pino";
import { EnvironmentError } from "../environment.ts";
import { ApiError, describeError } from "../error.ts";

/** File that is not served any more. */
interface Takedown {
  readonly status: "410" | "451";
  readonly reason: string | undefined;
}

/** List of files that are not served, by the operator. */
export interface Takedowns {
  /** Set if there is a list, so that caches have to ask again. */
  readonly isEnabled: boolean;
  /**
   * Requires that a CID is not on the list, by its hash. Another base, version or codec is the same file.
   * @throws {@link ApiError} `IMAGE_GONE`, `IMAGE_BLOCKED`.
   */
  require(cid: string): Promise<void>;
}

/** Milliseconds between checks of the list. */
const CHECK_INTERVAL = 500;

/**
 * Opens a list: one CID a line, then optionally 410 or 451, and a reason; `#` begins a comment. It is read again when it changes. While it
 * cannot be read, the last one holds.
 * @throws {@link EnvironmentError} when it cannot be read at first, or has another line.
 */
export async function openTakedowns(path: string | undefined, log: Logger): Promise<Takedowns> {
  if (path === undefined) return { isEnabled: false, require: async () => {} };
  const first = await load(path).catch((cause: unknown) => {
    throw new EnvironmentError(`GRID_TAKEDOWNS: ${path} cannot be read (${describeError(cause)}).`, { cause });
  });
  if (first.errors.length > 0) throw new EnvironmentError(first.errors.map((f) => `GRID_TAKEDOWNS: ${f}`).join("\n"));
  let { list, fileVersion } = first;
  // No wall clock: one that is put back would keep the list from being read.
  let checkedAt = performance.now();
  let reloading: Promise<void> | undefined;

  const reload = async (): Promise<void> => {
    try {
      if ((await fileVersionOf(path)) === fileVersion) return;
      const read = await load(path);
      ({ list, fileVersion } = read);
      for (const fault of read.errors) log.error({ fault }, "takedown list: a line is left out");
      log.info({ files: list.size }, "takedown list read");
    } catch (error) {
      log.error({ error: describeError(error) }, "takedown list cannot be read: the last one holds");
    } finally {
      checkedAt = performance.now();
      reloading = undefined;
    }
  };
  return {
    isEnabled: true,
    require: async (cid) => {
      if (performance.now() - checkedAt >= CHECK_INTERVAL) reloading ??= reload();
      await reloading;
      const found = list.get(parseCid(cid).cidDigest);
      if (!found) return;
      const { status, reason = status === "451" ? "It may not be shown for legal reasons." : "It was taken down." } =
        found;
      throw new ApiError(status === "451" ? "IMAGE_BLOCKED" : "IMAGE_GONE", `This file is not served here: ${reason}`, {
        field: "cid",
      });
    },
  };
}

interface Loaded {
  readonly list: ReadonlyMap<string, Takedown>;
  readonly errors: readonly string[];
  /** Identity of the file's version. */
  readonly fileVersion: string;
}

async function load(path: string): Promise<Loaded> {
  // The mark is of before: a change in between is seen at the next look.
  const fileVersion = await fileVersionOf(path);
  const list = new Map<string, Takedown>();
  const errors: string[] = [];
  for (const [i, line] of (await readFile(path, "utf8")).split(/\r?\n/).entries()) {
    const text = line.replace(/^\uFEFF/, "").trim();
    if (text === "" || text.startsWith("#")) continue;
    const [, cid = "", status, reason] = /^(\S+)(?:\s+(410|451)(?=\s|$))?(?:\s+(.*))?$/.exec(text) ?? [];
    try {
      list.set(parseCid(cid).cidDigest, { status: status === "451" ? "451" : "410", reason: reason || undefined });
    } catch (error) {
      errors.push(`line ${i + 1} does not begin with a CID: ${describeError(error)}`);
    }
  }
  return { list, errors, fileVersion };
}

async function fileVersionOf(path: string): Promise<string> {
  const { ino, size, mtimeMs, ctimeMs } = await stat(path);
  return [ino, size, mtimeMs, ctimeMs].join("/");
}
