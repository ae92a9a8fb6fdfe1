// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IGridNFT, MintAuthorization, ReceiptProof} from "../../../contracts/interfaces/IGridNFT.sol";
import {Body, NftBody} from "../../utils/NftBody.sol";
import {Wallet} from "../../utils/NftMocks.sol";
import {NftTest} from "../../utils/NftTest.sol";

contract MintForTest is NftTest {
    function _ready(address requester) private returns (bytes memory packed, ReceiptProof[] memory proofs) {
        Body memory body = aBody(2);
        proofs = anchorAll(body, requester);
        packed = NftBody.pack(body);
    }

    function _authorize(bytes memory packed, address requester, uint128 maxFee)
        private
        view
        returns (MintAuthorization memory)
    {
        return MintAuthorization(requester, artist, keccak256(packed), maxFee, uint64(block.timestamp + 60));
    }

    function test_RevertWhen_TheAuthorizationIsForAnotherBody() external {
        (bytes memory packed, ReceiptProof[] memory proofs) = _ready(artist);
        MintAuthorization memory authorization = _authorize(packed, artist, 0);
        authorization.bodyHash = keccak256("another");
        bytes memory signature = sign(authorization, artistKey);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridNFT.GridNFT_AuthorizationForOtherBody.selector, keccak256("another"), keccak256(packed)
            )
        );
        vm.prank(collector);
        nft.mintFor(packed, proofs, authorization, signature, type(uint128).max);
    }

    function test_RevertWhen_TheDeadlineHasPassed() external {
        (bytes memory packed, ReceiptProof[] memory proofs) = _ready(artist);
        MintAuthorization memory authorization = _authorize(packed, artist, 0);
        bytes memory signature = sign(authorization, artistKey);
        vm.warp(block.timestamp + 61);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_AuthorizationExpired.selector, block.timestamp - 1));
        vm.prank(collector);
        nft.mintFor(packed, proofs, authorization, signature, type(uint128).max);
    }

    function test_RevertWhen_TheSignatureIsNotTheRequesters() external {
        (bytes memory packed, ReceiptProof[] memory proofs) = _ready(artist);
        MintAuthorization memory authorization = _authorize(packed, artist, 0);
        (, uint256 otherKey) = makeAddrAndKey("somebody");
        bytes memory signature = sign(authorization, otherKey);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BadSignature.selector, artist));
        vm.prank(collector);
        nft.mintFor(packed, proofs, authorization, signature, type(uint128).max);

        // Nor may the submitter change who gets it.
        signature = sign(authorization, artistKey);
        authorization.to = collector;
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BadSignature.selector, artist));
        vm.prank(collector);
        nft.mintFor(packed, proofs, authorization, signature, type(uint128).max);
    }

    function test_RevertWhen_AContractRequesterRefuses() external {
        Wallet wallet = new Wallet(artist);
        (bytes memory packed, ReceiptProof[] memory proofs) = _ready(address(wallet));
        MintAuthorization memory authorization = _authorize(packed, address(wallet), 0);
        (, uint256 otherKey) = makeAddrAndKey("somebody");
        bytes memory signature = sign(authorization, otherKey);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BadSignature.selector, address(wallet)));
        vm.prank(collector);
        nft.mintFor(packed, proofs, authorization, signature, type(uint128).max);
    }

    function test_RevertGiven_MintingIsPaused() external {
        (bytes memory packed, ReceiptProof[] memory proofs) = _ready(artist);
        MintAuthorization memory authorization = _authorize(packed, artist, 0);
        bytes memory signature = sign(authorization, artistKey);
        vm.prank(admin);
        nft.pause();
        vm.expectRevert(IGridNFT.GridNFT_Paused.selector);
        vm.prank(collector);
        nft.mintFor(packed, proofs, authorization, signature, type(uint128).max);
    }

    function test_RevertWhen_TheReceiverTheyNamedIsTheZeroAddress() external {
        (bytes memory packed, ReceiptProof[] memory proofs) = _ready(artist);
        MintAuthorization memory authorization = _authorize(packed, artist, 0);
        authorization.to = address(0);
        bytes memory signature = sign(authorization, artistKey);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(0)));
        vm.prank(collector);
        nft.mintFor(packed, proofs, authorization, signature, type(uint128).max);
    }

    function test_RevertWhen_TheFeeIsAboveWhatTheRequesterAllows() external {
        (bytes memory packed, ReceiptProof[] memory proofs) = _ready(artist);
        MintAuthorization memory authorization = _authorize(packed, artist, uint128(2 * FEE - 1));
        bytes memory signature = sign(authorization, artistKey);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_FeeAboveMax.selector, 2 * FEE, 2 * FEE - 1));
        vm.prank(collector);
        nft.mintFor(packed, proofs, authorization, signature, type(uint128).max);
    }

    function test_RevertWhen_TheFeeIsAboveWhatTheSubmitterAllows() external {
        (bytes memory packed, ReceiptProof[] memory proofs) = _ready(artist);
        MintAuthorization memory authorization = _authorize(packed, artist, 0);
        bytes memory signature = sign(authorization, artistKey);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_FeeAboveMax.selector, 2 * FEE, 2 * FEE - 1));
        vm.prank(collector);
        nft.mintFor(packed, proofs, authorization, signature, uint128(2 * FEE - 1));
    }

    function test_WhenTheRequesterAllowsAFee() external {
        (bytes memory packed, ReceiptProof[] memory proofs) = _ready(artist);
        MintAuthorization memory authorization = _authorize(packed, artist, uint128(2 * FEE));
        bytes memory signature = sign(authorization, artistKey);
        uint256 before = aipg.balanceOf(artist);
        vm.prank(collector);
        nft.mintFor(packed, proofs, authorization, signature, 0); // the submitter's cap is for what the submitter pays
        assertEq(nft.ownerOf(1002), artist);
        assertEq(nft.artistOf(1002), artist);
        assertEq(before - aipg.balanceOf(artist), 2 * FEE);
    }

    function test_WhenTheRequesterAllowsNoFee() external {
        (bytes memory packed, ReceiptProof[] memory proofs) = _ready(artist);
        MintAuthorization memory authorization = _authorize(packed, artist, 0);
        bytes memory signature = sign(authorization, artistKey);
        uint256 before = aipg.balanceOf(collector);
        vm.prank(collector);
        nft.mintFor(packed, proofs, authorization, signature, uint128(2 * FEE));
        assertEq(before - aipg.balanceOf(collector), 2 * FEE);
    }

    function test_WhenTheRequesterIsAContractThatAgrees() external {
        Wallet wallet = new Wallet(artist);
        (bytes memory packed, ReceiptProof[] memory proofs) = _ready(address(wallet));
        MintAuthorization memory authorization = _authorize(packed, address(wallet), 0);
        bytes memory signature = sign(authorization, artistKey);
        vm.prank(collector);
        nft.mintFor(packed, proofs, authorization, signature, type(uint128).max);
        assertEq(nft.artistOf(1001), address(wallet));
        assertEq(nft.ownerOf(1001), artist);
    }
}
