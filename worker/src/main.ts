/**
 * Worker program: `tsx worker/src/main.ts [register|claim]`. Its environment is described in docs/worker.md.
 * Prints `{"ready":true,...}` when the cloud has its offer, ends with code 0 on SIGTERM and SIGINT, with 1 and one sentence otherwise.
 */
import { createRequire } from "node:module";
import { openProgramOutput } from "@gridnft/sdk/node";
import { claimEarnings } from "./commands/claim.ts";
import { registerWorker } from "./commands/register.ts";
import { engineLoaders } from "./engines/load.ts";
import { readEnvironment } from "./environment.ts";
import { codeOf, describe, WorkerError } from "./errors.ts";
import { createLog } from "./log.ts";
import { startWorker } from "./worker.ts";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

async function run(): Promise<void> {
  const environment = readEnvironment(process.env);
  const log = createLog(environment.logLevel, environment.account);
  const stopping = new AbortController();
  let signals = 0;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (++signals > 1) process.exit(1);
      log.info({ signal }, "the worker stops");
      stopping.abort();
    });
  }
  try {
    const worker = await startWorker(
      environment,
      {
        log,
        software: `gridnft-worker ${version}`,
        loadEngine: ({ engine, locator }, modelName) => engineLoaders[engine](locator, modelName),
      },
      stopping.signal,
    );
    const { metricsUrl: metrics } = worker;
    const ready = { ready: true, url: environment.cloudUrl, worker: environment.account, ...(metrics && { metrics }) };
    openProgramOutput(process.stdout).write(`${JSON.stringify(ready)}\n`);
    if (stopping.signal.aborted) await worker.stop();
    else stopping.signal.addEventListener("abort", () => void worker.stop(), { once: true });
    await worker.ended;
  } catch (error) {
    if (stopping.signal.aborted && error instanceof WorkerError && error.code === "STOPPED") return;
    log.fatal({ code: codeOf(error) ?? "UNEXPECTED" }, describe(error));
    throw error;
  }
}

async function main(): Promise<void> {
  const [command, ...rest] = process.argv.slice(2);
  if (command === undefined) return run();
  const commands: { readonly [name: string]: typeof claimEarnings | undefined } = {
    claim: claimEarnings,
    register: registerWorker,
  };
  const act = commands[command];
  if (act === undefined) {
    const names = Object.keys(commands).join('" or "');
    throw new WorkerError(
      "ENVIRONMENT_INVALID",
      `There is no command "${command}": leave it out to work, or say "${names}".`,
    );
  }
  openProgramOutput(process.stdout).write(`${await act(rest, process.env)}\n`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${describe(error)}\n`);
    process.exit(1);
  },
);
