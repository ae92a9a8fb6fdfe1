import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Order of test files: those that start whole programs come first, because one of them at the end keeps a single core busy. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) =>
      /e2e\/(system|kills)|program\/(cloud|kill|endedEarly|worker.test)|indexer\/(reorg|serve|indexer|waitingAnchors|artworkFilters)|generate|real|pack/.test(
        moduleId,
      );
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  resolve: {
    // Tests run on the sources: no build in between, and a linked checkout tests its own SDK.
    alias: [
      ["@gridnft/sdk/schemas", "./sdk/src/schemas/index.ts"],
      ["@gridnft/sdk/gallery", "./sdk/src/gallery/index.ts"],
      ["@gridnft/sdk/node", "./sdk/src/node/index.ts"],
      ["@gridnft/sdk", "./sdk/src/index.ts"],
      ["@gridnft/devmodel", "./devmodel/src/index.ts"],
      ["@gridnft/durable-anvil", "./local/durable-anvil/src/index.ts"],
      ["@gridnft/worker/clipText", "./worker/src/engines/onnx/clipText.ts"],
      ["@gridnft/worker/engine", "./worker/src/engines/index.ts"],
      ["@gridnft/worker/modelFolder", "./worker/src/engines/modelFolder.ts"],
      // What Ponder gives its modules under this name, for tests of the API without Ponder.
      ["ponder:schema", "./indexer/ponder.schema.ts"],
      // Keeps the handlers, for tests that call them.
      ["ponder:registry", "./indexer/bundle/registry.ts"],
    ].map(([find, path]) => ({
      find: new RegExp(`^${find}$`),
      replacement: fileURLToPath(new URL(path as string, import.meta.url)),
    })),
  },
  test: {
    include: [
      "sdk/**/*.test.ts",
      "cloud/**/*.test.ts",
      "devmodel/**/*.test.ts",
      "worker/**/*.test.ts",
      "gallery/**/*.test.ts",
      "cli/**/*.test.ts",
      "tools/**/*.test.ts",
      "test/**/*.test.ts",
      "local/**/*.test.ts",
      "bench/**/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/dist/**", "tools/canary/**", "tools/hardhat/**"],
    sequence: { sequencer: LongestFirst },
    testTimeout: 180_000,
    hookTimeout: 300_000,
    // Several suites start a chain of their own; more than two at once only slow each other down.
    maxWorkers: 2,
    // Files of one worker share its modules, so that viem and the like are loaded once: no test changes a module or the environment.
    isolate: false,
    minWorkers: 1,
  },
});
