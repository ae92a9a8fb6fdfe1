/** Nodes of a chain that are late, on another branch or broken: what health makes of them. */
import { createServer, type Server } from "node:http";
import { afterEach, expect, it } from "vitest";
import { type ChainBlock, createChainReader } from "../../indexer/ops/chainReader.ts";
import { sleep } from "../../sdk/src/node/index.ts";
import { listen } from "../fixtures/scriptedServer.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** The block of a branch: where branches are the same, name the same branch. */
function block(number: number, branch = "a"): ChainBlock {
  return { number, hash: `0x${branch}${number.toString(16)}`, timestamp: 1_000 + 2 * number };
}

/** Branch `b` leaves `a` after block 100. */
function branchOf(branch: "a" | "b", number: number): ChainBlock {
  return block(number, number > 100 ? branch : "a");
}

interface FakeNode {
  readonly head: number;
  readonly branch?: "a" | "b";
}

/** A node, or several behind one name that answer in turn. `silent`: takes questions and never answers. */
async function node(...nodes: (FakeNode | "broken" | "silent")[]): Promise<string> {
  let turn = 0;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const one = nodes[turn++ % nodes.length];
      if (one === "silent" || one === undefined) return;
      if (one === "broken") {
        response.writeHead(500).end("no");
        return;
      }
      const [tag] = (JSON.parse(body) as { params: [string] }).params;
      const number = tag === "latest" ? one.head : Number(tag);
      const found = number > one.head ? null : branchOf(one.branch ?? "a", number);
      const result = found && {
        number: `0x${found.number.toString(16)}`,
        hash: found.hash,
        timestamp: `0x${found.timestamp.toString(16)}`,
      };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result }));
    });
  });
  servers.push(server);
  return `http://127.0.0.1:${await listen(server)}`;
}

const onA = block(110, "a");

it.each([
  ["has it", [[{ head: 120 }]], "yes"],
  ["is on another branch", [[{ head: 120, branch: "b" }]], "no"],
  ["has not come so far", [[{ head: 105 }]], "unknown"],
  ["has not come so far, beside one that has it", [[{ head: 105 }], [{ head: 120 }]], "yes"],
  ["has not come so far, beside one on another branch", [[{ head: 105 }], [{ head: 120, branch: "b" }]], "no"],
  ["stands behind one name with one that is late", [[{ head: 105 }, { head: 120 }]], "yes"],
  ["stands behind one name with one on another branch", [[{ head: 120, branch: "b" }, { head: 120 }]], "yes"],
  ["stayed behind on the old branch", [[{ head: 112 }], [{ head: 120, branch: "b" }]], "no"],
  ["went wrong, and knows less", [[{ head: 120 }], [{ head: 112, branch: "b" }]], "yes"],
  ["is as long as one on another branch", [[{ head: 120 }], [{ head: 120, branch: "b" }]], "yes"],
  ["is broken, beside one that has it", [["broken"], [{ head: 120 }]], "yes"],
  ["never answers, beside one that has it", [["silent"], [{ head: 120 }]], "yes"],
] as const)("a node that %s", async (_, nodes, verdict) => {
  const chain = createChainReader(await Promise.all(nodes.map((behind) => node(...behind))));
  expect(await chain.has(onA)).toBe(verdict);
});

it("tells a block by its time where nobody knows its hash", async () => {
  const chain = createChainReader([await node({ head: 120 })]);
  expect(await chain.has({ number: 110, timestamp: 1_220 })).toBe("yes");
  expect(await chain.has({ number: 110, timestamp: 1_221 })).toBe("no");
});

it("fails when no node answers", async () => {
  const chain = createChainReader([await node("broken"), await node("broken")]);
  await expect(chain.has(onA)).rejects.toThrow();
  await expect(chain.head()).rejects.toThrow();
});

it("believes the node that is furthest, and does not go back with one that is late", async () => {
  const several = createChainReader([await node({ head: 118 }), await node({ head: 120 })]);
  expect((await several.head())?.number).toBe(120);
  const balanced = createChainReader([await node({ head: 120 }, { head: 117 }, { head: 121 })]);
  const heads: (number | undefined)[] = [];
  for (let turn = 0; turn < 3; turn++) {
    heads.push((await balanced.head())?.number);
    await sleep(550); // it is asked but twice a second
  }
  expect(heads).toEqual([120, 120, 121]);
});

it("takes URLs that differ in their query for one node", async () => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ result: { number: "0x6e", hash: onA.hash, timestamp: "0x4c4" } }));
  });
  servers.push(server);
  const url = `http://127.0.0.1:${await listen(server)}/`;
  const chain = createChainReader([`${url}?k=0`, `${url}?k=1`, `${url}?k=2`]);
  expect([await chain.has(onA), asked]).toEqual(["yes", 1]);
});
