import { ChainError, explainRevert } from "@gridnft/sdk";
import { BaseError } from "viem";
import { CliError, ExitCode, type JobTrace } from "./failure.ts";
import { printable } from "./text.ts";

interface Explained {
  readonly code: string;
  readonly message: string;
  readonly exitCode: ExitCode;
  readonly trace?: JobTrace;
}

function ofChain({ contractError, code, message, transaction }: ChainError): Explained {
  return {
    ...{ code: contractError?.name ?? code, message: printable(message), exitCode: ExitCode.FAILED },
    ...(transaction && { trace: { transaction } }),
  };
}

/** Any error as code, sentence and exit code. Never a stack: `DEBUG=gridnft` shows that. */
export function explain(error: unknown): Explained {
  if (error instanceof CliError) {
    const { code, exitCode, trace } = error;
    return { code, message: printable(error.message), exitCode, ...(trace && { trace }) };
  }
  if (error instanceof BaseError) {
    return ofChain(explainRevert(error));
  }
  if (error instanceof ChainError) return ofChain(error);
  const { code } = error as { code?: unknown };
  const text = error instanceof Error ? error.message : String(error);
  const line = printable(text.split("\n", 1)[0] ?? "").trim() || "Something went wrong.";
  return {
    code: typeof code === "string" ? code : "FAILED",
    message: /[.!?]$/.test(line) ? line : `${line}.`,
    exitCode: ExitCode.FAILED,
  };
}
