import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** One address for several servers, by connection. */
export interface Balancer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a balancer: each connection goes to the next server that takes it. What a connection carries is not looked at. */
export async function startBalancer(upstreams: readonly number[]): Promise<Balancer> {
  const open = new Set<Socket>();
  let turn = 0;
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
        client.pipe(upstream).pipe(client);
        client.once("close", () => upstream.destroy());
        upstream.once("close", () => client.destroy());
      });
      upstream.on("error", () => {
        if (!isConnected) attempt(tries + 1);
      });
    };
    attempt(0);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
