// A lane of its own for questions: Ponder's server runs every request through Hono and two middlewares, which takes longer than most
// answers. Where Node's own server is behind, questions are answered on its request and response instead, with the same gate, headers
// and bodies. Ponder's metrics count the requests that come its way, so none of these.
import { Buffer } from "node:buffer";
import { type IncomingMessage, type RequestListener, Server, type ServerResponse } from "node:http";
import { type Answerer, costOf } from "./graphql/execute.ts";
import { asQuestionError, type Gate, MAX_BODY, publicHeaders, tooLarge } from "./public.ts";
import { JSON_TYPE, readBody, readQuestion, refusals } from "./question.ts";
import { RestError } from "./rest/errors.ts";

export interface LaneDependencies {
  readonly answerer: Answerer;
  readonly gate: Gate;
  /** Told of errors that the asker is not shown. */
  readonly onError: (error: unknown) => void;
}

/** Opens the lane on the server that a request came in by, once; does nothing where there is no such server. */
export type OpenLane = (incoming: IncomingMessage | undefined) => void;

/** Prepares the lane. */
export function createLane(dependencies: LaneDependencies): OpenLane {
  const open = new WeakSet<Server>();
  return (incoming) => {
    const { server } = (incoming?.socket ?? {}) as { readonly server?: unknown };
    if (!(server instanceof Server) || open.has(server)) return;
    open.add(server);
    // The first is the framework's; those after it only look on.
    const [framework] = server.listeners("request") as RequestListener[];
    if (!framework) return;
    server.off("request", framework);
    server.prependListener("request", (request, response) => {
      if (request.method !== "POST" || request.url !== "/graphql") framework.call(server, request, response);
      else answer(dependencies, request, response).catch((error: unknown) => fail(dependencies, response, error));
    });
  };
}

async function answer(
  { answerer, gate }: LaneDependencies,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const entry = gate.enter(request.socket.remoteAddress, request.headers["x-forwarded-for"] as string | undefined);
  if (entry.refusal) return refuse(response, entry.refusal);
  if (Number(request.headers["content-length"] ?? 0) > MAX_BODY) return refuse(response, tooLarge());
  const body = await readBody(request);
  if (body === undefined) return send(response, 413, refusals.tooLong().json);
  const question = readQuestion(body);
  if (!question) return send(response, 400, refusals.unreadable().json);
  const given = await answerer.answerJson(question);
  entry.charge(costOf(given));
  send(response, given.isRefused ? 400 : 200, given.json);
}

function refuse(response: ServerResponse, error: RestError): void {
  const wait = error.retryAfter === undefined ? [] : ["retry-after", `${error.retryAfter}`];
  send(response, error.status, JSON.stringify(asQuestionError(error)), ["cache-control", "no-store", ...wait]);
}

/** Somebody who hangs up while asking is nobody's fault, and hears nothing of it. */
function fail({ onError }: LaneDependencies, response: ServerResponse, error: unknown): void {
  if (response.destroyed || response.headersSent) {
    response.destroy();
    return;
  }
  onError(error);
  refuse(response, new RestError("INTERNAL", "Something went wrong on our side."));
}

const everyHeader = [...Object.entries(publicHeaders).flat(), "content-type", JSON_TYPE];

function send(response: ServerResponse, status: number, json: string, more: readonly string[] = []): void {
  response.writeHead(status, [...everyHeader, ...more, "content-length", `${Buffer.byteLength(json)}`]);
  // A string goes out in one piece with the head before it.
  response.end(json);
}
