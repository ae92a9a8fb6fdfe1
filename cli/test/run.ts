import { type ChildProcess, spawn } from "node:child_process";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { run } from "../src/main.ts";

const bin = fileURLToPath(new URL("../bin/gridnft.mjs", import.meta.url));

/** What a run of the command left behind. */
export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly cwd: string;
  /** The only variables that it sees, but for PATH. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with what it has said on stderr so far. */
  readonly onProgress?: (text: string, child: ChildProcess) => void;
}

/** Runs `gridnft` as a user does, in a process of its own. */
export function gridnft(words: readonly string[], { cwd, environment = {}, onProgress }: RunOptions): Promise<Run> {
  const child = spawn(process.execPath, [bin, ...words], {
    cwd,
    env: { PATH: process.env.PATH ?? "", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    onProgress?.(err, child);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, out, err }));
  });
}

/** The same without a process of its own. */
export async function runHere(words: readonly string[], { cwd, environment = {} }: RunOptions): Promise<Run> {
  const [out, err] = [listener(), listener()];
  const code = await run(words, { cwd, environment: { ...environment }, out: out.stream, err: err.stream });
  return { code, out: out.text(), err: err.text() };
}

function listener(): { readonly stream: NodeJS.WritableStream; readonly text: () => string } {
  let heard = "";
  const stream = new Writable({
    write: (part, _, done) => {
      heard += String(part);
      done();
    },
  });
  return { stream, text: () => heard };
}
