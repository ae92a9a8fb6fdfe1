import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { anyPort } from "../src/ports.ts";
import { type LocalPostgres, removePostgres, startPostgres } from "../src/postgres.ts";
import { createProcesses, type Processes } from "../src/processes.ts";

let home: string;
let processes: Processes;
let postgres: LocalPostgres;
let crashes: string[];
const folder = () => join(home, "state/postgres");

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "gridnft-postgres-"));
  chmodSync(home, 0o755);
  crashes = [];
  processes = createProcesses(home, (name) => crashes.push(name));
});
afterEach(async () => {
  await postgres?.process.stop();
  await processes.close([]);
  removePostgres(folder());
  rmSync(home, { recursive: true, force: true });
});

const start = async () => startPostgres({ folder: folder(), port: await anyPort(), password: "p4ss", processes });

async function query<row>(sql: string): Promise<row[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as row[];
  } finally {
    await client.end();
  }
}

describe("an own PostgreSQL", () => {
  it("keeps what it committed through kill -9", async () => {
    postgres = await start();
    await query("create table t as select n from generate_series(1, 1000) n");
    await query("create extension if not exists pg_trgm");
    await postgres.process.kill();
    postgres = await start();
    expect(await query("select count(*)::int as count, sum(n)::int as sum from t")).toEqual([
      { count: 1000, sum: 500_500 },
    ]);
    expect(await query("select lower('ÄÖ') as lower")).toEqual([{ lower: "äö" }]);
  });

  it.runIf(process.platform === "linux")("waits for the children of a server that was killed", async () => {
    postgres = await start();
    const { pid } = postgres.process;
    const slow = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ")[0]);
    process.kill(slow, "SIGSTOP");
    await postgres.process.kill();
    const starting = start();
    const log = join(home, "logs/postgres.log");
    while (!readFileSync(log, "utf8").includes("still in use")) await new Promise((resolve) => setTimeout(resolve, 20));
    process.kill(slow, "SIGKILL");
    postgres = await starting;
    expect(await query("select 1 as one")).toEqual([{ one: 1 }]);
    expect(crashes).toEqual([]);
  });

  it("is not up because another server answers at its port, and leaves that one alone", async () => {
    const port = await anyPort();
    const at = (path: string) => startPostgres({ folder: join(home, path), port, password: "p4ss", processes });
    postgres = await at("state/postgres");
    await expect(at("state/postgres")).rejects.toThrow(
      /ended \(exit code 1\) before it was ready[\s\S]*already exists/,
    );
    await expect(at("another")).rejects.toThrow(
      /ended \(exit code 1\) before it was ready[\s\S]*Address already in use/,
    );
    expect(await query("select 1 as one")).toEqual([{ one: 1 }]);
    removePostgres(join(home, "another"));
  });

  it("is stopped when its database cannot be made, so that the next start finds its place", async () => {
    postgres = await start();
    const admin = new URL(postgres.url);
    admin.pathname = "/postgres";
    const client = new pg.Client({ connectionString: admin.href });
    await client.connect();
    await client.query("drop database grid");
    await client.query("alter system set default_transaction_read_only = on");
    await client.end();
    await postgres.process.stop();
    await expect(start()).rejects.toThrow(/read-only/);
    const running = readdirSync(folder()).includes("postmaster.pid");
    expect(running).toBe(false);
    rmSync(join(folder(), "postgresql.auto.conf"));
    postgres = await start();
    expect(await query("select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("is copied from an empty one of the same password, also when several make that at once", async () => {
    const template = join(home, "template");
    const begin = async (name: string, password: string) =>
      startPostgres({ folder: join(home, name), port: await anyPort(), password, processes, template });
    const both = await Promise.all([begin("first", "p4ss"), begin("second", "p4ss")]);
    const made = readdirSync(home).filter((name) => name.startsWith("template"));
    expect(made).toEqual([expect.stringMatching(/^template-\w+$/)]);
    expect(readdirSync(join(home, made[0] ?? ""))).not.toContain("second");
    postgres = await begin("third", "another");
    expect(await query("select 1 as one")).toEqual([{ one: 1 }]);
    await Promise.all(both.map(({ process }) => process.stop()));
  });

  it("asks for its password", async () => {
    postgres = await start();
    const client = new pg.Client({ connectionString: postgres.url.replace("p4ss", "guess") });
    await expect(client.connect()).rejects.toThrow("password");
  });

  it.runIf(process.getuid?.() === 0)("runs for root in a folder that nobody else may enter", async () => {
    mkdirSync(join(home, "state"));
    chmodSync(home, 0o700);
    postgres = await start();
    await query("create table t (n int)");
    await postgres.process.stop();
    postgres = await start();
    expect(await query("select * from t")).toEqual([]);
    await postgres.process.stop();
    removePostgres(folder());
    expect(existsSync(folder())).toBe(false);
  });
});
