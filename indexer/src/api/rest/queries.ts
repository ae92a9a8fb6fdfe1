// The queries that the routes of `/v1` ask the gallery schema. Fragments are the components of `/openapi.json`.

const card = `
fragment ArtworkCard on Artwork {
  tokenId seriesId number name image cid artist { address } owner { address } model { modelId name verified } worker { address }
  tags prompt width height sampler scheduler steps versionCount remixOfId remixCount transferCount listed listPrice mintedAt updatedAt updatedBlock
}`;

const provenance = `
fragment Provenance on ArtworkVersion {
  version modelId modelHash prompt negativePrompt requestedSeed width height steps guidanceMilli sampler scheduler
  sourceHash extras salt requestHash receiptId orderHash index seed engine imageHash cidDigest cid image
  worker { address } requester { address } payer { address } price completedAt source anchorTime anchorBlock
  rawReceipt anchor { laneId payer { address } root receiptCount block tx }
  parentId parentVersion bodyHash addedAt addedBlock addedTx
}`;

const artwork = `
fragment Artwork on Artwork {
  tokenId seriesId number name title description tags attributes { traitType value displayType } image cid imageHash animationUrl
  artist { address } owner { address } burned frozen moved displayLocked moves nonce versionCount policy royaltyBps royaltyReceiver
  model { modelId name version family verified } worker { address bonded } prompt seed width height steps guidanceScale sampler
  scheduler receiptId remixOfId remixCount trending listed listPrice mintedAt mintedBlock mintTx updatedAt updatedBlock transferCount
  versions(first: 100) { ...Provenance }
}
${provenance}`;

const activity = `
fragment Activity on Activity {
  kind actor counterparty tokenId seriesId modelId worker { address } laneId orderHash amount detail time block logIndex tx
}`;

const model = `
fragment Model on Model {
  modelId name version family kind baseModelId weightsHash weightsUri license previewCid access usageBps nextUsageBps nextUsageFrom
  resaleBps royaltyReceiver licensePrice licensePeriod verified deprecated creator { address } owner { address } user userExpires moves nonce
  artworkCount versionCount paymentCount volume royaltyEarned royaltyUnclaimed licensesSold licenseRevenue
  registeredAt registeredBlock registeredTx updatedBlock
}`;

const worker = `
fragment Worker on Worker {
  address registered bonded profileUri bond unbonding slashed earned earnedTotal paymentCount receiptCount versionCount laneCount
  registeredAt releaseAt lastActiveAt updatedBlock
}`;

const pageVariables = "$first: Int = 24, $after: String, $withTotal: Boolean = false";
const pageArguments = "first: $first, after: $after";
const pageFields =
  "pageInfo { hasNextPage endCursor } totalCount @include(if: $withTotal) totalIsExact @include(if: $withTotal)";

export const queries = {
  artworks: `query (${pageVariables}, $filter: ArtworkFilter, $orderBy: ArtworkOrder, $search: String) {
    artworks(${pageArguments}, filter: $filter, orderBy: $orderBy, search: $search) { nodes { ...ArtworkCard } ${pageFields} }
  } ${card}`,
  search: `query ($q: String!, ${pageVariables}, $filter: ArtworkFilter, $orderBy: ArtworkOrder) {
    results: artworks(search: $q, ${pageArguments}, filter: $filter, orderBy: $orderBy) {
      edges { snippet rank node { ...ArtworkCard } } ${pageFields}
    }
  } ${card}`,
  artwork: `query ($tokenId: BigInt!) { artwork(tokenId: $tokenId) { ...Artwork } } ${artwork}`,
  provenance: `query ($tokenId: BigInt!) {
    artwork(tokenId: $tokenId) { tokenId series { seriesId bodyHash } versions(first: 100) { ...Provenance } }
  } ${provenance}`,
  artworkActivity: `query ($tokenId: BigInt!, ${pageVariables}) {
    artwork(tokenId: $tokenId) { tokenId }
    activity(${pageArguments}, filter: { tokenId: $tokenId }) { nodes { ...Activity } ${pageFields} }
  } ${activity}`,
  facets: `query ($filter: ArtworkFilter, $search: String, $first: Int = 10) {
    facets: artworkFacets(filter: $filter, search: $search, first: $first) {
      total isApproximate models { modelId model { name } count } families { family count } verified { verified count }
      samplers { value count } schedulers { value count } sizes { value count } steps { value count } tags { value count }
      workers { address count } policies { policy count }
    }
  }`,
  models: `query (${pageVariables}, $filter: ModelFilter, $orderBy: ModelOrder = NEWEST, $search: String) {
    models(${pageArguments}, filter: $filter, orderBy: $orderBy, search: $search) { nodes { ...Model } ${pageFields} }
  } ${model}`,
  model: `query ($modelId: BigInt!) { model(modelId: $modelId) { ...Model } } ${model}`,
  modelStatistics: `query ($modelId: BigInt!, $days: Int = 30) {
    model(modelId: $modelId) { modelId }
    statistics: modelStatistics(modelId: $modelId, days: $days) {
      start artworks payments volume royalties licenses licenseRevenue
    }
  }`,
  seriesList: `query (${pageVariables}, $filter: SeriesFilter, $orderBy: SeriesOrder = NEWEST, $search: String) {
    series: seriesList(${pageArguments}, filter: $filter, orderBy: $orderBy, search: $search) {
      nodes { seriesId title artist { address } count supply tags mintedAt } ${pageFields}
    }
  }`,
  series: `query ($seriesId: BigInt!) {
    series(seriesId: $seriesId) {
      seriesId artist { address } firstOwner { address } count supply holderCount transferCount policy royaltyBps royaltyReceiver
      title description tags bodyHash mintedAt mintedBlock mintTx updatedBlock artworks(first: 100) { ...ArtworkCard }
    }
  } ${card}`,
  workers: `query (${pageVariables}, $filter: WorkerFilter, $orderBy: WorkerOrder = NEWEST) {
    workers(${pageArguments}, filter: $filter, orderBy: $orderBy) { nodes { ...Worker } ${pageFields} }
  } ${worker}`,
  worker: `query ($address: Address!) { worker(address: $address) { ...Worker } } ${worker}`,
  workerStatistics: `query ($address: Address!, $days: Int = 30) {
    worker(address: $address) { address }
    statistics: workerStatistics(worker: $address, days: $days) { start versions payments receipts volume earned }
  }`,
  account: `query ($address: Address!) {
    account(address: $address) {
      address balance thawing thawReadyAt deposited withdrawn spent reward artworksOwned artworksCreated seriesCreated modelsOwned
      modelsCreated worker { address }
      models(first: 100) { modelId name } licenses(first: 100) { modelId expires } firstSeenAt lastSeenAt updatedBlock
    }
  }`,
  portfolio: `query ($address: Address!, ${pageVariables}, $filter: ArtworkFilter, $orderBy: ArtworkOrder, $search: String) {
    account(address: $address) { address }
    artworks(${pageArguments}, filter: $filter, orderBy: $orderBy, search: $search) { nodes { ...ArtworkCard } ${pageFields} }
  } ${card}`,
  collection: `query ($collection: Collection!) {
    statistics: collection(collection: $collection) {
      items supply holders creators transfers series evolutions mintedLastDay mintedLastWeek usageRoyalties licenseRevenue
    }
  }`,
  holders: `query ($collection: Collection!, $seriesId: BigInt, ${pageVariables}) {
    holders(collection: $collection, seriesId: $seriesId, ${pageArguments}) { nodes { address tokens } ${pageFields} }
  }`,
  activity: `query (${pageVariables}, $filter: ActivityFilter, $orderBy: TimeOrder = NEWEST) {
    activity(${pageArguments}, filter: $filter, orderBy: $orderBy) { nodes { ...Activity } ${pageFields} }
  } ${activity}`,
  transaction: `query ($tx: Hex!, ${pageVariables}, $orderBy: TimeOrder = OLDEST) {
    activity(${pageArguments}, filter: { tx: $tx }, orderBy: $orderBy) { nodes { ...Activity } ${pageFields} }
  } ${activity}`,
  transfers: `query (${pageVariables}, $filter: TransferFilter, $orderBy: TimeOrder = NEWEST) {
    transfers(${pageArguments}, filter: $filter, orderBy: $orderBy) {
      nodes { collection tokenId from to time block tx } ${pageFields}
    }
  }`,
  licenses: `query (${pageVariables}, $filter: LicenseFilter, $orderBy: LicenseOrder = NEWEST) {
    licenses(${pageArguments}, filter: $filter, orderBy: $orderBy) {
      nodes { modelId account { address } expires purchases paid lastBuyer lastSeller boughtAt } ${pageFields}
    }
  }`,
  tokenApprovals: `query (${pageVariables}, $filter: TokenApprovalFilter, $orderBy: TimeOrder = NEWEST) {
    approvals: tokenApprovals(${pageArguments}, filter: $filter, orderBy: $orderBy) {
      nodes { collection tokenId owner approved time tx } ${pageFields}
    }
  }`,
  operatorApprovals: `query (${pageVariables}, $filter: OperatorApprovalFilter, $orderBy: TimeOrder = NEWEST) {
    approvals: operatorApprovals(${pageArguments}, filter: $filter, orderBy: $orderBy) {
      nodes { collection owner operator time tx } ${pageFields}
    }
  }`,
  workerEarnings: `query ($address: Address!, ${pageVariables}, $filter: WorkerEarningsFilter!, $orderBy: TimeOrder = NEWEST) {
    worker(address: $address) { address }
    earnings: workerEarnings(${pageArguments}, filter: $filter, orderBy: $orderBy) {
      nodes { start modelId model { name } payments volume earned } ${pageFields}
    }
  }`,
  leaderboard: `query ($of: LeaderboardSubject!, $week: Timestamp, $first: Int = 10) {
    leaderboard(of: $of, week: $week, first: $first) {
      start end isApproximate entries { rank score address modelId model { name } }
    }
  }`,
  remixTree: `query ($tokenId: BigInt!, $direction: RemixDirection = DESCENDANTS, $first: Int = 24, $after: String) {
    artwork(tokenId: $tokenId) { tokenId }
    remixes: remixTree(tokenId: $tokenId, direction: $direction, ${pageArguments}) {
      nodes { tokenId depth remixOf artwork { name cid artist { address } burned } } pageInfo { hasNextPage endCursor }
    }
  }`,
  rarity: `query ($seriesId: BigInt!, $tokenIds: [BigInt!], $first: Int = 24) {
    rarity: seriesRarity(seriesId: $seriesId, tokenIds: $tokenIds, first: $first) {
      seriesId supply traits { traitType value count bits }
      artworks { tokenId rank score artwork { name cid attributes { traitType value displayType } } traits { traitType value count bits } }
    }
  }`,
  statistics: `query ($days: Int = 30) {
    statistics(days: $days) {
      start artworks series evolutions transfers models licenses payments receipts newAccounts volume toWorkers royalties protocolFees
      licenseRevenue
    }
  }`,
} as const;
