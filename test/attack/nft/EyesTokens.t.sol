// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EvolutionPolicy, EvolveAuthorization, IGridNFT, ReceiptProof} from "../../../contracts/interfaces/IGridNFT.sol";
import {GenerationRequest} from "../../../contracts/libraries/GridMessages.sol";
import {Body, NftBody} from "../../utils/NftBody.sol";
import {NftTest} from "../../utils/NftTest.sol";
import {AlwaysYes} from "./SealAttack.t.sol";

/// @notice Promises that do not hold. Each test states the promise, and fails.
contract EyesTokensNft is NftTest {
    uint256 private _collectorKey;

    function setUp() public override {
        super.setUp();
        (, _collectorKey) = makeAddrAndKey("collector");
    }

    /// @dev `sealUpgrades`: no source is added, "so no forged receipt is minted" (docs/security.md, What sealing leaves).
    /// The escrow must have code when it is set; a source need not. What comes to stand there is chosen after the seal.
    function test_Eyes_ASourceWithoutCodeIsChosenAfterTheSeal() external {
        address later = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.startPrank(admin);
        nft.addAnchorSource(later);
        nft.sealUpgrades();
        vm.stopPrank();
        (, bool sources,,) = nft.seals();
        assertTrue(sources, "final, it says");

        assertEq(address(new AlwaysYes(worker)), later);
        Body memory forged = aBody(1);
        forged.anchors[0].source = 1;
        bytes memory packed = NftBody.pack(forged);
        vm.prank(artist);
        (bool minted,) = address(nft)
            .call(abi.encodeCall(nft.mint, (packed, new ReceiptProof[](1), artist, type(uint128).max)));
        assertFalse(minted, "a forged receipt was minted after sealing");
    }

    /// @dev `sealRenderer`: "Ends the choice of a renderer for ever."
    function test_Eyes_ARendererWithoutCodeIsChosenAfterTheSeal() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        vm.startPrank(admin);
        nft.setRenderer(makeAddr("nothing is here"));
        nft.sealRenderer();
        vm.stopPrank();
        // As long as nobody gets code there, no wallet shows anything, for ever.
        assertGt(bytes(nft.tokenURI(id)).length, 0);
    }

    /// @dev IGridNFT.evolve: "announced exactly this body at least an hour and at most 7 days ago".
    function test_Eyes_AnAnnouncementHoldsAnHourMoreThanItsNatSpecSays() external {
        uint256 id = mintOf(EvolutionPolicy.OWNER, 1, collector);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", collector);
        vm.startPrank(collector);
        nft.announceEvolution(id, keccak256(packed));
        vm.warp(NOW + 7 days + 1);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAnnounced.selector, id, 2, keccak256(packed)));
        nft.evolve(id, packed, proofs);
    }

    /// @dev IGridNFT.announceEvolutionFor: "Announces once. A second announcement by the same authorization changes nothing."
    /// A stranger keeps one alive for as long as the deadline allows.
    function test_Eyes_AStrangerAnnouncesTwiceByOneAuthorization() external {
        uint256 id = mintOf(EvolutionPolicy.OWNER, 1, collector);
        EvolveAuthorization memory a = EvolveAuthorization(id, 2, keccak256("body"), uint64(NOW + 365 days));
        bytes memory signature = sign(a, _collectorKey);
        nft.announceEvolutionFor(a, signature);
        vm.warp(NOW + 1 hours + 7 days + 1);
        nft.announceEvolutionFor(a, signature);
        assertEq(nft.announcedAt(id, 2, collector, keccak256("body")), NOW + 1 hours, "announced twice");
    }

    /// @dev ERC-7007 `verify` is "false when it is not proven", threat 37i. It is true of a body that claims a parent whose
    /// image it doesn't have, which no mint takes.
    function test_Eyes_VerifyIsTrueOfARemixOfWhatItHasNot() external {
        mintOf(EvolutionPolicy.NONE, 1, artist);
        Body memory body = aBody(1);
        body.orders[0].orderHash = keccak256("a remix");
        body.artworks[0].parent = 1001;
        body.artworks[0].parentVersion = 1;
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        vm.prank(artist);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_ParentImageMismatch.selector, 1001, 1, bytes32(0)));
        nft.mint(packed, proofs, artist, type(uint128).max);
        assertFalse(nft.verify(bytes(body.requests[0].prompt), packed, abi.encode(artist, proofs)));
    }

    /// @dev As above: of a body whose second request names a model by another model's hash (threat 37e).
    function test_Eyes_VerifyIsTrueOfABodyWithALyingRequest() external {
        Body memory body = aBody(1);
        GenerationRequest memory first = body.requests[0];
        body.requests = new GenerationRequest[](2);
        body.requests[0] = first;
        body.requests[1] = aRequest();
        body.requests[1].modelHash = keccak256("another model");
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        vm.prank(artist);
        vm.expectRevert();
        nft.mint(packed, proofs, artist, type(uint128).max);
        assertFalse(nft.verify(bytes(first.prompt), packed, abi.encode(artist, proofs)));
    }

    /// @dev "`proof` is [...] with one plain proof", which "has no flag set". `verify` doesn't look, `addAigcData` does.
    function test_Eyes_VerifyTakesAProofWithFlags() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        Body memory body = aBody(1);
        body.orders[0].orderHash = keccak256("flags");
        uint256[] memory places = new uint256[](1);
        ReceiptProof[] memory proofs = anchorInTree(body, artist, 4, places);
        proofs[0].flags = hex"80";
        bytes memory packed = NftBody.packVersion(body);
        vm.prank(artist);
        vm.expectRevert();
        nft.addAigcData(id, bytes(body.requests[0].prompt), packed, abi.encode(artist, proofs));
        assertFalse(nft.verify(bytes(body.requests[0].prompt), packed, abi.encode(artist, proofs)));
    }
}
