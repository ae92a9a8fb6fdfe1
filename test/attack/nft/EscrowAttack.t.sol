// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    Display,
    EvolutionPolicy,
    EvolveAuthorization,
    IGridNFT,
    ReceiptProof
} from "../../../contracts/interfaces/IGridNFT.sol";
import {EscrowDouble} from "../../utils/EscrowDouble.sol";
import {NftTest} from "../../utils/NftTest.sol";

/// @notice Bait and switch: a token is changed between the bid and its delivery.
contract EscrowAttack is NftTest {
    EscrowDouble private _escrow;
    Display private _bait = Display("another title", "another text", "ipfs://another");

    function setUp() public override {
        super.setUp();
        _escrow = anEscrow();
    }

    /// @dev A token of policy ARTIST in auction, with a bid on it, and the version its artist would slip in.
    function _ready() private returns (uint256 id, bytes memory packed, ReceiptProof[] memory proofs) {
        id = mintOf(EvolutionPolicy.ARTIST, 2, artist);
        (, packed, proofs) = aVersion("the switch", artist);
        escrowed(_escrow, id, true);
    }

    function _expectInEscrow(uint256 id) private {
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_InEscrow.selector, id));
    }

    // ----------------------------------------------------------------------------------------------------- four doors

    function test_T44_NothingEvolvesUnderABid() external {
        (uint256 id, bytes memory packed, ReceiptProof[] memory proofs) = _ready();
        _expectInEscrow(id);
        vm.prank(artist);
        nft.evolve(id, packed, proofs);
        // Without a bid there is nobody to deceive.
        _escrow.setBid(id, false);
        vm.prank(artist);
        assertEq(nft.evolve(id, packed, proofs), 2);
    }

    function test_T44_NothingEvolvesUnderABidByAuthorization() external {
        (uint256 id, bytes memory packed, ReceiptProof[] memory proofs) = _ready();
        EvolveAuthorization memory a = EvolveAuthorization(id, 2, keccak256(packed), uint64(NOW + 1 days));
        bytes memory signature = sign(a, artistKey);
        _expectInEscrow(id);
        vm.prank(collector);
        nft.evolveFor(packed, proofs, a, signature);
        _escrow.setBid(id, false);
        vm.prank(collector);
        assertEq(nft.evolveFor(packed, proofs, a, signature), 2);
    }

    function test_T44_NothingEvolvesUnderABidByAigcData() external {
        (uint256 id, bytes memory packed, ReceiptProof[] memory proofs) = _ready();
        bytes memory proof = abi.encode(artist, proofs);
        _expectInEscrow(id);
        vm.prank(artist);
        nft.addAigcData(id, "the switch", packed, proof);
        _escrow.setBid(id, false);
        vm.prank(artist);
        nft.addAigcData(id, "the switch", packed, proof);
        assertEq(nft.versionsOf(id), 2);
    }

    function test_T44_NothingIsEditedUnderABid() external {
        (uint256 id,,) = _ready();
        _expectInEscrow(id);
        vm.prank(artist);
        nft.setDisplay(only(id), _bait);
        _escrow.setBid(id, false);
        vm.prank(artist);
        nft.setDisplay(only(id), _bait);
        assertEq(shownOf(id), 1);
    }

    /// @dev Put in the middle of a list of tokens that may be edited.
    function test_T44_OneTokenUnderABidStopsAnEditOfMany() external {
        uint256 first = mintOf(EvolutionPolicy.NONE, 3, artist);
        escrowed(_escrow, first + 1, true);
        uint256[] memory ids = new uint256[](3);
        (ids[0], ids[1], ids[2]) = (first, first + 1, first + 2);
        string memory shown = nft.tokenURI(first);
        _expectInEscrow(first + 1);
        vm.prank(artist);
        nft.setDisplay(ids, _bait);
        assertEq(nft.tokenURI(first), shown);
    }

    // ------------------------------------------------------------------------------------------------ before and after

    /// @dev Announced before the auction by the seller; the token is the escrow's then, and the announcement nobody's.
    function test_T44_AnAnnouncementMadeBeforeTheAuctionIsWorthless() external {
        uint256 id = mintOf(EvolutionPolicy.OWNER, 1, artist);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("the switch", artist);
        vm.prank(artist);
        nft.announceEvolution(id, keccak256(packed));
        escrowed(_escrow, id, false);
        vm.warp(NOW + 2 hours);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAllowed.selector, id, artist));
        vm.prank(artist);
        nft.evolve(id, packed, proofs);
    }

    function test_T44_WhatWasSoldByAuctionIsNeverEditedAgain() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        escrowed(_escrow, id, true);
        _escrow.setBid(id, false);
        _escrow.give(nft, collector, id);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_DisplayLocked.selector, id));
        vm.prank(artist);
        nft.setDisplay(only(id), _bait);
        // Nor when the artist buys it back, by auction or not.
        escrowed(_escrow, id, false);
        _escrow.give(nft, artist, id);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_DisplayLocked.selector, id));
        vm.prank(artist);
        nft.setDisplay(only(id), _bait);
    }

    function test_T44_WhatWasNotSoldIsStillTheArtistsToEdit() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        escrowed(_escrow, id, false);
        vm.prank(artist);
        nft.setDisplay(only(id), Display("while it waits", "", ""));
        _escrow.give(nft, artist, id);
        vm.prank(artist);
        nft.setDisplay(only(id), _bait);
        (Display memory shown, bool locked) = nft.displayOf(id);
        assertEq(shown.title, "another title");
        assertFalse(locked);
    }

    /// @dev A listing names `moves`; a token that left and came back is another one to it.
    function test_T44_MovesTellATokenThatCameBack() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        (uint64 moves, uint64 shown) = nft.stateOf(id);
        assertEq(moves, 0);
        vm.prank(artist);
        nft.approve(collector, id);
        assertEq(movesOf(id), 0, "an approval is no move");
        vm.prank(artist);
        nft.transferFrom(artist, collector, id);
        vm.prank(collector);
        nft.transferFrom(collector, artist, id);
        assertEq(movesOf(id), 2);
        vm.prank(artist);
        nft.transferFrom(artist, artist, id);
        assertEq(movesOf(id), 3, "nor can it be hidden by passing it to oneself");
        assertEq(shownOf(id), shown);
    }

    // --------------------------------------------------------------------------------------------------- a bad escrow

    /// @dev It stops edits of what it holds, and no transfer: neither its own, nor anybody else's.
    function test_T44_ABrokenEscrowStopsEditsAndNoTransfer() external {
        (uint256 id, bytes memory packed, ReceiptProof[] memory proofs) = _ready();
        for (uint8 fault = 1; fault <= uint8(type(EscrowDouble.Fault).max); ++fault) {
            _escrow.setFault(EscrowDouble.Fault(fault));
            bytes memory reason =
                fault == 1 ? abi.encodeWithSelector(EscrowDouble.EscrowDouble_Broken.selector) : bytes("");
            uint256 state = vm.snapshotState();
            vm.prank(artist);
            (bool ok, bytes memory answer) =
                address(nft).call{gas: 3_000_000}(abi.encodeCall(nft.evolve, (id, packed, proofs)));
            assertFalse(ok);
            assertEq(answer, reason);
            vm.prank(artist);
            (ok, answer) = address(nft).call{gas: 3_000_000}(abi.encodeCall(nft.setDisplay, (only(id), _bait)));
            assertFalse(ok);
            assertEq(answer, reason);
            // The token beside it is the artist's own, and is edited.
            vm.startPrank(artist);
            nft.setDisplay(only(id + 1), _bait);
            nft.transferFrom(artist, address(_escrow), id + 1);
            nft.freeze(only(id));
            vm.stopPrank();
            _escrow.give(nft, collector, id);
            vm.prank(collector);
            nft.burn(id);
            vm.revertToState(state);
        }
    }

    /// @dev The escrow is not asked about tokens that it doesn't own.
    function test_T44_AnEscrowHasNoSayOverOthersTokens() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, collector);
        _escrow.setBid(id, true);
        vm.prank(artist);
        nft.setDisplay(only(id), _bait);
        assertEq(shownOf(id), 1);
    }
}
