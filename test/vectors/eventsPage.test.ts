// docs/events.md: the blob of a mint has the layout that the page's table says. The logs of a chain are read so in test/indexer/docs.test.ts.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeBlob, receiptsOf } from "@gridnft/sdk";
import { concat, type Hex, numberToHex } from "viem";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../../tools/check.ts";
import { readByPage, receiptsByPage, requestOf, rowsOf } from "./eventsPage.ts";

const page = readFileSync(join(projectRoot, "docs/events.md"), "utf8");
const rows = rowsOf(page);
const { bodies, requester } = JSON.parse(readFileSync(new URL("./bodies.json", import.meta.url), "utf8")) as {
  bodies: { name: string; packed: Hex; anchors: number }[];
  requester: Hex;
};

/** Packed body as GridNFT stores and logs it. */
function blobOf({ packed, anchors }: { packed: Hex; anchors: number }): Hex {
  const times = Array.from({ length: anchors }, (_, i) =>
    concat([numberToHex(1_763_164_800 + i, { size: 5 }), numberToHex(38_000_000 + i, { size: 5 })]),
  );
  return concat([requester, packed, ...times]);
}

describe("docs/events.md: the blob of a mint", () => {
  it("begins with the requester and ends with the anchors' times", () => {
    expect([rows[0]?.field, rows[1]?.field, rows.at(-2)?.field, rows.at(-1)?.field]).toEqual([
      ...["requester", "form", "time", "block"],
    ]);
    const [, table = ""] = /\n## The blob of a mint\n[\s\S]*?\n((?:\|.*\n)+)/.exec(page) ?? [];
    expect(rows).toHaveLength(table.trim().split("\n").length - 2);
  });

  it.each(bodies.map((body) => [body.name, body] as const))("is read by the page's table: %s", (_, body) => {
    const blob = blobOf(body);
    const read = readByPage(rows, blob);
    const known = decodeBlob(blob);
    expect(read.fields).toEqual({
      requester: known.requester,
      form: known.body.header ? 1n : 2n,
      ...(known.body.header && {
        ...known.body.header,
        policy: BigInt(known.body.header.policy),
        royaltyBps: BigInt(known.body.header.royaltyBps),
      }),
    });
    const anchors = known.body.anchors.map((anchor, i) => ({ ...anchor, ...known.anchored[i] }));
    expect(read.anchors.map(({ flags: _, ...anchor }) => anchor)).toEqual(anchors.map(withBigints));
    expect(read.engines.map(({ engine }) => engine)).toEqual(known.body.engines);
    expect(read.requests.map((_, i) => requestOf(read.requests, i))).toEqual(known.body.requests.map(withBigints));
    expect(receiptsByPage(read)).toEqual(
      receiptsOf(known.body, known.requester).map(({ requestHash: _, engineHash: __, ...receipt }) =>
        withBigints(receipt),
      ),
    );
    const parents = known.body.artworks.map(({ parent }) => parent && [parent.tokenId, BigInt(parent.version)]);
    expect(read.artworks.map(({ parent, parentVersion }) => parent && [parent, parentVersion])).toEqual(parents);
  });

  it("is not read by a table with other words", () => {
    const blob = blobOf(bodies[0] as (typeof bodies)[0]);
    expect(() => readByPage([...rows.slice(1), rows[0]] as typeof rows, blob)).toThrow();
    expect(() => readByPage(rows, `${blob}00`)).toThrow("bytes that the page does not explain");
    expect(() => readByPage(rows, blob.slice(0, -2) as Hex)).toThrow("cut off");
  });
});

/** Returns an object with its numbers as bigints, which the reader of the page gives. */
function withBigints(item: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => [name, typeof value === "number" ? BigInt(value) : value]),
  );
}
