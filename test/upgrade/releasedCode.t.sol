// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AIGC} from "../../contracts/AIGC.sol";
import {GridNFT} from "../../contracts/GridNFT.sol";
import {Deploy} from "../../script/Deploy.s.sol";
import {DeployBase} from "../utils/DeployBase.sol";

/// @dev A deployment script that a test inherits.
contract InheritedDeploy is Deploy {}

/// @dev The tests' own code is compiled without the optimizer (tools/solc). What they deploy is the code that is released, which these show
/// for each way in which tests deploy.
contract ReleasedCodeTest is DeployBase {
    function test_TheScriptDeploysIt() external view {
        _expect(grid.aigcImplementation, "AIGC");
        _expect(grid.nftImplementation, "GridNFT");
        _expect(grid.settlement, "GridSettlement");
        _expect(grid.registry, "WorkerRegistry");
        _expect(grid.authority, "GridAuthority");
        _expect(grid.renderer, "GridRenderer");
        _expect(grid.aipg, "AIPG");
    }

    function test_AnInheritedScriptDeploysIt() external {
        config.salt = keccak256("inherited");
        grid = new InheritedDeploy().deploy(config);
        _expect(grid.aigcImplementation, "AIGC");
        _expect(grid.nftImplementation, "GridNFT");
        _expect(grid.settlement, "GridSettlement");
    }

    function test_NewDeploysIt() external {
        _expect(address(new AIGC(aipg)), "AIGC");
        _expect(address(new GridNFT(aipg, aigc)), "GridNFT");
    }

    function test_CreationCodeDeploysIt() external {
        bytes memory code = bytes.concat(type(AIGC).creationCode, abi.encode(aipg));
        address made;
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
        _expect(made, "AIGC");
    }

    /// @dev Immutables stand in the deployed code alone, at the same length.
    function _expect(address contract_, string memory name) private view {
        bytes memory artifact = vm.getDeployedCode(string.concat(name, ".sol:", name));
        assertEq(contract_.code.length, artifact.length, name);
    }
}
