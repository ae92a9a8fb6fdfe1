import { createGalleryClient, type GalleryClient } from "@gridnft/sdk/gallery";
import { networkOf } from "@gridnft/sdk/node";
import type { PageContext } from "../site.ts";

/** Creates a client that asks in a visitor's name: the API counts each visitor on their own, where it believes this site. */
export function clientFor(graphqlUrl: string, visitor: string | undefined): GalleryClient {
  if (visitor === undefined) return createGalleryClient({ url: graphqlUrl });
  return createGalleryClient({
    url: graphqlUrl,
    fetch: (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set("x-forwarded-for", visitor);
      return fetch(input, { ...init, headers });
    },
  });
}

/**
 * Returns the address of a request's visitor.
 * @param proxies Reverse proxies in front of this site, whose X-Forwarded-For entries are believed.
 */
export function visitorOf(context: PageContext, proxies: number): string | undefined {
  const entry = proxies > 0 ? context.req.header("x-forwarded-for")?.split(",").at(-proxies)?.trim() : undefined;
  if (entry !== undefined && networkOf(entry) !== undefined) return entry;
  return context.env?.incoming?.socket.remoteAddress;
}
