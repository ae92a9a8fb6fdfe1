// `npm run check:layout`: the storage of the contracts behind a proxy is where test/upgrade/layouts/*.json says, and
// OpenZeppelin's upgrade checks find nothing. `npm run layout:update` writes the files; it refuses to move what is there,
// because a proxy would read its old storage through the new layout. Before a first deployment: `-- --move`.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  getContractVersion,
  getErrors,
  getStorageLayout,
  makeNamespacedInput,
  type SolcOutput,
  type StorageLayout,
  solcInputOutputDecoder,
  type ValidationRunData,
  validate,
} from "@openzeppelin/upgrades-core";
import solc from "solc";
import { encodeAbiParameters, keccak256, stringToBytes, toHex } from "viem";
import { contractNames } from "../contracts/manifest.ts";
import { projectRoot, runCheck } from "./check.ts";
import { type BuildInfo, wholeBuildInfo } from "./wholeBuild.ts";

const folder = join(projectRoot, "test/upgrade/layouts");

/** The committed file: a line per field, "slot 1 +16: uint128 name", slots counted from where the namespace begins. */
export interface Layout {
  /** Storage outside of any namespace: stays empty. */
  storage: string[];
  namespaces: Record<string, { slot: string; fields: string[] }>;
  /** The structs and enums that the fields above are made of. */
  types: Record<string, string[]>;
}

/** Changes between two layouts. Only fields appended to a namespace, or new namespaces and types, are no move. */
export function compareLayouts(before: Layout, now: Layout): { moved: string[]; added: string[] } {
  const moved: string[] = [];
  const added: string[] = [];
  const compare = (name: string, was: string[], is: string[] | undefined, canGrow: boolean): void => {
    if (is === undefined) {
      moved.push(`${name} is gone`);
      return;
    }
    for (let index = 0; index < Math.max(was.length, is.length); index++) {
      const [old, fresh] = [was[index], is[index]];
      if (old === fresh) continue;
      if (old === undefined && canGrow) added.push(`${name} has a new field, "${fresh}"`);
      else moved.push(`${name}: "${old ?? "nothing"}" became "${fresh ?? "nothing"}"`);
    }
  };
  compare("storage outside of namespaces", before.storage, now.storage, false);
  for (const [name, { slot, fields }] of Object.entries(before.namespaces)) {
    const fresh = now.namespaces[name];
    compare(name, fields, fresh?.fields, true);
    if (fresh !== undefined && fresh.slot !== slot) moved.push(`${name} begins at ${fresh.slot}, was ${slot}`);
  }
  for (const [name, fields] of Object.entries(before.types)) compare(name, fields, now.types[name], false);
  const names = (layout: Layout) => [...Object.keys(layout.namespaces), ...Object.keys(layout.types)];
  const known = new Set(names(before));
  for (const name of names(now)) if (!known.has(name)) added.push(`${name} is new`);
  return { moved, added };
}

/** Turns the compiler's layout, with its ids that change from build to build, into the committed form. */
export function readableLayout(layout: StorageLayout): Layout {
  const label = (type: string) => layout.types[type]?.label ?? type;
  type Field = { label: string; type: string; slot?: string | undefined; offset?: number | undefined };
  const line = (field: Field) => `slot ${field.slot} +${field.offset}: ${label(field.type)} ${field.label}`;
  const namespaces: Layout["namespaces"] = {};
  for (const [name, fields] of Object.entries(layout.namespaces ?? {}).sort()) {
    namespaces[name] = { slot: namespaceSlot(name), fields: fields.map(line) };
  }
  const types: Layout["types"] = {};
  const spaces = new Set(Object.values(layout.namespaces ?? {}).map((fields) => fields.map(line).join()));
  for (const type of Object.values(layout.types).sort((a, b) => (a.label < b.label ? -1 : 1))) {
    const lines = type.members?.map((member) => (typeof member === "string" ? member : line(member)));
    if (lines !== undefined && !spaces.has(lines.join())) types[type.label] = lines;
  }
  return { storage: layout.storage.map(line), namespaces, types };
}

/** ERC-7201: keccak256(abi.encode(uint256(keccak256(id)) - 1)) & ~bytes32(uint256(0xff)) */
export function namespaceSlot(name: string): string {
  const inner = BigInt(keccak256(stringToBytes(name.replace(/^erc7201:/, ""))));
  const outer = BigInt(keccak256(encodeAbiParameters([{ type: "uint256" }], [inner - 1n])));
  return toHex(outer & ~0xffn, { size: 32 });
}

function validationData({ solcVersion, input, output }: BuildInfo): ValidationRunData {
  // Structs that only stand behind an ERC-7201 pointer have no layout; this compiles a copy in which they are variables.
  const { sources, settings } = makeNamespacedInput(input, output);
  const text = solc.compile(JSON.stringify({ language: "Solidity", sources, settings }));
  const namespaced = JSON.parse(text) as SolcOutput & { errors?: { severity: string; formattedMessage: string }[] };
  const error = namespaced.errors?.find(({ severity }) => severity === "error");
  if (error !== undefined) throw new Error(error.formattedMessage);
  return validate(output, solcInputOutputDecoder(input, output), solcVersion, input, namespaced);
}

function check(): string[] {
  const update = process.argv.includes("--update");
  const mayMove = process.argv.includes("--move");
  const data = validationData(wholeBuildInfo());
  const faults: string[] = [];
  for (const contract of contractNames("isProxy")) {
    const name = `contracts/${contract}.sol:${contract}`;
    if (!(name in data)) {
      faults.push(`${name} does not exist`);
      continue;
    }
    const version = getContractVersion(data, name);
    for (const error of getErrors(data, version, { kind: "uups" })) {
      faults.push(`${contract}: ${error.kind} at ${error.src} (OpenZeppelin's upgrade checks)`);
    }
    const now = readableLayout(getStorageLayout(data, version));
    const file = join(folder, `${contract}.json`);
    const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Layout) : undefined;
    const { moved, added } =
      before === undefined ? { moved: [], added: ["no committed layout"] } : compareLayouts(before, now);
    console.log(
      `${contract}: ${Object.keys(now.namespaces).length} namespaces, ${moved.length} moved, ${added.length} added`,
    );
    if (moved.length > 0 && !(update && mayMove)) {
      faults.push(...moved.map((move) => `${contract}: ${move}; an upgrade would read wrong storage`));
    } else if (update) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, `${JSON.stringify(now, null, 2)}\n`);
    } else {
      faults.push(...added.map((addition) => `${contract}: ${addition}; record it with npm run layout:update`));
    }
  }
  return faults;
}

runCheck(import.meta.url, "layout", check);
