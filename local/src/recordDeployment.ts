// `npm run deployment:record`: runs script/Deploy.s.sol and keeps its transactions, so that `npm start` need not compile.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { projectRoot } from "../../tools/check.ts";
import { recordDeployment, recordingPath } from "./deployment.ts";

const folder = mkdtempSync(join(tmpdir(), "gridnft-record-"));
try {
  console.log("Deploying by forge (compiling first takes a minute)");
  const recording = await recordDeployment(folder);
  writeFileSync(recordingPath, `${JSON.stringify(recording, null, 1)}\n`);
  console.log(`${recording.transactions.length} transactions written to ${relative(projectRoot, recordingPath)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
