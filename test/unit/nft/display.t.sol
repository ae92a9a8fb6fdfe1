// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Vm} from "forge-std/Vm.sol";

import {Display, EvolutionPolicy, IGridNFT} from "../../../contracts/interfaces/IGridNFT.sol";
import {NftTest} from "../../utils/NftTest.sol";

contract DisplayTest is NftTest {
    function _edit() private pure returns (Display memory) {
        return Display("A better title", "A better description", "ipfs://animation");
    }

    function _expectLocked(uint256 id) private {
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_DisplayLocked.selector, id));
        vm.prank(artist);
        nft.setDisplay(only(id), _edit());
        (, bool locked) = nft.displayOf(id);
        assertTrue(locked);
    }

    function test_SetDisplay_RevertWhen_NoTokenIsNamed() external {
        vm.expectRevert(IGridNFT.GridNFT_NoTokens.selector);
        vm.prank(artist);
        nft.setDisplay(new uint256[](0), _edit());
        // No number of a series was taken.
        assertEq(mintOf(EvolutionPolicy.NONE, 1, artist), 1001);
    }

    function test_SetDisplay_RevertGiven_ABidStandsOnItInTheEscrow() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        escrowed(anEscrow(), id, true);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_InEscrow.selector, id));
        vm.prank(artist);
        nft.setDisplay(only(id), _edit());
    }

    function test_SetDisplay_RevertGiven_ItWasChangedAsOftenAsCanBeCounted() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        setWord(id, wordOf(id) | uint256(type(uint32).max - 1) << 200);
        vm.startPrank(artist);
        nft.setDisplay(only(id), _edit());
        assertEq(shownOf(id), type(uint32).max);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_TooManyChanges.selector, id));
        nft.setDisplay(only(id), _edit());
        assertEq(nft.versionsOf(id), 1);
    }

    function test_SetDisplay_GivenItIsInTheEscrowWithoutABid() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        escrowed(anEscrow(), id, false);
        vm.prank(artist);
        nft.setDisplay(only(id), _edit());
        (Display memory shown,) = nft.displayOf(id);
        assertEq(shown.title, "A better title");
    }

    function test_SetDisplay_RevertWhen_ATokenDoesNotExist() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        uint256[] memory ids = new uint256[](2);
        (ids[0], ids[1]) = (id, id + 1);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, id + 1));
        vm.startPrank(artist);
        nft.setDisplay(ids, _edit());
        nft.burn(id);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, id));
        nft.setDisplay(only(id), _edit());
    }

    function test_SetDisplay_RevertWhen_TheEditorIsNotTheArtist() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, collector);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAllowed.selector, id, collector));
        vm.prank(collector);
        nft.setDisplay(only(id), _edit());
    }

    function test_SetDisplay_RevertGiven_TheDisplayIsFrozen() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        vm.prank(artist);
        nft.freeze(only(id));
        _expectLocked(id);
    }

    function test_SetDisplay_RevertGiven_TheTokenHasLeftTheArtist() external {
        uint256 id = mintOf(EvolutionPolicy.OWNER, 1, artist);
        vm.prank(artist);
        nft.transferFrom(artist, collector, id);
        _expectLocked(id);
    }

    function test_SetDisplay_RevertGiven_TheTokenCameBackToTheArtist() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        vm.prank(artist);
        nft.transferFrom(artist, collector, id);
        vm.prank(collector);
        nft.transferFrom(collector, artist, id);
        _expectLocked(id);
    }

    function test_SetDisplay_RevertGiven_ItWasMintedToSomebodyElse() external {
        _expectLocked(mintOf(EvolutionPolicy.NONE, 1, collector));
    }

    function test_SetDisplay_RevertWhen_AShownTextIsNotText() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        string[3] memory names = ["title", "description", "animationUrl"];
        for (uint256 i; i < 3; ++i) {
            Display memory display = _edit();
            if (i == 0) display.title = "a\x00";
            if (i == 1) display.description = "a\r";
            if (i == 2) display.animationUrl = "a\x7f";
            vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BadText.selector, names[i], 1));
            vm.prank(artist);
            nft.setDisplay(only(id), display);
        }
    }

    function test_SetDisplay_RevertWhen_TheTextsDoNotFitABlob() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        bytes memory long = new bytes(24_576);
        for (uint256 i; i < long.length; ++i) {
            long[i] = "x";
        }
        Display memory display = Display("", string(long), "");
        uint256 size = abi.encode(display).length;
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BlobTooLarge.selector, size, 24_575));
        vm.prank(artist);
        nft.setDisplay(only(id), display);
    }

    function test_SetDisplay_GivenTheArtistHoldsIt() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 3, artist);
        uint256[] memory ids = new uint256[](2);
        (ids[0], ids[1]) = (id, id + 2);
        for (uint256 i; i < 2; ++i) {
            vm.expectEmit(address(nft));
            emit IGridNFT.DisplayEdited(ids[i], 1, "A better title", "A better description", "ipfs://animation");
            vm.expectEmit(address(nft));
            emit IERC4906.MetadataUpdate(ids[i]);
        }
        vm.prank(artist);
        nft.setDisplay(ids, _edit());

        (Display memory shown, bool locked) = nft.displayOf(id + 2);
        assertEq(abi.encode(shown), abi.encode(_edit()));
        assertFalse(locked);
        assertEq(shownOf(id), 1);
        assertEq(shownOf(id + 1), 0);
        (shown,) = nft.displayOf(id + 1);
        assertEq(shown.title, "Cyberpunk Cityscape");
        assertEq(nft.series(id / 1000).title, "Cyberpunk Cityscape");

        // A blob more was made: series go on after it.
        vm.prank(artist);
        nft.setDisplay(only(id), Display("", "", ""));
        (shown,) = nft.displayOf(id);
        assertEq(shown.title, "");
        assertEq(mintOf(EvolutionPolicy.NONE, 1, artist), 4001);
    }

    function test_SetDisplay_GivenTheArtistPassedItToThemselves() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        vm.startPrank(artist);
        nft.transferFrom(artist, artist, id);
        nft.setDisplay(only(id), _edit());
        assertEq(shownOf(id), 1);
        assertEq(nft.balanceOf(artist), 1);
    }

    function test_SetDisplay_GivenThePolicyIsArtistAndItWasSold() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, collector);
        vm.prank(artist);
        nft.setDisplay(only(id), _edit());
        (Display memory shown, bool locked) = nft.displayOf(id);
        assertEq(shown.title, "A better title");
        assertFalse(locked);
    }

    function test_Freeze_RevertWhen_NoTokenToFreezeIsNamed() external {
        vm.expectRevert(IGridNFT.GridNFT_NoTokens.selector);
        vm.prank(artist);
        nft.freeze(new uint256[](0));
    }

    function test_Freeze_GivenItIsInTheEscrowUnderABid() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        escrowed(anEscrow(), id, true);
        vm.prank(artist);
        nft.freeze(only(id));
        (, bool locked) = nft.displayOf(id);
        assertTrue(locked);
    }

    function test_Freeze_RevertWhen_ATokenToFreezeDoesNotExist() external {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 1001));
        vm.prank(artist);
        nft.freeze(only(1001));
    }

    function test_Freeze_RevertWhen_ItIsFrozenBySomebodyElse() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, collector);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAllowed.selector, id, collector));
        vm.prank(collector);
        nft.freeze(only(id));
    }

    function test_Freeze_WhenTheArtistFreezes() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        vm.recordLogs();
        vm.prank(artist);
        nft.freeze(only(id));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].topics[0], IGridNFT.DisplayFrozen.selector);
        assertEq(uint256(logs[0].topics[1]), id);
        assertEq(shownOf(id), 0);
        (, bool locked) = nft.displayOf(id);
        assertTrue(locked);
    }
}
