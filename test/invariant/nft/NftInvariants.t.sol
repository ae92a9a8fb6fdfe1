// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Display, EvolutionPolicy} from "../../../contracts/interfaces/IGridNFT.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {NftTest} from "../../utils/NftTest.sol";
import {NftHandler} from "./NftHandler.sol";

/// @notice Invariants 11, 12 and 13, for GridNFT.
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

    /// @dev 11: each receipt is minted at most once. Provenance read today is what it was at the mint, and the code of each
    /// blob what the event carried; through upgrades, sales and burns.
    function invariant_11_ReceiptsMintOnceAndProvenanceStays() external view {
        assertFalse(_handler.mintedTwice());
        for (uint256 i; i < _handler.receiptCount(); ++i) {
            assertEq(_handler.used(_handler.receipts(i)), 1);
        }
        for (uint256 i; i < _handler.tokenCount(); ++i) {
            uint256 id = _handler.tokens(i);
            for (uint256 version = 1; version <= _handler.bookOf(id).versions; ++version) {
                assertEq(nft.blobOf(id, version).codehash, _handler.blobs(id, version));
                assertEq(keccak256(abi.encode(nft.provenanceOf(id, version))), _handler.provenance(id, version));
                assertTrue(nft.verify(id, version));
            }
        }
    }

    /// @dev 12: the books, written from logs alone, are what the contract says.
    function invariant_12_LogsRebuildStorage() external view {
        assertEq(nft.totalSupply(), _handler.supply());
        assertEq(nft.paused(), _handler.paused());
        (uint256 fee,) = nft.mintFee();
        assertEq(fee, _handler.fee());
        for (uint256 i; i < _people.length; ++i) {
            assertEq(nft.balanceOf(_people[i]), _handler.balance(_people[i]));
        }
        for (uint256 i; i < _handler.tokenCount(); ++i) {
            uint256 id = _handler.tokens(i);
            NftHandler.Token memory book = _handler.bookOf(id);
            if (book.owner != address(0)) assertEq(nft.ownerOf(id), book.owner);
            assertEq(nft.artistOf(id), book.artist);
            assertEq(nft.versionsOf(id), book.versions);
            assertEq(nft.presentationNonce(id), book.nonce);
            (Display memory shown, bool locked) = nft.displayOf(id);
            assertEq(abi.encode(shown), abi.encode(book.display));
            assertEq(locked, book.frozen || (book.moved && book.policy != EvolutionPolicy.ARTIST));
        }
    }

    /// @dev 13: the sum of all balances is the supply; ERC-4906 with every change that tokenURI shows, and only then.
    function invariant_13_BalancesSumToSupplyAndUpdatesAreTold() external view {
        uint256 sum;
        for (uint256 i; i < _people.length; ++i) {
            sum += nft.balanceOf(_people[i]);
        }
        assertEq(sum, nft.totalSupply());
        assertFalse(_handler.quietChange());
        assertFalse(_handler.idleUpdate());
    }
}
