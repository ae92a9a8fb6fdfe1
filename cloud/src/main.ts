// The AI Cloud API as a process. Settings come from the environment, see docs/rest.md.
import { serveUntilSignal } from "@gridnft/sdk/node";
import { readSettings } from "./environment.ts";
import { fail } from "./program.ts";
import { startCloud } from "./start.ts";

try {
  const cloud = await startCloud(readSettings(process.env));
  serveUntilSignal(cloud, { url: cloud.url }, fail);
} catch (error) {
  fail(error);
}
