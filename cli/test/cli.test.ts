import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEther } from "viem";
import { generatePrivateKey } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleFromJson, bundleToJson, cidOf, receiptId } from "../../sdk/src/index.ts";
import { privateKeyOf } from "../../test/fixtures/chain.ts";
import { json, serve } from "../../test/fixtures/scriptedServer.ts";
import { signMessage } from "../../test/fixtures/seed.ts";
import { projectRoot } from "../../tools/check.ts";
import { createJob, requireWritable } from "../src/jobFile.ts";
import { createProgram } from "../src/main.ts";
import { placeOf, save } from "../src/pictures.ts";
import { type Gallery, type Made, picture, startGallery } from "./gallery.ts";
import { expectKeys } from "./keys.ts";
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
      { name: "worker1", address: gallery.worker.address, private_key: privateKeyOf(gallery.worker) },
      { name: "artist", address: gallery.artist.address, private_key: privateKeyOf(gallery.artist) },
    ],
  };
  writeFileSync(join(folder, ".grid", "grid.json"), JSON.stringify(grid));
}, 600_000);
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
  const path = join(folder, `${receiptId(receipt, domain)}.json`);
  const bundle = bundleToJson({
    ...{ chain_id: domain.chainId, settlement: domain.verifyingContract, request, order, receipt, signature, engine },
    ...{ receipt_id: receiptId(receipt, domain), ipfs_hash: cidOf(receipt) },
    direct: {
      order_signature: await signMessage(artist.account, domain, "JobOrder", order),
      receipts: [{ receipt, signature }],
    },
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
/** A job file whose title has a byte that is not UTF-8. */
const DAMAGED_JOB = Buffer.from(
  JSON.stringify({
    ...{ version: 1, chain_id: 31337, cloud_url: "http://a", requester: "0x", rail: "direct", orders: [] },
    ...{ parameters: { prompt: "a café", model: "1" }, mint: { title: "Café" } },
  }),
  "latin1",
);

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
    [["generate", "x", "--sampler", "euler a"], "--sampler is not a name such as euler_a."],
    [["generate", ""], "The prompt is empty."],
    [["generate", "y".repeat(20_000)], "The prompt is longer than 8000 bytes."],
    [["generate", "two\nlines"], "control characters"],
    [["generate", "x", "--rail", "magic"], '--rail "magic" is direct or gateway.'],
    [["generate", "x", "--rail", "gateway", "--max-price", "1"], "--max-price does nothing with --rail gateway"],
    [["generate", "x", "--title", "X"], "--title does nothing without --mint."],
    [["generate", "x", "--royalty", "5"], "--royalty does nothing without --mint."],
    [["generate", "two\nlines", "--mint"], "The prompt has control characters"],
    [["generate", "x", "--mint", "--title", "灯".repeat(90)], "--title is longer than 255 bytes."],
    [
      ["generate", "x".repeat(7_900), "--mint", "-n", "y".repeat(7_900), "-d", "z".repeat(7_990)],
      "bytes too many for one mint",
    ],
    [["generate", "not \ufffd UTF-8"], "Word 2 of the command line is not UTF-8."],
    [["verify", "1", "--models", "x"], "--models does nothing without --rerun."],
    [["mint", "x.json", "--to", "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"], "has a wrong checksum"],
    [["resume", "nonsense"], "There is no file nonsense. Name the .job.json that generate wrote, or a job's id."],
    [["config", "set", "colour", "red"], 'There is no setting "colour"; there are rpc-url'],
    [["config", "set", "account", `0x${"11".repeat(32)}`], "others can read the command line"],
    [["completion", "cmd"], "Allowed choices are bash, zsh, fish"],
    [["generate", "x", "--mint", "--royalty", "11"], "10 percent"],
    [["generate", "x", "--mint", "--evolution", "anyone"], "none, artist or owner"],
    [["verify", "1", "--image", "missing.png"], "there is no file"],
    [["mint", "nothing.json"], "There is no file nothing.json"],
    [["mint", "damaged.json"], "damaged.json can't be read: it is not UTF-8."],
    [["resume", "damaged.job.json"], "damaged.job.json is not UTF-8: it is not as generate wrote it."],
    [["mint", join("other.png")], "is no receipt"],
    [["account", "deposit", "much"], "no amount of AIPG"],
    [["account", "--account", "nobody"], "The grid has worker1, artist"],
    [["account", "--account", `0x${"11".repeat(32)}`], "others can read the command line"],
    [["generate", "x", "--mint", "--title", " "], "--title is empty"],
    [["mint", "x.json", "--title", ""], "--title is empty"],
    [["license", "buy", "Lighthouse"], "is no model id"],
    [["license", "buy", "9".repeat(78)], "is no model id"],
    [["show", "9".repeat(78)], "is no token id"],
    [["show", `${2n ** 256n}`], "is no token id"],
    [["show", `${2n ** 256n - 1n}`], "There is no token 115792", 2],
    [["evolve", "1", "x.json", "--parent", "9".repeat(78)], "is no token such as 1001"],
    [["dance"], "unknown command"],
    [["verify"], "missing required argument"],
  ] as Mistake[])("%j", async (words, sentence, expected = 1) => {
    writeFileSync(join(folder, "other.png"), "{}");
    for (const name of ["damaged.json", "damaged.job.json"]) writeFileSync(join(folder, name), DAMAGED_JOB);
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
    const words = `${"test ".repeat(11)}junk`;
    for (const key of [
      `0X${"a1".repeat(32)}`,
      `0x${"a1".repeat(32)}f`,
      "a1".repeat(31),
      words,
      ` ${"a1".repeat(32)}\n`,
    ]) {
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

  it("names the transaction that moved it when the node is gone by then", async () => {
    let isGone = false;
    const node = await serve(async ({ body }, response) => {
      if (isGone) return void response.destroy();
      const headers = { "content-type": "application/json" };
      const answer = await fetch(gallery.grid.rpcUrl, { method: "POST", body: JSON.stringify(body), headers });
      const said = (await answer.json()) as { result?: unknown };
      isGone = (body as { method: string }).method === "eth_getTransactionReceipt" && said.result !== null;
      json(response, 200, said);
    });
    const deployment = join(folder, ".grid", "deployment.json");
    const environment = {
      GRID_RPC_URL: node.url,
      GRID_DEPLOYMENT: deployment,
      GRID_PRIVATE_KEY: privateKeyOf(gallery.grid.party(7)),
    };
    const inside = async () => (await gallery.artist.grid.settlement.read.accountOf([gallery.artist.address])).balance;
    const before = await inside();
    const { code, out } = await run(["account", "deposit", "1.25", "--json"], environment);
    await node.stop();
    const { transaction, message } = JSON.parse(out).error;
    expect([code, message]).toEqual([2, expect.stringContaining(`Done, by transaction ${transaction}.`)]);
    expect((await inside()) - before).toBe(parseEther("1.25"));
  });

  it("takes the account from a variable, or by address", async () => {
    const [variable, named, address, empty] = await Promise.all([
      run(["account", "--json"], { GRID_PRIVATE_KEY: privateKeyOf(gallery.grid.party(12)) }),
      run(["account", "--json", "--account", "MY_KEY"], { MY_KEY: privateKeyOf(gallery.grid.party(13)) }),
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
    const unasked = await run(["license", "buy", `${modelId}`]);
    expect([unasked.code, unasked.err]).toEqual([1, expect.stringContaining("costs 3 AIPG. Without a terminal")]);
    const bought = await run(["license", "buy", `${modelId}`, "--periods", "2", "--json", "--yes"]);
    const expires = await artist.grid.aigc.read.licenseExpires([modelId, artist.address]);
    expect(JSON.parse(bought.out)).toMatchObject({ price: `${parseEther("6")}`, expires });
    expectKeys("license buy", JSON.parse(bought.out));
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

/** A person at a terminal, who types. */
function type(words: readonly string[], typed: string, columns = 80): Promise<Run> {
  return runHere(words, { cwd: folder, typed, columns });
}

describe("a place for pictures", () => {
  it.each([
    ["x.jpg", "pictures are PNG"],
    ["x.JSON", "pictures are PNG"],
    [".png", "has no name before .png"],
    [`${"n".repeat(221)}.png`, "a name has at most 220 bytes"],
    [`${"灯".repeat(74)}.png`, "a name has at most 220 bytes"],
  ])("is refused: %s", async (out, sentence) => {
    await expect(placeOf(folder, out, "p")).rejects.toThrow(sentence);
  });

  it("is taken with the longest name, and left empty when it is tried", async () => {
    const place = await placeOf(folder, `tried/${"n".repeat(220)}.png`, "p");
    await requireWritable(place);
    expect(readdirSync(join(folder, "tried"))).toEqual([]);
    rmSync(join(folder, "tried"), { recursive: true });
    await expect(requireWritable(place)).rejects.toMatchObject({ code: "NO_FOLDER" });
  });
});

describe("files of two commands at once", () => {
  it("have names of their own, and lose nothing", async () => {
    const place = join(folder, "twins");
    const job = {
      version: 1,
      chain_id: 1,
      cloud_url: "http://a",
      requester: "0x",
      rail: "direct",
      orders: [],
    } as const;
    const parameters = { prompt: "twins", model: "1" };
    const ids = ["a", "b", "c"];
    const files = await Promise.all(ids.map((id) => createJob(place, { ...job, parameters, orders: [], job: id })));
    expect(files.map((file) => JSON.parse(readFileSync(file, "utf8")).job)).toEqual(ids);
    symlinkSync(join(folder, "nowhere.png"), `${place}.png`);
    const images = await Promise.all(
      [95n, 96n].map(async (nonce) => {
        const bundle = bundleFromJson(JSON.parse(readFileSync(await bundleOf(await draw("twins", nonce)), "utf8")));
        return { bundle, cid: "", file: new Uint8Array([Number(nonce)]) };
      }),
    );
    const saved = await Promise.all(images.map((image) => save(place, [image])));
    expect(saved.flat().map(({ picture }) => readFileSync(picture)[0])).toEqual([95, 96]);
    expect(saved.flat().map(({ receipt }) => JSON.parse(readFileSync(receipt, "utf8")).receipt_id)).toEqual(
      images.map(({ bundle }) => bundle.receipt_id),
    );
    expect(await save(place, images.slice(0, 1))).toEqual(saved[0]);
    await expect(placeOf(folder, ".png", "x")).rejects.toThrow("has no name before .png");
  });
});

describe("questions", () => {
  const wallet = () => gallery.artist.grid.aipg.read.balanceOf([gallery.artist.address]);

  it.each(["\n", "n\n", "yess\n", "", "no\ny\n"])("take %j for a no: nothing moves", async (typed) => {
    const before = await wallet();
    const { code, out, err } = await type(["account", "deposit", "1.5"], typed);
    expect(err).toContain("Deposit 1.5 AIPG from the wallet of artist? [y/N]");
    expect(err).toContain("Nothing was done. --yes skips the question.");
    expect([code, out, await wallet()]).toEqual([1, "", before]);
  });

  it.each(["y\n", " YES \n"])("take %j for a yes", async (typed) => {
    const before = await wallet();
    expect((await type(["account", "deposit", "0.5"], typed)).code).toBe(0);
    expect(before - (await wallet())).toBe(parseEther("0.5"));
  });

  it("are skipped by --yes, and never asked where nobody is", async () => {
    const yes = await type(["account", "deposit", "0.5", "--yes"], "");
    const alone = await run(["account", "deposit", "0.5"]);
    for (const { code, err } of [yes, alone]) expect([code, err]).toEqual([0, expect.not.stringContaining("[y/N]")]);
  });

  it("come before a license is bought, and a withdrawal announced", async () => {
    const { modelId, artist } = gallery;
    const state = () =>
      Promise.all([
        wallet(),
        artist.grid.aigc.read.licenseExpires([modelId, artist.address]),
        artist.grid.settlement.read.accountOf([artist.address]),
      ]);
    const before = await state();
    for (const [words, question] of [
      [["license", "buy", `${modelId}`], "Pay 3 AIPG from artist for a license"],
      [["account", "withdraw", "0.25"], "Announce that 0.25 AIPG leave"],
    ] as const) {
      const { code, err } = await type(words, "n\n");
      expect([code, err]).toEqual([1, expect.stringContaining(question)]);
    }
    expect(await state()).toEqual(before);
  });

  it("name what a mint pays", async () => {
    const path = await bundleOf(await draw("a yellow kite", 80n));
    const no = await type(["mint", path], "n\n");
    expect([no.code, no.err]).toEqual([
      1,
      expect.stringContaining("Pay 1 AIPG to the worker and the mint fee of 0.1 AIPG, and mint? [y/N]"),
    ]);
    const json = await type(["mint", path, "--json"], "n\n");
    expect(JSON.parse(json.out)).toEqual({ error: { code: "DECLINED", message: expect.any(String) } });
    expect((await type(["mint", path], "y\n")).code).toBe(0);
  });
});

describe("output that breaks", () => {
  const noTrace = expect.not.stringMatching(/\n\s+at |EPIPE|ENOSPC|node:/);
  const balance = async () => (await gallery.artist.grid.settlement.read.accountOf([gallery.artist.address])).balance;

  it("ends no work when nobody reads a pipe", async () => {
    const before = await balance();
    for (const words of [
      ["account", "deposit", "1"],
      ["show", `${bought}`],
      ["verify", `${bought}`, "--json"],
      ["--help"],
    ]) {
      const { code, err } = await gridnft(words, { cwd: folder, stdout: "closed" });
      expect([words, code, err]).toEqual([words, 0, noTrace]);
    }
    expect((await balance()) - before).toBe(parseEther("1"));
  });

  it.runIf(existsSync("/dev/full"))("ends no work when a disk is full, and is said", async () => {
    const full = { path: "/dev/full" };
    const before = await balance();
    for (const words of [
      ["account", "deposit", "1"],
      ["show", `${bought}`, "--json"],
      ["--help"],
      ["dance", "--json"],
    ]) {
      const { code, err } = await gridnft(words, { cwd: folder, stdout: full });
      expect([words, err]).toEqual([words, noTrace]);
      expect(err).toContain("The output could not be written: no space is left on the device.");
      expect([words, code]).toEqual([words, words[0] === "dance" ? 1 : 2]);
    }
    const both = await gridnft(["account", "deposit", "1"], { cwd: folder, stdout: full, stderr: full });
    expect(both.code).toBe(2);
    expect((await balance()) - before).toBe(parseEther("2"));
  });
});

describe("settings", () => {
  const at = (name: string) => ({ GRIDNFT_CONFIG: join(folder, "settings", `${name}.json`) });

  it("are kept, shown with their source, and forgotten", async () => {
    const kept = at("kept");
    const set = await run(["config", "set", "max_price", "2.5", "--json"], kept);
    expect(JSON.parse(set.out)).toEqual({ name: "max-price", value: "2.5", file: kept.GRIDNFT_CONFIG });
    expect(statSync(kept.GRIDNFT_CONFIG).mode & 0o777).toBe(0o600);
    expect((await run(["config", "get", "max-price"], kept)).out).toBe("2.5\n");
    const list = JSON.parse((await run(["config", "--json"], { ...kept, GRID_IPFS_GATEWAY: "http://x" })).out);
    expectKeys("config", list);
    expect(list.settings).toEqual(
      expect.arrayContaining([
        { name: "max-price", value: "2.5", source: "config" },
        { name: "ipfs-gateway", value: "http://x", source: "variable" },
        { name: "rpc-url", value: gallery.grid.rpcUrl, source: "grid.json" },
        { name: "rail", value: "direct", source: "default" },
        { name: "graphql-url", value: null, source: "none" },
      ]),
    );
    await run(["config", "unset", "max-price"], kept);
    expect((await run(["config", "get", "max-price", "-q"], kept)).out).toBe("10\n");
  });

  it("name the account and the grid where nothing else does", async () => {
    const kept = at("used");
    await run(["config", "set", "account", "worker1"], kept);
    expect(JSON.parse((await run(["account", "--json"], kept)).out).name).toBe("worker1");
    expect(JSON.parse((await run(["account", "--json", "--account", "artist"], kept)).out).name).toBe("artist");
    const key = { ...kept, GRID_PRIVATE_KEY: privateKeyOf(gallery.grid.party(12)) };
    expect(JSON.parse((await run(["account", "--json"], key)).out).name).toBe("GRID_PRIVATE_KEY");
    await run(["config", "set", "rpc-url", "http://127.0.0.1:1"], kept);
    expect((await run(["show", "1"], kept)).err).toContain("No node answers at http://127.0.0.1:1.");
    expect((await run(["show", `${bought}`], { ...kept, GRID_HOME: join(folder, ".grid") })).code).toBe(0);
  });

  it("are blamed by their own names", async () => {
    const kept = at("blamed");
    await run(["config", "set", "rail", "gateway"], kept);
    const price = await run(["generate", "x", "--max-price", "3"], kept);
    expect(price.err).toContain("--max-price does nothing with the setting rail gateway");
    await run(["config", "set", "account", "nobody"], kept);
    expect((await run(["account"], kept)).err).toContain(
      'There is no account "nobody", which the setting account names.',
    );
    const wrong = "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    const account = await run(["config", "set", "account", wrong], kept);
    expect([account.code, account.err]).toEqual([1, expect.stringMatching(/account "0x5AAe.* has a wrong checksum/)]);
  });

  it("name a file wherever a command runs later", async () => {
    const kept = at("anywhere");
    const set = await run(["config", "set", "deployment", "./.grid/deployment.json", "--json"], kept);
    expect(JSON.parse(set.out).value).toBe(join(folder, ".grid", "deployment.json"));
    const cwd = join(folder, "deep", "below");
    expect((await runHere(["show", `${bought}`], { cwd, environment: kept })).code).toBe(0);
  });

  it("that are broken are named, with their file", async () => {
    const broken = at("broken");
    mkdirSync(join(folder, "settings"), { recursive: true });
    for (const [text, sentence] of [
      ["{", "is not JSON. Mend it, or remove it."],
      ['{"max-price":"much"}', 'max-price "much" is no amount of AIPG'],
      ['{"rail":3}', '"rail" is not a text.'],
      ["[]", "is no object of settings."],
    ] as const) {
      writeFileSync(broken.GRIDNFT_CONFIG, text);
      const { code, err } = await run(["show", "1"], broken);
      expect([code, err]).toEqual([1, expect.stringContaining(sentence)]);
      expect(err).toContain(broken.GRIDNFT_CONFIG);
    }
  });
});

describe("doctor", () => {
  it("names what is broken, and what to do", async () => {
    const { code, out } = await run(["doctor", "--json"]);
    const { healthy, checks } = JSON.parse(out);
    expect([code, healthy]).toEqual([2, false]);
    const status = Object.fromEntries(checks.map((one: { id: string; status: string }) => [one.id, one.status]));
    expect(status).toMatchObject({ grid: "pass", contracts: "pass", cloud: "fail", gallery: "warn", account: "pass" });
    const nowhere = await run(["doctor"], { GRID_HOME: join(folder, "nowhere") });
    expect(nowhere.out).toContain("No grid is running here.");
    expect(nowhere.code).toBe(2);
  });
});

describe("completion", () => {
  /** Words that bash offers for a line; the last word is what is typed so far. */
  function offered(script: string, words: readonly string[]): string[] {
    const list = words.map((word) => `'${word}'`).join(" ");
    const lines = `${script}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _gridnft; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", lines], { cwd: folder, encoding: "utf8" }).trim().split("\n");
  }

  it("knows commands, those below them, options and their values in bash", async () => {
    const { out } = await run(["completion", "bash"]);
    expect(offered(out, ["gridnft", "ver"])).toEqual(["verify"]);
    expect(offered(out, ["gridnft", "account", "dep"])).toEqual(["deposit"]);
    expect(offered(out, ["gridnft", "account", "deposit", "--y"])).toEqual(["--yes"]);
    expect(offered(out, ["gridnft", "generate", "a cat", "--sampler", "eu"])).toEqual(["euler", "euler_a"]);
    expect(offered(out, ["gridnft", "license", ""])).toEqual(expect.arrayContaining(["buy"]));
    expect(offered(out, ["gridnft", "generate", "--max"])).toEqual(["--max-price"]);
  });

  it("has every command in every shell's script", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { out, code } = await run(["completion", shell]);
      expect(code).toBe(0);
      for (const word of ["generate", "resume", "verify", "doctor", "deposit", "max-price"])
        expect(out).toContain(word);
    }
  });
});

it("has the documented keys in every document of the chain", async () => {
  const token = `${gallery.series * 1_000n + 2n}`;
  const path = await bundleOf(await draw("a grey kite", 90n));
  const evolution = await bundleOf(await draw("the lighthouse in fog", 91n));
  for (const [command, words] of [
    ["show", ["show", token]],
    ["verify", ["verify", token]],
    ["account", ["account"]],
    ["mint", ["mint", path]],
    ["evolve", ["evolve", token, evolution]],
    ["config get", ["config", "get", "rail"]],
  ] as const) {
    const { out } = await run([...words, "--json"]);
    expectKeys(command, JSON.parse(out));
  }
  expectKeys("account", JSON.parse((await run(["account", "deposit", "1", "--json"])).out), ["transaction"]);
});

it("prints no warning of npm's", () => {
  const { stdout, stderr } = spawnSync("npx", ["--no-install", "gridnft", "--version"], {
    cwd: projectRoot,
    encoding: "utf8",
    // A newer npm is no fault of ours.
    env: { ...process.env, npm_config_update_notifier: "false" },
  });
  expect([stdout, stderr]).toEqual(["0.1.0\n", ""]);
});

it("keeps keys out of everything that it says", async () => {
  const key = generatePrivateKey();
  const { out, err } = await run(["account", "deposit", "1"], { GRID_PRIVATE_KEY: key, DEBUG: "gridnft" });
  expect(`${out}${err}`).not.toContain(key.slice(2));
  expect(err).toContain("✗");
});

it("has a line in its documentation for every command and exit code", () => {
  const docs = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");
  const { commands } = createProgram(
    { environment: {}, cwd: folder, out: process.stdout, err: process.stderr },
    async () => {},
  );
  expect(commands.length).toBeGreaterThan(10);
  for (const command of commands) expect(docs).toContain(`gridnft ${command.name()}`);
  for (const code of [0, 1, 2, 3, 4, 130]) expect(docs).toContain(`| ${code} |`);
});
