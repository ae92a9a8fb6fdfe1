// The AI Cloud API as a process. Settings come from the environment, see docs/rest.md.
import { readSettings } from "./environment.ts";
import { fail, serveUntilSignal } from "./program.ts";
import { startCloud } from "./start.ts";

try {
  const cloud = await startCloud(readSettings(process.env));
  serveUntilSignal(cloud, { url: cloud.url });
} catch (error) {
  fail(error);
}
