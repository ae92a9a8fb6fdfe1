import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEther } from "viem";
import { generatePrivateKey } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleToJson, cidOf, receiptId, settlementTypes } from "../../sdk/src/index.ts";
import { accountKey } from "./accounts.ts";
import { type Gallery, type Made, picture, startGallery } from "./gallery.ts";
import { gridnft, type Run, runHere } from "./run.ts";

let gallery: Gallery;
let folder: string;
let bought: bigint;

beforeAll(async () => {
  gallery = await startGallery();
  bought = gallery.direct * 1_000n + 1n;
  folder = mkdtempSync(join(tmpdir(), "gridnft-cli-"));
  mkdirSync(join(folder, ".grid"));
  mkdirSync(join(folder, "deep", "below"), { recursive: true });
  writeFileSync(join(folder, ".grid", "deployment.json"), JSON.stringify(gallery.grid.deployment));
  const grid = {
    ...{ version: 1, chain_id: 31_337, rpc_url: gallery.grid.rpcUrl, cloud_url: gallery.ipfs },
    deployment: "deployment.json",
    accounts: [
      { name: "worker1", address: gallery.worker.address, private_key: accountKey(8) },
      { name: "artist", address: gallery.artist.address, private_key: accountKey(7) },
    ],
  };
  writeFileSync(join(folder, ".grid", "grid.json"), JSON.stringify(grid));
}, 300_000);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await gallery?.stop();
});

/** In this process, which is quicker than one of its own. */
function run(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Run> {
  return runHere(words, { cwd: folder, environment });
}

/** Settled or not, what generate would have saved of a picture. */
async function bundleOf(made: Made): Promise<string> {
  const { domain, artist } = gallery;
  const { order, receipt, signature, request, engine } = made;
  const paper = { domain, types: settlementTypes, primaryType: "JobOrder", message: order } as const;
  const path = join(folder, `${receiptId(receipt, domain)}.json`);
  const bundle = bundleToJson({
    ...{ chain_id: domain.chainId, settlement: domain.verifyingContract, request, order, receipt, signature, engine },
    ...{ receipt_id: receiptId(receipt, domain), ipfs_hash: cidOf(receipt) },
    direct: { order_signature: await artist.account.signTypedData(paper), receipts: [{ receipt, signature }] },
  });
  writeFileSync(path, JSON.stringify(bundle));
  return path;
}

async function draw(prompt: string, nonce: bigint): Promise<Made> {
  const { request: like } = gallery.made.get(bought) as Made;
  const request = { ...like, prompt };
  const order = await gallery.order(request, { payer: gallery.artist.address, count: 1, nonce });
  return (await gallery.work(request, order))[0] as Made;
}

describe("verify", () => {
  it("says yes, from a folder below, in plain lines", async () => {
    const { code, out } = await gridnft(["verify", `${bought}`], { cwd: join(folder, "deep", "below") });
    expect(out).toContain(`✓ Token ${bought} is proven`);
    expect(out).toContain("Not proven by this");
    expect(out).toContain("That the model was really run");
    expect(out).not.toContain("\u001b");
    expect(code).toBe(0);
  });

  it("says so as JSON, with colours in the report only where they are asked for", async () => {
    const [json, coloured, plain] = await Promise.all([
      run(["verify", `#${bought}`, "--json"]),
      run(["verify", `${bought}`], { FORCE_COLOR: "1" }),
      run(["verify", `${bought}`], { FORCE_COLOR: "1", NO_COLOR: "1" }),
    ]);
    const result = JSON.parse(json.out);
    expect(result).toMatchObject({ verdict: "proven", token_id: `${bought}`, chain_id: 31_337, exit_code: 0 });
    expect(result.versions[0].request.prompt).toBe("a lone buoy");
    expect(result.versions[0].request.guidanceMilli).toBe(7_500);
    expect(result.checks.map(({ status }: { status: string }) => status)).not.toContain("fail");
    expect(json.err).toBe("");
    expect(coloured.out).toContain("\u001b[32m");
    expect(plain.out).not.toContain("\u001b");
  });

  it("exits with 3 for another picture, 4 for none, and names what is wrong", async () => {
    writeFileSync(join(folder, "other.png"), picture(42, "another"));
    const [other, none] = await Promise.all([
      run(["verify", `${bought}`, "--image", "other.png"]),
      run(["verify", `${bought}`, "--ipfs", "http://127.0.0.1:1"]),
    ]);
    expect(other).toMatchObject({ code: 3 });
    expect(other.out).toContain(`✗ Do not trust token ${bought}: 1 check failed.`);
    expect(other.out).toContain("not the picture that the worker signed");
    expect(none).toMatchObject({ code: 4 });
    expect(none.out).toContain("? Token");
  });

  it("exits with 4 when the job can't be run again", async () => {
    const { code, out } = await run(["verify", `${bought}`, "--rerun", "--models", folder]);
    expect(out).toContain("Running the job again: impossible");
    expect(code).toBe(4);
  });

  it("needs nothing but a node and a gateway", async () => {
    const environment = {
      ...{ GRID_HOME: join(folder, "nowhere"), GRID_RPC_URL: gallery.grid.rpcUrl },
      GRID_DEPLOYMENT: join(folder, ".grid", "deployment.json"),
    };
    const { code } = await run(["verify", `${bought}`, "--ipfs", gallery.ipfs], environment);
    expect(code).toBe(0);
  });
});

describe("show", () => {
  it("reads the chain where there is no gallery", async () => {
    const { out, code } = await run(["show", `${gallery.series}001`]);
    expect(out).toContain("Lighthouses #1");
    expect(out).toContain("the lighthouse at night");
    expect(out).toContain("by its artist; this is version 2");
    expect(code).toBe(0);
  });
});

/** Words, what is said about them, exit code. */
type Mistake = [words: string[], sentence: string, expected?: number];

describe("what is typed wrongly", () => {
  it.each([
    [["verify", "abc"], '"abc" is no token id'],
    [["verify", "0"], '"0" is no token id'],
    [["verify", "77001"], "There is no token 77001 on chain 31337.", 2],
    [["show", "77001"], "There is no token 77001 on chain 31337.", 2],
    [["generate", "x", "--steps", "-3"], "--steps"],
    [["generate", "x", "--width", "513"], "--width is a multiple of 8."],
    [["generate", "x", "--guidance", "31"], "--guidance is at most 30."],
    [["generate", "x", "--sampler", "magic"], "--sampler is ddim or euler or euler_a or dpmpp_2m."],
    [["generate", ""], "The prompt is empty."],
    [["generate", "y".repeat(20_000)], "The prompt is longer than 8000 bytes."],
    [["generate", "two\nlines"], "control characters"],
    [["generate", "x", "--rail", "magic"], '--rail "magic" is direct or gateway.'],
    [["generate", "x", "--mint", "--royalty", "11"], "10 percent"],
    [["generate", "x", "--mint", "--evolution", "anyone"], "none, artist or owner"],
    [["verify", "1", "--image", "missing.png"], "there is no file"],
    [["mint", "nothing.json"], "There is no file nothing.json"],
    [["mint", join("other.png")], "is no receipt"],
    [["account", "deposit", "much"], "no amount of AIPG"],
    [["account", "--account", "nobody"], "The grid has worker1, artist"],
    [["account", "--account", `0x${"11".repeat(32)}`], "others can read the command line"],
    [["license", "buy", "Lighthouse"], "is no model id"],
    [["dance"], "unknown command"],
    [["verify"], "missing required argument"],
  ] as Mistake[])("%j", async (words, sentence, expected = 1) => {
    writeFileSync(join(folder, "other.png"), "{}");
    const { code, out, err } = await run(words);
    expect(err).toContain(sentence);
    expect(err).not.toMatch(/\n\s+at /);
    expect(out).toBe("");
    expect(code).toBe(expected);
  });

  it("answers with JSON to what it does not understand, too, and never repeats a key", async () => {
    const odd = await run(["show", "1", "--nonsense", "--json"]);
    expect(JSON.parse(odd.out)).toEqual({ error: { code: "USAGE", message: "unknown option '--nonsense'" } });
    expect(odd.code).toBe(1);
    for (const key of [`0X${"a1".repeat(32)}`, `0x${"a1".repeat(32)}f`, "a1".repeat(31)]) {
      const { out, err, code } = await run(["account", "--account", key]);
      expect(err).toContain("--account takes a name, not a key");
      expect(`${out}${err}`).not.toContain(key);
      expect(code).toBe(1);
    }
  });

  it("says how to get a grid where there is none", async () => {
    const nowhere = { GRID_HOME: join(folder, "nowhere") };
    const [none, dead, other] = await Promise.all([
      run(["verify", "1"], nowhere),
      run(["verify", "1"], { ...nowhere, GRID_RPC_URL: "http://127.0.0.1:1" }),
      run(["verify", "1", "--json"], { ...nowhere, GRID_RPC_URL: "nonsense" }),
    ]);
    expect(none.err).toContain("No grid is running here. Start one with npm start, or set GRID_RPC_URL");
    expect(none.code).toBe(1);
    expect(dead.err).toContain("No node answers at http://127.0.0.1:1.");
    expect(dead.code).toBe(2);
    expect(JSON.parse(other.out)).toEqual({
      error: { code: "URL_INVALID", message: 'GRID_RPC_URL "nonsense" is not a URL such as http://127.0.0.1:8545.' },
    });
  });

  it("refuses a deployment of another chain, and a broken grid.json", async () => {
    const path = join(folder, "other.json");
    writeFileSync(path, JSON.stringify({ ...gallery.grid.deployment, chainId: 8_453 }));
    mkdirSync(join(folder, "broken"), { recursive: true });
    writeFileSync(join(folder, "broken", "grid.json"), "{");
    const [other, broken] = await Promise.all([
      run(["verify", "1"], { GRID_DEPLOYMENT: path }),
      run(["verify", "1"], { GRID_HOME: join(folder, "broken") }),
    ]);
    expect(other.err).toContain("is of chain 8453, but the node");
    expect(broken.err).toContain("is broken; npm start writes it anew");
    expect([other.code, broken.code]).toEqual([1, 1]);
  });
});

describe("money", () => {
  it("goes in, is announced, and can't come out before its hour", async () => {
    const before = await gallery.artist.grid.settlement.read.accountOf([gallery.artist.address]);
    const deposit = await run(["account", "deposit", "2.5"]);
    expect(deposit.out).toContain("artist");
    const after = await gallery.artist.grid.settlement.read.accountOf([gallery.artist.address]);
    expect(after.balance - before.balance).toBe(parseEther("2.5"));
    const announced = await run(["account", "withdraw", "1", "--json"]);
    expect(JSON.parse(announced.out)).toMatchObject({ name: "artist", thawing: `${parseEther("1")}` });
    const early = await run(["account", "withdraw"]);
    expect(early.err).toContain("The withdrawal is ready in");
    expect(early.code).toBe(2);
    expect((await run(["account", "cancel"])).code).toBe(0);
    const nothing = await run(["account", "withdraw"]);
    expect(nothing.err).toContain("No withdrawal is announced");
    expect(nothing.code).toBe(1);
  });

  it("takes the account from a variable, or by address", async () => {
    const [variable, named, address, empty] = await Promise.all([
      run(["account", "--json"], { GRID_PRIVATE_KEY: accountKey(12) }),
      run(["account", "--json", "--account", "MY_KEY"], { MY_KEY: accountKey(13) }),
      run(["account", "--json", "--account", gallery.worker.address.toLowerCase()]),
      run(["account"], { GRID_PRIVATE_KEY: "12" }),
    ]);
    expect(JSON.parse(variable.out).name).toBe("GRID_PRIVATE_KEY");
    expect(JSON.parse(named.out).name).toBe("MY_KEY");
    expect(JSON.parse(address.out)).toMatchObject({ name: "worker1", account: gallery.worker.address });
    expect(empty.err).toContain("The key in GRID_PRIVATE_KEY is not 32 bytes of hex.");
  });

  it("buys a license", async () => {
    const { modelId, grid, artist } = gallery;
    const owner = grid.party(0);
    const none = await run(["license", "buy", `${modelId}`]);
    expect(none.err).toContain("sells no licenses; this account may use it as it is.");
    await grid.mined(owner.grid.aigc.write.setLicenseTerms([modelId, parseEther("3"), 86_400]));
    await grid.mined(owner.grid.aigc.write.setAccess([modelId, 1]));
    const dear = await run(["license", "buy", `${modelId}`, "--periods", "2", "--max-price", "5"]);
    expect(dear.err).toContain("costs 6 AIPG for 2 periods; you allow 5 AIPG");
    const bought = await run(["license", "buy", `${modelId}`, "--periods", "2", "--json"]);
    const expires = await artist.grid.aigc.read.licenseExpires([modelId, artist.address]);
    expect(JSON.parse(bought.out)).toMatchObject({ price: `${parseEther("6")}`, expires });
  });
});

describe("minting", () => {
  it("settles and mints saved receipts as a series; never twice, never for others", async () => {
    const paths = [await bundleOf(await draw("a red kite", 70n)), await bundleOf(await draw("a blue kite", 71n))];
    const other = await run(["mint", ...paths, "--account", "worker1"]);
    expect(other.err).toContain("name another --account");
    expect(other.code).toBe(1);
    const minted = await run([
      "mint",
      ...paths,
      "--title",
      "Kites",
      "--royalty",
      "2.5",
      "--evolution",
      "owner",
      "--json",
    ]);
    const { token_ids: tokens, series_id: series } = JSON.parse(minted.out);
    expect(tokens).toEqual([`${series}001`, `${series}002`]);
    const read = gallery.artist.grid.nft.read;
    expect(await read.series([BigInt(series)])).toMatchObject({
      title: "Kites",
      royaltyBps: 250n,
      policy: 2,
      count: 2n,
    });
    const again = await run(["mint", paths[0] as string]);
    expect(again.err).toContain("is minted already");
    expect(again.code).toBe(2);
    expect((await run(["verify", tokens[1]])).code).toBe(0);
  });

  it("takes a title from the prompt, and says which picture is where", async () => {
    const { out } = await run(["mint", await bundleOf(await draw("a green kite, oil painting", 72n))]);
    const token = /Minted token (\d+)/.exec(out)?.[1] ?? "0";
    expect(out).toContain(`gridnft verify ${token}`);
    const { title } = await gallery.artist.grid.nft.read.series([BigInt(token) / 1_000n]);
    expect(title).toBe("A green kite");
  });

  it("adds a version where the artist may, and names the parent", async () => {
    const tokenId = gallery.series * 1_000n + 2n;
    const made = await draw("the lighthouse at noon", 73n);
    const evolved = await run(["evolve", `${tokenId}`, await bundleOf(made)]);
    expect(evolved.out).toContain(`Token ${tokenId} has version 2 now`);
    const refused = await run(["evolve", `${bought}`, await bundleOf(await draw("no", 74n))]);
    expect(refused.err).toContain("does not evolve");
    expect(refused.code).toBe(2);
    expect((await run(["evolve", `${tokenId}`, "x.json", "--parent", "first"])).err).toContain("--parent");
  });
});

it("keeps keys out of everything that it says", async () => {
  const key = generatePrivateKey();
  const { out, err } = await run(["account", "deposit", "1"], { GRID_PRIVATE_KEY: key, DEBUG: "gridnft" });
  expect(`${out}${err}`).not.toContain(key.slice(2));
  expect(err).toContain("✗");
});

it("has a line in its documentation for every command and exit code", () => {
  const docs = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");
  for (const word of ["generate", "mint", "evolve", "show", "verify", "models", "workers", "account", "license buy"]) {
    expect(docs).toContain(`gridnft ${word}`);
  }
  for (const code of [0, 1, 2, 3, 4, 130]) expect(docs).toContain(`| ${code} |`);
});
