import { Command, CommanderError } from "commander";
import { ExitCode, explain } from "./failure.ts";
import { openTerminal } from "./terminal.ts";

/**
 * Runs the command line. Commands are loaded when they are called, so that `--help` is quick.
 * @param words What stands after `gridnft`.
 * @returns What to exit with.
 */
export async function run(words: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.OK;
  const finish = async (code: Promise<ExitCode>): Promise<void> => {
    exitCode = await code;
  };
  const program = new Command("gridnft")
    .description("From prompt to NFT, and back to the proof.")
    .version("0.1.0")
    .showHelpAfterError("Try gridnft --help.")
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });

  program
    .command("verify")
    .description("check where an artwork comes from, with nothing but a node and IPFS")
    .argument("<token>", "token id, e.g. 1001")
    .option("--rerun", "run the job again with the built-in engine and compare the pictures")
    .option("--models <folder>", "where to look for the model's weights (default: the running grid's)")
    .option("--ipfs <url>", "IPFS gateway to fetch the picture from (default: the grid's cloud, else ipfs.io)")
    .option("--image <file>", "check this file instead of fetching the picture")
    .option("-v, --verbose", "show the values that each check rests on")
    .option("--json", "print one JSON document")
    .action(async (token, options) => finish((await import("./commands/verify.ts")).verifyCommand(token, options)));

  try {
    await program.parseAsync(words, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.OK : ExitCode.USAGE;
    const terminal = openTerminal({ json: words.includes("--json") });
    const { code, message, exitCode: failed } = explain(error);
    if (terminal.json) terminal.result({ error: { code, message } });
    else terminal.fault(`${terminal.colors.red("✗")} ${message}`);
    if (process.env.DEBUG === "gridnft") terminal.fault(String((error as Error).stack));
    return failed;
  }
}
