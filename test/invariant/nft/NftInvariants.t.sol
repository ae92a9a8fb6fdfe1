// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Display} from "../../../contracts/interfaces/IGridNFT.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {NftTest} from "../../utils/NftTest.sol";
import {NftHandler} from "./NftHandler.sol";

/// @notice Invariants 11, 12 and 13, for GridNFT, in one campaign; messages begin with the number.
/// forge-config: default.invariant.check-interval = 10
/// forge-config: deep.invariant.check-interval = 10
/// forge-config: coverage.invariant.check-interval = 10
contract NftInvariants is NftTest {
    NftHandler private _handler;
    address[] private _people;

    function setUp() public override {
        super.setUp();
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = UUPSUpgradeable.upgradeToAndCall.selector;
        vm.prank(admin);
        manager.setTargetFunctionRole(address(nft), selectors, 0);
        _people.push(artist);
        _people.push(collector);
        _people.push(payer);
        for (uint256 i; i < 3; ++i) {
            vm.prank(admin);
            aipg.mint(_people[i], 1e30);
            vm.prank(_people[i]);
            aipg.approve(address(nft), type(uint256).max);
        }
        _handler = new NftHandler(nft, anchors, admin, MODEL_HASH, _people);
        targetContract(address(_handler));
    }

    function invariant_11to13_ReceiptsLogsAndUpdates() external view {
        _receiptsMintOnceAndProvenanceStays();
        _logsRebuildStorage();
        _balancesSumToSupplyAndUpdatesAreTold();
    }

    /// @dev 11: each receipt is minted at most once. Provenance read today is what it was at the mint, and the code of each
    /// blob what the event carried; through upgrades, sales and burns.
    function _receiptsMintOnceAndProvenanceStays() private view {
        assertEq(_handler.otherProvenance(), "", "11: provenance and body");
        assertFalse(_handler.mintedTwice(), "11: a receipt was minted twice");
        for (uint256 i; i < _handler.receiptCount(); ++i) {
            assertEq(_handler.used(_handler.receipts(i)), 1, "11: a receipt was minted twice");
        }
        for (uint256 i; i < _handler.tokenCount(); ++i) {
            uint256 id = _handler.tokens(i);
            for (uint256 version = 1; version <= _handler.bookOf(id).versions; ++version) {
                assertEq(nft.blobOf(id, version).codehash, _handler.blobs(id, version), "11: blob and event");
                assertEq(
                    keccak256(abi.encode(nft.provenanceOf(id, version))),
                    _handler.provenance(id, version),
                    "11: provenance"
                );
                assertTrue(nft.verify(id, version), "11: verify");
            }
        }
    }

    /// @dev 12: the books, written from logs alone, are what the contract says.
    function _logsRebuildStorage() private view {
        assertEq(nft.totalSupply(), _handler.supply(), "12: logs");
        assertEq(nft.paused(), _handler.paused(), "12: logs");
        (uint256 fee,) = nft.mintFee();
        assertEq(fee, _handler.fee(), "12: logs");
        for (uint256 i; i < _people.length; ++i) {
            assertEq(nft.balanceOf(_people[i]), _handler.balance(_people[i]), "12: logs");
        }
        for (uint256 i; i < _handler.tokenCount(); ++i) {
            uint256 id = _handler.tokens(i);
            NftHandler.Token memory book = _handler.bookOf(id);
            if (book.owner != address(0)) assertEq(nft.ownerOf(id), book.owner, "12: logs");
            assertEq(nft.artistOf(id), book.artist, "12: logs");
            assertEq(nft.versionsOf(id), book.versions, "12: logs");
            if (book.owner != address(0)) assertEq(shownOf(id), book.nonce, "12: logs");
            (Display memory shown, bool locked) = nft.displayOf(id);
            assertEq(abi.encode(shown), abi.encode(book.display), "12: logs");
            assertEq(locked, _handler.isLocked(id), "12: logs");
        }
    }

    /// @dev 13: the sum of all balances is the supply; ERC-4906 with every change that tokenURI shows, and only then.
    function _balancesSumToSupplyAndUpdatesAreTold() private view {
        uint256 sum;
        for (uint256 i; i < _people.length; ++i) {
            sum += nft.balanceOf(_people[i]);
        }
        assertEq(sum, nft.totalSupply(), "13: balances and supply");
        assertFalse(_handler.quietChange(), "13: a change was not told");
        assertFalse(_handler.lockedEdit(), "13: an edit of what is locked");
        assertFalse(_handler.idleNonce(), "13: a change without a nonce");
        assertFalse(_handler.idleUpdate(), "13: told without a change");
    }
}
