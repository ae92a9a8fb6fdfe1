// Child processes of a local grid: each has a log file, a guard, and an end that is noticed.
import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "@gridnft/sdk/node";
import { LocalError } from "./errors.ts";
import { spawnGuarded } from "./guard.ts";

/** Bytes from which on a log makes room for a new one when its service starts. */
const MAX_LOG = 10 * 1024 * 1024;

/** Command, environment and readiness of a program. */
export interface ProcessSpec {
  name: string;
  command: string;
  args: readonly string[];
  cwd: string;
  environment: NodeJS.ProcessEnv;
  /**
   * Finds out, from the text that was printed or by asking, whether the program is ready. Asked again while it returns undefined. What answers
   * at a port may be another process than the one of this id.
   */
  isReady: (printed: string, pid: number) => unknown | Promise<unknown>;
  /** Milliseconds until the start counts as failed. */
  patience?: number;
  /** Returns true if the text that was printed before the end says that a start in a moment will succeed: then it is tried again. */
  willPass?: (printed: string) => boolean;
  signal?: "SIGINT" | "SIGTERM";
  /** Milliseconds between the signal and force. */
  grace?: number;
  /** Another user, for a program that refuses to run as root. */
  user?: { uid: number; gid: number } | undefined;
}

/** Started program. */
export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
  /** Resolves when it ends, to a description of its end. */
  readonly ended: Promise<string>;
  /** Stops it in good order. */
  stop(): Promise<void>;
  /** Sends SIGKILL. */
  kill(): Promise<void>;
}

/** Starts processes. None outlives this one by more than seconds, however it ends. */
export interface Processes {
  start(spec: ProcessSpec): Promise<RunningProcess>;
  /** Stops all processes but those given: these are up, and have their order. None can be started any more. */
  close(keep: readonly number[]): Promise<void>;
}

/**
 * Creates the processes of a state folder.
 * @param onCrash Called when a process ends that nobody stopped.
 */
export function createProcesses(folder: string, onCrash: (name: string, how: string, log: string) => void): Processes {
  /** Ways to stop what runs, by process id. */
  const running = new Map<number, () => Promise<void>>();
  let closed = false;
  mkdirSync(join(folder, "logs"), { recursive: true });

  async function start(spec: ProcessSpec): Promise<RunningProcess> {
    const deadline = Date.now() + (spec.patience ?? 60_000);
    for (;;) {
      const started = await attempt(spec, Date.now() < deadline);
      if (started !== undefined) return started;
      await sleep(100);
    }
  }

  /** Starts once. Undefined when it has to be tried again in a moment. */
  async function attempt(spec: ProcessSpec, mayPass: boolean): Promise<RunningProcess | undefined> {
    const { name, command, args, cwd, environment: env, user, signal = "SIGTERM", grace = 15_000 } = spec;
    if (closed) throw new LocalError("SERVICE", `The ${name} isn't started: everything is being stopped.`);
    const log = join(folder, "logs", `${name}.log`);
    if (existsSync(log) && statSync(log).size > MAX_LOG) renameSync(log, `${log}.old`);
    const before = existsSync(log) ? statSync(log).size : 0;
    const output = openSync(log, "a", 0o600);
    const child = spawnGuarded(command, args, { ...{ name: log, folder, output, signal, grace, cwd, env }, ...user });
    closeSync(output);
    let wanted = false;
    const ended = new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", () => resolve(endOf(child)));
    });
    const { pid } = child;
    if (pid === undefined) throw new LocalError("SERVICE", `The ${name} can't be started: ${await ended}.`);
    const end = async (first: NodeJS.Signals): Promise<void> => {
      wanted = true;
      child.kill(first);
      const timer = setTimeout(() => child.kill("SIGKILL"), grace);
      await ended;
      clearTimeout(timer);
    };
    const stop = () => end(signal);
    running.set(pid, stop);
    let isUp = false;
    const passes = (): boolean => mayPass && !isUp && (spec.willPass?.(printedSince(log, before)) ?? false);
    void ended.then((how) => {
      running.delete(pid);
      if (!wanted && !passes()) onCrash(name, how, log);
    });
    try {
      await ready(spec, child, pid, log, before);
      isUp = true;
    } catch (error) {
      await stop();
      if (passes()) return undefined;
      throw error;
    }
    return { name, pid, log, ended, stop, kill: () => end("SIGKILL") };
  }

  return {
    start,
    close: async (keep) => {
      closed = true;
      await Promise.all([...running].map(([pid, stop]) => (keep.includes(pid) ? undefined : stop())));
    },
  };
}

function endOf({ exitCode, signalCode }: ChildProcess): string {
  return signalCode ? `killed by ${signalCode}` : `exit code ${exitCode}`;
}

/** Waits until the program says that it is ready. */
async function ready(spec: ProcessSpec, child: ChildProcess, pid: number, log: string, from: number): Promise<void> {
  const deadline = Date.now() + (spec.patience ?? 60_000);
  for (;;) {
    if ((await spec.isReady(printedSince(log, from), pid)) !== undefined) return;
    if (child.exitCode !== null || child.signalCode !== null) {
      // The shell's codes for a program that is not there, or not one.
      const isProgram = child.exitCode !== 126 && child.exitCode !== 127;
      const fault = isProgram ? `ended (${endOf(child)}) before it was ready` : "can't be started";
      throw new LocalError("SERVICE", `The ${spec.name} ${fault}.\n${lastLines(log)}`);
    }
    if (Date.now() > deadline) {
      throw new LocalError(
        "SERVICE",
        `The ${spec.name} isn't ready after ${(spec.patience ?? 60_000) / 1000} s.\n${lastLines(log)}`,
      );
    }
    await sleep(40);
  }
}

function printedSince(log: string, from: number): string {
  const size = statSync(log).size;
  const buffer = Buffer.alloc(Math.max(0, size - from));
  const file = openSync(log, "r");
  try {
    readSync(file, buffer, 0, buffer.length, from);
  } finally {
    closeSync(file);
  }
  return buffer.toString("utf8");
}

/** Returns the end of a log, indented, with the file's name. */
export function lastLines(log: string, count = 15): string {
  const text = existsSync(log) ? readFileSync(log, "utf8").trimEnd() : "";
  const lines = text.split("\n").slice(-count);
  return [`Last lines of ${log}:`, ...lines.map((line) => `  ${line.slice(0, 400)}`)].join("\n");
}

/** Finds the JSON line `{"ready":true,...}` that a program of this project prints. */
export function readyLine(printed: string): { url?: string } | undefined {
  for (const line of printed.split("\n")) {
    if (!line.includes('"ready"')) continue;
    try {
      const json = JSON.parse(line) as { ready?: unknown; url?: string };
      if (json.ready === true) return json;
    } catch {
      // Cut off, or something else that has the word in it.
    }
  }
  return undefined;
}
