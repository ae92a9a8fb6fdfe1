// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

import {EvolutionPolicy, IGridNFT, ReceiptProof} from "../../../contracts/interfaces/IGridNFT.sol";
import {Body, NftBody} from "../../utils/NftBody.sol";
import {EscrowDouble} from "../../utils/EscrowDouble.sol";
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

    function _assertLeft(uint256 id, bool left) private view {
        (, bool locked) = nft.displayOf(id);
        assertEq(locked, left, "left the artist");
        assertEq(wordOf(id) >> 254, left ? 1 : 0, "moved, and not frozen");
    }

    function _pass(uint256 id, address to) private {
        address holder = nft.ownerOf(id);
        vm.prank(holder);
        nft.transferFrom(holder, to, id);
    }

    function test_TransferFrom_GivenItHasMovedAsOftenAsCanBeCounted() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, collector);
        uint256 word = wordOf(id) | uint256(type(uint40).max - 1) << 160 | uint256(0xabcd1234) << 200;
        setWord(id, word);
        _pass(id, artist);
        assertEq(movesOf(id), type(uint40).max);
        _pass(id, collector);
        assertEq(movesOf(id), 0);
        assertEq(shownOf(id), 0xabcd1234);
        assertEq(nft.versionsOf(id), 1);
        assertEq(nft.ownerOf(id), collector);
        assertEq(wordOf(id) >> 200, word >> 200);
    }

    function test_TransferFrom_WhenItsOwnerPassesItToThemselves() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        _pass(id, artist);
        assertEq(movesOf(id), 1);
        _assertLeft(id, false);
        anEscrow();
        _pass(id, artist);
        assertEq(movesOf(id), 2);
        _assertLeft(id, false);
    }

    function testFuzz_TransferFrom_GivenThereIsNoEscrow(address to) external {
        vm.assume(to != address(0) && to != artist);
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        _pass(id, to);
        _assertLeft(id, true);
    }

    function test_TransferFrom_WhenTheArtistPutsItIntoTheEscrow() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        escrowed(anEscrow(), id, true);
        assertEq(movesOf(id), 1);
        _assertLeft(id, false);
    }

    function test_TransferFrom_WhenTheEscrowGivesItBackToTheArtist() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        EscrowDouble escrow = anEscrow();
        for (uint256 i; i < 3; ++i) {
            escrowed(escrow, id, true);
            escrow.give(nft, artist, id);
            _assertLeft(id, false);
        }
        assertEq(movesOf(id), 6);
        _pass(id, collector);
        _assertLeft(id, true);
    }

    function test_TransferFrom_WhenTheEscrowPassesItToItself() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        EscrowDouble escrow = anEscrow();
        escrowed(escrow, id, false);
        escrow.give(nft, address(escrow), id);
        assertEq(movesOf(id), 2);
        _assertLeft(id, false);
    }

    function test_TransferFrom_WhenTheEscrowGivesItToABuyer() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        EscrowDouble escrow = anEscrow();
        escrowed(escrow, id, true);
        escrow.give(nft, collector, id);
        assertEq(movesOf(id), 2);
        _assertLeft(id, true);
    }

    function test_TransferFrom_WhenABuyerPutsItIntoTheEscrowAndTakesItBack() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        EscrowDouble escrow = anEscrow();
        _pass(id, collector);
        escrowed(escrow, id, false);
        _assertLeft(id, true);
        escrow.give(nft, collector, id);
        _assertLeft(id, true);
        // Not even by way of the escrow does it come back into the artist's hands.
        escrowed(escrow, id, false);
        escrow.give(nft, artist, id);
        _assertLeft(id, true);
    }

    function test_TransferFrom_GivenItWasMintedToTheEscrow() external {
        EscrowDouble escrow = anEscrow();
        Body memory body = aBody(1);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        // One that answers is asked like every contract; this one does not answer.
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(escrow)));
        vm.prank(artist);
        nft.mint(packed, proofs, address(escrow), type(uint128).max);
        vm.mockCall(
            address(escrow),
            abi.encodeWithSelector(IERC721Receiver.onERC721Received.selector),
            abi.encode(IERC721Receiver.onERC721Received.selector)
        );
        vm.prank(artist);
        nft.mint(packed, proofs, address(escrow), type(uint128).max);
        vm.clearMockedCalls();
        _assertLeft(1001, true);
        escrow.give(nft, artist, 1001);
        _assertLeft(1001, true);
    }

    function test_TransferFrom_GivenItWasThereBeforeTheEscrowWasSet() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        EscrowDouble escrow = new EscrowDouble();
        escrowed(escrow, id, false);
        vm.prank(admin);
        nft.setEscrow(address(escrow));
        escrow.give(nft, artist, id);
        _assertLeft(id, true);
    }

    function test_Burn_GivenTheEscrowOwnsIt() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        EscrowDouble escrow = anEscrow();
        escrowed(escrow, id, true);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, artist, id));
        vm.prank(artist);
        nft.burn(id);
        vm.prank(address(escrow));
        nft.burn(id);
        _assertLeft(id, true);
        assertEq(nft.balanceOf(address(escrow)), 0);
        assertEq(nft.totalSupply(), 0);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, id));
        nft.stateOf(id);
        assertEq(uint40(wordOf(id) >> 160), 2, "the burn is a move");
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
