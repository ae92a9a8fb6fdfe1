/**
 * Writes `src/generated` for the contracts of `contracts/manifest.ts`: ABIs from forge's `out/`, whole and reduced to what the package uses, addresses from `deployments/`, and the gallery's queries from its schema.
 * `npm run generate -w sdk` after `npm run build`; the output depends on nothing but these, so `test/generated.test.ts` can tell whether it is current.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Abi, AbiParameter } from "abitype";
import { contractNames, contracts } from "../../contracts/manifest.ts";
import { gallerySource } from "./gallery.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Contracts that applications call, with the names of their ABIs: `gridNftAbi` of GridNFT. */
export const abiNames: ReadonlyMap<string, string> = new Map(
  contractNames("key").map((name) => {
    return [name, `${name.replace(/^[A-Z]+|(?<=[A-Z])[A-Z]+/g, (capitals) => capitals.toLowerCase())}Abi`];
  }),
);

/** Chains that are thrown away: their addresses are read from `deployments/` at run time, never compiled in. */
const localChains = ["1337", "31337"];

/** ABI entries without compiler-internal type names, sorted, so that moving code about changes nothing. */
export function abiOf(contract: string): Abi {
  const path = `${root}out/${contract}.sol/${contract}.json`;
  if (!existsSync(path)) throw new Error(`${contract} is not built: run npm run build first.`);
  const { abi } = JSON.parse(readFileSync(path, "utf8")) as { abi: Abi };
  return abi
    .map((entry) => strip(entry as unknown as Record<string, unknown>) as unknown as Abi[number])
    .map((entry) => [signature(entry), entry] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, entry]) => entry);
}

function strip(node: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => key !== "internalType" && key !== "anonymous")
      .map(([key, value]) => [key, Array.isArray(value) ? value.map(strip) : value]),
  );
}

function signature(entry: Abi[number]): string {
  const types = (parameters: readonly AbiParameter[]): string =>
    parameters
      .map((each) => ("components" in each ? `(${types(each.components)})${each.type.slice(5)}` : each.type))
      .join();
  const inputs = "inputs" in entry ? types(entry.inputs) : "";
  return `${entry.type} ${"name" in entry ? entry.name : ""}(${inputs})`;
}

function abisSource(): string {
  const parts = [...abiNames].map(([contract, name]) => {
    const lines = abiOf(contract).map((entry) => `  ${JSON.stringify(entry)},\n`);
    return `/** ABI of ${contract}. */\nexport const ${name} = [\n${lines.join("")}] as const;\n`;
  });
  return `// Generated from out/ by scripts/generate.ts: npm run generate -w sdk\n\n${parts.join("\n")}`;
}

function contractsSource(): string {
  const listed = (lines: readonly string[]) => `{\n${lines.map((line) => `  ${line},\n`).join("")}} as const;\n`;
  const called = [...abiNames].map(([name, abi]) => `${contracts[name]?.key}: { name: "${name}", abi: ${abi} }`);
  const indexed = contractNames("isIndexed").map((name) => `${name}: ${abiNames.get(name)}`);
  return `// Generated from contracts/manifest.ts by scripts/generate.ts: npm run generate -w sdk
import { ${[...abiNames.values()].join(", ")} } from "./abis.js";

/** Names of the contracts of a deployment. */
export const contractNames = ${JSON.stringify(contractNames())} as const;

/** Contracts that applications call, by their properties of \`gridContracts\`. */
export const calledContracts = ${listed(called)}
/** ABIs of the contracts whose events are the protocol's state, by name: what an indexer reads. */
export const indexedAbis = ${listed(indexed)}`;
}

/** Sources of the package, without what is generated. */
function sources(folder = `${root}sdk/src`): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return entry.name === "generated" ? [] : sources(path);
      return path.endsWith(".ts") ? [readFileSync(path, "utf8")] : [];
    })
    .sort();
}

/**
 * Functions and events that the package names in files which import a contract's reduced ABI, or the contract by it, and every error.
 */
function usedSource(): string {
  const texts = sources();
  const parts = [...abiNames].map(([contract, name]) => {
    const at = `${contracts[contract]?.key}At`;
    const imports = new RegExp(`import [^;]*\\b(${name}|${at})\\b[^;]* from "[./]+/generated/used\\.js"`);
    const named = texts.filter((text) => imports.test(text)).flatMap((text) => text.match(/(?<=")\w+(?=")/g) ?? []);
    const used = new Set(named);
    const kept = abiOf(contract).filter((entry) => entry.type !== "error" && "name" in entry && used.has(entry.name));
    const lines = kept.map((entry) => `  ${JSON.stringify(entry)},\n`);
    return `/** Of ${contract}. */
export const ${name} = [\n${lines.join("")}] as const;

/** ${contract} of a deployment, as viem's actions take a contract. */
export const ${at} = ({ contracts }: Deployed<"${contract}">) =>
  ({ address: contracts.${contract}.address, abi: ${name} }) as const;
`;
  });
  const errors = [...abiNames.keys()].flatMap((contract) => abiOf(contract).filter(({ type }) => type === "error"));
  const signatures = errors.map((error) => {
    const inputs = "inputs" in error ? error.inputs : [];
    return `${"name" in error ? error.name : ""}(${inputs.map(({ type, name: of }) => `${type} ${of}`).join()})`;
  });
  return `// Generated from out/ by scripts/generate.ts: npm run generate -w sdk
// ABI entries that this package itself calls, reads and decodes: a page that imports one function of it does not carry whole ABIs.

interface Deployed<Name extends string> {
  readonly contracts: Readonly<Record<Name, { readonly address: \`0x\${string}\` }>>;
}

${parts.join("\n")}
/** Custom errors of all contracts. */
export const errors: readonly string[] = [
${[...new Set(signatures)]
  .sort()
  .map((text) => `  ${JSON.stringify(text)},\n`)
  .join("")}];
`;
}

function addressesSource(): string {
  const folder = `${root}deployments`;
  const chains = existsSync(folder)
    ? readdirSync(folder)
        .map((name) => /^(\d+)\.json$/.exec(name)?.[1])
        .filter((chain): chain is string => chain !== undefined && !localChains.includes(chain))
        .sort((a, b) => Number(a) - Number(b))
    : [];
  const entries = chains.map(
    (chain) => `  ${chain}: ${JSON.stringify(JSON.parse(readFileSync(`${folder}/${chain}.json`, "utf8")))},\n`,
  );
  return (
    "// Generated from deployments/ by scripts/generate.ts: npm run generate -w sdk\n\n" +
    `/** Deployments by chain id, as in \`deployments/<chainId>.json\`. */\n` +
    `export const deployments = {${entries.length > 0 ? `\n${entries.join("")}` : ""}} as const;\n`
  );
}

/** File name and text of everything in `src/generated`. */
export function generated(): Readonly<Record<string, string>> {
  return {
    "abis.ts": abisSource(),
    "contracts.ts": contractsSource(),
    "used.ts": usedSource(),
    "addresses.ts": addressesSource(),
    "gallery.ts": gallerySource(),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = `${root}sdk/src/generated`;
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(generated())) {
    writeFileSync(`${folder}/${name}`, text);
    console.log(`sdk/src/generated/${name}: ${text.length} bytes`);
  }
}
