// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";

import {WorkerRegistry} from "../../contracts/WorkerRegistry.sol";
import {AIPG} from "../../contracts/dev/AIPG.sol";
import {IWorkerRegistry} from "../../contracts/interfaces/IWorkerRegistry.sol";
import {GridRoles} from "../../contracts/governance/GridRoles.sol";

/// @dev A registry whose settlement is an account of the test.
abstract contract RegistryBase is Test {
    uint128 internal constant BOND = 5000e18;
    string internal constant PROFILE = "https://worker.example/profile.json";

    address internal worker = makeAddr("worker");
    address internal reporter = makeAddr("reporter");
    address internal mallory = makeAddr("mallory");
    address internal treasury = makeAddr("treasury");
    address internal params = makeAddr("params");
    address internal settlement = makeAddr("settlement");

    AIPG internal aipg;
    AccessManager internal manager;
    WorkerRegistry internal registry;

    function setUp() public virtual {
        vm.warp(1_790_000_000);
        aipg = new AIPG(address(this));
        manager = new AccessManager(address(this));
        registry = new WorkerRegistry(aipg, settlement, address(manager), treasury);
        bytes4[] memory selectors = new bytes4[](2);
        selectors[0] = IWorkerRegistry.setMinBond.selector;
        selectors[1] = IWorkerRegistry.setTreasury.selector;
        manager.setTargetFunctionRole(address(registry), selectors, GridRoles.PARAMS);
        manager.grantRole(GridRoles.PARAMS, params, 0);
        _fund(worker);
        _fund(mallory);
    }

    function _fund(address account) internal {
        aipg.mint(account, 1_000_000e18);
        vm.prank(account);
        aipg.approve(address(registry), type(uint256).max);
    }

    function _register() internal {
        vm.prank(worker);
        registry.register(BOND, PROFILE);
    }

    function _unbond(uint128 amount) internal {
        vm.prank(worker);
        registry.announceUnbond(amount);
    }

    function _slash(uint128 amount) internal returns (uint128) {
        vm.prank(settlement);
        return registry.slash(worker, amount, reporter);
    }

    /// @dev Bonds, rewards and the treasury's pot are all there is, and all of it is there.
    function _assertSolvent() internal view {
        assertEq(
            aipg.balanceOf(address(registry)),
            uint256(registry.totalBonded()) + registry.totalRewards() + registry.treasuryPot()
        );
    }
}
