/** Uploads: which files are taken, how much of one is read, and uploads that break off. */
import { type ClientRequest, request as httpRequest } from "node:http";
import { setTimeout } from "node:timers/promises";
import { deflateRawSync, gzipSync } from "node:zlib";
import pg from "pg";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { until } from "../../test/fixtures/until.ts";
import { MAX_UPLOADS } from "../src/api/http/concurrencyLimit.ts";
import { maxFileSize, requirePng } from "../src/files/png.ts";
import { filesGrid, noise, withChunk } from "./filesGrid.ts";
import { call, png, type Refusal } from "./grid.ts";
import type { UploadJson } from "./scriptedWorker.ts";

const files = filesGrid();
const { claimed, ask } = files;

describe("an upload", () => {
  const size = { width: 64, height: 64 };
  const text = (content: string) => Buffer.from(content, "latin1");

  it("of one still picture with its texts is taken", async () => {
    const file = await png(64, 64, 1);
    const colours = await sharp(file)
      .withIccProfile("p3")

      .png()
      .toBuffer();
    for (const good of [
      file,
      withChunk(file, "tEXt", text("parameters\0a lighthouse")),
      withChunk(file, "iTXt", text("parameters\0\0\0\0\0a lighthouse")),
      withChunk(file, "pHYs", Uint8Array.of(0, 0, 11, 19, 0, 0, 11, 19, 1)),
      await noise(64),
      await sharp(await noise(64))
        .png({ progressive: true, compressionLevel: 0 })
        .toBuffer(),
      colours,
    ]) {
      await requirePng(good, size);
      expect(good.length).toBeLessThanOrEqual(maxFileSize(size));
    }
  });

  it.each([
    ["frames of an animation", "acTL", Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0)],
    ["a photograph's Exif", "eXIf", text("MM\0*")],
    ["a program's own data", "prVt", text("anything")],
    ["a text that inflates", "zTXt", Buffer.concat([text("parameters\0\0"), deflateRawSync(Buffer.alloc(100_000))])],
    ["a compressed international text", "iTXt", text("parameters\0\x01\0\0\0x")],
    ["a chunk whose name is no name", "\0\0\0\0", text("")],
  ])("with %s is refused by name", async (_, type, data) => {
    await expect(requirePng(withChunk(await png(64, 64, 2), type, data), size)).rejects.toMatchObject({
      ...{ code: "IMAGE_INVALID", message: expect.stringContaining(JSON.stringify(type).slice(1, -1)) },
    });
  });

  it("with more beside its pixels than a picture has is refused", async () => {
    const file = withChunk(await png(64, 64, 3), "tEXt", Buffer.concat([text("a\0"), Buffer.alloc(65_536, 0x61)]));
    await expect(requirePng(file, size)).rejects.toMatchObject({ code: "IMAGE_INVALID" });
  });

  it("is read up to what its pixels can weigh, whether its length is said or not", async () => {
    const job = await claimed(64, 64);
    const path = `/v1/worker/jobs/${job.id}/images/0?lease=${job.lease.token}`;
    const most = maxFileSize(size);
    expect(most).toBeLessThan(100_000);
    const body = new Uint8Array(most + 1);
    const said = await call<Refusal>(files.cloud, "PUT", path, { token: files.worker.token, body });
    expect([said.status, said.body.error.code]).toEqual([413, "BODY_TOO_LARGE"]);
    expect(said.body.error.message).toBe(`A picture of 64 x 64 pixels has at most ${most} bytes.`);
    const streamed = await fetch(`${files.cloud.url}${path}`, {
      ...{ method: "PUT", headers: { authorization: `Bearer ${files.worker.token}` }, duplex: "half" },
      body: new Blob([body]).stream(),
    } as RequestInit);
    expect(streamed.status).toBe(413);
    // Neither has cost the worker its job.
    expect((await files.worker.upload(job, 0, await png(64, 64, 4))).status).toBe(200);
  });

  it("is one of a few that a worker may send at a time, as each takes memory", async () => {
    const job = await claimed(64, 64);
    const [path, file] = [`/v1/worker/jobs/${job.id}/images/0?lease=${job.lease.token}`, await png(64, 64, 5)];
    const open: ClientRequest[] = [];
    const begin = (): void => {
      const headers = { authorization: `Bearer ${files.worker.token}`, "content-length": 50_000 };
      const slow = httpRequest(`${files.cloud.url}${path}`, { method: "PUT", headers }).on("error", () => {});
      slow.write("half");
      open.push(slow);
    };
    const status = async (of: number) => (await files.worker.upload(job, 0, file)).status === of;
    try {
      while (open.length < MAX_UPLOADS - 1) begin();
      expect(await status(200)).toBe(true);
      // One of them may come while a place is taken for looking.
      await until(() => {
        begin();
        return status(429);
      }, "all places are taken");
    } finally {
      for (const slow of open) slow.destroy();
    }
    await until(() => status(200), "the places are free again");
  });

  it("that is compressed once more is refused by the header's name, and costs the worker nothing", async () => {
    const job = await claimed(64, 64);
    const path = `/v1/worker/jobs/${job.id}/images/0?lease=${job.lease.token}`;
    const [token, body] = [files.worker.token, await png(64, 64, 7)];
    const headers = { "content-encoding": "gzip" };
    const refused = await call<Refusal>(files.cloud, "PUT", path, { token, headers, body: gzipSync(body) });
    expect([refused.status, refused.body.error]).toEqual([
      422,
      {
        ...{ code: "FIELD_INVALID", field: "Content-Encoding" },
        message: "Content-Encoding gzip is not read: send the file as it is.",
      },
    ]);
    const plain = await call<UploadJson>(files.cloud, "PUT", path, {
      ...{ token, headers: { "content-encoding": "identity" }, body },
    });
    expect((await files.worker.complete(job, [files.worker.receipt(job, 0, plain.body)])).status).toBe(200);
  });

  it("of a copy may be larger than JSON, in whatever case its hash is written", async () => {
    for (const digits of ["ab", "AB"]) {
      const path = `/v1/worker/wanted-images/0x${digits.repeat(32)}`;
      const { status, body } = await call<Refusal>(files.cloud, "PUT", path, {
        ...{ token: files.worker.token, body: new Uint8Array(300_000) },
      });
      expect([digits, status, body.error.code]).toEqual([digits, 404, "IMAGE_UNKNOWN"]);
    }
  });

  it("that breaks off while it is read is the client's doing, as is JSON in chunks, and no failure of ours", async () => {
    const job = await claimed(64, 64);
    const refusals = async (code: string): Promise<number> => {
      const { bytes } = await ask("/metrics");
      return Number(
        new RegExp(`refusals_total\\{code="${code}"\\} (\\d+)`).exec(Buffer.from(bytes).toString())?.[1] ?? 0,
      );
    };
    const failures = await refusals("INTERNAL");
    const authorization = `Bearer ${files.worker.token}`;
    const upload = `/v1/worker/jobs/${job.id}/images/0?lease=${job.lease.token}`;
    for (const [method, path, headers] of [
      ["PUT", upload, { "content-length": "50000" }],
      ["PUT", upload, { "transfer-encoding": "chunked" }],
      ["POST", "/v1/generate-image", { "transfer-encoding": "chunked", "content-type": "application/json" }],
    ] as const) {
      const before = await refusals("BODY_INCOMPLETE");
      const broken = httpRequest(`${files.cloud.url}${path}`, { method, headers: { ...headers, authorization } });
      broken.on("error", () => {}).write("half");
      // By then it is being read, or is not yet: the answer is the same.
      await setTimeout(100);
      broken.destroy();
      await until(async () => (await refusals("BODY_INCOMPLETE")) > before, `${path} is told to be incomplete`);
    }
    expect(await refusals("INTERNAL")).toBe(failures);
    const { body } = await files.worker.upload(job, 0, await png(64, 64, 8));
    expect((await files.worker.complete(job, [files.worker.receipt(job, 0, body)])).status).toBe(200);
  });

  it("that breaks off before it is read costs the worker nothing", async () => {
    const job = await claimed(64, 64);
    const path = `/v1/worker/jobs/${job.id}/images/0?lease=${job.lease.token}`;
    const locker = new pg.Client({ connectionString: files.grid.postgres.url });
    await locker.connect();
    try {
      for (const [length, sent] of [
        ["50000", "half"],
        [undefined, "half"],
        ["50000", ""],
      ] as const) {
        await locker.query("BEGIN; LOCK TABLE cloud.job IN ACCESS EXCLUSIVE MODE");
        const headers = { authorization: `Bearer ${files.worker.token}`, ...(length && { "content-length": length }) };
        const broken = httpRequest(`${files.cloud.url}${path}`, { method: "PUT", headers }).on("error", () => {});
        broken.flushHeaders();
        if (sent) broken.write(sent);
        await until(async () => {
          const [{ waiting } = { waiting: 0 }] = await files.grid.sql<{ waiting: number }>(
            "SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted AND relation = 'cloud.job'::regclass",
          );
          return waiting > 0;
        }, "the upload waits for its job");
        const closed = new Promise((resolve) => broken.on("close", resolve));
        broken.destroy();
        await closed;
        // The cloud hears of it by the same loop that this test runs on.
        await setTimeout(100);
        await locker.query("ROLLBACK");
      }
    } finally {
      await locker.end();
    }
    const upload = await files.worker.upload(job, 0, await png(64, 64, 6));
    expect([upload.status, await files.grid.sql("SELECT FROM cloud.job_failure WHERE job_id = $1", [job.id])]).toEqual([
      200,
      [],
    ]);
  });
});
