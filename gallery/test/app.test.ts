/** Pages when there is nothing to show, something wrong with what was asked, or nobody who answers. */
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { serve } from "../../test/fixtures/scriptedServer.ts";
import { createApp } from "../src/app.ts";
import { EnvironmentError, readSettings } from "../src/environment.ts";
import { readAssets } from "../src/http/assets.ts";

const said: string[] = [];
const assets = await readAssets();
// Nobody listens at port 9.
const graphqlUrl = "http://127.0.0.1:9/graphql";
const site = {
  ...{ url: "https://gallery.example", cloudUrl: "https://cloud.example", graphqlUrl, assets },
  ...{ rpcUrl: undefined, deployment: undefined },
  log: pino({ level: "error" }, { write: (line: string) => void said.push(line) }),
};
const app = createApp(site);

describe("a page", () => {
  it("that needs an index which does not answer says so, with status 503 and a log line", async () => {
    const answer = await app.request("/explore");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "30"]);
    expect(await answer.text()).toContain("does not answer at the moment");
    expect(said.some((line) => line.includes('"path":"/explore"'))).toBe(true);
  });

  it.each([
    ["/nothing", 404, "There is no such page."],
    ["/accounts/0x1", 404, "The address is not an address."],
    ["/explore?model=x", 400, "The parameter model is not a token id."],
    ["/activity?tx=1", 400, "The parameter tx is not a transaction"],
    ["/oembed?url=https%3A%2F%2Felsewhere.example%2Fartworks%2F1", 404, "There is no such artwork."],
  ])("%s is answered with %i", async (path, status, message) => {
    const answer = await app.request(path);
    const text = (await answer.text()).replaceAll("&#39;", "'");
    expect([answer.status, text.includes(message)]).toEqual([status, true]);
    expect(text).toContain('content="noindex"');
  });

  it("is asked for in its visitor's name, so that each is counted on their own, and says when that was too much", async () => {
    const api = await serve((_, response) => {
      response.writeHead(429, { "content-type": "application/json", "retry-after": "7" });
      response.end(JSON.stringify({ errors: [{ message: "No.", extensions: { code: "TOO_MANY_REQUESTS" } }] }));
    });
    try {
      const socket = { incoming: { socket: { remoteAddress: "192.0.2.9" } } };
      const headers = { "x-forwarded-for": "198.51.100.1, 203.0.113.5" };
      for (const proxies of [0, 1]) {
        const behind = createApp({ ...site, graphqlUrl: api.url }, proxies);
        const answer = await behind.request("/models", { headers }, socket);
        expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "7"]);
        expect(await answer.text()).toContain("more than one visitor may ask");
      }
      const seen = api.seen.map((request) => request.headers["x-forwarded-for"]);
      expect(seen).toEqual(["192.0.2.9", "203.0.113.5"]);
    } finally {
      await api.stop();
    }
  });

  it("loads nothing from elsewhere, runs no script of its own text, and is in no frame but an embed", async () => {
    const policyOf = async (path: string) => (await app.request(path)).headers.get("content-security-policy");
    const policy = (await policyOf("/nothing")) ?? "";
    for (const rule of ["default-src 'none'", "script-src 'self';", "img-src 'self' https://cloud.example data:"]) {
      expect(policy).toContain(rule);
    }
    expect([policy.includes("unsafe"), policy.includes("frame-ancestors 'none'")]).toEqual([false, true]);
    expect(await policyOf("/embed/1")).toContain("frame-ancestors *");
    expect((await app.request("/nothing")).headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("names its style by the hash of its bytes, which browsers keep for ever", async () => {
    const page = await (await app.request("/nothing")).text();
    expect(page).toContain(`href="${assets.style.path}"`);
    const style = await app.request(assets.style.path);
    expect([style.status, style.headers.get("cache-control")]).toEqual([200, "public, max-age=31536000, immutable"]);
  });
});

describe("the environment", () => {
  it("is read, with URLs that end without a slash", () => {
    const read = readSettings({ GRID_GRAPHQL_URL: "http://a.example/graphql", GRID_CLOUD_URL: "http://b.example/" });
    expect(read).toMatchObject({ port: 3_400, graphqlUrl: "http://a.example/graphql", cloudUrl: "http://b.example" });
  });

  it("is refused with a line for each fault", () => {
    const read = () => readSettings({ GRID_GRAPHQL_URL: "ftp://a", GRID_GALLERY_PORT: "65536" });
    expect(read).toThrow(EnvironmentError);
    expect(read).toThrow("GRID_GRAPHQL_URL is not an http(s) URL.");
    expect(read).toThrow("GRID_GALLERY_PORT is not between 0 and 65535.");
    expect(read).toThrow("GRID_CLOUD_URL is missing.");
  });
});
