// What the contracts themselves say, for everything that their logs mention.
import { type Address, type Hex, type Log, parseEventLogs, zeroAddress, zeroHash } from "viem";
import {
  aigcAbi,
  artworkState,
  cidOf,
  gridNftAbi,
  gridSettlementAbi,
  provenanceOf,
  SignerRole,
  workerRegistryAbi,
} from "../../sdk/src/index.ts";
import type { LocalGrid } from "../fixtures/chain.ts";
import { tagList } from "./tags.ts";

/** Rows of a table as the contracts would write them: key of the row -> columns. Only columns that a contract call answers. */
export type ContractState = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** All logs of the four contracts, parsed. */
export async function logsOf(grid: LocalGrid) {
  const { AIGC, GridNFT, GridSettlement, WorkerRegistry } = grid.deployment.contracts;
  const read = (address: Address): Promise<Log[]> =>
    grid.party(0).wallet.getLogs({ address, fromBlock: 0n, toBlock: "latest" });
  const [aigc, nft, settlement, registry] = await Promise.all(
    [AIGC, GridNFT, GridSettlement, WorkerRegistry].map(({ address }) => read(address)),
  );
  return {
    aigc: parseEventLogs({ abi: aigcAbi, logs: aigc ?? [] }),
    nft: parseEventLogs({ abi: gridNftAbi, logs: nft ?? [] }),
    settlement: parseEventLogs({ abi: gridSettlementAbi, logs: settlement ?? [] }),
    registry: parseEventLogs({ abi: workerRegistryAbi, logs: registry ?? [] }),
  };
}
export type Logs = Awaited<ReturnType<typeof logsOf>>;

type Maker = (grid: LocalGrid, logs: Logs) => Promise<ContractState>;

/** A row for each key, made one after the other: anvil answers no faster in parallel. */
async function rows<Key>(
  keys: Iterable<Key>,
  name: (key: Key) => string,
  read: (key: Key) => Promise<Record<string, unknown>>,
): Promise<ContractState> {
  const state = new Map<string, Record<string, unknown>>();
  for (const key of keys) {
    if (!state.has(name(key).toLowerCase())) state.set(name(key).toLowerCase(), await read(key));
  }
  return state;
}

const byText = (key: { toString(): string }) => `${key}`;

/** `moves` and `shown` of a token, as columns. */
async function stateOf(
  read: { stateOf(args: readonly [bigint]): Promise<readonly [bigint, bigint]> },
  id: bigint,
): Promise<Record<string, bigint>> {
  const [moves, nonce] = await read.stateOf([id]);
  return { moves, nonce };
}

/** Reads what `tokenURI` says of an artwork, as columns; some are told of its latest version and its model, see `shownIn` in compare.ts. */
function uriOf(
  metadata: NonNullable<Awaited<ReturnType<typeof artworkState>>["metadata"]>,
  trait: (name: string) => readonly unknown[],
) {
  const { provenance } = metadata;
  return {
    name: metadata.name,
    shown_description: metadata.description,
    image: metadata.image,
    aigc_data: metadata.aigc_data,
    shown_animation_url: metadata.animation_url ?? "",
    prompt: metadata.prompt,
    negative_prompt: metadata.negative_prompt,
    shown_seed: metadata.seed,
    steps: metadata.steps,
    guidance_scale: metadata.guidance_scale,
    receipt_id: provenance.receipt,
    model_id: provenance.model_id,
    model_hash: provenance.model_hash,
    image_hash: provenance.image_sha256,
    engine: provenance.engine,
    requester: provenance.requester,
    anchor_time: provenance.anchored_at,
    model_name: trait("Model"),
    worker: trait("Worker Node"),
    completed_at: trait("Generation Date"),
    evolves: trait("Evolves"),
    shown_version: trait("Version"),
    tags: tagList(trait("Tag").join(",")),
  };
}

/** How many events of a name there are. */
const count = (logs: readonly { eventName: string }[], name: string) =>
  logs.filter(({ eventName }) => eventName === name).length;

export const contractStates: Readonly<Record<string, Maker>> = {
  model: async (grid, { aigc }) => {
    const { read } = grid.party(0).grid.aigc;
    const { read: settlement } = grid.party(0).grid.settlement;
    const ids = aigc.flatMap((log) => (log.eventName === "ModelRegistered" ? [log.args.modelId] : []));
    return rows(ids, byText, async (id) => {
      const { spec, ...model } = await read.modelOf([id]);
      const { weightsURI, ...text } = spec;
      const [royaltyBps, readAt] = await settlement.modelRoyaltyOf([id]);
      const registered = aigc.find((log) => log.eventName === "ModelRegistered" && log.args.modelId === id);
      if (registered?.eventName !== "ModelRegistered") throw new Error(`Model ${id} was not registered.`);
      const sale = 10_000n;
      const [receiver, royalty] = await read.royaltyInfo([id, sale]);
      if (royalty !== BigInt(spec.resaleBps)) throw new Error(`Model ${id} states two resale royalties.`);
      const [user, userExpires] = [await read.userOf([id]), await read.userExpires([id])];
      return {
        ...text,
        weights_uri: weightsURI,
        creator: model.creator,
        registrant: registered.args.registrant,
        registration_fee: registered.args.fee,
        owner: await read.ownerOf([id]),
        next_usage_bps: model.nextUsageBps,
        next_usage_from: model.nextUsageFrom,
        registered_at: model.registeredAt,
        license_price: model.licensePrice,
        license_period: model.licensePeriod,
        verified: model.verified,
        deprecated: model.deprecated,
        royalty_receiver: receiver,
        ...(await stateOf(read, id)),
        royalty_unclaimed: await settlement.modelEarnedOf([id]),
        direct_royalty_bps: royaltyBps,
        direct_royalty_read_at: readAt,
        usage_now: await read.usageRoyaltyBps([id]),
        // The contract forgets a user whose time is over, but not the time.
        ...(user !== zeroAddress && { user }),
        user_expires: userExpires,
      };
    });
  },
  license: async (grid, { aigc }) => {
    const { read } = grid.party(0).grid.aigc;
    const keys = aigc.flatMap((log) => (log.eventName === "LicenseBought" ? [log.args] : []));
    return rows(
      keys,
      ({ modelId, account }) => `${modelId}/${account}`,
      async ({ modelId, account }) => ({ expires: await read.licenseExpires([modelId, account]) }),
    );
  },
  series: async (grid, { nft }) => {
    const { read } = grid.party(0).grid.nft;
    const ids = nft.flatMap((log) => (log.eventName === "SeriesMinted" ? [log.args.seriesId] : []));
    return rows(ids, byText, async (id) => {
      const { royaltyBps, tags, blob: _, ...rest } = await read.series([id]);
      const [receiver, royalty] = await read.royaltyInfo([id * 1_000n + 1n, 10_000n]);
      if (royalty !== BigInt(royaltyBps)) throw new Error(`Series ${id} states two royalties.`);
      return { ...rest, royalty_bps: royaltyBps, royalty_receiver: receiver, tag_text: tags };
    });
  },
  artwork: async (grid, { nft }) => {
    const { read } = grid.party(0).grid.nft;
    const ids = nft.flatMap((log) => (log.eventName === "Transfer" ? [log.args.tokenId] : []));
    const burns = new Map(
      nft.flatMap((log) =>
        log.eventName === "Transfer" && log.args.to === zeroAddress
          ? [[log.args.tokenId, log.blockNumber] as const]
          : [],
      ),
    );
    return rows(ids, byText, async (tokenId) => {
      const burnt = burns.get(tokenId);
      // Of a burnt token the contract says no more what it shows: its last words count.
      const at = burnt === undefined ? {} : { blockNumber: burnt - 1n };
      const { deployment } = grid;
      const state = await artworkState(grid.party(0).wallet, { deployment, tokenId, ...at });
      const { series, display, metadata, locked, versions } = state;
      const latest = versions.at(-1)?.provenance;
      if (!metadata || !latest) throw new Error(`Token ${tokenId} shows nothing.`);
      const [moves, nonce] = await read.stateOf([tokenId], at);
      const trait = (name: string) =>
        metadata.attributes.filter(({ trait_type }) => trait_type === name).map(({ value }) => value);
      const owner = await read.ownerOf([tokenId]).catch(() => zeroAddress);
      return {
        owner,
        burned: burnt !== undefined,
        ...(burnt === undefined && { display_locked: locked }),
        moves: burnt === undefined ? moves : moves + 1n,
        nonce,
        series_id: (await read.seriesOf([tokenId]))[0],
        number: (await read.seriesOf([tokenId]))[1],
        artist: await read.artistOf([tokenId]),
        policy: series.policy,
        royalty_bps: series.royaltyBps,
        title: display.title,
        description: display.description,
        animation_url: display.animationUrl,
        versions: await read.versionsOf([tokenId]),
        seed: latest.seed,
        width: latest.request.width,
        height: latest.request.height,
        sampler: latest.request.sampler,
        scheduler: latest.request.scheduler,
        cid: await read.imageCid([tokenId]),
        ...uriOf(metadata, trait),
      };
    });
  },
  artwork_version: async (grid, { nft }) => {
    const minted = nft.flatMap((log) =>
      log.eventName === "SeriesMinted"
        ? Array.from(
            { length: Number(log.args.count) },
            (_, i) => [log.args.seriesId * 1_000n + BigInt(i + 1), 1n] as const,
          )
        : log.eventName === "VersionAdded"
          ? [[log.args.tokenId, log.args.version] as const]
          : [],
    );
    return rows(
      minted,
      ([id, version]) => `${id}/${version}`,
      async ([id, version]) => {
        const { request, orderHash, cidDigest, imageHash, ...of } = await provenanceOf(grid.party(0).wallet, {
          deployment: grid.deployment,
          tokenId: id,
          version: Number(version),
        });
        return {
          model_id: request.modelId,
          model_hash: request.modelHash,
          prompt: request.prompt,
          negative_prompt: request.negativePrompt,
          requested_seed: request.seed,
          width: request.width,
          height: request.height,
          steps: request.steps,
          guidance_milli: request.guidanceMilli,
          sampler: request.sampler,
          scheduler: request.scheduler,
          source_hash: request.sourceHash,
          extras: request.extras,
          salt: request.salt,
          receipt_id: of.receiptId,
          order_hash: orderHash,
          index: of.index,
          seed: of.seed,
          engine: of.engine,
          image_hash: imageHash,
          cid_digest: cidDigest,
          cid: cidOf({ imageHash, cidDigest }),
          worker: of.worker,
          requester: of.requester,
          payer: of.payer,
          price: of.price,
          completed_at: of.completedAt,
          source: of.source,
          anchor_time: of.anchorTime,
          anchor_block: of.anchorBlock,
          parent_id: of.parent,
          parent_version: of.parentVersion,
        };
      },
    );
  },
  evolution: async (grid, { nft }) => {
    const { read } = grid.party(0).grid.nft;
    const announced = nft.flatMap((log) => (log.eventName === "EvolutionAnnounced" ? [log.args] : []));
    return rows(
      announced,
      ({ tokenId, version, owner, bodyHash }) => `${tokenId}/${version}/${owner}/${bodyHash}`,
      async ({ tokenId, version, owner, bodyHash }) => {
        const readyAt = await read.announcedAt([tokenId, version, owner, bodyHash]);
        const said = announced.findLast((log) => log.bodyHash === bodyHash && log.tokenId === tokenId);
        return { used: readyAt === 0n, ready_at: readyAt || said?.readyAt, expires_at: said?.expiresAt };
      },
    );
  },
  worker: async (grid, { settlement, registry }) => {
    const { registry: bonds, settlement: money } = grid.party(0).grid;
    const known = [
      ...registry.flatMap((log) => (log.eventName === "WorkerRegistered" ? [log.args.worker] : [])),
      ...settlement.flatMap((log) =>
        log.eventName === "LaneOpened" || log.eventName === "LaneCollected" || log.eventName === "OrderSettled"
          ? [log.args.worker]
          : [],
      ),
    ];
    const profiles = new Map(
      registry.flatMap((log) =>
        log.eventName === "WorkerRegistered" || log.eventName === "ProfileUpdated"
          ? [[log.args.worker, log.args.profileURI] as const]
          : [],
      ),
    );
    return rows(known, byText, async (address) => {
      const { bond, unbonding, registeredAt, releaseAt } = await bonds.read.workerOf([address]);
      return {
        bond,
        unbonding,
        registered_at: registeredAt,
        release_at: releaseAt,
        registered: await bonds.read.isRegistered([address]),
        bonded_now: await bonds.read.isBonded([address]),
        profile_uri: profiles.get(address) ?? "",
        stake: await bonds.read.stakeOf([address]),
        earned: await money.read.earnedOf([address]),
        protocol_accrued: await money.read.protocolAccruedOf([address]),
      };
    });
  },
  signer: async (grid, { settlement }) => {
    const { read } = grid.party(0).grid.settlement;
    const keys = settlement.flatMap((log) => (log.eventName === "SignerAdded" ? [log.args.signer] : []));
    const delay = await read.REVOCATION_DELAY();
    return rows(keys, byText, async (key) => {
      const { account, role, revokedAt } = await read.signerOf([key]);
      const { cap, spent, windowStart } = await read.treasurerCapOf([key]);
      // A treasurer signs nothing that could be shown later.
      const lasts = role === SignerRole.TREASURER ? 0 : delay;
      const valid_until = revokedAt === 0 ? 0 : revokedAt + lasts;
      return { account, role, revoked_at: revokedAt, valid_until, cap, spent, window_start: windowStart };
    });
  },
  lane: async (grid, { settlement }) => {
    const { read } = grid.party(0).grid.settlement;
    const ids = settlement.flatMap((log) => (log.eventName === "LaneOpened" ? [log.args] : []));
    const window = await read.THAW_WINDOW();
    return rows(
      ids,
      ({ laneId }) => laneId,
      async ({ laneId, config }) => {
        const { free, thawReadyAt, protocolBps, thawing, vouchersUntil } = await read.laneOf([laneId]);
        if ((await read.laneIdOf([config])) !== laneId) throw new Error(`Lane ${laneId} has another id.`);
        return {
          thaw_lapses_at: thawReadyAt === 0 ? 0 : thawReadyAt + window,
          fee_config_id: config.feeConfigId,
          thaw_delay: config.thawDelay,
          free,
          thaw_ready_at: thawReadyAt,
          protocol_bps: protocolBps,
          thawing,
          vouchers_until: vouchersUntil,
          kind: config.kind,
          payer: config.payer,
          payer_signer: config.payerSigner,
          worker: config.worker,
          salt: config.salt,
        };
      },
    );
  },
  lane_model_total: async (grid, { settlement }) => {
    const { read } = grid.party(0).grid.settlement;
    const keys = settlement.flatMap((log) => (log.eventName === "LaneCollected" ? [log.args] : []));
    return rows(
      keys,
      ({ laneId, modelId }) => `${laneId}/${modelId}`,
      async ({ laneId, modelId }) => {
        const { cumulative, royaltyBps, royaltyReadAt } = await read.laneTotalOf([laneId, modelId]);
        return { cumulative, royalty_bps: royaltyBps, royalty_read_at: royaltyReadAt };
      },
    );
  },
  anchor: async (grid, { settlement }) => {
    const { read } = grid.party(0).grid.settlement;
    const payers = new Map(
      settlement.flatMap((log) => (log.eventName === "LaneOpened" ? [[log.args.laneId, log.args.payer] as const] : [])),
    );
    for (const log of settlement) {
      if (log.eventName === "OrderSettled") payers.set(log.args.root, log.args.payer);
    }
    const counts = new Map(
      settlement.flatMap((log) => {
        if (log.eventName !== "ReceiptsAnchored" && log.eventName !== "OrderSettled") return [];
        const laneId = log.eventName === "ReceiptsAnchored" ? log.args.laneId : zeroHash;
        return [[`${laneId}/${log.args.root}`, log.args.receiptCount] as const];
      }),
    );
    const keys = settlement.flatMap((log): (readonly [Hex, Address, Hex])[] => {
      if (log.eventName === "ReceiptsAnchored") {
        const { laneId, root } = log.args;
        return [[laneId, payers.get(laneId === zeroHash ? root : laneId) ?? zeroAddress, root]];
      }
      return log.eventName === "OrderSettled" && log.args.anchored ? [[zeroHash, log.args.payer, log.args.root]] : [];
    });
    return rows(
      keys,
      (key) => key.join("/"),
      async (key) => {
        const [worker, time, block] = await read.anchorOf(key);
        return { worker, time, block, receipt_count: counts.get(`${key[0]}/${key[2]}`) };
      },
    );
  },
  // Of what waited the contract keeps nothing once it is confirmed but the anchor.
  waiting_anchor: async (grid, { settlement }) => {
    const { read } = grid.party(0).grid.settlement;
    const keys = settlement.flatMap((log) =>
      log.eventName === "OrderSettled" && !log.args.anchored ? [log.args] : [],
    );
    return rows(
      keys,
      ({ root }) => root,
      async ({ root, payer, orderHash, modelId, worker, receiptCount }) => {
        const [waits, count] = await read.waitingAnchorOf([payer, root]);
        const [attester] = await read.anchorOf([zeroHash, payer, root]);
        expectOneOf([waits, attester], worker);
        expectOneOf([count, attester === zeroAddress ? 0 : receiptCount], receiptCount);
        return {
          payer,
          worker,
          receipt_count: receiptCount,
          order_hash: orderHash,
          model_id: modelId,
          waits: waits === worker,
        };
      },
    );
  },
  // Of the direct rail: what its anchor is now.
  settlement: async (grid, { settlement }) => {
    const { read } = grid.party(0).grid.settlement;
    const settled = settlement.flatMap((log) => (log.eventName === "OrderSettled" ? [log.args] : []));
    return rows(
      settled,
      ({ orderHash }) => orderHash,
      async ({ payer, root, worker, receiptCount, requester, modelId, nonce, ...paid }) => {
        const { toWorker, royalty, protocolFee } = paid;
        const [attester, time, block] = await read.anchorOf([zeroHash, payer, root]);
        const anchored = attester !== zeroAddress;
        const anchor = anchored
          ? { anchor_time: time, anchor_block: block }
          : { anchor_time: null, anchor_block: null };
        return {
          ...{ anchored, ...anchor, payer, root, worker, requester, nonce },
          ...{ rail: "DIRECT", lane_id: null, model_id: modelId, receipt_count: receiptCount },
          ...{ gross: toWorker + royalty + protocolFee, to_worker: toWorker, royalty, protocol_fee: protocolFee },
        };
      },
    );
  },
  order_nonce: async (grid, { settlement }) => {
    const { read } = grid.party(0).grid.settlement;
    const keys = settlement.flatMap((log) =>
      log.eventName === "OrderSettled" || log.eventName === "OrderCancelled" || log.eventName === "OrderCancelAnnounced"
        ? [log.args]
        : [],
    );
    return rows(
      keys,
      ({ payer, nonce }) => `${payer}/${nonce}`,
      async ({ payer, nonce }) => ({
        used: await read.isNonceUsed([payer, nonce]),
        cancel_ready_at: await read.cancelReadyAt([payer, nonce]),
      }),
    );
  },
  approval: async (grid, { aigc, nft }) => {
    const contracts = grid.party(0).grid;
    const tokens = [
      ...nft.flatMap((log) => (log.eventName === "Transfer" ? [["ARTWORK", log.args.tokenId] as const] : [])),
      ...aigc.flatMap((log) => (log.eventName === "Transfer" ? [["MODEL", log.args.tokenId] as const] : [])),
    ];
    const state = await rows(
      tokens,
      (key) => key.join("/"),
      async ([collection, id]) => {
        const { read } = collection === "ARTWORK" ? contracts.nft : contracts.aigc;
        const owner = await read.ownerOf([id]).catch(() => zeroAddress);
        return { owner, approved: await read.getApproved([id]).catch(() => zeroAddress) };
      },
    );
    return new Map([...state].filter(([, { approved }]) => approved !== zeroAddress));
  },
  operator_approval: async (grid, { aigc, nft }) => {
    const contracts = grid.party(0).grid;
    const said = [
      ...nft.flatMap((log) => (log.eventName === "ApprovalForAll" ? [["ARTWORK", log.args] as const] : [])),
      ...aigc.flatMap((log) => (log.eventName === "ApprovalForAll" ? [["MODEL", log.args] as const] : [])),
    ];
    return rows(
      said,
      ([collection, { owner, operator }]) => `${collection}/${owner}/${operator}`,
      async ([collection, { owner, operator }]) => {
        const { read } = collection === "ARTWORK" ? contracts.nft : contracts.aigc;
        return { approved: await read.isApprovedForAll([owner, operator]) };
      },
    );
  },
  equivocation: async (grid, { settlement }) => {
    const { read } = grid.party(0).grid.settlement;
    const keys = settlement.flatMap((log) => (log.eventName === "EquivocationSlashed" ? [log.args] : []));
    return rows(
      keys,
      ({ worker, orderHash, index }) => `${worker}/${orderHash}/${index}`,
      async ({ worker, orderHash, index }) => {
        expectSlashed(await read.isSlashed([worker, orderHash, index]));
        return {};
      },
    );
  },
  fee_config: async (grid, { settlement }) => {
    const { read } = grid.party(0).grid.settlement;
    const ids = settlement.flatMap((log) => (log.eventName === "FeeConfigAppended" ? [log.args.feeConfigId] : []));
    return rows(ids, byText, async (id) => {
      const { protocolBps, since } = await read.feeConfigOf([id]);
      return { protocol_bps: protocolBps, since };
    });
  },
  anchor_source: async (grid) => {
    const { read } = grid.party(0).grid.nft;
    const sources = Array.from({ length: Number(await read.anchorSourceCount()) }, (_, i) => i);
    return rows(sources, byText, async (i) => ({ source: await read.anchorSource([BigInt(i)]) }));
  },
  protocol: async (grid, logs) => {
    const { aigc, nft, settlement, registry } = grid.party(0).grid;
    const [mintFee, mintTreasury] = await nft.read.mintFee();
    const feeConfigId = await settlement.read.currentFeeConfigId();
    const [upgradesSealed, sourcesSealed, rendererSealed, escrowSealed] = await nft.read.seals();
    const [nextMinBond, nextMinBondFrom] = await registry.read.nextMinBond();
    return rows(["31337"], byText, async () => ({
      registration_fee: await aigc.read.registrationFee(),
      model_treasury: await aigc.read.treasury(),
      models_paused: await aigc.read.paused(),
      model_upgrades_sealed: await aigc.read.upgradesSealed(),
      mint_fee: mintFee,
      mint_treasury: mintTreasury,
      mint_paused: await nft.read.paused(),
      nft_upgrades_sealed: upgradesSealed,
      sources_sealed: sourcesSealed,
      renderer_sealed: rendererSealed,
      escrow: await nft.read.escrow(),
      escrow_sealed: escrowSealed,
      renderer: await nft.read.renderer(),
      collection_owner: await nft.read.owner(),
      fee_config_id: feeConfigId,
      protocol_bps: (await settlement.read.feeConfigOf([feeConfigId])).protocolBps,
      settlement_treasury: await settlement.read.treasury(),
      settlement_paused: await settlement.read.paused(),
      min_bond_now: await registry.read.minBond(),
      next_min_bond_now: nextMinBond,
      next_min_bond_from_now: nextMinBondFrom,
      registry_treasury: await registry.read.treasury(),
      treasury_pot: await registry.read.treasuryPot(),
      total_bonded: await registry.read.totalBonded(),
      total_rewards: await registry.read.totalRewards(),
      supply: await nft.read.totalSupply(),
      models: await aigc.read.totalSupply(),
      series: count(logs.nft, "SeriesMinted"),
      workers: count(logs.registry, "WorkerRegistered"),
    }));
  },
};

function expectOneOf(said: readonly unknown[], value: unknown): void {
  if (said.filter((one) => one === value).length !== 1) throw new Error(`Neither, or both, are ${String(value)}.`);
}

function expectSlashed(isSlashed: boolean): void {
  if (!isSlashed) throw new Error("An equivocation that was slashed is not.");
}

/** Tables that hold a row for each log of some names. */
export const counted: Readonly<Record<string, (logs: Logs) => number>> = {
  transfer: ({ aigc, nft }) => count(aigc, "Transfer") + count(nft, "Transfer"),
  settlement: ({ settlement }) => count(settlement, "OrderSettled") + count(settlement, "LaneCollected"),
  settlement_failure: ({ settlement }) => count(settlement, "SettlementFailed"),
  model_rate: ({ aigc }) => count(aigc, "UsageRoyaltyAnnounced"),
};
