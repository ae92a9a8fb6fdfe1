import { type Abi, type Address, type Hex, isAddressEqual, zeroAddress } from "viem";
import { readContract } from "viem/actions";
import { decodeBlob, TOKENS_PER_SERIES } from "../body/body.js";
import { aigcAbi, aigcAt, gridNftAbi, nftAt } from "../generated/used.js";
import { type Evidence, eventsOf, storageAt } from "./chain.js";
import { differences, type Finding, fail, isRevert, pass } from "./check.js";
import { type Mint, mintsOf, type VersionRecord } from "./record.js";

/** Slot of a proxy's implementation, EIP-1967. */
const IMPLEMENTATION: Hex = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";

/** Owner by the logs of transfers, and by the contract. */
export async function checkToken(evidence: Evidence, tokenId: bigint, mint: Mint | undefined): Promise<Finding> {
  const { client, deployment } = evidence;
  const nft = nftAt(deployment);
  const transfers = await eventsOf(evidence, { ...nft, eventName: "Transfer", args: { tokenId } });
  const [first, last] = [transfers[0], transfers.at(-1)];
  if (!first || !last) return fail("There is no such token: no transfer of it was ever logged.");
  const shown = { owner: last.args.to, transfers: `${transfers.length - 1}`, series: `${tokenId / TOKENS_PER_SERIES}` };
  if (first.args.from !== zeroAddress) return fail("The first transfer of the token is not its mint.", shown);
  if (mint && mint.transactionHash !== first.transactionHash) {
    return fail("The token did not come into being with the event that carries its record.", shown);
  }
  const burnt = isAddressEqual(last.args.to, zeroAddress);
  const owner = await readContract(client, {
    ...nft,
    functionName: "ownerOf",
    args: [tokenId],
    blockNumber: evidence.head,
  }).catch((error: unknown) => {
    // A node that does not answer is not a burnt token.
    if (isRevert(error)) return zeroAddress;
    throw error;
  });
  if (!isAddressEqual(owner, last.args.to)) {
    return fail(`The contract names ${owner} as the owner, the log of transfers ${last.args.to}.`, shown);
  }
  return burnt
    ? pass("The token was burnt; its record stays readable.", shown)
    : pass(`It belongs to ${owner}${transfers.length > 1 ? `, after ${transfers.length - 1} transfers` : ""}.`, shown);
}

/** The code behind both proxies is the one that their last `Upgraded` event announced. */
export async function checkContracts(evidence: Evidence, since: bigint): Promise<Finding> {
  const found: Record<string, string> = {};
  let later = 0;
  for (const [name, abi] of [
    ["GridNFT", gridNftAbi],
    ["AIGC", aigcAbi],
  ] as const) {
    const { address } = evidence.deployment.contracts[name];
    const upgrades = await eventsOf(evidence, { abi: abi as Abi, address, eventName: "Upgraded" });
    const announced = (upgrades.at(-1)?.args as { readonly implementation?: Address } | undefined)?.implementation;
    const word = await storageAt(evidence.client, address, IMPLEMENTATION, evidence.head);
    const actual = `0x${word.slice(-40)}` as Address;
    found[`${name} runs`] = actual;
    if (!announced || !isAddressEqual(announced, actual)) {
      return fail(`${name} runs code at ${actual}, which no upgrade event announced.`, found);
    }
    later += upgrades.filter(({ blockNumber }) => blockNumber > since).length;
  }
  return pass(
    later === 0
      ? "Neither contract's code was replaced since the mint."
      : `Code was replaced ${later} times since the mint, as announced. Nothing here relies on that code: records, receipts and anchors are checked from logs and from the settlement contract, which can't be replaced.`,
    found,
  );
}

/** `provenanceOf` against what the log says, field by field. */
export async function checkProvenance(evidence: Evidence, tokenId: bigint, record: VersionRecord): Promise<Finding> {
  const { request, receipt } = record;
  const parent = record.blob.body.artworks[record.place]?.parent;
  const answer: Readonly<Record<string, unknown>> = await readContract(evidence.client, {
    ...nftAt(evidence.deployment),
    functionName: "provenanceOf",
    args: [tokenId, BigInt(record.version)],
    blockNumber: evidence.head,
  });
  const wrong = {
    ...differences(request, answer.request as Record<string, unknown>),
    ...differences(
      {
        ...{ seed: receipt.seed, engine: record.engine, imageHash: receipt.imageHash, cidDigest: receipt.cidDigest },
        ...{ worker: receipt.worker, requester: receipt.requester, payer: record.payer, orderHash: receipt.orderHash },
        ...{
          index: receipt.index,
          price: receipt.price,
          completedAt: receipt.completedAt,
          source: record.anchor.source,
        },
        ...{ anchorTime: record.anchorTime, anchorBlock: record.anchorBlock, receiptId: record.receiptId },
        ...{ parent: parent?.tokenId ?? 0n, parentVersion: parent?.version ?? 0 },
      },
      answer,
    ),
  };
  const fields = Object.keys(wrong);
  return fields.length > 0
    ? fail(`The contract's answer differs from its own log in ${fields.join(", ")}.`, wrong)
    : pass("Every field that the contract answers is the one in its log.");
}

/** The request's model hash against the model's registration, and against what AIGC says now. */
export async function checkModel(evidence: Evidence, { request }: VersionRecord): Promise<Finding> {
  const { modelId, modelHash } = request;
  const aigc = aigcAt(evidence.deployment);
  const [registered, curated] = await Promise.all([
    eventsOf(evidence, { ...aigc, eventName: "ModelRegistered", args: { modelId } }),
    eventsOf(evidence, { ...aigc, eventName: "VerifiedSet", args: { modelId } }),
  ]);
  const spec = registered[0]?.args.spec;
  if (!spec) return fail(`Model ${modelId} was never registered.`, { "model id": `${modelId}` });
  const shown = {
    model: `${spec.name} ${spec.version}`.trim(),
    "model id": `${modelId}`,
    license: spec.license,
    "weights hash": modelHash,
  };
  if (registered.length > 1) return fail(`Model ${modelId} was registered ${registered.length} times.`, shown);
  if (spec.weightsHash !== modelHash) return fail("The request names other weights than the model's.", shown);
  const now = await readContract(evidence.client, {
    ...aigc,
    functionName: "modelOf",
    args: [modelId],
    blockNumber: evidence.head,
  });
  const wrong = differences(
    { weightsHash: spec.weightsHash, name: spec.name, version: spec.version, family: spec.family, kind: spec.kind },
    now.spec,
  );
  if (Object.keys(wrong).length > 0) return fail("AIGC no longer says what it logged of the model.", wrong);
  return pass(`${shown.model}, model ${modelId}; its weights hash is the one that was registered.`, {
    ...shown,
    verified: curated.at(-1)?.args.verified ? "yes, by a curator" : "no",
  });
}

/** A claimed parent's image must be the input image of the request. */
export async function checkParent(
  evidence: Evidence,
  record: VersionRecord,
  parent: { readonly tokenId: bigint; readonly version: number },
): Promise<Finding> {
  const shown = {
    parent: `token ${parent.tokenId}, version ${parent.version}`,
    "input image": record.request.sourceHash,
  };
  const mint = (await mintsOf(evidence, parent.tokenId)).find(({ version }) => version === parent.version);
  const artworks = mint && decodeBlob(mint.blob).body.artworks;
  const artwork = artworks?.[parent.version === 1 ? Number(parent.tokenId % TOKENS_PER_SERIES) - 1 : 0];
  if (artwork?.imageHash !== record.request.sourceHash) {
    return fail("The parent's image is not the one that this picture was made from.", shown);
  }
  return pass(`It was made from the image of token ${parent.tokenId}, version ${parent.version}.`, shown);
}
