import { type ChildProcess, spawn } from "node:child_process";
import { programArguments } from "../../../local/src/packages.ts";
import { sleep } from "../../../sdk/src/node/index.ts";
import { projectRoot } from "../../../tools/check.ts";

/** `npm start`, as a program. */
export interface NpmStart {
  readonly child: ChildProcess;
  /** Everything that it has printed. */
  printed(): string;
  /** Resolves when it has printed that, rejects when it ends before. */
  says(text: string | RegExp): Promise<void>;
  /** Its exit code; null when a signal killed it. */
  readonly ended: Promise<number | null>;
}

/** Runs `npm start -- <args>` in a process of its own, as a shell would. */
export function npmStart(args: readonly string[], environment: Record<string, string> = {}): NpmStart {
  const child = spawn(process.execPath, [...programArguments("local/src/main.ts"), ...args], {
    cwd: projectRoot,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let over = false;
  for (const pipe of [child.stdout, child.stderr]) {
    pipe.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", (code) => {
      over = true;
      resolve(code);
    });
  });
  return {
    child,
    ended,
    printed: () => output,
    says: async (text) => {
      while (typeof text === "string" ? !output.includes(text) : !text.test(output)) {
        if (over) throw new Error(`npm start ended without saying ${text}:\n${output}`);
        await sleep(50);
      }
    },
  };
}
