// Reads what `forge build` left in out/.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { filesBelow, projectRoot } from "./check.ts";

interface SyntaxNode {
  nodeType: string;
  name?: string;
  kind?: string;
  implemented?: boolean;
  visibility?: string;
  stateMutability?: string;
}

/** A contract of the project as the compiler saw it. */
export interface ContractArtifact {
  name: string;
  /** Source file, `contracts/...`. */
  source: string;
  /** Size of the deployed code in bytes, 0 for interfaces and abstract contracts. */
  size: number;
  /** Size of the creation code in bytes, without constructor arguments. */
  creationSize: number;
  definition: {
    contractKind: "contract" | "interface" | "library";
    abstract: boolean;
    baseContracts: { baseName: { name: string } }[];
    nodes: SyntaxNode[];
  };
}

interface ArtifactFile {
  bytecode: { object: string };
  deployedBytecode: { object: string };
  ast?: { absolutePath: string; nodes: (ContractArtifact["definition"] & SyntaxNode)[] };
}

/** Every contract below contracts/ by name. */
export function artifacts(out = join(projectRoot, "out")): Map<string, ContractArtifact> {
  const found = new Map<string, ContractArtifact>();
  for (const file of filesBelow(out, ".json")) {
    if (file.startsWith("build-info")) continue;
    const artifact = JSON.parse(readFileSync(join(out, file), "utf8")) as ArtifactFile;
    const source = artifact.ast?.absolutePath;
    if (source === undefined || !source.startsWith("contracts/")) continue;
    const name = basename(file, ".json");
    const definition = artifact.ast?.nodes.find((node) => node.nodeType === "ContractDefinition" && node.name === name);
    if (definition === undefined) continue;
    const size = byteLength(artifact.deployedBytecode.object);
    const creationSize = byteLength(artifact.bytecode.object);
    found.set(name, { name, source, size, creationSize, definition });
  }
  return found;
}

/** A link placeholder is as long as the address it stands for, so this is right before linking too. */
function byteLength(code: string): number {
  return (code.length - 2) / 2;
}
