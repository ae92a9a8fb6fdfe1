import { Hono } from "hono";
import { compress } from "hono/compress";
import { addAccounts } from "./features/accounts/routes.tsx";
import { addActivity } from "./features/activity/routes.tsx";
import { addArtworks } from "./features/artworks/routes.tsx";
import { addExplore } from "./features/explore/routes.tsx";
import { addHome } from "./features/home/routes.tsx";
import { addModels } from "./features/models/routes.tsx";
import { addNetwork } from "./features/network/routes.tsx";
import { addSeries } from "./features/series/routes.tsx";
import { addStyleguide } from "./features/styleguide/routes.tsx";
import { addWorkers } from "./features/workers/routes.tsx";
import { NotFoundError, renderError } from "./http/errors.tsx";
import { securityHeaders } from "./http/securityHeaders.ts";
import { clientFor, visitorOf } from "./http/visitor.ts";
import type { AppTypes, Site } from "./site.ts";
import { text } from "./text/en.ts";

const features = [
  ...[addHome, addExplore, addArtworks, addSeries, addModels, addAccounts, addWorkers, addActivity, addNetwork],
  addStyleguide,
] as const;

/**
 * Creates the gallery's app.
 * @param proxies Reverse proxies in front of it.
 */
export function createApp(site: Omit<Site, "gallery">, proxies = 0): Hono<AppTypes> {
  const app = new Hono<AppTypes>();
  app.use(securityHeaders(site.cloudUrl, site.rpcUrl));
  app.use(compress());
  app.use(async (context, next) => {
    context.set("site", { ...site, gallery: clientFor(site.graphqlUrl, visitorOf(context, proxies)) });
    await next();
  });
  for (const { path, type, bytes } of site.assets.files) {
    app.get(path, (context) =>
      context.body(bytes, 200, { "content-type": type, "cache-control": "public, max-age=31536000, immutable" }),
    );
  }
  app.get("/robots.txt", (context) => context.text("User-agent: *\nDisallow: /styleguide\n"));
  app.get("/deployment.json", (context) => {
    if (site.deployment === undefined) throw new NotFoundError(text.errors.notFound);
    return context.body(site.deployment, 200, { "content-type": "application/json", "cache-control": "no-cache" });
  });
  for (const add of features) add(app);
  app.notFound((context) => renderError(new NotFoundError(text.errors.notFound), context));
  app.onError((error, context) => renderError(error, context));
  return app;
}
