// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors, IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {IGridNFT, Provenance, ReceiptProof} from "../../../contracts/interfaces/IGridNFT.sol";
import {GridMessages} from "../../../contracts/messages/GridMessages.sol";
import {Body, BodyAnchor, BodyOrder, NftBody} from "../../utils/NftBody.sol";
import {Receiver, RefusingReceiver} from "../../utils/NftMocks.sol";
import {NftTest} from "../../utils/NftTest.sol";
import {NftTree} from "../../utils/NftTree.sol";

contract MintTest is NftTest {
    function _mint(bytes memory packed, ReceiptProof[] memory proofs) private returns (uint256) {
        vm.prank(artist);
        return nft.mint(packed, proofs, artist, type(uint128).max);
    }

    /// @dev Mints a body whose receipts are anchored; it must revert with exactly `reason`.
    function _expect(Body memory body, bytes memory reason) private {
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        vm.expectRevert(reason);
        _mint(packed, proofs);
    }

    function _badValue(string memory field, uint256 value) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGridNFT.GridNFT_BadValue.selector, field, value);
    }

    function _badText(string memory field, uint256 position) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGridNFT.GridNFT_BadText.selector, field, position);
    }

    /// @dev Where a needle begins.
    function _find(bytes memory hay, bytes memory needle) private pure returns (uint256) {
        for (uint256 i; i + needle.length <= hay.length; ++i) {
            uint256 j;
            while (j < needle.length && hay[i + j] == needle[j]) ++j;
            if (j == needle.length) return i;
        }
        revert("no needle");
    }

    function test_RevertGiven_MintingIsPaused() external {
        Body memory body = aBody(1);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        vm.prank(admin);
        nft.pause();
        vm.expectRevert(IGridNFT.GridNFT_Paused.selector);
        _mint(NftBody.pack(body), proofs);
    }

    function test_RevertWhen_TheReceiverIsTheZeroAddress() external {
        Body memory body = aBody(1);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(0)));
        vm.prank(artist);
        nft.mint(packed, proofs, address(0), type(uint128).max);
    }

    function test_RevertWhen_TheBodyHasAnotherForm() external {
        Body memory body = aBody(1);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.packVersion(body);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_WrongForm.selector, 2, 1));
        _mint(packed, proofs);
        packed[0] = 0x03;
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_WrongForm.selector, 3, 1));
        _mint(packed, proofs);
    }

    function test_RevertWhen_TheBodyIsEmpty() external {
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BodyTooShort.selector, 1));
        _mint("", new ReceiptProof[](1));
    }

    function test_RevertWhen_TheBodyEndsEarly() external {
        Body memory body = aBody(2);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        // Cut anywhere: what is missing is never made up from what stands behind it in memory.
        for (uint256 length = 1; length < packed.length; ++length) {
            bytes memory cut = new bytes(length);
            for (uint256 i; i < length; ++i) {
                cut[i] = packed[i];
            }
            vm.prank(artist);
            (bool ok, bytes memory reason) =
                address(nft).call(abi.encodeCall(nft.mint, (cut, proofs, artist, type(uint128).max)));
            assertFalse(ok, "minted");
            bytes4 selector = bytes4(reason);
            assertTrue(
                selector == IGridNFT.GridNFT_BodyTooShort.selector || selector == IGridNFT.GridNFT_BadValue.selector,
                "another error"
            );
        }
        bytes memory shorter = new bytes(packed.length - 1);
        for (uint256 i; i < shorter.length; ++i) {
            shorter[i] = packed[i];
        }
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BodyTooShort.selector, 1));
        _mint(shorter, proofs);
    }

    function test_RevertWhen_BytesFollowTheBody() external {
        Body memory body = aBody(1);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = bytes.concat(NftBody.pack(body), hex"0000");
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BodyTooLong.selector, 2));
        _mint(packed, proofs);
    }

    function test_RevertWhen_TheBlobWouldNotFitAContract() external {
        Body memory body = aBody(1);
        uint256 rest = NftBody.pack(body).length - bytes(body.requests[0].prompt).length;
        // requester 20, times 10, and one byte too many
        bytes memory prompt = new bytes(24_575 - 30 - rest + 1);
        for (uint256 i; i < prompt.length; ++i) {
            prompt[i] = "x";
        }
        body.requests[0].prompt = string(prompt);
        _expect(body, abi.encodeWithSelector(IGridNFT.GridNFT_BlobTooLarge.selector, 24_576, 24_575));
    }

    function test_RevertWhen_AValueIsOutOfItsRange() external {
        Body memory body = aBody(1);
        body.royaltyBps = 1001;
        _expect(body, _badValue("royaltyBps", 1001));

        body = aBody(1);
        body.requests[0].seed = 1 << 63;
        _expect(body, _badValue("seed", 1 << 63));
        body.requests[0].seed = type(uint64).max - 1;
        _expect(body, _badValue("seed", type(uint64).max - 1));

        body = aBody(1);
        body.orders[0].anchor = 1;
        ReceiptProof[] memory proofs = new ReceiptProof[](1);
        bytes memory packed = NftBody.pack(body);
        vm.expectRevert(_badValue("order anchor", 1));
        _mint(packed, proofs);
        body.orders[0].anchor = 0;
        body.orders[0].engine = 1;
        packed = NftBody.pack(body);
        vm.expectRevert(_badValue("order engine", 1));
        _mint(packed, proofs);
        body.orders[0].engine = 0;

        // What the packer would not write.
        packed = NftBody.pack(body);
        packed[1] = 0x03;
        vm.expectRevert(_badValue("policy", 3));
        _mint(packed, proofs);

        packed = NftBody.pack(body);
        uint256 start = packed.length - NftBody.tables(body).length;
        packed[start + 2] = 0x02;
        vm.expectRevert(_badValue("anchor flags", 2));
        _mint(packed, proofs);

        string[5] memory names = ["anchors", "engines", "requests", "orders", "artworks"];
        uint256[5] memory places;
        places[0] = start;
        places[1] = start + NftBody.anchors(body.anchors).length;
        places[2] = places[1] + NftBody.engines(body.engines).length;
        places[3] = places[2] + NftBody.requests(body.requests).length;
        places[4] = places[3] + NftBody.orders(body.orders).length + 1;
        for (uint256 i; i < 5; ++i) {
            packed = NftBody.pack(body);
            packed[places[i]] = 0x00;
            vm.expectRevert(_badValue(names[i], 0));
            _mint(packed, proofs);
        }

        packed = NftBody.pack(body);
        packed[places[4] - 1] = 0x03;
        packed[places[4]] = 0xe8;
        vm.expectRevert(_badValue("artworks", 1000));
        _mint(packed, proofs);

        packed = NftBody.pack(body);
        packed[places[4] + 1] = 0x08;
        vm.expectRevert(_badValue("artwork flags", 8));
        _mint(packed, proofs);

        packed = NftBody.pack(body);
        packed[places[4] + 2] = 0x01;
        vm.expectRevert(_badValue("artwork order", 1));
        _mint(packed, proofs);

        packed = NftBody.pack(body);
        packed[places[2] + 1] |= 0x40;
        vm.expectRevert(_badValue("request mask", 0x47ff));
        _mint(packed, proofs);

        packed = NftBody.pack(body);
        packed[places[3] + 34] = 0x01;
        vm.expectRevert(_badValue("order request", 1));
        _mint(packed, proofs);

        // A number with a zero in front, and one that is too wide: width 1024 is 02 04 00.
        packed = NftBody.pack(body);
        uint256 width = _find(packed, hex"020400020300");
        packed[width + 1] = 0x00;
        vm.expectRevert(_badValue("width", 0));
        _mint(packed, proofs);
        packed[width] = 0x05;
        vm.expectRevert(_badValue("width", 5));
        _mint(packed, proofs);

        body = aBody(1);
        body.requests[0].sourceHash = keccak256("input");
        body.artworks[0].parent = 1;
        packed = NftBody.pack(body);
        // parent 1, version 0: 01 01 00 at the end
        packed[packed.length - 3] = 0x00;
        bytes memory cut = new bytes(packed.length - 1);
        for (uint256 i; i < cut.length; ++i) {
            cut[i] = i == cut.length - 1 ? bytes1(0) : packed[i];
        }
        vm.expectRevert(_badValue("parent", 0));
        _mint(cut, proofs);
    }

    function test_RevertWhen_ATextIsNotText() external {
        Body memory body = aBody(1);
        body.title = "a\nb";
        _expect(body, _badText("title", 1));
        body = aBody(1);
        body.description = string(bytes.concat(hex"6162c0af"));
        _expect(body, _badText("description", 2));
        body = aBody(1);
        body.tags = string(bytes.concat(hex"00"));
        _expect(body, _badText("tags", 0));
        body = aBody(1);
        body.engines[0] = string(bytes.concat(hex"c285"));
        _expect(body, _badText("engine", 0));
        body = aBody(1);
        body.requests[0].prompt = string(bytes.concat(hex"61eda080"));
        _expect(body, _badText("prompt", 1));
        body = aBody(1);
        body.requests[0].negativePrompt = string(bytes.concat(hex"7f"));
        _expect(body, _badText("negativePrompt", 0));
        body = aBody(1);
        body.requests[0].sampler = string(bytes.concat(hex"f0"));
        _expect(body, _badText("sampler", 0));
        body = aBody(1);
        body.requests[0].scheduler = "\t";
        _expect(body, _badText("scheduler", 0));
        body = aBody(1);
        body.requests[0].extras = "{\"a\":\"\x01\"}";
        _expect(body, _badText("extras", 6));
    }

    function test_RevertWhen_ThereIsNotOneProofForEachAnchor() external {
        Body memory body = aBody(1);
        anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_ProofCount.selector, 0, 1));
        _mint(packed, new ReceiptProof[](0));
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_ProofCount.selector, 2, 1));
        _mint(packed, new ReceiptProof[](2));
    }

    function test_RevertWhen_TheModelHashIsAnother() external {
        Body memory body = aBody(1);
        bytes32 other = keccak256("weights of another model");
        body.requests[0].modelHash = other;
        _expect(body, abi.encodeWithSelector(IGridNFT.GridNFT_WrongModelHash.selector, MODEL_ID, other, MODEL_HASH));
    }

    function test_RevertWhen_TheModelDoesNotExist() external {
        Body memory body = aBody(1);
        body.requests[0].modelId = 8;
        body.requests[0].modelHash = 0;
        _expect(body, abi.encodeWithSelector(IGridNFT.GridNFT_WrongModelHash.selector, 8, 0, 0));
    }

    function test_RevertWhen_TheAnchorSourceIsUnknown() external {
        Body memory body = aBody(1);
        body.anchors[0].source = 1;
        _expect(body, abi.encodeWithSelector(IGridNFT.GridNFT_UnknownSource.selector, 1));
    }

    function test_RevertWhen_NothingIsAnchored() external {
        Body memory body = aBody(1);
        bytes memory packed = NftBody.pack(body);
        bytes32 root = leavesOf(body, artist)[0];
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAnchored.selector, 0, bytes32(0), artist, root));
        _mint(packed, new ReceiptProof[](1));
    }

    function test_RevertWhen_TheProofHasANodeTooMany() external {
        Body memory body = aBody(2);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        proofs[0].proof = new bytes32[](1);
        proofs[0].flags = hex"c0"; // two steps, both from the queue: the second one runs it dry
        bytes memory packed = NftBody.pack(body);
        vm.expectRevert(MerkleProof.MerkleProofInvalidMultiproof.selector);
        _mint(packed, proofs);
    }

    function test_RevertWhen_TheProofHasANodeTooFew() external {
        Body memory body = aBody(2);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        proofs[0].flags = "";
        bytes memory packed = NftBody.pack(body);
        vm.expectRevert(MerkleProof.MerkleProofInvalidMultiproof.selector);
        _mint(packed, proofs);
    }

    function test_RevertWhen_TheFlagsAskForMoreThanTheQueueHolds() external {
        Body memory body = aBody(1);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        proofs[0].proof = new bytes32[](1);
        proofs[0].flags = hex"80";
        bytes memory packed = NftBody.pack(body);
        vm.expectRevert(MerkleProof.MerkleProofInvalidMultiproof.selector);
        _mint(packed, proofs);
    }

    function test_RevertWhen_TheAnchorIsOfAnotherWorker() external {
        Body memory body = aBody(1);
        bytes32 root = leavesOf(body, artist)[0];
        anchors.set(0, artist, root, payer);
        bytes memory packed = NftBody.pack(body);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_WrongWorker.selector, worker, payer));
        _mint(packed, new ReceiptProof[](1));
    }

    function test_RevertWhen_ThePictureWasDoneAfterItsAnchor() external {
        Body memory body = aBody(2);
        body.artworks[1].completedAt = uint40(NOW + 15 minutes + 1);
        _expect(body, abi.encodeWithSelector(IGridNFT.GridNFT_BadCompletionTime.selector, NOW + 15 minutes + 1, NOW));
    }

    function test_RevertWhen_ThePictureWasDoneLongBeforeItsAnchor() external {
        Body memory body = aBody(2);
        body.artworks[1].completedAt = uint40(NOW - 30 days - 1);
        _expect(body, abi.encodeWithSelector(IGridNFT.GridNFT_BadCompletionTime.selector, NOW - 30 days - 1, NOW));
    }

    function test_RevertWhen_TheCallerIsNotTheRequester() external {
        Body memory body = aBody(1);
        body.anchors[0].payer = artist;
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        bytes32 root = leavesOf(body, collector)[0];
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAnchored.selector, 0, bytes32(0), artist, root));
        vm.prank(collector);
        nft.mint(packed, proofs, collector, type(uint128).max);
    }

    function test_RevertGiven_TheReceiptIsMinted() external {
        Body memory body = aBody(3);
        mintBody(body);
        _expect(body, abi.encodeWithSelector(IGridNFT.GridNFT_AlreadyMinted.selector, body.orders[0].orderHash, 0));
        // One of them is enough, whatever image it now shows.
        Body memory other = aBody(1);
        other.artworks[0].index = 2;
        other.artworks[0].imageHash = keccak256("another image");
        _expect(other, abi.encodeWithSelector(IGridNFT.GridNFT_AlreadyMinted.selector, body.orders[0].orderHash, 2));
    }

    function test_RevertWhen_TheBodyHasAReceiptTwice() external {
        Body memory body = aBody(2);
        body.artworks[1] = body.artworks[0];
        bytes memory reason =
            abi.encodeWithSelector(IGridNFT.GridNFT_AlreadyMinted.selector, body.orders[0].orderHash, 0);
        _expect(body, reason);

        // Nor by listing the order twice.
        BodyOrder memory order = body.orders[0];
        body.orders = new BodyOrder[](2);
        body.orders[0] = order;
        body.orders[1] = order;
        body.artworks[1] = anArtwork(1, 0);
        _expect(body, reason);
    }

    function test_RevertWhen_TheParentHasAnotherImage() external {
        mintBody(aBody(1));
        Body memory body = aBody(1);
        bytes32 sourceHash = keccak256("somebody else's image");
        body.orders[0].orderHash = keccak256("remix");
        body.requests[0].sourceHash = sourceHash;
        body.artworks[0].parent = 1001;
        body.artworks[0].parentVersion = 1;
        _expect(body, abi.encodeWithSelector(IGridNFT.GridNFT_ParentImageMismatch.selector, 1001, 1, sourceHash));
    }

    function test_RevertWhen_TheParentDoesNotExist() external {
        mintBody(aBody(1));
        Body memory body = aBody(1);
        body.requests[0].sourceHash = keccak256("input");
        body.orders[0].orderHash = keccak256("remix");
        body.artworks[0].parent = 1002;
        body.artworks[0].parentVersion = 1;
        _expect(body, abi.encodeWithSelector(IGridNFT.GridNFT_UnknownVersion.selector, 1002, 1));
        body.artworks[0].parent = 1001;
        body.artworks[0].parentVersion = 0;
        _expect(body, abi.encodeWithSelector(IGridNFT.GridNFT_UnknownVersion.selector, 1001, 0));
        body.artworks[0].parentVersion = 2;
        _expect(body, abi.encodeWithSelector(IGridNFT.GridNFT_UnknownVersion.selector, 1001, 2));
    }

    function test_RevertWhen_AParentIsClaimedWithoutAnInputImage() external {
        mintBody(aBody(1));
        Body memory body = aBody(1);
        body.orders[0].orderHash = keccak256("remix");
        body.artworks[0].parent = 1001;
        body.artworks[0].parentVersion = 1;
        _expect(body, abi.encodeWithSelector(IGridNFT.GridNFT_ParentImageMismatch.selector, 1001, 1, bytes32(0)));
    }

    function test_RevertWhen_AnAnchorHasNoArtwork() external {
        Body memory body = aBody(1);
        BodyAnchor memory anchor = body.anchors[0];
        body.anchors = new BodyAnchor[](2);
        body.anchors[0] = anchor;
        body.anchors[1] = BodyAnchor(0, payer, worker);
        bytes memory packed = NftBody.pack(body);
        vm.expectRevert(_badValue("unused anchor", 1));
        _mint(packed, new ReceiptProof[](2));
    }

    function test_RevertWhen_TheFeeIsAboveTheMostThatWasAgreedTo() external {
        Body memory body = aBody(3);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_FeeAboveMax.selector, 3 * FEE, 3 * FEE - 1));
        vm.prank(artist);
        nft.mint(packed, proofs, artist, uint128(3 * FEE - 1));
    }

    function test_RevertWhen_TheFeeCannotBePaid() external {
        vm.prank(artist);
        aipg.approve(address(nft), FEE - 1);
        _expect(
            aBody(1),
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(nft), FEE - 1, FEE)
        );
    }

    function test_RevertWhen_TheReceiverRefusesAToken() external {
        Body memory body = aBody(2);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        address refusing = address(new RefusingReceiver());
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, refusing));
        vm.prank(artist);
        nft.mint(packed, proofs, refusing, type(uint128).max);
    }

    function test_WhenEverythingIsRight() external {
        Body memory body = aBody(3);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        bytes memory blob =
            bytes.concat(bytes20(artist), packed, bytes5(uint40(block.timestamp)), bytes5(uint40(block.number)));
        uint256 before = aipg.balanceOf(artist);

        vm.expectEmit(address(nft));
        emit IGridNFT.SeriesMinted(1, artist, collector, 3, blob);
        for (uint256 i = 1; i <= 3; ++i) {
            vm.expectEmit(address(nft));
            emit IERC721.Transfer(address(0), collector, 1000 + i);
        }
        vm.prank(artist);
        uint256 seriesId = nft.mint(packed, proofs, collector, uint128(3 * FEE));

        assertEq(seriesId, 1);
        for (uint256 i = 1; i <= 3; ++i) {
            assertEq(nft.ownerOf(1000 + i), collector);
            assertEq(nft.artistOf(1000 + i), artist);
            assertEq(nft.versionsOf(1000 + i), 1);
            assertEq(shownOf(1000 + i), 0);
            assertTrue(nft.isMinted(artist, body.orders[0].orderHash, i - 1));
        }
        assertFalse(nft.isMinted(artist, body.orders[0].orderHash, 3));
        assertFalse(nft.isMinted(collector, body.orders[0].orderHash, 0));
        assertFalse(nft.isMinted(artist, body.orders[0].orderHash, 256));
        assertEq(nft.balanceOf(collector), 3);
        assertEq(nft.totalSupply(), 3);
        assertEq(before - aipg.balanceOf(artist), 3 * FEE);
        assertEq(aipg.balanceOf(treasury), 3 * FEE + 1);
        assertEq(nft.blobOf(1002, 1).code, bytes.concat(hex"00", blob));
    }

    function test_GivenTheReceiverIsAContract() external {
        Body memory body = aBody(3);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        bytes memory packed = NftBody.pack(body);
        Receiver receiver = new Receiver();
        vm.prank(artist);
        nft.mint(packed, proofs, address(receiver), type(uint128).max);
        assertEq(receiver.count(), 3);
        assertEq(receiver.last(), 1003);
        assertEq(receiver.from(), address(0));
        assertEq(receiver.operator(), artist);
    }

    function test_GivenALaneAnchoredItAmongOthers() external {
        Body memory body = aBody(5);
        body.anchors[0].payer = payer;
        uint256[] memory places = new uint256[](5);
        (places[0], places[1], places[2], places[3], places[4]) = (0, 3, 4, 30, 36);
        ReceiptProof[] memory proofs = anchorInTree(body, artist, 37, places);
        _mint(NftBody.pack(body), proofs);
        assertEq(nft.balanceOf(artist), 5);
        assertEq(nft.provenanceOf(1004).payer, payer);
    }

    function test_GivenThereAreSeveralAnchors() external {
        // Two lanes and the direct rail; artworks of all of them mixed.
        Body memory body = aBody(6);
        body.anchors = new BodyAnchor[](3);
        body.anchors[0] = BodyAnchor(0, payer, worker);
        body.anchors[1] = BodyAnchor(0, address(0), collector);
        body.anchors[2] = BodyAnchor(0, address(0), worker);
        body.orders = new BodyOrder[](3);
        for (uint256 i; i < 3; ++i) {
            body.orders[i] = BodyOrder(keccak256(abi.encode(i)), uint8(i), 0, 0, uint128(i + 1));
        }
        for (uint256 i; i < 6; ++i) {
            body.artworks[i] = anArtwork(i < 5 ? i % 2 : 2, i);
        }
        ReceiptProof[] memory proofs = new ReceiptProof[](3);
        for (uint256 a; a < 3; ++a) {
            uint256 size;
            bytes32[] memory leaves = new bytes32[](6);
            bytes32[] memory all = leavesOf(body, artist);
            for (uint256 i; i < 6; ++i) {
                if (body.artworks[i].order == a) leaves[size++] = all[i];
            }
            assembly {
                mstore(leaves, size)
            }
            uint256[] memory places = new uint256[](size);
            for (uint256 i; i < size; ++i) {
                places[i] = i;
            }
            bytes32[] memory tree = NftTree.build(leaves);
            proofs[a] = NftTree.proveMany(tree, places);
            proofs[a].laneId = bytes32(a == 2 ? 0 : a + 1);
            vm.warp(NOW + a);
            vm.roll(100 + a);
            anchors.set(proofs[a].laneId, a == 0 ? payer : artist, tree[0], body.anchors[a].worker);
        }
        _mint(NftBody.pack(body), proofs);

        for (uint256 i; i < 6; ++i) {
            Provenance memory p = nft.provenanceOf(1001 + i);
            uint256 a = body.artworks[i].order;
            assertEq(p.worker, body.anchors[a].worker);
            assertEq(p.payer, a == 0 ? payer : artist);
            assertEq(p.anchorTime, NOW + a);
            assertEq(p.anchorBlock, 100 + a);
            assertEq(p.price, a + 1);
            assertEq(p.receiptId, receiptIdOf(body, i, artist));
        }
    }

    function test_GivenTheProofTakesMoreThan256Steps() external {
        Body memory body = aBody(200);
        uint256[] memory places = new uint256[](200);
        for (uint256 i; i < 200; ++i) {
            places[i] = i * 5 + i % 3;
        }
        ReceiptProof[] memory proofs = anchorInTree(body, artist, 1000, places);
        assertGt(places.length + proofs[0].proof.length - 1, 512, "steps");
        bytes memory packed = NftBody.pack(body);
        vm.prank(artist);
        nft.mint(packed, proofs, artist, type(uint128).max);
        assertEq(nft.balanceOf(artist), 200);
    }

    function test_GivenPicturesWereDoneAtTheEndsOfWhatTheirAnchorAllows() external {
        Body memory body = aBody(2);
        body.artworks[0].completedAt = uint40(NOW - 30 days);
        body.artworks[1].completedAt = uint40(NOW + 15 minutes);
        mintBody(body);
        assertEq(nft.provenanceOf(1001).completedAt, NOW - 30 days);
        assertEq(nft.provenanceOf(1002).completedAt, NOW + 15 minutes);
        assertTrue(nft.verify(1001) && nft.verify(1002));
    }

    function test_GivenTheRequestLeavesTheSeedOpen() external {
        Body memory body = aBody(2);
        body.requests[0].seed = GridMessages.ANY_SEED;
        body.artworks[0].seed = type(uint64).max;
        body.artworks[1].seed = 5;
        mintBody(body);
        assertEq(nft.provenanceOf(1001).seed, type(uint64).max);
        assertEq(nft.provenanceOf(1002).seed, 5);
        assertEq(nft.provenanceOf(1002).request.seed, GridMessages.ANY_SEED);
    }

    function test_GivenTheParentHasTheInputImage() external {
        Body memory first = aBody(2);
        mintBody(first);
        Body memory body = aBody(1);
        body.orders[0].orderHash = keccak256("remix");
        body.requests[0].sourceHash = first.artworks[1].imageHash;
        body.artworks[0].parent = 1002;
        body.artworks[0].parentVersion = 1;
        mintBody(body);
        assertEq(nft.provenanceOf(2001).parent, 1002);
        assertEq(nft.provenanceOf(2001).parentVersion, 1);
    }

    function test_GivenThereIsNoFee() external {
        vm.prank(admin);
        nft.setMintFee(0, treasury);
        uint256 before = aipg.balanceOf(artist);
        mintBody(aBody(2));
        assertEq(aipg.balanceOf(artist), before);
        assertEq(nft.balanceOf(artist), 2);
    }

    function test_GivenTheLongestOfSeries() external {
        // As many artworks as a blob holds: 40 bytes each, orders of 256 receipts.
        uint256 count = 595;
        Body memory body = aBody(count);
        body.orders = new BodyOrder[](3);
        for (uint256 i; i < 3; ++i) {
            body.orders[i] = BodyOrder(keccak256(abi.encode("order", i)), 0, 0, 0, 1);
        }
        for (uint256 i; i < count; ++i) {
            body.artworks[i] = anArtwork(i / 256, i % 256);
        }
        mintBody(body);
        assertEq(nft.balanceOf(artist), count);
        assertEq(nft.provenanceOf(1000 + count).receiptId, receiptIdOf(body, count - 1, artist));
    }
}
