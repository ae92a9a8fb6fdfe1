import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("the committed vectors are what the generator makes (else: npm run vectors)", () => {
  const generator = fileURLToPath(new URL("./generate.ts", import.meta.url));
  const printed = execFileSync(process.execPath, ["--import", "tsx", generator, "--check"], { encoding: "utf8" });
  expect(printed.match(/is current/g)).toHaveLength(5);
});
