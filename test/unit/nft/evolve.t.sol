// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IERC7007} from "../../../contracts/interfaces/IERC7007.sol";
import {
    EvolutionPolicy,
    EvolveAuthorization,
    IGridNFT,
    Provenance,
    ReceiptProof
} from "../../../contracts/interfaces/IGridNFT.sol";
import {EscrowDouble} from "../../utils/EscrowDouble.sol";
import {Body, NftBody} from "../../utils/NftBody.sol";
import {NftTest} from "../../utils/NftTest.sol";

contract EvolveTest is NftTest {
    uint256 private _collectorKey;

    function setUp() public override {
        super.setUp();
        (, _collectorKey) = makeAddrAndKey("collector");
    }

    function _ownedByCollector() private returns (uint256) {
        return mintOf(EvolutionPolicy.OWNER, 1, collector);
    }

    /// @dev In auction, with a bid on it.
    function _bidOn() private returns (uint256 id) {
        id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        escrowed(anEscrow(), id, true);
    }

    function test_Evolve_RevertGiven_ABidStandsOnIt() external {
        uint256 id = _bidOn();
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_InEscrow.selector, id));
        vm.prank(artist);
        nft.evolve(id, packed, proofs);
    }

    function test_EvolveFor_RevertGiven_ABidStandsOnTheArtworkSignedFor() external {
        uint256 id = _bidOn();
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        EvolveAuthorization memory a = _authorize(id, 2, packed);
        bytes memory signature = sign(a, artistKey);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_InEscrow.selector, id));
        nft.evolveFor(packed, proofs, a, signature);
    }

    function test_AddAigcData_RevertGiven_ABidStandsOnTheArtworkWithThisData() external {
        uint256 id = _bidOn();
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_InEscrow.selector, id));
        vm.prank(artist);
        nft.addAigcData(id, "a second", packed, abi.encode(artist, proofs));
    }

    function test_AnnounceEvolution_GivenTheEscrowHoldsItUnderABid() external {
        uint256 id = mintOf(EvolutionPolicy.OWNER, 1, artist);
        address escrow = address(anEscrow());
        escrowed(EscrowDouble(escrow), id, true);
        vm.prank(escrow);
        nft.announceEvolution(id, keccak256("body"));
        assertEq(nft.announcedAt(id, 2, escrow, keccak256("body")), NOW + 1 hours);
    }

    function test_Evolve_RevertGiven_ItHasAsManyVersionsAsCanBeCounted() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        uint256 most = (1 << 22) - 1;
        setWord(id, (wordOf(id) & ~(most << 232)) | (most - 1) << 232);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("the last", artist);
        vm.prank(artist);
        assertEq(nft.evolve(id, packed, proofs), most);
        (, packed, proofs) = aVersion("one too many", artist);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_TooManyVersions.selector, id));
        vm.prank(artist);
        nft.evolve(id, packed, proofs);
        // Its neighbours in the word are what they were.
        (, bool locked) = nft.displayOf(id);
        assertFalse(locked);
        assertEq(wordOf(id) >> 254, 0);
    }

    function test_Evolve_RevertGiven_WhatItShowsWasChangedAsOftenAsCanBeCounted() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        setWord(id, wordOf(id) | uint256(type(uint32).max) << 200);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("one too many", artist);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_TooManyChanges.selector, id));
        vm.prank(artist);
        nft.evolve(id, packed, proofs);
    }

    function _authorize(uint256 tokenId, uint32 version, bytes memory packed)
        private
        view
        returns (EvolveAuthorization memory)
    {
        return EvolveAuthorization(tokenId, version, keccak256(packed), uint64(block.timestamp + 1 days));
    }

    // -------------------------------------------------------------------------------------------------------- evolve

    function test_Evolve_RevertWhen_TheTokenDoesNotExist() external {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 1001));
        nft.evolve(1001, "", new ReceiptProof[](1));
    }

    function test_Evolve_RevertGiven_ThePolicyIsNone() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_DoesNotEvolve.selector, id));
        vm.prank(artist);
        nft.evolve(id, packed, proofs);
    }

    function test_Evolve_RevertWhen_TheCallerIsNotTheArtistUnderPolicyArtist() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, collector);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", collector);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAllowed.selector, id, collector));
        vm.prank(collector);
        nft.evolve(id, packed, proofs);
    }

    function test_Evolve_RevertWhen_TheCallerIsNotTheOwnerUnderPolicyOwner() external {
        uint256 id = _ownedByCollector();
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAllowed.selector, id, artist));
        vm.prank(artist);
        nft.evolve(id, packed, proofs);
    }

    function test_Evolve_RevertWhen_TheOwnerHasNotAnnouncedIt() external {
        uint256 id = _ownedByCollector();
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", collector);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAnnounced.selector, id, 2, keccak256(packed)));
        vm.prank(collector);
        nft.evolve(id, packed, proofs);
    }

    function test_Evolve_RevertWhen_TheHourHasNotPassed() external {
        uint256 id = _ownedByCollector();
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", collector);
        vm.startPrank(collector);
        nft.announceEvolution(id, keccak256(packed));
        vm.warp(NOW + 1 hours - 1);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_TooEarly.selector, NOW + 1 hours));
        nft.evolve(id, packed, proofs);
    }

    function test_Evolve_RevertWhen_TheAnnouncementHasRunOut() external {
        uint256 id = _ownedByCollector();
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", collector);
        vm.startPrank(collector);
        nft.announceEvolution(id, keccak256(packed));
        // It holds for 7 days after the hour.
        vm.warp(NOW + 1 hours + 7 days);
        uint256 snapshot = vm.snapshotState();
        assertEq(nft.evolve(id, packed, proofs), 2);
        vm.revertToState(snapshot);
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAnnounced.selector, id, 2, keccak256(packed)));
        nft.evolve(id, packed, proofs);
    }

    function test_Evolve_RevertWhen_AnotherBodyWasAnnounced() external {
        uint256 id = _ownedByCollector();
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", collector);
        vm.startPrank(collector);
        nft.announceEvolution(id, keccak256("a nicer one"));
        vm.warp(NOW + 1 hours);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAnnounced.selector, id, 2, keccak256(packed)));
        nft.evolve(id, packed, proofs);
    }

    function test_Evolve_RevertWhen_TheBodyIsASeries() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        (Body memory body,, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        bytes memory packed = NftBody.pack(body);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_WrongForm.selector, 1, 2));
        vm.prank(artist);
        nft.evolve(id, packed, proofs);
    }

    function test_Evolve_RevertWhen_TheReceiptIsOfAnotherRequester() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        (Body memory body, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", collector);
        bytes32 root = leavesOf(body, artist)[0];
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAnchored.selector, 0, bytes32(0), artist, root));
        vm.prank(artist);
        nft.evolve(id, packed, proofs);
    }

    function test_Evolve_RevertWhen_TheBodyHasTwoArtworks() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        Body memory body = aBody(2);
        body.orders[0].orderHash = keccak256("two");
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.packVersion(body);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BadValue.selector, "artworks", 2));
        vm.prank(artist);
        nft.evolve(id, packed, proofs);
    }

    function test_Evolve_RevertWhen_TheReceiptIsUsedAlready() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 2, artist);
        (Body memory body, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        vm.startPrank(artist);
        nft.evolve(id, packed, proofs);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_AlreadyMinted.selector, body.orders[0].orderHash, 0));
        nft.evolve(id + 1, packed, proofs);
    }

    function test_Evolve_WhenTheArtistAddsAVersion() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 2, collector);
        (Body memory body, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        bytes memory blob =
            bytes.concat(bytes20(artist), packed, bytes5(uint40(block.timestamp)), bytes5(uint40(block.number)));
        vm.expectEmit(address(nft));
        emit IGridNFT.VersionAdded(id, 2, artist, 1, blob);
        vm.expectEmit(address(nft));
        emit IERC4906.MetadataUpdate(id);
        vm.prank(artist);
        assertEq(nft.evolve(id, packed, proofs), 2);

        assertEq(nft.versionsOf(id), 2);
        assertEq(nft.versionsOf(id + 1), 1);
        assertEq(shownOf(id), 1);
        assertEq(nft.ownerOf(id), collector);
        assertEq(nft.provenanceOf(id).request.prompt, "a second");
        assertEq(nft.provenanceOf(id, 2).receiptId, receiptIdOf(body, 0, artist));
        assertEq(nft.provenanceOf(id, 1).request.prompt, aRequest().prompt);
        assertEq(nft.blobOf(id, 2).code, bytes.concat(hex"00", blob));
        assertTrue(nft.verify(id));
    }

    function test_Evolve_WhenTheOwnerAddsAnAnnouncedVersion() external {
        uint256 id = _ownedByCollector();
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", collector);
        vm.startPrank(collector);
        nft.announceEvolution(id, keccak256(packed));
        vm.warp(NOW + 1 hours);
        nft.evolve(id, packed, proofs);
        assertEq(nft.provenanceOf(id).requester, collector);
        assertEq(nft.artistOf(id), artist);
        assertEq(nft.announcedAt(id, 2, collector, keccak256(packed)), 0);
    }

    // ------------------------------------------------------------------------------------------------------ evolveFor

    function test_EvolveFor_RevertWhen_TheAuthorizationIsForAnotherVersionBody() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        EvolveAuthorization memory a = _authorize(id, 2, "another");
        bytes memory signature = sign(a, artistKey);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridNFT.GridNFT_AuthorizationForOtherBody.selector, keccak256("another"), keccak256(packed)
            )
        );
        nft.evolveFor(packed, proofs, a, signature);
    }

    function test_EvolveFor_RevertWhen_TheAuthorizationIsForAnotherVersionNumber() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        EvolveAuthorization memory a = _authorize(id, 3, packed);
        bytes memory signature = sign(a, artistKey);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_WrongVersion.selector, 3, 2));
        nft.evolveFor(packed, proofs, a, signature);
    }

    function test_EvolveFor_RevertWhen_TheAuthorizationHasExpired() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        EvolveAuthorization memory a = _authorize(id, 2, packed);
        bytes memory signature = sign(a, artistKey);
        vm.warp(NOW + 1 days + 1);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_AuthorizationExpired.selector, NOW + 1 days));
        nft.evolveFor(packed, proofs, a, signature);
    }

    function test_EvolveFor_RevertWhen_SomebodyElseSigned() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, collector);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        EvolveAuthorization memory a = _authorize(id, 2, packed);
        bytes memory signature = sign(a, _collectorKey);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BadSignature.selector, artist));
        nft.evolveFor(packed, proofs, a, signature);
    }

    function test_EvolveFor_WhenTheArtistSigned() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, collector);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        EvolveAuthorization memory a = _authorize(id, 2, packed);
        bytes memory signature = sign(a, artistKey);
        assertEq(nft.evolveFor(packed, proofs, a, signature), 2);
        assertEq(nft.provenanceOf(id).requester, artist);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_WrongVersion.selector, 2, 3));
        nft.evolveFor(packed, proofs, a, signature);
    }

    // ------------------------------------------------------------------------------------------------------ announce

    function test_AnnounceEvolution_RevertGiven_ThereIsNoSuchArtwork() external {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 1001));
        vm.prank(artist);
        nft.announceEvolution(1001, keccak256("body"));
    }

    function test_AnnounceEvolution_RevertGiven_ThePolicyIsArtist() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAllowed.selector, id, artist));
        vm.prank(artist);
        nft.announceEvolution(id, keccak256("body"));
    }

    function test_AnnounceEvolution_RevertGiven_TheSeriesDoesNotEvolve() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_DoesNotEvolve.selector, id));
        vm.prank(artist);
        nft.announceEvolution(id, keccak256("body"));
    }

    function test_AnnounceEvolution_RevertWhen_TheAnnouncerIsNotTheOwner() external {
        uint256 id = _ownedByCollector();
        vm.prank(collector);
        nft.setApprovalForAll(artist, true);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAllowed.selector, id, artist));
        vm.prank(artist);
        nft.announceEvolution(id, keccak256("body"));
    }

    function test_AnnounceEvolution_WhenTheOwnerAnnounces() external {
        uint256 id = _ownedByCollector();
        bytes32 bodyHash = keccak256("body");
        vm.expectEmit(address(nft));
        emit IGridNFT.EvolutionAnnounced(id, 2, collector, bodyHash, NOW + 1 hours, NOW + 1 hours + 7 days);
        vm.prank(collector);
        nft.announceEvolution(id, bodyHash);
        assertEq(nft.announcedAt(id, 2, collector, bodyHash), NOW + 1 hours);
        assertEq(nft.announcedAt(id, 2, artist, bodyHash), 0);
        assertEq(nft.announcedAt(id, 3, collector, bodyHash), 0);
    }

    function test_AnnounceEvolution_GivenItIsAnnouncedAlready() external {
        uint256 id = _ownedByCollector();
        vm.startPrank(collector);
        nft.announceEvolution(id, keccak256("body"));
        vm.warp(NOW + 30 minutes);
        nft.announceEvolution(id, keccak256("body"));
        assertEq(nft.announcedAt(id, 2, collector, keccak256("body")), NOW + 90 minutes);
    }

    function test_AnnounceEvolutionFor_RevertGiven_ThereIsNoSuchArtwork() external {
        EvolveAuthorization memory a = _authorize(1001, 1, "body");
        bytes memory signature = sign(a, _collectorKey);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 1001));
        nft.announceEvolutionFor(a, signature);
    }

    function test_AnnounceEvolutionFor_RevertWhen_AnotherVersionThanTheNextWasSignedFor() external {
        uint256 id = _ownedByCollector();
        for (uint32 version = 1; version < 4; version += 2) {
            EvolveAuthorization memory a = _authorize(id, version, "body");
            bytes memory signature = sign(a, _collectorKey);
            vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_WrongVersion.selector, version, 2));
            nft.announceEvolutionFor(a, signature);
        }
    }

    function test_AnnounceEvolutionFor_RevertWhen_TheOwnerDidNotSign() external {
        uint256 id = _ownedByCollector();
        EvolveAuthorization memory a = _authorize(id, 2, "body");
        bytes memory signature = sign(a, artistKey);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BadSignature.selector, collector));
        nft.announceEvolutionFor(a, signature);
    }

    function test_AnnounceEvolutionFor_WhenTheOwnerSigned() external {
        uint256 id = _ownedByCollector();
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", collector);
        EvolveAuthorization memory a = _authorize(id, 2, packed);
        bytes memory signature = sign(a, _collectorKey);
        nft.announceEvolutionFor(a, signature);
        assertEq(nft.announcedAt(id, 2, collector, keccak256(packed)), NOW + 1 hours);
        vm.warp(NOW + 1 hours);
        assertEq(nft.evolveFor(packed, proofs, a, signature), 2);
    }

    function test_AnnounceEvolutionFor_GivenItIsAnnouncedByTheSameAuthorization() external {
        uint256 id = _ownedByCollector();
        EvolveAuthorization memory a = _authorize(id, 2, "body");
        bytes memory signature = sign(a, _collectorKey);
        nft.announceEvolutionFor(a, signature);
        vm.warp(NOW + 59 minutes);
        vm.recordLogs();
        nft.announceEvolutionFor(a, signature);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(nft.announcedAt(id, 2, collector, keccak256("body")), NOW + 1 hours);
    }

    function test_AnnounceEvolutionFor_GivenTheAnnouncementHasRunOut() external {
        uint256 id = _ownedByCollector();
        EvolveAuthorization memory a = _authorize(id, 2, "body");
        a.deadline = uint64(NOW + 30 days);
        bytes memory signature = sign(a, _collectorKey);
        nft.announceEvolutionFor(a, signature);
        vm.warp(NOW + 1 hours + 7 days);
        nft.announceEvolutionFor(a, signature);
        assertEq(nft.announcedAt(id, 2, collector, keccak256("body")), NOW + 1 hours, "it holds still");
        skip(1);
        nft.announceEvolutionFor(a, signature);
        assertEq(nft.announcedAt(id, 2, collector, keccak256("body")), block.timestamp + 1 hours);
        vm.warp(NOW + 30 days + 1);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_AuthorizationExpired.selector, a.deadline));
        nft.announceEvolutionFor(a, signature);
    }

    // -------------------------------------------------------------------------------------------------- addAigcData

    function test_AddAigcData_RevertWhen_TheRequesterInTheProofIsNotTheCaller() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAllowed.selector, id, collector));
        vm.prank(artist);
        nft.addAigcData(id, "a second", packed, abi.encode(collector, proofs));
    }

    function test_AddAigcData_RevertWhen_TheCallerMayNotEvolveIt() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", collector);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAllowed.selector, id, collector));
        vm.prank(collector);
        nft.addAigcData(id, "a second", packed, abi.encode(collector, proofs));
    }

    function test_AddAigcData_RevertWhen_ThePromptIsNotTheBodys() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        vm.expectRevert(IGridNFT.GridNFT_PromptMismatch.selector);
        vm.prank(artist);
        nft.addAigcData(id, "a third", packed, abi.encode(artist, proofs));
    }

    function test_AddAigcData_WhenEverythingFits() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        (Body memory body, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        bytes memory proof = abi.encode(artist, proofs);
        vm.expectEmit(address(nft));
        emit IERC7007.AigcData(id, "a second", packed, proof);
        vm.prank(artist);
        nft.addAigcData(id, "a second", packed, proof);
        Provenance memory p = nft.provenanceOf(id, 2);
        assertEq(p.receiptId, receiptIdOf(body, 0, artist));
        assertTrue(nft.verify("a second", packed, proof));
    }
}
