import { getEventListeners } from "node:events";
import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { type Answer, json, type ScriptedServer, serve } from "../../test/fixtures/scriptedServer.ts";
import { healthAnswer } from "../src/cloud/client.js";
import { CloudError, cidOf, createCloudClient, fileHashes, GridError, PaymentRequiredError } from "../src/index.js";
import type { Job } from "../src/schemas/index.js";
import { quoteFor } from "./quotes.ts";

let server: ScriptedServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function cloudOf(answer: Answer) {
  server = await serve(answer);
  return { server, cloud: createCloudClient({ url: `${server.url}/` }) };
}

async function failure(promise: Promise<unknown>): Promise<CloudError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CloudError);
  return error as CloudError;
}

const job = (status: Job["status"], more: object = {}) => ({
  id: "j1",
  status,
  rail: "direct",
  model_id: "7",
  requester: "0x00000000000000000000000000000000000000aa",
  attempts: 1,
  created_at: 1_763_164_800,
  ...more,
});

describe("calls", () => {
  it("sends the session's token, and only with a session", async () => {
    const { cloud, server } = await cloudOf((_, response) => json(response, 200, { workers: [] }));
    expect(cloud.signedIn).toBe(false);
    await cloud.workers();
    await cloud.withToken("secret").workers();
    expect(server.seen.map(({ headers, path }) => [path, headers.authorization])).toEqual([
      ["/v1/workers", undefined],
      ["/v1/workers", "Bearer secret"],
    ]);
  });

  it("passes on code, field, status and Retry-After, and no control characters", async () => {
    const { cloud } = await cloudOf((_, response) =>
      json(
        response,
        429,
        { error: { code: "TOO_MANY_REQUESTS", message: "Slow\u001b[31m down.", field: "n" } },
        {
          "retry-after": "7",
        },
      ),
    );
    const error = await failure(cloud.models());
    expect(error).toMatchObject({ code: "TOO_MANY_REQUESTS", status: 429, field: "n", retryAfter: 7 });
    expect(error.message).toBe("Slow [31m down.");
  });

  it("knows an answer that is not the protocol's, whatever its status", async () => {
    const { cloud } = await cloudOf(({ path }, response) => {
      if (path === "/v1/models") json(response, 502, "<html>");
      else json(response, 200, { workers: [{ worker: "nobody" }] });
    });
    expect(await failure(cloud.models())).toMatchObject({ code: "ANSWER_INVALID", status: 502 });
    expect(await failure(cloud.workers())).toMatchObject({ code: "ANSWER_INVALID", field: "workers.0.worker" });
  });

  it("says so when nobody answers, and when an answer breaks off", async () => {
    const nobody = createCloudClient({ url: "http://127.0.0.1:9" });
    expect(await failure(nobody.health())).toMatchObject({ code: "UNREACHABLE", status: undefined });
    const { cloud } = await cloudOf(({ path }, response) => {
      // A refusal that breaks off is none: it may have been another one.
      const status = path === "/health" ? 200 : 402;
      response.writeHead(status, { "content-type": "application/json", "content-length": "1000" });
      response.write("{");
      setTimeout(() => response.destroy(), 20);
    });
    expect(await failure(cloud.health())).toMatchObject({ code: "UNREACHABLE" });
    expect(await failure(cloud.models())).toMatchObject({ code: "UNREACHABLE" });
    expect(() => createCloudClient({ url: "nonsense" })).toThrow(CloudError);
  });

  it("does not carry a session to wherever a redirect points", async () => {
    const { cloud, server } = await cloudOf(({ path }, response) => {
      if (path === "/elsewhere") return json(response, 200, { workers: [] });
      response.writeHead(302, { location: "/elsewhere" }).end();
    });
    expect(await failure(cloud.withToken("secret").workers())).toMatchObject({ code: "UNREACHABLE" });
    expect(server.seen).toHaveLength(1);
  });

  it("stops at the caller's signal, with its reason", async () => {
    const { cloud } = await cloudOf(() => {});
    const abort = new AbortController();
    const asked = cloud.models({ signal: abort.signal });
    abort.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
  });

  it("gives up after its timeout", async () => {
    server = await serve(() => {});
    const cloud = createCloudClient({ url: server.url, timeout: 50 });
    expect(await failure(cloud.models())).toMatchObject({ code: "UNREACHABLE" });
  });
});

describe("a call", () => {
  it("bounds an answer that drips without end, and one that is too large", async () => {
    const { cloud } = await cloudOf(({ path }, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      if (path === "/health") response.end(`{"status":"${"x".repeat(2_000)}"}`);
      else {
        const drip = setInterval(() => response.write(" "), 5);
        response.once("close", () => clearInterval(drip));
      }
    });
    expect(await failure(cloud.models({ timeout: 100 }))).toMatchObject({ code: "UNREACHABLE", status: 200 });
    const health = cloud.request("/health", healthAnswer, { limit: 1_000 });
    expect(await failure(health)).toMatchObject({ code: "ANSWER_INVALID", status: 200 });
  });

  it("leaves nothing on a signal that outlives it", async () => {
    const { cloud } = await cloudOf(({ method, path }, response) => {
      if (method === "DELETE") response.writeHead(204).end();
      else json(response, path === "/v1/workers" ? 503 : 200, { models: [] });
    });
    const { signal } = new AbortController();
    await cloud.models({ signal });
    await cloud.cancelJob("j1", { signal });
    expect(await failure(cloud.workers({ signal }))).toMatchObject({ code: "ANSWER_INVALID", status: 503 });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("quotes", () => {
  it("asks for a price by the answer 402, without session and without the prompt in the address", async () => {
    const { json: bill } = quoteFor();
    const { cloud, server } = await cloudOf((_, response) =>
      json(response, 402, { error: { code: "PAYMENT_REQUIRED", message: "Sign this." }, quote: bill }),
    );
    const query = { model: "7", prompt: "a lighthouse", requester: bill.candidates[0]?.order.requester as string };
    const quote = await cloud.withToken("secret").quote(query);
    expect(quote.request.prompt).toBe("a lighthouse");
    expect(server.seen).toMatchObject([{ method: "POST", path: "/v1/generate-image", body: query }]);
    expect(server.seen[0]?.headers.authorization).toBeUndefined();
    const error = await failure(cloud.generateImage({ model: "7", prompt: "a lighthouse" }));
    expect(error).toBeInstanceOf(PaymentRequiredError);
    expect((error as PaymentRequiredError).quote).toEqual(quote);
  });

  it("asks by address where there is no prompt", async () => {
    const { cloud, server } = await cloudOf((_, response) => json(response, 200, quoteFor().json));
    await cloud.quote({ model: "7", steps: 20, width: 512 });
    expect(server.seen[0]?.path).toBe("/v1/quote?model=7&steps=20&width=512");
  });
});

describe("pictures", () => {
  const file = new TextEncoder().encode("a picture");

  it.each([
    ["one raw block", fileHashes(file)],
    ["a tree", fileHashes(file, { layout: "dag-pb" })],
  ])("reads the file of a CID that is %s", async (_, hashes) => {
    const { cloud } = await cloudOf((_, response) => void response.end(file));
    expect(await cloud.image(cidOf(hashes))).toEqual(file);
  });

  it("refuses another file", async () => {
    const { cloud } = await cloudOf((_, response) => void response.end("another picture"));
    const error = await cloud.image(cidOf(fileHashes(file))).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(GridError);
    expect(error).toMatchObject({ code: "CID_MISMATCH" });
  });
});

describe("following a job", () => {
  const event = (response: ServerResponse, name: string, data: unknown, id?: string) =>
    response.write(`${id ? `id: ${id}\n` : ""}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  const stream = (response: ServerResponse) => response.writeHead(200, { "content-type": "text/event-stream" });

  async function watch(answer: Answer, options = {}): Promise<Job[]> {
    const { cloud } = await cloudOf(answer);
    const jobs: Job[] = [];
    for await (const one of cloud.watchJob("j1", { pollInterval: 5, ...options })) jobs.push(one);
    return jobs;
  }

  it("reads states and progress until it is done", async () => {
    const jobs = await watch((_, response) => {
      stream(response);
      response.write(": hello\n\n");
      event(response, "state", job("claimed"));
      event(response, "progress", { image: 0, images: 1, step: 3, steps: 20 });
      event(response, "done", job("done", { images: [] }));
    });
    expect(jobs.map(({ status, progress }) => [status, progress?.step])).toEqual([
      ["claimed", undefined],
      ["running", 3],
      ["done", undefined],
    ]);
  });

  it("takes a broken stream up again, from the last event", async () => {
    let streams = 0;
    const jobs = await watch(({ path }, response) => {
      if (!path.endsWith("/events")) return json(response, 200, job("queued"));
      stream(response);
      if (++streams === 1) {
        event(response, "state", job("queued"), "41");
        setTimeout(() => response.destroy(), 10);
      } else event(response, "done", job("failed"));
    });
    expect(jobs.map(({ status }) => status)).toEqual(["queued", "failed"]);
    expect(
      server?.seen.filter(({ path }) => path.endsWith("/events")).map(({ headers }) => headers["last-event-id"]),
    ).toEqual([undefined, "41"]);
  });

  it("asks instead where streams do not get through, or fall silent", async () => {
    const answers = ["queued", "running", "running", "cancelled"] as const;
    let asked = 0;
    const jobs = await watch(
      ({ path }, response) => {
        if (path.endsWith("/events")) stream(response).flushHeaders();
        else json(response, 200, job(answers[asked++] ?? "cancelled"));
      },
      { silence: 10 },
    );
    expect(jobs.map(({ status }) => status)).toEqual(["queued", "running", "cancelled"]);
    expect(server?.seen.filter(({ path }) => path.endsWith("/events"))).toHaveLength(2);
  });

  it("outlasts a cloud that is away for a moment", async () => {
    let calls = 0;
    const jobs = await watch(({ path }, response) => {
      if (path.endsWith("/events") || calls++ < 3) response.destroy();
      else json(response, 200, job("done"));
    });
    expect(jobs.map(({ status }) => status)).toEqual(["done"]);
  });

  it("ends with the cloud's no", async () => {
    const { cloud } = await cloudOf((_, response) =>
      json(response, 404, { error: { code: "JOB_UNKNOWN", message: "There is no such job." } }),
    );
    expect(await failure(cloud.watchJob("j1").next())).toMatchObject({ code: "JOB_UNKNOWN" });
    expect(server?.seen).toHaveLength(1);
  });

  it("stops at the caller's signal", async () => {
    const { cloud } = await cloudOf((_, response) => {
      stream(response);
      event(response, "state", job("queued"));
    });
    const abort = new AbortController();
    const watching = cloud.watchJob("j1", { signal: abort.signal });
    await watching.next();
    abort.abort(new Error("enough"));
    await expect(watching.next()).rejects.toThrow("enough");
  });
});
