// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {LaneConfig} from "../../../contracts/messages/GridMessages.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";

contract SettlementConfirmAnchor is SettlementBase {
    function setUp() public override {
        super.setUp();
        _bond(worker.addr, BOND);
        _deposit(payer.addr, FUNDS);
    }

    function testFuzz_RevertWhen_NothingWasSettledUnderTheRoot(address who, bytes32 root) external {
        _expectNotWaiting(who, root);
    }

    function test_RevertWhen_TheRootIsAnotherPayers() external {
        bytes32 root = _settleInDip(1);
        _rebond();
        _expectNotWaiting(requester.addr, root);
        _expectNotWaiting(worker.addr, root);
        _expectNotWaiting(address(0), root);
    }

    function test_RevertWhen_TheRootIsZero() external {
        _settleInDip(1);
        _rebond();
        _expectNotWaiting(payer.addr, 0);
    }

    function test_RevertGiven_TheRootWasAnchoredWhenItWasSettled() external {
        _expectNotWaiting(payer.addr, settlement.settle(_settlement(2, 1)));
    }

    function test_RevertGiven_TheRootWasAnchoredOnALane() external {
        bytes32 laneId = _open(_laneConfig(), FUNDS);
        _collect(_laneConfig(), _voucher(laneId, MODEL, 1e18, keccak256("root")));
        _expectNotWaiting(payer.addr, keccak256("root"));
    }

    function test_RevertGiven_TheRootWasCollectedOnALaneWithoutABond() external {
        LaneConfig memory config = _laneConfig();
        bytes32 laneId = _open(config, FUNDS);
        _unbond();
        _collect(config, _voucher(laneId, MODEL, 1e18, keccak256("root")));
        _rebond();
        _expectNotWaiting(payer.addr, keccak256("root"));
    }

    function test_RevertGiven_TheAnchorWasConfirmed() external {
        bytes32 root = _settleInDip(1);
        _rebond();
        settlement.confirmAnchor(payer.addr, root);
        (, uint40 time,) = settlement.anchorOf(0, payer.addr, root);
        skip(1 days);
        _expectNotWaiting(payer.addr, root);
        (, uint40 later,) = settlement.anchorOf(0, payer.addr, root);
        assertEq(later, time);
    }

    function test_RevertGiven_TheWorkerIsNotBondedYet() external {
        bytes32 root = _settleInDip(1);
        _expectUnbonded(root);
        // Nor when the bond has left altogether.
        skip(14 days);
        vm.prank(worker.addr);
        registry.withdraw(worker.addr);
        _expectUnbonded(root);
    }

    function test_RevertGiven_TheWorkersBondIsOneWeiShort() external {
        bytes32 root = _settleInDip(1);
        uint128 minimum = registry.minBond();
        aipg.mint(worker.addr, minimum);
        vm.startPrank(worker.addr);
        aipg.approve(address(registry), minimum);
        registry.addBond(worker.addr, minimum - 1);
        vm.stopPrank();
        _expectUnbonded(root);
        vm.prank(worker.addr);
        registry.addBond(worker.addr, 1);
        settlement.confirmAnchor(payer.addr, root);
    }

    function testFuzz_GivenTheWorkerIsBondedAgain(uint32 count, uint256 wait) external {
        count = uint32(bound(count, 1, 5));
        bytes32 root = _settleInDip(count);
        _rebond();
        skip(bound(wait, 0, 365 days));
        vm.roll(block.number + 1 + wait % 1000);
        uint128 earned = settlement.earnedOf(worker.addr);
        uint128 balance = _balance(payer.addr);

        vm.expectEmit(address(settlement));
        emit IGridSettlement.ReceiptsAnchored(0, worker.addr, root, count);
        vm.prank(stranger);
        settlement.confirmAnchor(payer.addr, root);

        (address by, uint40 time, uint40 blockNumber) = settlement.anchorOf(0, payer.addr, root);
        assertEq(by, worker.addr);
        assertEq(time, block.timestamp);
        assertEq(blockNumber, block.number);
        (address waits, uint32 waiting) = settlement.waitingAnchorOf(payer.addr, root);
        assertEq(waits, address(0));
        assertEq(waiting, 0);
        assertEq(settlement.earnedOf(worker.addr), earned);
        assertEq(_balance(payer.addr), balance);
    }

    // ---------------------------------------------------------------- help

    function _unbond() private {
        uint128 bond = registry.bondOf(worker.addr);
        vm.prank(worker.addr);
        registry.announceUnbond(bond);
    }

    function _rebond() private {
        vm.prank(worker.addr);
        registry.cancelUnbond();
    }

    function _settleInDip(uint32 count) private returns (bytes32) {
        _unbond();
        Settlement memory item = _settlement(count, 1);
        return settlement.settle(item);
    }

    function _expectNotWaiting(address who, bytes32 root) private {
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_AnchorNotWaiting.selector, who, root));
        settlement.confirmAnchor(who, root);
    }

    function _expectUnbonded(bytes32 root) private {
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_WorkerNotBonded.selector, worker.addr));
        settlement.confirmAnchor(payer.addr, root);
    }
}
