import { EnvironmentError } from "./environment.ts";
import { describeError } from "./error.ts";

/** Ends a program with the reason on stderr. */
export function fail(error: unknown): never {
  process.stderr.write(`${error instanceof EnvironmentError ? error.message : describeError(error)}\n`);
  process.exit(1);
}
