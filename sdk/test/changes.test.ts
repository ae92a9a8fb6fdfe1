/** Watching a gallery's changes, against a real HTTP server that says what a gallery may say. */
import { afterEach, describe, expect, expectTypeOf, it } from "vitest";
import { type ScriptedServer, serve } from "../../test/fixtures/scriptedServer.js";
import type { ArtworksVariables } from "../src/gallery/index.js";
import { GalleryError, watchChanges } from "../src/gallery/index.js";
import { sleep } from "../src/node/index.ts";

let server: ScriptedServer | undefined;
const abort = new AbortController();

afterEach(async () => {
  await server?.stop();
});

const ids = { artworks: ["1001"], series: [], models: [], workers: [], accounts: [], lanes: [] };
const event = (id: string, name: string, data: object) =>
  `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

describe("watchChanges", () => {
  it("reads events however they are cut, and goes on where it was when the connection ends", async () => {
    let connections = 0;
    server = await serve(async (_, response) => {
      connections += 1;
      response.writeHead(200, { "content-type": "text/event-stream" });
      if (connections === 1) {
        const text = `retry: 1\n\nid: 4-a\n\n: \n\n${event("5-a", "changes", ids)}${event("6-a", "later", {})}id: 7-a\n\n`;
        for (const half of [text.slice(0, 40), text.slice(40)]) {
          response.write(half);
          await sleep(20);
        }
        response.end();
      } else response.write(event("9-b", "reset", { reason: "reorg" }));
    });
    const changes = watchChanges({ url: `${server.url}/`, after: "3-a", signal: abort.signal });
    expect((await changes.next()).value).toEqual({ type: "changes", id: "5-a", ...ids });
    expect((await changes.next()).value).toEqual({ type: "reset", id: "9-b", reason: "reorg" });
    expect(server.seen.map(({ path, headers }) => [path, headers["last-event-id"]])).toEqual([
      ["/v1/changes", "3-a"],
      ["/v1/changes", "7-a"],
    ]);
  });

  it.each([
    ["a refusal", 422, "", "REFUSED"],
    ["a list that is none", 200, event("1-a", "changes", { ...ids, models: 5 }), "ANSWER_INVALID"],
    ["data that is no JSON", 200, "id: 1-a\nevent: reset\ndata: {\n\n", "ANSWER_INVALID"],
  ])("fails with %s", async (_, status, text, code) => {
    server = await serve((_request, response) => {
      response.writeHead(status, { "content-type": "text/event-stream" });
      response.end(text);
    });
    const failed = await watchChanges({ url: server.url })
      .next()
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(GalleryError);
    expect((failed as GalleryError).code).toBe(code);
  });

  it("ends with its signal", async () => {
    server = await serve((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(event("1-a", "reset", { reason: "unknown_id" }));
    });
    const own = new AbortController();
    const changes = watchChanges({ url: server.url, signal: own.signal });
    expect((await changes.next()).value).toMatchObject({ type: "reset" });
    own.abort(new Error("enough"));
    await expect(changes.next()).rejects.toThrow("enough");
  });
});

describe("filters", () => {
  it("take one value where a list is asked for, as GraphQL does", () => {
    type Filter = NonNullable<ArtworksVariables["filter"]>;
    expectTypeOf({ families: "SD15", tags: "fox", tokenIds: 1001n, everOwnedBy: "0x1" } as const).toExtend<Filter>();
    expectTypeOf({ families: ["SD15", "SDXL"], tags: ["fox"], tokenIds: [1001n, "2"] } as const).toExtend<Filter>();
    expectTypeOf({ families: "SD16" } as const).not.toExtend<Filter>();
  });
});
