/** EIP-4361 messages by the grammar: what is read is all that was signed. */
import { createPublicClient, type Hex, http } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { createSiweMessage, type SiweMessage } from "viem/siwe";
import { describe, expect, it } from "vitest";
import { instantOf, parseSignInMessage, writeSignInMessage } from "../src/auth/message.ts";
import { checkSignIn, signInAudience } from "../src/auth/signIn.ts";
import type { Chain } from "../src/chain/chain.ts";
import type { Queries } from "../src/database/database.ts";

const address = "0xA0Cf798816D4b9b9866b5330EEa46a18382f251e";
const base: SiweMessage = {
  ...{ address, chainId: 8_453, domain: "cloud.example:3300", uri: "https://cloud.example:3300/", version: "1" },
  ...{ nonce: "0123456789abcdef", issuedAt: new Date("2026-11-29T12:00:00.000Z") },
};
const whole = createSiweMessage({
  ...base,
  ...{ scheme: "https", statement: "Sign in. It's 1 of 2: a/b?c#d[e]@f!$&'()*+,;=-_~", requestId: "a%20b" },
  expirationTime: new Date("2026-11-30T12:00:00.000Z"),
  notBefore: new Date("2026-11-29T12:00:00.000Z"),
  resources: [`eip155:8453:${address}`, "ipfs://bafy/x?y=%20#z"],
});

describe("a message", () => {
  it.each([
    ["with every field", whole],
    ["with what is needed", createSiweMessage(base)],
    ["with a statement", createSiweMessage({ ...base, statement: "Hello." })],
    ["with no resources under their heading", `${createSiweMessage(base)}\nResources:`],
    ["with an empty request id", createSiweMessage(base).concat("\nRequest ID: ")],
    ["with a time zone", createSiweMessage(base).replace("12:00:00.000Z", "12:00:00+02:00")],
    ["for an IPv6 host", createSiweMessage(base).replace("cloud.example:3300 wants", "[2001:db8::1]:3300 wants")],
    ["by another program", createSiweMessage(base).replace(address, address.toLowerCase())],
  ])("%s is read as a whole", (_, message) => {
    expect(writeSignInMessage(parseSignInMessage(message))).toBe(message);
  });

  it("gives its fields", () => {
    expect(parseSignInMessage(whole)).toEqual({
      ...{ scheme: "https", domain: "cloud.example:3300", address },
      statement: "Sign in. It's 1 of 2: a/b?c#d[e]@f!$&'()*+,;=-_~",
      ...{ uri: "https://cloud.example:3300/", version: "1", chainId: "8453", nonce: "0123456789abcdef" },
      ...{ issuedAt: "2026-11-29T12:00:00.000Z", expirationTime: "2026-11-30T12:00:00.000Z" },
      ...{ notBefore: "2026-11-29T12:00:00.000Z", requestId: "a%20b" },
      resources: [`eip155:8453:${address}`, "ipfs://bafy/x?y=%20#z"],
    });
  });

  const plain = createSiweMessage({ ...base, statement: "Hello." });
  const expiry = "Expiration Time: 2026-11-30T12:00:00.000Z";
  const start = "Not Before: 2026-11-29T12:00:00.000Z";
  it.each([
    ["an expiry behind the start", `${plain}\n${start}\n${expiry}`, "has Expiration Time in the wrong place"],
    ["an expiry behind an unknown line", `${plain}\nColour: red\n${expiry}`, 'does not know: "Colour: red"'],
    ["an expiry behind an empty line", `${plain}\n\n${expiry}`, 'does not know: ""'],
    [
      "an expiry behind the resources",
      `${plain}\nResources:\n- a:b\n${expiry}`,
      "has Expiration Time in the wrong place",
    ],
    ["an expiry in other letters", `${plain}\nexpiration time: 2026-11-30T12:00:00.000Z`, "does not know"],
    [
      "an expiry without its space",
      `${plain}\nExpiration Time:2026-11-30T12:00:00.000Z`,
      "Expiration Time in the wrong",
    ],
    ["two expiries", `${plain}\n${expiry}\n${expiry}`, "says Expiration Time twice"],
    ["two nonces", plain.replace("\nIssued At", "\nNonce: fedcba9876543210\nIssued At"), "says Nonce twice"],
    [
      "its fields in another order",
      plain.replace(/(Version: 1)\n(Chain ID: 8453)/, "$2\n$1"),
      "has Chain ID where Version",
    ],
    ["no nonce", plain.replace("Nonce: 0123456789abcdef\n", ""), "has Issued At where Nonce must be"],
    ["no time", plain.replace(/\nIssued At.*/, ""), "lacks Issued At"],
    ["text in front of it", `Hi,\n${plain}`, "does not begin with"],
    ["a line feed at its end", `${plain}\n`, 'does not know: ""'],
    ["carriage returns", plain.replaceAll("\n", "\r\n"), "has carriage returns"],
    ["a statement of two lines", plain.replace("Hello.", "Hello.\nYou."), "lacks the empty line behind the statement"],
    ["a statement in other letters", plain.replace("Hello.", "Zażółć"), "has a statement with characters"],
    [
      "one empty line only",
      createSiweMessage(base).replace("\n\n\n", "\n\n"),
      "lacks the empty line behind the statement",
    ],
    ["a wrong checksum", plain.replace(address, address.replace("A0Cf", "a0Cf")), "has a wrong checksum"],
    ["no address", plain.replace(address, "somebody"), '"somebody" is not an address'],
    ["a user in its domain", plain.replace("cloud.example:3300 wants", "you@cloud.example wants"), "is not a host"],
    ["another version", plain.replace("Version: 1", "Version: 2"), 'is of version "2"'],
    ["a short nonce", plain.replace("0123456789abcdef", "0123"), "has a Nonce that is not"],
    ["a nonce of other letters", plain.replace("0123456789abcdef", "0123456789-abcdef"), "has a Nonce that is not"],
    ["a chain by name", plain.replace("Chain ID: 8453", "Chain ID: base"), "has a Chain ID that is no number"],
    ["a URI with a space", plain.replace("/\nVersion", "/a b\nVersion"), "has a URI that is none"],
    ["a day that no month has", plain.replace("2026-11-29T", "2026-02-30T"), "is no date and time"],
    ["a date alone", plain.replace("2026-11-29T12:00:00.000Z", "2026-11-29"), "is no date and time"],
    ["a year in words", plain.replace("2026-11-29T12:00:00.000Z", "tomorrow"), "is no date and time"],
    ["a resource that is no URI", `${plain}\nResources:\n- not one`, "names a resource that is no URI"],
    ["a resource without its dash", `${plain}\nResources:\na:b`, 'does not know: "a:b"'],
    ["nothing in it", "", "does not begin with"],
    ["no fields at all", plain.split("\n").slice(0, 3).join("\n"), "ends before its fields"],
  ])("with %s is refused for that", (_, message, reason) => {
    expect(() => parseSignInMessage(message)).toThrow(reason);
  });

  it("that differs by one character anywhere is refused, or read as the other one", () => {
    for (let at = 0; at < whole.length; at++) {
      for (const character of ["", "x", " ", "\n", "é", `${whole[at]}${whole[at]}`]) {
        const message = whole.slice(0, at) + character + whole.slice(at + 1);
        let read: string | undefined;
        try {
          read = writeSignInMessage(parseSignInMessage(message));
        } catch (error) {
          expect(error).toHaveProperty("name", "SignInMessageError");
        }
        if (read !== undefined) expect(read).toBe(message);
      }
    }
  });
});

describe("a signature, while the chain is away,", () => {
  const account = privateKeyToAccount(generatePrivateKey());
  const client = createPublicClient({ transport: http("http://127.0.0.1:9", { retryCount: 0 }) });
  const parts = {
    chain: { client } as unknown as Chain,
    queries: { run: async () => 1 } as unknown as Queries,
    audience: signInAudience("https://cloud.example:3300", 8_453),
  };
  const message = createSiweMessage({ ...base, address: account.address });
  const now = new Date("2026-11-29T12:00:30.000Z");
  const attempt = (signature: Hex) => checkSignIn(parts, { message, signature }, now);

  it("by the account's key is enough", async () => {
    const session = await attempt(await account.signMessage({ message }));
    expect(session.account).toBe(account.address.toLowerCase());
  });

  it("that a contract may have made is not called wrong", async () => {
    const other = privateKeyToAccount(generatePrivateKey());
    for (const signature of [await other.signMessage({ message }), "0x1234"] as const) {
      await expect(attempt(signature)).rejects.toMatchObject({ code: "CHAIN_UNREACHABLE" });
    }
  });

  it("that no library can read is the signer's fault", async () => {
    // ERC-8010's mark at its end, and nothing in front of it.
    await expect(attempt(`0x${"80".repeat(16)}${"8010".repeat(16)}`)).rejects.toMatchObject({
      ...{ code: "SIGN_IN_REFUSED", message: expect.stringContaining("the signature is not by") },
    });
  });
});

it("dates are RFC 3339's", () => {
  expect(instantOf("2024-02-29T23:59:59.5-01:30")).toBe(Date.UTC(2024, 2, 1, 1, 29, 59, 500));
  expect(instantOf("2026-11-29t12:00:00z")).toBe(Date.UTC(2026, 10, 29, 12));
  for (const text of ["2025-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00"]) {
    expect([text, instantOf(text)]).toEqual([text, undefined]);
  }
});
