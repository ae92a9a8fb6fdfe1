import { lstatSync, readFileSync } from "node:fs";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { bundleToJson, type GeneratedImage } from "@gridnft/sdk";
import { usageError } from "./failure.ts";
import { reasonOf } from "./output.ts";
import { bytesOf, printable } from "./text.ts";
import { MAX_NAME_BYTES, slugOf } from "./values.ts";

/** A picture on disk. */
export interface Saved {
  readonly picture: string;
  readonly receipt: string;
  readonly image: GeneratedImage;
}

/** Endings of other formats than the one that pictures have. */
const otherFormat = /\.(jpe?g|webp|gif|avif|bmp|tiff?|svg|json|pdf)$/i;

/**
 * Path of a job's files, without an ending: beside `--out x.png`, in the folder `--out x`, or in the working directory. Makes the folder.
 * @throws usage error when nothing can be written there.
 */
export async function placeOf(cwd: string, out: string | undefined, prompt: string): Promise<string> {
  if (out !== undefined && otherFormat.test(out)) {
    throw usageError(`--out "${out}": pictures are PNG. Name a folder, or a file that ends in .png.`);
  }
  const isFile = out !== undefined && /\.png$/i.test(out) && !(await isFolder(resolve(cwd, out)));
  const place = isFile ? resolve(cwd, out).slice(0, -".png".length) : join(resolve(cwd, out ?? "."), slugOf(prompt));
  if (isFile && basename(resolve(cwd, out)).length === ".png".length)
    throw usageError(`--out "${out}" has no name before .png.`);
  if (bytesOf(basename(place)) > MAX_NAME_BYTES) {
    throw usageError(`--out: a name has at most ${MAX_NAME_BYTES} bytes before its ending.`);
  }
  try {
    await mkdir(dirname(place), { recursive: true });
  } catch (cause) {
    throw usageError(
      `Nothing can be saved in ${dirname(place)}: ${reasonOf(cause)}. Choose another --out.`,
      "NO_FOLDER",
      { cause },
    );
  }
  return place;
}

/** Returns true for a folder that is there. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Writes pictures and receipts, never over a file that is there. What is there already with its receipt is left as it is. */
export async function save(place: string, images: readonly GeneratedImage[]): Promise<readonly Saved[]> {
  const saved: Saved[] = [];
  for (const [i, image] of images.entries())
    saved.push(await saveOne(images.length > 1 ? `${place}-${i + 1}` : place, image));
  return saved;
}

async function saveOne(wanted: string, image: GeneratedImage): Promise<Saved> {
  for (;;) {
    const base = basesOf(wanted).find((name) => isSaved(name, image)) ?? freeName(wanted);
    const saved = { picture: `${base}.png`, receipt: `${base}.json`, image };
    if (isSaved(base, image)) return saved;
    try {
      await writeWhole(saved.picture, image.file);
    } catch (error) {
      // Another command has taken the name in this moment.
      if (isInTheWay(error)) continue;
      throw error;
    }
    try {
      await writeWhole(saved.receipt, `${JSON.stringify(bundleToJson(image.bundle), null, 2)}\n`);
      return saved;
    } catch (error) {
      await rm(saved.picture, { force: true });
      if (!isInTheWay(error)) throw error;
    }
  }
}

function isInTheWay(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EEXIST";
}

/** Writes a new file; half a file is taken away again. */
async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(path, content, { flag: "wx", flush: true });
  } catch (error) {
    if (!isInTheWay(error)) await rm(path, { force: true }).catch(() => {});
    throw error;
  }
}

/** Names that are taken, from the one that is wanted on. */
function basesOf(wanted: string): string[] {
  const taken: string[] = [];
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!isTaken(name)) return taken;
    taken.push(name);
  }
}

function isTaken(name: string): boolean {
  return isThere(`${name}.png`) || isThere(`${name}.json`);
}

/** Returns true for links to nowhere, too: nothing is written through them. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function freeName(wanted: string): string {
  const taken = basesOf(wanted).length;
  return taken === 0 ? wanted : `${wanted}-${taken + 1}`;
}

/** Returns true when both files of a picture are there, byte for byte. */
function isSaved(name: string, { file, bundle }: GeneratedImage): boolean {
  try {
    const json = JSON.parse(readFileSync(`${name}.json`, "utf8")) as { receipt_id?: unknown } | null;
    return json?.receipt_id === bundle.receipt_id && Buffer.from(file).equals(readFileSync(`${name}.png`));
  } catch {
    return false;
  }
}

/** Receipts of saved pictures as one types them. */
export function namesOf(cwd: string, saved: readonly Saved[]): string {
  return saved.map(({ receipt }) => shellWord(short(cwd, receipt))).join(" ");
}

/** A path as one types it. */
export function short(cwd: string, path: string): string {
  const name = relative(cwd, path);
  return printable(name.startsWith("..") ? path : name);
}

/** A word as a shell takes it. */
export function shellWord(word: string): string {
  return /^[\p{L}\p{M}\p{N}_@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
