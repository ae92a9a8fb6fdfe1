// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base64} from "solady/utils/Base64.sol";
import {LibString} from "solady/utils/LibString.sol";

import {IGridNFT, ReceiptProof} from "../../../contracts/interfaces/IGridNFT.sol";
import {GenerationRequest, GridMessages, JobReceipt} from "../../../contracts/messages/GridMessages.sol";
import {Body, BodyArtwork, BodyOrder, NftBody} from "../../utils/NftBody.sol";
import {NftGridBase} from "../../utils/NftGridBase.sol";
import {NftTree} from "../../utils/NftTree.sol";
import {TransactionGas} from "../../utils/TransactionGas.sol";

/// @notice Threats 35 and 46: the largest series that a transaction of Base mints, by artworks, by prompts and by text, on the real
/// settlement and registry. Each is minted, within the cap for gas and call data and the blob's 24,575 bytes; each is read
/// by `tokenURI` within an eth_call.
contract EnormousTest is NftGridBase, TransactionGas {
    uint256 private constant ETH_CALL = 25_000_000;
    uint256 private constant MAX_BLOB = 24_575;
    /// @dev Bytes that the contract adds to a body of one anchor: the artist, and the anchor's time and block.
    uint256 private constant ADDED = 20 + 10;

    address[] private _cold;

    function setUp() public override {
        super.setUp();
        _cold = [address(settlement), address(registry), address(aipg), address(aigc), address(nft)];
    }

    /// @dev One prompt and as many seeds as gas allows.
    function test_T46_TokenURIOfTheSeriesOfMostArtworks() external {
        _assertLargest("one prompt", _ofOnePrompt, 200, 595);
    }

    /// @dev A prompt, and an order, for each artwork: as many as gas and blob allow.
    function test_T46_TokenURIOfTheSeriesOfMostPrompts() external {
        _assertLargest("a prompt each", _ofManyPrompts, 60, 255);
    }

    /// @dev One artwork whose prompt fills the blob, in bytes that JSON and Base64 make longest.
    function test_T46_TokenURIOfTheLongestPrompt() external {
        Body memory body = _body(_prompts(""));
        body.anchors[0].payer = payer.addr;
        uint256 room = MAX_BLOB - ADDED - NftBody.pack(body).length - 2;
        body.requests[0].prompt = LibString.repeat('"', room + 1);
        assertFalse(_tryMint(body, false), "one byte more");
        body.requests[0].prompt = LibString.repeat('"', room);
        assertTrue(_tryMint(body, true));
        assertEq(nft.blobOf(1001, 1).code.length, MAX_BLOB + 1);
        _assertReadable(1001, body.requests[0].prompt);
    }

    // ---------------------------------------------------------------- the search

    /// @dev The greatest count that can be minted is found; it is at least `least`, and one more can't be.
    function _assertLargest(
        string memory what,
        function(uint256) internal returns (Body memory) make,
        uint256 least,
        uint256 most
    ) private {
        uint256 low = least;
        uint256 high = most;
        assertTrue(_tryMint(make(least), false), "the least");
        while (low < high) {
            uint256 count = (low + high + 1) / 2;
            if (_tryMint(make(count), false)) low = count;
            else high = count - 1;
        }
        emit log_named_uint(string.concat("artworks in the largest series of ", what), low);
        if (low < most) assertFalse(_tryMint(make(low + 1), false), "one more");
        Body memory body = make(low);
        assertTrue(_tryMint(body, true));
        assertEq(nft.totalSupply(), low);
        uint256 last = body.orders[body.artworks[low - 1].order].request;
        _assertReadable(1000 + low, body.requests[last].prompt);
        _assertReadable(1001, body.requests[0].prompt);
    }

    /// @dev Returns whether a series is minted by one transaction within all caps.
    function _tryMint(Body memory body, bool keep) private returns (bool fits) {
        uint256 state = vm.snapshotState();
        try this.mintIt(body) returns (bool ok, uint256 used) {
            fits = ok;
            emit log_named_uint("gas", used);
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), IGridNFT.GridNFT_BlobTooLarge.selector, "refused for its size only");
        }
        if (!keep) vm.revertToState(state);
    }

    /// @dev Anchors a series' receipts by the root of a lane, and mints it.
    function mintIt(Body memory body) external returns (bool fits, uint256 used) {
        body.anchors[0].payer = payer.addr;
        uint256 count = body.artworks.length;
        bytes32[] memory leaves = new bytes32[](count);
        uint256[] memory places = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            leaves[i] = GridMessages.leafOf(_receiptDigest(_receiptOf(body, i)));
            places[i] = i;
        }
        ReceiptProof[] memory proofs = new ReceiptProof[](1);
        bytes32 root = leaves[0];
        if (count > 1) {
            bytes32[] memory tree = NftTree.build(leaves);
            proofs[0] = NftTree.proveMany(tree, places);
            root = tree[0];
        }
        proofs[0].laneId = _anchorOnLane(root);
        bytes memory data =
            abi.encodeCall(IGridNFT.mint, (NftBody.pack(body), proofs, requester.addr, type(uint128).max));
        used = _transact(requester.addr, address(nft), data, _cold);
        fits = used <= TRANSACTION_CAP && data.length <= RELAY_CAP;
        assertLe(nft.blobOf(1001, 1).code.length, 24_576);
    }

    function _assertReadable(uint256 tokenId, string memory prompt) private {
        _cool(address(nft));
        _cool(address(aigc));
        uint256 left = gasleft();
        string memory uri = nft.tokenURI(tokenId);
        uint256 used = left - gasleft();
        emit log_named_uint("tokenURI", used);
        assertLt(used, ETH_CALL / 2);
        string memory json = string(Base64.decode(LibString.slice(uri, 29)));
        assertEq(vm.parseJsonString(json, ".prompt"), prompt);
    }

    // ---------------------------------------------------------------- bodies

    /// @dev Orders of 256 receipts, all of one request.
    function _ofOnePrompt(uint256 count) internal view returns (Body memory body) {
        body = _body(_prompts("a neon cyberpunk cityscape at night"));
        uint256 orders = (count + 255) / 256;
        body.orders = new BodyOrder[](orders);
        for (uint256 i; i < orders; ++i) {
            body.orders[i].orderHash = keccak256(abi.encode("order", i));
            body.orders[i].price = 0.05e18;
        }
        body.artworks = new BodyArtwork[](count);
        for (uint256 i; i < count; ++i) {
            body.artworks[i].order = uint8(i / 256);
            body.artworks[i].index = uint8(i % 256);
            body.artworks[i].completedAt = uint40(block.timestamp);
            body.artworks[i].imageHash = keccak256(abi.encode("image", i));
        }
    }

    function _ofManyPrompts(uint256 count) internal view returns (Body memory body) {
        string[] memory prompts = new string[](count);
        for (uint256 i; i < count; ++i) {
            prompts[i] = string.concat("a neon cyberpunk cityscape at night, number ", vm.toString(i));
        }
        body = _body(prompts);
        for (uint256 i; i < count; ++i) {
            body.artworks[i].cidDigest = 0;
        }
    }

    function _receiptOf(Body memory body, uint256 i) private view returns (JobReceipt memory r) {
        BodyArtwork memory a = body.artworks[i];
        BodyOrder memory o = body.orders[a.order];
        GenerationRequest memory q = body.requests[o.request];
        r = JobReceipt({
            orderHash: o.orderHash,
            index: a.index,
            requester: requester.addr,
            worker: worker.addr,
            modelId: q.modelId,
            requestHash: GridMessages.hashRequest(q),
            seed: q.seed + a.index,
            engineHash: keccak256(bytes(ENGINE)),
            imageHash: a.imageHash,
            cidDigest: a.cidDigest == 0 ? a.imageHash : a.cidDigest,
            completedAt: a.completedAt,
            price: o.price
        });
    }
}
