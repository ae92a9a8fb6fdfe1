import { Agent, type IncomingMessage, request } from "node:http";

/** Limit of a body's bytes. Anvil has one of its own for requests, which is smaller. */
const MAX_BODY = 32 * 1024 * 1024;

/** JSON-RPC call as it comes over the wire. */
export interface RpcCall {
  jsonrpc?: string;
  id?: unknown;
  method: string;
  params?: unknown[];
}

/** Error that a node answered. */
export class RpcError extends Error {
  override readonly name = "RpcError";

  constructor(
    readonly method: string,
    readonly rpc: { code: number; message: string; data?: unknown },
  ) {
    super(`${method}: ${rpc.message}`);
  }
}

/** Calls one method of a node and returns its result. */
export type Rpc = <result>(method: string, params?: readonly unknown[]) => Promise<result>;

/** Client of one node, over connections that are kept open. */
export interface NodeClient {
  readonly url: string;
  readonly agent: Agent;
  readonly rpc: Rpc;
  /** Sends a JSON body and returns the answer's text. */
  post(body: string): Promise<string>;
  close(): void;
}

/** Creates a client of the node at a URL. */
export function createNodeClient(url: string): NodeClient {
  const agent = new Agent({ keepAlive: true });
  const post = (body: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const outgoing = request(url, { method: "POST", agent, headers }, (response) => {
        readBody(response).then((text) => resolve(text.toString("utf8")), reject);
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  const rpc: Rpc = async <result>(method: string, params: readonly unknown[] = []) => {
    const text = await post(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
    const answer = JSON.parse(text) as { result: result; error?: RpcError["rpc"] };
    if (answer.error) throw new RpcError(method, answer.error);
    return answer.result;
  };
  return { url, agent, rpc, post, close: () => agent.destroy() };
}

/** Reads the body of a request or a response. */
export function readBody(message: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY) message.destroy(new Error("too large"));
      chunks.push(chunk);
    });
    message.on("end", () => resolve(Buffer.concat(chunks)));
    message.on("error", reject);
  });
}
