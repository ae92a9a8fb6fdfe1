import { ChainError, explainRevert } from "@gridnft/sdk";
import { BaseError } from "viem";
import { CliError, ExitCode } from "./failure.ts";

/** Any error as code, sentence and exit code. Never a stack: `DEBUG=gridnft` shows that. */
export function explain(error: unknown): { code: string; message: string; exitCode: ExitCode } {
  if (error instanceof CliError) return { code: error.code, message: error.message, exitCode: error.exitCode };
  if (error instanceof BaseError) {
    const { contractError, code, message } = explainRevert(error);
    return { code: contractError?.name ?? code, message, exitCode: ExitCode.FAILED };
  }
  if (error instanceof ChainError && error.contractError) {
    return { code: error.contractError.name, message: error.message, exitCode: ExitCode.FAILED };
  }
  const { code } = error as { code?: unknown };
  const text = error instanceof Error ? error.message : String(error);
  const line = text.split("\n", 1)[0]?.trim() || "Something went wrong.";
  return {
    code: typeof code === "string" ? code : "FAILED",
    message: /[.!?]$/.test(line) ? line : `${line}.`,
    exitCode: ExitCode.FAILED,
  };
}
