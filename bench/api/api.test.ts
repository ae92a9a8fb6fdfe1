import { describe, expect, it } from "vitest";
import { attributesOf } from "../../indexer/src/lib/keys.ts";
import { casesOf, REQUESTS } from "./cases.ts";
import { isWhole } from "./client.ts";
import { Gallery, type Row } from "./gallery.ts";
import { snakeCase } from "./load.ts";
import { report } from "./report.ts";
import { tokensIn } from "./same.ts";

const models = Array.from({ length: 5 }, (_, i) => ({
  modelId: BigInt(i + 1),
  family: i,
  name: `m${i}`,
  version: "1",
}));
const workers = ["0x00000000000000000000000000000000000000aa", "0x00000000000000000000000000000000000000bb"];

function made(count: number): { rows: ReadonlyMap<string, Row[]>; sums: ReadonlyMap<string, Row[]> } {
  const gallery = new Gallery({ models, workers });
  return { rows: gallery.next(count), sums: gallery.sums() };
}

describe("a gallery without a chain", () => {
  const { rows, sums } = made(500);
  const of = (table: string): Row[] => rows.get(table) ?? sums.get(table) ?? [];

  it("has as many artworks as asked for, each with its text and versions, the same each time", () => {
    expect(of("artwork")).toHaveLength(500);
    expect(of("artwork_text")).toHaveLength(500);
    expect(of("artwork_version")).toHaveLength(of("artwork").reduce((sum, { versions }) => sum + Number(versions), 0));
    expect(new Set(of("artwork").map(({ tokenId }) => tokenId)).size).toBe(500);
    expect(made(500)).toEqual({ rows, sums });
  });

  it("has counters that equal what they count", () => {
    const counted = new Map<string, number>();
    for (const artwork of of("artwork")) {
      expect(artwork.attributes).toEqual(attributesOf(artwork as never));
      for (const attribute of artwork.attributes as string[]) counted.set(attribute, (counted.get(attribute) ?? 0) + 1);
    }
    expect(new Map(of("attribute").map(({ attribute, artworks }) => [attribute, artworks]))).toEqual(counted);
    const sum = (table: string, field: string) => of(table).reduce((all, row) => all + Number(row[field]), 0);
    expect([sum("account", "artworksOwned"), sum("account", "artworksCreated"), sum("series", "count")]).toEqual([
      500, 500, 500,
    ]);
    expect([sum("series_holder", "artworks"), sum("daily_statistics", "artworks")]).toEqual([500, 500]);
    expect(sum("artwork", "remixes")).toBe(of("artwork").filter(({ remixOf }) => remixOf !== 0n).length);
    expect(of("transfer")).toHaveLength(500 + sum("artwork", "transfers"));
  });

  it("has events in an order of their own", () => {
    for (const table of ["activity", "transfer"]) {
      const places = of(table).map(({ seq }) => seq);
      expect(new Set(places).size).toBe(places.length);
    }
  });

  it("names columns as Postgres does", () => {
    expect(["tokenId", "remixesByOthers", "cid"].map(snakeCase)).toEqual(["token_id", "remixes_by_others", "cid"]);
  });
});

describe("the requests", () => {
  const stock = { models, workers, tokenIds: ["1001", "2001"], artworks: 500 };
  const cases = casesOf(stock, 1);

  it("are 400 of each case and contender, the same each time", () => {
    const counts = cases.flatMap(({ requests }) => Object.values(requests).map((prepared) => prepared.length));
    expect(counts.filter((count) => count !== REQUESTS)).toEqual([20_000]); // documents never seen
    const texts = (some: typeof cases) =>
      some.map(({ requests }) => Object.values(requests).map(([first]) => first?.bytes.toString("utf8")));
    expect(texts(casesOf(stock, 1))).toEqual(texts(cases));
  });

  it("never repeat a document that is to be new", () => {
    const documents = cases.find(({ name }) => name === "documents never seen")?.requests.ours ?? [];
    expect(new Set(documents.map(({ bytes }) => bytes.toString("utf8"))).size).toBe(documents.length);
  });
});

describe("answers", () => {
  it("are whole when their length or last chunk says so", () => {
    const whole = (text: string) => isWhole(Buffer.from(text));
    expect(whole("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{")).toBe(false);
    expect(whole("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")).toBe(true);
    expect(whole("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")).toBe(false);
    expect(whole("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")).toBe(true);
  });

  it("are compared by the tokens they name", () => {
    expect(tokensIn('[{"tokenId":"1001"},{"tokenId": 2001}]')).toBe("1001 2001");
  });
});

describe("the report", () => {
  it("sets ours beside the best peer and the floor, by medians", () => {
    const one = (contender: "ours" | "ponder" | "postgraphile" | "raw", perSecond: number) => ({
      case: "list",
      contender,
      requests: perSecond,
      perSecond,
      p50: 1,
      p99: 2,
      failures: contender === "ponder" ? 1 : 0,
      cpu: { server: 10, postgres: 5 },
    });
    const loads = [
      one("ours", 90),
      one("ours", 100),
      one("ours", 300),
      one("ponder", 20),
      one("postgraphile", 50),
      one("raw", 200),
    ];
    expect(report({ loads, targets: { list: 80 } })).toMatchObject([
      { case: "list", perSecond: { ours: 100, raw: 200 }, toPeer: 2, toFloor: 0.5, failures: 1, target: 80 },
    ]);
  });
});
