/** What the command exits with. Documented in docs/cli.md. */
export const ExitCode = {
  OK: 0,
  /** Something was typed or configured wrongly; nothing was done. */
  USAGE: 1,
  /** A contract, the cloud or a worker refused, or could not be reached. */
  FAILED: 2,
  /** verify: a check failed, or running the job again gave another picture. */
  BROKEN: 3,
  /** verify: nothing is wrong, but evidence is missing. */
  INCOMPLETE: 4,
  /** Ctrl-C. */
  INTERRUPTED: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Why a command stops: a sentence that names the fix. */
export class CliError extends Error {
  override readonly name = "CliError";

  constructor(
    /** Stable; `--json` prints it. */
    readonly code: string,
    message: string,
    readonly exitCode: ExitCode = ExitCode.FAILED,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A {@link CliError} for what was typed or configured wrongly. */
export function usageError(message: string, code = "USAGE", options?: ErrorOptions): CliError {
  return new CliError(code, message, ExitCode.USAGE, options);
}

/** The name of a custom error in a failed contract call, e.g. "GridNFT_AlreadyMinted", wherever viem hid it. */
function contractErrorOf(error: unknown): { name: string; args: readonly unknown[] } | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth++) {
    const { data } = at as { data?: { errorName?: string; args?: readonly unknown[] } };
    if (data?.errorName !== undefined) return { name: data.errorName, args: data.args ?? [] };
  }
  return undefined;
}

/** Reasons of contracts that users meet, in their words. */
const contractReasons: Readonly<Record<string, string>> = {
  GridNFT_AlreadyMinted: "This picture is minted already.",
  GridNFT_NotAnchored: "The receipt is not anchored yet: it has to be settled or collected first.",
  GridNFT_NotAllowed: "This account may not do that to the artwork.",
  GridNFT_DoesNotEvolve: "The artworks of this series do not evolve: that was fixed when they were minted.",
  GridNFT_FeeAboveMax: "The mint fee has risen above what was agreed to.",
  GridNFT_Paused: "Minting is paused.",
  GridNFT_NotAnnounced: "The owner of an artwork has to announce a version an hour ahead, with the same picture.",
  GridNFT_TooEarly: "The version was announced less than an hour ago.",
  GridSettlement_BalanceShort: "The payer's balance in GridSettlement is too low: gridnft account deposit <AIPG>.",
  AIGC_NotForSale: "The owner of this model sells no licenses.",
  AIGC_PriceTooHigh: "The license costs more than you agreed to pay.",
  ERC20InsufficientAllowance: "The contract may not draw that much AIPG from the account.",
  ERC20InsufficientBalance: "The account holds too little AIPG.",
};

/** Any error as code, sentence and exit code. Never a stack: `DEBUG=gridnft` shows that. */
export function explain(error: unknown): { code: string; message: string; exitCode: ExitCode } {
  if (error instanceof CliError) return { code: error.code, message: error.message, exitCode: error.exitCode };
  const reverted = contractErrorOf(error);
  if (reverted) {
    const message =
      contractReasons[reverted.name] ?? `The contract refused: ${reverted.name}(${reverted.args.join(", ")}).`;
    return { code: reverted.name, message, exitCode: ExitCode.FAILED };
  }
  const { code, shortMessage } = error as { code?: unknown; shortMessage?: unknown };
  const text = typeof shortMessage === "string" ? shortMessage : error instanceof Error ? error.message : String(error);
  const line = text.split("\n", 1)[0]?.trim() || "Something went wrong.";
  return {
    code: typeof code === "string" ? code : "FAILED",
    message: /[.!?]$/.test(line) ? line : `${line}.`,
    exitCode: ExitCode.FAILED,
  };
}
