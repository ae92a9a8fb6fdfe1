import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import * as sdk from "../src/index.js";

const folder = new URL("../src/", import.meta.url);

/** Types of first parameters by which a function acts on a viem client. */
const clients = /^(Client(<.*>)?|ReadClient|WalletClient|client)$/s;

/** Functions of a source that take a viem client among other things, and do not take it as `(client, { ... })`. */
function faultsOf(text: string): string[] {
  const source = ts.createSourceFile("source.ts", text, ts.ScriptTarget.ES2022, true);
  return source.statements.filter(ts.isFunctionDeclaration).flatMap((declaration) => {
    const name = declaration.name?.text ?? "";
    const isPublic = declaration.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) && name in sdk;
    const types = declaration.parameters.map(({ type }) => type?.getText(source) ?? "");
    const at = types.findIndex((type) => clients.test(type));
    if (!isPublic || at < 0) return [];
    const second = types[1] ?? "";
    const isObject = /^(\{|\w+(Options|Query|Check|Expectation)\b|(Omit|Pick)<)/.test(second);
    // A contract call is an object by itself, and so is all that is done to it.
    const fits = at === 0 && types.length === 2 && (isObject || second.startsWith("ContractCall<"));
    return fits ? [] : [`${name}(${types.join(", ").replaceAll(/\s+/g, " ")})`];
  });
}

describe("functions on a viem client", () => {
  it("take the client, and one object", () => {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    const texts = files.map((name) => readFileSync(fileURLToPath(new URL(name, folder)), "utf8"));
    expect(texts.flatMap(faultsOf)).toEqual([]);
  });

  it.each([
    "export function verifyToken(client: Client, deployment: Deployment, tokenId: bigint) {}",
    "export function gridContracts<client extends Client>(deployment: Deployment, client: client) {}",
    "export function signQuote(client: WalletClient, quote: Quote, expected: QuoteExpectation) {}",
  ])("would be found otherwise: %s", (text) => {
    expect(faultsOf(text)).toHaveLength(1);
  });
});
