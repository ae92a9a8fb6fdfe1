import type { IncomingMessage } from "node:http";
import type { GalleryClient } from "@gridnft/sdk/gallery";
import type { Context, Env } from "hono";
import type { Logger } from "pino";
import type { Assets } from "./http/assets.ts";

/** Site: its addresses, and the APIs that its pages are made of. */
export interface Site {
  /** Base URL under which visitors reach it, without a slash at the end. */
  readonly url: string;
  /** Base URL of the AI Cloud API, as browsers reach it. */
  readonly cloudUrl: string;
  readonly graphqlUrl: string;
  /** Node of the chain, as browsers reach it; without it and the deployment nothing is checked in browsers. */
  readonly rpcUrl: string | undefined;
  /** Text of the deployment file. */
  readonly deployment: string | undefined;
  /** Client of the GraphQL, in the name of the page's visitor. */
  readonly gallery: GalleryClient;
  readonly assets: Assets;
  readonly log: Logger;
}

/** Types of the app's contexts. */
export interface AppTypes extends Env {
  Variables: { site: Site };
  /** Node's request; missing where the app is called without a server. */
  Bindings: { incoming?: IncomingMessage };
}

/** Context of a request. */
export type PageContext = Context<AppTypes>;
