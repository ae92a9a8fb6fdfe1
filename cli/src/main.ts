import { unicodeFault } from "@gridnft/sdk/node";
import { Command, CommanderError } from "commander";
import { addCommands } from "./commands.ts";
import { ExitCode, usageError } from "./failure.ts";
import { lossOf, openOutput } from "./output.ts";
import type { Surroundings } from "./program.ts";
import { openTerminal } from "./terminal.ts";

/**
 * Runs the command line. Commands are loaded when they are called, so that `--help` is quick.
 * @param words Words after `gridnft`.
 * @returns Exit code.
 */
export async function run(
  words: readonly string[],
  surroundings: Surroundings = {
    environment: process.env,
    cwd: process.cwd(),
    out: process.stdout,
    err: process.stderr,
    input: () => process.stdin,
  },
): Promise<ExitCode> {
  const [out, err] = [openOutput(surroundings.out), openOutput(surroundings.err)];
  const exitCode = await runCommand(words, surroundings);
  await out.flush();
  const loss = lossOf(out);
  if (loss === undefined) return exitCode;
  err.write(exitCode === ExitCode.OK ? `${loss} Everything else was done.\n` : `${loss}\n`);
  await err.flush();
  return exitCode === ExitCode.OK ? ExitCode.FAILED : exitCode;
}

async function runCommand(words: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.OK;
  const finish = async (code: Promise<ExitCode>): Promise<void> => {
    exitCode = await code;
  };
  const program = createProgram(surroundings, finish);
  try {
    const fault = unicodeFault(words);
    if (fault !== undefined) throw usageError(fault, "NOT_UTF8");
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
    const { code, message, exitCode: failed, trace } = explain(error);
    if (terminal.json) terminal.result({ error: { code, message, ...trace } });
    else terminal.fault(`${terminal.colors.red("✗")} ${message}`);
    if (surroundings.environment.DEBUG === "gridnft") terminal.fault(String((error as Error).stack));
    return failed;
  }
}

/** The commands of `gridnft`. */
export function createProgram(surroundings: Surroundings, finish: (code: Promise<ExitCode>) => Promise<void>): Command {
  const program = new Command("gridnft")
    .description("From prompt to NFT, and back to the proof.")
    .version("0.1.0")
    .showHelpAfterError("Try gridnft --help.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => openOutput(surroundings.out).write(text),
      writeErr: (text) => openOutput(surroundings.err).write(text),
    })
    .configureHelp({ showGlobalOptions: true });
  addCommands(program, finish, surroundings);
  return program;
}
