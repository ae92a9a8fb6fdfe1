import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { closeServer, openProgramOutput } from "@gridnft/sdk/node";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { pino } from "pino";
import { createApp } from "./app.ts";
import type { Settings } from "./environment.ts";
import { readAssets } from "./http/assets.ts";
import type { AppTypes } from "./site.ts";

/** Gallery that serves pages. */
export interface RunningGallery {
  readonly url: string;
  /** Finishes running requests, refuses new ones, and closes everything. */
  stop(): Promise<void>;
}

/** Milliseconds that requests may take to end before their connections are closed. */
const STOP_TIMEOUT = 5_000;

/** Reads the assets and serves. The indexer and the cloud may come later: pages that need them say so until then. */
export async function startGallery(settings: Settings): Promise<RunningGallery> {
  const log = pino({ level: settings.logLevel, base: { part: "gallery" } }, openProgramOutput(process.stdout));
  const assets = await readAssets();
  let app: Hono<AppTypes> | undefined;
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 10_000, maxHeaderSize: 16_384 },
    getRequestListener((request, environment) => (app as Hono<AppTypes>).fetch(request, environment), {
      hostname: settings.host,
    }),
  );
  const { port } = await new Promise<AddressInfo>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => resolve(server.address() as AddressInfo));
    server.listen(settings.port, settings.host);
  });
  const host = settings.host.includes(":") ? `[${settings.host}]` : settings.host;
  const url = settings.publicUrl ?? `http://${host}:${port}`;
  const site = {
    url,
    cloudUrl: settings.cloudUrl,
    graphqlUrl: settings.graphqlUrl,
    rpcUrl: settings.rpcUrl,
    deployment: settings.deployment,
    assets,
    log,
  };
  app = createApp(site, settings.proxies);
  log.info({ url }, "serving");
  return { url, stop: () => closeServer(server, STOP_TIMEOUT) };
}
