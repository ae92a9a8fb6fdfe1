// The web gallery as a process. Settings come from the environment, see docs/gallery.md.
import { serveUntilSignal } from "@gridnft/sdk/node";
import { EnvironmentError, readSettings } from "./environment.ts";
import { startGallery } from "./start.ts";

/** Ends the program with the reason on stderr. */
function fail(error: unknown): never {
  const said = error instanceof Error && !(error instanceof EnvironmentError) ? error.stack : undefined;
  process.stderr.write(`${said ?? (error instanceof Error ? error.message : String(error))}\n`);
  process.exit(1);
}

try {
  const gallery = await startGallery(readSettings(process.env));
  serveUntilSignal(gallery, { url: gallery.url }, fail);
} catch (error) {
  fail(error);
}
