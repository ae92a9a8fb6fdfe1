import {
  type FolderLock,
  FolderLockError,
  type FolderLockErrorCode,
  type FolderLockTerms,
  lockFolder as lockFolderAs,
} from "@gridnft/sdk/node";
import { WorkerError, type WorkerErrorCode } from "../errors.ts";

/** Time for which a lock is watched before it counts as left behind. */
export type LockTerms = Omit<FolderLockTerms, "program" | "noun">;

const codes: Readonly<Record<FolderLockErrorCode, WorkerErrorCode>> = {
  LOCKED: "STATE_LOCKED",
  UNWRITABLE: "STATE_UNWRITABLE",
  STOPPED: "STOPPED",
};

/**
 * Locks the state folder for this process, making it if need be. Two processes on one folder would keep two journals of what was signed; a
 * second signature for one image costs the bond.
 * @throws {@link WorkerError} `STATE_LOCKED`, `STATE_UNWRITABLE`, `STOPPED`.
 */
export async function lockFolder(folder: string, terms: LockTerms = {}): Promise<FolderLock> {
  try {
    const lock = await lockFolderAs(folder, { ...terms, program: "worker", noun: "state folder" });
    return {
      release: lock.release,
      require: () => {
        try {
          lock.require();
        } catch (error) {
          throw workerErrorOf(error);
        }
      },
    };
  } catch (error) {
    throw workerErrorOf(error);
  }
}

function workerErrorOf(error: unknown): unknown {
  if (!(error instanceof FolderLockError)) return error;
  return new WorkerError(codes[error.code], error.message, { cause: error.cause });
}
