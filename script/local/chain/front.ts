// The chain's address for everybody: hands reads through to anvil as they are, and calls that change it to the writer.
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { callKind } from "./calls.ts";
import { type RpcCall, RpcFailure } from "./rpc.ts";
import type { Writer } from "./writer.ts";

/** Larger than any batch of ours; anvil has a limit of its own. */
const maxBody = 32 * 1024 * 1024;

/** Listens on `port`. `upstream` is anvil's own address. */
export function serveFront({
  port,
  upstream,
  writer,
}: {
  port: number;
  upstream: string;
  writer: Writer;
}): Promise<Server> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, answer) => {
    void handle(incoming, answer).catch((error: unknown) => {
      // Not as JSON-RPC: clients take an internal error of a call for a contract's refusal.
      if (!answer.headersSent) answer.writeHead(502, { "content-type": "text/plain" });
      answer.end(`The chain doesn't answer: ${error instanceof Error ? error.message : String(error)}`);
    });
  });
  server.keepAliveTimeout = 30_000;
  server.on("close", () => agent.destroy());

  async function handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await readBody(incoming);
    const calls = incoming.method === "POST" ? callsOf(body) : undefined;
    if (calls === undefined || ![calls].flat().some(({ method }) => callKind(method) !== "read")) {
      return pass(incoming, answer, body);
    }
    const results: object[] = [];
    for (const call of [calls].flat()) results.push(await one(call));
    answer.writeHead(200, { "content-type": "application/json", "access-control-allow-origin": "*" });
    answer.end(JSON.stringify(Array.isArray(calls) ? results : results[0]));
  }

  async function one(call: RpcCall): Promise<object> {
    const envelope = { jsonrpc: "2.0", id: call.id ?? null };
    if (callKind(call.method) === "read") return JSON.parse(await post(JSON.stringify(call))) as object;
    try {
      return { ...envelope, result: await writer.write(call) };
    } catch (error) {
      if (error instanceof RpcFailure) return { ...envelope, error: error.rpc };
      throw error;
    }
  }

  function post(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const outgoing = request(upstream, { method: "POST", agent, headers: { "content-type": "application/json" } });
      outgoing.on("error", reject);
      outgoing.on("response", (response) => readBody(response).then((text) => resolve(text.toString("utf8")), reject));
      outgoing.end(body);
    });
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
      const outgoing = request(new URL(incoming.url ?? "/", upstream), {
        method: incoming.method,
        agent,
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

function readBody(message: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    message.on("data", (part: Buffer) => {
      size += part.length;
      if (size > maxBody) message.destroy(new Error("too large"));
      parts.push(part);
    });
    message.on("end", () => resolve(Buffer.concat(parts)));
    message.on("error", reject);
  });
}

/** The call, or the batch of calls, in a body; undefined when it is neither, which anvil may explain. */
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
