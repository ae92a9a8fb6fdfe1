// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {LibRLP} from "solady/utils/LibRLP.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {Artwork, Display, IGridNFT, Provenance, ReceiptProof, Series} from "../interfaces/IGridNFT.sol";
import {IGridRenderer} from "../interfaces/IGridRenderer.sol";
import {IModelTerms} from "../interfaces/IModelTerms.sol";
import {IReceiptAnchor} from "../interfaces/IReceiptAnchor.sol";
import {Cid} from "./Cid.sol";
import {GridBody} from "./GridBody.sol";
import {GenerationRequest, GridMessages, JobReceipt} from "./GridMessages.sol";
import {GridNFTStorage} from "./GridNFTStorage.sol";

/// @title Reading what GridCodec has stored
/// @notice Provenance, series and metadata, out of blobs; and whether they hold against the chain.
/// @dev Linked to GridNFT: runs in its context, on `GridNFTStorage`. Functions that return structs return them encoded,
/// so that GridNFT need not decode and encode them again.
library GridReader {
    uint256 private constant TOKENS_PER_SERIES = 1000;

    // ------------------------------------------------------------------------------------------------------- reading

    /// @notice Provenance of a version.
    /// @return Encoded Provenance.
    function provenance(uint256 tokenId, uint256 version) external view returns (bytes memory) {
        return abi.encode(_provenance(tokenId, version));
    }

    /// @notice A series.
    /// @return Encoded Series.
    function series(uint256 seriesId) external view returns (bytes memory) {
        Series memory item;
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
        return abi.encode(item);
    }

    /// @notice What an artwork shows besides its provenance.
    /// @return Encoded Display and `locked`.
    function display(uint256 tokenId, bool locked) external view returns (bytes memory) {
        (uint256 blob,) = _blobOf(tokenId, 1);
        return abi.encode(_display(tokenId, LibRLP.computeAddress(address(this), blob)), locked);
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

    /// @notice Image hash of a version.
    function imageHash(uint256 tokenId, uint256 version) external view returns (bytes32) {
        return _provenance(tokenId, version).imageHash;
    }

    /// @notice Prompt of a version.
    function prompt(uint256 tokenId, uint256 version) external view returns (string memory) {
        return _provenance(tokenId, version).request.prompt;
    }

    /// @notice Where a version is stored.
    function blobOf(uint256 tokenId, uint256 version) external view returns (address) {
        (uint256 blob,) = _blobOf(tokenId, version);
        return LibRLP.computeAddress(address(this), blob);
    }

    // ----------------------------------------------------------------------------------------------------- verifying

    /// @notice Whether every version holds against the chain, as far as can be told without proofs.
    function verifyAll(uint256 tokenId, IModelTerms models) external view returns (bool) {
        uint256 versions = GridNFTStorage.layout().tokens[tokenId].versions();
        for (uint256 version = 1; version <= versions; ++version) {
            if (!_verify(_provenance(tokenId, version), models)) return false;
        }
        return versions != 0;
    }

    /// @notice Whether a version holds against the chain. Without `hasProof`, membership in the root is left out unless
    /// the body left the root out.
    function verifyVersion(
        uint256 tokenId,
        uint256 version,
        bool hasProof,
        bytes32[] calldata proof,
        IModelTerms models
    ) external view returns (bool) {
        uint256 versions = GridNFTStorage.layout().tokens[tokenId].versions();
        if (version == 0 || version > versions) return false;
        Provenance memory item = _provenance(tokenId, version);
        if (hasProof) {
            bytes32 leaf = GridMessages.leafOf(item.receiptId);
            if (MerkleProof.processProofCalldata(proof, leaf) != item.root) return false;
        }
        return _verify(item, models);
    }

    /// @notice Whether the one receipt of a body, minted or not, is anchored, and made from the prompt that is `expected`.
    function verifyBody(bytes calldata expected, bytes calldata body, bytes calldata proof, IModelTerms models) external view returns (bool) {
        (address requester, ReceiptProof[] memory proofs) = abi.decode(proof, (address, ReceiptProof[]));
        if (proofs.length != 1) revert IGridNFT.GridNFT_ProofCount(proofs.length, 1);
        GridBody.Draft memory draft = GridBody.open(body, 1, requester, 0);
        if (GridBody.word(draft.position - 1) >> 248 == GridBody.FORM_SERIES) {
            (, draft.position) = GridBody.header(draft.position, draft.end);
        }
        GridBody.tables(draft, false);
        if (draft.count != 1) GridBody.badValue("artworks", draft.count);
        if (draft.anchors.length != 1) GridBody.badValue("anchors", draft.anchors.length);
        (Provenance memory item,) = _artwork(draft, 0);
        if (draft.position != draft.end) revert IGridNFT.GridNFT_BodyTooLong(draft.end - draft.position);
        if (keccak256(bytes(item.request.prompt)) != keccak256(expected)) return false;
        bytes32 leaf = GridMessages.leafOf(item.receiptId);
        if (MerkleProof.processProof(proofs[0].proof, leaf) != item.root) return false;
        return _holds(item, models);
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
        GridBody.Draft memory draft;
        draft.blob = SSTORE2.read(LibRLP.computeAddress(address(this), blob));
        (draft.position, draft.end) = _bounds(draft.blob);
        draft.requester = address(uint160(GridBody.word(draft.end - 32)));
        if (version == 1) (, draft.position) = GridBody.header(draft.position, draft.end);
        GridBody.tables(draft, false);
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
    function _artwork(GridBody.Draft memory draft, uint256 place)
        private
        view
        returns (Provenance memory item, uint256)
    {
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

    function _request(GridBody.Draft memory draft, uint256 place) private pure returns (GenerationRequest memory item) {
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

    /// @dev `_holds`, and that the stored anchor and the used receipt are those of the chain.
    function _verify(Provenance memory item, IModelTerms models) private view returns (bool) {
        (, uint40 time, uint40 blockNumber) = _anchorOf(item);
        return time == item.anchorTime && blockNumber == item.anchorBlock
            && GridNFTStorage.layout().minted[item.requester][item.orderHash] >> item.index & 1 != 0
            && _holds(item, models);
    }

    /// @dev Whether anchor and model are what a version says. The seed needs no look: decoding derives it.
    function _holds(Provenance memory item, IModelTerms models) private view returns (bool) {
        (address worker, uint40 time,) = _anchorOf(item);
        bytes32 modelHash = item.request.modelHash;
        return worker != address(0) && worker == item.worker && GridBody.isTimely(item.completedAt, time)
            && modelHash != 0 && modelHash == models.weightsHash(item.request.modelId);
    }
}
