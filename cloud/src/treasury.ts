// The gateway's treasury as a process: it has the account's own key, and no port. Settings come from the environment, see docs/rest.md.
import { parseArgs } from "node:util";
import { openProgramOutput, serveUntilSignal } from "@gridnft/sdk/node";
import { EnvironmentError, readTreasurySettings } from "./environment.ts";
import { fail } from "./program.ts";
import { planOf, startTreasury, workOnce } from "./startTreasury.ts";

const usage = `npm run treasury -w cloud [-- options]

  --once    does what is due, and ends
  --plan    prints the transactions that are due as JSON, for a multisig or a wallet elsewhere; needs no key
  --help    this
`;

const output = openProgramOutput(process.stdout);
try {
  const { once = false, plan = false, help = false } = readOptions();
  if (help) output.write(usage);
  else if (plan) {
    const steps = await planOf(readTreasurySettings(process.env, true));
    const calls = steps.map(({ what, call }) => ({ what, ...call, value: "0" }));
    output.write(`${JSON.stringify(calls, undefined, 2)}\n`);
  } else if (once) await workOnce(readTreasurySettings(process.env));
  else serveUntilSignal(await startTreasury(readTreasurySettings(process.env)), {}, fail);
} catch (error) {
  fail(error);
}

function readOptions() {
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({ options: { once: flag, plan: flag, help: { ...flag, short: "h" } } }).values;
  } catch (cause) {
    throw new EnvironmentError(`${(cause as Error).message}\n\n${usage}`, { cause });
  }
}
