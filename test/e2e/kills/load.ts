/** Clients that order pictures on both rails, and note what they sent and what they were answered. */
import { setMaxListeners } from "node:events";
import { type LocalAccount, parseEther } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import {
  ChainError,
  type CloudClient,
  CloudError,
  createCloudClient,
  type Deployment,
  GridError,
  generate,
  type SignedOrder,
  signIn,
  toPayment,
  type WalletClient,
} from "../../../sdk/src/index.ts";
import { sleep } from "../../../sdk/src/node/index.ts";
import type { GenerationParameters, Job, Quote } from "../../../sdk/src/schemas/index.ts";

/** One job of a client, as the client knows it. */
export interface Note {
  readonly rail: "direct" | "gateway";
  /** No other job of any client has it. */
  readonly prompt: string;
  readonly count: number;
  readonly requester: string;
  /** Direct rail: the orders that were signed; at most one can be settled. */
  orders: readonly SignedOrder[];
  /** Id of the job, once the cloud has told it: from then on the job is accepted. */
  job: string | undefined;
  /** End that the cloud told. */
  end: Pick<Job, "status" | "error"> | undefined;
  /** Pictures that came, whose bytes were checked by the SDK. */
  pictures: readonly { readonly receiptId: string; readonly cid: string }[];
}

/** Clients at work. */
export interface Load {
  readonly notes: readonly Note[];
  /** Answers that were refusals, by their code. */
  readonly refusals: ReadonlyMap<string, number>;
  /** Answers that no client should ever get. */
  readonly faults: readonly string[];
  /** Orders one more job for an account that the gateway pays for; resolves when it is accepted, or no more to be had. */
  order(count: number, steps: number): Promise<Note>;
  /** Ends ordering; resolves when each client knows how its last job ended, or `signal` aborts. */
  end(signal: AbortSignal): Promise<void>;
}

/** Clouds that the clients order at, and the account that pays directly. */
export interface LoadOptions {
  readonly cloudUrl: string;
  readonly deployment: Deployment;
  readonly model: string;
  readonly payers: readonly WalletClient[];
  /** Clients that each payer has at a time. */
  readonly clientsOfPayer?: number;
  /** Accounts for which the gateway pays. */
  readonly guests: number;
  /** Most that a client waits between two jobs, milliseconds. */
  readonly rest?: number;
  /** Size of the pictures. */
  readonly parameters?: Partial<GenerationParameters>;
}

/** Codes that say: not now. */
const PASSING: readonly string[] = [
  ...["UNREACHABLE", "DATABASE_UNAVAILABLE", "STOPPING", "CHAIN_UNREACHABLE", "NO_WORKER"],
  // The client's own way to the chain.
  ...["RPC_UNREACHABLE", "RPC_FAILED"],
];
/** Codes that a client may get, and that are final. */
const FINAL = ["ORDER_REPLAYED", "ORDER_EXPIRED", "JOB_FAILED"];

/** Starts the clients. */
export function startLoad(options: LoadOptions): Load {
  const { cloudUrl, deployment, model, payers, clientsOfPayer = 1, guests, rest = 150, parameters = {} } = options;
  const notes: Note[] = [];
  const refusals = new Map<string, number>();
  const faults: string[] = [];
  const over = new AbortController();
  const gone = new AbortController();
  // Each client listens to it.
  setMaxListeners(0, gone.signal);
  const cloud = createCloudClient({ url: cloudUrl, timeout: 20_000 });

  /** Counts a refusal. Returns true where asking again makes sense. */
  const heard = (error: unknown, where: string): boolean => {
    if (gone.signal.aborted) return false;
    const isKnown = error instanceof CloudError || error instanceof GridError || error instanceof ChainError;
    const code = isKnown ? error.code : undefined;
    refusals.set(code ?? "other", (refusals.get(code ?? "other") ?? 0) + 1);
    if (code !== undefined && PASSING.includes(code)) return true;
    if (code === undefined || !FINAL.includes(code)) faults.push(`${where}: ${String(error)} ${JSON.stringify(error)}`);
    return false;
  };
  /** Asks until there is an answer; undefined for one that is final and no good, or when the client ends. */
  const persist = async <value>(where: string, ask: () => Promise<value>): Promise<value | undefined> => {
    while (!gone.signal.aborted) {
      try {
        return await ask();
      } catch (error) {
        if (!heard(error, where)) return undefined;
        await sleep(200);
      }
    }
    return undefined;
  };
  const note = (rail: Note["rail"], client: string, n: number, requester: string, count = 1 + (n % 3)): Note => {
    const made: Note = {
      ...{ rail, prompt: `picture ${n} of ${client}`, count, requester },
      ...{ orders: [], job: undefined, end: undefined, pictures: [] },
    };
    notes.push(made);
    return made;
  };
  const wishOf = ({ prompt, count }: Note): GenerationParameters => ({
    ...{ width: 64, height: 64, steps: 4, ...parameters },
    ...{ model, prompt, n: count },
  });
  /** Follows an accepted job to its end. */
  const follow = async (asker: CloudClient, one: Note): Promise<void> => {
    const id = one.job;
    if (id === undefined) return;
    const job = await persist("follow", async () => {
      let last: Job | undefined;
      for await (last of asker.watchJob(id, { signal: gone.signal, pollInterval: 300, silence: 10_000 }));
      return last;
    });
    if (job) finish(one, job);
  };

  const direct = async (wallet: WalletClient, client: string): Promise<void> => {
    const requester = wallet.account.address;
    for (let n = 0; !over.signal.aborted; n++) {
      const one = note("direct", client, n, requester);
      let quote: Quote | undefined;
      try {
        const made = await generate(wallet, {
          ...{ cloud, deployment, rail: "direct", parameters: wishOf(one), maxPrice: parseEther("10") },
          signal: gone.signal,
          onSigned: (orders) => {
            one.orders = orders;
          },
          onProgress: (progress) => {
            if (progress.stage === "quoted") quote = progress.quote;
            if (progress.stage === "job") one.job = progress.job.id;
          },
        });
        finish(one, made.job);
        one.pictures = made.images.map(({ cid, bundle }) => ({ cid, receiptId: bundle.receipt_id }));
      } catch (error) {
        heard(error, "generate");
        // As `gridnft resume` does it: the same orders again name the job that they made.
        if (quote && one.orders.length > 0) await resume(one, quote, requester);
      }
      await sleep(Math.random() * rest);
    }
  };
  const resume = async (one: Note, { parameters: quoted }: Quote, requester: `0x${string}`): Promise<void> => {
    one.job ??= await persist("resume", async () => {
      try {
        const submission = await cloud.generateImage({ ...quoted, requester, payment: toPayment(one.orders) });
        return submission.finished ? submission.result.job : submission.job.id;
      } catch (error) {
        if (error instanceof CloudError && error.job !== undefined) return error.job;
        throw error;
      }
    });
    await follow(cloud, one);
  };

  const guest = async (client: string): Promise<void> => {
    const account: LocalAccount = privateKeyToAccount(generatePrivateKey());
    const session = await persist("sign-in", () => signIn(cloud, { signer: account, deployment }));
    if (!session) return;
    const own = cloud.withToken(session.token);
    for (let n = 0; !over.signal.aborted; n++) {
      const one = note("gateway", client, n, account.address);
      try {
        const submission = await own.generateImage({ ...wishOf(one), payment: { rail: "gateway" } });
        one.job = submission.finished ? submission.result.job : submission.job.id;
      } catch (error) {
        heard(error, "generate-image");
      }
      await follow(own, one);
      await sleep(Math.random() * rest);
    }
  };

  const following: Promise<void>[] = [];
  const order = async (count: number, steps: number): Promise<Note> => {
    const account: LocalAccount = privateKeyToAccount(generatePrivateKey());
    const one = note("gateway", `latecomer ${following.length + 1}`, 0, account.address, count);
    const session = await persist("sign-in", () => signIn(cloud, { signer: account, deployment }));
    if (!session) return one;
    const own = cloud.withToken(session.token);
    // Asked once: whoever asks again makes another job.
    try {
      const wish = { ...wishOf(one), steps, payment: { rail: "gateway" as const } };
      const submission = await own.generateImage(wish);
      one.job = submission.finished ? submission.result.job : submission.job.id;
    } catch (error) {
      heard(error, "generate-image");
    }
    following.push(follow(own, one));
    return one;
  };

  const clients = Promise.all([
    ...payers.flatMap((payer, i) =>
      Array.from({ length: clientsOfPayer }, (_, client) => direct(payer, `payer ${i + 1}.${client + 1}`)),
    ),
    ...Array.from({ length: guests }, (_, i) => guest(`guest ${i + 1}`)),
  ]);
  return {
    ...{ notes, refusals, faults, order },
    end: async (signal) => {
      over.abort();
      const give = (): void => gone.abort();
      if (signal.aborted) give();
      signal.addEventListener("abort", give);
      await Promise.all([clients, ...following]);
      signal.removeEventListener("abort", give);
    },
  };
}

function finish(one: Note, { status, error, images = [] }: Job): void {
  one.end = { status, error };
  one.pictures = images.map(({ receipt_id, ipfs_hash }) => ({ receiptId: receipt_id, cid: ipfs_hash }));
}
