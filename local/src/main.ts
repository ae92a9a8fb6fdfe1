// `npm start`: runs a grid on this machine until Ctrl-C.
import { parseArgs } from "node:util";
import { openProgramOutput } from "@gridnft/sdk/node";
import { LocalError } from "./errors.ts";
import { type LocalGridOptions, type LocalGridSystem, startLocalGrid } from "./grid.ts";
import { createProgressView, readySummary } from "./progressView.ts";

const usage = `npm start [-- options]

  --home <folder>     state folder (GRID_HOME), default .grid
  --reset             begin anew: new chain, empty database; model folders stay
  --workers <1|2>     how many workers, default 1
  --rpc-port, --cloud-port, --indexer-port, --gallery-port, --postgres-port <port>
                      ports that must be used; by default the usual ones if they are free, else others
  --help              this
`;

function readOptions(args: string[]): LocalGridOptions | "help" {
  const port = { type: "string" } as const;
  try {
    const { values } = parseArgs({
      args,
      options: {
        home: { type: "string" },
        reset: { type: "boolean" },
        workers: { type: "string" },
        "rpc-port": port,
        "cloud-port": port,
        "indexer-port": port,
        "gallery-port": port,
        "postgres-port": port,
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help) return "help";
    const { workers = "1" } = values;
    if (workers !== "1" && workers !== "2") throw new LocalError("ARGUMENT", `--workers is 1 or 2, not "${workers}".`);
    return {
      home: values.home,
      reset: values.reset,
      workers: workers === "1" ? 1 : 2,
      ports: {
        rpc: readPort("rpc", values["rpc-port"]),
        cloud: readPort("cloud", values["cloud-port"]),
        indexer: readPort("indexer", values["indexer-port"]),
        gallery: readPort("gallery", values["gallery-port"]),
        postgres: readPort("postgres", values["postgres-port"]),
      },
    };
  } catch (cause) {
    if (cause instanceof LocalError) throw cause;
    throw new LocalError("ARGUMENT", `${(cause as Error).message}\n\n${usage}`, { cause });
  }
}

function readPort(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new LocalError("ARGUMENT", `--${name}-port "${text}" is not a port number.`);
}

// A pipe that nobody reads and a full disk end what is shown, not the grid.
const [output, errors] = [openProgramOutput(process.stdout), openProgramOutput(process.stderr)];

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") {
    output.write(usage);
    return;
  }
  const begun = performance.now();
  const { stdout } = process;
  const view = createProgressView({
    ...output,
    isTTY: stdout.isTTY,
    get columns() {
      return stdout.columns;
    },
  });
  const cancelled = new AbortController();
  let grid: LocalGridSystem | undefined;
  let exitCode = 0;
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> => {
    ending ??= (async () => {
      view.done();
      cancelled.abort();
      await grid?.stop();
      process.exitCode = exitCode;
    })();
    return ending;
  };
  let asked = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (asked > 0) {
        // One Ctrl-C comes twice, from the terminal and from npm. A later one is meant; the guards end what is left behind.
        if (performance.now() - asked > 1_000) process.exit(130);
        return;
      }
      asked = performance.now();
      output.write("\nStopping; Ctrl-C again to force it.\n");
      void end();
    });
  }
  try {
    grid = await startLocalGrid({
      ...options,
      signal: cancelled.signal,
      onProgress: (progress) => view.progress(progress),
      onCrash: (service, how, log) => {
        if (ending) return;
        exitCode = 1;
        errors.write(`\n✗ The ${service} ended by itself (${how}); stopping the rest.\n${log}\n`);
        void end();
      },
    });
  } catch (error) {
    if (ending) return ending; // it has been said why
    throw error;
  }
  if (ending) return grid.stop();
  view.done();
  output.write(readySummary(grid, (performance.now() - begun) / 1000, stdout.isTTY));
}

main().catch((error: unknown) => {
  if (error instanceof LocalError) errors.write(`\n✗ ${error.message}\n${reasonsOf(error)}`);
  else console.error(error);
  process.exitCode = 1;
});

/** Returns the causes of an error, one line each. */
function reasonsOf(error: Error): string {
  const reasons: string[] = [];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    reasons.push(`  ${cause.message.split("\n", 1)[0]?.slice(0, 300)}\n`);
  }
  return reasons.join("");
}
