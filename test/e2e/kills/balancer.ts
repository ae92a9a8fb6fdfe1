import { connect, createServer, type Socket } from "node:net";
import { listen } from "../../fixtures/scriptedServer.ts";

/** One address for several servers, by connection. */
export interface Balancer {
  readonly port: number;
  /** Requests that were done, and whose answers were lost. */
  readonly lost: readonly Buffer[];
  stop(): Promise<void>;
}

/** Requests whose answers are lost on their way back: the server did what was asked, and its client is not told. */
export interface LostAnswers {
  /** Pattern of their first line. */
  readonly to: RegExp;
  /** Every so many of them. */
  readonly every: number;
}

/** Characters of a request's first line that are looked at. */
const FIRST_LINE = 200;

/** Starts a balancer: each connection goes to the next server that takes it. */
export async function startBalancer(upstreams: readonly number[], { to, every }: LostAnswers): Promise<Balancer> {
  const open = new Set<Socket>();
  let turn = 0;
  let asked = 0;
  const lost: Buffer[] = [];
  const server = createServer((client) => {
    open.add(client);
    client.once("close", () => open.delete(client));
    client.on("error", () => undefined);
    client.pause();
    const begin = turn++;
    const attempt = (tries: number): void => {
      const port = upstreams[(begin + tries) % upstreams.length];
      if (tries >= upstreams.length || port === undefined || client.destroyed) {
        client.destroy();
        return;
      }
      const upstream = connect(port, "127.0.0.1");
      let isConnected = false;
      upstream.once("connect", () => {
        isConnected = true;
        // Parts of the request whose answer is to be lost.
        let doomed: Buffer[] | undefined;
        client.on("data", (bytes: Buffer) => {
          // A client of HTTP/1.1 begins a request once it has the answer before.
          const begins = to.test(bytes.subarray(0, FIRST_LINE).toString("latin1"));
          if (begins && ++asked % every === 0) doomed = [bytes];
          else doomed?.push(bytes);
        });
        client.pipe(upstream);
        upstream.on("data", (bytes: Buffer) => {
          if (doomed) {
            if (statusOf(bytes) === "200") lost.push(Buffer.concat(doomed));
            doomed = undefined;
            client.destroy();
          } else if (!client.write(bytes)) {
            upstream.pause();
            client.once("drain", () => upstream.resume());
          }
        });
        upstream.once("end", () => client.end());
        client.once("close", () => upstream.destroy());
        upstream.once("close", () => client.destroy());
      });
      upstream.on("error", () => {
        if (!isConnected) attempt(tries + 1);
      });
    };
    attempt(0);
  });
  return {
    port: await listen(server),
    lost,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** Sends a request as it is, and returns the status of its answer; undefined without one. */
export function repeat(port: number, request: Buffer): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = connect(port, "127.0.0.1", () => server.write(request));
    server.once("data", (bytes) => {
      resolve(statusOf(bytes));
      server.destroy();
    });
    server.on("error", () => undefined);
    server.once("close", () => resolve(undefined));
  });
}

const statusOf = (answer: Buffer): string | undefined => /^HTTP\/1\.1 (\d{3})/.exec(answer.toString("latin1"))?.[1];
