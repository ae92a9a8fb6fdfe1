/** A worker in a process of its own, for tests that kill it: environment as for the program, but a tiny engine. */
import { readEnvironment } from "../../src/environment.ts";
import { createLog } from "../../src/log.ts";
import { startWorker } from "../../src/worker.ts";
import { tinyEngine } from "./tinyEngine.ts";

const environment = readEnvironment(process.env);
const loadEngine = async () =>
  tinyEngine({
    stepMilliseconds: Number(process.env.TINY_STEP ?? 0),
    failAfter: Number(process.env.TINY_FAIL_AFTER ?? Number.POSITIVE_INFINITY),
  });
const worker = await startWorker(environment, { log: createLog(environment.logLevel), software: "test", loadEngine });
process.stdout.write('{"ready":true}\n');
await worker.ended;
