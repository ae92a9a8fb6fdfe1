// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Body, BodyArtwork, BodyOrder, NftBody} from "../utils/NftBody.sol";
import {EscrowDouble} from "../utils/EscrowDouble.sol";
import {NftGridBase} from "../utils/NftGridBase.sol";
import {NftTree} from "../utils/NftTree.sol";
import {ReceiptProof} from "../../contracts/interfaces/IGridNFT.sol";
import {Settlement} from "../../contracts/interfaces/IGridSettlement.sol";
import {GenerationRequest, GridMessages, JobReceipt} from "../../contracts/messages/GridMessages.sol";

/// @dev Calls into GridNFT from inside of a transaction, as a market does.
contract RoyaltyReader {
    function read(address nft, uint256 tokenId) external view returns (uint256 gasUsed) {
        uint256 before = gasleft();
        (bool ok,) = nft.staticcall(abi.encodeWithSignature("royaltyInfo(uint256,uint256)", tokenId, 1e18));
        gasUsed = before - gasleft();
        require(ok);
    }
}

/// @notice What minting, moving and reading artworks costs, on the real settlement and model registry. The artist owns
/// one artwork already. Whole transactions: run with `--isolate`.
contract NftGas is NftGridBase {
    string private constant GROUP = "nft";
    uint256 private constant TREE = 1024;
    uint256 private constant TRANSACTION_CAP = 16_777_216; // Base
    uint256 private constant LONGEST = 467;

    address private _collector = makeAddr("collector");

    /// @dev Of what `_mint` mints.
    address private _receiver;
    /// @dev True when images are files of one block, whose CID needs no bytes of its own.
    bool private _singleBlocks;

    function setUp() public override {
        super.setUp();
        _receiver = requester.addr;
        Body memory body = _body(_prompts("the first picture"));
        Settlement memory item = _order(body, 99);
        settlement.settle(item);
        vm.prank(requester.addr);
        nft.mint(NftBody.pack(body), _noProof(), requester.addr, type(uint128).max);
    }

    // ---------------------------------------------------------------------------------------------------------- mint

    function test_Mint1() external {
        assertLe(_mint(1, true), 365_000);
        vm.snapshotGasLastCall(GROUP, "mint 1, from a lane's root of 1,024 receipts");
    }

    function test_Mint10Unique() external {
        assertLe(_mint(10, true) / 10, 162_000);
        vm.snapshotGasLastCall(GROUP, "mint 10, unique prompts and orders, spread over the tree");
    }

    function test_Mint10OnePrompt() external {
        assertLe(_mint(10, false) / 10, 84_000);
        vm.snapshotGasLastCall(GROUP, "mint 10, one prompt, one order, 10 seeds");
    }

    function test_Mint50Unique() external {
        uint256 used = _mint(50, true);
        assertLe(used / 50, 145_000);
        assertLt(used, TRANSACTION_CAP);
        vm.snapshotGasLastCall(GROUP, "mint 50, unique prompts and orders, spread over the tree");
    }

    function test_Mint50OnePrompt() external {
        uint256 used = _mint(50, false);
        assertLe(used / 50, 58_000);
        assertLt(used, TRANSACTION_CAP);
        vm.snapshotGasLastCall(GROUP, "mint 50, one prompt, one order, 50 seeds");
    }

    /// @dev One prompt, orders of 256 images; `MAX_ARTWORKS` in BodyDecoder.sol says this number.
    function test_MintTheLongestThatFitsATransaction() external {
        _singleBlocks = true;
        assertLe(_mint(LONGEST, false), TRANSACTION_CAP);
        vm.snapshotGasLastCall(GROUP, "mint 467, one prompt, the longest series that fits a transaction");
    }

    function test_MintOneMoreThanFitsATransaction() external {
        _singleBlocks = true;
        assertGt(_mint(LONGEST + 1, false), TRANSACTION_CAP);
    }

    function test_Mint1Direct() external {
        Body memory body = _workload(1, true);
        settlement.settle(_order(body, 1));
        _send(body, _noProof());
        vm.snapshotGasLastCall(GROUP, "mint 1, settled directly before");
    }

    function test_SettleAndMint() external {
        Body memory body = _workload(1, true);
        Settlement[] memory items = new Settlement[](1);
        items[0] = _order(body, 1);
        bytes memory packed = NftBody.pack(body);
        uint256 state = vm.snapshotState();

        settlement.settle(items[0]);
        uint256 apart = vm.lastCallGas().gasTotalUsed;
        _send(body, _noProof());
        apart += vm.lastCallGas().gasTotalUsed;

        vm.revertToState(state);
        vm.prank(requester.addr);
        nft.settleAndMint(0, items, packed, _noProof(), requester.addr, type(uint128).max);
        uint256 together = vm.lastCallGas().gasTotalUsed;
        vm.snapshotGasLastCall(GROUP, "settle and mint 1, one transaction");
        emit log_named_uint("apart", apart);
        emit log_named_uint("together", together);
        assertLe(together + 15_000, apart);
    }

    // ---------------------------------------------------------------------------------------------------------- move

    /// @dev Minted to somebody else than its artist, so it left the artist's hands at birth.
    function test_Transfer() external {
        _receiver = makeAddr("seller");
        _mint(2, false);
        vm.prank(requester.addr);
        nft.transferFrom(requester.addr, _collector, 1001);
        vm.prank(_receiver);
        nft.transferFrom(_receiver, _collector, 2001);
        assertLe(vm.lastCallGas().gasTotalUsed, 48_000);
        vm.snapshotGasLastCall(GROUP, "transfer, both hold already, first out of a series");
    }

    function test_TransferOutOfTheArtistsHands() external {
        nft.setEscrow(address(new EscrowDouble()));
        _mint(2, false);
        vm.prank(requester.addr);
        nft.transferFrom(requester.addr, _collector, 1001);
        vm.prank(requester.addr);
        nft.transferFrom(requester.addr, _collector, 2001);
        assertLe(vm.lastCallGas().gasTotalUsed, 50_200);
        vm.snapshotGasLastCall(GROUP, "transfer, both hold already, first out of the artist's hands");
    }

    function test_TransferByAuction() external {
        EscrowDouble escrow = new EscrowDouble();
        nft.setEscrow(address(escrow));
        _mint(2, false);
        vm.prank(requester.addr);
        nft.transferFrom(requester.addr, _collector, 1001);
        vm.startPrank(requester.addr);
        nft.transferFrom(requester.addr, address(escrow), 2002);
        nft.transferFrom(requester.addr, address(escrow), 2001);
        vm.snapshotGasLastCall(GROUP, "transfer, from the artist into the escrow, which holds already");
        vm.stopPrank();
        vm.prank(address(escrow));
        nft.transferFrom(address(escrow), _collector, 2001);
        vm.snapshotGasLastCall(GROUP, "transfer, from the escrow to a buyer, first out of the artist's hands");
    }

    // ---------------------------------------------------------------------------------------------------------- read

    function test_RoyaltyInfo() external {
        uint256 used = new RoyaltyReader().read(address(nft), 1001);
        emit log_named_uint("royaltyInfo inside a call", used);
        assertLe(used, 14_300);
        vm.snapshotValue(GROUP, "royaltyInfo, inside a call", used);
    }

    function test_TokenURI() external {
        _mint(1, true);
        uint256 used = _readTokenURI(2001);
        emit log_named_uint("tokenURI", used);
        assertLe(used, 350_000);
        vm.snapshotValue(GROUP, "tokenURI, prompt of 200 bytes, inside a call", used);
    }

    function test_TokenURIOfALongSeries() external {
        _mint(50, true);
        uint256 used = _readTokenURI(2050);
        emit log_named_uint("tokenURI of the last of 50", used);
        vm.snapshotValue(GROUP, "tokenURI, the last of 50 unique prompts, inside a call", used);
    }

    // ------------------------------------------------------------------------------------------------------ internal

    function _readTokenURI(uint256 tokenId) private view returns (uint256) {
        uint256 before = gasleft();
        nft.tokenURI(tokenId);
        return before - gasleft();
    }

    /// @dev Texts of the sizes that the targets are set for.
    function _workload(uint256 count, bool unique) private view returns (Body memory body) {
        string[] memory prompts = new string[](unique ? count : 1);
        for (uint256 i; i < prompts.length; ++i) {
            prompts[i] = string.concat(
                "a rain soaked neon megacity at midnight, towering holographic billboards, flying cars, wet ",
                "reflections on the street, cinematic light, volumetric fog, ultra detailed, sharp focus, ",
                "8k, raw wide shot ",
                vm.toString(i + 10)
            );
        }
        body = _body(prompts);
        for (uint256 i; i < prompts.length; ++i) {
            body.requests[i].salt = keccak256(abi.encode("salt", i));
            body.requests[i].seed = uint64(uint256(keccak256(abi.encode("seed", i))) >> 193);
        }
        if (!unique) {
            body.artworks = new BodyArtwork[](count);
            BodyOrder memory order = body.orders[0];
            body.orders = new BodyOrder[]((count + 255) / 256);
            for (uint256 i; i < body.orders.length; ++i) {
                body.orders[i] = BodyOrder(keccak256(abi.encode("order", i)), 0, 0, 0, order.price);
            }
            for (uint256 i; i < count; ++i) {
                body.artworks[i].order = uint8(i / 256);
                body.artworks[i].index = uint8(i % 256);
                body.artworks[i].completedAt = uint40(block.timestamp);
                body.artworks[i].imageHash = keccak256(abi.encode("image", i));
                if (!_singleBlocks) body.artworks[i].cidDigest = keccak256(abi.encode("cid", i));
            }
        }
        GenerationRequest memory r = body.requests[0];
        assertEq(bytes(body.title).length, 19);
        assertEq(bytes(body.description).length, 93);
        assertEq(bytes(body.tags).length, 18);
        assertEq(bytes(r.prompt).length, 200);
        assertEq(bytes(r.negativePrompt).length, 28);
        assertEq(bytes(body.engines[0]).length, 43);
        assertEq(bytes(r.sampler).length, 7);
        assertEq(bytes(r.scheduler).length, 6);
    }

    /// @dev Receipts of unique orders lie all over the tree, those of one order side by side.
    function _mint(uint256 count, bool unique) private returns (uint256 used) {
        Body memory body = _workload(count, unique);
        body.anchors[0].payer = payer.addr;
        bytes32[] memory leaves = new bytes32[](TREE);
        for (uint256 i; i < TREE; ++i) {
            leaves[i] = keccak256(abi.encode("somebody's receipt", i));
        }
        uint256[] memory places = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            places[i] = unique ? i * (TREE / count) + i % 3 : 100 + i;
            leaves[places[i]] = GridMessages.leafOf(_receiptDigest(_receiptOf(body, i)));
        }
        bytes32[] memory tree = NftTree.build(leaves);
        ReceiptProof[] memory proofs = new ReceiptProof[](1);
        proofs[0] = NftTree.proveMany(tree, places);
        proofs[0].laneId = _anchorOnLane(tree[0]);
        used = _send(body, proofs);
        emit log_named_uint("each", used / count);
    }

    function _receiptOf(Body memory body, uint256 i) private view returns (JobReceipt memory r) {
        BodyArtwork memory a = body.artworks[i];
        BodyOrder memory o = body.orders[a.order];
        r = JobReceipt({
            orderHash: o.orderHash,
            index: a.index,
            requester: requester.addr,
            worker: worker.addr,
            modelId: MODEL,
            requestHash: GridMessages.hashRequest(body.requests[o.request]),
            seed: body.requests[o.request].seed + a.index,
            engineHash: keccak256(bytes(ENGINE)),
            imageHash: a.imageHash,
            cidDigest: a.cidDigest == 0 ? a.imageHash : a.cidDigest,
            completedAt: a.completedAt,
            price: o.price
        });
    }

    function _send(Body memory body, ReceiptProof[] memory proofs) private returns (uint256) {
        bytes memory packed = NftBody.pack(body);
        vm.prank(requester.addr);
        nft.mint(packed, proofs, _receiver, type(uint128).max);
        return vm.lastCallGas().gasTotalUsed;
    }
}
