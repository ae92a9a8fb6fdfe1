import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { PassThrough, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { run } from "../src/main.ts";

const bin = fileURLToPath(new URL("../bin/gridnft.mjs", import.meta.url));

/** Result of a run of the command. */
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
  /** Standard output: nobody reads the pipe any more, or a file that is written to. */
  readonly stdout?: "closed" | { readonly path: string };
  /** Path of a file that standard error goes to. */
  readonly stderr?: { readonly path: string };
}

/** Runs `gridnft` as a user does, in a process of its own. */
export function gridnft(
  words: readonly string[],
  { cwd, environment = {}, onProgress, stdout, stderr }: RunOptions,
): Promise<Run> {
  const files = [stdout, stderr].map((to) => (typeof to === "object" ? openSync(to.path, "w") : undefined));
  const child = spawn(process.execPath, [bin, ...words], {
    cwd,
    env: { PATH: process.env.PATH ?? "", ...environment },
    stdio: ["ignore", files[0] ?? "pipe", files[1] ?? "pipe"],
  });
  for (const file of files) if (file !== undefined) closeSync(file);
  let [out, err] = ["", ""];
  if (stdout === "closed") child.stdout?.destroy();
  else {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
  }
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    onProgress?.(err, child);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, out, err }));
  });
}

/** The same without a process of its own. With `typed` a person sits at a terminal, and types that. */
export async function runHere(
  words: readonly string[],
  { cwd, environment = {}, typed, columns }: RunOptions & { readonly typed?: string; readonly columns?: number },
): Promise<Run> {
  const [out, err] = [listener(), listener()];
  const input = new PassThrough();
  if (typed !== undefined) {
    for (const stream of [out.stream, err.stream, input]) Object.assign(stream, { isTTY: true, columns });
    input.end(typed);
  }
  const code = await run(words, {
    ...{ cwd, environment: { ...environment }, out: out.stream, err: err.stream },
    input: () => input,
  });
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
