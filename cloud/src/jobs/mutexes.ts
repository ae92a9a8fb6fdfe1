import type { Address } from "viem";

/** Returns the mutex of a job's calls. */
export const jobMutex = (jobId: string): string => `job ${jobId.toLowerCase()}`;

/** Returns the mutex of calls that lock a worker's row or its lane. */
export const workerMutex = (worker: Address): string => `worker ${worker.toLowerCase()}`;
