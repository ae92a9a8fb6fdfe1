import { Command, CommanderError } from "commander";
import { addCommands } from "./commands.ts";
import { ExitCode } from "./failure.ts";
import type { Surroundings } from "./program.ts";
import { openTerminal } from "./terminal.ts";

/**
 * Runs the command line. Commands are loaded when they are called, so that `--help` is quick.
 * @param words What stands after `gridnft`.
 * @returns What to exit with.
 */
export async function run(
  words: readonly string[],
  surroundings: Surroundings = {
    environment: process.env,
    cwd: process.cwd(),
    out: process.stdout,
    err: process.stderr,
  },
): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.OK;
  const finish = async (code: Promise<ExitCode>): Promise<void> => {
    exitCode = await code;
  };
  const program = new Command("gridnft")
    .description("From prompt to NFT, and back to the proof.")
    .version("0.1.0")
    .showHelpAfterError("Try gridnft --help.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => surroundings.out.write(text),
      writeErr: (text) => surroundings.err.write(text),
    })
    .configureHelp({ showGlobalOptions: true });

  addCommands(program, finish, surroundings);

  try {
    await program.parseAsync(words, { from: "user" });
    return exitCode;
  } catch (error) {
    const terminal = openTerminal({ json: words.includes("--json"), ...surroundings });
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return ExitCode.OK;
      terminal.result({ error: { code: "USAGE", message: error.message.replace(/^error: /, "") } });
      return ExitCode.USAGE;
    }
    const { explain } = await import("./explain.ts");
    const { code, message, exitCode: failed } = explain(error);
    if (terminal.json) terminal.result({ error: { code, message } });
    else terminal.fault(`${terminal.colors.red("✗")} ${message}`);
    if (surroundings.environment.DEBUG === "gridnft") terminal.fault(String((error as Error).stack));
    return failed;
  }
}
