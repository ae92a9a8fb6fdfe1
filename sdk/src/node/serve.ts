import type { Server } from "node:http";
import { openProgramOutput } from "./programOutput.js";

/**
 * Says that a program serves, by a line of JSON with `ready: true`, and stops it on SIGTERM and SIGINT.
 * @param fail Gets the error of a stop that failed, and ends the program.
 */
export function serveUntilSignal(
  { stop }: { stop(): Promise<void> },
  ready: object,
  fail: (error: unknown) => never,
): void {
  let ending = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (ending) return;
      ending = true;
      stop().then(() => process.exit(0), fail);
    });
  }
  openProgramOutput(process.stdout).write(`${JSON.stringify({ ready: true, ...ready })}\n`);
}

/** Closes a server: answers what it was asked, and ends connections that are still open after `timeout` milliseconds. */
export async function closeServer(server: Server, timeout: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const idle = setInterval(() => server.closeIdleConnections(), 50);
    const force = setTimeout(() => server.closeAllConnections(), timeout);
    server.close(() => {
      clearInterval(idle);
      clearTimeout(force);
      resolve();
    });
  });
}
