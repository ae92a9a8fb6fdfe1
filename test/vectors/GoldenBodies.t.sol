// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BodyDecoder} from "../../contracts/artworks/BodyDecoder.sol";
import {GridMessages, JobReceipt} from "../../contracts/messages/GridMessages.sol";
import {IGridNFT, ReceiptProof} from "../../contracts/interfaces/IGridNFT.sol";
import {NftTest} from "../utils/NftTest.sol";

/// @dev Reads bodies with the contracts' own decoder.
contract BodyHarness {
    /// @return requestHashes Struct hashes of the requests.
    /// @return receipts Struct hashes of the receipts.
    function read(bytes calldata body, uint256 anchors, address requester)
        external
        pure
        returns (bytes32[] memory requestHashes, bytes32[] memory receipts)
    {
        BodyDecoder.DecodedBody memory draft = BodyDecoder.open(body, anchors, requester, 0);
        if (uint8(body[0]) == BodyDecoder.FORM_SERIES) {
            (, draft.position) = BodyDecoder.header(draft.position, draft.end);
        }
        BodyDecoder.tables(draft, true);
        requestHashes = new bytes32[](draft.requests.length);
        for (uint256 i; i < requestHashes.length; ++i) {
            requestHashes[i] = draft.requests[i].hash;
        }
        receipts = new bytes32[](draft.count);
        BodyDecoder.BodyArtwork memory piece;
        for (uint256 i; i < receipts.length; ++i) {
            draft.position = BodyDecoder.artwork(draft.position, draft.end, draft.orders, draft.requests, piece);
            receipts[i] = GridMessages.hashReceipt(_receipt(draft, piece));
        }
        require(draft.position == draft.end, "bytes after the end");
    }

    function _receipt(BodyDecoder.DecodedBody memory draft, BodyDecoder.BodyArtwork memory piece)
        private
        pure
        returns (JobReceipt memory receipt)
    {
        BodyDecoder.Order memory order = draft.orders[piece.order];
        receipt.orderHash = order.orderHash;
        receipt.index = uint32(piece.index);
        receipt.requester = draft.requester;
        receipt.worker = draft.anchors[order.anchor].worker;
        receipt.modelId = draft.requests[order.request].modelId;
        receipt.requestHash = draft.requests[order.request].hash;
        receipt.seed = uint64(piece.seed);
        receipt.engineHash = BodyDecoder.hash(draft.engines[order.engine]);
        receipt.imageHash = piece.imageHash;
        receipt.cidDigest = piece.cidDigest;
        receipt.completedAt = uint64(piece.completedAt);
        receipt.price = uint128(piece.price);
    }
}

/// @notice The golden vectors of `bodies.json`, made by the SDK, against the contracts' decoder.
contract GoldenBodiesTest is NftTest {
    string internal json;
    BodyHarness internal harness;
    bytes32 internal separator;

    function setUp() public override {
        super.setUp();
        harness = new BodyHarness();
        json = vm.readFile("test/vectors/bodies.json");
    }

    function test_BodiesGiveTheVectorsRequestsAndReceipts() public {
        vm.chainId(vm.parseJsonUint(json, ".chainId"));
        separator = GridMessages.domainSeparator(vm.parseJsonAddress(json, ".settlement"));
        uint256 i;
        for (; _has("bodies", i); ++i) {
            _checkBody(_path("bodies", i), vm.parseJsonAddress(json, ".requester"));
        }
        assertGe(i, 19);
    }

    /// @dev Through the front door: GridNFT's own error for each of them.
    function test_T21_MalformedBodiesAreRefused() public {
        // The model of the vectors exists, so that nothing but the body is at fault.
        models.set(7, sha256("weights"));
        uint256 i;
        for (; _has("invalid", i); ++i) {
            string memory path = _path("invalid", i);
            bytes memory packed = vm.parseJsonBytes(json, string.concat(path, ".packed"));
            bytes4 expected = bytes4(keccak256(bytes(vm.parseJsonString(json, string.concat(path, ".error")))));
            vm.prank(artist);
            (bool minted, bytes memory reason) =
                address(nft).call(abi.encodeCall(IGridNFT.mint, (packed, new ReceiptProof[](1), artist, 10e18)));
            assertFalse(minted, vm.parseJsonString(json, string.concat(path, ".name")));
            assertEq(bytes32(bytes4(reason)), bytes32(expected), vm.parseJsonString(json, string.concat(path, ".name")));
        }
        assertGe(i, 20);
    }

    function _checkBody(string memory path, address requester) private view {
        string memory name = vm.parseJsonString(json, string.concat(path, ".name"));
        bytes memory packed = vm.parseJsonBytes(json, string.concat(path, ".packed"));
        assertEq(keccak256(packed), vm.parseJsonBytes32(json, string.concat(path, ".bodyHash")), name);
        (bytes32[] memory requestHashes, bytes32[] memory receipts) =
            harness.read(packed, vm.parseJsonUint(json, string.concat(path, ".anchors")), requester);
        assertEq(requestHashes, vm.parseJsonBytes32Array(json, string.concat(path, ".requestHashes")), name);
        for (uint256 i; i < receipts.length; ++i) {
            receipts[i] = GridMessages.toDigest(separator, receipts[i]);
        }
        assertEq(receipts, vm.parseJsonBytes32Array(json, string.concat(path, ".receiptIds")), name);
    }

    function _has(string memory list, uint256 i) private view returns (bool) {
        return vm.keyExistsJson(json, _path(list, i));
    }

    function _path(string memory list, uint256 i) private pure returns (string memory) {
        return string.concat(".", list, "[", vm.toString(i), "]");
    }
}
