// `npm run check:reference`: the tables of docs/events.md and docs/contracts.md say what the interfaces say.
// `npm run reference:update` writes them. A table stands between `<!-- events IName -->` or `<!-- functions IName -->`
// and `<!-- end -->`; the text is the NatSpec of the interface, so it is written once.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, runCheck } from "./check.ts";

interface Parameter {
  name: string;
  indexed?: boolean;
  typeDescriptions: { typeString: string };
}

interface Member {
  nodeType: string;
  name: string;
  eventSelector?: string;
  functionSelector?: string;
  errorSelector?: string;
  stateMutability?: string;
  documentation?: { text: string };
  parameters: { parameters: Parameter[] };
  returnParameters?: { parameters: Parameter[] };
}

interface Artifact {
  ast: { nodes: { nodeType: string; name: string; nodes: Member[] }[] };
}

const pages = ["docs/events.md", "docs/contracts.md"];
const block = /<!-- (events|functions) (\w+) -->\n[\s\S]*?<!-- end -->/g;

/** The page with all its tables made anew. */
export function withTables(page: string, membersOf: (contract: string) => Member[]): string {
  return page.replace(block, (_, what: "events" | "functions", contract: string) => {
    const rows = what === "events" ? eventRows(membersOf(contract)) : functionRows(membersOf(contract));
    return `<!-- ${what} ${contract} -->\n${rows.join("\n")}\n<!-- end -->`;
  });
}

function membersOf(contract: string): Member[] {
  const path = join(projectRoot, "out", `${contract}.sol`, `${contract}.json`);
  const artifact = JSON.parse(readFileSync(path, "utf8")) as Artifact;
  const definition = artifact.ast.nodes.find(
    (node) => node.nodeType === "ContractDefinition" && node.name === contract,
  );
  if (definition === undefined) throw new Error(`no contract ${contract} in ${path}`);
  return definition.nodes;
}

function eventRows(members: Member[]): string[] {
  const rows = members
    .filter((member) => member.nodeType === "EventDefinition")
    .map((event) => {
      const fields = event.parameters.parameters.map(
        (field) => `${typeOf(field)}${field.indexed === true ? " indexed" : ""} ${field.name}`,
      );
      return `| \`${event.name}(${fields.join(", ")})\` | ${natspec(event)} | \`0x${event.eventSelector?.slice(0, 8) ?? ""}\` |`;
    });
  return ["| event | when, and what its fields say | topic 0 |", "| --- | --- | --- |", ...rows];
}

function functionRows(members: Member[]): string[] {
  const rows = members
    .filter(
      (member) => member.nodeType === "FunctionDefinition" && !["view", "pure"].includes(member.stateMutability ?? ""),
    )
    .map((member) => {
      const fields = member.parameters.parameters.map((field) => `${typeOf(field)} ${field.name}`);
      return `| \`${member.name}(${fields.join(", ")})\` | ${natspec(member)} |`;
    });
  return ["| function | what it does, who may call |", "| --- | --- |", ...rows];
}

function typeOf(field: Parameter): string {
  return field.typeDescriptions.typeString.replace(/^(struct|enum|contract) /, "").replace(/ (calldata|memory)$/, "");
}

/** Notice, and what the parameters mean, on one line. */
function natspec(member: Member): string {
  const text = (member.documentation?.text ?? "").replace(/\s*\n\s*/g, " ");
  const parts = text.split(/(?=@(?:notice|dev|param|return|inheritdoc)\b)/);
  const notice = parts.filter((part) => part.startsWith("@notice ")).map((part) => part.slice(8).trim());
  const fields = parts
    .filter((part) => part.startsWith("@param ") && member.nodeType === "EventDefinition")
    .map((part) =>
      part
        .slice(7)
        .trim()
        .replace(/^(\w+) /, "`$1`: "),
    );
  return [...notice, ...fields].join(" ").replaceAll("|", "\\|");
}

function check(): string[] {
  const update = process.argv.includes("--update");
  return pages.flatMap((page) => {
    const path = join(projectRoot, page);
    const before = readFileSync(path, "utf8");
    const after = withTables(before, membersOf);
    if (before === after) return [];
    if (!update) return [`${page} does not say what the interfaces say: npm run reference:update`];
    writeFileSync(path, after);
    console.log(`${page} written`);
    return [];
  });
}

runCheck(import.meta.url, "reference", check);
