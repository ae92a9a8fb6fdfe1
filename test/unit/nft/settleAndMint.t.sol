// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base64} from "solady/utils/Base64.sol";
import {LibString} from "solady/utils/LibString.sol";

import {IGridNFT, MintAuthorization, ReceiptProof} from "../../../contracts/interfaces/IGridNFT.sol";
import {IGridSettlement, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {Body, BodyArtwork, NftBody} from "../../utils/NftBody.sol";
import {NftGridBase} from "../../utils/NftGridBase.sol";
import {NftTree} from "../../utils/NftTree.sol";

/// @dev On the real settlement and the real model registry.
contract SettleAndMintTest is NftGridBase {
    /// @dev A series of three of one order.
    function _ready()
        private
        view
        returns (Settlement[] memory items, bytes memory packed, ReceiptProof[] memory proofs)
    {
        Body memory body = _body(_prompts("a neon city"));
        body.artworks = new BodyArtwork[](3);
        uint256[] memory places = new uint256[](3);
        for (uint256 i; i < 3; ++i) {
            places[i] = i;
            body.artworks[i].index = uint8(i);
            body.artworks[i].completedAt = uint40(block.timestamp);
            body.artworks[i].imageHash = keccak256(abi.encode("image", i));
        }
        items = new Settlement[](1);
        items[0] = _order(body, 1);
        proofs = new ReceiptProof[](1);
        proofs[0] = NftTree.proveMany(NftTree.build(_leaves(items[0])), places);
        packed = NftBody.pack(body);
    }

    function _authorize(bytes memory packed, Person memory by, uint128 maxFee)
        private
        view
        returns (MintAuthorization memory a, bytes memory signature)
    {
        a = MintAuthorization(requester.addr, requester.addr, keccak256(packed), maxFee, uint64(block.timestamp));
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "MintAuthorization(address requester,address to,bytes32 bodyHash,uint128 maxFee,uint64 deadline)"
                ),
                a
            )
        );
        (, string memory name, string memory version, uint256 chainId, address verifier,,) = nft.eip712Domain();
        bytes32 separator = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chainId,
                verifier
            )
        );
        signature = _sign(by, keccak256(abi.encodePacked(hex"1901", separator, structHash)));
    }

    function test_SettleAndMint_RevertWhen_TheSourceIsUnknown() external {
        (Settlement[] memory items, bytes memory packed, ReceiptProof[] memory proofs) = _ready();
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_UnknownSource.selector, 1));
        vm.prank(requester.addr);
        nft.settleAndMint(1, items, packed, proofs, requester.addr, 3e18);
    }

    function test_SettleAndMint_RevertWhen_AnOrderCannotBeSettled() external {
        (Settlement[] memory items, bytes memory packed, ReceiptProof[] memory proofs) = _ready();
        items[0].orderSignature = _sign(worker, keccak256("something else"));
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridNFT.GridNFT_SettlementFailed.selector, 0, IGridSettlement.GridSettlement_OrderSignature.selector
            )
        );
        vm.prank(requester.addr);
        nft.settleAndMint(0, items, packed, proofs, requester.addr, 3e18);
    }

    function test_SettleAndMint_RevertWhen_TheSettledOrderIsNotTheBodys() external {
        (Settlement[] memory items, bytes memory packed, ReceiptProof[] memory proofs) = _ready();
        bytes32 root = NftTree.root(_leaves(items[0]));
        Body memory other = _body(_prompts("another"));
        items[0] = _order(other, 2);
        vm.expectRevert(
            abi.encodeWithSelector(IGridNFT.GridNFT_NotAnchored.selector, 0, bytes32(0), requester.addr, root)
        );
        vm.prank(requester.addr);
        nft.settleAndMint(0, items, packed, proofs, requester.addr, 3e18);
    }

    function test_SettleAndMint_WhenNobodyHasSettledYet() external {
        (Settlement[] memory items, bytes memory packed, ReceiptProof[] memory proofs) = _ready();
        uint128 before = _balance(requester.addr);
        vm.prank(requester.addr);
        nft.settleAndMint(0, items, packed, proofs, requester.addr, 3e18);
        assertEq(before - _balance(requester.addr), 0.15e18);
        assertGt(settlement.earnedOf(worker.addr), 0);
        assertEq(nft.balanceOf(requester.addr), 3);
        assertTrue(nft.verify(1001));
        string memory json = string(Base64.decode(LibString.slice(nft.tokenURI(1003), 29)));
        assertEq(vm.parseJsonString(json, ".attributes[0].value"), "Stable Diffusion XL");
    }

    function test_SettleAndMint_GivenSomebodyElseHasSettled() external {
        (Settlement[] memory items, bytes memory packed, ReceiptProof[] memory proofs) = _ready();
        settlement.settle(items[0]);
        uint128 before = _balance(requester.addr);
        vm.prank(requester.addr);
        nft.settleAndMint(0, items, packed, proofs, requester.addr, 3e18);
        assertEq(_balance(requester.addr), before);
        assertEq(nft.balanceOf(requester.addr), 3);
    }

    function test_SettleAndMintFor_RevertWhen_TheAuthorizationIsNotTheRequesters() external {
        (Settlement[] memory items, bytes memory packed, ReceiptProof[] memory proofs) = _ready();
        (MintAuthorization memory a, bytes memory signature) = _authorize(packed, thief, 3e18);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BadSignature.selector, requester.addr));
        vm.prank(thief.addr);
        nft.settleAndMintFor(0, items, packed, proofs, a, signature, type(uint128).max);
    }

    function test_SettleAndMintFor_RevertWhen_TheFeeIsAboveWhatTheSubmitterNames() external {
        (Settlement[] memory items, bytes memory packed, ReceiptProof[] memory proofs) = _ready();
        (MintAuthorization memory a, bytes memory signature) = _authorize(packed, requester, 0);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_FeeAboveMax.selector, 3e18, 3e18 - 1));
        vm.prank(stranger);
        nft.settleAndMintFor(0, items, packed, proofs, a, signature, 3e18 - 1);
    }

    function test_SettleAndMintFor_WhenTheAuthorizationHolds() external {
        (Settlement[] memory items, bytes memory packed, ReceiptProof[] memory proofs) = _ready();
        (MintAuthorization memory a, bytes memory signature) = _authorize(packed, requester, 3e18);
        vm.prank(stranger);
        nft.settleAndMintFor(0, items, packed, proofs, a, signature, type(uint128).max);
        assertGt(settlement.earnedOf(worker.addr), 0);
        assertEq(nft.ownerOf(1003), requester.addr);
    }
}
