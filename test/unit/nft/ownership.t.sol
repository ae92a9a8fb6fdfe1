// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {EvolutionPolicy, IGridNFT, ReceiptProof} from "../../../contracts/interfaces/IGridNFT.sol";
import {Body, NftBody} from "../../utils/NftBody.sol";
import {RefusingReceiver} from "../../utils/NftMocks.sol";
import {NftTest} from "../../utils/NftTest.sol";

contract OwnershipTest is NftTest {
    function test_Burn_RevertWhen_TheTokenToBurnDoesNotExist() external {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 1001));
        nft.burn(1001);
    }

    function test_Burn_RevertWhen_TheBurnerIsNeitherOwnerNorOperator() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, collector);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, artist, id));
        vm.prank(artist);
        nft.burn(id);
    }

    function test_Burn_WhenTheOwnerBurns() external {
        Body memory body = aBody(2);
        mintBody(body);
        vm.expectEmit(address(nft));
        emit IERC721.Transfer(artist, address(0), 1001);
        vm.prank(artist);
        nft.burn(1001);

        assertEq(nft.totalSupply(), 1);
        assertEq(nft.balanceOf(artist), 1);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 1001));
        nft.ownerOf(1001);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 1001));
        nft.tokenURI(1001);
        assertEq(nft.provenanceOf(1001).request.prompt, aRequest().prompt);
        assertEq(nft.artistOf(1001), artist);
        assertTrue(nft.verify(1001));
        assertTrue(nft.isMinted(artist, body.orders[0].orderHash, 0));

        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_AlreadyMinted.selector, body.orders[0].orderHash, 0));
        vm.prank(artist);
        nft.mint(packed, proofs, artist, type(uint128).max);
    }

    function test_Burn_WhenAnOperatorBurns() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, collector);
        vm.prank(collector);
        nft.setApprovalForAll(artist, true);
        vm.prank(artist);
        nft.burn(id);
        assertEq(nft.totalSupply(), 0);
        assertEq(nft.balanceOf(collector), 0);
    }

    function test_TransferFrom_RevertWhen_TheMoverIsNeitherOwnerNorOperator() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, collector, id));
        vm.prank(collector);
        nft.transferFrom(artist, collector, id);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, id + 1));
        vm.prank(collector);
        nft.transferFrom(artist, collector, id + 1);
    }

    function test_TransferFrom_RevertWhen_TheSenderNamedIsNotTheOwner() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721IncorrectOwner.selector, collector, id, artist));
        vm.prank(artist);
        nft.transferFrom(collector, artist, id);
    }

    function test_TransferFrom_RevertWhen_ItWouldGoToTheZeroAddress() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(0)));
        vm.prank(artist);
        nft.transferFrom(artist, address(0), id);
    }

    function test_TransferFrom_WhenTheOwnerMovesIt() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 2, artist);
        vm.startPrank(artist);
        nft.approve(payer, id);
        assertEq(nft.getApproved(id), payer);
        vm.expectEmit(address(nft));
        emit IERC721.Transfer(artist, collector, id);
        nft.transferFrom(artist, collector, id);
        assertEq(nft.ownerOf(id), collector);
        assertEq(nft.getApproved(id), address(0));
        assertEq(nft.balanceOf(artist), 1);
        assertEq(nft.balanceOf(collector), 1);
        assertEq(nft.versionsOf(id), 1);
        assertEq(nft.artistOf(id), artist);
    }

    function test_TransferFrom_WhenAnApprovedAccountMovesIt() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        vm.prank(artist);
        nft.approve(payer, id);
        vm.prank(payer);
        nft.transferFrom(artist, collector, id);
        assertEq(nft.ownerOf(id), collector);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, payer, id));
        vm.prank(payer);
        nft.transferFrom(collector, payer, id);
    }

    function test_TransferFrom_RevertWhen_ItGoesSafelyToAContractThatRefuses() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 2, artist);
        address refusing = address(new RefusingReceiver());
        vm.startPrank(artist);
        nft.safeTransferFrom(artist, refusing, id);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, refusing));
        nft.safeTransferFrom(artist, refusing, id + 1);
    }

    function test_BalanceOf_RevertWhen_AskedForTheZeroAddress() external {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidOwner.selector, address(0)));
        nft.balanceOf(address(0));
    }
}
