import { zeroAddress } from "viem";
import { readContract } from "viem/actions";
import { TOKENS_PER_SERIES } from "../body/body.js";
import { nftAt } from "../generated/used.js";
import { artworkName } from "../messages/artworkName.js";
import { cidOf } from "../messages/cid.js";
import { type Evidence, eventsOf } from "./chain.js";
import { differences, type Finding, fail, pass, unknown } from "./check.js";
import type { VersionRecord } from "./record.js";

const BASE64 = "data:application/json;base64,";

/**
 * `tokenURI` against the record of the version that is shown and the last edit of the display. The renderer can be replaced, so
 * what it says counts for nothing else.
 * @param minted Record of version 1, which has title and description.
 */
export async function checkMetadata(
  evidence: Evidence,
  tokenId: bigint,
  minted: VersionRecord,
  shownVersion: VersionRecord,
): Promise<Finding> {
  const nft = nftAt(evidence.deployment);
  const edits = await eventsOf(evidence, { ...nft, eventName: "DisplayEdited", args: { tokenId } });
  const burnt = await eventsOf(evidence, { ...nft, eventName: "Transfer", args: { tokenId, to: zeroAddress } });
  if (burnt.length > 0) return unknown("The token was burnt: wallets are shown nothing any more.");
  const uri = await readContract(evidence.client, {
    ...nft,
    functionName: "tokenURI",
    args: [tokenId],
    blockNumber: evidence.head,
  });
  if (!uri.startsWith(BASE64)) return fail("tokenURI is not JSON on chain.", { tokenURI: uri.slice(0, 120) });
  let json: Record<string, unknown>;
  try {
    const bytes = Uint8Array.from(atob(uri.slice(BASE64.length)), (character) => character.charCodeAt(0));
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Record<string, unknown>;
  } catch {
    return fail("tokenURI is not valid JSON.", { tokenURI: uri.slice(0, 120) });
  }
  const { request, receipt } = shownVersion;
  const header = minted.blob.body.header;
  const edit = edits.at(-1)?.args;
  const title = (edit ? edit.title : header?.title) ?? "";
  const wrong = {
    ...differences(
      {
        name: artworkName({ title, number: tokenId % TOKENS_PER_SERIES, count: minted.blob.body.artworks.length }),
        description: edit ? edit.description : header?.description,
        image: `ipfs://${cidOf(receipt)}`,
        prompt: request.prompt,
        negative_prompt: request.negativePrompt,
        seed: receipt.seed,
        steps: request.steps,
        guidance_scale: request.guidanceMilli / 1000,
        ai_generated: true,
        aigc_type: "image",
        aigc_data: `ipfs://${cidOf(receipt)}`,
        proof_type: "attestation",
      },
      json,
    ),
    ...differences(
      {
        receipt: shownVersion.receiptId,
        model_id: request.modelId,
        model_hash: request.modelHash,
        image_sha256: receipt.imageHash,
        engine: shownVersion.engine,
        requester: receipt.requester,
        anchored_at: shownVersion.anchorTime,
      },
      (json.provenance ?? {}) as Record<string, unknown>,
    ),
  };
  const fields = Object.keys(wrong);
  return fields.length > 0
    ? fail(`What wallets are shown differs from the record in ${fields.join(", ")}.`, wrong)
    : pass(`Name, picture, prompt and provenance that wallets show are those of the record.`, {
        name: `${json.name}`,
        image: `${json.image}`,
        edits: `${edits.length}`,
      });
}
