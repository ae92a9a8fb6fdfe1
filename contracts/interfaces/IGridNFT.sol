// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Settlement} from "./IGridSettlement.sol";
import {IModelTerms} from "./IModelTerms.sol";
import {GenerationRequest} from "../messages/GridMessages.sol";

/// @notice Evolution policy of a series: the accounts that may add versions to its artworks. Fixed at mint.
/// @param NONE Nobody.
/// @param ARTIST The artist of the series, who may then edit the display of sold artworks, too.
/// @param OWNER The owner of the token, who announces it an hour ahead.
enum EvolutionPolicy {
    NONE,
    ARTIST,
    OWNER
}

/// @notice Merkle proof that the receipts which a body lists under one of its anchors are leaves of its root.
/// @dev OpenZeppelin's multiproof with the flags packed into bits. The leaves are the anchor's receipts in the order of
/// the body, which must be the tree's own order of leaves. There are `leaves + proof.length - 1` steps; each takes the
/// next of the queue (leaves first, then what was hashed), and hashes it with the next of the queue again when the
/// step's flag is set, else with the next of `proof`. A plain proof of one receipt has no flag set. Both are empty when
/// the root is the leaf itself.
/// @param laneId Lane that anchored the root, 0 for the direct rail.
/// @param proof Sibling nodes.
/// @param flags Flag of step i is bit `7 - i % 8` (the highest first) of byte `i / 8`; bytes that are not given are 0.
struct ReceiptProof {
    bytes32 laneId;
    bytes32[] proof;
    bytes flags;
}

/// @notice A requester's leave to mint a body on their behalf. Signed in GridNFT's EIP-712 domain.
/// @dev It needs no nonce: each receipt of the body mints once.
/// @param requester The artist; signs (an account by ECDSA, a contract by ERC-1271).
/// @param to Receives the tokens.
/// @param bodyHash keccak256 of the packed body.
/// @param maxFee 0: the submitter pays the mint fee, at most what they name in the call. Otherwise the fee is drawn from
/// the requester, and is at most this, AIPG wei.
/// @param deadline Unix seconds; valid up to and including it.
struct MintAuthorization {
    address requester;
    address to;
    bytes32 bodyHash;
    uint128 maxFee;
    uint64 deadline;
}

/// @notice Leave to add a version on the signer's behalf. Signed in GridNFT's EIP-712 domain by the artist (policy
/// ARTIST) or the owner (policy OWNER).
/// @param tokenId The artwork.
/// @param version Number that the version is to have: `versionsOf(tokenId) + 1`.
/// @param bodyHash keccak256 of the packed body.
/// @param deadline Unix seconds; valid up to and including it.
struct EvolveAuthorization {
    uint256 tokenId;
    uint32 version;
    bytes32 bodyHash;
    uint64 deadline;
}

/// @notice Provenance of one version of an artwork.
/// @dev Says: worker W attested, anchored at block B, that model M with this request and seed gave image H for
/// requester R, and R's payer acknowledged it. It does not prove that the model was run.
/// @param request The whole request, with model id and model hash.
/// @param seed Seed that was used.
/// @param engine Program that ran the model, e.g. "onnxruntime 1.30.0 cpu t1".
/// @param imageHash sha256 of the file.
/// @param cidDigest sha2-256 digest in the file's CID; equals `imageHash` when the file is one raw block.
/// @param worker Cold account of the worker.
/// @param requester Account that asked for the picture: the artist, or the owner who added the version.
/// @param payer Account that acknowledged and paid for the receipt.
/// @param orderHash The order it answers.
/// @param index Image within that order.
/// @param price AIPG wei, gross.
/// @param completedAt Unix seconds, by the worker's clock.
/// @param source Index of the anchor source (`anchorSource`).
/// @param anchorTime Unix seconds of the anchor.
/// @param anchorBlock Block of the anchor.
/// @param receiptId EIP-712 digest of the receipt in the source's domain: what the worker signed.
/// @param parent Token that the input image was taken from, 0 when none is claimed.
/// @param parentVersion Version of `parent` whose image hash is `request.sourceHash`.
struct Provenance {
    GenerationRequest request;
    uint64 seed;
    string engine;
    bytes32 imageHash;
    bytes32 cidDigest;
    address worker;
    address requester;
    address payer;
    bytes32 orderHash;
    uint32 index;
    uint128 price;
    uint64 completedAt;
    uint8 source;
    uint40 anchorTime;
    uint40 anchorBlock;
    bytes32 receiptId;
    uint256 parent;
    uint32 parentVersion;
}

/// @notice Series: the artworks that one mint call created.
/// @param artist Requester of all its receipts; receives the royalty.
/// @param count Artworks in it.
/// @param royaltyBps ERC-2981 royalty, basis points.
/// @param policy Accounts that may add versions.
/// @param title As minted; see `displayOf` for what is shown now.
/// @param description As minted.
/// @param tags Comma-separated.
/// @param blob Contract whose code is the stored body.
struct Series {
    address artist;
    uint256 count;
    uint256 royaltyBps;
    EvolutionPolicy policy;
    string title;
    string description;
    string tags;
    address blob;
}

/// @notice Display of an artwork, which the artist may edit. Empty fields of an edit mean empty, not unchanged.
/// @param title Shown name, without the number that artworks of a longer series carry.
/// @param description Shown text.
/// @param animationUrl `animation_url` of the metadata; empty leaves the key out.
struct Display {
    string title;
    string description;
    string animationUrl;
}

/// @notice Everything a renderer shows.
/// @param tokenId The token.
/// @param index Number within its series, from 1.
/// @param count Artworks in its series.
/// @param version Version that is shown: the last.
/// @param policy Evolution policy of the series.
/// @param artist Artist of the series.
/// @param tags Comma-separated.
/// @param display Title, description and animation as they are now.
/// @param provenance Of `version`.
struct Artwork {
    uint256 tokenId;
    uint256 index;
    uint256 count;
    uint256 version;
    EvolutionPolicy policy;
    address artist;
    string tags;
    Display display;
    Provenance provenance;
}

/// @title GridNFT
/// @notice Artworks made by the Grid. Each token is minted from a receipt that its worker signed and its payer
/// acknowledged on chain; prompt, parameters, seed, model, image hash, worker, artist and time are on chain with it and
/// can never be rewritten.
/// @dev `tokenId = seriesId * 1_000 + index`, both from 1: the first token is 1001. Ids of series ascend with gaps: versions
/// and edits take numbers, too. Everything a mint stores is one
/// packed body, given by the caller and kept verbatim; its format is the NatSpec of `artworks/ArtworkMint.sol`.
///
/// Standards: ERC-721 with metadata, ERC-2981, ERC-4906, ERC-7007 (its `verify` and `addAigcData`, ids are ours),
/// ERC-7572, ERC-173 (an owner without power), ERC-5267, ERC-165; UUPS under an AccessManager.
///
/// Whoever may mint is the requester of the receipts, or carries the requester's `MintAuthorization`. A receipt's
/// requester is the artist. All receipts of a series have one requester.
///
/// ERC-7007 here: `aigcData` is a packed body with one anchor and one artwork, `proof` is
/// `abi.encode(address requester, ReceiptProof[] proofs)` with one plain proof. `verify` reverts with the error that
/// names the fault when the body is malformed, and is false when it is not proven: it checks all that a mint of the body
/// would, but for whether its receipt is used. `addAigcData` is `evolve` by the caller, who must be that requester.
///
/// A token burnt keeps its provenance readable; its receipt stays used.
///
/// **Hands of the artist.** A token leaves them with its first transfer to another account, and for good. A mint to anybody
/// but the requester counts, a mint to the escrow included; a transfer to oneself does not. A transfer to the escrow does
/// not count, one from the escrow does unless it goes to the series' artist.
///
/// **Escrow.** One contract, set once, that holds tokens in auction (`IGridEscrow`). While it owns a token and its `hasBid`
/// says that a bid stands on it, `evolve`, `evolveFor`, `addAigcData` and `setDisplay` of that token revert with
/// `GridNFT_InEscrow`; announcements and `freeze` go on. Whoever puts a token there can so keep an artist (policy ARTIST)
/// from evolving it for the time of the auction. `hasBid` is called plainly: an escrow that reverts stops these edits of the
/// tokens it owns, and nothing else. No transfer ever calls it.
///
/// **Seals.** `sealUpgrades` ends upgrades, and with them the list of anchor sources and the choice of an escrow;
/// `sealRenderer` ends the choice of a renderer. What was sealed before upgrades are sealed could be undone by an upgrade.
/// Sources, renderer and escrow have code when they are named. A seal fixes their addresses, not what a proxy there runs.
interface IGridNFT {
    // ------------------------------------------------------------------------------------------------------- events

    /// @notice A series was minted: tokens `seriesId * 1_000 + 1` to `seriesId * 1_000 + count`.
    /// @param seriesId The series.
    /// @param artist Requester of every receipt in it.
    /// @param to First owner of every token.
    /// @param count Artworks.
    /// @param blob Requester, packed body, times of the anchors: the stored code without its first byte.
    event SeriesMinted(uint256 indexed seriesId, address indexed artist, address indexed to, uint256 count, bytes blob);

    /// @notice A version was added to an artwork. Comes with ERC-4906's `MetadataUpdate`.
    /// @param tokenId The artwork.
    /// @param version Its number; the mint is version 1.
    /// @param requester Requester of the receipt: the artist or the owner, by policy.
    /// @param nonce The token's presentation nonce from now on.
    /// @param blob Requester, packed body, times of the anchors: the stored code without its first byte.
    event VersionAdded(
        uint256 indexed tokenId, uint256 indexed version, address indexed requester, uint256 nonce, bytes blob
    );

    /// @notice The owner of a token announced a version.
    /// @param tokenId The artwork.
    /// @param version Number that the version will have.
    /// @param owner Owner who announced it, and alone may add it.
    /// @param bodyHash keccak256 of its packed body.
    /// @param readyAt Unix seconds from which it may be added.
    /// @param expiresAt Unix seconds up to which it may be added.
    event EvolutionAnnounced(
        uint256 indexed tokenId,
        uint256 indexed version,
        address indexed owner,
        bytes32 bodyHash,
        uint256 readyAt,
        uint256 expiresAt
    );

    /// @notice The artist edited what an artwork shows. Comes with ERC-4906's `MetadataUpdate`.
    /// @param tokenId The artwork.
    /// @param nonce The token's presentation nonce from now on.
    /// @param title Title from now on.
    /// @param description Description from now on.
    /// @param animationUrl Animation from now on.
    event DisplayEdited(uint256 indexed tokenId, uint256 nonce, string title, string description, string animationUrl);

    /// @notice The display of an artwork can never be edited again.
    event DisplayFrozen(uint256 indexed tokenId);

    /// @notice Receipts anchored by `source` can be minted.
    /// @param index Its index in bodies.
    /// @param source Contract that implements IReceiptAnchor.
    event AnchorSourceAdded(uint256 indexed index, address indexed source);

    /// @notice The mint fee has changed.
    /// @param fee AIPG wei per artwork.
    /// @param treasury Receives it.
    event MintFeeSet(uint256 fee, address indexed treasury);

    /// @notice The renderer has changed. Comes with ERC-4906's `BatchMetadataUpdate` for all tokens.
    event RendererSet(address indexed previousRenderer, address indexed renderer);

    /// @notice Minting was stopped, or goes on.
    event MintPauseSet(bool paused);

    /// @notice The implementation can never be replaced again, no anchor source added, and no escrow set.
    event UpgradesSealed();

    /// @notice The renderer can never be replaced again.
    event RendererSealed();

    /// @notice The artist of a series named who receives its royalty.
    /// @param seriesId The series.
    /// @param receiver Receives the ERC-2981 royalty of all its tokens from now on.
    event RoyaltyReceiverSet(uint256 indexed seriesId, address indexed receiver);

    /// @notice The escrow was set. Emitted once, ever.
    /// @param escrow Contract that implements IGridEscrow.
    event EscrowSet(address indexed escrow);

    // ------------------------------------------------------------------------------------------------------- errors

    /// @notice An address that must not be zero is zero.
    error GridNFT_ZeroAddress(string field);

    /// @notice Minting is paused.
    error GridNFT_Paused();

    /// @notice The fee of this mint is above what was agreed to.
    error GridNFT_FeeAboveMax(uint256 fee, uint256 maxFee);

    /// @notice The signature is past its deadline.
    error GridNFT_AuthorizationExpired(uint256 deadline);

    /// @notice The authorization is for another body.
    error GridNFT_AuthorizationForOtherBody(bytes32 authorized, bytes32 given);

    /// @notice `signer` did not sign this authorization.
    error GridNFT_BadSignature(address signer);

    /// @notice The body ends `missing` bytes before the item that it ends in.
    error GridNFT_BodyTooShort(uint256 missing);

    /// @notice `surplus` bytes follow the end of the body.
    error GridNFT_BodyTooLong(uint256 surplus);

    /// @notice Text to be stored does not fit a contract's code.
    error GridNFT_BlobTooLarge(uint256 size, uint256 maxSize);

    /// @notice A blob came to stand at another address than its number says. Cannot happen while blobs are all that the
    /// contract creates.
    error GridNFT_BlobMisplaced(address actual, address expected);

    /// @notice The body's first byte is not the one that this call takes.
    error GridNFT_WrongForm(uint256 given, uint256 expected);

    /// @notice A value of the body is not allowed.
    /// @param field Name of the field in the body format.
    /// @param value Value that was given.
    error GridNFT_BadValue(string field, uint256 value);

    /// @notice A text of the body is not UTF-8, or holds a control character.
    /// @param field Name of the field in the body format.
    /// @param position Byte within the text.
    error GridNFT_BadText(string field, uint256 position);

    /// @notice There must be one proof for each anchor of the body.
    error GridNFT_ProofCount(uint256 given, uint256 expected);

    /// @notice An order could not be settled.
    /// @param position Among the items.
    /// @param reason Selector of the error `IGridSettlement.settle` would have reverted with.
    error GridNFT_SettlementFailed(uint256 position, bytes4 reason);

    /// @notice Nothing is anchored under this key.
    error GridNFT_NotAnchored(uint256 source, bytes32 laneId, address payer, bytes32 root);

    /// @notice The anchor is of another worker.
    error GridNFT_WrongWorker(address given, address anchored);

    /// @notice The request names a model hash that is not the model's.
    error GridNFT_WrongModelHash(uint256 modelId, bytes32 given, bytes32 actual);

    /// @notice The worker claims to have been done after the anchor, or long before it.
    /// @param completedAt From the receipt.
    /// @param anchorTime From the anchor.
    error GridNFT_BadCompletionTime(uint256 completedAt, uint256 anchorTime);

    /// @notice This receipt is minted already, or another receipt of the same order and index is.
    error GridNFT_AlreadyMinted(bytes32 orderHash, uint256 index);

    /// @notice The parent's image is not the input image of the request.
    /// @param parent Token claimed as the parent.
    /// @param version Its version.
    /// @param sourceHash From the request.
    error GridNFT_ParentImageMismatch(uint256 parent, uint256 version, bytes32 sourceHash);

    /// @notice No version with this number was minted.
    error GridNFT_UnknownVersion(uint256 tokenId, uint256 version);

    /// @notice No such series.
    error GridNFT_UnknownSeries(uint256 seriesId);

    /// @notice The caller, or signer, may not do this to the artwork.
    error GridNFT_NotAllowed(uint256 tokenId, address account);

    /// @notice The caller is not the artist of the series.
    error GridNFT_NotArtist(uint256 seriesId, address account);

    /// @notice The artworks of this series do not evolve.
    error GridNFT_DoesNotEvolve(uint256 tokenId);

    /// @notice The authorization is for another version than the next.
    error GridNFT_WrongVersion(uint256 given, uint256 next);

    /// @notice This version was not announced by the token's owner, or its time has run out.
    error GridNFT_NotAnnounced(uint256 tokenId, uint256 version, bytes32 bodyHash);

    /// @notice This version was announced less than an hour ago.
    error GridNFT_TooEarly(uint256 readyAt);

    /// @notice The display of this artwork can no longer be edited.
    error GridNFT_DisplayLocked(uint256 tokenId);

    /// @notice The escrow owns this artwork, and a bid stands on it.
    error GridNFT_InEscrow(uint256 tokenId);

    /// @notice The list of tokens is empty.
    error GridNFT_NoTokens();

    /// @notice The artwork has as many versions as can be counted: 2^22 - 1.
    error GridNFT_TooManyVersions(uint256 tokenId);

    /// @notice The artwork has been changed as often as can be counted: 2^32 - 1 times.
    error GridNFT_TooManyChanges(uint256 tokenId);

    /// @notice ERC-7007: the prompt is not the prompt of the body.
    error GridNFT_PromptMismatch();

    /// @notice No such anchor source.
    error GridNFT_UnknownSource(uint256 index);

    /// @notice This anchor source is listed already.
    error GridNFT_SourceListed(address source);

    /// @notice There is no room for another anchor source.
    error GridNFT_TooManySources();

    /// @notice The fee is above the cap in code.
    error GridNFT_FeeAboveCap(uint256 fee, uint256 cap);

    /// @notice Upgrades are sealed.
    error GridNFT_UpgradesSealed();

    /// @notice The list of anchor sources is sealed.
    error GridNFT_SourcesSealed();

    /// @notice The renderer is sealed.
    error GridNFT_RendererSealed();

    /// @notice There is an escrow already.
    error GridNFT_EscrowIsSet(address escrow);

    /// @notice There is no contract at this address.
    error GridNFT_NoCode(address account);

    // -------------------------------------------------------------------------------------------------------- views

    /// @notice Fee cap, AIPG wei per artwork.
    function MAX_MINT_FEE() external view returns (uint256);

    /// @notice The token that fees are paid in.
    function aipg() external view returns (IERC20);

    /// @notice The model registry (AIGC) that model hashes are checked against.
    function models() external view returns (IModelTerms);

    /// @notice Existing tokens.
    function totalSupply() external view returns (uint256);

    /// @notice Provenance of the version that is shown: the last.
    /// @dev Errors: GridNFT_UnknownVersion.
    function provenanceOf(uint256 tokenId) external view returns (Provenance memory);

    /// @notice Provenance of a version, from 1.
    /// @dev Errors: GridNFT_UnknownVersion.
    function provenanceOf(uint256 tokenId, uint256 version) external view returns (Provenance memory);

    /// @notice Versions of an artwork; 0 when it was never minted.
    function versionsOf(uint256 tokenId) external view returns (uint256);

    /// @notice Series of a token.
    /// @dev Errors: GridNFT_UnknownVersion.
    /// @return seriesId The series.
    /// @return index Number within it, from 1.
    function seriesOf(uint256 tokenId) external view returns (uint256 seriesId, uint256 index);

    /// @notice A series.
    /// @dev Errors: GridNFT_UnknownSeries.
    function series(uint256 seriesId) external view returns (Series memory);

    /// @notice Artist of a token.
    /// @dev Errors: GridNFT_UnknownVersion.
    function artistOf(uint256 tokenId) external view returns (address);

    /// @notice Returns what the artwork shows now.
    /// @dev Errors: GridNFT_UnknownVersion.
    /// @return display Title, description and animation.
    /// @return locked Whether it can no longer be edited.
    function displayOf(uint256 tokenId) external view returns (Display memory display, bool locked);

    /// @notice State of a token, for market orders to name: an order is dead when what it names has changed.
    /// @dev Announcements, approvals, `freeze`, `setRoyaltyReceiver` and a new renderer change neither number. Errors:
    /// ERC721NonexistentToken, for burnt tokens too.
    /// @return moves Transfers so far, those to oneself included; the mint is none. Counts modulo 2^40.
    /// @return shown Presentation nonce: versions added and edits of the display so far. Never falls.
    function stateOf(uint256 tokenId) external view returns (uint64 moves, uint64 shown);

    /// @notice CID of the image that is shown, as text: CIDv1, base32.
    /// @dev Codec raw when the CID's digest is the file's own hash, else dag-pb. Errors: GridNFT_UnknownVersion.
    function imageCid(uint256 tokenId) external view returns (string memory);

    /// @notice Contract whose code is the stored body of a version.
    /// @dev Errors: GridNFT_UnknownVersion.
    function blobOf(uint256 tokenId, uint256 version) external view returns (address);

    /// @notice `verify(tokenId, version)` for every version.
    function verify(uint256 tokenId) external view returns (bool);

    /// @notice Recomputes a version from its blob, and compares with the chain what can be compared without a proof: that
    /// its receipt is marked as used, that the model's hash is the request's, that its parent has the request's input image,
    /// and that its times fit each other.
    /// @dev False for an unknown version. Whether the receipt is anchored takes the lane and the proof, which are in the
    /// calldata of the mint: see the next function.
    function verify(uint256 tokenId, uint256 version) external view returns (bool);

    /// @notice As `verify(tokenId, version)`, and that the worker's anchor of the receipt exists, with the time and block
    /// that the version says. Together this is all that the mint has checked of it, against the settlement's own storage.
    /// @param laneId Lane that anchored it, 0 for the direct rail.
    /// @param proof Sibling nodes of the receipt in the anchored tree; empty when the root is the leaf itself.
    function verify(uint256 tokenId, uint256 version, bytes32 laneId, bytes32[] calldata proof)
        external
        view
        returns (bool);

    /// @notice Returns true when the receipt of this order and index is minted.
    function isMinted(address requester, bytes32 orderHash, uint256 index) external view returns (bool);

    /// @notice Time from which an announced version may be added, Unix seconds; 0 when it was not announced.
    function announcedAt(uint256 tokenId, uint256 version, address owner, bytes32 bodyHash)
        external
        view
        returns (uint256 readyAt);

    /// @notice Anchor source of an index.
    /// @dev Errors: GridNFT_UnknownSource.
    function anchorSource(uint256 index) external view returns (address);

    /// @notice Number of anchor sources.
    function anchorSourceCount() external view returns (uint256);

    /// @notice Mint fee.
    /// @return fee AIPG wei per artwork.
    /// @return treasury Receives it.
    function mintFee() external view returns (uint256 fee, address treasury);

    /// @notice The renderer.
    function renderer() external view returns (address);

    /// @notice Returns true while minting is paused.
    function paused() external view returns (bool);

    /// @notice Escrow, the zero address while there is none.
    function escrow() external view returns (address);

    /// @notice Tells what can never change again.
    /// @dev As long as upgrades are not sealed, an upgrade could undo the other three.
    /// @return upgrades Whether the implementation is final.
    /// @return sources Whether the list of anchor sources is final: since upgrades are sealed.
    /// @return renderer Whether the renderer is final.
    /// @return escrow Whether the escrow is final: since it is set, or since upgrades are sealed without one.
    function seals() external view returns (bool upgrades, bool sources, bool renderer, bool escrow);

    // --------------------------------------------------------------------------------------------------------- mint

    /// @notice Mints a series from anchored receipts. The caller is their requester.
    /// @dev Takes the mint fee, `fee x artworks`, from the caller by `transferFrom`.
    ///
    /// Each artwork's request and receipt are hashed again from the body; every receipt must be a leaf of a root that
    /// `anchorOf` of its source knows with the same worker; `modelHash` must be the model's; a fixed seed is below 2^63
    /// and the receipt's seed is then `seed + index`; `completedAt` is at most 15 minutes after the anchor and at most
    /// 30 days before it; the receipt must not have been minted; text is UTF-8 without control characters.
    ///
    /// When `to` has code, `onERC721Received` is called for every token, last of all.
    ///
    /// A body takes up to 999 artworks; what fits one transaction is fewer. See `MAX_ARTWORKS` in
    /// `artworks/BodyDecoder.sol`.
    ///
    /// Errors: GridNFT_Paused, GridNFT_FeeAboveMax, all of the body, AIPG's own.
    /// @param body Packed body, form 1.
    /// @param proofs One for each anchor of the body, in its order.
    /// @param to Receives the tokens.
    /// @param maxFee Most that the whole mint fee may be, AIPG wei.
    /// @return seriesId The series.
    function mint(bytes calldata body, ReceiptProof[] calldata proofs, address to, uint128 maxFee)
        external
        returns (uint256 seriesId);

    /// @notice As `mint`, by anyone who carries the requester's authorization.
    /// @dev The mint fee is the requester's when the authorization names a `maxFee`, else the caller's.
    /// Errors: as `mint`, GridNFT_AuthorizationExpired, GridNFT_AuthorizationForOtherBody, GridNFT_BadSignature.
    /// @param signature Of the authorization, by ECDSA or ERC-1271.
    /// @param maxFee Most that the whole mint fee may be when the caller pays it, AIPG wei. Ignored when the requester
    /// pays: then the authorization's own cap holds.
    function mintFor(
        bytes calldata body,
        ReceiptProof[] calldata proofs,
        MintAuthorization calldata authorization,
        bytes calldata signature,
        uint128 maxFee
    ) external returns (uint256 seriesId);

    /// @notice As `mint`, after settling directly what is not settled yet. One transaction pays the worker and mints.
    /// @dev Settles by `IGridSettlement.settleBatch`. An order whose nonce is used is passed over: somebody else was first,
    /// and its anchor is there. Errors: as `mint`, GridNFT_SettlementFailed, GridNFT_UnknownSource.
    /// @param source Index of the anchor source that settles.
    /// @param items Orders with their receipts.
    function settleAndMint(
        uint256 source,
        Settlement[] calldata items,
        bytes calldata body,
        ReceiptProof[] calldata proofs,
        address to,
        uint128 maxFee
    ) external returns (uint256 seriesId);

    /// @notice As `settleAndMint`, by anyone who carries the requester's authorization.
    /// @dev Errors: as `settleAndMint` and `mintFor`.
    /// @param maxFee As in `mintFor`.
    function settleAndMintFor(
        uint256 source,
        Settlement[] calldata items,
        bytes calldata body,
        ReceiptProof[] calldata proofs,
        MintAuthorization calldata authorization,
        bytes calldata signature,
        uint128 maxFee
    ) external returns (uint256 seriesId);

    // ------------------------------------------------------------------------------------------------------- evolve

    /// @notice Adds a version to an artwork, from an anchored receipt.
    /// @dev Policy ARTIST: the caller is the artist. Policy OWNER: the caller is the token's owner (no operator), and
    /// announced exactly this body: at least an hour ago, and it holds for 7 days after that hour (`EvolutionAnnounced` has
    /// both times). The caller must be the requester of the receipt, so nobody can use up somebody else's, and the version says whose idea it was. There is no fee.
    ///
    /// Errors: GridNFT_DoesNotEvolve, GridNFT_NotAllowed, GridNFT_InEscrow, GridNFT_NotAnnounced, GridNFT_TooEarly,
    /// GridNFT_TooManyVersions, GridNFT_TooManyChanges, all of the body.
    /// @param tokenId The artwork.
    /// @param body Packed body, form 2.
    /// @param proofs One, of its one receipt.
    /// @return version Number of the new version.
    function evolve(uint256 tokenId, bytes calldata body, ReceiptProof[] calldata proofs)
        external
        returns (uint256 version);

    /// @notice As `evolve`, by anyone who carries the authorization of the artist or owner.
    /// @dev Errors: as `evolve`, GridNFT_AuthorizationExpired, GridNFT_AuthorizationForOtherBody, GridNFT_WrongVersion,
    /// GridNFT_BadSignature.
    function evolveFor(
        bytes calldata body,
        ReceiptProof[] calldata proofs,
        EvolveAuthorization calldata authorization,
        bytes calldata signature
    ) external returns (uint256 version);

    /// @notice Announces a version under policy OWNER. The caller is the token's owner.
    /// @dev Announcing again restarts the hour. Errors: GridNFT_DoesNotEvolve, GridNFT_NotAllowed.
    /// @param bodyHash keccak256 of the packed body.
    function announceEvolution(uint256 tokenId, bytes32 bodyHash) external;

    /// @notice As `announceEvolution`, by anyone who carries the owner's authorization to evolve.
    /// @dev Errors: as `announceEvolution`, GridNFT_AuthorizationExpired, GridNFT_WrongVersion, GridNFT_BadSignature.
    /// An announcement that still holds is left as it is, so nobody restarts its hour. One that has run out is made anew, with
    /// an hour of its own, until the authorization's deadline: that is how long the owner agreed to.
    function announceEvolutionFor(EvolveAuthorization calldata authorization, bytes calldata signature) external;

    // ------------------------------------------------------------------------------------------------------ display

    /// @notice Edits what artworks show. The caller is their artist.
    /// @dev Possible until `freeze`, and, unless the policy is ARTIST, until a token first leaves the artist's hands. One
    /// token that can't be edited stops all. Errors: GridNFT_NoTokens, GridNFT_NotAllowed, GridNFT_DisplayLocked,
    /// GridNFT_InEscrow, GridNFT_TooManyChanges, GridNFT_BadText, GridNFT_BlobTooLarge, ERC721NonexistentToken.
    /// @param tokenIds Artworks that get the same display; at least one.
    function setDisplay(uint256[] calldata tokenIds, Display calldata display) external;

    /// @notice Gives up for ever the right to edit what artworks show. The caller is their artist.
    /// @dev Errors: GridNFT_NoTokens, GridNFT_NotAllowed, ERC721NonexistentToken.
    /// @param tokenIds Artworks to freeze; at least one.
    function freeze(uint256[] calldata tokenIds) external;

    /// @notice Names who receives the royalty of a series. The caller is its artist, who receives it until then.
    /// @dev For every token of the series, sold or not, at once; the rate stays. Errors: GridNFT_UnknownSeries,
    /// GridNFT_NotArtist, GridNFT_ZeroAddress.
    /// @param receiver Receiver in `royaltyInfo` from now on; not zero.
    function setRoyaltyReceiver(uint256 seriesId, address receiver) external;

    /// @notice Destroys a token. The caller is its owner or an operator.
    function burn(uint256 tokenId) external;

    // -------------------------------------------------------------------------------------------------------- admin

    /// @notice Appends an anchor source. Restricted.
    /// @dev Sources are never changed or removed: an old receipt stays valid. After `sealUpgrades` none is added, so
    /// receipts of a later settlement contract can't be minted here.
    /// Errors: GridNFT_SourcesSealed, GridNFT_NoCode, GridNFT_SourceListed, GridNFT_TooManySources.
    /// @return index Its index.
    function addAnchorSource(address source) external returns (uint256 index);

    /// @notice Sets the mint fee. Restricted.
    /// @dev Errors: GridNFT_FeeAboveCap, GridNFT_ZeroAddress.
    /// @param fee AIPG wei per artwork.
    /// @param treasury Receives it.
    function setMintFee(uint256 fee, address treasury) external;

    /// @notice Replaces the renderer. Restricted. Errors: GridNFT_RendererSealed, GridNFT_NoCode.
    function setRenderer(address renderer) external;

    /// @notice Sets the escrow, once and for ever. Restricted.
    /// @dev Errors: GridNFT_EscrowIsSet, GridNFT_UpgradesSealed, GridNFT_NoCode.
    /// @param escrow Contract that implements IGridEscrow.
    function setEscrow(address escrow) external;

    /// @notice Sets the collection's metadata URI (ERC-7572). Restricted.
    function setContractURI(string calldata uri) external;

    /// @notice Stops new mints; nothing else. Restricted.
    function pause() external;

    /// @notice Lets mints go on. Restricted.
    function unpause() external;

    /// @notice Ends upgrades for ever, and with them new anchor sources and an escrow that is not set yet. Restricted.
    /// @dev Errors: GridNFT_UpgradesSealed when they are.
    function sealUpgrades() external;

    /// @notice Ends the choice of a renderer for ever. Restricted.
    /// @dev Errors: GridNFT_RendererSealed when it has ended.
    function sealRenderer() external;
}
