// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement, ReceiptOutput, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {JobOrder} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";

contract SettlementSettleInGrace is SettlementBase {
    uint128 private constant MAX_PRICE = 12e18;

    function setUp() public override {
        super.setUp();
        _bond(worker.addr, BOND);
        _deposit(payer.addr, FUNDS);
        _addSigner(payer.addr, orderSigner, SignerRoles.ORDER_SIGNER);
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        _addSigner(payer.addr, treasurer, SignerRoles.TREASURER);
        _addSigner(worker.addr, workerSigner, SignerRoles.WORKER_SIGNER);
    }

    function test_RevertWhen_TheCallerIsAStranger() external {
        _expectCallerRefused(stranger);
    }

    function test_RevertWhen_TheCallerIsTheWorker() external {
        _expectCallerRefused(worker.addr);
        _expectCallerRefused(workerSigner.addr);
    }

    function test_RevertWhen_TheCallerIsTheRequester() external {
        _expectCallerRefused(requester.addr);
    }

    function test_RevertWhen_TheCallerHasAnotherRoleForThePayer() external {
        _expectCallerRefused(payerSigner.addr);
        _expectCallerRefused(treasurer.addr);
    }

    function test_RevertGiven_TheOrderSignerThatCallsWasRevokedMoreThanADayAgo() external {
        vm.prank(payer.addr);
        settlement.revokeSigner(orderSigner.addr);
        skip(1 days + 1);
        _expectCallerRefused(orderSigner.addr);
    }

    function testFuzz_RevertWhen_TheDeadlineHasNotPassed(uint256 early) external {
        Settlement memory part = _pick(_orderOfFour(1), 1);
        vm.warp(part.order.deadline - bound(early, 0, 10 minutes));
        _expectRefused(
            part, abi.encodeWithSelector(IGridSettlement.GridSettlement_GraceNotBegun.selector, part.order.deadline)
        );
    }

    function test_RevertWhen_TheGraceIsOver() external {
        Settlement memory part = _pick(_orderOfFour(1), 1);
        vm.warp(part.order.deadline + 15 minutes + 1);
        _expectRefused(
            part,
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_OrderExpired.selector, part.order.deadline + 15 minutes
            )
        );
    }

    function test_RevertGiven_TheOrdersNonceWasUsed() external {
        Settlement memory item = _orderOfFour(1);
        _beginGrace(item);
        settlement.settle(item);
        _expectRefused(
            _pick(item, 1), abi.encodeWithSelector(IGridSettlement.GridSettlement_NonceUsed.selector, payer.addr, 1)
        );
    }

    function test_RevertWhen_ThereAreNoReceipts() external {
        Settlement memory none = _pick(_orderOfFour(1), 0);
        _beginGrace(none);
        _expectRefused(none, abi.encodeWithSelector(IGridSettlement.GridSettlement_ReceiptCount.selector, 0, 4));
    }

    function test_RevertWhen_ThereAreMoreReceiptsThanTheCount() external {
        Settlement memory more = _orderOfFour(1);
        more.receipts = new ReceiptOutput[](5);
        _beginGrace(more);
        _expectRefused(more, abi.encodeWithSelector(IGridSettlement.GridSettlement_ReceiptCount.selector, 5, 4));
    }

    function test_RevertWhen_AStrangerSignedAReceipt() external {
        Settlement memory part = _pick(_orderOfFour(1), 1);
        part.receipts[0].signature = _sign(payer, _receiptDigest(_receipt(part, 0)));
        _beginGrace(part);
        _expectRefused(
            part,
            abi.encodeWithSelector(IGridSettlement.GridSettlement_ReceiptSignature.selector, 0, worker.addr, payer.addr)
        );
    }

    function test_RevertWhen_ThePricesExceedTheCap() external {
        Settlement memory part = _pick(_orderOfFour(1), 1);
        part.receipts[0].price = MAX_PRICE + 1;
        _signReceipts(part, worker);
        _beginGrace(part);
        _expectRefused(
            part,
            abi.encodeWithSelector(IGridSettlement.GridSettlement_PriceAboveCap.selector, MAX_PRICE + 1, MAX_PRICE)
        );
    }

    function test_RevertGiven_ThePayersBalanceIsBelowTheCap() external {
        JobOrder memory order = _orderOfFour(1).order;
        order.maxPrice = FUNDS + 1;
        Settlement memory part = _pick(_settlementOf(order, payer, worker), 1);
        _beginGrace(part);
        _expectRefused(
            part,
            abi.encodeWithSelector(IGridSettlement.GridSettlement_AccountShort.selector, payer.addr, FUNDS + 1, FUNDS)
        );
        assertFalse(settlement.isNonceUsed(payer.addr, 1));
        _deposit(payer.addr, 1);
        vm.prank(payer.addr);
        settlement.settleInGrace(part);
        assertEq(_balance(payer.addr), 0);
    }

    function test_GivenTheOrderSignerThatCallsWasRevokedWithinADay() external {
        vm.prank(payer.addr);
        settlement.revokeSigner(orderSigner.addr);
        Settlement memory part = _pick(_orderOfFour(1), 1);
        part.order.deadline = uint64(block.timestamp + 1 days - 1);
        part = _pick(_settlementOf(part.order, orderSigner, worker), 1);
        _beginGrace(part); // a day to the second after the revocation
        vm.prank(orderSigner.addr);
        settlement.settleInGrace(part);
        assertEq(_balance(payer.addr), FUNDS - MAX_PRICE);
    }

    function test_WhenTheOrderSignerCalls() external {
        Settlement memory part = _pick(_orderOfFour(1), 1);
        _beginGrace(part);
        vm.prank(orderSigner.addr);
        settlement.settleInGrace(part);
        assertEq(_balance(payer.addr), FUNDS - MAX_PRICE);
    }

    function test_WhenTheGraceEndsThisSecond() external {
        Settlement memory part = _pick(_orderOfFour(1), 1);
        vm.warp(part.order.deadline + 15 minutes);
        vm.prank(payer.addr);
        settlement.settleInGrace(part);
        assertEq(_balance(payer.addr), FUNDS - MAX_PRICE);
    }

    function test_WhenAllReceiptsAreCarried() external {
        Settlement memory item = _orderOfFour(1);
        _beginGrace(item);
        vm.prank(payer.addr);
        assertEq(settlement.settleInGrace(item), _rootOf(item));
        assertEq(_balance(payer.addr), FUNDS - MAX_PRICE);
    }

    function test_GivenTheWorkerIsNotBonded() external {
        vm.prank(worker.addr);
        registry.announceUnbond(BOND);
        Settlement memory part = _pick(_orderOfFour(1), 9);
        _beginGrace(part);
        vm.prank(payer.addr);
        settlement.settleInGrace(part);
        _assertSettledInDip(part, MAX_PRICE);
    }

    function testFuzz_WhenAPartIsCarried(uint256 positions, uint256 wait) external {
        Settlement memory part = _pick(_orderOfFour(1), bound(positions, 1, 14));
        vm.warp(part.order.deadline + bound(wait, 1, 15 minutes));
        _expectOrderSettled(part, MAX_PRICE, true);
        vm.prank(payer.addr);
        assertEq(settlement.settleInGrace(part), _rootOf(part));
        _assertSettled(part, MAX_PRICE);
    }

    // ---------------------------------------------------------------- help

    /// @dev Its first second.
    function _beginGrace(Settlement memory item) private {
        vm.warp(uint256(item.order.deadline) + 1);
    }

    function _expectRefused(Settlement memory item, bytes memory reason) private {
        vm.prank(payer.addr);
        vm.expectRevert(reason);
        settlement.settleInGrace(item);
        vm.prank(orderSigner.addr);
        vm.expectRevert(reason);
        settlement.settleInGrace(item);
    }

    /// @dev At any time, with a part or with all.
    function _expectCallerRefused(address caller) private {
        Settlement memory item = _orderOfFour(1);
        bytes memory reason =
            abi.encodeWithSelector(IGridSettlement.GridSettlement_NotPayer.selector, payer.addr, caller);
        for (uint256 i; i < 2; ++i) {
            vm.prank(caller);
            vm.expectRevert(reason);
            settlement.settleInGrace(item);
            vm.prank(caller);
            vm.expectRevert(reason);
            settlement.settleInGrace(_pick(item, 1));
            _beginGrace(item);
        }
    }
}
