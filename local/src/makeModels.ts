// `makeModels.ts <models folder>` makes and hashes the models, and prints them as JSON. A process of its own: it computes for seconds.
import { prepareModels } from "./models.ts";

const [out] = process.argv.slice(2);
if (out === undefined) throw new Error("usage: makeModels.ts <models folder>");
process.stdout.write(JSON.stringify(await prepareModels(out)));
