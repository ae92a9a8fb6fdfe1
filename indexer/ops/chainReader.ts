import { sleep, trySleep } from "@gridnft/sdk/node";

/** A block as the chain's node states it. */
export interface ChainBlock {
  readonly number: number;
  readonly hash: string;
  readonly timestamp: number;
}

/** Block that is known by its hash, or at least by its time. */
export interface KnownBlock {
  readonly number: number;
  readonly hash?: string;
  readonly timestamp?: number;
}

/** `unknown`: no node has a block of this number. It may be behind, or the chain shorter than it was. */
export type Verdict = "yes" | "no" | "unknown";

/** The chain's nodes, asked for blocks alone. */
export interface ChainReader {
  /**
   * The newest block that any node has shown in the last seconds: behind a balancer there are nodes that are late. Asked at most
   * once in `HEAD_LIFE` milliseconds. Throws when no node can be asked.
   */
  head(): Promise<ChainBlock | undefined>;
  /** A block by number; undefined when there is none. Throws when no node can be asked. */
  block(number: number): Promise<ChainBlock | undefined>;
  /**
   * Tells if the chain has this very block. A node that says no is asked again, in case that another one stands behind the same
   * name; of nodes that differ, the one that knows the longer chain is believed. Throws when no node can be asked.
   */
  has(block: KnownBlock): Promise<Verdict>;
}

const HEAD_LIFE = 500;
/** Milliseconds for which a head is remembered that no node shows any more. */
const HEAD_MEMORY = 10_000;
const RPC_TIMEOUT = 2_000;
/** Milliseconds that others get when one node has answered. */
const LATE_ANSWER_TIMEOUT = 250;
const ATTEMPTS = 3;
const RETRY_DELAY = 150;

/** @param rpcUrls URLs that differ in their query alone count as one node. */
export function createChainReader(rpcUrls: readonly string[]): ChainReader {
  const nodes = [...new Map(rpcUrls.map((url) => [nodeOf(url), url] as const)).values()];
  let cached: { readonly at: number; readonly block: Promise<ChainBlock | undefined> } | undefined;
  let highest: { readonly at: number; readonly block: ChainBlock } | undefined;

  const ask = (tag: string) => gather(nodes.map((url) => blockOf(url, tag)));

  async function askHead(): Promise<ChainBlock | undefined> {
    const heads = (await ask("latest")).flatMap(({ value }) => value ?? []);
    const now = Date.now();
    for (const block of heads) {
      const isStale = !highest || now - highest.at > HEAD_MEMORY;
      if (isStale || block.number >= (highest?.block.number ?? 0)) highest = { at: now, block };
    }
    return highest?.block;
  }

  async function look(known: KnownBlock): Promise<Verdict> {
    const answers = await ask(hex(known.number));
    const isIt = (block: ChainBlock) =>
      known.hash === undefined ? block.timestamp === known.timestamp : block.hash === known.hash.toLowerCase();
    const having = answers.flatMap(({ index, value }) => (value ? [{ index, isIt: isIt(value) }] : []));
    if (having.length === 0) return "unknown";
    if (having.every((node) => node.isIt)) return "yes";
    if (!having.some((node) => node.isIt)) return "no";
    const heads = await gather(having.map(({ index }) => blockOf(nodes[index] ?? "", "latest")));
    const headOf = (yes: boolean) =>
      Math.max(...heads.map(({ index, value }) => (having[index]?.isIt === yes ? (value?.number ?? -1) : -1)));
    return headOf(false) > headOf(true) ? "no" : "yes";
  }

  return {
    head: () => {
      const now = Date.now();
      if (!cached || now - cached.at > HEAD_LIFE) cached = { at: now, block: askHead() };
      return cached.block;
    },
    block: async (number) => (await ask(hex(number))).find(({ value }) => value)?.value,
    has: async (known) => {
      const verdicts = new Set<Verdict>();
      for (let turn = 0; turn < ATTEMPTS; turn++) {
        if (turn > 0) await sleep(RETRY_DELAY);
        const verdict = await look(known);
        if (verdict === "yes") return verdict;
        verdicts.add(verdict);
      }
      if (!verdicts.has("no")) return "unknown";
      highest = undefined; // it may be of the other branch
      return "no";
    },
  };
}

interface Answer {
  readonly index: number;
  readonly value: ChainBlock | undefined;
}

/** Returns the answers of all nodes, or of those that answer soon after the first. Throws when none does. */
async function gather(asked: readonly Promise<ChainBlock | undefined>[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  const answered = asked.map((one, index) => one.then((value) => void answers.push({ index, value })));
  const all = Promise.allSettled(answered);
  await Promise.any(answered).catch((error: AggregateError) => {
    throw error.errors[0];
  });
  const waiting = new AbortController();
  await Promise.race([all, trySleep(LATE_ANSWER_TIMEOUT, waiting.signal)]);
  waiting.abort();
  return [...answers];
}

/** Calls a JSON-RPC method. Returns the body of the answer as it came. */
export async function callNode(
  url: string,
  method: string,
  params: readonly unknown[],
  timeout: number,
): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    signal: AbortSignal.timeout(timeout),
  });
  return response.json();
}

async function blockOf(url: string, tag: string): Promise<ChainBlock | undefined> {
  const { result: block, error } = (await callNode(url, "eth_getBlockByNumber", [tag, false], RPC_TIMEOUT)) as {
    readonly result?: { readonly number: string; readonly hash: string; readonly timestamp: string } | null;
    readonly error?: { readonly message: string };
  };
  if (error) throw new Error(error.message);
  return block
    ? { number: Number(block.number), hash: block.hash.toLowerCase(), timestamp: Number(block.timestamp) }
    : undefined;
}

function hex(number: number): string {
  return `0x${number.toString(16)}`;
}

function nodeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
