import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import type { Hex } from "viem";
import { describe, expect, it } from "vitest";
import { json, serve } from "../../test/fixtures/scriptedServer.ts";
import type { createFastChecker, recoverSigner } from "../src/index.js";

const { vectors } = JSON.parse(
  readFileSync(new URL("../../test/vectors/signatures.json", import.meta.url), "utf8"),
) as {
  vectors: { digest: Hex; signature: Hex; signer: Hex }[];
};

/** What a page has and this test needs; nothing of Node. */
const page = () => {
  const names = ["TextEncoder", "TextDecoder", "WebAssembly", "atob", "btoa", "crypto", "console", "setTimeout", "URL"];
  return createContext(Object.fromEntries(names.map((name) => [name, Reflect.get(globalThis, name)])));
};

async function bundle(source: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL("../src", import.meta.url)), loader: "ts" },
    bundle: true,
    platform: "browser", // an import of a Node module fails the build
    format: "iife",
    globalName: "sdk",
    write: false,
    minify: true,
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

describe("in a browser", () => {
  it("digests, recovers and loads its WebAssembly without anything of Node", async () => {
    const context = page();
    runInContext(await bundle('export * from "./index.js";'), context);
    const sdk = (
      context as { sdk: { recoverSigner: typeof recoverSigner; createFastChecker: typeof createFastChecker } }
    ).sdk;
    const [{ digest, signature, signer }] = vectors as [(typeof vectors)[number]];
    expect(sdk.recoverSigner(digest, signature)).toBe(signer);
    expect((await sdk.createFastChecker()).recoverSigner(digest, signature)).toBe(signer);
  });

  it.each(["./index.js", "./gallery/index.js", "./schemas/index.js"])(
    "loads %s, which needs nothing of Node",
    async (path) => {
      const context = page();
      runInContext(await bundle(`export * from "${path}";`), context);
      expect(Object.keys((context as { sdk?: object }).sdk ?? {})).not.toEqual([]);
    },
  );

  it("asks a gallery, and follows it", async () => {
    const block = { chainId: 31_337, number: 5, timestamp: 1_763_164_800 };
    const server = await serve((_, response) =>
      json(response, 200, { data: { artwork: null }, extensions: { block } }),
    );
    try {
      const context = page();
      Object.assign(context, {
        fetch,
        AbortController,
        AbortSignal,
        clearTimeout,
        setInterval,
        clearInterval,
        queueMicrotask,
      });
      const source = `
        import { QueryClient } from "@tanstack/query-core";
        import { artworkQuery, createGalleryClient, watchQuery } from "./gallery/index.js";
        export const answer = (url) => new Promise((resolve) => {
          const queryClient = new QueryClient();
          const stop = watchQuery(queryClient, artworkQuery(createGalleryClient({ url }), 7n), (now) => {
            stop();
            queryClient.clear();
            resolve(JSON.stringify(now));
          });
        });`;
      runInContext(await bundle(source), context);
      const { sdk } = context as { sdk: { answer: (url: string) => Promise<string> } };
      expect(JSON.parse(await sdk.answer(`${server.url}/graphql`))).toEqual({ data: { artwork: null, block } });
    } finally {
      await server.stop();
    }
  });
});
