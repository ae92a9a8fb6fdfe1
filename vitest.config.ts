import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    // Tests run on the sources: no build in between, and a linked checkout tests its own SDK.
    alias: { "@gridnft/sdk": fileURLToPath(new URL("./sdk/src/index.ts", import.meta.url)) },
  },
  test: {
    include: [
      "sdk/**/*.test.ts",
      "tools/**/*.test.ts",
      "test/**/*.test.ts",
      "script/**/*.test.ts",
      "bench/**/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/dist/**", "tools/canary/**", "tools/hardhat/**"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Several suites start a chain of their own; more than two at once only slow each other down.
    maxWorkers: 2,
    minWorkers: 1,
  },
});
