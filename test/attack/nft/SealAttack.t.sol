// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GridNFT} from "../../../contracts/GridNFT.sol";
import {IGridNFT, MintAuthorization, ReceiptProof} from "../../../contracts/interfaces/IGridNFT.sol";
import {IReceiptAnchor} from "../../../contracts/interfaces/IReceiptAnchor.sol";
import {Body, NftBody} from "../../utils/NftBody.sol";
import {EscrowDouble} from "../../utils/EscrowDouble.sol";
import {NftTest} from "../../utils/NftTest.sol";

/// @dev Confirms every receipt, in the name of a worker who never saw it.
contract AlwaysYes is IReceiptAnchor {
    address private immutable _worker;

    constructor(address worker) {
        _worker = worker;
    }

    function anchorOf(bytes32, address, bytes32) external view returns (address, uint40, uint40) {
        return (_worker, uint40(block.timestamp), uint40(block.number));
    }
}

/// @notice Attacks by a captured governance after sealing, and on what a relayer is charged.
contract SealAttack is NftTest {
    /// @dev Before: the thief of UPGRADER mints whatever they like. After: no more.
    function test_T66_NoSourceIsAddedAfterSealing() external {
        address yes = address(new AlwaysYes(worker));
        Body memory forged = aBody(1);
        forged.anchors[0].source = 1;
        bytes memory packed = NftBody.pack(forged);
        uint256 state = vm.snapshotState();
        vm.prank(admin);
        nft.addAnchorSource(yes);
        vm.prank(artist);
        nft.mint(packed, new ReceiptProof[](1), artist, type(uint128).max);
        assertTrue(nft.verify(1001), "the attack works while nothing is sealed");
        vm.revertToState(state);

        vm.startPrank(admin);
        nft.sealUpgrades();
        vm.expectRevert(IGridNFT.GridNFT_SourcesSealed.selector);
        nft.addAnchorSource(yes);
        vm.stopPrank();
        assertEq(nft.anchorSourceCount(), 1);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_UnknownSource.selector, 1));
        vm.prank(artist);
        nft.mint(packed, new ReceiptProof[](1), artist, type(uint128).max);
        bytes memory proof = abi.encode(artist, new ReceiptProof[](1));
        assertFalse(nft.verify(bytes(forged.requests[0].prompt), packed, proof));
    }

    /// @dev An address that is empty when it is listed, or named as the renderer, would be filled after the seal.
    function test_T66_NothingIsSealedThatIsNotThereYet() external {
        address later = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        bytes memory noCode = abi.encodeWithSelector(IGridNFT.GridNFT_NoCode.selector, later);
        vm.startPrank(admin);
        vm.expectRevert(noCode);
        nft.addAnchorSource(later);
        vm.expectRevert(noCode);
        nft.setRenderer(later);
        vm.expectRevert(noCode);
        nft.setEscrow(later);
        nft.sealUpgrades();
        nft.sealRenderer();
        vm.stopPrank();
        assertEq(address(new AlwaysYes(worker)), later);
        Body memory forged = aBody(1);
        forged.anchors[0].source = 1;
        bytes memory packed = NftBody.pack(forged);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_UnknownSource.selector, 1));
        vm.prank(artist);
        nft.mint(packed, new ReceiptProof[](1), artist, type(uint128).max);
    }

    function test_T66_ASealedRendererIsFinal() external {
        vm.startPrank(admin);
        nft.sealRenderer();
        vm.expectRevert(IGridNFT.GridNFT_RendererSealed.selector);
        nft.setRenderer(address(anchors));
        assertEq(nft.renderer(), address(renderer));
        // It is a seal of its own: everything else goes on.
        nft.addAnchorSource(address(renderer));
        nft.setEscrow(address(new EscrowDouble()));
        nft.upgradeToAndCall(address(new GridNFT(aipg, models)), "");
    }

    function test_T66_AfterSealingNoEscrowIsSet() external {
        address escrow = address(new EscrowDouble());
        vm.startPrank(admin);
        nft.sealUpgrades();
        vm.expectRevert(IGridNFT.GridNFT_UpgradesSealed.selector);
        nft.setEscrow(escrow);
    }

    /// @dev A second escrow could hold tokens without their leaving the artist's hands, and allow edits under a bid.
    function test_T66_TheEscrowIsSetOnce() external {
        address first = address(anEscrow());
        address second = address(new EscrowDouble());
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_EscrowIsSet.selector, first));
        nft.setEscrow(second);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_EscrowIsSet.selector, first));
        nft.setEscrow(first);
        assertEq(nft.escrow(), first);
    }

    // -------------------------------------------------------------------------------------------------------- relayers

    function _relayed(uint128 maxFee)
        private
        returns (bytes memory packed, ReceiptProof[] memory proofs, MintAuthorization memory a, bytes memory signature)
    {
        Body memory body = aBody(2);
        proofs = anchorAll(body, artist);
        packed = NftBody.pack(body);
        a = MintAuthorization(artist, artist, keccak256(packed), maxFee, uint64(NOW + 1 days));
        signature = sign(a, artistKey);
    }

    /// @dev The fee rises while the relayer's transaction waits. Its approval is for more, and stays untouched.
    function test_T65_ARelayerPaysNoMoreThanItSaid() external {
        (bytes memory packed, ReceiptProof[] memory proofs, MintAuthorization memory a, bytes memory signature) =
            _relayed(0);
        uint256 before = aipg.balanceOf(collector);
        vm.prank(admin);
        nft.setMintFee(FEE + 1, treasury);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_FeeAboveMax.selector, 2 * FEE + 2, 2 * FEE));
        vm.prank(collector);
        nft.mintFor(packed, proofs, a, signature, uint128(2 * FEE));
        assertEq(aipg.balanceOf(collector), before);
        vm.prank(collector);
        nft.mintFor(packed, proofs, a, signature, uint128(2 * FEE + 2));
        assertEq(before - aipg.balanceOf(collector), 2 * FEE + 2);
    }

    /// @dev A relayer can't lift the requester's cap by naming a higher one, nor is it bound by its own when it pays nothing.
    function test_T65_TheRelayersCapIsNotTheRequesters() external {
        (bytes memory packed, ReceiptProof[] memory proofs, MintAuthorization memory a, bytes memory signature) =
            _relayed(uint128(2 * FEE));
        vm.prank(admin);
        nft.setMintFee(FEE + 1, treasury);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_FeeAboveMax.selector, 2 * FEE + 2, 2 * FEE));
        vm.prank(collector);
        nft.mintFor(packed, proofs, a, signature, type(uint128).max);
        vm.prank(admin);
        nft.setMintFee(FEE, treasury);
        uint256 before = aipg.balanceOf(artist);
        vm.prank(collector);
        nft.mintFor(packed, proofs, a, signature, 0);
        assertEq(before - aipg.balanceOf(artist), 2 * FEE);
    }
}
