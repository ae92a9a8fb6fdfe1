import { createWalletClient, http } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { parseSiweMessage, validateSiweMessage } from "viem/siwe";
import { verifyMessage } from "viem/utils";
import { afterEach, describe, expect, it } from "vitest";
import { json, type ScriptedServer, serve } from "../../test/fixtures/scriptedServer.ts";
import { createCloudClient, signIn, signInMessage } from "../src/index.js";
import { deployment } from "./quotes.ts";

const account = privateKeyToAccount(generatePrivateKey());
const worker = `0x${"c0".repeat(20)}` as const;

let server: ScriptedServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

/** A cloud whose nonce answer is as given, but for its own host. */
async function cloudWith(nonceAnswer: (host: string) => object) {
  server = await serve(({ path, body }, response) => {
    const { host } = new URL(server?.url ?? "");
    if (path === "/v1/auth/nonce") return json(response, 200, nonceAnswer(host));
    const { address } = parseSiweMessage((body as { message: string }).message);
    json(response, 200, { token: "t0k3n", account: address, expires_at: 2_000_000_000 });
  });
  return createCloudClient({ url: server.url });
}
const honest = (host: string) => ({ nonce: "abcdef1234567890", domain: host, uri: `http://${host}`, chain_id: 31_337 });

describe("signing in", () => {
  it.each([
    ["an account", account],
    ["a wallet client", createWalletClient({ account, transport: http("http://127.0.0.1:9") })],
  ])("signs a message for this cloud with %s", async (_, signer) => {
    const cloud = await cloudWith(honest);
    const session = await signIn(cloud, { signer, deployment, models: [7n, 8n], worker, life: 3_600 });
    expect(session).toMatchObject({ token: "t0k3n", account: account.address });
    const { message, signature } = (server?.seen[1]?.body ?? {}) as { message: string; signature: `0x${string}` };
    expect(await verifyMessage({ address: account.address, message, signature })).toBe(true);
    const parsed = parseSiweMessage(message);
    expect(validateSiweMessage({ message: parsed, address: account.address, nonce: "abcdef1234567890" })).toBe(true);
    expect(parsed).toMatchObject({ chainId: 31_337, domain: new URL(server?.url ?? "").host, version: "1" });
    expect((parsed.expirationTime?.getTime() ?? 0) - (parsed.issuedAt?.getTime() ?? 0)).toBe(3_600_000);
    expect(parsed.resources).toEqual([
      "eip155:31337/erc721:0x1111111111111111111111111111111111111111/7",
      "eip155:31337/erc721:0x1111111111111111111111111111111111111111/8",
      "eip155:31337:0xC0C0c0c0C0C0c0c0c0C0c0C0C0C0C0C0C0C0c0c0",
    ]);
  });

  it.each([
    ["domain", (host: string) => ({ ...honest(host), domain: "bank.example" })],
    ["uri", (host: string) => ({ ...honest(host), uri: "https://bank.example/login" })],
    ["chain_id", (host: string) => ({ ...honest(host), chain_id: 8453 })],
  ])("does not sign for another %s", async (field, answer) => {
    const cloud = await cloudWith(answer);
    await expect(signIn(cloud, { signer: account, deployment })).rejects.toMatchObject({
      code: "SIGN_IN_REFUSED",
      field,
    });
    expect(server?.seen).toHaveLength(1);
  });

  it("signs for a host that the caller names", async () => {
    const cloud = await cloudWith((host) => ({
      ...honest(host),
      domain: "cloud.example",
      uri: "https://cloud.example",
    }));
    expect(await signIn(cloud, { signer: account, deployment, domain: "cloud.example" })).toMatchObject({
      token: "t0k3n",
    });
  });

  it("has no resources where none are asked for", () => {
    const message = signInMessage({
      domain: "cloud.example",
      uri: "https://cloud.example",
      chainId: 8453,
      nonce: "abcdef1234567890",
      address: account.address,
      issuedAt: new Date(0),
    });
    expect(message).toBe(`cloud.example wants you to sign in with your Ethereum account:
${account.address}

Sign in to the AI Cloud API. This moves no money.

URI: https://cloud.example
Version: 1
Chain ID: 8453
Nonce: abcdef1234567890
Issued At: 1970-01-01T00:00:00.000Z`);
  });
});
