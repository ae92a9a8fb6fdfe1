// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

import {AIGC} from "../../contracts/AIGC.sol";
import {GridNFT} from "../../contracts/GridNFT.sol";
import {GridSettlement} from "../../contracts/GridSettlement.sol";
import {WorkerRegistry} from "../../contracts/WorkerRegistry.sol";
import {DeployBase} from "./DeployBase.sol";

/// @dev A call that changes what UPGRADER (`ofCode`) or PARAMS is trusted with.
struct PromisedCall {
    address target;
    bytes data;
    bool ofCode;
}

/// @dev The deployed system, the calls that would break its promises, and what they would change.
abstract contract GovernanceBase is DeployBase {
    address internal mallory = makeAddr("mallory");
    PromisedCall[] internal promised;

    function setUp() public virtual override {
        super.setUp();
        skip(7 days); // the first fee config may be followed
        address code = address(new AIGC(aipg));
        _promise(grid.aigc, abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (code, "")), true);
        code = address(new GridNFT(aipg, aigc));
        _promise(grid.nft, abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (code, "")), true);
        _promise(grid.nft, abi.encodeCall(GridNFT.setRenderer, (code)), true);
        _promise(grid.nft, abi.encodeCall(GridNFT.addAnchorSource, (code)), true);
        _promise(grid.nft, abi.encodeWithSignature("sealRenderer()"), true);
        _promise(grid.nft, abi.encodeWithSignature("setEscrow(address)", code), true);
        _promise(grid.nft, abi.encodeCall(GridNFT.setMintFee, (1e18, mallory)), false);
        _promise(grid.aigc, abi.encodeCall(AIGC.setRegistrationFee, (1)), false);
        _promise(grid.aigc, abi.encodeCall(AIGC.setTreasury, (mallory)), false);
        _promise(grid.settlement, abi.encodeCall(GridSettlement.appendFeeConfig, (1000)), false);
        _promise(grid.settlement, abi.encodeCall(GridSettlement.setTreasury, (mallory)), false);
        _promise(grid.registry, abi.encodeCall(WorkerRegistry.setMinBond, (registry.minBond() / 2)), false);
        _promise(grid.registry, abi.encodeCall(WorkerRegistry.setTreasury, (mallory)), false);
    }

    function _promise(address target, bytes memory data, bool ofCode) private {
        promised.push(PromisedCall(target, data, ofCode));
    }

    /// @dev Code, renderer, sources: what two days' notice and a veto are promised for.
    function _code() internal view returns (bytes32) {
        bytes32[] memory sources = new bytes32[](nft.anchorSourceCount());
        for (uint256 i; i < sources.length; ++i) {
            sources[i] = bytes32(uint256(uint160(nft.anchorSource(i))));
        }
        return keccak256(
            abi.encode(
                vm.load(grid.aigc, ERC1967Utils.IMPLEMENTATION_SLOT),
                vm.load(grid.nft, ERC1967Utils.IMPLEMENTATION_SLOT),
                nft.renderer(),
                sources,
                nft.escrow(),
                aigc.upgradesSealed(),
                _sealsOf(nft),
                IAccessManaged(grid.aigc).authority(),
                IAccessManaged(grid.nft).authority(),
                IAccessManaged(grid.settlement).authority(),
                IAccessManaged(grid.registry).authority()
            )
        );
    }

    function _sealsOf(GridNFT target) private view returns (bytes memory) {
        (bool upgrades, bool sources, bool renderer, bool escrow) = target.seals();
        return abi.encode(upgrades, sources, renderer, escrow);
    }

    /// @dev Fees, bonds, treasuries.
    function _params() internal view returns (bytes32) {
        (uint256 mintFee, address mintTreasury) = nft.mintFee();
        return keccak256(
            abi.encode(
                mintFee,
                mintTreasury,
                aigc.registrationFee(),
                aigc.treasury(),
                settlement.currentFeeConfigId(),
                settlement.treasury(),
                registry.minBond(),
                registry.treasury()
            )
        );
    }

    /// @dev Schedules a call of the authority to itself, waits and executes, as its ADMIN.
    function _asAdmin(bytes memory call_) internal {
        vm.startPrank(config.admin);
        authority.schedule(grid.authority, call_, 0);
        skip(3 days);
        authority.execute(grid.authority, call_);
        vm.stopPrank();
    }

    function _asAdmin(bytes memory call_, bytes memory reason) internal {
        vm.startPrank(config.admin);
        authority.schedule(grid.authority, call_, 0);
        skip(3 days);
        vm.expectRevert(reason);
        authority.execute(grid.authority, call_);
        vm.stopPrank();
    }

    function _one(bytes4 selector) internal pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](1);
        selectors[0] = selector;
    }
}
