import type { ExecutionResult } from "graphql";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { questionError } from "./graphql/errors.ts";
import { type Answerer, type Question, schemaText } from "./graphql/execute.ts";
import { type HealthDependencies, readHealth } from "./health.ts";

/** Largest question, in bytes. */
const MAX_BODY = 100_000;

const questionJson = z.object({
  query: z.string().min(1),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

/** `/graphql` and `/v1/...`. */
export function createRoutes(answerer: Answerer, health: HealthDependencies): Hono {
  const app = new Hono();

  app.use(
    "/graphql",
    bodyLimit({
      maxSize: MAX_BODY,
      onError: (context) => context.json(refusal(`A question has at most ${MAX_BODY} bytes.`), 413),
    }),
  );

  app.post("/graphql", async (context) => {
    const body = await context.req.json().catch(() => undefined);
    return answerJson(context, questionJson.safeParse(body));
  });

  // A question in the URL can be cached; without one, the schema's text.
  app.get("/graphql", (context) => {
    const { query, variables, operationName } = context.req.query();
    if (query === undefined) return context.text(schemaText);
    const parsed = variables === undefined ? undefined : parseJson(variables);
    return answerJson(context, questionJson.safeParse({ query, variables: parsed, operationName }));
  });

  app.get("/v1/health", async (context) => {
    const state = await readHealth(health);
    context.header("cache-control", "no-store");
    return context.json(state, state.status === "ok" ? 200 : 503);
  });

  async function answerJson(
    context: { json: (body: ExecutionResult, status: 200 | 400) => Response },
    question: z.ZodSafeParseResult<Question>,
  ): Promise<Response> {
    if (!question.success) {
      return context.json(refusal("The body is JSON: {query, variables?, operationName?}."), 400);
    }
    const { result, isRefused } = await answerer.answer(question.data);
    return context.json(result, isRefused ? 400 : 200);
  }

  return app;
}

function refusal(message: string): ExecutionResult {
  return { errors: [questionError("BAD_INPUT", message)] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // refused as no object
  }
}
