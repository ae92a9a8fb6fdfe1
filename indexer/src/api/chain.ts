/** A block as the chain's node states it. */
export interface ChainBlock {
  readonly number: number;
  readonly hash: string;
  readonly timestamp: number;
}

/** The chain's node, asked for blocks alone. */
export interface ChainReader {
  /** The newest block. Asked at most once in `HEAD_LIFE` milliseconds. */
  head(): Promise<ChainBlock | undefined>;
  /** A block by number; undefined when there is none. Throws when the node can't be asked. */
  block(number: number): Promise<ChainBlock | undefined>;
}

const HEAD_LIFE = 500;
const PATIENCE = 2_000;

/** @param rpcUrls Asked in turn, until one answers. */
export function createChainReader(rpcUrls: readonly string[]): ChainReader {
  let cached: { readonly at: number; readonly block: Promise<ChainBlock | undefined> } | undefined;

  async function ask(tag: string): Promise<ChainBlock | undefined> {
    let failure: unknown;
    for (const url of rpcUrls) {
      try {
        return await blockOf(url, tag);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  return {
    head: () => {
      const now = Date.now();
      if (!cached || now - cached.at > HEAD_LIFE) cached = { at: now, block: ask("latest") };
      return cached.block;
    },
    block: (number) => ask(`0x${number.toString(16)}`),
  };
}

async function blockOf(url: string, tag: string): Promise<ChainBlock | undefined> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_getBlockByNumber", params: [tag, false] }),
    signal: AbortSignal.timeout(PATIENCE),
  });
  const answer = (await response.json()) as {
    result?: { number: string; hash: string; timestamp: string } | null;
    error?: { message: string };
  };
  if (answer.error) throw new Error(answer.error.message);
  const block = answer.result;
  return block
    ? { number: Number(block.number), hash: block.hash.toLowerCase(), timestamp: Number(block.timestamp) }
    : undefined;
}
