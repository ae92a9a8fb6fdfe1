/** A worker signs in at the cloud that it was told, signs nothing for anybody else, and believes whole answers only. */
import { createWorkerClient } from "@gridnft/sdk";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { parseSiweMessage } from "viem/siwe";
import { expect, it } from "vitest";

const signer = privateKeyToAccount(generatePrivateKey());
const account = privateKeyToAccount(generatePrivateKey()).address;
const cloud = { url: "http://127.0.0.1:3300", chainId: 31_337, account, signer };

/** What a cloud that asks for this message gets to see. */
async function signInAt(nonce: object, domain?: string) {
  const signed: string[] = [];
  const fetcher = (async (input, init) => {
    if (String(input).endsWith("/v1/auth/nonce")) {
      return Response.json({ nonce: "0123456789abcdef", chain_id: 31_337, ...nonce });
    }
    signed.push((JSON.parse(String(init?.body)) as { message: string }).message);
    return Response.json({ token: "t", account: signer.address, worker: account, expires_at: 1 });
  }) as typeof fetch;
  const client = createWorkerClient({ ...cloud, domain, fetch: fetcher });
  const refused = await client.signIn().then(
    () => undefined,
    (error: { code: string }) => error.code,
  );
  return { refused, signed };
}

it("signs for the host that it calls", async () => {
  const { refused, signed } = await signInAt({ domain: "127.0.0.1:3300", uri: "http://127.0.0.1:3300" });
  expect(refused).toBeUndefined();
  expect(parseSiweMessage(signed[0] ?? "")).toMatchObject({ domain: "127.0.0.1:3300", address: signer.address });
});

it("signs for the host that its operator names", async () => {
  const { refused } = await signInAt({ domain: "cloud.example", uri: "https://cloud.example" }, "cloud.example");
  expect(refused).toBeUndefined();
});

it("signs nothing of an answer that is not UTF-8", async () => {
  // A character that is put in place of a bad byte would be signed.
  const bytes = Buffer.from(
    '{"nonce":"0123456789abcdef","chain_id":31337,"domain":"127.0.0.1:3300","uri":"http://x/\xff"}',
    "latin1",
  );
  const fetcher = (async () => new Response(bytes)) as typeof fetch;
  const client = createWorkerClient({ ...cloud, fetch: fetcher });
  await expect(client.signIn()).rejects.toMatchObject({
    ...{ code: "ANSWER_INVALID", message: "The cloud's answer is not JSON in UTF-8." },
  });
});

it.each([200, 404])("reads no answer without end, of status %d", async (status) => {
  let sent = 0;
  const chunk = new Uint8Array(1_048_576);
  const pull = (stream: ReadableStreamDefaultController): void => {
    if (++sent > 100) stream.close();
    else stream.enqueue(chunk);
  };
  const fetcher = (async () => new Response(new ReadableStream({ pull }), { status })) as typeof fetch;
  const client = createWorkerClient({ ...cloud, fetch: fetcher });
  await expect(client.signIn()).rejects.toMatchObject({ code: "ANSWER_INVALID" });
  expect(sent).toBeLessThan(70);
});

it("takes a refusal that breaks off for none", async () => {
  const body = new ReadableStream({ pull: (stream) => stream.error(new Error("The connection was reset.")) });
  const fetcher = (async () => new Response(body, { status: 409 })) as typeof fetch;
  const client = createWorkerClient({ ...cloud, fetch: fetcher });
  await expect(client.signIn()).rejects.toMatchObject({ code: "UNREACHABLE" });
});

it.each([
  ["another host, whose session it would be", { domain: "cloud.example", uri: "https://cloud.example" }],
  ["another address on its own name", { domain: "127.0.0.1:3300", uri: "https://cloud.example" }],
  ["another chain", { domain: "127.0.0.1:3300", uri: "http://127.0.0.1:3300", chain_id: 8_453 }],
  ["no address", { domain: "127.0.0.1:3300", uri: "x" }],
])("signs nothing for %s", async (_, nonce) => {
  expect(await signInAt(nonce)).toEqual({ refused: "SIGN_IN_REFUSED", signed: [] });
});
