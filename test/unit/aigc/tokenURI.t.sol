// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {LibString} from "solady/utils/LibString.sol";
import {Base64} from "solady/utils/Base64.sol";

import {Access, Model, ModelFamily, ModelKind, ModelSpec} from "../../../contracts/interfaces/IAIGC.sol";
import {AigcBase} from "../../utils/AigcBase.sol";

contract TokenURITest is AigcBase {
    // ---------------------------------------------------------------- tokenURI

    function test_TokenURI_RevertWhen_ThereIsNoSuchModel() external {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 1));
        aigc.tokenURI(1);
    }

    function test_TokenURI_GivenAModelWithEverything() external {
        ModelSpec memory spec = _spec();
        _register(alice, spec);
        spec.baseModelId = 1;
        spec.kind = ModelKind.LORA;
        string memory json = _json(_register(bob, spec));

        assertEq(vm.parseJsonString(json, ".name"), "Stable Diffusion XL 1.0");
        assertEq(
            vm.parseJsonString(json, ".description"), "LoRA for Stable Diffusion XL. License: CreativeML-Open-RAIL-M."
        );
        assertEq(vm.parseJsonString(json, ".image"), string.concat("ipfs://", spec.previewCid));
        assertEq(vm.parseJsonString(json, ".attributes[0].trait_type"), "Family");
        assertEq(vm.parseJsonString(json, ".attributes[0].value"), "Stable Diffusion XL");
        assertEq(vm.parseJsonString(json, ".attributes[1].value"), "LoRA");
        assertEq(vm.parseJsonString(json, ".attributes[2].value"), spec.license);
        assertEq(vm.parseJsonString(json, ".attributes[3].value"), "Open");
        assertEq(vm.parseJsonString(json, ".attributes[4].value"), "No");
        assertEq(vm.parseJsonString(json, ".attributes[5].value"), "Active");
        assertEq(vm.parseJsonString(json, ".attributes[6].display_type"), "date");
        assertEq(vm.parseJsonUint(json, ".attributes[6].value"), block.timestamp);
        assertEq(vm.parseJsonUint(json, ".model.id"), 2);
        assertEq(vm.parseJsonString(json, ".model.version"), "1.0");
        assertEq(vm.parseJsonString(json, ".model.family"), "sdxl");
        assertEq(vm.parseJsonString(json, ".model.kind"), "lora");
        assertEq(vm.parseJsonUint(json, ".model.base_model_id"), 1);
        assertEq(vm.parseJsonBytes32(json, ".model.weights_sha256"), spec.weightsHash);
        assertEq(vm.parseJsonString(json, ".model.weights_uri"), spec.weightsURI);
        assertEq(vm.parseJsonString(json, ".model.license"), spec.license);
        assertEq(vm.parseJsonAddress(json, ".model.creator"), bob);
        assertEq(vm.parseJsonUint(json, ".model.registered_at"), block.timestamp);
        assertFalse(vm.parseJsonBool(json, ".model.verified"));
        assertFalse(vm.parseJsonBool(json, ".model.deprecated"));
        assertEq(vm.parseJsonString(json, ".model.access"), "open");
        assertEq(vm.parseJsonUint(json, ".model.usage_royalty.bps"), 500);
        assertFalse(vm.keyExistsJson(json, ".model.usage_royalty.next_bps"));
        assertEq(vm.parseJsonUint(json, ".model.resale_royalty_bps"), 250);
    }

    function test_TokenURI_GivenAModelWithNothingOptional() external {
        ModelSpec memory spec = _spec();
        (spec.version, spec.weightsURI, spec.previewCid, spec.family) = ("", "", "", ModelFamily.OTHER);
        string memory json = _json(_register(alice, spec));
        assertEq(vm.parseJsonString(json, ".name"), "Stable Diffusion XL");
        assertEq(vm.parseJsonString(json, ".model.version"), "");
        assertEq(vm.parseJsonString(json, ".model.weights_uri"), "");
        string memory image = vm.parseJsonString(json, ".image");
        assertTrue(LibString.startsWith(image, "data:image/svg+xml;base64,"), image);
        string memory svg = string(Base64.decode(LibString.slice(image, 26)));
        assertTrue(LibString.startsWith(svg, "<svg xmlns=") && LibString.endsWith(svg, "</svg>"), svg);
        assertTrue(LibString.contains(svg, ">other architectures<") && LibString.contains(svg, ">Checkpoint<"), svg);
    }

    function test_TokenURI_GivenARoyaltyWasAnnounced() external {
        uint256 modelId = _register(alice);
        vm.prank(alice);
        aigc.announceUsageRoyalty(modelId, 0);
        uint256 from = block.timestamp + 7 days;
        string memory json = _json(modelId);
        assertEq(vm.parseJsonUint(json, ".model.usage_royalty.bps"), 500);
        assertEq(vm.parseJsonUint(json, ".model.usage_royalty.next_bps"), 0);
        assertEq(vm.parseJsonUint(json, ".model.usage_royalty.next_from"), from);
        vm.warp(from + 1);
        assertEq(_json(modelId), json, "time alone changes nothing");
    }

    function test_TokenURI_GivenMarksAndAccessOfEveryKind() external {
        string[9] memory families =
            ["sd15", "sd21", "sdxl", "flux1-schnell", "flux1-dev", "flux-krea", "chroma", "svd", "other"];
        string[9] memory familyNames = [
            "Stable Diffusion 1.5",
            "Stable Diffusion 2.1",
            "Stable Diffusion XL",
            "FLUX.1 [schnell]",
            "FLUX.1 [dev]",
            "FLUX.1 Krea",
            "Chroma",
            "Stable Video Diffusion",
            "other architectures"
        ];
        string[7] memory kinds = ["checkpoint", "lora", "controlnet", "upscaler", "embedding", "vae", "pipeline"];
        string[7] memory kindNames = ["Checkpoint", "LoRA", "ControlNet", "Upscaler", "Embedding", "VAE", "Pipeline"];
        string[3] memory accesses = ["open", "licensed", "private"];
        string[3] memory accessNames = ["Open", "Licensed", "Private"];
        for (uint256 i; i < 9; ++i) {
            ModelSpec memory spec = _spec();
            (spec.family, spec.kind, spec.access) = (ModelFamily(i), ModelKind(i % 7), Access(i % 3));
            uint256 modelId = _register(alice, spec);
            bool marked = i % 2 == 0;
            if (marked) {
                vm.startPrank(curator);
                aigc.setVerified(modelId, true);
                aigc.setDeprecated(modelId, true);
                vm.stopPrank();
            }
            string memory json = _json(modelId);
            assertEq(vm.parseJsonString(json, ".model.family"), families[i]);
            assertEq(vm.parseJsonString(json, ".attributes[0].value"), familyNames[i]);
            assertEq(vm.parseJsonString(json, ".model.kind"), kinds[i % 7]);
            assertEq(vm.parseJsonString(json, ".attributes[1].value"), kindNames[i % 7]);
            assertEq(vm.parseJsonString(json, ".model.access"), accesses[i % 3]);
            assertEq(vm.parseJsonString(json, ".attributes[3].value"), accessNames[i % 3]);
            assertEq(vm.parseJsonString(json, ".attributes[4].value"), marked ? "Yes" : "No");
            assertEq(vm.parseJsonString(json, ".attributes[5].value"), marked ? "Deprecated" : "Active");
            assertEq(vm.parseJsonBool(json, ".model.verified"), marked);
            assertEq(vm.parseJsonBool(json, ".model.deprecated"), marked);
        }
    }

    function test_TokenURI_GivenHostileText() external {
        string[5] memory hostile = [
            '","image":"javascript:alert(1)","x":"',
            "back\\slash\\",
            "</script><script>alert(1)</script>",
            unicode"\u202ereversed 👾 '; DROP TABLE--",
            '\\"\\\\"'
        ];
        for (uint256 i; i < hostile.length; ++i) {
            ModelSpec memory spec = _spec();
            (spec.name, spec.weightsURI, spec.license) = (hostile[i], hostile[i], hostile[i]);
            spec.version = '"\\}],';
            string memory json = _json(_register(alice, spec));
            assertEq(vm.parseJsonString(json, ".name"), string.concat(hostile[i], ' "\\}],'));
            assertEq(vm.parseJsonString(json, ".model.weights_uri"), hostile[i]);
            assertEq(vm.parseJsonString(json, ".model.license"), hostile[i]);
            assertEq(vm.parseJsonString(json, ".attributes[2].value"), hostile[i]);
            assertEq(vm.parseJsonString(json, ".image"), string.concat("ipfs://", spec.previewCid));
            assertEq(vm.parseJsonKeys(json, "$").length, 5);
        }
    }

    // ---------------------------------------------------------------- contractURI

    function test_ContractURI_ShouldDescribeTheCollectionAsJSON() external view {
        string memory json = _decode(aigc.contractURI());
        assertEq(vm.parseJsonString(json, ".name"), aigc.name());
        assertEq(vm.parseJsonString(json, ".symbol"), aigc.symbol());
        assertGt(bytes(vm.parseJsonString(json, ".description")).length, 0);
    }

    // ---------------------------------------------------------------- supportsInterface

    function test_SupportsInterface_WhenTheInterfaceIsImplemented() external view {
        bytes4[7] memory ids = [
            bytes4(0x01ffc9a7), // ERC-165
            0x80ac58cd, // ERC-721
            0x5b5e139f, // ERC-721 Metadata
            0x2a55205a, // ERC-2981
            0x49064906, // ERC-4906
            0xad092b5c, // ERC-4907
            0xe8a3d485 // ERC-7572
        ];
        for (uint256 i; i < ids.length; ++i) {
            assertTrue(aigc.supportsInterface(ids[i]), vm.toString(ids[i]));
        }
    }

    function testFuzz_SupportsInterface_WhenTheInterfaceIsNotImplemented(bytes4 id) external view {
        vm.assume(id != 0x01ffc9a7 && id != 0x80ac58cd && id != 0x5b5e139f && id != 0x2a55205a);
        vm.assume(id != 0x49064906 && id != 0xad092b5c && id != 0xe8a3d485);
        assertFalse(aigc.supportsInterface(id));
        assertFalse(aigc.supportsInterface(0xffffffff));
    }

    // ---------------------------------------------------------------- modelOf, modelsOf

    function test_ModelOf_RevertWhen_ThereIsNoSuchModelOfItsOwn() external {
        _expectUnknown(3);
        aigc.modelOf(3);
    }

    function test_ModelsOf_RevertWhen_OneOfTheModelsDoesNotExist() external {
        _register(alice);
        uint256[] memory modelIds = new uint256[](2);
        (modelIds[0], modelIds[1]) = (1, 2);
        _expectUnknown(2);
        aigc.modelsOf(modelIds);
    }

    function test_ModelsOf_WhenAllOfTheModelsExist() external {
        _register(alice);
        _register(bob);
        uint256[] memory modelIds = new uint256[](3);
        (modelIds[0], modelIds[1], modelIds[2]) = (2, 1, 2);
        Model[] memory models = aigc.modelsOf(modelIds);
        assertEq(models.length, 3);
        for (uint256 i; i < 3; ++i) {
            assertEq(abi.encode(models[i]), abi.encode(aigc.modelOf(modelIds[i])));
        }
        assertEq(models[0].creator, bob);
    }

    // ---------------------------------------------------------------- helpers

    function _json(uint256 modelId) internal view returns (string memory) {
        return _decode(aigc.tokenURI(modelId));
    }

    function _decode(string memory uri) internal pure returns (string memory) {
        assertTrue(LibString.startsWith(uri, "data:application/json;base64,"), uri);
        return string(Base64.decode(LibString.slice(uri, 29)));
    }
}
