// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {WorkerRegistry} from "../../../contracts/WorkerRegistry.sol";
import {IWorkerRegistry, Worker} from "../../../contracts/interfaces/IWorkerRegistry.sol";
import {JsonText} from "../../../contracts/messages/JsonText.sol";
import {FeeOnTransferToken} from "../../utils/AigcActors.sol";
import {RegistryBase} from "../../utils/RegistryBase.sol";

contract BondTest is RegistryBase {
    // ---------------------------------------------------------------- constructor

    function test_Constructor_RevertWhen_TheTokenIsTheZeroAddress() external {
        _expectZero("aipg");
        new WorkerRegistry(IERC20(address(0)), settlement, address(manager), treasury);
    }

    function test_Constructor_RevertWhen_TheSettlementIsTheZeroAddress() external {
        _expectZero("settlement");
        new WorkerRegistry(aipg, address(0), address(manager), treasury);
    }

    function test_Constructor_RevertWhen_TheAuthorityIsTheZeroAddress() external {
        _expectZero("authority");
        new WorkerRegistry(aipg, settlement, address(0), treasury);
    }

    function test_Constructor_RevertWhen_TheTreasuryIsTheZeroAddress() external {
        _expectZero("treasury");
        new WorkerRegistry(aipg, settlement, address(manager), address(0));
    }

    function test_Constructor_RevertWhen_TheTreasuryIsTheRegistryItself() external {
        address itself = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_BadRecipient.selector, itself));
        new WorkerRegistry(aipg, settlement, address(manager), itself);
    }

    function test_Constructor_WhenAllIsGiven() external view {
        assertEq(address(registry.aipg()), address(aipg));
        assertEq(registry.settlement(), settlement);
        assertEq(registry.authority(), address(manager));
        assertEq(registry.treasury(), treasury);
        assertEq(registry.minBond(), 1000e18);
        assertEq(registry.UNBOND_DELAY(), 14 days);
        assertEq(registry.REPORTER_BPS(), 2000);
    }

    // ---------------------------------------------------------------- register

    function test_Register_RevertGiven_TheAccountRegisteredBefore() external {
        _register();
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_AlreadyRegistered.selector, worker));
        _register();
    }

    function testFuzz_Register_RevertWhen_TheBondIsBelowTheMinimum(uint128 bond) external {
        uint128 minBond = registry.minBond();
        bond = uint128(bound(bond, 0, minBond - 1));
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_BondTooSmall.selector, bond, minBond));
        vm.prank(worker);
        registry.register(bond, PROFILE);
    }

    function test_Register_RevertWhen_TheProfileIsTooLong() external {
        string memory uri = string(new bytes(513));
        vm.expectRevert(abi.encodeWithSelector(JsonText.JsonText_TooLong.selector, "profileURI", 513, 512));
        vm.prank(worker);
        registry.register(BOND, uri);
    }

    function test_Register_RevertWhen_TheProfileIsNotText() external {
        vm.expectRevert(abi.encodeWithSelector(JsonText.JsonText_Invalid.selector, "profileURI", 1));
        vm.prank(worker);
        registry.register(BOND, "a\x00");
    }

    function test_Register_RevertWhen_TheTokenDeliversLess() external {
        FeeOnTransferToken token = new FeeOnTransferToken();
        WorkerRegistry other = new WorkerRegistry(token, settlement, address(manager), treasury);
        token.mint(worker, BOND);
        vm.startPrank(worker);
        token.approve(address(other), BOND);
        vm.expectRevert(
            abi.encodeWithSelector(
                IWorkerRegistry.WorkerRegistry_TransferShort.selector, BOND, uint256(BOND) - BOND / 100
            )
        );
        other.register(BOND, PROFILE);
    }

    function testFuzz_Register_WhenTheBondIsEnough(uint128 bond) external {
        bond = uint128(bound(bond, registry.minBond(), 1_000_000e18));
        assertFalse(registry.isRegistered(worker));
        assertFalse(registry.isBonded(worker));
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.WorkerRegistered(worker, bond, PROFILE);
        vm.prank(worker);
        registry.register(bond, PROFILE);

        Worker memory record = registry.workerOf(worker);
        assertEq(record.bond, bond);
        assertEq(record.unbonding, 0);
        assertEq(record.registeredAt, block.timestamp);
        assertEq(record.releaseAt, 0);
        assertEq(registry.bondOf(worker), bond);
        assertEq(registry.stakeOf(worker), bond);
        assertTrue(registry.isRegistered(worker));
        assertTrue(registry.isBonded(worker));
        assertEq(registry.totalBonded(), bond);
        assertEq(aipg.balanceOf(worker), 1_000_000e18 - bond);
        _assertSolvent();
    }

    // ---------------------------------------------------------------- addBond

    function test_AddBond_RevertWhen_TheAccountNeverRegistered() external {
        _expectNotRegistered(worker);
        vm.prank(mallory);
        registry.addBond(worker, 1);
    }

    function test_AddBond_RevertWhen_TheAmountIsZero() external {
        _register();
        vm.expectRevert(IWorkerRegistry.WorkerRegistry_ZeroAmount.selector);
        registry.addBond(worker, 0);
    }

    function testFuzz_AddBond_WhenAnybodyAdds(uint128 amount) external {
        _register();
        amount = uint128(bound(amount, 1, 1_000_000e18));
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.BondAdded(worker, mallory, amount, BOND + amount);
        vm.prank(mallory);
        registry.addBond(worker, amount);
        assertEq(registry.bondOf(worker), BOND + amount);
        assertEq(registry.totalBonded(), BOND + amount);
        assertEq(aipg.balanceOf(mallory), 1_000_000e18 - amount);
        _unbond(BOND + amount);
        _assertSolvent();
    }

    // ---------------------------------------------------------------- setProfile

    function test_SetProfile_RevertWhen_TheCallerNeverRegistered() external {
        _expectNotRegistered(mallory);
        vm.prank(mallory);
        registry.setProfile(PROFILE);
    }

    function test_SetProfile_RevertWhen_TheNewProfileIsTooLong() external {
        _register();
        vm.expectRevert(abi.encodeWithSelector(JsonText.JsonText_TooLong.selector, "profileURI", 600, 512));
        vm.prank(worker);
        registry.setProfile(string(new bytes(600)));
    }

    function test_SetProfile_RevertWhen_TheNewProfileIsNotText() external {
        _register();
        vm.expectRevert(abi.encodeWithSelector(JsonText.JsonText_Invalid.selector, "profileURI", 0));
        vm.prank(worker);
        registry.setProfile("\r\n");
    }

    function test_SetProfile_WhenTheCallerIsAWorker() external {
        _register();
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.ProfileUpdated(worker, "ipfs://profile");
        vm.prank(worker);
        registry.setProfile("ipfs://profile");
    }

    // ---------------------------------------------------------------- announceUnbond

    function test_AnnounceUnbond_RevertWhen_TheCallerIsNoWorker() external {
        _expectNotRegistered(mallory);
        vm.prank(mallory);
        registry.announceUnbond(1);
    }

    function test_AnnounceUnbond_RevertWhen_NothingIsAnnounced() external {
        _register();
        vm.expectRevert(IWorkerRegistry.WorkerRegistry_ZeroAmount.selector);
        _unbond(0);
    }

    function testFuzz_AnnounceUnbond_RevertWhen_MoreThanTheBondIsAnnounced(uint128 amount) external {
        _register();
        amount = uint128(bound(amount, BOND + 1, type(uint128).max));
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_BondShort.selector, amount, BOND));
        _unbond(amount);
    }

    function testFuzz_AnnounceUnbond_WhenAPartIsAnnounced(uint128 amount) external {
        _register();
        amount = uint128(bound(amount, 1, BOND));
        uint40 releaseAt = uint40(block.timestamp + 14 days);
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.UnbondAnnounced(worker, amount, BOND - amount, amount, releaseAt);
        _unbond(amount);
        assertEq(registry.bondOf(worker), BOND - amount);
        assertEq(registry.stakeOf(worker), BOND);
        assertEq(registry.workerOf(worker).unbonding, amount);
        assertEq(registry.workerOf(worker).releaseAt, releaseAt);
        assertEq(registry.isBonded(worker), BOND - amount >= registry.minBond());
        assertEq(registry.totalBonded(), BOND);
    }

    function test_AnnounceUnbond_GivenAPartIsUnbonding() external {
        _register();
        _unbond(1000e18);
        skip(14 days);
        uint40 releaseAt = uint40(block.timestamp + 14 days);
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.UnbondAnnounced(worker, 1, BOND - 1000e18 - 1, 1000e18 + 1, releaseAt);
        _unbond(1);
        // It was ripe a moment ago: announcing again locks it again.
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_StillLocked.selector, releaseAt));
        vm.prank(worker);
        registry.withdraw(worker);
    }

    // ---------------------------------------------------------------- cancelUnbond

    function test_CancelUnbond_RevertGiven_NothingIsUnbonding() external {
        _register();
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_NothingUnbonding.selector, worker));
        vm.prank(worker);
        registry.cancelUnbond();
    }

    function test_CancelUnbond_GivenSomethingIsUnbonding() external {
        _register();
        _unbond(BOND);
        assertFalse(registry.isBonded(worker));
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.UnbondCancelled(worker, BOND, BOND);
        vm.prank(worker);
        registry.cancelUnbond();
        Worker memory record = registry.workerOf(worker);
        assertEq(record.bond, BOND);
        assertEq(record.unbonding, 0);
        assertEq(record.releaseAt, 0);
        assertTrue(registry.isBonded(worker));
    }

    // ---------------------------------------------------------------- withdraw

    function test_Withdraw_RevertWhen_TheReceiverIsTheZeroAddress() external {
        _register();
        _unbond(BOND);
        skip(14 days);
        _expectZero("to");
        vm.prank(worker);
        registry.withdraw(address(0));
    }

    function test_Withdraw_RevertWhen_TheReceiverIsTheRegistryItself() external {
        _register();
        _unbond(BOND);
        skip(14 days);
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_BadRecipient.selector, address(registry)));
        vm.prank(worker);
        registry.withdraw(address(registry));
    }

    function test_Withdraw_RevertGiven_ThereIsNothingToWithdraw() external {
        _register();
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_NothingUnbonding.selector, worker));
        vm.prank(worker);
        registry.withdraw(worker);
    }

    function testFuzz_Withdraw_RevertGiven_TheDelayIsNotOver(uint256 wait) external {
        _register();
        _unbond(1);
        uint40 releaseAt = registry.workerOf(worker).releaseAt;
        skip(bound(wait, 0, 14 days - 1));
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_StillLocked.selector, releaseAt));
        vm.prank(worker);
        registry.withdraw(worker);
    }

    function testFuzz_Withdraw_GivenTheDelayIsOver(uint128 amount, uint256 wait) external {
        _register();
        amount = uint128(bound(amount, 1, BOND));
        _unbond(amount);
        skip(bound(wait, 14 days, 36_500 days));
        vm.expectEmit(address(registry));
        emit IWorkerRegistry.BondWithdrawn(worker, treasury, amount);
        vm.prank(worker);
        registry.withdraw(treasury);
        assertEq(aipg.balanceOf(treasury), amount);
        assertEq(registry.bondOf(worker), BOND - amount);
        assertEq(registry.stakeOf(worker), BOND - amount);
        assertEq(registry.workerOf(worker).releaseAt, 0);
        assertEq(registry.totalBonded(), BOND - amount);
        _assertSolvent();
    }

    function test_Withdraw_GivenEverythingWasWithdrawn() external {
        _register();
        _unbond(BOND);
        skip(14 days);
        vm.startPrank(worker);
        registry.withdraw(worker);
        assertTrue(registry.isRegistered(worker));
        assertFalse(registry.isBonded(worker));
        registry.addBond(worker, BOND);
        assertTrue(registry.isBonded(worker));
    }

    // ---------------------------------------------------------------- helpers

    function _expectZero(string memory field) internal {
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_ZeroAddress.selector, field));
    }

    function _expectNotRegistered(address account) internal {
        vm.expectRevert(abi.encodeWithSelector(IWorkerRegistry.WorkerRegistry_NotRegistered.selector, account));
    }
}
