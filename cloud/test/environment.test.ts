/** Settings of the cloud and of its gateway's treasury: what is refused, and what the defaults can cost. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatEther, parseEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, describe, expect, it } from "vitest";
import { jobPrice } from "../../sdk/src/index.ts";
import { readSettings, readTreasurySettings } from "../src/environment.ts";

const folder = mkdtempSync(join(tmpdir(), "gridnft-settings-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [accountKey, signerKey, treasurerKey] = ["a1", "b2", "c3"].map((byte) => `0x${byte.repeat(32)}` as const) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
];
const [account, signer, treasurer] = [accountKey, signerKey, treasurerKey].map(
  (key) => privateKeyToAccount(key).address,
);
const places = { GRID_RPC_URL: "http://127.0.0.1:1", DATABASE_URL: "postgres://127.0.0.1/none" };
const cloud = {
  ...places,
  GRID_BLOCKS: folder,
  GRID_GATEWAY_ACCOUNT: account,
  GRID_GATEWAY_SIGNER_KEY: signerKey,
  GRID_GATEWAY_TREASURER_KEY: treasurerKey,
};
const treasury = {
  ...places,
  GRID_GATEWAY_ACCOUNT_KEY: accountKey,
  GRID_GATEWAY_SIGNER: signer,
  GRID_GATEWAY_TREASURER: treasurer,
};
const gatewayOf = (changes: Record<string, string | undefined> = {}) => {
  const { gateway } = readSettings({ ...cloud, ...changes });
  if (!gateway) throw new Error("a gateway");
  return gateway;
};

describe("the gateway's defaults", () => {
  it("cost what the documentation says, on the worst day", () => {
    const { caps, maxRate } = gatewayOf();
    const { cap, balance } = readTreasurySettings(treasury);
    // Everybody's cap is the bound: as many accounts and networks as it takes are to be had.
    const accounts = caps.all / caps.account;
    const networks = caps.all / caps.address;
    const standard = jobPrice({ width: 512, height: 512, steps: 20, count: 1 }, maxRate);
    const facts = {
      worst: formatEther(caps.all),
      accounts: `${accounts}`,
      networks: `${networks}`,
      standard: `${caps.all / standard}`,
      stolen: formatEther(cap),
    };
    expect(facts).toEqual({ worst: "200", accounts: "40", networks: "10", standard: "1907", stolen: "400" });
    expect(caps.job <= caps.account && caps.account <= caps.address && caps.address <= caps.all).toBe(true);
    // A whole day of jobs fits through the TREASURER and the account.
    expect(cap >= caps.all && balance >= caps.all).toBe(true);
    const security = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8").replace(/\s+/g, " ");
    const said = /at most (\d+) AIPG a day at the defaults.*?(\d+) accounts.*?(\d+) networks.*?(\d+) AIPG a day/.exec(
      security,
    );
    expect(said?.slice(1)).toEqual([facts.worst, facts.accounts, facts.networks, facts.stolen]);
  });
});

describe("the account's own key", () => {
  it("is refused by the process that answers requests, and so is a hot key in its place", () => {
    const refusal = (changes: Record<string, string | undefined>) => () => readSettings({ ...cloud, ...changes });
    expect(refusal({ GRID_GATEWAY_ACCOUNT_KEY: accountKey })).toThrow(
      /GRID_GATEWAY_ACCOUNT_KEY has no place in this process/,
    );
    expect(refusal({ GRID_GATEWAY_DAILY_TOTAL: "5000" })).toThrow(/GRID_GATEWAY_DAILY_CAP/);
    expect(refusal({ GRID_GATEWAY_SIGNER_KEY: accountKey })).toThrow(
      /GRID_GATEWAY_SIGNER_KEY is the key of GRID_GATEWAY_ACCOUNT/,
    );
    expect(refusal({ GRID_GATEWAY_TREASURER_KEY: signerKey })).toThrow(
      /GRID_GATEWAY_TREASURER_KEY is the key of GRID_GATEWAY_SIGNER_KEY/,
    );
    expect(refusal({ GRID_GATEWAY_ACCOUNT: undefined })).toThrow(/GRID_GATEWAY_ACCOUNT is missing/);
    expect(refusal({ GRID_LANE_FUNDING: "0" })).toThrow(/GRID_LANE_FUNDING/);
  });

  it("is the treasury's, which knows the hot keys by their addresses alone", () => {
    expect(readTreasurySettings(treasury)).toMatchObject({ account, signer, treasurer, owner: { address: account } });
    const refusal =
      (changes: Record<string, string | undefined>, printsOnly = false) =>
      () =>
        readTreasurySettings({ ...treasury, ...changes }, printsOnly);
    expect(refusal({ GRID_GATEWAY_ACCOUNT_KEY: undefined })).toThrow(/GRID_GATEWAY_ACCOUNT_KEY is missing.*--plan/);
    expect(refusal({ GRID_GATEWAY_SIGNER: account })).toThrow(/GRID_GATEWAY_SIGNER is the key of GRID_GATEWAY_ACCOUNT/);
    expect(refusal({ GRID_GATEWAY_ACCOUNT: signer })).toThrow(/is not the key of GRID_GATEWAY_ACCOUNT/);
    expect(refusal({ GRID_GATEWAY_ACCOUNT_KEY: undefined }, true)).toThrow("GRID_GATEWAY_ACCOUNT is missing.");
    const printed = readTreasurySettings({ ...treasury, GRID_GATEWAY_ACCOUNT: account }, true);
    expect([printed.account, printed.owner]).toEqual([account, undefined]);
  });
});

it("accounts that the gateway pays for are all, holders, or those of a file", () => {
  const sponsored = (text: string) => gatewayOf({ GRID_GATEWAY_ACCOUNTS: text }).sponsored;
  expect(sponsored("everybody")).toEqual({ kind: "everybody" });
  expect(sponsored(`holders:${parseEther("10")}`)).toEqual({ kind: "holders", least: parseEther("10") });
  const list = join(folder, "accounts");
  writeFileSync(list, `# friends\n${account}\n\n${signer?.toLowerCase()} # Ann\r\n`);
  expect(sponsored(`file:${list}`)).toEqual({
    kind: "listed",
    accounts: new Set([account?.toLowerCase(), signer?.toLowerCase()]),
  });
  writeFileSync(list, `${account}\nnobody\n`);
  expect(() => sponsored(`file:${list}`)).toThrow(/line 2 of .* is not an address/);
  writeFileSync(list, `0x${account?.slice(2).toUpperCase()}\n`);
  expect(sponsored(`file:${list}`)).toEqual({ kind: "listed", accounts: new Set([account?.toLowerCase()]) });
  writeFileSync(list, "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\n");
  expect(() => sponsored(`file:${list}`)).toThrow(/line 1 of .* has a wrong checksum/);
  expect(() => sponsored(`file:${folder}/none`)).toThrow(/can't be read/);
  expect(() => sponsored("friends")).toThrow(/GRID_GATEWAY_ACCOUNTS is everybody/);
});
