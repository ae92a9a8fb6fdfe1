import { GalleryError } from "@gridnft/sdk/gallery";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { Layout } from "../design/layout.tsx";
import type { PageContext } from "../site.ts";
import { text } from "../text/en.ts";
import { ParameterError } from "./parameterError.ts";
import { render } from "./render.ts";

/** Error of a path at which there is nothing. The message is a sentence for the visitor. */
export class NotFoundError extends Error {
  override readonly name = "NotFoundError";
}

/** Answers with a page that says what went wrong. Errors that are not the visitor's are logged. */
export async function renderError(error: Error, context: PageContext): Promise<Response> {
  const { site } = context.var;
  const [status, message] = answerTo(error);
  if (status >= 500) site.log.error({ path: context.req.path, error: error.stack ?? error.message }, "page failed");
  const wait = error instanceof GalleryError ? error.retryAfter : undefined;
  if (status === 503 || wait !== undefined) context.header("retry-after", `${wait ?? 30}`);
  const head = { title: message, path: context.req.path, isHidden: true };
  return render(
    context,
    <Layout site={site} head={head}>
      <div class="notice">
        <h1>{message}</h1>
        <p>
          <a href="/">{text.errors.home}</a>
        </p>
      </div>
    </Layout>,
    status,
  );
}

function answerTo(error: Error): readonly [ContentfulStatusCode, string] {
  if (error instanceof NotFoundError) return [404, error.message];
  if (error instanceof ParameterError) return [400, error.message];
  if (error instanceof GalleryError) {
    if (error.reason === "TOO_MANY_REQUESTS") return [429, text.errors.tooMany];
    if (error.code === "UNREACHABLE") return [503, text.errors.away];
    if (error.reason?.startsWith("BAD_")) return [400, error.message];
  }
  return [500, text.errors.broken];
}
