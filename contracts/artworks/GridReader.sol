// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {
    Artwork,
    Display,
    EvolutionPolicy,
    IGridNFT,
    Provenance,
    ReceiptProof,
    Series
} from "../interfaces/IGridNFT.sol";
import {IGridRenderer} from "../interfaces/IGridRenderer.sol";
import {IModelTerms} from "../interfaces/IModelTerms.sol";
import {IReceiptAnchor} from "../interfaces/IReceiptAnchor.sol";
import {Cid} from "../messages/Cid.sol";
import {BlobStore} from "./BlobStore.sol";
import {BodyDecoder} from "./BodyDecoder.sol";
import {GenerationRequest, GridMessages, JobReceipt} from "../messages/GridMessages.sol";
import {GridNFTStorage} from "./GridNFTStorage.sol";
import {TOKENS_PER_SERIES} from "./TokenIds.sol";
import {TokenRecord} from "./TokenRecord.sol";

/// @title Reading what ArtworkMint has stored
/// @notice Provenance, series and metadata, out of blobs; and whether they hold against the chain.
/// @dev Linked to GridNFT: runs in its context, on `GridNFTStorage`. Functions that return structs return them encoded,
/// so that GridNFT need not decode and encode them again.
library GridReader {
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
        (address artist, EvolutionPolicy policy, uint256 royaltyBps) = BlobStore.headOf(seriesId);
        if (artist == address(0)) revert IGridNFT.GridNFT_UnknownSeries(seriesId);
        (BodyDecoder.DecodedBody memory decoded, BodyDecoder.Header memory header) = _openSeries(seriesId);
        item.artist = artist;
        item.count = decoded.count;
        item.royaltyBps = royaltyBps;
        item.policy = policy;
        item.blob = BlobStore.addressOf(seriesId);
        item.title = BodyDecoder.toString(header.title);
        item.description = BodyDecoder.toString(header.description);
        item.tags = BodyDecoder.toString(header.tags);
        return abi.encode(item);
    }

    /// @notice Display of an artwork, besides its provenance.
    /// @return Encoded Display and `locked`.
    function display(uint256 tokenId) external view returns (bytes memory) {
        TokenRecord token = GridNFTStorage.load().tokens[tokenId];
        if (token.versions() == 0) revert IGridNFT.GridNFT_UnknownVersion(tokenId, 1);
        (, BodyDecoder.Header memory header) = _openSeries(tokenId / TOKENS_PER_SERIES);
        return abi.encode(_display(tokenId, header), token.isLocked(header.policy == EvolutionPolicy.ARTIST));
    }

    /// @notice Metadata of an artwork.
    function tokenURI(uint256 tokenId) external view returns (string memory) {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        uint256 seriesId = tokenId / TOKENS_PER_SERIES;
        (BodyDecoder.DecodedBody memory decoded, BodyDecoder.Header memory header) = _openSeries(seriesId);
        Artwork memory artwork;
        artwork.tokenId = tokenId;
        artwork.index = tokenId % TOKENS_PER_SERIES;
        artwork.count = decoded.count;
        artwork.version = $.tokens[tokenId].versions();
        artwork.policy = header.policy;
        artwork.artist = decoded.requester;
        artwork.tags = BodyDecoder.toString(header.tags);
        artwork.display = _display(tokenId, header);
        artwork.provenance =
            artwork.version == 1 ? _artwork(decoded, artwork.index - 1) : _provenance(tokenId, artwork.version);
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

    /// @notice Place of a version in storage.
    function blobOf(uint256 tokenId, uint256 version) external view returns (address) {
        (uint256 blob,) = _blobOf(tokenId, version);
        return BlobStore.addressOf(blob);
    }

    // ----------------------------------------------------------------------------------------------------- verifying

    /// @notice Returns true when a version holds against the chain, as far as can be told without a proof.
    function verifyRecord(uint256 tokenId, uint256 version, IModelTerms models) public view returns (bool) {
        if (version == 0 || version > GridNFTStorage.load().tokens[tokenId].versions()) return false;
        return _isRecorded(_provenance(tokenId, version), models);
    }

    /// @notice `verifyRecord` for every version.
    function verifyRecords(uint256 tokenId, IModelTerms models) external view returns (bool) {
        uint256 versions = GridNFTStorage.load().tokens[tokenId].versions();
        for (uint256 version = 1; version <= versions; ++version) {
            if (!verifyRecord(tokenId, version, models)) return false;
        }
        return versions != 0;
    }

    /// @notice Returns true when a version holds against the chain, its anchor included.
    function verifyAnchored(
        uint256 tokenId,
        uint256 version,
        bytes32 laneId,
        bytes32[] calldata proof,
        IModelTerms models
    ) external view returns (bool) {
        if (version == 0 || version > GridNFTStorage.load().tokens[tokenId].versions()) {
            return false;
        }
        Provenance memory item = _provenance(tokenId, version);
        bytes32 root = MerkleProof.processProofCalldata(proof, GridMessages.leafOf(item.receiptId));
        (address worker, uint40 time, uint40 blockNumber) = _anchorOf(item, laneId, root);
        return worker == item.worker && time == item.anchorTime && blockNumber == item.anchorBlock
            && _isRecorded(item, models);
    }

    /// @notice Returns whether a body of one artwork holds against the chain, minted or not, and was made from the prompt that is
    /// `expected`. Checks what a mint checks, but for whether the receipt is used.
    function verifyBody(bytes calldata expected, bytes calldata body, bytes calldata proof, IModelTerms models)
        external
        view
        returns (bool)
    {
        (address requester, ReceiptProof[] memory proofs) = abi.decode(proof, (address, ReceiptProof[]));
        if (proofs.length != 1) revert IGridNFT.GridNFT_ProofCount(proofs.length, 1);
        BodyDecoder.DecodedBody memory decoded = BodyDecoder.open(body, 1, requester, 0);
        if (BodyDecoder.word(decoded.position - 1) >> 248 == BodyDecoder.FORM_SERIES) {
            (, decoded.position) = BodyDecoder.header(decoded.position, decoded.end);
        }
        BodyDecoder.tables(decoded, false);
        if (decoded.count != 1) BodyDecoder.badValue("artworks", decoded.count);
        if (decoded.anchors.length != 1) BodyDecoder.badValue("anchors", decoded.anchors.length);
        Provenance memory item = _artwork(decoded, 0);
        if (decoded.position != decoded.end) revert IGridNFT.GridNFT_BodyTooLong(decoded.end - decoded.position);
        if (keccak256(bytes(item.request.prompt)) != keccak256(expected)) return false;
        if (!_isPlain(proofs[0])) return false;
        bytes32 root = MerkleProof.processProof(proofs[0].proof, GridMessages.leafOf(item.receiptId));
        (address worker, uint40 time,) = _anchorOf(item, proofs[0].laneId, root);
        if (worker == address(0) || worker != item.worker || !BodyDecoder.isTimely(item.completedAt, time)) {
            return false;
        }
        for (uint256 i; i < decoded.requests.length; ++i) {
            if (!_isOfModel(decoded.requests[i].modelId, decoded.requests[i].modelHash, models)) return false;
        }
        return _isRemix(item);
    }

    // ------------------------------------------------------------------------------------------------- internal: read

    /// @dev Number of the blob that holds a version, and the artwork's place in it.
    function _blobOf(uint256 tokenId, uint256 version) private view returns (uint256 blob, uint256 place) {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        uint256 versions = $.tokens[tokenId].versions();
        if (version == 0 || version > versions) revert IGridNFT.GridNFT_UnknownVersion(tokenId, version);
        if (version == 1) return (tokenId / TOKENS_PER_SERIES, tokenId % TOKENS_PER_SERIES - 1);
        return ($.versions[tokenId][version], 0);
    }

    function _provenance(uint256 tokenId, uint256 version) private view returns (Provenance memory) {
        (uint256 blob, uint256 place) = _blobOf(tokenId, version);
        BodyDecoder.DecodedBody memory decoded;
        BodyDecoder.begin(decoded, BlobStore.read(blob));
        if (version == 1) (, decoded.position) = BodyDecoder.header(decoded.position, decoded.end);
        BodyDecoder.tables(decoded, false);
        return _artwork(decoded, place);
    }

    /// @dev A series, read up to its artworks.
    function _openSeries(uint256 seriesId)
        private
        view
        returns (BodyDecoder.DecodedBody memory decoded, BodyDecoder.Header memory header)
    {
        BodyDecoder.begin(decoded, BlobStore.read(seriesId));
        (header, decoded.position) = BodyDecoder.header(decoded.position, decoded.end);
        BodyDecoder.tables(decoded, false);
    }

    /// @dev Artwork at a place of the body, from 0.
    function _artwork(BodyDecoder.DecodedBody memory decoded, uint256 place)
        private
        view
        returns (Provenance memory item)
    {
        BodyDecoder.BodyArtwork memory entry;
        for (uint256 i; i <= place; ++i) {
            decoded.position =
                BodyDecoder.artwork(decoded.position, decoded.end, decoded.orders, decoded.requests, entry);
        }
        BodyDecoder.Order memory order = decoded.orders[entry.order];
        BodyDecoder.Anchor memory anchor = decoded.anchors[order.anchor];
        item.request = _request(decoded, order.request);
        item.seed = uint64(entry.seed);
        item.engine = BodyDecoder.toString(decoded.engines[order.engine]);
        item.imageHash = entry.imageHash;
        item.cidDigest = entry.cidDigest;
        item.worker = anchor.worker;
        item.requester = decoded.requester;
        item.payer = anchor.payer;
        item.orderHash = order.orderHash;
        item.index = uint32(entry.index);
        item.price = uint128(entry.price);
        item.completedAt = uint64(entry.completedAt);
        item.source = uint8(anchor.source);
        item.parent = entry.parent;
        item.parentVersion = uint32(entry.parentVersion);
        item.receiptId = _receiptId(item);
        uint256 stamp = BodyDecoder.word(_blobEnd(decoded.blob) - 10 * (decoded.anchors.length - order.anchor));
        // forge-lint: disable-next-line(unsafe-typecast) -- the bytes that are asked for
        item.anchorTime = uint40(stamp >> 216);
        // forge-lint: disable-next-line(unsafe-typecast) -- the bytes that are asked for
        item.anchorBlock = uint40(stamp >> 176);
    }

    function _request(BodyDecoder.DecodedBody memory decoded, uint256 place)
        private
        pure
        returns (GenerationRequest memory item)
    {
        uint256[15] memory words = BodyDecoder.emptyRequest(false);
        BodyDecoder.request(decoded.requests[0].position, decoded.end, words, false);
        if (place != 0) BodyDecoder.request(decoded.requests[place].position, decoded.end, words, false);
        item.modelId = words[1];
        item.modelHash = bytes32(words[2]);
        item.prompt = BodyDecoder.toString(BodyDecoder.Slice.wrap(words[3]));
        item.negativePrompt = BodyDecoder.toString(BodyDecoder.Slice.wrap(words[4]));
        item.seed = uint64(words[5]);
        item.width = uint32(words[6]);
        item.height = uint32(words[7]);
        item.steps = uint32(words[8]);
        item.guidanceMilli = uint32(words[9]);
        item.sampler = BodyDecoder.toString(BodyDecoder.Slice.wrap(words[10]));
        item.scheduler = BodyDecoder.toString(BodyDecoder.Slice.wrap(words[11]));
        item.sourceHash = bytes32(words[12]);
        item.extras = BodyDecoder.toString(BodyDecoder.Slice.wrap(words[13]));
        item.salt = bytes32(words[14]);
    }

    /// @dev Hash of what the worker signed, made the plain way: this is the check on `_leaf`.
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
        address source = GridNFTStorage.load().sources[item.source];
        return GridMessages.toDigest(GridMessages.domainSeparator(source), GridMessages.hashReceipt(receipt));
    }

    function _display(uint256 tokenId, BodyDecoder.Header memory header) private view returns (Display memory shown) {
        address edited = GridNFTStorage.load().displays[tokenId];
        if (edited != address(0)) return abi.decode(SSTORE2.read(edited), (Display));
        shown.title = BodyDecoder.toString(header.title);
        shown.description = BodyDecoder.toString(header.description);
    }

    function _blobEnd(bytes memory blob) private pure returns (uint256 end) {
        assembly ("memory-safe") {
            end := add(add(blob, 0x20), mload(blob))
        }
    }

    /// @dev All zero when the source is not known.
    function _anchorOf(Provenance memory item, bytes32 laneId, bytes32 root)
        private
        view
        returns (address worker, uint40 time, uint40 blockNumber)
    {
        address source = GridNFTStorage.load().sources[item.source];
        if (source != address(0)) return IReceiptAnchor(source).anchorOf(laneId, item.payer, root);
    }

    /// @dev Returns whether no flag is set, as in a proof of one receipt.
    function _isPlain(ReceiptProof memory proof) private pure returns (bool) {
        for (uint256 i; i < proof.flags.length; ++i) {
            if (proof.flags[i] != 0) return false;
        }
        return true;
    }

    function _isOfModel(uint256 modelId, bytes32 modelHash, IModelTerms models) private view returns (bool) {
        return modelHash != 0 && modelHash == models.weightsHash(modelId);
    }

    /// @dev Returns whether the parent, where one is named, has the input image of the request.
    function _isRemix(Provenance memory item) private view returns (bool) {
        if (item.parent == 0) return true;
        uint256 version = item.parentVersion;
        if (version == 0 || version > GridNFTStorage.load().tokens[item.parent].versions()) return false;
        bytes32 sourceHash = item.request.sourceHash;
        return sourceHash != 0 && _provenance(item.parent, version).imageHash == sourceHash;
    }

    /// @dev Returns whether model, parent, times and the used receipt are what a version says. The seed needs no look: decoding
    /// derives it.
    function _isRecorded(Provenance memory item, IModelTerms models) private view returns (bool) {
        return GridNFTStorage.load().minted[item.requester][item.orderHash] >> item.index & 1 != 0
            && BodyDecoder.isTimely(item.completedAt, item.anchorTime)
            && _isOfModel(item.request.modelId, item.request.modelHash, models) && _isRemix(item);
    }
}
