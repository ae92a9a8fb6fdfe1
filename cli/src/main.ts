import { Command, CommanderError } from "commander";
import { addCommands } from "./commands.ts";
import { ExitCode } from "./failure.ts";
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

  addCommands(program, finish);

  try {
    await program.parseAsync(words, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.OK : ExitCode.USAGE;
    const terminal = openTerminal({ json: words.includes("--json") });
    const { explain } = await import("./explain.ts");
    const { code, message, exitCode: failed } = explain(error);
    if (terminal.json) terminal.result({ error: { code, message } });
    else terminal.fault(`${terminal.colors.red("✗")} ${message}`);
    if (process.env.DEBUG === "gridnft") terminal.fault(String((error as Error).stack));
    return failed;
  }
}
