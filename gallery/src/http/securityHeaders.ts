import type { MiddlewareHandler } from "hono";
import type { AppTypes } from "../site.ts";

/**
 * Creates a middleware that sets the security headers of pages. Scripts and styles come from this site, pictures from it and from the
 * cloud; scripts ask the cloud and the chain's node; nothing else is loaded, and no page but an embed is shown in a frame.
 */
export function securityHeaders(cloudUrl: string, rpcUrl?: string): MiddlewareHandler<AppTypes> {
  const pictures = new URL(cloudUrl).origin;
  const policy = (ancestors: string): string =>
    [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      `img-src 'self' ${pictures} data:`,
      `connect-src 'self' ${pictures}${rpcUrl === undefined ? "" : ` ${new URL(rpcUrl).origin}`}`,
      "manifest-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      `frame-ancestors ${ancestors}`,
    ].join("; ");
  return async (context, next) => {
    await next();
    const isEmbed = context.req.path.startsWith("/embed/");
    context.header("content-security-policy", policy(isEmbed ? "*" : "'none'"));
    context.header("x-content-type-options", "nosniff");
    context.header("referrer-policy", "strict-origin-when-cross-origin");
    context.header("cross-origin-opener-policy", "same-origin");
    context.header("permissions-policy", "camera=(), geolocation=(), microphone=()");
  };
}
