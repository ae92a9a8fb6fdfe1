// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {LibBit} from "solady/utils/LibBit.sol";

import {IGridEscrow} from "../interfaces/IGridEscrow.sol";
import {Display, EvolutionPolicy, IGridNFT, ReceiptProof} from "../interfaces/IGridNFT.sol";
import {IGridSettlement, Settlement} from "../interfaces/IGridSettlement.sol";
import {IModelTerms} from "../interfaces/IModelTerms.sol";
import {IReceiptAnchor} from "../interfaces/IReceiptAnchor.sol";
import {BlobStore} from "./BlobStore.sol";
import {BodyDecoder} from "./BodyDecoder.sol";
import {GridMessages} from "../messages/GridMessages.sol";
import {GridNFTStorage} from "./GridNFTStorage.sol";
import {GridReader} from "./GridReader.sol";
import {JsonText} from "../messages/JsonText.sol";
import {TOKENS_PER_SERIES} from "./TokenIds.sol";
import {TokenRecord} from "./TokenRecord.sol";

/// @title The packed body of a series or version
/// @notice Decodes, hashes, checks, stores and reads the packed body that GridNFT is given at mint.
/// @dev NORMATIVE. A body is what follows, in this order, without padding, and nothing after it. All integers are
/// big-endian. The same bytes are given by the caller, hashed (`bodyHash` = keccak256 of the body), stored and logged.
///
/// Notation: `u8 u16 u40 u64` integers of so many bits. `b20 b32` so many bytes. `num`: a u8 `n`, then `n` bytes, the
/// first of them not zero (0 is the single byte 00); `n` is at most the width given in brackets, in bytes.
/// `text8`, `text16`: a u8 or u16 length in bytes, then UTF-8 without control characters (U+0000 to U+001F and U+007F
/// to U+009F).
///
/// ```
/// body     = form, [header], anchors, engines, requests, orders, artworks
///
/// form     = u8                       1: a series (mint). 2: a version (evolve); it has no header, and one artwork.
///
/// header   = u8     policy            0 NONE, 1 ARTIST, 2 OWNER
///            u16    royaltyBps        at most 1,000
///            text8  title
///            text16 description
///            text8  tags              comma-separated
///
/// anchors  = u8 count, at least 1, then for each:
///            u8     source            index of the anchor source
///            u8     flags             1 payer; other bits 0
///            b20    payer             if payer is set; else the requester
///            b20    worker
///
/// engines  = u8 count, at least 1, then for each:
///            text8  engine            its keccak256 is the receipt's engineHash
///
/// requests = u8 count, at least 1, then for each:
///            u16    mask              bit i is set when the i-th of the following fields is given
///            num    modelId       (32)  bit 0
///            b32    modelHash           bit 1
///            text16 prompt              bit 2
///            text16 negativePrompt      bit 3
///            u64    seed                bit 4; below 2^63, or 2^64-1 for any
///            num    width          (4)  bit 5
///            num    height         (4)  bit 6
///            num    steps          (4)  bit 7
///            num    guidanceMilli  (4)  bit 8
///            text8  sampler             bit 9
///            text8  scheduler           bit 10
///            b32    sourceHash          bit 11
///            text16 extras              bit 12
///            b32    salt                bit 13; bits 14 and 15 are 0
///          A field that is not given is, in the first request, 0 or empty, and 2^64-1 (any) for the seed; in a later
///          request, what it is in the first one.
///
/// orders   = u8 count, at least 1, then for each:
///            b32    orderHash
///            u8     anchor            index into anchors
///            u8     request           index into requests
///            u8     engine            index into engines
///            num    price         (16)  price of its receipts, where they do not say otherwise; in a later order, 0
///                                       stands for the first order's
///          The same orderHash may be listed again with another anchor or engine.
///
/// artworks = u16 count, at least 1, at most 999 (1 in form 2), then for each:
///            u8     flags             1 cid, 2 price, 4 parent; other bits 0
///            u8     order             index into orders
///            u8     index             the receipt's index
///            u40    completedAt       Unix seconds
///            b32    imageHash
///            u64    seed              if its request's seed is 2^64-1; else the receipt's seed is seed + index
///            b32    cidDigest         if cid is set; else it equals imageHash
///            num    price        (16)   if price is set; else the order's
///            num    parent       (32)   if parent is set: token id of the artwork that sourceHash is the image of
///            num    parentVersion (4)   if parent is set
/// ```
///
/// Artwork i (from 0) of a series becomes token `seriesId * 1_000 + i + 1`. The leaves of an anchor's proof are its
/// artworks' receipts in the order of the body. The receipt of an artwork is
/// `JobReceipt(orderHash, index, requester, worker, modelId, requestHash, seed, engineHash, imageHash, cidDigest,
/// completedAt, price)` with the requester of the mint.
///
/// Which lane an anchor belongs to is not in the body but in the call (`ReceiptProof.laneId`), and its root follows from
/// the receipts and the proof: both are needed to find the anchor, never to read the artwork, and 64 bytes of code cost
/// 14,500 gas.
///
/// The stored blob is a zero byte, the b20 requester, the body, and for each anchor its u40 time and u40 block. Events
/// carry it without the zero byte. It is at most 24,576 bytes of code.
/// @dev Linked to GridNFT: runs in its context, on `GridNFTStorage`.
library ArtworkMint {
    /// @dev A body names its source in one byte.
    uint256 private constant MAX_SOURCES = 256;

    /// @dev Between an owner's announcement of a version and the version.
    uint256 private constant ANNOUNCE_DELAY = 1 hours;
    /// @dev After that, an announcement holds so long.
    uint256 private constant ANNOUNCE_TERM = 7 days;

    // ------------------------------------------------------------------------------------------------------- writing

    /// @notice Settles orders directly. What somebody else has settled before is passed over.
    /// @param call Calldata of `settleAndMint` or `settleAndMintFor`, which begin alike: the items are read where they stand.
    function settle(bytes calldata call) external {
        (uint256 source, Settlement[] calldata items) = _decodeItems(call);
        address settlement = GridNFTStorage.load().sources[source];
        if (settlement == address(0)) revert IGridNFT.GridNFT_UnknownSource(source);
        bytes4[] memory failures = IGridSettlement(settlement).settleBatch(items);
        for (uint256 i; i < failures.length; ++i) {
            if (failures[i] != 0 && failures[i] != IGridSettlement.GridSettlement_NonceUsed.selector) {
                revert IGridNFT.GridNFT_SettlementFailed(i, failures[i]);
            }
        }
    }

    /// @notice Checks and stores the body of a series, and marks its receipts as used.
    /// @return seriesId The new series.
    /// @return count Its artworks.
    function mintSeries(
        bytes calldata body,
        ReceiptProof[] calldata proofs,
        address requester,
        address to,
        IModelTerms models
    ) external returns (uint256 seriesId, uint256 count) {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        BodyDecoder.DecodedBody memory decoded =
            BodyDecoder.open(body, proofs.length, requester, BodyDecoder.FORM_SERIES);
        (, decoded.position) = BodyDecoder.header(decoded.position, decoded.end);
        _check(decoded, proofs, models, BodyDecoder.MAX_ARTWORKS);

        count = decoded.count;
        seriesId = $.counters.blobs + 1;
        // forge-lint: disable-next-line(unsafe-typecast) -- each counts something that costs gas
        ($.counters.blobs, $.counters.supply) = (uint48(seriesId), uint64($.counters.supply + count));
        BlobStore.write(decoded.blob, seriesId);
        emit IGridNFT.SeriesMinted(seriesId, requester, to, count, decoded.blob);
    }

    /// @notice Checks and stores the body of a version, and marks its receipt as used.
    /// @param evolver Requester of the receipt. The caller of this has checked that they may.
    /// @return version Number of the version.
    function addVersion(
        uint256 tokenId,
        bytes calldata body,
        ReceiptProof[] calldata proofs,
        address evolver,
        IModelTerms models
    ) external returns (uint256 version) {
        return _addVersion(tokenId, body, proofs, evolver, models);
    }

    /// @notice As `addVersion` for the caller, in ERC-7007's clothes.
    function addAigcData(
        uint256 tokenId,
        bytes calldata prompt,
        bytes calldata body,
        bytes calldata proof,
        IModelTerms models
    ) external {
        (address requester, ReceiptProof[] calldata proofs) = _decodeProofs(proof);
        if (requester != msg.sender) revert IGridNFT.GridNFT_NotAllowed(tokenId, requester);
        uint256 version = _addVersion(tokenId, body, proofs, msg.sender, models);
        if (keccak256(bytes(GridReader.prompt(tokenId, version))) != keccak256(prompt)) {
            revert IGridNFT.GridNFT_PromptMismatch();
        }
    }

    /// @notice Announces a version.
    /// @param once True when an announcement that still holds is left as it is.
    function announce(uint256 tokenId, address account, bytes32 bodyHash, bool once) external {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        if (_policyOf(tokenId) != EvolutionPolicy.OWNER) {
            revert IGridNFT.GridNFT_NotAllowed(tokenId, account);
        }
        uint256 version = $.tokens[tokenId].versions() + 1;
        bytes32 key = GridNFTStorage.announcementKey(tokenId, version, account, bodyHash);
        if (once && block.timestamp <= $.announcements[key] + ANNOUNCE_TERM) return;
        uint256 readyAt = block.timestamp + ANNOUNCE_DELAY;
        $.announcements[key] = readyAt;
        emit IGridNFT.EvolutionAnnounced(tokenId, version, account, bodyHash, readyAt, readyAt + ANNOUNCE_TERM);
    }

    /// @notice Stores what the caller, who must be the artist, wants to be shown.
    function setDisplay(uint256[] calldata tokenIds, Display calldata display) external {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        if (tokenIds.length == 0) revert IGridNFT.GridNFT_NoTokens();
        _requireText(bytes(display.title), "title");
        _requireText(bytes(display.description), "description");
        _requireText(bytes(display.animationUrl), "animationUrl");
        address blob = BlobStore.write(abi.encode(display), ++$.counters.blobs);
        for (uint256 i; i < tokenIds.length; ++i) {
            uint256 tokenId = tokenIds[i];
            (TokenRecord token, EvolutionPolicy policy) = _requireArtist(tokenId);
            if (token.isLocked(policy == EvolutionPolicy.ARTIST)) revert IGridNFT.GridNFT_DisplayLocked(tokenId);
            _requireNoBid(tokenId, token);
            token = token.withNextNonce(tokenId);
            $.tokens[tokenId] = token;
            $.displays[tokenId] = blob;
            emit IGridNFT.DisplayEdited(
                tokenId, token.nonce(), display.title, display.description, display.animationUrl
            );
            emit IERC4906.MetadataUpdate(tokenId);
        }
    }

    /// @notice Ends the caller's right, who must be the artist, to edit what artworks show.
    function freeze(uint256[] calldata tokenIds) external {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        if (tokenIds.length == 0) revert IGridNFT.GridNFT_NoTokens();
        for (uint256 i; i < tokenIds.length; ++i) {
            (TokenRecord token,) = _requireArtist(tokenIds[i]);
            $.tokens[tokenIds[i]] = token.asFrozen();
            emit IGridNFT.DisplayFrozen(tokenIds[i]);
        }
    }

    /// @notice Names who receives the royalty of a series of the caller's.
    function setRoyaltyReceiver(uint256 seriesId, address receiver) external {
        (address artist,,) = BlobStore.headOf(seriesId);
        if (artist == address(0)) revert IGridNFT.GridNFT_UnknownSeries(seriesId);
        if (artist != msg.sender) revert IGridNFT.GridNFT_NotArtist(seriesId, msg.sender);
        if (receiver == address(0)) revert IGridNFT.GridNFT_ZeroAddress("receiver");
        GridNFTStorage.load().royaltyReceivers[seriesId] = receiver;
        emit IGridNFT.RoyaltyReceiverSet(seriesId, receiver);
    }

    /// @notice Sets the escrow.
    function setEscrow(address escrow) external {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        if ($.escrow != address(0)) revert IGridNFT.GridNFT_EscrowIsSet($.escrow);
        if ($.counters.upgradesSealed) revert IGridNFT.GridNFT_UpgradesSealed();
        if (escrow.code.length == 0) revert IGridNFT.GridNFT_NoCode(escrow);
        $.escrow = escrow;
        emit IGridNFT.EscrowSet(escrow);
    }

    /// @notice Seals upgrades, sources and the escrow.
    function sealUpgrades() external {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        if ($.counters.upgradesSealed) revert IGridNFT.GridNFT_UpgradesSealed();
        $.counters.upgradesSealed = true;
        emit IGridNFT.UpgradesSealed();
    }

    /// @notice Seals the renderer.
    function sealRenderer() external {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        if ($.counters.rendererSealed) revert IGridNFT.GridNFT_RendererSealed();
        $.counters.rendererSealed = true;
        emit IGridNFT.RendererSealed();
    }

    /// @notice Appends an anchor source.
    function addSource(address source) external returns (uint256 index) {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        if ($.counters.upgradesSealed) revert IGridNFT.GridNFT_SourcesSealed();
        if (source.code.length == 0) revert IGridNFT.GridNFT_NoCode(source);
        index = $.counters.sources;
        if (index == MAX_SOURCES) revert IGridNFT.GridNFT_TooManySources();
        for (uint256 i; i < index; ++i) {
            if ($.sources[i] == source) revert IGridNFT.GridNFT_SourceListed(source);
        }
        $.sources[index] = source;
        ++$.counters.sources;
        emit IGridNFT.AnchorSourceAdded(index, source);
    }

    // ------------------------------------------------------------------------------------------------ internal: check

    function _addVersion(
        uint256 tokenId,
        bytes calldata body,
        ReceiptProof[] calldata proofs,
        address evolver,
        IModelTerms models
    ) private returns (uint256 version) {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        TokenRecord token = $.tokens[tokenId];
        _requireNoBid(tokenId, token);
        token = token.withNextVersion(tokenId).withNextNonce(tokenId);
        version = token.versions();
        if (_policyOf(tokenId) == EvolutionPolicy.OWNER) {
            _useAnnouncement(tokenId, version, evolver, keccak256(body));
        }

        BodyDecoder.DecodedBody memory decoded =
            BodyDecoder.open(body, proofs.length, evolver, BodyDecoder.FORM_VERSION);
        _check(decoded, proofs, models, 1);
        $.tokens[tokenId] = token;
        uint48 blob = ++$.counters.blobs;
        $.versions[tokenId][version] = blob;
        BlobStore.write(decoded.blob, blob);
        emit IGridNFT.VersionAdded(tokenId, version, evolver, token.nonce(), decoded.blob);
        emit IERC4906.MetadataUpdate(tokenId);
    }

    function _useAnnouncement(uint256 tokenId, uint256 version, address account, bytes32 bodyHash) private {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        bytes32 key = GridNFTStorage.announcementKey(tokenId, version, account, bodyHash);
        uint256 readyAt = $.announcements[key];
        if (readyAt == 0 || block.timestamp > readyAt + ANNOUNCE_TERM) {
            revert IGridNFT.GridNFT_NotAnnounced(tokenId, version, bodyHash);
        }
        if (block.timestamp < readyAt) revert IGridNFT.GridNFT_TooEarly(readyAt);
        delete $.announcements[key];
    }

    /// @dev Checks all of the body but its header, and marks its receipts as used.
    function _check(
        BodyDecoder.DecodedBody memory decoded,
        ReceiptProof[] calldata proofs,
        IModelTerms models,
        uint256 maxArtworks
    ) private {
        BodyDecoder.tables(decoded, true);
        uint256 expected = decoded.anchors.length;
        if (proofs.length != expected) revert IGridNFT.GridNFT_ProofCount(proofs.length, expected);
        if (decoded.count == 0 || decoded.count > maxArtworks) BodyDecoder.badValue("artworks", decoded.count);
        _checkModels(decoded.requests, models);
        _loadDomains(decoded.anchors);
        _groupLeaves(decoded, _hashReceipts(decoded));
        _useReceipts(decoded.orders, decoded.requester);
        _checkAnchors(decoded, proofs);
    }

    /// @dev Once for each run of requests with the same model.
    function _checkModels(BodyDecoder.Request[] memory requests, IModelTerms models) private view {
        uint256 lastId;
        bytes32 lastHash;
        for (uint256 i; i < requests.length; ++i) {
            uint256 modelId = requests[i].modelId;
            bytes32 given = requests[i].modelHash;
            if (i != 0 && modelId == lastId && given == lastHash) continue;
            bytes32 actual = models.weightsHash(modelId);
            if (given != actual || actual == 0) revert IGridNFT.GridNFT_WrongModelHash(modelId, given, actual);
            (lastId, lastHash) = (modelId, given);
        }
    }

    /// @dev Domain separators of the anchors' sources.
    function _loadDomains(BodyDecoder.Anchor[] memory anchors) private view {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        for (uint256 i; i < anchors.length; ++i) {
            BodyDecoder.Anchor memory anchor = anchors[i];
            if (i != 0 && anchor.source == anchors[i - 1].source) {
                anchor.separator = anchors[i - 1].separator;
            } else {
                address source = $.sources[anchor.source];
                if (source == address(0)) revert IGridNFT.GridNFT_UnknownSource(anchor.source);
                anchor.separator = GridMessages.domainSeparator(source);
            }
        }
    }

    /// @dev Reads the artworks, and hashes their receipts. Notes in each order which receipts it saw, and in each anchor
    /// how many, and when they were made.
    /// @return leaves In the order of the body.
    function _hashReceipts(BodyDecoder.DecodedBody memory decoded) private view returns (bytes32[] memory leaves) {
        BodyDecoder.BodyArtwork memory entry;
        BodyDecoder.Order memory order;
        BodyDecoder.Anchor memory anchor;
        bytes32[13] memory receipt; // EIP-712 encoding of a JobReceipt
        receipt[0] = GridMessages.JOB_RECEIPT_TYPEHASH;
        receipt[3] = bytes32(uint256(uint160(decoded.requester)));
        leaves = new bytes32[](decoded.count);
        entry.order = type(uint256).max;
        bool several = decoded.anchors.length != 1;
        if (several) decoded.places = new uint256[](decoded.count);
        unchecked {
            for (uint256 i; i < leaves.length; ++i) {
                uint256 place = entry.order;
                decoded.position =
                    BodyDecoder.artwork(decoded.position, decoded.end, decoded.orders, decoded.requests, entry);
                if (entry.order != place) {
                    order = decoded.orders[entry.order];
                    anchor = decoded.anchors[order.anchor];
                    receipt[1] = order.orderHash;
                    receipt[4] = bytes32(uint256(uint160(anchor.worker)));
                    receipt[5] = bytes32(decoded.requests[order.request].modelId);
                    receipt[6] = decoded.requests[order.request].hash;
                    receipt[8] = BodyDecoder.hash(decoded.engines[order.engine]);
                }
                receipt[2] = bytes32(entry.index);
                receipt[7] = bytes32(entry.seed);
                receipt[9] = entry.imageHash;
                receipt[10] = entry.cidDigest;
                receipt[11] = bytes32(entry.completedAt);
                receipt[12] = bytes32(entry.price);
                leaves[i] = _leaf(receipt, anchor.separator);

                // forge-lint: disable-next-line(incorrect-shift) -- the bit of an index
                uint256 bits = order.bits | (1 << entry.index);
                if (bits == order.bits) revert IGridNFT.GridNFT_AlreadyMinted(order.orderHash, entry.index);
                order.bits = bits;
                ++anchor.receipts;
                if (entry.completedAt < anchor.earliest) anchor.earliest = entry.completedAt;
                if (entry.completedAt > anchor.latest) anchor.latest = entry.completedAt;
                if (several) decoded.places[i] = entry.order;
                if (entry.parent != 0) {
                    _checkParent(entry.parent, entry.parentVersion, decoded.requests[order.request].sourceHash);
                }
            }
            if (decoded.position != decoded.end) revert IGridNFT.GridNFT_BodyTooLong(decoded.end - decoded.position);
        }
    }

    /// @dev `GridMessages.leafOf(GridMessages.toDigest(separator, structHash))` without its copies: this runs for every
    /// artwork of a series.
    function _leaf(bytes32[13] memory receipt, bytes32 separator) private pure returns (bytes32 leaf) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(0x00, hex"1901")
            mstore(0x02, separator)
            mstore(0x22, keccak256(receipt, 0x1a0))
            mstore(0x00, keccak256(0x00, 0x42))
            leaf := keccak256(0x00, 0x20)
            mstore(0x40, free)
        }
    }

    /// @dev Hands the leaves to their anchors.
    function _groupLeaves(BodyDecoder.DecodedBody memory decoded, bytes32[] memory leaves) private pure {
        BodyDecoder.Anchor[] memory anchors = decoded.anchors;
        if (anchors.length == 1) {
            anchors[0].leaves = leaves;
            return;
        }
        for (uint256 i; i < anchors.length; ++i) {
            if (anchors[i].receipts == 0) BodyDecoder.badValue("unused anchor", i);
            anchors[i].leaves = new bytes32[](anchors[i].receipts);
            anchors[i].receipts = 0;
        }
        unchecked {
            for (uint256 i; i < leaves.length; ++i) {
                BodyDecoder.Anchor memory anchor = anchors[decoded.orders[decoded.places[i]].anchor];
                anchor.leaves[anchor.receipts++] = leaves[i];
            }
        }
    }

    /// @dev Sets the bits of the receipts, none of which may be set already.
    function _useReceipts(BodyDecoder.Order[] memory orders, address requester) private {
        mapping(bytes32 orderHash => uint256) storage minted = GridNFTStorage.load().minted[requester];
        for (uint256 i; i < orders.length; ++i) {
            uint256 bits = orders[i].bits;
            bytes32 orderHash = orders[i].orderHash;
            uint256 used = minted[orderHash];
            if (used & bits != 0) revert IGridNFT.GridNFT_AlreadyMinted(orderHash, LibBit.ffs(used & bits));
            minted[orderHash] = used | bits;
        }
    }

    /// @dev Checks that each anchor's leaves are under a root that exists; writes the anchors' times.
    function _checkAnchors(BodyDecoder.DecodedBody memory decoded, ReceiptProof[] calldata proofs) private view {
        uint256 position = decoded.end;
        for (uint256 i; i < proofs.length; ++i) {
            BodyDecoder.Anchor memory anchor = decoded.anchors[i];
            bytes32 laneId = proofs[i].laneId;
            bytes32 root = _processMultiProof(anchor.leaves, proofs[i].proof, proofs[i].flags);
            uint256 stamp = _stampOf(anchor, laneId, root);
            if (stamp == 0) revert IGridNFT.GridNFT_NotAnchored(anchor.source, laneId, anchor.payer, root);
            uint256 time = stamp >> 40;
            if (!BodyDecoder.isTimely(anchor.latest, time)) {
                revert IGridNFT.GridNFT_BadCompletionTime(anchor.latest, time);
            }
            if (!BodyDecoder.isTimely(anchor.earliest, time)) {
                revert IGridNFT.GridNFT_BadCompletionTime(anchor.earliest, time);
            }
            assembly ("memory-safe") {
                mstore(position, shl(176, stamp))
                position := add(position, 10)
            }
        }
    }

    /// @dev Time << 40 | block of an anchor, 0 when there is none.
    function _stampOf(BodyDecoder.Anchor memory anchor, bytes32 laneId, bytes32 root) private view returns (uint256) {
        (address worker, uint40 time, uint40 blockNumber) =
            IReceiptAnchor(GridNFTStorage.load().sources[anchor.source]).anchorOf(laneId, anchor.payer, root);
        if (worker == address(0)) return 0;
        if (worker != anchor.worker) revert IGridNFT.GridNFT_WrongWorker(anchor.worker, worker);
        return uint256(time) << 40 | blockNumber;
    }

    /// @dev OpenZeppelin's `MerkleProof.processMultiProof` with the flags in bits, and one queue for leaves and nodes.
    /// Every value taken from the queue is a leaf or was hashed before, and every sibling is used: otherwise it reverts. The
    /// second implies the first: with every sibling used, `leaves - 1` flags are set, and before each of them two are left.
    function _processMultiProof(bytes32[] memory leaves, bytes32[] memory proof, bytes memory flags)
        private
        pure
        returns (bytes32 root)
    {
        unchecked {
            uint256 steps = leaves.length + proof.length - 1;
            // The queue: the leaves, and room for one node a step.
            bytes memory queue = new bytes(32 * (leaves.length + steps));
            uint256 head;
            uint256 sibling;
            assembly ("memory-safe") {
                head := add(queue, 0x20)
                mcopy(head, add(leaves, 0x20), shl(5, mload(leaves)))
                sibling := add(proof, 0x20)
            }
            uint256 tail = head + 32 * leaves.length;
            bool overtaken;
            for (uint256 step; step < steps; step += 256) {
                uint256 bits = _flagsAt(flags, step >> 3);
                uint256 left = steps - step < 256 ? steps - step : 256;
                assembly ("memory-safe") {
                    for {} left { left := sub(left, 1) } {
                        let a := mload(head)
                        head := add(head, 0x20)
                        let b
                        switch shr(255, bits)
                        case 0 {
                            b := mload(sibling) // past the last one is noticed below
                            sibling := add(sibling, 0x20)
                        }
                        default {
                            b := mload(head)
                            head := add(head, 0x20)
                            overtaken := or(overtaken, gt(head, tail))
                        }
                        bits := shl(1, bits)
                        // The lesser of the pair goes first.
                        let place := shl(5, gt(a, b))
                        mstore(place, a)
                        mstore(xor(place, 0x20), b)
                        mstore(tail, keccak256(0x00, 0x40))
                        tail := add(tail, 0x20)
                    }
                }
            }
            assembly ("memory-safe") {
                overtaken := or(overtaken, xor(sibling, add(add(proof, 0x20), shl(5, mload(proof)))))
                root := mload(head)
            }
            if (overtaken) revert MerkleProof.MerkleProofInvalidMultiproof();
        }
    }

    /// @dev 256 flags from a byte on; 0 where there are none.
    function _flagsAt(bytes memory flags, uint256 from) private pure returns (uint256 bits) {
        unchecked {
            if (from >= flags.length) return 0;
            uint256 left = flags.length - from;
            assembly ("memory-safe") {
                bits := mload(add(add(flags, 0x20), from))
            }
            if (left < 32) bits &= ~(type(uint256).max >> (8 * left));
        }
    }

    /// @dev The parent's image must be the input image of the request.
    function _checkParent(uint256 parent, uint256 version, bytes32 sourceHash) private view {
        if (sourceHash == 0 || GridReader.imageHash(parent, version) != sourceHash) {
            revert IGridNFT.GridNFT_ParentImageMismatch(parent, version, sourceHash);
        }
    }

    /// @dev `abi.decode(encoded, (address, ReceiptProof[]))`, left in calldata. Where its offsets point to is checked when
    /// the proofs are read; it can only be calldata, and all of it is the caller's.
    function _decodeProofs(bytes calldata encoded)
        private
        pure
        returns (address requester, ReceiptProof[] calldata proofs)
    {
        requester = abi.decode(encoded[:32], (address));
        assembly ("memory-safe") {
            let list := add(encoded.offset, calldataload(add(encoded.offset, 0x20)))
            proofs.offset := add(list, 0x20)
            proofs.length := calldataload(list)
        }
    }

    /// @dev `abi.decode(call[4:], (uint256, Settlement[]))`, left in calldata. GridNFT's own decoder has checked that the list
    /// is within the call; where offsets in it point to is checked when the items are read.
    function _decodeItems(bytes calldata call) private pure returns (uint256 source, Settlement[] calldata items) {
        source = uint256(bytes32(call[4:36]));
        assembly ("memory-safe") {
            let head := add(call.offset, 4)
            let list := add(head, calldataload(add(head, 0x20)))
            items.offset := add(list, 0x20)
            items.length := calldataload(list)
        }
    }

    function _policyOf(uint256 tokenId) private view returns (EvolutionPolicy policy) {
        (, policy,) = BlobStore.headOf(tokenId / TOKENS_PER_SERIES);
    }

    /// @dev The token exists. A bidder bids for what is shown, so nothing of it may change under a bid.
    function _requireNoBid(uint256 tokenId, TokenRecord token) private view {
        address escrow = GridNFTStorage.load().escrow;
        if (token.owner() == escrow && IGridEscrow(escrow).hasBid(tokenId)) revert IGridNFT.GridNFT_InEscrow(tokenId);
    }

    /// @dev The token must exist, and the caller be its artist.
    function _requireArtist(uint256 tokenId) private view returns (TokenRecord token, EvolutionPolicy policy) {
        token = GridNFTStorage.load().tokens[tokenId];
        if (token.owner() == address(0)) revert IERC721Errors.ERC721NonexistentToken(tokenId);
        address artist;
        (artist, policy,) = BlobStore.headOf(tokenId / TOKENS_PER_SERIES);
        if (artist != msg.sender) revert IGridNFT.GridNFT_NotAllowed(tokenId, msg.sender);
    }

    function _requireText(bytes memory value, string memory field) private pure {
        uint256 fault = JsonText.faultOf(value);
        if (fault != JsonText.NO_FAULT) revert IGridNFT.GridNFT_BadText(field, fault);
    }
}
