// `npm run check:sizes`: how big each contract is, and that none is above our limit. The chain's own limit is 24,576
// bytes (EIP-170) and 49,152 for the creation code (EIP-3860); ours leaves room for a fix after an audit.
import { artifacts } from "./artifacts.ts";
import { runCheck } from "./check.ts";

const limit = 24_000;
const creationLimit = 49_152;
/** Below this it is the shell of a library whose functions are all internal: nothing is deployed. */
const shell = 120;

function check(): string[] {
  const faults: string[] = [];
  const all = [...artifacts().values()].filter(
    ({ source, size }) => size >= shell && !source.startsWith("contracts/dev/"),
  );
  console.log(
    `${"contract".padEnd(24)} ${"code".padStart(7)} ${"left".padStart(7)} ${"creation".padStart(9)}   of ${limit} bytes`,
  );
  for (const { name, size, creationSize } of all.sort((a, b) => b.size - a.size)) {
    const figures = [`${size}`.padStart(7), `${limit - size}`.padStart(7), `${creationSize}`.padStart(9)];
    console.log(`${name.padEnd(24)} ${figures.join(" ")}`);
    if (size > limit) faults.push(`${name} has ${size} bytes of code, ${size - limit} above ${limit}`);
    if (creationSize > creationLimit)
      faults.push(`${name} has ${creationSize} bytes of creation code, above ${creationLimit}`);
  }
  if (all.length === 0) faults.push("no contract in out/, run npm run build");
  return faults;
}

runCheck(import.meta.url, "sizes", check);
