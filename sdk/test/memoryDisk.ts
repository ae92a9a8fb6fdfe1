import { basename, dirname } from "node:path";
import type { FileHandle, FileStatus, FileSystem } from "../src/node/index.ts";

/** A file: its bytes in memory, and on the medium. */
interface Inode {
  bytes: Uint8Array;
  synced: Uint8Array;
}

/** A folder: its names in memory, and on the medium. */
interface Folder {
  names: Map<string, Inode | Folder>;
  synced: Map<string, Inode | Folder>;
}

const isFolder = (node: Inode | Folder | undefined): node is Folder => node !== undefined && "names" in node;
const newFolder = (): Folder => ({ names: new Map(), synced: new Map() });

/**
 * A disk that keeps what was not synced in memory alone, and loses power, or refuses, at a step that a test names. Each call that changes
 * something is a step; writing is two, so that half a file can be left.
 */
export class MemoryDisk implements FileSystem {
  steps = 0;
  isStopped = false;
  readonly #root: Folder;
  #last = Number.POSITIVE_INFINITY;
  #failing: { readonly step: number; readonly errno: string } | undefined;

  constructor(root: Folder = newFolder()) {
    this.#root = root;
  }

  /** Loses power after so many steps in all. */
  stopAfter(steps: number): void {
    this.#last = steps;
  }

  /** Refuses one step. */
  failAt(step: number, errno: string): void {
    this.#failing = { step, errno };
  }

  /** Changes a byte of a file on the medium. */
  damage(path: string): void {
    const node = this.#find(path);
    if (node === undefined || isFolder(node)) throw new Error(`${path} is no file.`);
    node.bytes = node.bytes.map((byte, i) => (i === 5 ? byte ^ 4 : byte));
    node.synced = node.bytes;
  }

  /** Returns the disk as it is found afterwards: with all that was written, or only with what was synced. */
  afterPowerCut(isAllKept: boolean): MemoryDisk {
    const copy = (folder: Folder): Folder => {
      const names = new Map<string, Inode | Folder>();
      for (const [name, node] of isAllKept ? folder.names : folder.synced) {
        const bytes = isFolder(node) ? undefined : isAllKept ? node.bytes : node.synced;
        names.set(name, isFolder(node) ? copy(node) : { bytes: bytes as Uint8Array, synced: bytes as Uint8Array });
      }
      return { names, synced: new Map(names) };
    };
    return new MemoryDisk(copy(this.#root));
  }

  async open(path: string, flags: string): Promise<FileHandle> {
    let node = this.#find(path);
    if (flags === "wx") {
      if (node !== undefined) throw refusal("EEXIST", path);
      const folder = this.#folder(dirname(path));
      this.#step(path);
      node = { bytes: new Uint8Array(), synced: new Uint8Array() };
      folder.names.set(basename(path), node);
    }
    const found = node;
    if (found === undefined) throw refusal("ENOENT", path);
    const sync = async (): Promise<void> => {
      this.#step(path);
      if (isFolder(found)) found.synced = new Map(found.names);
      else found.synced = found.bytes;
    };
    return {
      writeFile: async (bytes) => {
        if (isFolder(found)) throw refusal("EISDIR", path);
        found.bytes = bytes.slice(0, bytes.length / 2);
        this.#step(path);
        found.bytes = bytes.slice();
        this.#step(path);
      },
      datasync: sync,
      sync,
      close: async () => {},
    };
  }

  async readFile(path: string): Promise<Uint8Array> {
    const node = this.#find(path);
    if (node === undefined || isFolder(node)) throw refusal(node ? "EISDIR" : "ENOENT", path);
    return Buffer.from(node.bytes);
  }

  async rename(from: string, to: string): Promise<void> {
    const node = this.#find(from);
    const target = this.#folder(dirname(to));
    if (node === undefined) throw refusal("ENOENT", from);
    this.#step(to);
    target.names.set(basename(to), node);
    this.#folder(dirname(from)).names.delete(basename(from));
  }

  async rm(path: string): Promise<void> {
    const parent = this.#find(dirname(path));
    if (!isFolder(parent) || !parent.names.has(basename(path))) return;
    this.#step(path);
    parent.names.delete(basename(path));
  }

  async mkdir(path: string): Promise<string | undefined> {
    if (isFolder(this.#find(path))) return undefined;
    const above = dirname(path);
    const first = await this.mkdir(above);
    this.#step(path);
    this.#folder(above).names.set(basename(path), newFolder());
    return first ?? path;
  }

  async readdir(path: string): Promise<string[]> {
    return [...this.#folder(path).names.keys()];
  }

  async stat(path: string): Promise<FileStatus> {
    const node = this.#find(path);
    if (node === undefined) throw refusal("ENOENT", path);
    return { size: isFolder(node) ? 0 : node.bytes.length, mtimeMs: 0, ctimeMs: 0, isDirectory: () => isFolder(node) };
  }

  #step(path: string): void {
    if (this.isStopped || this.steps >= this.#last) {
      this.isStopped = true;
      throw refusal("ESTOPPED", path);
    }
    this.steps++;
    if (this.#failing?.step !== this.steps) return;
    throw refusal(this.#failing.errno, path);
  }

  #find(path: string): Inode | Folder | undefined {
    let node: Inode | Folder | undefined = this.#root;
    for (const name of path.split("/").filter((part) => part !== "")) {
      if (!isFolder(node)) return undefined;
      node = node.names.get(name);
    }
    return node;
  }

  #folder(path: string): Folder {
    const node = this.#find(path);
    if (!isFolder(node)) throw refusal("ENOENT", path);
    return node;
  }
}

function refusal(errno: string, path: string): Error {
  return Object.assign(new Error(`${errno}: ${path}`), { code: errno });
}
