/**
 * Receipts checked per second on one core: digest of the JobReceipt, then recovery of its signer by the contracts' rules.
 * `npm run bench:receipts`; `-- --assert` fails below the targeted ratio to viem.
 */
import { secp256k1 } from "@noble/curves/secp256k1";
import { hexToBytes, keccak256, recoverTypedDataAddress, stringToHex, toHex } from "viem";
import { privateKeyToAddress } from "viem/accounts";
import {
  checkReceipt,
  createFastChecker,
  generationRequest,
  type JobReceipt,
  jobOrder,
  jobReceipt,
  receiptId,
  recoverSigner,
  settlementDomain,
  settlementTypes,
} from "../sdk/src/index.ts";

/** Per second on an idle core, where viem did 670: their ratio is what a busy machine can be held to. */
const TARGET = 3_900;
const TARGET_RATIO = TARGET / 670;
const count = 2_000;
const domain = settlementDomain(8453, "0x5e77137e0000000000000000000000000000a1b6");
const key = keccak256(stringToHex("bench worker"));
const worker = privateKeyToAddress(key);
const request = generationRequest({
  modelId: 7n,
  modelHash: keccak256("0x01"),
  prompt: "a lighthouse on a basalt cliff at dusk",
  width: 512,
  height: 512,
  steps: 30,
  guidanceMilli: 7500,
});
const order = jobOrder(request, {
  requester: worker,
  payer: worker,
  worker,
  feeConfigId: 1,
  count: 256,
  maxPrice: 10n ** 20n,
  deadline: 2_000_000_000n,
  nonce: 1n,
});

const signed = Array.from({ length: count }, (_, i) => {
  const receipt = jobReceipt(order, {
    index: i % 256,
    seed: BigInt(i),
    engineHash: keccak256("0x02"),
    imageHash: keccak256(toHex(i)),
    cidDigest: keccak256(toHex(i)),
    completedAt: 1_763_164_800n + BigInt(i),
    price: 10n ** 16n,
  });
  const signature = secp256k1.sign(hexToBytes(receiptId(receipt, domain)), hexToBytes(key));
  return { receipt, signature: `0x${signature.toCompactHex()}${signature.recovery === 0 ? "1b" : "1c"}` as const };
});
type Signed = { readonly receipt: JobReceipt; readonly signature: `0x${string}` };

/** Best of `rounds`: whatever else the machine does can only slow it down. */
async function rate(limit: number, check: (item: Signed) => unknown, rounds = 5): Promise<number> {
  const items = signed.slice(0, limit);
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    for (const item of items) {
      const outcome = check(item);
      if (outcome instanceof Promise) await outcome;
    }
    best = Math.max(best, (limit * 1e9) / Number(process.hrtime.bigint() - start));
  }
  return best;
}

const checker = await createFastChecker();
const signers = [worker];
const expectTrue = (is: boolean) => {
  if (!is) throw new Error("a good receipt was refused");
};

const rows: [string, number][] = [
  [
    "viem recoverTypedDataAddress (peer)",
    await rate(
      200,
      async ({ receipt, signature }) =>
        expectTrue(
          (await recoverTypedDataAddress({
            domain,
            types: settlementTypes,
            primaryType: "JobReceipt",
            message: receipt,
            signature,
          })) === worker,
        ),
      3,
    ),
  ],
  [
    "receiptId + recoverSigner (noble)",
    await rate(300, ({ receipt, signature }) =>
      expectTrue(recoverSigner(receiptId(receipt, domain), signature) === worker),
    ),
  ],
  [
    "FastChecker.isSignedBy (WASM)",
    await rate(count, ({ receipt, signature }) => expectTrue(checker.isSignedBy(receipt, domain, signature, signers))),
  ],
  ["receiptId alone (noble)", await rate(count, ({ receipt }) => receiptId(receipt, domain))],
  ["receiptId alone (WASM)", await rate(count, ({ receipt }) => checker.digester.receiptIdBytes(receipt, domain))],
  [
    "checkReceipt, all fields (noble)",
    await rate(300, ({ receipt, signature }) => checkReceipt(receipt, { domain, request, order, signature, signers })),
  ],
  [
    "checkReceipt, all fields (WASM)",
    await rate(count, ({ receipt, signature }) =>
      checkReceipt(receipt, { domain, request, order, signature, signers }, checker),
    ),
  ],
];

for (const [name, perSecond] of rows) {
  console.log(`${name.padEnd(38)} ${Math.round(perSecond).toLocaleString("en-US").padStart(9)}/s`);
}
const ours = rows[2]?.[1] ?? 0;
const peer = rows[0]?.[1] ?? 1;
console.log(`target ${TARGET}/s: ${ours >= TARGET ? "reached" : "missed"}`);
console.log(`ours/peer ${(ours / peer).toFixed(1)}, target ${TARGET_RATIO.toFixed(1)}`);
if (process.argv.includes("--assert") && ours / peer < TARGET_RATIO) process.exitCode = 1;
