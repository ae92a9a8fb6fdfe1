import { createServer, type Server } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { anyPort, choosePort, portIsFree } from "../src/ports.ts";

let server: Server;
let busy: number;

beforeEach(async () => {
  busy = await anyPort();
  server = createServer();
  await new Promise<void>((resolve) => server.listen(busy, "127.0.0.1", resolve));
});
afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())));

it("takes the first free port of those it likes, else any", async () => {
  const free = await anyPort();
  expect(await choosePort({ name: "cloud", liked: [undefined, busy, free] })).toBe(free);
  const other = await choosePort({ name: "cloud", liked: [busy, free] }, new Set([free]));
  expect([busy, free]).not.toContain(other);
  expect(await portIsFree(other)).toBe(true);
});

it("takes a port that it was told, or says that it can't", async () => {
  const free = await anyPort();
  expect(await choosePort({ name: "cloud", wanted: free, liked: [] })).toBe(free);
  const refusal = choosePort({ name: "cloud", wanted: busy, liked: [free] });
  await expect(refusal).rejects.toMatchObject({ code: "PORT", message: expect.stringContaining(`${busy}`) });
  await expect(choosePort({ name: "cloud", wanted: free, liked: [] }, new Set([free]))).rejects.toThrow("taken");
});
