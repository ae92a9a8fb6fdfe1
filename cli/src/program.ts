import { type Config, effectiveConfig } from "./config.ts";
import { usageError } from "./failure.ts";
import { type Grid, openGrid, readPlaces } from "./grid.ts";
import { isTerminal, openTerminal, type Terminal } from "./terminal.ts";
import { idOf } from "./values.ts";

/** The world around a command. */
export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  /** Paths that are typed are relative to it. */
  readonly cwd: string;
  readonly out: NodeJS.WritableStream;
  readonly err: NodeJS.WritableStream;
  /** Answers to questions. Default: there is nobody to ask. */
  readonly input?: (() => NodeJS.ReadableStream) | undefined;
}

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly surroundings: Surroundings;
}

/** Everything that a command works with. */
export interface Session {
  readonly terminal: Terminal;
  readonly environment: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** A person can be asked: input and stderr are terminals. */
  readonly interactive: boolean;
  readonly input: NodeJS.ReadableStream;
  readonly config: Config;
  grid(): Promise<Grid>;
}

export function openSession({ json = false, quiet = false, surroundings }: CommonOptions): Session {
  const { environment, cwd, input, err } = surroundings;
  const config = effectiveConfig(environment);
  return {
    ...{ environment, cwd, config, terminal: openTerminal({ json, quiet, ...surroundings }) },
    interactive: isTerminal(err) && isTerminal(input?.()),
    get input() {
      if (!input) throw new Error("There is nobody to ask.");
      return input();
    },
    grid: async () => openGrid(readPlaces(cwd, environment, config)),
  };
}

/** A token id as typed: 1001, or #1001. */
export function readTokenId(text: string): bigint {
  const id = idOf(text.trim().replace(/^#/, ""));
  if (!id) throw usageError(`"${text}" is no token id: give a number such as 1001.`, "TOKEN_INVALID");
  return id;
}
