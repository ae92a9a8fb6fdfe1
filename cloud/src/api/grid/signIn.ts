import { nonceAnswer, session as sessionSchema, sessionState, signInRequest } from "@gridnft/sdk/schemas";
import { getAddress } from "viem";
import { bearerToken, type SessionRecord, type Sessions } from "../../auth/sessions.ts";
import { checkSignIn, newNonce, signInAudience } from "../../auth/signIn.ts";
import type { Cloud } from "../../cloud.ts";
import { quotaOf } from "../../payment/quota.ts";
import { type App, endpoint } from "../http/endpoint.ts";
import type { RateLimit } from "../http/rateLimit.ts";

/** Adds `/v1/auth/...`. */
export function signInRoutes(app: App, cloud: Cloud, sessions: Sessions, limit: RateLimit): void {
  const { database, chain } = cloud;
  const audience = signInAudience(cloud.publicUrl, chain.domain.chainId);

  endpoint(
    app,
    {
      method: "get",
      path: "/v1/auth/nonce",
      summary: "A nonce for one sign-in within ten minutes, and what the message must name",
      tag: "sign-in",
      answers: { 200: { description: "The nonce", schema: nonceAnswer } },
    },
    async ({ context }) => {
      limit.take(context.get("caller"));
      context.header("cache-control", "no-store");
      return context.json({
        nonce: await newNonce(database),
        domain: audience.domain,
        uri: audience.uri,
        chain_id: audience.chainId,
      });
    },
  );

  endpoint(
    app,
    {
      method: "post",
      path: "/v1/auth/sign-in",
      summary: "Signs in with an EIP-4361 message",
      tag: "sign-in",
      body: signInRequest,
      answers: { 200: { description: "The session, whose token goes into Authorization", schema: sessionSchema } },
      errors: ["SIGN_IN_REFUSED", "CHAIN_UNREACHABLE"],
    },
    async ({ context, body }) => {
      limit.take(context.get("caller"));
      const session = await checkSignIn({ queries: database, chain, audience }, body);
      const token = await sessions.open(session);
      context.header("cache-control", "no-store");
      return context.json({ token, ...sessionJson(session) });
    },
  );

  endpoint(
    app,
    {
      method: "get",
      path: "/v1/auth/session",
      summary: "Who is signed in, and what the gateway still pays for today",
      tag: "sign-in",
      session: "account",
      answers: { 200: { description: "The session", schema: sessionState } },
    },
    async ({ context, session }) => {
      const quota = await quotaOf(database, session.account, cloud.gateway?.caps);
      context.header("cache-control", "no-store");
      return context.json({
        ...sessionJson(session),
        quota: {
          limit: quota.limit,
          used: quota.used,
          cap: quota.cap.toString(),
          spent: quota.spent.toString(),
          resets_at: quota.resetsAt,
        },
      });
    },
  );

  endpoint(
    app,
    {
      method: "delete",
      path: "/v1/auth/session",
      summary: "Signs out",
      tag: "sign-in",
      session: "account",
      answers: { 204: { description: "The token is worth nothing any more" } },
    },
    async ({ context }) => {
      const token = bearerToken(context.req.header("authorization"));
      if (token) await sessions.close(token);
      return context.body(null, 204);
    },
  );
}

function sessionJson({ account, worker, expiresAt }: SessionRecord) {
  return {
    account: getAddress(account),
    ...(worker && { worker: getAddress(worker) }),
    expires_at: Math.floor(expiresAt.getTime() / 1_000),
  };
}
