// `modelsMain.ts <models folder>`: a process of its own, so that painting the dev models keeps nobody waiting. Prints them as JSON.
import { prepareModels } from "./models.ts";

const [out] = process.argv.slice(2);
if (out === undefined) throw new Error("usage: modelsMain.ts <models folder>");
process.stdout.write(JSON.stringify(await prepareModels(out)));
