// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";

contract SettlementCancels is SettlementBase {
    uint256[] private _nonces = [7, 300];

    function setUp() public override {
        super.setUp();
        _deposit(payer.addr, FUNDS);
    }

    // ---------------------------------------------------------------- announceCancel

    function test_AnnounceCancel_WhenNoncesAreAnnounced() external {
        uint40 readyAt = uint40(block.timestamp + 1 hours);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.OrderCancelAnnounced(payer.addr, 7, readyAt);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.OrderCancelAnnounced(payer.addr, 300, readyAt);
        vm.prank(payer.addr);
        settlement.announceCancel(_nonces);
        assertEq(settlement.cancelReadyAt(payer.addr, 7), readyAt);
        assertEq(settlement.cancelReadyAt(payer.addr, 300), readyAt);
        assertEq(settlement.cancelReadyAt(payer.addr, 8), 0);

        settlement.settle(_settlement(1, 7));
        assertEq(_balance(payer.addr), FUNDS - 1e18);
    }

    // ---------------------------------------------------------------- cancelOrders

    function test_CancelOrders_RevertGiven_ANonceWasNotAnnounced() external {
        vm.prank(payer.addr);
        settlement.announceCancel(_nonces);
        skip(1 hours);
        _nonces.push(8);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_CancelNotAnnounced.selector, payer.addr, 8)
        );
        settlement.cancelOrders(payer.addr, _nonces);
    }

    function test_CancelOrders_RevertGiven_TheDelayIsNotOver() external {
        vm.prank(payer.addr);
        settlement.announceCancel(_nonces);
        skip(1 hours - 1);
        vm.prank(payer.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_CancelPending.selector, 7, block.timestamp + 1)
        );
        settlement.cancelOrders(payer.addr, _nonces);
    }

    function test_CancelOrders_GivenTheDelayIsOver() external {
        vm.prank(payer.addr);
        settlement.announceCancel(_nonces);
        skip(1 hours);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.OrderCancelled(payer.addr, 7);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.OrderCancelled(payer.addr, 300);
        vm.prank(stranger);
        settlement.cancelOrders(payer.addr, _nonces);
        assertTrue(settlement.isNonceUsed(payer.addr, 7));
        assertTrue(settlement.isNonceUsed(payer.addr, 300));
        assertFalse(settlement.isNonceUsed(payer.addr, 8));
        Settlement memory item = _settlement(1, 7);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_NonceUsed.selector, payer.addr, 7));
        settlement.settle(item);
    }

    function test_CancelOrders_GivenAnOrderWasSettledMeanwhile() external {
        vm.prank(payer.addr);
        settlement.announceCancel(_nonces);
        settlement.settle(_settlement(1, 7));
        skip(1 hours);
        vm.recordLogs();
        settlement.cancelOrders(payer.addr, _nonces);
        assertEq(vm.getRecordedLogs().length, 1, "one cancelled");
        assertTrue(settlement.isNonceUsed(payer.addr, 300));
    }
}
