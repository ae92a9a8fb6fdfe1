// `makeModels.ts <models folder> [things]` makes and hashes the models, and prints them as JSON. A process of its own: it computes for seconds.
import type { Content } from "@gridnft/devmodel";
import { prepareModels } from "./models.ts";

const [out, things] = process.argv.slice(2);
if (out === undefined) throw new Error("usage: makeModels.ts <models folder> [things]");
process.stdout.write(JSON.stringify(await prepareModels(out, things?.split(",") as Content[] | undefined)));
