// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NftTest} from "../utils/NftTest.sol";
import {EvolutionPolicy, ReceiptProof} from "../../contracts/interfaces/IGridNFT.sol";
import {GenerationRequest} from "../../contracts/libraries/GridMessages.sol";
import {Body, BodyAnchor, BodyArtwork, BodyOrder, NftBody} from "../utils/NftBody.sol";

/// @dev Whole transactions (`forge test --isolate`): 21,000, calldata and refund included.
contract NftGas is NftTest {
    uint256 private constant TREE = 1024;

    function setUp() public override {
        super.setUp();
        // The artist owns one already.
        mintBody(aBody(1));
        vm.warp(NOW + 1 days);
    }

    /// @dev Texts of the sizes that the workload names.
    function workload(uint256 count, bool unique) internal view returns (Body memory body) {
        body.policy = EvolutionPolicy.NONE;
        body.royaltyBps = 500;
        body.title = "Cyberpunk Cityscape";
        body.description =
        "A rain-soaked megacity at midnight: neon signs, flying traffic and a lone figure on a roofto.";
        body.tags = "cyberpunk,city,neo";
        body.anchors = new BodyAnchor[](1);
        body.anchors[0] = BodyAnchor({source: 0, payer: payer, worker: worker});
        body.engines = new string[](1);
        body.engines[0] = "onnxruntime-node 1.30.0 cpu threads=1 o=all";
        uint256 kinds = unique ? count : 1;
        body.requests = new GenerationRequest[](kinds);
        body.orders = new BodyOrder[](kinds);
        for (uint256 i; i < kinds; ++i) {
            GenerationRequest memory r = aRequest();
            r.prompt = string.concat(
                "a rain soaked neon megacity at midnight, towering holographic billboards, flying cars, ",
                "wet reflections on the street, cinematic light, volumetric fog, ultra detailed, sharp focus, 8k, raw",
                "wide angle ",
                unique ? vm.toString(i + 10) : "00"
            );
            r.negativePrompt = "blurry, low quality, deforme";
            r.sampler = "euler_a";
            r.scheduler = "karras";
            r.seed = uint64(uint256(keccak256(abi.encode("seed", i)))) >> 1;
            r.salt = keccak256(abi.encode("salt", i));
            body.requests[i] = r;
            body.orders[i] = BodyOrder({
                orderHash: keccak256(abi.encode("order", i)), anchor: 0, request: uint8(i), engine: 0, price: 0.05e18
            });
        }
        body.artworks = new BodyArtwork[](count);
        for (uint256 i; i < count; ++i) {
            body.artworks[i] = unique ? anArtwork(i, 0) : anArtwork(0, i);
            body.artworks[i].cidDigest = keccak256(abi.encode("cid", i));
        }
        require(
            bytes(body.title).length == 19 && bytes(body.description).length == 93 && bytes(body.tags).length == 18,
            "series text"
        );
        require(
            bytes(body.requests[0].prompt).length == 200 && bytes(body.requests[0].negativePrompt).length == 28,
            "prompt"
        );
        require(bytes(body.engines[0]).length == 43, "engine");
    }

    function _mint(uint256 count, bool unique) internal returns (uint256 gasUsed) {
        Body memory body = workload(count, unique);
        uint256[] memory places = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            places[i] = unique ? i * (TREE / count) + i % 3 : 100 + i;
        }
        ReceiptProof[] memory proofs = anchorInTree(body, artist, TREE, places);
        bytes memory packed = NftBody.pack(body);
        emit log_named_uint("body", packed.length);
        emit log_named_uint("proof nodes", proofs[0].proof.length);
        vm.prank(artist);
        nft.mint(packed, proofs, artist, type(uint128).max);
        gasUsed = vm.lastCallGas().gasTotalUsed;
        emit log_named_uint("gas", gasUsed);
        emit log_named_uint("each", gasUsed / count);
    }

    function test_Gas_Mint1() external {
        _mint(1, true);
    }

    function test_Gas_Mint10Unique() external {
        _mint(10, true);
    }

    function test_Gas_Mint10OnePrompt() external {
        _mint(10, false);
    }

    function test_Gas_Mint50Unique() external {
        _mint(50, true);
    }

    function test_Gas_Mint50OnePrompt() external {
        _mint(50, false);
    }
}
