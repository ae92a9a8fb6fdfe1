import type { Address, Client, Hex } from "viem";
import { getBlock, readContract } from "viem/actions";
import { type Deployment, settlementDomainOf } from "../chain/deployment.js";
import { nftAt } from "../generated/used.js";
import { cidOf } from "../messages/cid.js";
import type { GenerationRequest, JobReceipt } from "../messages/typedData.js";
import { type AnchorEvent, checkAnchor, findAnchor, findPapers, type Paper } from "./anchor.js";
import type { Evidence, FetchFile } from "./chain.js";
import { type Check, check, dateOf, type Finding, fail, sentence, unknown } from "./check.js";
import { checkEarlier, twinsOf } from "./firstAnchor.js";
import { checkFileText, checkImage } from "./image.js";
import { checkMetadata } from "./metadata.js";
import {
  anchorSources,
  checkAllowed,
  checkBlob,
  checkEvent,
  checkRecord,
  type Mint,
  mintsOf,
  readRecord,
  type VersionRecord,
} from "./record.js";
import { checkOrder, checkSignature } from "./signature.js";
import { checkContracts, checkModel, checkParent, checkProvenance, checkToken } from "./token.js";
import { checkSingle, checkWorker } from "./worker.js";

/** `proven`: every check that matters holds. `incomplete`: none fails, but some evidence is missing. `broken`: one fails. */
export type Verdict = "proven" | "incomplete" | "broken";

/** Facts about one version, enough to run its job again. */
export interface VerifiedVersion {
  readonly version: number;
  readonly request: GenerationRequest;
  readonly receipt: JobReceipt;
  readonly receiptId: Hex;
  readonly engine: string;
  readonly payer: Address;
  readonly cid: string;
  /** The picture, when it was fetched and has the right hash. */
  readonly file?: Uint8Array;
  /** One sentence that says what the checks prove. */
  readonly statement: string;
}

/** Result of {@link verifyToken}. */
export interface Verification {
  readonly chainId: number;
  readonly tokenId: bigint;
  /** Everything was read up to this block. */
  readonly block: { readonly number: bigint; readonly hash: Hex; readonly time: bigint };
  readonly verdict: Verdict;
  readonly checks: readonly Check[];
  /** Those that could be decoded, oldest first. */
  readonly versions: readonly VerifiedVersion[];
  /** Facts that no check here can show, in sentences. */
  readonly notProven: readonly string[];
}

/** Artwork to check, and how. */
export interface VerifyOptions {
  readonly deployment: Deployment;
  readonly tokenId: bigint;
  /** Reads pictures, e.g. `ipfsGateway("https://ipfs.io")`. Without it images stay unchecked. */
  readonly fetchFile?: FetchFile;
  /** A file that claims to be the picture which the token shows: checked instead of fetching that. */
  readonly image?: Uint8Array;
  /** Called with each check as it is done. */
  readonly onCheck?: (check: Check) => void;
}

const notProven = [
  "That the model was really run: the worker says so with its bond at stake. Whoever has the weights can run the job again and compare.",
  "The moment the picture was made: that is the worker's clock. By the anchor's time it existed.",
  "That the artist asked for the mint, if code of GridNFT was replaced before it: who made the picture is proven, not who minted it.",
  "Who stands behind an address, and whether anybody else has rights in the picture.",
  "That no other picture looks the same: images are compared byte for byte.",
  "That the node which was asked tells the truth: ask your own, or a second one.",
] as const;

/**
 * Checks where an artwork comes from, with nothing but a node and an IPFS gateway: neither the contracts' own answers nor anybody's
 * server is believed. Everything is recomputed from the logs of the mint, then compared with storage, with the anchor in the
 * settlement contract (which can't be upgraded), with the keys and bonds of that time, and with the bytes of the picture.
 * Every version of the artwork is checked.
 *
 * @param client Any viem client of the chain.
 * @throws Error when the node does not answer at all. Missing evidence and failures are in the result.
 *
 * @example
 * const client = createPublicClient({ transport: http(rpcUrl) });
 * const { verdict, checks } = await verifyToken(client, {
 *   deployment,
 *   tokenId: 1001n,
 *   fetchFile: ipfsGateway("https://ipfs.io"),
 * });
 */
export async function verifyToken(client: Client, options: VerifyOptions): Promise<Verification> {
  const { deployment, tokenId } = options;
  const block = await getBlock(client, { blockTag: "latest" });
  const evidence: Evidence = {
    client,
    deployment,
    domain: settlementDomainOf(deployment),
    head: block.number,
  };
  const checks: Check[] = [];
  const note = async (...args: Parameters<typeof check>): Promise<void> => {
    const done = await check(...args);
    checks.push(done);
    options.onCheck?.(done);
  };

  const [mints, sources] = await Promise.all([mintsOf(evidence, tokenId), anchorSources(evidence)]);
  await note("token", undefined, () => checkToken(evidence, tokenId, mints[0]));
  await note("contracts", undefined, () => checkContracts(evidence, mints[0]?.blockNumber ?? 0n));

  const records: VersionRecord[] = [];
  const versions: VerifiedVersion[] = [];
  const numbers = await versionNumbers(evidence, tokenId, mints);
  for (const version of numbers) {
    const claimed = version === numbers.at(-1) ? options.image : undefined;
    const fetchFile = claimed ? async () => claimed : options.fetchFile;
    const record = await verifyVersion({ evidence, tokenId, mints, version, sources, note, versions, fetchFile });
    if (record) records.push(record);
  }
  const [minted, shown] = [records[0], records.at(-1)];
  await note("metadata", undefined, async () =>
    minted && shown && records.length === numbers.length
      ? checkMetadata(evidence, tokenId, minted, shown)
      : unknown("There is no complete record to compare it with."),
  );
  return {
    chainId: deployment.chainId,
    tokenId,
    block: { number: block.number, hash: block.hash, time: block.timestamp },
    verdict: verdictOf(checks),
    checks,
    versions,
    notProven,
  };
}

/** One failure breaks it, one essential gap leaves it incomplete. */
function verdictOf(checks: readonly Check[]): Verdict {
  if (checks.some(({ status }) => status === "fail")) return "broken";
  return checks.some(({ status, essential }) => status === "unknown" && essential) ? "incomplete" : "proven";
}

/** Versions by the logs, and by the contract: one of them may know more than the other. */
async function versionNumbers(evidence: Evidence, tokenId: bigint, mints: readonly Mint[]): Promise<readonly number[]> {
  const stated = await readContract(evidence.client, {
    ...nftAt(evidence.deployment),
    functionName: "versionsOf",
    args: [tokenId],
    blockNumber: evidence.head,
  }).catch(() => 0n);
  const logged = [...new Set([1, ...mints.map(({ version }) => version)])].sort((a, b) => a - b);
  // One that was never logged is enough to say so; a contract that lies could name any number.
  const gap = logged.findIndex((version, i) => version !== i + 1);
  if (gap >= 0) return [...logged.slice(0, gap), gap + 1, ...logged.slice(gap)];
  return stated > BigInt(logged.length) ? [...logged, logged.length + 1] : logged;
}

async function verifyVersion({
  evidence,
  tokenId,
  mints,
  version,
  sources,
  note,
  versions,
  fetchFile,
}: {
  readonly evidence: Evidence;
  readonly tokenId: bigint;
  readonly mints: readonly Mint[];
  readonly version: number;
  readonly sources: readonly Address[];
  readonly note: (...args: Parameters<typeof check>) => Promise<void>;
  readonly versions: VerifiedVersion[];
  readonly fetchFile: FetchFile | undefined;
}): Promise<VersionRecord | undefined> {
  const { client, deployment } = evidence;
  const mint = mints.find((one) => one.version === version);
  const own = (id: Parameters<typeof check>[0], find: () => Promise<Finding>): Promise<void> => note(id, version, find);
  await own("event", async () => {
    const { timestamp } = mint ? await getBlock(client, { blockNumber: mint.blockNumber }) : { timestamp: 0n };
    return checkEvent(mints, version, tokenId, timestamp);
  });
  if (!mint) return undefined;
  if (version > 1) await own("allowed", () => checkAllowed(evidence, tokenId, mints, mint));
  await own("blob", async () => {
    const stored = await readContract(client, {
      ...nftAt(deployment),
      functionName: "blobOf",
      args: [tokenId, BigInt(version)],
      blockNumber: evidence.head,
    });
    return checkBlob(evidence, tokenId, mint, stored);
  });
  let record: VersionRecord;
  try {
    record = readRecord(evidence, tokenId, mint, sources);
  } catch (error) {
    await own("record", async () => fail(`The record can't be read: ${sentence(error)}`));
    return undefined;
  }
  await own("record", async () => checkRecord(record));
  await own("provenance", () => checkProvenance(evidence, tokenId, record));

  let event: AnchorEvent | undefined;
  await own("anchor", async () => {
    const found = await checkAnchor(evidence, record, await findAnchor(evidence, record));
    event = found.event;
    return found.finding;
  });
  const anchored = event;
  const papers = anchored ? await findPapers(evidence, record, anchored).catch(() => []) : [];
  const noAnchor = async (): Promise<Finding> => unknown("There is no anchor to look at.");
  await own(
    "order",
    anchored ? () => oneOf(papers, (paper) => checkOrder(evidence, record, paper, anchored.paid)) : noAnchor,
  );
  await own(
    "signature",
    anchored ? () => oneOf(papers, (paper) => checkSignature(evidence, record, paper, anchored.paid)) : noAnchor,
  );
  await own("worker", anchored ? () => checkWorker(evidence, record, anchored) : noAnchor);
  const twins = twinsOf(evidence, tokenId, record);
  await own("single", async () => checkSingle(evidence, record, await twins));
  await own("model", () => checkModel(evidence, record));
  const parent = record.blob.body.artworks[record.place]?.parent;
  if (parent) await own("parent", () => checkParent(evidence, record, parent));

  let file: Uint8Array | undefined;
  await own("image", async () => {
    const found = await checkImage(record, fetchFile);
    file = found.file;
    return found.finding;
  });
  await own("file", async () => checkFileText(record, file));
  await own("earlier", async () => checkEarlier(await twins, record));
  versions.push(verified(record, file));
  return record;
}

/**
 * Returns the result for the paper that holds. A paper that fails tells against the receipt only if the settlement contract was called
 * with it: anything may stand in a call to another contract.
 */
async function oneOf(papers: readonly Paper[], find: (paper: Paper | undefined) => Promise<Finding>): Promise<Finding> {
  const [first] = papers;
  if (!first) return find(undefined);
  const findings: (Finding & { readonly isCall: boolean })[] = [];
  for (const paper of papers) findings.push({ ...(await find(paper)), isCall: paper.isCall });
  const { isCall: _, ...best } = findings.find(({ status }) => status === "pass") ??
    findings.find(({ isCall }) => isCall) ?? {
      ...(await find(undefined)),
      isCall: false,
    };
  return best;
}

function verified(record: VersionRecord, file: Uint8Array | undefined): VerifiedVersion {
  const { request, receipt, payer, version, engine, receiptId } = record;
  const [side, prompt] = [`${request.width}x${request.height}`, JSON.stringify(request.prompt)];
  return {
    ...{ version, request, receipt, receiptId, engine, payer, cid: cidOf(receipt) },
    ...(file && { file }),
    statement:
      `Registered worker ${receipt.worker} attested, anchored in block ${record.anchorBlock} on ${dateOf(record.anchorTime)}, ` +
      `that model ${request.modelId} with prompt ${prompt}, ${side}, ${request.steps} steps and seed ${receipt.seed} gave the image ` +
      `${receipt.imageHash} for ${receipt.requester}, and ${payer} acknowledged and paid it.`,
  };
}
