// HTTP proxy in front of anvil: reads go through as they are, calls that change the chain go to the sequencer.
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { type NodeClient, type RpcCall, RpcError, readBody } from "./jsonRpc.ts";
import { methodKind } from "./methods.ts";
import type { Sequencer } from "./sequencer.ts";

/** Listens on `port`. `node` is the client of anvil's own address. */
export function serveRpcProxy({
  port,
  node,
  sequencer,
}: {
  port: number;
  node: NodeClient;
  sequencer: Sequencer;
}): Promise<Server> {
  const server = createServer((incoming, answer) => {
    void handle(incoming, answer).catch((error: unknown) => {
      // Not as JSON-RPC: clients take an internal error of a call for a contract's refusal.
      if (!answer.headersSent) answer.writeHead(502, { "content-type": "text/plain" });
      answer.end(`The chain doesn't answer: ${error instanceof Error ? error.message : String(error)}`);
    });
  });
  server.keepAliveTimeout = 30_000;

  async function handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await readBody(incoming);
    const calls = incoming.method === "POST" ? callsOf(body) : undefined;
    if (calls === undefined || ![calls].flat().some(({ method }) => methodKind(method) !== "read")) {
      return pass(incoming, answer, body);
    }
    const results: object[] = [];
    for (const call of [calls].flat()) results.push(await one(call));
    answer.writeHead(200, { "content-type": "application/json", "access-control-allow-origin": "*" });
    answer.end(JSON.stringify(Array.isArray(calls) ? results : results[0]));
  }

  async function one(call: RpcCall): Promise<object> {
    const envelope = { jsonrpc: "2.0", id: call.id ?? null };
    if (methodKind(call.method) === "read") return JSON.parse(await node.post(JSON.stringify(call))) as object;
    try {
      return { ...envelope, result: await sequencer.execute(call) };
    } catch (error) {
      if (error instanceof RpcError) return { ...envelope, error: error.rpc };
      throw error;
    }
  }

  function pass(incoming: IncomingMessage, answer: ServerResponse, body: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const {
        host: _,
        connection: __,
        "content-length": ___,
        "transfer-encoding": ____,
        ...headers
      } = incoming.headers;
      const outgoing = request(new URL(incoming.url ?? "/", node.url), {
        method: incoming.method,
        agent: node.agent,
        headers: { ...headers, "content-length": body.length },
      });
      outgoing.on("error", reject);
      outgoing.on("response", (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer).on("finish", resolve);
        response.on("error", reject);
      });
      outgoing.end(body);
    });
  }

  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

/** Returns the call, or the batch of calls, of a body; undefined when it is neither: anvil says then what is wrong with it. */
function callsOf(body: Buffer): RpcCall | RpcCall[] | undefined {
  try {
    const json: unknown = JSON.parse(body.toString("utf8"));
    return [json].flat().every((call) => typeof (call as RpcCall | null)?.method === "string")
      ? (json as RpcCall | RpcCall[])
      : undefined;
  } catch {
    return undefined;
  }
}
