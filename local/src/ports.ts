import { createServer } from "node:net";
import { LocalError } from "./errors.ts";

/** Returns true if a server can listen there now. */
export function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Returns some free port of 127.0.0.1. */
export function anyPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("There is no free port.")),
      );
    });
  });
}

/** Chooses a port: the one that the user insists on, else the first free one of those liked (the last run's, the usual one), else any. */
export async function choosePort(
  { name, wanted, liked }: { name: string; wanted?: number | undefined; liked: readonly (number | undefined)[] },
  taken: ReadonlySet<number> = new Set(),
): Promise<number> {
  if (wanted !== undefined) {
    if (!taken.has(wanted) && (await portIsFree(wanted))) return wanted;
    throw new LocalError("PORT", `Port ${wanted} for the ${name} is taken: leave it out, or choose another.`);
  }
  for (const port of liked) if (port !== undefined && !taken.has(port) && (await portIsFree(port))) return port;
  let port = await anyPort();
  while (taken.has(port)) port = await anyPort();
  return port;
}
