// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {LibBit} from "solady/utils/LibBit.sol";
import {LibRLP} from "solady/utils/LibRLP.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {Artwork, Display, IGridNFT, Provenance, ReceiptProof, Series} from "../interfaces/IGridNFT.sol";
import {IGridSettlement, Settlement} from "../interfaces/IGridSettlement.sol";
import {IGridRenderer} from "../interfaces/IGridRenderer.sol";
import {IModelTerms} from "../interfaces/IModelTerms.sol";
import {IReceiptAnchor} from "../interfaces/IReceiptAnchor.sol";
import {Cid} from "./Cid.sol";
import {GridBody} from "./GridBody.sol";
import {GenerationRequest, GridMessages, JobReceipt} from "./GridMessages.sol";
import {GridNFTStorage, TokenWord} from "./GridNFTStorage.sol";
import {JsonText} from "./JsonText.sol";

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
///            u8     flags             1 lane, 2 payer, 4 root; other bits 0
///            b32    laneId            if lane is set; else the direct rail (lane id 0)
///            b20    payer             if payer is set; else the requester
///            b32    root              if root is set; else the leaf of this anchor's receipt, of which there must be
///                                     exactly one
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
///            num    price         (16)  price of its receipts, where they do not say otherwise
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
/// The stored blob is a zero byte, the body, and a trailer: for each anchor its u40 time and u40 block, then the b20
/// requester. Events carry body and trailer. Body and trailer together are at most 24,575 bytes.
/// @dev Linked to GridNFT: runs in its context, on `GridNFTStorage`.
library GridCodec {
    /// @dev Code size limit (EIP-170) less the blob's leading zero byte.
    uint256 internal constant MAX_BLOB = 24_575;

    /// @dev Most that a worker's clock may be ahead of the anchor's block.
    uint256 internal constant MAX_CLOCK_SKEW = 15 minutes;
    /// @dev Longest time between a picture and its anchor. It bounds how far a stolen worker key can date back.
    uint256 internal constant MAX_ANCHOR_DELAY = 30 days;

    uint256 private constant TOKENS_PER_SERIES = 1000;

    /// @dev A body being read.
    /// @param position Where the part not yet read begins.
    /// @param count Artworks.
    /// @param places Order of each artwork, where there are several anchors.
    struct Draft {
        bytes blob;
        uint256 position;
        uint256 end;
        address requester;
        GridBody.Anchor[] anchors;
        GridBody.Slice[] engines;
        GridBody.Request[] requests;
        GridBody.Order[] orders;
        uint256 count;
        uint256[] places;
    }

    // ------------------------------------------------------------------------------------------------------- writing

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
        return _mintSeries(_noItems(), body, proofs, requester, to, models);
    }

    /// @notice As `mintSeries`, settling what is not anchored.
    function settleAndMintSeries(
        Settlement[] calldata items,
        bytes calldata body,
        ReceiptProof[] calldata proofs,
        address requester,
        address to,
        IModelTerms models
    ) external returns (uint256 seriesId, uint256 count) {
        return _mintSeries(items, body, proofs, requester, to, models);
    }

    /// @notice Checks and stores the body of a version, and marks its receipt as used.
    /// @return version Number of the version.
    function addVersion(
        uint256 tokenId,
        bytes calldata body,
        ReceiptProof[] calldata proofs,
        address requester,
        IModelTerms models
    ) external returns (uint256 version) {
        GridNFTStorage.Layout storage $ = GridNFTStorage.layout();
        Draft memory draft = _draft(body, proofs.length, requester, GridBody.FORM_VERSION);
        _check(draft, _noItems(), proofs, models, 1);

        TokenWord token = $.tokens[tokenId].withNextVersion().withNextNonce();
        $.tokens[tokenId] = token;
        version = token.versions();
        uint48 blob = ++$.counters.blobs;
        $.versions[tokenId][version] = blob;
        _write(draft.blob, blob);
        emit IGridNFT.VersionAdded(tokenId, version, requester, token.nonce(), draft.blob);
    }

    /// @notice Stores what the artist wants to be shown.
    /// @return blob Where it is.
    function storeDisplay(Display calldata shown) external returns (address blob) {
        _requireText(bytes(shown.title), "title");
        _requireText(bytes(shown.description), "description");
        _requireText(bytes(shown.animationUrl), "animationUrl");
        blob = _write(abi.encode(shown), ++GridNFTStorage.layout().counters.blobs);
    }

    // ------------------------------------------------------------------------------------------------------- reading

    /// @notice Provenance of a version.
    function provenance(uint256 tokenId, uint256 version) external view returns (Provenance memory) {
        return _provenance(tokenId, version);
    }

    /// @notice A series.
    function series(uint256 seriesId) external view returns (Series memory item) {
        GridNFTStorage.SeriesRecord memory record = GridNFTStorage.layout().series[seriesId];
        if (record.count == 0) revert IGridNFT.GridNFT_UnknownSeries(seriesId);
        item.artist = record.artist;
        item.count = record.count;
        item.royaltyBps = record.royaltyBps;
        item.policy = record.policy;
        item.blob = LibRLP.computeAddress(address(this), record.blob);
        GridBody.Header memory header = _header(SSTORE2.read(item.blob));
        item.title = GridBody.toString(header.title);
        item.description = GridBody.toString(header.description);
        item.tags = GridBody.toString(header.tags);
    }

    /// @notice What an artwork shows besides its provenance.
    function display(uint256 tokenId) external view returns (Display memory) {
        (uint256 blob,) = _blobOf(tokenId, 1);
        return _display(tokenId, LibRLP.computeAddress(address(this), blob));
    }

    /// @notice Metadata of an artwork.
    function tokenURI(uint256 tokenId) external view returns (string memory) {
        GridNFTStorage.Layout storage $ = GridNFTStorage.layout();
        uint256 seriesId = tokenId / TOKENS_PER_SERIES;
        GridNFTStorage.SeriesRecord memory record = $.series[seriesId];
        address blob = LibRLP.computeAddress(address(this), record.blob);
        Artwork memory artwork;
        artwork.tokenId = tokenId;
        artwork.index = tokenId % TOKENS_PER_SERIES;
        artwork.count = record.count;
        artwork.version = $.tokens[tokenId].versions();
        artwork.policy = record.policy;
        artwork.artist = record.artist;
        artwork.tags = GridBody.toString(_header(SSTORE2.read(blob)).tags);
        artwork.display = _display(tokenId, blob);
        artwork.provenance = _provenance(tokenId, artwork.version);
        return IGridRenderer($.renderer).tokenURI(artwork);
    }

    /// @notice CID of the image that is shown.
    function imageCid(uint256 tokenId, uint256 version) external view returns (string memory) {
        Provenance memory item = _provenance(tokenId, version);
        return Cid.toText(item.imageHash, item.cidDigest);
    }

    /// @notice Where a version is stored.
    function blobOf(uint256 tokenId, uint256 version) external view returns (address) {
        (uint256 blob,) = _blobOf(tokenId, version);
        return LibRLP.computeAddress(address(this), blob);
    }

    // ----------------------------------------------------------------------------------------------------- verifying

    /// @notice Whether a version holds against the chain. Without `hasProof`, membership in the root is left out unless
    /// the body left the root out.
    function verifyVersion(uint256 tokenId, uint256 version, bool hasProof, bytes32[] calldata proof, IModelTerms models)
        external
        view
        returns (bool)
    {
        uint256 versions = GridNFTStorage.layout().tokens[tokenId].versions();
        if (version == 0 || version > versions) return false;
        Provenance memory item = _provenance(tokenId, version);
        if (hasProof) {
            bytes32 leaf = GridMessages.leafOf(item.receiptId);
            if (MerkleProof.processProofCalldata(proof, leaf) != item.root) return false;
        }
        (, uint40 time, uint40 blockNumber) = _anchorOf(item);
        return time == item.anchorTime && blockNumber == item.anchorBlock
            && GridNFTStorage.layout().minted[item.requester][item.orderHash] >> item.index & 1 != 0
            && _holds(item, models);
    }

    /// @notice Whether the one receipt of a body, minted or not, is anchored, and made from `prompt`.
    function verifyBody(
        bytes calldata prompt,
        bytes calldata body,
        address requester,
        bytes32[] calldata proof,
        IModelTerms models
    ) external view returns (bool) {
        Draft memory draft = _draft(body, 1, requester, 0);
        if (GridBody.word(draft.position - 1) >> 248 == GridBody.FORM_SERIES) {
            (, draft.position) = GridBody.header(draft.position, draft.end);
        }
        _tables(draft, false);
        if (draft.count != 1) GridBody.badValue("artworks", draft.count);
        if (draft.anchors.length != 1) GridBody.badValue("anchors", draft.anchors.length);
        (Provenance memory item,) = _artwork(draft, 0);
        if (draft.position != draft.end) revert IGridNFT.GridNFT_BodyTooLong(draft.end - draft.position);
        if (keccak256(bytes(item.request.prompt)) != keccak256(prompt)) return false;
        bytes32 leaf = GridMessages.leafOf(item.receiptId);
        if (MerkleProof.processProofCalldata(proof, leaf) != item.root) return false;
        return _holds(item, models);
    }

    // ------------------------------------------------------------------------------------------------ internal: check

    function _mintSeries(
        Settlement[] calldata items,
        bytes calldata body,
        ReceiptProof[] calldata proofs,
        address requester,
        address to,
        IModelTerms models
    ) private returns (uint256 seriesId, uint256 count) {
        GridNFTStorage.Layout storage $ = GridNFTStorage.layout();
        Draft memory draft = _draft(body, proofs.length, requester, GridBody.FORM_SERIES);
        GridBody.Header memory header;
        (header, draft.position) = GridBody.header(draft.position, draft.end);
        _check(draft, items, proofs, models, GridBody.MAX_ARTWORKS);

        count = draft.count;
        GridNFTStorage.Counters memory counters = $.counters;
        seriesId = ++counters.series;
        uint48 blob = ++counters.blobs;
        counters.supply += uint64(count);
        $.counters = counters;
        $.series[seriesId] = GridNFTStorage.SeriesRecord({
            artist: requester,
            blob: blob,
            count: uint16(count),
            royaltyBps: uint16(header.royaltyBps),
            policy: header.policy
        });
        _write(draft.blob, blob);
        emit IGridNFT.SeriesMinted(seriesId, requester, to, count, draft.blob);
    }

    function _noItems() private pure returns (Settlement[] calldata items) {
        assembly ("memory-safe") {
            items.offset := 0
            items.length := 0
        }
    }

    /// @dev Copies a body to memory, with room for its trailer. `form` 0 takes either form.
    function _draft(bytes calldata body, uint256 anchors, address requester, uint256 form)
        private
        pure
        returns (Draft memory draft)
    {
        unchecked {
            uint256 size = body.length + 10 * anchors + 20;
            if (size > MAX_BLOB) revert IGridNFT.GridNFT_BlobTooLarge(size, MAX_BLOB);
            // 12 bytes more, for the trailer is written a word at a time.
            bytes memory blob = bytes.concat(body, new bytes(10 * anchors + 32));
            uint256 start;
            assembly ("memory-safe") {
                mstore(blob, size)
                start := add(blob, 0x20)
            }
            draft.blob = blob;
            draft.position = start + 1;
            draft.end = start + body.length;
            draft.requester = requester;
            GridBody.requireWithin(draft.position, draft.end);
            uint256 given = uint8(blob[0]);
            if (form == 0 ? given != GridBody.FORM_SERIES && given != GridBody.FORM_VERSION : given != form) {
                revert IGridNFT.GridNFT_WrongForm(given, form);
            }
        }
    }

    /// @dev Everything between the header and the artworks.
    function _tables(Draft memory draft, bool hashing) private pure {
        uint256 end = draft.end;
        uint256 position;
        (draft.anchors, position) = GridBody.anchors(draft.position, end, draft.requester);
        (draft.engines, position) = GridBody.engines(position, end);
        (draft.requests, position) = GridBody.requests(position, end, hashing);
        (draft.orders, position) = GridBody.orders(
            position, end, [draft.anchors.length, draft.engines.length, draft.requests.length]
        );
        draft.count = GridBody.word(position) >> 240;
        unchecked {
            draft.position = position + 2;
        }
        GridBody.requireWithin(draft.position, end);
    }

    /// @dev Checks all of the body but its header, and marks its receipts as used.
    function _check(
        Draft memory draft,
        Settlement[] calldata items,
        ReceiptProof[] calldata proofs,
        IModelTerms models,
        uint256 maxArtworks
    ) private {
        _tables(draft, true);
        uint256 expected = draft.anchors.length;
        if (proofs.length != expected) revert IGridNFT.GridNFT_ProofCount(proofs.length, expected);
        if (items.length > expected) revert IGridNFT.GridNFT_TooManyItems(items.length, expected);
        if (draft.count == 0 || draft.count > maxArtworks) GridBody.badValue("artworks", draft.count);
        _checkModels(draft.requests, models);
        _separate(draft.anchors);
        _gather(draft, _hashReceipts(draft));
        _useReceipts(draft.orders, draft.requester);
        _checkAnchors(draft, items, proofs);
    }

    /// @dev Once for each run of requests with the same model.
    function _checkModels(GridBody.Request[] memory requests, IModelTerms models) private view {
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
    function _separate(GridBody.Anchor[] memory anchors) private view {
        GridNFTStorage.Layout storage $ = GridNFTStorage.layout();
        for (uint256 i; i < anchors.length; ++i) {
            GridBody.Anchor memory anchor = anchors[i];
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
    function _hashReceipts(Draft memory draft) private view returns (bytes32[] memory leaves) {
        GridBody.Piece memory piece;
        GridBody.Order memory order;
        GridBody.Anchor memory anchor;
        bytes32[13] memory receipt; // EIP-712 encoding of a JobReceipt
        receipt[0] = GridMessages.JOB_RECEIPT_TYPEHASH;
        receipt[3] = bytes32(uint256(uint160(draft.requester)));
        leaves = new bytes32[](draft.count);
        piece.order = type(uint256).max;
        bool several = draft.anchors.length != 1;
        if (several) draft.places = new uint256[](draft.count);
        unchecked {
            for (uint256 i; i < leaves.length; ++i) {
                uint256 place = piece.order;
                draft.position = GridBody.artwork(draft.position, draft.end, draft.orders, draft.requests, piece);
                if (piece.order != place) {
                    order = draft.orders[piece.order];
                    anchor = draft.anchors[order.anchor];
                    receipt[1] = order.orderHash;
                    receipt[4] = bytes32(uint256(uint160(anchor.worker)));
                    receipt[5] = bytes32(draft.requests[order.request].modelId);
                    receipt[6] = draft.requests[order.request].hash;
                    receipt[8] = GridBody.hash(draft.engines[order.engine]);
                }
                receipt[2] = bytes32(piece.index);
                receipt[7] = bytes32(piece.seed);
                receipt[9] = piece.imageHash;
                receipt[10] = piece.cidDigest;
                receipt[11] = bytes32(piece.completedAt);
                receipt[12] = bytes32(piece.price);
                leaves[i] = _leaf(receipt, anchor.separator);

                uint256 bits = order.bits | (1 << piece.index);
                if (bits == order.bits) revert IGridNFT.GridNFT_AlreadyMinted(order.orderHash, piece.index);
                order.bits = bits;
                ++anchor.receipts;
                if (piece.completedAt < anchor.earliest) anchor.earliest = piece.completedAt;
                if (piece.completedAt > anchor.latest) anchor.latest = piece.completedAt;
                if (several) draft.places[i] = piece.order;
                if (piece.parent != 0) {
                    _checkParent(piece.parent, piece.parentVersion, draft.requests[order.request].sourceHash);
                }
            }
            if (draft.position != draft.end) revert IGridNFT.GridNFT_BodyTooLong(draft.end - draft.position);
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
    function _gather(Draft memory draft, bytes32[] memory leaves) private pure {
        GridBody.Anchor[] memory anchors = draft.anchors;
        if (anchors.length == 1) {
            anchors[0].leaves = leaves;
            return;
        }
        for (uint256 i; i < anchors.length; ++i) {
            if (anchors[i].receipts == 0) GridBody.badValue("unused anchor", i);
            anchors[i].leaves = new bytes32[](anchors[i].receipts);
            anchors[i].receipts = 0;
        }
        unchecked {
            for (uint256 i; i < leaves.length; ++i) {
                GridBody.Anchor memory anchor = anchors[draft.orders[draft.places[i]].anchor];
                anchor.leaves[anchor.receipts++] = leaves[i];
            }
        }
    }

    /// @dev Sets the bits of the receipts, none of which may be set already.
    function _useReceipts(GridBody.Order[] memory orders, address requester) private {
        mapping(bytes32 orderHash => uint256) storage minted = GridNFTStorage.layout().minted[requester];
        for (uint256 i; i < orders.length; ++i) {
            uint256 bits = orders[i].bits;
            bytes32 orderHash = orders[i].orderHash;
            uint256 used = minted[orderHash];
            if (used & bits != 0) revert IGridNFT.GridNFT_AlreadyMinted(orderHash, LibBit.ffs(used & bits));
            minted[orderHash] = used | bits;
        }
    }

    /// @dev Checks that each anchor's leaves are under its root, and that it exists; writes the trailer.
    function _checkAnchors(Draft memory draft, Settlement[] calldata items, ReceiptProof[] calldata proofs) private {
        uint256 trailer = draft.end;
        for (uint256 i; i < proofs.length; ++i) {
            GridBody.Anchor memory anchor = draft.anchors[i];
            anchor.root = _rootOf(anchor.leaves, proofs[i], i, anchor.root);
            uint256 stamp = _stampOf(anchor);
            if (stamp == 0 && i < items.length) {
                IGridSettlement(GridNFTStorage.layout().sources[anchor.source]).settle(items[i]);
                stamp = _stampOf(anchor);
            }
            if (stamp == 0) {
                revert IGridNFT.GridNFT_NotAnchored(anchor.source, anchor.laneId, anchor.payer, anchor.root);
            }
            uint256 time = stamp >> 40;
            if (!_isTimely(anchor.latest, time)) revert IGridNFT.GridNFT_BadCompletionTime(anchor.latest, time);
            if (!_isTimely(anchor.earliest, time)) revert IGridNFT.GridNFT_BadCompletionTime(anchor.earliest, time);
            assembly ("memory-safe") {
                mstore(trailer, shl(176, stamp))
                trailer := add(trailer, 10)
            }
        }
        address requester = draft.requester;
        assembly ("memory-safe") {
            mstore(trailer, shl(96, requester))
        }
    }

    /// @dev Time << 40 | block of an anchor, 0 when there is none.
    function _stampOf(GridBody.Anchor memory anchor) private view returns (uint256) {
        (address worker, uint40 time, uint40 blockNumber) = IReceiptAnchor(
                GridNFTStorage.layout().sources[anchor.source]
            ).anchorOf(anchor.laneId, anchor.payer, anchor.root);
        if (worker == address(0)) return 0;
        if (worker != anchor.worker) revert IGridNFT.GridNFT_WrongWorker(anchor.worker, worker);
        return uint256(time) << 40 | blockNumber;
    }

    /// @dev Root that the proof leads to; it must be `expected`, unless the body left that out.
    function _rootOf(bytes32[] memory leaves, ReceiptProof calldata proof, uint256 place, bytes32 expected)
        private
        pure
        returns (bytes32 root)
    {
        if (expected == 0) {
            if (leaves.length != 1 || proof.proof.length != 0) GridBody.badValue("root", 0);
            return leaves[0];
        }
        root = _fold(leaves, proof.proof, proof.flags);
        if (root != expected) revert IGridNFT.GridNFT_NotInRoot(place, expected);
    }

    /// @dev OpenZeppelin's `MerkleProof.processMultiProof` with the flags in bits, and one queue for leaves and nodes.
    /// Every value taken from the queue is a leaf or was hashed before; 0, which is no root, when the proof does not
    /// come out even.
    function _fold(bytes32[] memory leaves, bytes32[] calldata proof, bytes calldata flags)
        private
        pure
        returns (bytes32 root)
    {
        unchecked {
            uint256 tail = leaves.length;
            uint256 steps = tail + proof.length - 1;
            bytes32[] memory queue = new bytes32[](tail + steps);
            assembly ("memory-safe") {
                mcopy(add(queue, 0x20), add(leaves, 0x20), shl(5, tail))
            }
            uint256 head;
            uint256 taken;
            uint256 bits;
            for (uint256 step; step < steps; ++step) {
                if (step & 0xff == 0) {
                    uint256 from = step >> 3;
                    bits = from < flags.length ? uint256(bytes32(flags[from:])) : 0;
                }
                bytes32 left = queue[head++];
                bytes32 right;
                if (bits >> 255 != 0) {
                    if (head == tail) return 0;
                    right = queue[head++];
                } else {
                    if (taken == proof.length) return 0;
                    right = proof[taken++];
                }
                bits <<= 1;
                queue[tail++] = Hashes.commutativeKeccak256(left, right);
            }
            return taken == proof.length ? queue[head] : bytes32(0);
        }
    }

    /// @dev An anchor's time is the chain's, `completedAt` is what the worker says.
    function _isTimely(uint256 completedAt, uint256 anchorTime) private pure returns (bool) {
        return completedAt <= anchorTime + MAX_CLOCK_SKEW && completedAt + MAX_ANCHOR_DELAY >= anchorTime;
    }

    function _checkParent(uint256 parent, uint256 version, bytes32 sourceHash) private view {
        if (sourceHash == 0 || _provenance(parent, version).imageHash != sourceHash) {
            revert IGridNFT.GridNFT_ParentImageMismatch(parent, version, sourceHash);
        }
    }

    /// @dev Stores a blob as the `number`-th contract that the proxy creates.
    function _write(bytes memory data, uint256 number) private returns (address made) {
        if (data.length > MAX_BLOB) revert IGridNFT.GridNFT_BlobTooLarge(data.length, MAX_BLOB);
        made = SSTORE2.write(data);
        address expected = LibRLP.computeAddress(address(this), number);
        if (made != expected) revert IGridNFT.GridNFT_BlobMisplaced(made, expected);
    }

    function _requireText(bytes memory value, string memory field) private pure {
        uint256 fault = JsonText.faultOf(value);
        if (fault != JsonText.NO_FAULT) revert IGridNFT.GridNFT_BadText(field, fault);
    }

    // ------------------------------------------------------------------------------------------------- internal: read

    /// @dev Number of the blob that holds a version, and the artwork's place in it.
    function _blobOf(uint256 tokenId, uint256 version) private view returns (uint256 blob, uint256 place) {
        GridNFTStorage.Layout storage $ = GridNFTStorage.layout();
        uint256 versions = $.tokens[tokenId].versions();
        if (version == 0 || version > versions) revert IGridNFT.GridNFT_UnknownVersion(tokenId, version);
        if (version == 1) return ($.series[tokenId / TOKENS_PER_SERIES].blob, tokenId % TOKENS_PER_SERIES - 1);
        return ($.versions[tokenId][version], 0);
    }

    function _provenance(uint256 tokenId, uint256 version) private view returns (Provenance memory item) {
        (uint256 blob, uint256 place) = _blobOf(tokenId, version);
        Draft memory draft;
        draft.blob = SSTORE2.read(LibRLP.computeAddress(address(this), blob));
        (draft.position, draft.end) = _bounds(draft.blob);
        draft.requester = address(uint160(GridBody.word(draft.end - 32)));
        if (version == 1) (, draft.position) = GridBody.header(draft.position, draft.end);
        _tables(draft, false);
        uint256 anchor;
        (item, anchor) = _artwork(draft, place);
        uint256 trailer = GridBody.word(draft.end - 20 - 10 * (draft.anchors.length - anchor));
        item.anchorTime = uint40(trailer >> 216);
        item.anchorBlock = uint40(trailer >> 176);
    }

    /// @dev First byte after the form, and end, of a blob in memory.
    function _bounds(bytes memory blob) private pure returns (uint256 position, uint256 end) {
        assembly ("memory-safe") {
            position := add(blob, 0x21)
            end := add(add(blob, 0x20), mload(blob))
        }
    }

    function _header(bytes memory blob) private pure returns (GridBody.Header memory header) {
        (uint256 position, uint256 end) = _bounds(blob);
        (header,) = GridBody.header(position, end);
    }

    /// @dev Artwork at a place of the body, from 0, and its anchor. Anchor time and block are left 0.
    function _artwork(Draft memory draft, uint256 place) private view returns (Provenance memory item, uint256) {
        GridBody.Piece memory piece;
        for (uint256 i; i <= place; ++i) {
            draft.position = GridBody.artwork(draft.position, draft.end, draft.orders, draft.requests, piece);
        }
        GridBody.Order memory order = draft.orders[piece.order];
        GridBody.Anchor memory anchor = draft.anchors[order.anchor];
        item.request = _request(draft, order.request);
        item.seed = uint64(piece.seed);
        item.engine = GridBody.toString(draft.engines[order.engine]);
        item.imageHash = piece.imageHash;
        item.cidDigest = piece.cidDigest;
        item.worker = anchor.worker;
        item.requester = draft.requester;
        item.payer = anchor.payer;
        item.orderHash = order.orderHash;
        item.index = uint32(piece.index);
        item.price = uint128(piece.price);
        item.completedAt = uint64(piece.completedAt);
        item.source = uint8(anchor.source);
        item.laneId = anchor.laneId;
        item.parent = piece.parent;
        item.parentVersion = uint32(piece.parentVersion);
        item.receiptId = _receiptId(item);
        item.root = anchor.root == 0 ? GridMessages.leafOf(item.receiptId) : anchor.root;
        return (item, order.anchor);
    }

    function _request(Draft memory draft, uint256 place) private pure returns (GenerationRequest memory item) {
        uint256[15] memory words = GridBody.emptyRequest(false);
        GridBody.request(draft.requests[0].position, draft.end, words, false);
        if (place != 0) GridBody.request(draft.requests[place].position, draft.end, words, false);
        item.modelId = words[1];
        item.modelHash = bytes32(words[2]);
        item.prompt = GridBody.toString(GridBody.Slice.wrap(words[3]));
        item.negativePrompt = GridBody.toString(GridBody.Slice.wrap(words[4]));
        item.seed = uint64(words[5]);
        item.width = uint32(words[6]);
        item.height = uint32(words[7]);
        item.steps = uint32(words[8]);
        item.guidanceMilli = uint32(words[9]);
        item.sampler = GridBody.toString(GridBody.Slice.wrap(words[10]));
        item.scheduler = GridBody.toString(GridBody.Slice.wrap(words[11]));
        item.sourceHash = bytes32(words[12]);
        item.extras = GridBody.toString(GridBody.Slice.wrap(words[13]));
        item.salt = bytes32(words[14]);
    }

    /// @dev What the worker signed, hashed the plain way: this is the check on `_leaf`.
    function _receiptId(Provenance memory item) private view returns (bytes32) {
        JobReceipt memory receipt = JobReceipt({
            orderHash: item.orderHash,
            index: item.index,
            requester: item.requester,
            worker: item.worker,
            modelId: item.request.modelId,
            requestHash: GridMessages.hashRequest(item.request),
            seed: item.seed,
            engineHash: keccak256(bytes(item.engine)),
            imageHash: item.imageHash,
            cidDigest: item.cidDigest,
            completedAt: item.completedAt,
            price: item.price
        });
        address source = GridNFTStorage.layout().sources[item.source];
        return GridMessages.toDigest(GridMessages.domainSeparator(source), GridMessages.hashReceipt(receipt));
    }

    function _display(uint256 tokenId, address seriesBlob) private view returns (Display memory shown) {
        address edited = GridNFTStorage.layout().displays[tokenId];
        if (edited != address(0)) return abi.decode(SSTORE2.read(edited), (Display));
        GridBody.Header memory header = _header(SSTORE2.read(seriesBlob));
        shown.title = GridBody.toString(header.title);
        shown.description = GridBody.toString(header.description);
    }

    function _anchorOf(Provenance memory item) private view returns (address worker, uint40 time, uint40 blockNumber) {
        address source = GridNFTStorage.layout().sources[item.source];
        if (source != address(0)) return IReceiptAnchor(source).anchorOf(item.laneId, item.payer, item.root);
    }

    /// @dev Whether anchor and model are what a version says. The seed needs no look: decoding derives it.
    function _holds(Provenance memory item, IModelTerms models) private view returns (bool) {
        (address worker, uint40 time,) = _anchorOf(item);
        bytes32 modelHash = item.request.modelHash;
        return worker != address(0) && worker == item.worker && _isTimely(item.completedAt, time) && modelHash != 0
            && modelHash == models.weightsHash(item.request.modelId);
    }
}
