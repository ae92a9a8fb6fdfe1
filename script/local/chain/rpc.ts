import { Agent, request } from "node:http";

/** One JSON-RPC call as it comes over the wire. */
export interface RpcCall {
  jsonrpc?: string;
  id?: unknown;
  method: string;
  params?: unknown[];
}

/** An error that the node answered. */
export class RpcFailure extends Error {
  constructor(
    readonly method: string,
    readonly rpc: { code: number; message: string; data?: unknown },
  ) {
    super(`${method}: ${rpc.message}`);
    this.name = "RpcFailure";
  }
}

/** Calls one method of a node and returns its result. */
export type Rpc = <result>(method: string, params?: readonly unknown[]) => Promise<result>;

/** JSON-RPC over kept-alive connections. */
export function createRpc(url: string): { rpc: Rpc; close: () => void } {
  const agent = new Agent({ keepAlive: true });
  const rpc: Rpc = async <result>(method: string, params: readonly unknown[] = []) => {
    const text = await post(url, agent, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
    const answer = JSON.parse(text) as { result: result; error?: RpcFailure["rpc"] };
    if (answer.error) throw new RpcFailure(method, answer.error);
    return answer.result;
  };
  return { rpc, close: () => agent.destroy() };
}

function post(url: string, agent: Agent, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const outgoing = request(url, { method: "POST", agent, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => resolve(Buffer.concat(parts).toString("utf8")));
      answer.on("error", reject);
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
