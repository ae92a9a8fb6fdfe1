import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { anyPort } from "../../script/local/ports.ts";
import { removePostgres, startPostgres as start } from "../../script/local/postgres.ts";
import { createProcesses } from "../../script/local/processes.ts";

/** A database cluster of a test's own, on a free port. */
export interface TestPostgres {
  readonly url: string;
  /** Ends it and deletes its data. */
  stop(): Promise<void>;
}

/** Starts an empty PostgreSQL, the one that npm installed. */
export async function startPostgres(): Promise<TestPostgres> {
  const home = mkdtempSync(join(tmpdir(), "gridnft-postgres-"));
  const folder = join(home, "data");
  const processes = createProcesses(home, () => undefined);
  const { url, process } = await start({ folder, port: await anyPort(), password: "test", processes });
  return {
    url,
    stop: async () => {
      await process.stop();
      removePostgres(folder);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
