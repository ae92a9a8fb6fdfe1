// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Base64} from "solady/utils/Base64.sol";
import {LibString} from "solady/utils/LibString.sol";

import {GridNFT} from "../../../contracts/GridNFT.sol";
import {
    Display,
    EvolutionPolicy,
    EvolveAuthorization,
    IGridNFT,
    MintAuthorization,
    ReceiptProof
} from "../../../contracts/interfaces/IGridNFT.sol";
import {GenerationRequest} from "../../../contracts/messages/GridMessages.sol";
import {Body, BodyOrder, NftBody} from "../../utils/NftBody.sol";
import {Wallet} from "../../utils/NftMocks.sol";
import {NftTest} from "../../utils/NftTest.sol";
import {NftTree} from "../../utils/NftTree.sol";

/// @dev A receiver that tries to mint again while it is handed tokens, and passes them on.
contract Reentrant is IERC721Receiver {
    GridNFT public immutable nft;
    address public immutable accomplice;
    bytes private _call;
    bytes4 public refusal;

    constructor(GridNFT nft_, address accomplice_) {
        nft = nft_;
        accomplice = accomplice_;
    }

    function arm(bytes calldata call_) external {
        _call = call_;
    }

    function onERC721Received(address, address, uint256 tokenId, bytes calldata) external returns (bytes4) {
        (bool ok, bytes memory reason) = address(nft).call(_call);
        if (!ok) refusal = bytes4(reason);
        nft.transferFrom(address(this), accomplice, tokenId);
        return this.onERC721Received.selector;
    }
}

/// @notice Attacks on GridNFT, by the numbers of the threat list.
contract NftAttack is NftTest {
    address private _mallory = makeAddr("mallory");

    function setUp() public override {
        super.setUp();
        vm.prank(admin);
        aipg.mint(_mallory, 1000e18);
        vm.prank(_mallory);
        aipg.approve(address(nft), type(uint256).max);
    }

    function _try(address who, bytes memory data) private returns (bool ok, bytes4 reason) {
        vm.prank(who);
        bytes memory answer;
        (ok, answer) = address(nft).call(data);
        reason = bytes4(answer);
    }

    function _mintCall(bytes memory packed, ReceiptProof[] memory proofs, address to)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeCall(nft.mint, (packed, proofs, to, type(uint128).max));
    }

    function _authorization(bytes memory packed, address requester) private view returns (MintAuthorization memory) {
        return MintAuthorization(requester, artist, keccak256(packed), 10e18, uint64(block.timestamp + 1 hours));
    }

    // ------------------------------------------------------------------------------------------------ authorizations

    function test_T14_MintAuthorizationOfAnotherChainOrDeploymentIsWorthless() external {
        Body memory body = aBody(1);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        MintAuthorization memory a = _authorization(packed, artist);
        bytes memory signature = sign(a, artistKey);
        uint256 home = block.chainid;
        vm.chainId(home + 1);
        (bool ok, bytes4 reason) =
            _try(_mallory, abi.encodeCall(nft.mintFor, (packed, proofs, a, signature, type(uint128).max)));
        assertFalse(ok);
        assertEq(reason, IGridNFT.GridNFT_BadSignature.selector);
        vm.chainId(home);
        nft.mintFor(packed, proofs, a, signature, type(uint128).max);
    }

    function test_T14_AReplayedMintAuthorizationMintsNothing() external {
        Body memory body = aBody(1);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        MintAuthorization memory a = _authorization(packed, artist);
        bytes memory signature = sign(a, artistKey);
        nft.mintFor(packed, proofs, a, signature, type(uint128).max);
        uint256 before = aipg.balanceOf(artist);
        (bool ok, bytes4 reason) =
            _try(_mallory, abi.encodeCall(nft.mintFor, (packed, proofs, a, signature, type(uint128).max)));
        assertFalse(ok);
        assertEq(reason, IGridNFT.GridNFT_AlreadyMinted.selector);
        assertEq(aipg.balanceOf(artist), before);
    }

    /// @dev A wallet that turns its answer can stop a mint of its own, and nothing else: nobody relies on it later.
    function test_T18_AWalletThatTurnsItsAnswerHarmsOnlyItself() external {
        Wallet wallet = new Wallet(artist);
        Body memory body = aBody(1);
        ReceiptProof[] memory proofs = anchorAll(body, address(wallet));
        bytes memory packed = NftBody.pack(body);
        MintAuthorization memory a = _authorization(packed, address(wallet));
        a.maxFee = 0;
        bytes memory signature = sign(a, artistKey);
        wallet.setOwner(_mallory);
        (bool ok, bytes4 reason) =
            _try(collector, abi.encodeCall(nft.mintFor, (packed, proofs, a, signature, type(uint128).max)));
        assertFalse(ok);
        assertEq(reason, IGridNFT.GridNFT_BadSignature.selector);
        wallet.setOwner(artist);
        vm.prank(collector);
        nft.mintFor(packed, proofs, a, signature, type(uint128).max);
        wallet.setOwner(_mallory);
        assertEq(nft.artistOf(1001), address(wallet));
        assertEq(nft.ownerOf(1001), artist);
        assertTrue(nft.verify(1001));
    }

    /// @dev EIP-7702: once the signer has code, its code is asked, and not its key. It can refuse a mint of its own that way;
    /// nothing that anybody else relies on hangs on the answer.
    function test_T18_ADelegatedSignerIsAskedByItsCode() external {
        Body memory body = aBody(1);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        MintAuthorization memory a = _authorization(packed, artist);
        bytes memory signature = sign(a, artistKey);
        Wallet refusing = new Wallet(_mallory);
        vm.etch(artist, address(refusing).code);
        (bool ok, bytes4 reason) =
            _try(collector, abi.encodeCall(nft.mintFor, (packed, proofs, a, signature, type(uint128).max)));
        assertFalse(ok);
        assertEq(reason, IGridNFT.GridNFT_BadSignature.selector);
    }

    /// @dev Other encodings of a signature, which other software takes.
    function _malleable(bytes memory good) private pure returns (bytes[5] memory bad) {
        bytes32 r;
        bytes32 s;
        assembly {
            r := mload(add(good, 0x20))
            s := mload(add(good, 0x40))
        }
        uint8 v = uint8(good[64]);
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bad[0] = abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? uint8(28) : uint8(27)); // high s
        bad[1] = abi.encodePacked(r, s, v - 27); // v of 0 or 1
        bad[2] = abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255))); // compact
        bad[3] = bytes.concat(good, hex"00"); // padded
        bad[4] = "";
    }

    function test_T20_MalleableSignaturesAreRefused() external {
        Body memory body = aBody(1);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        MintAuthorization memory a = _authorization(packed, artist);
        bytes memory good = sign(a, artistKey);
        bytes[5] memory bad = _malleable(good);
        for (uint256 i; i < bad.length; ++i) {
            (bool ok, bytes4 reason) =
                _try(collector, abi.encodeCall(nft.mintFor, (packed, proofs, a, bad[i], type(uint128).max)));
            assertFalse(ok);
            assertEq(reason, IGridNFT.GridNFT_BadSignature.selector);
        }
        nft.mintFor(packed, proofs, a, good, type(uint128).max);
    }

    function test_T21_DirtyBitsAndOddEncodingsAreRefused() external {
        Body memory body = aBody(1);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        // The receiver's upper bits
        bytes memory data = _mintCall(packed, proofs, artist);
        data[4 + 64] = 0x01;
        (bool ok,) = _try(artist, data);
        assertFalse(ok);
        // maxFee's
        data = _mintCall(packed, proofs, artist);
        data[4 + 96] = 0x01;
        (ok,) = _try(artist, data);
        assertFalse(ok);
        // Proofs that point out of calldata
        data = _mintCall(packed, proofs, artist);
        data[4 + 32] = 0xff;
        (ok,) = _try(artist, data);
        assertFalse(ok);
        // An EvolveAuthorization with a version of more than 32 bits
        EvolveAuthorization memory a = EvolveAuthorization(1001, 2, keccak256(packed), type(uint64).max);
        data = abi.encodeCall(nft.announceEvolutionFor, (a, ""));
        data[4 + 32] = 0x01;
        (ok,) = _try(artist, data);
        assertFalse(ok);
        assertEq(nft.totalSupply(), 0);
    }

    /// @dev ERC-7007's `proof` holds an encoded list; offsets in it that lead astray reach nothing but a refusal.
    function test_T21_AProofThatPointsElsewhereProvesNothing() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        bytes memory proof = abi.encode(artist, proofs);
        for (uint256 i = 32; i < proof.length; ++i) {
            bytes memory turned = bytes.concat(proof);
            turned[i] = turned[i] == 0xff ? bytes1(0) : bytes1(0xff);
            uint256 state = vm.snapshotState();
            (bool ok,) = _try(artist, abi.encodeCall(nft.addAigcData, (id, "a second", packed, turned)));
            if (ok) assertEq(nft.provenanceOf(id, 2).request.prompt, "a second"); // the turned byte was padding
            vm.revertToState(state);
        }
    }

    // ------------------------------------------------------------------------------------------------------- receipts

    function test_T29_AnInnerNodeOrTheRootIsNoReceipt() external {
        // The tree of two receipts; the attacker has neither, but knows the nodes.
        Body memory victim = aBody(2);
        bytes32[] memory leaves = leavesOf(victim, collector);
        bytes32[] memory tree = NftTree.build(leaves);
        anchors.set(LANE_ID, payer, tree[0], worker);
        Body memory body = aBody(1);
        body.anchors[0].payer = payer;
        bytes memory packed = NftBody.pack(body);
        ReceiptProof[] memory proofs = new ReceiptProof[](1);
        proofs[0].laneId = LANE_ID;
        bytes32[][4] memory tries;
        tries[0] = new bytes32[](0); // the root as the leaf
        tries[1] = new bytes32[](1);
        tries[1][0] = tree[0];
        tries[2] = new bytes32[](1);
        tries[2][0] = leaves[0];
        tries[3] = leaves;
        bytes[3] memory flags = [bytes(""), hex"80", hex"c0"];
        for (uint256 i; i < tries.length; ++i) {
            for (uint256 j; j < flags.length; ++j) {
                proofs[0].proof = tries[i];
                proofs[0].flags = flags[j];
                (bool ok, bytes4 reason) = _try(artist, _mintCall(packed, proofs, artist));
                assertFalse(ok);
                assertTrue(
                    reason == IGridNFT.GridNFT_NotAnchored.selector
                        || reason == MerkleProof.MerkleProofInvalidMultiproof.selector
                );
            }
        }
    }

    function test_T29_TheEmptyRootAnchorsNothing() external {
        Body memory body = aBody(1);
        bytes memory packed = NftBody.pack(body);
        // Even were 0 anchored, no receipt leads to it.
        anchors.set(0, artist, 0, worker);
        (bool ok, bytes4 reason) = _try(artist, _mintCall(packed, new ReceiptProof[](1), artist));
        assertFalse(ok);
        assertEq(reason, IGridNFT.GridNFT_NotAnchored.selector);
    }

    function test_T29_ADuplicateLeafMintsOnce() external {
        // The same receipt twice in the tree, and twice in the body: as if there were two.
        Body memory body = aBody(2);
        body.artworks[1] = body.artworks[0];
        body.anchors[0].payer = payer;
        uint256[] memory places = new uint256[](2);
        places[1] = 1;
        ReceiptProof[] memory proofs = anchorInTree(body, artist, 2, places);
        bytes memory packed = NftBody.pack(body);
        (bool ok, bytes4 reason) = _try(artist, _mintCall(packed, proofs, artist));
        assertFalse(ok);
        assertEq(reason, IGridNFT.GridNFT_AlreadyMinted.selector);
    }

    /// @dev A worker's key leaks; the thief signs receipts of last year. They are anchored today, so they can say at most
    /// 30 days ago, and anchor time and block say today.
    function test_T30_ABackDatedReceiptShowsItsAnchorTime() external {
        Body memory body = aBody(1);
        body.artworks[0].completedAt = uint40(NOW - 365 days);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        (bool ok, bytes4 reason) = _try(artist, _mintCall(packed, proofs, artist));
        assertFalse(ok);
        assertEq(reason, IGridNFT.GridNFT_BadCompletionTime.selector);

        body.artworks[0].completedAt = uint40(NOW - 30 days);
        mintBody(body);
        assertEq(nft.provenanceOf(1001).anchorTime, NOW);
    }

    function test_T31_TwoImagesOfOneJobAreNeverBothMinted() external {
        Body memory body = aBody(1);
        mintBody(body);
        body.artworks[0].imageHash = keccak256("the worker's other image");
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        (bool ok, bytes4 reason) = _try(artist, _mintCall(packed, proofs, artist));
        assertFalse(ok);
        assertEq(reason, IGridNFT.GridNFT_AlreadyMinted.selector);
        // Nor as a version, nor through another anchor source.
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        packed = NftBody.packVersion(body);
        (ok, reason) = _try(artist, abi.encodeCall(nft.evolve, (id, packed, proofs)));
        assertFalse(ok);
        assertEq(reason, IGridNFT.GridNFT_AlreadyMinted.selector);
    }

    function test_T32_CopiedMintCalldataIsWorthless() external {
        Body memory body = aBody(2);
        body.anchors[0].payer = artist;
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        bytes memory copied = _mintCall(packed, proofs, artist);
        (bool ok, bytes4 reason) = _try(_mallory, copied);
        assertFalse(ok);
        assertEq(reason, IGridNFT.GridNFT_NotAnchored.selector);
        (ok,) = _try(artist, copied);
        assertTrue(ok);
    }

    /// @dev A relayed mint that is copied out of the mempool does what its requester wanted.
    function test_T32_ACopiedRelayedMintServesTheRequester() external {
        Body memory body = aBody(2);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        MintAuthorization memory a = _authorization(packed, artist);
        bytes memory signature = sign(a, artistKey);
        vm.prank(_mallory);
        nft.mintFor(packed, proofs, a, signature, type(uint128).max);
        assertEq(nft.balanceOf(artist), 2);
        assertEq(nft.balanceOf(_mallory), 0);
    }

    /// @dev Somebody mints the victim's image first, from an order of their own. The victim still mints; who was first is
    /// told by the anchors' blocks.
    function test_T33_AnImageMintedFirstBySomebodyElseBlocksNobody() external {
        Body memory body = aBody(1);
        vm.roll(100);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);

        vm.roll(200);
        Body memory copy = aBody(1);
        copy.orders[0].orderHash = keccak256("mallory's order");
        ReceiptProof[] memory copyProofs = anchorAll(copy, _mallory);
        vm.prank(_mallory);
        nft.mint(NftBody.pack(copy), copyProofs, _mallory, type(uint128).max);

        vm.roll(300);
        vm.prank(artist);
        nft.mint(packed, proofs, artist, type(uint128).max);
        assertEq(nft.provenanceOf(1001).imageHash, nft.provenanceOf(2001).imageHash);
        assertLt(nft.provenanceOf(2001).anchorBlock, nft.provenanceOf(1001).anchorBlock);
    }

    function test_T37e_AModelIdWithAnotherModelsHashIsRefused() external {
        models.set(8, keccak256("a famous model"));
        Body memory body = aBody(1);
        body.requests[0].modelHash = keccak256("a famous model");
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        (bool ok, bytes4 reason) = _try(artist, _mintCall(NftBody.pack(body), proofs, artist));
        assertFalse(ok);
        assertEq(reason, IGridNFT.GridNFT_WrongModelHash.selector);
        // Nor in a later request of the series, which says its own.
        body = aBody(2);
        body.requests = new GenerationRequest[](2);
        (body.requests[0], body.requests[1]) = (aRequest(), aRequest());
        body.requests[1].modelId = 8;
        BodyOrder memory order = body.orders[0];
        body.orders = new BodyOrder[](2);
        body.orders[0] = order;
        body.orders[1] = BodyOrder(keccak256("second"), 0, 1, 0, 1);
        body.artworks[1] = anArtwork(1, 0);
        proofs = anchorAll(body, artist);
        (ok, reason) = _try(artist, _mintCall(NftBody.pack(body), proofs, artist));
        assertFalse(ok);
        assertEq(reason, IGridNFT.GridNFT_WrongModelHash.selector);
    }

    function test_T37i_ARemixParentIsNotClaimedWithoutItsImage() external {
        mintBody(aBody(1));
        Body memory body = aBody(1);
        body.orders[0].orderHash = keccak256("remix");
        body.requests[0].sourceHash = keccak256("my own sketch");
        body.artworks[0].parent = 1001;
        body.artworks[0].parentVersion = 1;
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        (bool ok, bytes4 reason) = _try(artist, _mintCall(NftBody.pack(body), proofs, artist));
        assertFalse(ok);
        assertEq(reason, IGridNFT.GridNFT_ParentImageMismatch.selector);
        // Nor can it claim to be its own parent.
        body.artworks[0].parent = 2001;
        (ok, reason) = _try(artist, _mintCall(NftBody.pack(body), proofs, artist));
        assertFalse(ok);
        assertEq(reason, IGridNFT.GridNFT_UnknownVersion.selector);
    }

    /// @dev What no mint takes `verify` doesn't call proven: every parent's image, as in a mint.
    function test_T37i_NoRemixIsProvenWithoutItsParentsImage() external {
        mintBody(aBody(1));
        bytes32 image = nft.provenanceOf(1001).imageHash;
        Body memory body = aBody(1);
        body.orders[0].orderHash = keccak256("remix");
        body.requests[0].sourceHash = image;
        body.artworks[0].parent = 1001;
        body.artworks[0].parentVersion = 1;
        assertTrue(_isProven(body), "it is the parent's");
        body.artworks[0].parentVersion = 2;
        assertFalse(_isProven(body), "a version that is not there");
        body.artworks[0].parentVersion = 0;
        assertFalse(_isProven(body), "no version");
        body.artworks[0].parentVersion = 1;
        body.artworks[0].parent = 2001;
        assertFalse(_isProven(body), "a token that is not there");
        body.artworks[0].parent = 1001;
        body.requests[0].sourceHash = keccak256("my own sketch");
        assertFalse(_isProven(body), "another image");
        body.requests[0].sourceHash = 0;
        assertFalse(_isProven(body), "no image");
        body.artworks[0].parent = 0;
        assertTrue(_isProven(body), "no remix");
    }

    /// @dev A request that no artwork uses is checked by a mint, so `verify` checks it, too.
    function test_T37e_NoBodyIsProvenWithALyingRequest() external {
        Body memory body = aBody(1);
        GenerationRequest memory first = body.requests[0];
        body.requests = new GenerationRequest[](2);
        body.requests[0] = first;
        body.requests[1] = aRequest();
        assertTrue(_isProven(body));
        body.requests[1].modelHash = keccak256("another model");
        assertFalse(_isProven(body));
        body.requests[1].modelHash = 0;
        body.requests[1].modelId = 404;
        assertFalse(_isProven(body));
    }

    function _isProven(Body memory body) private returns (bool) {
        bytes memory proof = abi.encode(artist, anchorAll(body, artist));
        return nft.verify(bytes(body.requests[0].prompt), NftBody.pack(body), proof);
    }

    /// @dev Mallory's own order and receipts under the victim's orderHash burn Mallory's bits only.
    function test_T37j_ACopiedOrderHashBurnsNobodyElsesBits() external {
        Body memory body = aBody(1);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        Body memory copy = aBody(1);
        ReceiptProof[] memory copyProofs = anchorAll(copy, _mallory);
        vm.prank(_mallory);
        nft.mint(NftBody.pack(copy), copyProofs, _mallory, type(uint128).max);
        assertTrue(nft.isMinted(_mallory, body.orders[0].orderHash, 0));
        assertFalse(nft.isMinted(artist, body.orders[0].orderHash, 0));
        vm.prank(artist);
        nft.mint(NftBody.pack(body), proofs, artist, type(uint128).max);
    }

    // --------------------------------------------------------------------------------------------------------- tokens

    function test_T41_AReceiverThatMintsAgainIsRefused() external {
        Reentrant receiver = new Reentrant(nft, collector);
        Body memory body = aBody(3);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        receiver.arm(_mintCall(packed, proofs, address(receiver)));
        vm.prank(artist);
        nft.mint(packed, proofs, address(receiver), type(uint128).max);
        assertEq(receiver.refusal(), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        // What it was handed it could pass on at once: everything was written before it was called.
        assertEq(nft.balanceOf(collector), 3);
        assertEq(nft.balanceOf(address(receiver)), 0);
        assertEq(nft.totalSupply(), 3);
    }

    /// @dev A market's bounded call gets its answer, and one within the cap, for tokens that never were, too.
    function test_T42_RoyaltyInfoIsCheapBoundedAndNeverReverts() external {
        Body memory body = aBody(1);
        body.royaltyBps = 1000;
        mintBody(body);
        uint256[5] memory ids = [uint256(1001), 1999, 0, 999_999, type(uint256).max];
        for (uint256 i; i < ids.length; ++i) {
            (bool ok, bytes memory answer) =
                address(nft).staticcall{gas: 30_000}(abi.encodeCall(nft.royaltyInfo, (ids[i], 1e36)));
            assertTrue(ok);
            (, uint256 amount) = abi.decode(answer, (address, uint256));
            assertLe(amount, 1e35);
        }
    }

    function test_T44_PresentationNonceMovesWithWhateverATokenShows() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        string memory shown = nft.tokenURI(id);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("bait and switch", artist);
        vm.startPrank(artist);
        nft.evolve(id, packed, proofs);
        assertEq(shownOf(id), 1);
        assertNotEq(nft.tokenURI(id), shown);
        shown = nft.tokenURI(id);
        nft.setDisplay(only(id), Display("another", "text", ""));
        assertEq(shownOf(id), 2);
        assertNotEq(nft.tokenURI(id), shown);
        shown = nft.tokenURI(id);
        nft.transferFrom(artist, collector, id);
        assertEq(shownOf(id), 2);
        assertEq(nft.tokenURI(id), shown);
    }

    /// @dev A seller may not announce under policy OWNER, sell, and have the buyer's token changed.
    function test_T44_AnAnnouncementDoesNotOutliveTheSale() external {
        uint256 id = mintOf(EvolutionPolicy.OWNER, 1, _mallory);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("worthless", _mallory);
        vm.startPrank(_mallory);
        nft.announceEvolution(id, keccak256(packed));
        nft.transferFrom(_mallory, collector, id);
        vm.stopPrank();
        vm.warp(block.timestamp + 1 hours);
        (bool ok, bytes4 reason) = _try(_mallory, abi.encodeCall(nft.evolve, (id, packed, proofs)));
        assertFalse(ok);
        assertEq(reason, IGridNFT.GridNFT_NotAllowed.selector);
    }

    // ----------------------------------------------------------------------------------------------------------- text

    function test_T45_ControlCharactersAndBrokenTextAreRefused() external {
        bytes[8] memory bad =
            [bytes(hex"00"), hex"1f", hex"7f", hex"c280", hex"ff", hex"c0af", hex"eda080", hex"f4908080"];
        for (uint256 i; i < bad.length; ++i) {
            for (uint256 before; before < 40; before += 13) {
                Body memory body = aBody(1);
                bytes memory text = bytes.concat(new bytes(before), bad[i], " and more");
                for (uint256 j; j < before; ++j) {
                    text[j] = "x";
                }
                body.requests[0].prompt = string(text);
                ReceiptProof[] memory proofs = anchorAll(body, artist);
                bytes memory packed = NftBody.pack(body);
                vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BadText.selector, "prompt", before));
                vm.prank(artist);
                nft.mint(packed, proofs, artist, type(uint128).max);
            }
        }
    }

    function test_T45_APromptOf24KilobytesStaysJSON() external {
        Body memory body = aBody(1);
        bytes memory text = new bytes(23_900);
        for (uint256 i; i < text.length; ++i) {
            text[i] = i % 2 == 0 ? bytes1('"') : bytes1("\\");
        }
        body.requests[0].prompt = string(text);
        mintBody(body);
        string memory json = string(Base64.decode(LibString.slice(nft.tokenURI(1001), 29)));
        assertEq(vm.parseJsonString(json, ".prompt"), string(text));
    }

    // ------------------------------------------------------------------------ what systems before this one got wrong

    function test_PastMistake_NobodyRewritesPromptOrImageAfterMint() external {
        uint256 id = mintOf(EvolutionPolicy.OWNER, 1, collector);
        bytes memory before = abi.encode(nft.provenanceOf(id, 1));
        bytes memory code = nft.blobOf(id, 1).code;
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("rewritten", collector);
        vm.startPrank(collector);
        nft.announceEvolution(id, keccak256(packed));
        vm.warp(block.timestamp + 1 hours);
        nft.evolve(id, packed, proofs);
        vm.stopPrank();
        vm.startPrank(admin);
        nft.setRenderer(address(anchors));
        nft.setContractURI("x");
        nft.transferOwnership(_mallory);
        vm.stopPrank();
        assertEq(abi.encode(nft.provenanceOf(id, 1)), before);
        assertEq(nft.blobOf(id, 1).code, code);
    }

    function test_PastMistake_TheRoyaltyIsTheArtistsNotTheWorkers() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, collector);
        (address receiver,) = nft.royaltyInfo(id, 1e18);
        assertEq(receiver, artist);
        assertNotEq(receiver, worker);
    }

    function test_PastMistake_AWorkerCannotMintWithoutARequester() external {
        Body memory body = aBody(1);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        (bool ok, bytes4 reason) = _try(worker, _mintCall(NftBody.pack(body), proofs, worker));
        assertFalse(ok);
        assertEq(reason, IGridNFT.GridNFT_NotAnchored.selector);
    }

    function test_PastMistake_ASeriesHasASeedForEachImage() external {
        mintBody(aBody(5));
        for (uint256 i; i < 5; ++i) {
            assertEq(nft.provenanceOf(1001 + i).seed, 42 + i);
        }
    }

    function test_PastMistake_BlobsCannotBeCalledAway() external {
        mintBody(aBody(1));
        address blob = nft.blobOf(1001, 1);
        bytes memory code = blob.code;
        (bool ok,) = blob.call("");
        assertTrue(ok); // stops at its first byte
        assertEq(blob.code, code);
    }

    /// @dev Were an upgrade to create a contract of another kind, blobs would stand elsewhere than their numbers say:
    /// minting stops rather than point to the wrong place.
    function test_PastMistake_AMisplacedBlobStopsTheMint() external {
        vm.setNonce(address(nft), vm.getNonce(address(nft)) + 1);
        Body memory body = aBody(1);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridNFT.GridNFT_BlobMisplaced.selector,
                vm.computeCreateAddress(address(nft), 2),
                vm.computeCreateAddress(address(nft), 1)
            )
        );
        vm.prank(artist);
        nft.mint(packed, proofs, artist, type(uint128).max);
    }
}
