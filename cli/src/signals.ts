import { CliError, ExitCode } from "./failure.ts";

/**
 * Runs work that costs money. Ctrl-C and SIGTERM abort its signal; a second one ends the process. The end of the terminal
 * (SIGHUP) ends nothing: what is paid for is finished.
 */
export async function withSignals<value>(work: (signal: AbortSignal) => Promise<value>): Promise<value> {
  const interrupted = new AbortController();
  const stop = (): void => interrupted.abort(new CliError("INTERRUPTED", "Interrupted.", ExitCode.INTERRUPTED));
  const stay = (): void => {};
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  process.on("SIGHUP", stay);
  try {
    return await work(interrupted.signal);
  } finally {
    process.removeListener("SIGINT", stop);
    process.removeListener("SIGTERM", stop);
    process.removeListener("SIGHUP", stay);
  }
}

/** Runs a transaction. Ctrl-C ends the waiting; what was sent goes on. */
export function transacting<value>(send: () => Promise<value>): Promise<value> {
  return withSignals(async (signal) => {
    try {
      return await unlessAborted(signal, send());
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new CliError("INTERRUPTED", "Interrupted. What was sent already goes on.", ExitCode.INTERRUPTED);
    }
  });
}

/** A promise that is left alone once the signal aborts. */
export function unlessAborted<value>(signal: AbortSignal, promise: Promise<value>): Promise<value> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
