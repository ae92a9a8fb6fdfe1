// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {console} from "forge-std/console.sol";
import {LibString} from "solady/utils/LibString.sol";

import {GridRenderer} from "../../../contracts/GridRenderer.sol";
import {IAIGC, ModelSpec} from "../../../contracts/interfaces/IAIGC.sol";
import {AigcBase} from "../../utils/AigcBase.sol";
import {ICooler} from "./AigcAttacks.t.sol";

/// @notice GridRenderer reads a name with 200,000 gas: "more than it takes".
contract EyesModelGas is AigcBase {
    function test_Eyes_TheNameOfTheLargestModelIsRead() external {
        ModelSpec memory spec = _spec();
        spec.name = LibString.repeat("\"", 64);
        spec.version = LibString.repeat("\\", 32);
        spec.weightsURI = LibString.repeat("\"", 512);
        spec.license = LibString.repeat("\\", 256);
        spec.previewCid = LibString.repeat("b", 128);
        uint256 modelId = _register(alice, spec);
        GridRenderer renderer = new GridRenderer(IAIGC(address(aigc)), "https://grid.example/token/");
        address implementation = address(uint160(uint256(vm.load(address(aigc), ERC1967Utils.IMPLEMENTATION_SLOT))));
        ICooler(address(vm)).cool(address(aigc));
        ICooler(address(vm)).cool(implementation);
        uint256 before = gasleft();
        string memory name = renderer.modelName(modelId);
        uint256 used = before - gasleft();
        console.log("gas", used);
        assertEq(name, spec.name);
        ICooler(address(vm)).cool(address(aigc));
        ICooler(address(vm)).cool(implementation);
        assertEq(renderer.modelName{gas: 200_000}(modelId), spec.name);
    }
}
