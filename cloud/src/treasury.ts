// The gateway's treasury as a process: it has the account's own key, and no port. Settings come from the environment, see docs/rest.md.
import { parseArgs } from "node:util";
import { EnvironmentError, readTreasurySettings } from "./environment.ts";
import { describeError } from "./error.ts";
import { planOf, startTreasury, workOnce } from "./startTreasury.ts";

const usage = `npm run treasury -w cloud [-- options]

  --once    does what is due, and ends
  --plan    prints the transactions that are due as JSON, for a multisig or a wallet elsewhere; needs no key
  --help    this
`;

try {
  const { once = false, plan = false, help = false } = readOptions();
  if (help) process.stdout.write(usage);
  else if (plan) {
    const steps = await planOf(readTreasurySettings(process.env, true));
    process.stdout.write(
      `${JSON.stringify(
        steps.map(({ what, call }) => ({ what, ...call, value: "0" })),
        undefined,
        2,
      )}\n`,
    );
  } else if (once) await workOnce(readTreasurySettings(process.env));
  else await serve();
} catch (error) {
  fail(error);
}

async function serve(): Promise<void> {
  const treasury = await startTreasury(readTreasurySettings(process.env));
  let ending = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (ending) return;
      ending = true;
      treasury.stop().then(
        () => process.exit(0),
        (error: unknown) => fail(error),
      );
    });
  }
  process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
}

function readOptions() {
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({ options: { once: flag, plan: flag, help: { ...flag, short: "h" } } }).values;
  } catch (cause) {
    throw new EnvironmentError(`${(cause as Error).message}\n\n${usage}`, { cause });
  }
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof EnvironmentError ? error.message : describeError(error)}\n`);
  process.exit(1);
}
