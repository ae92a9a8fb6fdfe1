// A load generator that costs little itself: one request at a time on each of a few sockets, bodies looked into, not parsed.
import { connect, type Socket } from "node:net";
import { percentile } from "../measure/results.ts";

/** One HTTP request, ready to be sent. */
export interface PreparedRequest {
  readonly bytes: Buffer;
  /** What the body of a right answer contains. */
  readonly expected: string;
}

/** What came of a load. */
export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Answers with another status than 200, with `errors`, or without what was expected. */
  readonly failures: number;
  /** Beginning of the first of them. */
  readonly failure?: string;
}

/** A POST of JSON, or a GET. */
export function prepare(path: string, expected: string, body?: unknown): PreparedRequest {
  const json = body === undefined ? undefined : JSON.stringify(body);
  const head = [
    `${json === undefined ? "GET" : "POST"} ${path} HTTP/1.1`,
    "host: 127.0.0.1",
    ...(json === undefined ? [] : ["content-type: application/json", `content-length: ${Buffer.byteLength(json)}`]),
  ];
  return { bytes: Buffer.from(`${head.join("\r\n")}\r\n\r\n${json ?? ""}`), expected };
}

/** What to send, where to, and for how long. */
export interface Load {
  readonly ports: readonly number[];
  readonly requests: readonly PreparedRequest[];
  readonly connections: number;
  readonly seconds: number;
}

/** Requests after which a server's code has been compiled by the engine that runs it. */
const WARM = 2_000;

/** Sends requests until a server is warm: for a second, and as many as it takes, but for ten seconds at most. */
export async function warmUp(options: Omit<Load, "seconds">): Promise<void> {
  let sent = 0;
  for (let second = 0; second < 10 && (second === 0 || sent < WARM); second++) {
    sent += (await load({ ...options, seconds: 1 })).requests;
  }
}

/** Sends requests in turn for some seconds over connections spread over the ports. */
export async function load({ ports, requests, connections, seconds }: Load): Promise<LoadResult> {
  const latencies: number[] = [];
  let [next, failures] = [0, 0];
  let failure: string | undefined;
  const began = performance.now();
  const end = began + 1_000 * seconds;
  await Promise.all(
    Array.from({ length: connections }, async (_, i) => {
      const channel = await openChannel(ports[i % ports.length] ?? 0);
      try {
        while (performance.now() < end) {
          const request = requests[next++ % requests.length];
          if (!request) throw new Error("There are no requests.");
          const sent = performance.now();
          const answer = await channel.ask(request.bytes);
          latencies.push(performance.now() - sent);
          if (isRight(answer, request.expected)) continue;
          failures++;
          failure ??= answer.toString("utf8").slice(0, 600);
        }
      } finally {
        channel.close();
      }
    }),
  );
  const elapsed = (performance.now() - began) / 1_000;
  const sorted = Float64Array.from(latencies).sort();
  return {
    requests: latencies.length,
    perSecond: Math.round(latencies.length / elapsed),
    p50: round(percentile(sorted, 0.5)),
    p99: round(percentile(sorted, 0.99)),
    failures,
    ...(failure !== undefined && { failure }),
  };
}

/**
 * Sends each request once, one after the other. Returns milliseconds, in the order of the requests. One that the database gives up
 * counts with the time until then.
 */
export async function each(port: number, requests: readonly PreparedRequest[]): Promise<number[]> {
  const channel = await openChannel(port);
  const spent: number[] = [];
  try {
    for (const { bytes, expected } of requests) {
      const sent = performance.now();
      const answer = await channel.ask(bytes);
      spent.push(performance.now() - sent);
      if (!isRight(answer, expected) && answer.indexOf('"TOO_SLOW"') < 0)
        throw new Error(`Not an answer: ${answer.toString("utf8").slice(0, 600)}`);
    }
  } finally {
    channel.close();
  }
  return spent;
}

function isRight(answer: Buffer, expected: string): boolean {
  return answer.indexOf(" 200 ") === 8 && answer.indexOf('"errors"') < 0 && answer.indexOf(expected) > 0;
}

interface Channel {
  /** Head and body of the answer. */
  ask(request: Buffer): Promise<Buffer>;
  close(): void;
}

async function openChannel(port: number): Promise<Channel> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opened = connect({ port, host: "127.0.0.1", noDelay: true });
    opened.once("connect", () => resolve(opened));
    opened.once("error", reject);
  });
  let parts: Buffer[] = [];
  let wanted: { resolve(answer: Buffer): void; reject(error: Error): void } | undefined;
  const fail = (): void => wanted?.reject(new Error("The server closed the connection."));
  socket.removeAllListeners("error");
  socket.on("error", fail);
  socket.on("close", fail);
  socket.on("data", (part) => {
    parts.push(part);
    const answer = parts.length === 1 ? part : Buffer.concat(parts);
    if (!isWhole(answer)) {
      parts = [answer];
      return;
    }
    parts = [];
    const waiting = wanted;
    wanted = undefined;
    waiting?.resolve(answer);
  });
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        wanted = { resolve, reject };
        socket.write(request);
      }),
    close: () => {
      wanted = undefined;
      socket.destroy();
    },
  };
}

/** Whether all of an HTTP answer is there. */
export function isWhole(answer: Buffer): boolean {
  const end = answer.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const head = answer.toString("latin1", 0, end).toLowerCase();
  const [, length] = /\r\ncontent-length: *(\d+)/.exec(head) ?? [];
  if (length !== undefined) return answer.length >= end + 4 + Number(length);
  if (head.includes("\r\ntransfer-encoding: chunked")) return answer.subarray(-5).toString("latin1") === "0\r\n\r\n";
  return true;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
