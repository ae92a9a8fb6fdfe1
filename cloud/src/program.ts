import { openProgramOutput } from "@gridnft/sdk/node";
import { EnvironmentError } from "./environment.ts";
import { describeError } from "./error.ts";

/** Says that a program serves, and stops it on SIGTERM and SIGINT. */
export function serveUntilSignal({ stop }: { stop(): Promise<void> }, ready: object = {}): void {
  let ending = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (ending) return;
      ending = true;
      stop().then(() => process.exit(0), fail);
    });
  }
  openProgramOutput(process.stdout).write(`${JSON.stringify({ ready: true, ...ready })}\n`);
}

/** Ends a program with the reason on stderr. */
export function fail(error: unknown): never {
  process.stderr.write(`${error instanceof EnvironmentError ? error.message : describeError(error)}\n`);
  process.exit(1);
}
