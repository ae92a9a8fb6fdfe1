// The AI Cloud API as a process. Settings come from the environment, see docs/rest.md.
import { EnvironmentError, readSettings } from "./environment.ts";
import { describeError } from "./error.ts";
import { startCloud } from "./start.ts";

try {
  const cloud = await startCloud(readSettings(process.env));
  let ending = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (ending) return;
      ending = true;
      cloud.stop().then(
        () => process.exit(0),
        (error: unknown) => fail(error),
      );
    });
  }
  process.stdout.write(`${JSON.stringify({ ready: true, url: cloud.url })}\n`);
} catch (error) {
  fail(error);
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof EnvironmentError ? error.message : describeError(error)}\n`);
  process.exit(1);
}
