/** Environment of the worker: what is read, and what is refused. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEther } from "viem";
import { afterAll, describe, expect, it } from "vitest";
import { readEnvironment } from "../../src/environment.ts";
import { WorkerError } from "../../src/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "gridnft-state-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the environment", () => {
  const good = {
    GRID_RPC_URL: "http://127.0.0.1:8545",
    GRID_CLOUD_URL: "http://127.0.0.1:3300/",
    GRID_WORKER_ACCOUNT: `0x${"11".repeat(20)}`,
    GRID_WORKER_SIGNER_KEY: `0x${"22".repeat(32)}`,
    GRID_WORKER_MODELS: `7=${folder}`,
    GRID_WORKER_STATE: folder,
    GRID_WORKER_RATE: "1000",
  };

  it("is read", () => {
    const read = readEnvironment({ ...good, GRID_WORKER_EXPOSURE: "1.5", GRID_DEPLOYMENT: "" });
    expect(read).toMatchObject({ cloudUrl: "http://127.0.0.1:3300", rate: 1000n, exposure: parseEther("1.5") });
    expect(read.models).toEqual([{ modelId: 7n, engine: "onnx", locator: folder }]);
    expect(read.deployment).toBeUndefined();
  });

  it("names a model's engine and where that finds it, and takes a folder alone", () => {
    const { models } = readEnvironment({ ...good, GRID_WORKER_MODELS: `7=onnx:${folder}, 8 = ${folder}` });
    expect(models).toEqual([
      { modelId: 7n, engine: "onnx", locator: folder },
      { modelId: 8n, engine: "onnx", locator: folder },
    ]);
  });

  it.each([
    ["GRID_RPC_URL", undefined, "GRID_RPC_URL is missing."],
    ["GRID_CLOUD_URL", "ftp://x", "GRID_CLOUD_URL is not a URL"],
    ["GRID_WORKER_ACCOUNT", "0x11", "GRID_WORKER_ACCOUNT is not an address."],
    ["GRID_WORKER_ACCOUNT", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", "GRID_WORKER_ACCOUNT has a wrong checksum"],
    ["GRID_WORKER_METRICS_PORT", "65536", "GRID_WORKER_METRICS_PORT is not between 0 and 65535."],
    ["GRID_WORKER_MODELS", "seven", "GRID_WORKER_MODELS is not a list"],
    ["GRID_WORKER_MODELS", `7=other:${folder}`, "GRID_WORKER_MODELS names the engine other, which does not exist"],
    ["GRID_WORKER_MODELS", "7=onnx:/nowhere/at/all", "GRID_WORKER_MODELS names the folder /nowhere/at/all, which"],
    ["GRID_WORKER_MODELS", "7=/nowhere/at/all", "GRID_WORKER_MODELS names the folder /nowhere/at/all"],
    ["GRID_WORKER_MODELS", `7=${folder},7=${folder}`, "GRID_WORKER_MODELS names a model twice."],
    ["GRID_WORKER_RATE", "-1", "GRID_WORKER_RATE is not a whole number of AIPG wei."],
    ["GRID_WORKER_PARALLEL", "65", "GRID_WORKER_PARALLEL is not between 1 and 64."],
    ["GRID_WORKER_COLLECT_AT_STOP", "yes", "GRID_WORKER_COLLECT_AT_STOP is neither true nor false."],
  ])("%s = %s is refused with a sentence", (name, value, sentence) => {
    expect(() => readEnvironment({ ...good, [name]: value })).toThrow(sentence);
  });

  it("does not repeat a wrong key", () => {
    const key = `0x${"2".repeat(63)}`;
    try {
      readEnvironment({ ...good, GRID_WORKER_SIGNER_KEY: key });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(WorkerError);
      expect(String(error)).toContain("GRID_WORKER_SIGNER_KEY is not 32 bytes of hex.");
      expect(String(error)).not.toContain(key);
    }
  });
});
