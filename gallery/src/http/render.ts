import type { HtmlEscapedString } from "hono/utils/html";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { PageContext } from "../site.ts";

/** Answers with a page. */
export async function render(
  context: PageContext,
  page: HtmlEscapedString | Promise<HtmlEscapedString>,
  status: ContentfulStatusCode = 200,
): Promise<Response> {
  context.header("cache-control", "no-cache");
  return context.html(`<!doctype html>${await page}`, status);
}
