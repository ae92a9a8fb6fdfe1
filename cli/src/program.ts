import { usageError } from "./failure.ts";
import { type Grid, openGrid, readPlaces } from "./grid.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
}

/** What a command works with. */
export interface Session {
  readonly terminal: Terminal;
  readonly environment: NodeJS.ProcessEnv;
  readonly cwd: string;
  grid(): Promise<Grid>;
}

export function openSession({ json = false }: CommonOptions): Session {
  const [environment, cwd] = [process.env, process.cwd()];
  let grid: Promise<Grid> | undefined;
  return {
    ...{ environment, cwd, terminal: openTerminal({ json }) },
    grid: async () => {
      grid ??= openGrid(readPlaces(cwd, environment));
      return grid;
    },
  };
}

/** A token id as typed: 1001, or #1001. */
export function readTokenId(text: string): bigint {
  const digits = /^#?(\d{1,78})$/.exec(text.trim())?.[1];
  if (digits === undefined || BigInt(digits) === 0n) {
    throw usageError(`"${text}" is no token id: give a number such as 1001.`, "TOKEN_INVALID");
  }
  return BigInt(digits);
}
