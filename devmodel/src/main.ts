import { writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { goldenOf, makeDevModels } from "./make.ts";
import { devModels, modelFiles } from "./models.ts";

// npm run make:dev-model [-- --out <folder>] [--update-golden]
const { values } = parseArgs({
  options: { out: { type: "string", default: ".grid/models" }, "update-golden": { type: "boolean", default: false } },
});

if (values["update-golden"]) {
  const golden = Object.fromEntries(devModels.map((model) => [model.folder, goldenOf(modelFiles(model))]));
  writeFileSync(new URL("./data/golden.json", import.meta.url), `${JSON.stringify(golden, null, 2)}\n`);
}
for (const { folder, card, manifestHash } of await makeDevModels({ out: resolve(values.out), fresh: true })) {
  console.log(`${card.name} (${card.access.toLowerCase()})\n  ${relative(".", folder) || folder}\n  ${manifestHash}`);
}
