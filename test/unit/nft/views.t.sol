// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Base64} from "solady/utils/Base64.sol";
import {LibString} from "solady/utils/LibString.sol";

import {IERC7007} from "../../../contracts/interfaces/IERC7007.sol";
import {
    Display,
    EvolutionPolicy,
    IGridNFT,
    Provenance,
    ReceiptProof,
    Series
} from "../../../contracts/interfaces/IGridNFT.sol";
import {GenerationRequest, GridMessages} from "../../../contracts/messages/GridMessages.sol";
import {Body, BodyAnchor, BodyOrder, NftBody} from "../../utils/NftBody.sol";
import {NftTest} from "../../utils/NftTest.sol";

contract ViewsTest is NftTest {
    // ---------------------------------------------------------------------------------------------------------- views

    function test_Views_RevertWhen_AVersionIsUnknown() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 2, artist);
        bytes memory unknown = abi.encodeWithSelector(IGridNFT.GridNFT_UnknownVersion.selector, id + 2, 1);
        vm.expectRevert(unknown);
        nft.provenanceOf(id + 2);
        vm.expectRevert(unknown);
        nft.artistOf(id + 2);
        vm.expectRevert(unknown);
        nft.seriesOf(id + 2);
        vm.expectRevert(unknown);
        nft.displayOf(id + 2);
        vm.expectRevert(unknown);
        nft.imageCid(id + 2);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_UnknownVersion.selector, id, 2));
        nft.provenanceOf(id, 2);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_UnknownVersion.selector, id, 0));
        nft.blobOf(id, 0);
        assertEq(nft.versionsOf(id + 2), 0);
        assertEq(nft.versionsOf(1000), 0);
    }

    function test_Views_RevertWhen_ASeriesIsUnknown() external {
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_UnknownSeries.selector, 1));
        nft.series(1);
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, artist);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        vm.startPrank(artist);
        nft.evolve(id, packed, proofs);
        nft.setDisplay(only(id), Display("a", "b", "c"));
        // Blobs of versions and edits have numbers, but are no series.
        for (uint256 i = 2; i < 5; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_UnknownSeries.selector, i));
            nft.series(i);
            (address receiver, uint256 amount) = nft.royaltyInfo(i * 1000 + 1, 1 ether);
            assertEq(receiver, address(0));
            assertEq(amount, 0);
        }
    }

    function test_Views_WhenProvenanceIsRead() external {
        Body memory body = aBody(1);
        body.anchors[0].payer = payer;
        GenerationRequest memory r = body.requests[0];
        r.extras = '{"strength":0.5}';
        r.sourceHash = keccak256("input");
        r.salt = keccak256("salt");
        body.artworks[0].cidDigest = keccak256("cid");
        body.artworks[0].index = 255;
        body.artworks[0].price = type(uint128).max;
        vm.roll(777);
        mintBody(body);
        Provenance memory p = nft.provenanceOf(1001);
        assertEq(abi.encode(p.request), abi.encode(r));
        assertEq(p.seed, r.seed + 255);
        assertEq(p.engine, body.engines[0]);
        assertEq(p.imageHash, body.artworks[0].imageHash);
        assertEq(p.cidDigest, keccak256("cid"));
        assertEq(p.worker, worker);
        assertEq(p.requester, artist);
        assertEq(p.payer, payer);
        assertEq(p.orderHash, body.orders[0].orderHash);
        assertEq(p.index, 255);
        assertEq(p.price, type(uint128).max);
        assertEq(p.completedAt, body.artworks[0].completedAt);
        assertEq(p.source, 0);
        assertEq(p.anchorTime, NOW);
        assertEq(p.anchorBlock, 777);
        assertEq(p.receiptId, receiptIdOf(body, 0, artist));
        assertEq(p.parent, 0);
        assertEq(abi.encode(nft.provenanceOf(1001, 1)), abi.encode(p));
    }

    function test_Views_WhenRequestsDifferFromTheFirst() external {
        Body memory body = aBody(3);
        body.requests = new GenerationRequest[](3);
        body.orders = new BodyOrder[](3);
        for (uint256 i; i < 3; ++i) {
            body.requests[i] = aRequest();
            body.orders[i] = BodyOrder(keccak256(abi.encode(i)), 0, uint8(i), 0, 1);
            body.artworks[i] = anArtwork(i, 0);
        }
        body.requests[1].prompt = "another prompt";
        body.requests[1].salt = keccak256("salt");
        body.requests[1].negativePrompt = "";
        body.requests[2].seed = GridMessages.ANY_SEED;
        body.requests[2].width = 0;
        body.requests[2].scheduler = "";
        body.requests[2].guidanceMilli = type(uint32).max;
        body.artworks[2].seed = 9;
        mintBody(body);
        for (uint256 i; i < 3; ++i) {
            assertEq(abi.encode(nft.provenanceOf(1001 + i).request), abi.encode(body.requests[i]));
        }
    }

    function test_Views_WhenASeriesIsRead() external {
        uint256 id = mintOf(EvolutionPolicy.OWNER, 3, artist);
        Series memory s = nft.series(1);
        assertEq(s.artist, artist);
        assertEq(s.count, 3);
        assertEq(s.royaltyBps, 500);
        assertEq(uint256(s.policy), uint256(EvolutionPolicy.OWNER));
        assertEq(s.title, "Cyberpunk Cityscape");
        assertEq(s.description, "Rain, neon and nobody in sight.");
        assertEq(s.tags, "cyberpunk,city");
        assertEq(s.blob, nft.blobOf(id, 1));
        assertEq(s.blob, vm.computeCreateAddress(address(nft), 1));
        (uint256 seriesId, uint256 index) = nft.seriesOf(1003);
        assertEq(seriesId, 1);
        assertEq(index, 3);
    }

    function test_Views_RevertWhen_TheStateOfATokenThatDoesNotExistIsAskedFor() external {
        uint256 id = mintOf(EvolutionPolicy.NONE, 1, artist);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, id + 1));
        nft.stateOf(id + 1);
        vm.prank(artist);
        nft.burn(id);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, id));
        nft.stateOf(id);
    }

    function test_Views_WhenTheStateOfATokenIsAskedFor() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 2, artist);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        _assertState(id, 0, 0);
        vm.startPrank(artist);
        nft.evolve(id, packed, proofs);
        _assertState(id, 0, 1);
        nft.setDisplay(only(id), Display("", "", ""));
        _assertState(id, 0, 2);
        nft.transferFrom(artist, collector, id);
        _assertState(id, 1, 2);
        // Calls that change neither.
        nft.approve(collector, id + 1);
        nft.setApprovalForAll(collector, true);
        nft.freeze(only(id));
        nft.setRoyaltyReceiver(id / 1000, collector);
        vm.stopPrank();
        vm.startPrank(admin);
        nft.setRenderer(address(renderer));
        nft.sealRenderer();
        vm.stopPrank();
        _assertState(id, 1, 2);
        _assertState(id + 1, 0, 0);
    }

    function _assertState(uint256 id, uint256 moves, uint256 shown) private view {
        (uint64 isMoves, uint64 isShown) = nft.stateOf(id);
        assertEq(isMoves, moves, "moves");
        assertEq(isShown, shown, "shown");
    }

    function test_Views_WhenTheRoyaltyIsAskedFor() external {
        Body memory body = aBody(1);
        body.royaltyBps = 1000;
        mintBody(body);
        (address receiver, uint256 amount) = nft.royaltyInfo(1001, 99);
        assertEq(receiver, artist);
        assertEq(amount, 9);
        (, amount) = nft.royaltyInfo(1001, type(uint256).max);
        assertEq(amount, type(uint256).max / 10);
    }

    function test_Views_WhenAnInterfaceIsAskedFor() external view {
        bytes4[9] memory ids = [
            bytes4(0x01ffc9a7), // ERC-165
            bytes4(0x80ac58cd), // ERC-721
            bytes4(0x5b5e139f), // ERC-721 metadata
            bytes4(0x2a55205a), // ERC-2981
            bytes4(0x49064906), // ERC-4906
            bytes4(0x702c55a6), // ERC-7007
            bytes4(0xe8a3d485), // ERC-7572
            bytes4(0x7f5828d0), // ERC-173
            bytes4(0x84b0196e) // ERC-5267
        ];
        for (uint256 i; i < ids.length; ++i) {
            assertTrue(nft.supportsInterface(ids[i]));
        }
        assertFalse(nft.supportsInterface(0xffffffff));
        assertEq(type(IERC7007).interfaceId, bytes4(0x702c55a6));
        (bytes1 fields, string memory name, string memory version,, address verifier,,) = nft.eip712Domain();
        assertEq(fields, bytes1(0x0f));
        assertEq(name, "GridNFT");
        assertEq(version, "1");
        assertEq(verifier, address(nft));
    }

    // --------------------------------------------------------------------------------------------------------- verify

    function _inTree() private returns (Body memory body, ReceiptProof[] memory proofs) {
        body = aBody(1);
        body.anchors[0].payer = payer;
        uint256[] memory places = new uint256[](1);
        places[0] = 5;
        proofs = anchorInTree(body, artist, 21, places);
        bytes memory packed = NftBody.pack(body);
        vm.prank(artist);
        nft.mint(packed, proofs, artist, type(uint128).max);
    }

    function test_Verify_WhenTheVersionWasNeverMinted() external view {
        assertFalse(nft.verify(1001));
        assertFalse(nft.verify(1001, 1));
        assertFalse(nft.verify(1001, 0));
        assertFalse(nft.verify(1001, 1, 0, new bytes32[](0)));
        assertFalse(nft.verify(1001, 0, 0, new bytes32[](0)));
    }

    function test_Verify_WhenTheProofLeadsToTheAnchor() external {
        (, ReceiptProof[] memory proofs) = _inTree();
        assertTrue(nft.verify(1001));
        assertTrue(nft.verify(1001, 1));
        assertTrue(nft.verify(1001, 1, LANE_ID, proofs[0].proof));
        assertFalse(nft.verify(1001, 2));
        assertFalse(nft.verify(1001, 2, LANE_ID, proofs[0].proof));
    }

    function test_Verify_WhenTheLaneIsAnother() external {
        (, ReceiptProof[] memory proofs) = _inTree();
        assertFalse(nft.verify(1001, 1, 0, proofs[0].proof));
    }

    function test_Verify_WhenTheProofIsAnother() external {
        (, ReceiptProof[] memory proofs) = _inTree();
        proofs[0].proof[0] = 0;
        assertFalse(nft.verify(1001, 1, LANE_ID, proofs[0].proof));
        assertFalse(nft.verify(1001, 1, LANE_ID, new bytes32[](0)));
    }

    function test_Verify_GivenTheAnchorSaysAnotherWorkerNow() external {
        Body memory body = aBody(1);
        mintBody(body);
        assertTrue(nft.verify(1001, 1, 0, new bytes32[](0)));
        anchors.set(0, artist, leavesOf(body, artist)[0], payer);
        assertFalse(nft.verify(1001, 1, 0, new bytes32[](0)));
    }

    function test_Verify_GivenTheAnchorSaysAnotherTimeNow() external {
        Body memory body = aBody(1);
        mintBody(body);
        bytes32 root = leavesOf(body, artist)[0];
        anchors.setAt(0, artist, root, worker, uint40(NOW + 1), uint40(block.number));
        assertFalse(nft.verify(1001, 1, 0, new bytes32[](0)));
        anchors.setAt(0, artist, root, worker, uint40(NOW), uint40(block.number + 1));
        assertFalse(nft.verify(1001, 1, 0, new bytes32[](0)));
    }

    function test_Verify_GivenTheModelHasAnotherHashNow() external {
        mintBody(aBody(1));
        models.set(MODEL_ID, keccak256("other weights"));
        assertFalse(nft.verify(1001));
        assertFalse(nft.verify(1001, 1));
    }

    function test_Verify_WhenABodyWithItsProofIsGiven() external {
        Body memory body = aBody(1);
        string memory prompt = body.requests[0].prompt;
        body.anchors[0].payer = payer;
        uint256[] memory places = new uint256[](1);
        places[0] = 5;
        ReceiptProof[] memory proofs = anchorInTree(body, artist, 21, places);
        bytes memory proof = abi.encode(artist, proofs);
        assertTrue(nft.verify(bytes(prompt), NftBody.pack(body), proof));
        assertTrue(nft.verify(bytes(prompt), NftBody.packVersion(body), proof));

        assertFalse(nft.verify("another prompt", NftBody.pack(body), proof));
        proofs[0].flags = hex"00";
        assertTrue(nft.verify(bytes(prompt), NftBody.pack(body), abi.encode(artist, proofs)), "no flag is set");
        proofs[0].flags = hex"0080";
        assertFalse(nft.verify(bytes(prompt), NftBody.pack(body), abi.encode(artist, proofs)), "not a plain proof");
        proofs[0].flags = "";
        assertFalse(nft.verify(bytes(prompt), NftBody.pack(body), abi.encode(collector, proofs)));
        assertFalse(nft.verify(bytes(prompt), NftBody.pack(body), abi.encode(artist, new ReceiptProof[](1))));
        body.anchors[0].source = 1;
        assertFalse(nft.verify(bytes(prompt), NftBody.pack(body), proof));
        body.anchors[0].source = 0;
        anchors.setAt(LANE_ID, payer, anchorRoot(body, proofs), worker, uint40(NOW + 31 days), 1);
        assertFalse(nft.verify(bytes(prompt), NftBody.pack(body), proof));
        anchors.set(LANE_ID, payer, anchorRoot(body, proofs), collector);
        assertFalse(nft.verify(bytes(prompt), NftBody.pack(body), proof));
        anchors.set(LANE_ID, payer, anchorRoot(body, proofs), worker);
        assertTrue(nft.verify(bytes(prompt), NftBody.pack(body), proof));
        models.set(MODEL_ID, 0);
        assertFalse(nft.verify(bytes(prompt), NftBody.pack(body), proof));
        body.requests[0].modelHash = 0;
        assertFalse(nft.verify(bytes(prompt), NftBody.pack(body), proof));
    }

    function anchorRoot(Body memory body, ReceiptProof[] memory proofs) private view returns (bytes32 node) {
        node = leavesOf(body, artist)[0];
        for (uint256 i; i < proofs[0].proof.length; ++i) {
            bytes32 other = proofs[0].proof[i];
            node = node < other ? keccak256(abi.encode(node, other)) : keccak256(abi.encode(other, node));
        }
    }

    function test_Verify_RevertWhen_SuchABodyIsMalformed() external {
        Body memory body = aBody(2);
        bytes memory proof = abi.encode(artist, anchorAll(body, artist));
        bytes memory packed = NftBody.pack(body);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BadValue.selector, "artworks", 2));
        nft.verify("", packed, proof);
        packed[0] = 0x07;
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_WrongForm.selector, 7, 0));
        nft.verify("", packed, proof);
        body = aBody(1);
        packed = bytes.concat(NftBody.pack(body), hex"00");
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BodyTooLong.selector, 1));
        nft.verify("", packed, proof);
        BodyAnchor memory anchor = body.anchors[0];
        body.anchors = new BodyAnchor[](2);
        (body.anchors[0], body.anchors[1]) = (anchor, anchor);
        packed = NftBody.pack(body);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_BadValue.selector, "anchors", 2));
        nft.verify("", packed, proof);
    }

    function test_Verify_RevertWhen_ThereIsNotOneProof() external {
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_ProofCount.selector, 2, 1));
        nft.verify("", "", abi.encode(artist, new ReceiptProof[](2)));
    }

    // ------------------------------------------------------------------------------------------------------- tokenURI

    function _json(uint256 tokenId) private view returns (string memory) {
        string memory uri = nft.tokenURI(tokenId);
        string memory prefix = "data:application/json;base64,";
        assertTrue(LibString.startsWith(uri, prefix));
        return string(Base64.decode(LibString.slice(uri, bytes(prefix).length)));
    }

    function test_TokenURI_RevertWhen_TheShownTokenDoesNotExist() external {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 1001));
        nft.tokenURI(1001);
    }

    function test_TokenURI_WhenItIsOneOfASeries() external {
        Body memory body = aBody(2);
        mintBody(body);
        string memory worker_ = LibString.toHexString(worker);
        string memory expected = string.concat(
            '{"name":"Cyberpunk Cityscape #2","description":"Rain, neon and nobody in sight.","image":"ipfs://',
            nft.imageCid(1002),
            '","external_url":"https://grid.example/token/1002","attributes":[{"trait_type":"Model","value":"Model #7"},',
            '{"trait_type":"Worker Node","value":"',
            worker_,
            '"},{"display_type":"date","trait_type":"Generation Date","value":1763164740},',
            '{"trait_type":"Evolves","value":"No"},{"trait_type":"Tag","value":"cyberpunk"},',
            '{"trait_type":"Tag","value":"city"}],'
        );
        expected = string.concat(
            expected,
            '"prompt":"a neon cyberpunk cityscape at night","negative_prompt":"blurry, low quality","seed":43,',
            '"steps":50,"guidance_scale":7.5,"ai_generated":true,"aigc_type":"image",',
            '"aigc_data":"ipfs://',
            nft.imageCid(1002),
            '","proof_type":"attestation","provenance":{"receipt":"',
            vm.toString(receiptIdOf(body, 1, artist)),
            '","model_id":7,"model_hash":"',
            vm.toString(MODEL_HASH),
            '","image_sha256":"',
            vm.toString(body.artworks[1].imageHash),
            '","engine":"onnxruntime 1.30.0 cpu t1","requester":"',
            LibString.toHexString(artist),
            '","anchored_at":1763164800}}'
        );
        assertEq(_json(1002), expected);
    }

    function test_TokenURI_WhenItIsAloneAndHasEvolved() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 1, collector);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        vm.startPrank(artist);
        nft.evolve(id, packed, proofs);
        nft.setDisplay(only(id), Display("Edited", "by the artist", "ipfs://moving"));
        vm.stopPrank();
        string memory json = _json(id);
        assertEq(vm.parseJsonString(json, ".name"), "Edited");
        assertEq(vm.parseJsonString(json, ".animation_url"), "ipfs://moving");
        assertEq(vm.parseJsonString(json, ".prompt"), "a second");
        assertEq(vm.parseJsonString(json, ".attributes[3].value"), "By its artist");
        assertEq(vm.parseJsonUint(json, ".attributes[4].value"), 2);
        id = mintOf(EvolutionPolicy.OWNER, 1, artist);
        assertEq(vm.parseJsonString(_json(id), ".attributes[3].value"), "By its owner");
    }

    function test_TokenURI_WhenItsTextsAreHostile() external {
        string memory hostile = unicode'"}],"x":"\\u0000\\</script><script>alert(1)</script>{${`%00 #?& 🦊 ア ';
        Body memory body = aBody(1);
        body.title = hostile;
        body.description = hostile;
        string memory tag = LibString.replace(hostile, ",", ";");
        body.tags = string.concat(",,", tag, ",");
        body.engines[0] = hostile;
        GenerationRequest memory r = body.requests[0];
        (r.prompt, r.negativePrompt, r.sampler, r.scheduler, r.extras) = (hostile, hostile, hostile, hostile, hostile);
        mintBody(body);
        string memory json = _json(1001);
        assertEq(vm.parseJsonString(json, ".name"), hostile);
        assertEq(vm.parseJsonString(json, ".description"), hostile);
        assertEq(vm.parseJsonString(json, ".prompt"), hostile);
        assertEq(vm.parseJsonString(json, ".negative_prompt"), hostile);
        assertEq(vm.parseJsonString(json, ".provenance.engine"), hostile);
        assertEq(vm.parseJsonString(json, ".attributes[4].value"), tag);
        assertFalse(vm.keyExistsJson(json, ".x"));
    }

    function test_TokenURI_WhenTheSeedIsAboveWhatJSONKeepsExact() external {
        Body memory body = aBody(2);
        body.requests[0].seed = 9_007_199_254_740_991;
        mintBody(body);
        assertTrue(LibString.contains(_json(1001), '"seed":9007199254740991,'));
        assertTrue(LibString.contains(_json(1002), '"seed":"9007199254740992",'));
    }

    function test_TokenURI_WhenGuidanceHasDecimals() external {
        uint32[6] memory values = [uint32(7000), 7500, 7050, 7005, 0, 4_294_967_295];
        string[6] memory texts = ["7", "7.5", "7.05", "7.005", "0", "4294967.295"];
        for (uint256 i; i < values.length; ++i) {
            Body memory body = aBody(1);
            body.orders[0].orderHash = keccak256(abi.encode(i));
            body.requests[0].guidanceMilli = values[i];
            uint256 id = mintBody(body) * 1000 + 1;
            assertTrue(LibString.contains(_json(id), string.concat('"guidance_scale":', texts[i], ",")));
        }
    }

    function test_TokenURI_WhenTheTitleIsEmpty() external {
        Body memory body = aBody(2);
        (body.title, body.tags) = ("", "");
        mintBody(body);
        string memory json = _json(1001);
        assertEq(vm.parseJsonString(json, ".name"), "Untitled #1");
        assertFalse(vm.keyExistsJson(json, ".attributes[4]"));
        assertFalse(vm.keyExistsJson(json, ".animation_url"));
    }

    function test_TokenURI_GivenTheRegistryIsBroken() external {
        mintBody(aBody(1));
        bytes[4] memory answers =
            [bytes(""), abi.encode(type(uint256).max), new bytes(10_000), abi.encode("not a model")];
        for (uint256 i; i < answers.length; ++i) {
            vm.mockCall(address(models), abi.encodeWithSignature("modelOf(uint256)", MODEL_ID), answers[i]);
            assertEq(vm.parseJsonString(_json(1001), ".attributes[0].value"), "Model #7");
        }
    }

    function test_TokenURI_GivenTheImageIsLargerThanABlock() external {
        Body memory body = aBody(2);
        // "hello world\n"
        body.artworks[0].imageHash = 0xa948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447;
        body.artworks[1].cidDigest = 0x4722e71f9dc2c3e3be0c4ffb0a1a2dc6c0e7a2ee7f1cc0f3c5d2d4f2dd9d7a11;
        mintBody(body);
        assertEq(nft.imageCid(1001), "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4");
        assertTrue(LibString.startsWith(nft.imageCid(1002), "bafybei"));
    }
}
