import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { messageFromJson, messageToJson, type SeriesTerms, type SignedOrder } from "@gridnft/sdk";
import { readTextFile, Utf8Error } from "@gridnft/sdk/node";
import { type GenerationParameters, generationParameters } from "@gridnft/sdk/schemas";
import { z } from "zod";
import { type CliError, usageError } from "./failure.ts";
import { reasonOf } from "./output.ts";

const ending = ".job.json";

/** Everything that `resume` needs of a job. It is on disk before an order leaves, and removed when everything is done. */
const jobFile = z.object({
  version: z.literal(1),
  chain_id: z.int(),
  cloud_url: z.string(),
  requester: z.string(),
  rail: z.enum(["direct", "gateway"]),
  /** Key of the request on the gateway's rail: with it and the parameters the cloud names the job that they made. */
  idempotency_key: z.string().optional(),
  /** Absent until the cloud has named it. */
  job: z.string().optional(),
  /** As they were handed in, defaults filled in. */
  parameters: z.custom<GenerationParameters>((value) => generationParameters.safeParse(value).success),
  /** Orders that were signed. Anybody who has them can settle one of them. */
  orders: z.array(
    z.object({ order: z.record(z.string(), z.unknown()), signature: z.templateLiteral(["0x", z.string()]) }),
  ),
  /** Terms of the series that it is to become. */
  mint: z
    .object({
      title: z.string(),
      description: z.string().optional(),
      tags: z.string().optional(),
      royaltyBps: z.int().optional(),
      policy: z.union([z.literal(0), z.literal(1), z.literal(2)]).optional(),
    })
    .optional(),
});
export type JobFile = z.output<typeof jobFile>;

/** A job file that is on disk. */
export interface KeptJob {
  readonly path: string;
  /** Path of its pictures, without an ending. */
  readonly place: string;
  readonly content: JobFile;
}

/**
 * Writes the file of a new job under a name that is free, also for a command that runs beside this one: files of other jobs may still be
 * good.
 * @returns Its path.
 * @throws usage error: without it nothing is ordered.
 */
export async function createJob(place: string, content: JobFile): Promise<string> {
  for (let number = 1; ; number++) {
    const path = `${place}${number === 1 ? "" : `-${number}`}${ending}`;
    try {
      await writeFile(path, textOf(content), { flag: "wx", mode: 0o600, flush: true });
      return path;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "EEXIST") continue;
      await rm(path, { force: true }).catch(() => {});
      throw notWritten(path, cause);
    }
  }
}

/** Bytes of a job file with long prompts and many orders. */
const PROBE_BYTES = 65_536;

/**
 * Insists that a job file can be written at a place, by writing and removing a file of its size beside it.
 * @throws usage error: money moves only after this.
 */
export async function requireWritable(place: string): Promise<void> {
  const path = `${place}${ending}.${randomBytes(4).toString("hex")}`;
  try {
    await writeFile(path, Buffer.alloc(PROBE_BYTES), { flag: "wx", mode: 0o600, flush: true });
  } catch (cause) {
    throw notWritten(`${place}${ending}`, cause);
  } finally {
    await rm(path, { force: true }).catch(() => {});
  }
}

/**
 * Writes a job file again, whole or not at all.
 * @throws usage error.
 */
export async function keepJob(path: string, content: JobFile): Promise<void> {
  const beside = `${path}.${process.pid}`;
  try {
    await writeFile(beside, textOf(content), { mode: 0o600, flush: true });
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => {});
    throw notWritten(path, cause);
  }
}

const textOf = (content: JobFile) => `${JSON.stringify(content, null, 2)}\n`;

function notWritten(path: string, cause: unknown): CliError {
  return usageError(`${path} can't be written: ${reasonOf(cause)}. Choose another --out.`, "NO_FOLDER", { cause });
}

/** Signed orders as they are kept. */
export function ordersToJson(signed: readonly SignedOrder[]): JobFile["orders"] {
  return signed.map(({ order, signature }) => ({ order: messageToJson("JobOrder", order), signature }));
}

/** Orders of a job file. */
export function ordersOf({ orders }: JobFile): readonly SignedOrder[] {
  return orders.map(({ order, signature }) => ({ order: messageFromJson("JobOrder", order as never), signature }));
}

/** Terms of a job file's series. */
export function seriesIn({ mint }: JobFile): SeriesTerms | undefined {
  if (mint === undefined) return undefined;
  return Object.fromEntries(Object.entries(mint).filter(([, value]) => value !== undefined)) as unknown as SeriesTerms;
}

/**
 * The job file that a path names.
 * @throws usage error when it is none.
 */
export function openJobFile(cwd: string, word: string): KeptJob {
  const path = resolve(cwd, word);
  try {
    return keptJob(path);
  } catch (cause) {
    if (cause instanceof Utf8Error) {
      throw usageError(`${word} is not UTF-8: it is not as generate wrote it.`, "NOT_UTF8", { cause });
    }
    const reason = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "There is no file" : "No job can be read from";
    throw usageError(`${reason} ${word}. Name the ${ending} that generate wrote, or a job's id.`, "NO_FILE", { cause });
  }
}

/** The file of a job in a folder, if there is one. */
export function findJobFile(folder: string, job: string): KeptJob | undefined {
  for (const name of namesIn(folder)) {
    if (!name.endsWith(ending)) continue;
    try {
      const kept = keptJob(join(folder, name));
      if (kept.content.job?.toLowerCase() === job.toLowerCase()) return kept;
    } catch {
      // A file of another program.
    }
  }
  return undefined;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function keptJob(path: string): KeptJob {
  const content = jobFile.parse(JSON.parse(readTextFile(path)));
  const name = path.slice(dirname(path).length + 1);
  return { path, content, place: join(dirname(path), name.endsWith(ending) ? name.slice(0, -ending.length) : name) };
}
