import { getAddress } from "viem";
import { describe, expect, it } from "vitest";
import {
  addressFault,
  contractNames,
  GridError,
  messageFromJson,
  parseAddress,
  parseDeployment,
} from "../src/index.js";
import { addressJson } from "../src/schemas/index.js";

// From EIP-55.
const checked = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const capitals = `0x${checked.slice(2).toUpperCase()}`;
const wrong = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD";

describe("an address", () => {
  it.each([
    [checked, checked],
    [checked.toLowerCase(), checked.toLowerCase()],
    [capitals, checked],
    [`0x${"0".repeat(40)}`, `0x${"0".repeat(40)}`],
    ["0x52908400098527886E0F7030069857D2E4169EE7", "0x52908400098527886E0F7030069857D2E4169EE7"],
  ])("%s is taken", (text, read) => {
    expect(parseAddress(text)).toBe(read);
    expect(addressJson.parse(text)).toBe(read);
    // Libraries take what was read.
    expect(getAddress(parseAddress(text))).toBe(getAddress(text.toLowerCase()));
  });

  it.each([
    [wrong, "has a wrong checksum (EIP-55), so a character of it was changed: copy the address again"],
    [`0X${checked.slice(2)}`, "is not an address"],
    [checked.slice(0, -1), "is not an address"],
    [`${checked}0`, "is not an address"],
    [`${checked}\n`, "is not an address"],
    [checked.slice(2), "is not an address"],
    [undefined, "is not an address"],
    [1, "is not an address"],
  ])("%s is refused by name", (text, fault) => {
    expect(addressFault(text)).toBe(fault);
    expect(() => parseAddress(text, "payer")).toThrow(new GridError("FIELD_INVALID", `payer ${fault}.`, "payer"));
    if (typeof text !== "string") return;
    expect(addressJson.safeParse(text).error?.issues.map(({ message }) => message)).toEqual([fault]);
  });

  it("of a message and of a deployment file is read alike", () => {
    const proof = { account: capitals, role: 1, deadline: 7 };
    expect(messageFromJson("SignerProof", proof)).toMatchObject({ account: checked });
    expect(() => messageFromJson("SignerProof", { ...proof, account: wrong })).toThrow(
      "SignerProof.account has a wrong checksum",
    );
    const contracts = Object.fromEntries(contractNames.map((name) => [name, { address: checked, startBlock: 1 }]));
    const file = { chainId: 31_337, startBlock: 1, contracts };
    const withAddress = (address: unknown) => ({
      ...file,
      contracts: { ...contracts, AIPG: { address, startBlock: 1 } },
    });
    expect(parseDeployment(withAddress(capitals)).contracts.AIPG.address).toBe(checked);
    expect(() => parseDeployment(withAddress(wrong))).toThrow("contracts.AIPG.address has a wrong checksum");
    expect(parseDeployment(withAddress(checked))).toEqual(file);
    expect(() => parseDeployment(withAddress(undefined))).toThrow("lacks contracts.AIPG.address");
  });
});
