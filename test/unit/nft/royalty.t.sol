// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {Display, EvolutionPolicy, IGridNFT} from "../../../contracts/interfaces/IGridNFT.sol";
import {NftTest} from "../../utils/NftTest.sol";

contract RoyaltyTest is NftTest {
    address private _receiver = makeAddr("receiver");

    function test_RevertWhen_TheSeriesDoesNotExist() external {
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_UnknownSeries.selector, 1));
        vm.prank(artist);
        nft.setRoyaltyReceiver(1, _receiver);
        // The number of an edit is no series either.
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        vm.startPrank(artist);
        nft.setDisplay(only(id), Display("", "", ""));
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_UnknownSeries.selector, 2));
        nft.setRoyaltyReceiver(2, _receiver);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_UnknownSeries.selector, type(uint256).max));
        nft.setRoyaltyReceiver(type(uint256).max, _receiver);
    }

    /// @dev Not the owner of its tokens either.
    function test_RevertWhen_TheCallerIsNotTheArtistOfTheSeries() external {
        uint256 id = mintOf(EvolutionPolicy.OWNER, 1, collector);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotArtist.selector, id / 1000, collector));
        vm.prank(collector);
        nft.setRoyaltyReceiver(id / 1000, collector);
    }

    function test_RevertWhen_TheReceiverNamedIsTheZeroAddress() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_ZeroAddress.selector, "receiver"));
        vm.prank(artist);
        nft.setRoyaltyReceiver(id / 1000, address(0));
    }

    function test_WhenTheArtistNamesAReceiver() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 2, artist);
        uint256 other = mintOf(EvolutionPolicy.OWNER, 1, artist);
        vm.startPrank(artist);
        nft.transferFrom(artist, collector, id + 1);
        nft.freeze(only(id + 1));
        vm.recordLogs();
        nft.setRoyaltyReceiver(id / 1000, _receiver);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].topics[0], IGridNFT.RoyaltyReceiverSet.selector);
        assertEq(uint256(logs[0].topics[1]), id / 1000);
        assertEq(address(uint160(uint256(logs[0].topics[2]))), _receiver);
        for (uint256 i; i < 2; ++i) {
            (address receiver, uint256 amount) = nft.royaltyInfo(id + i, 10_000);
            assertEq(receiver, _receiver);
            assertEq(amount, 500);
            assertEq(shownOf(id + i), 0);
            assertEq(movesOf(id + i), i);
        }
        (address artists,) = nft.royaltyInfo(other, 1);
        assertEq(artists, artist);
        // And back.
        nft.setRoyaltyReceiver(id / 1000, artist);
        (artists,) = nft.royaltyInfo(id, 1);
        assertEq(artists, artist);
    }
}
