// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement, ReceiptOutput, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {GridMessages, JobOrder} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";
import {SettlementHostileModels} from "../../utils/SettlementDoubles.sol";

contract SettlementSettle is SettlementBase {
    function setUp() public override {
        super.setUp();
        _bond(worker.addr, BOND);
        _deposit(payer.addr, FUNDS);
        _addSigner(payer.addr, orderSigner, SignerRoles.ORDER_SIGNER);
        _addSigner(worker.addr, workerSigner, SignerRoles.WORKER_SIGNER);
    }

    function test_RevertWhen_TheOrderBelongsToALane() external {
        JobOrder memory order = _order();
        order.laneId = keccak256("lane");
        _expectRefused(
            _signed(order), abi.encodeWithSelector(IGridSettlement.GridSettlement_OrderOfLane.selector, order.laneId)
        );
    }

    function test_RevertWhen_TheCountIsZero() external {
        _expectCountRefused(0);
    }

    function test_RevertWhen_TheCountIsAbove256() external {
        _expectCountRefused(257);
    }

    function test_WhenTheCountIs255Or256() external {
        for (uint32 count = 255; count <= 256; ++count) {
            JobOrder memory order = _order();
            order.count = count;
            order.nonce = count;
            order.maxPrice = uint128(count) * 1e18;
            Settlement memory item = _signed(order);
            bytes32 root = settlement.settle(item);
            assertEq(root, _rootOf(item)); // `GoldenMerkle.t.sol` has the roots of so many
            _expectAnchor(root, worker.addr);
        }
        assertEq(_balance(payer.addr), FUNDS - 511e18);
    }

    function test_RevertWhen_TheDeadlineIsMoreThan15MinutesAgo() external {
        Settlement memory item = _settlement(1, 1);
        skip(25 minutes + 1);
        _expectRefused(
            item, abi.encodeWithSelector(IGridSettlement.GridSettlement_OrderExpired.selector, block.timestamp - 1)
        );
    }

    function test_WhenTheDeadlineIs15MinutesAgo() external {
        Settlement memory item = _settlement(1, 1);
        skip(25 minutes);
        settlement.settle(item);
        assertTrue(settlement.isNonceUsed(payer.addr, 1));
    }

    function test_RevertWhen_TheFeeConfigIsUnknown() external {
        _expectFeeConfigRefused(0);
        _expectFeeConfigRefused(2);
    }

    function test_GivenTheFeeConfigWasReplacedWithinAWeek() external {
        skip(7 days);
        _appendFeeConfig(1000);
        skip(7 days - 1);
        JobOrder memory order = _order();
        order.feeConfigId = 1;
        settlement.settle(_signed(order));
        assertEq(settlement.protocolAccruedOf(worker.addr), 0.05e18);
        order.feeConfigId = 2;
        order.nonce = 2;
        settlement.settle(_signed(order));
        assertEq(settlement.protocolAccruedOf(worker.addr), 0.15e18);
    }

    function test_RevertGiven_TheFeeConfigWasReplacedAWeekAgo() external {
        skip(7 days);
        _appendFeeConfig(1000);
        skip(7 days);
        _expectFeeConfigRefused(1);
    }

    function testFuzz_RevertGiven_TheNonceWasUsed(uint256 nonce) external {
        settlement.settle(_settlement(1, nonce));
        JobOrder memory order = _order();
        order.nonce = nonce;
        order.requestHash = keccak256("another request");
        _expectRefused(
            _signed(order), abi.encodeWithSelector(IGridSettlement.GridSettlement_NonceUsed.selector, payer.addr, nonce)
        );
        unchecked {
            settlement.settle(_settlement(1, nonce + 1));
        }
    }

    function test_RevertWhen_AStrangerSignedTheOrder() external {
        // Nobody but the payer: not the requester, the worker, or the payer's other keys.
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        _expectOrderSignatureRefused(requester);
        _expectOrderSignatureRefused(worker);
        _expectOrderSignatureRefused(payerSigner);
    }

    function test_RevertWhen_TheOrdersSignatureIsMalformed() external {
        Settlement memory item = _settlement(1, 1);
        item.orderSignature = abi.encodePacked(item.orderSignature, uint8(0));
        _expectRefused(
            item, abi.encodeWithSelector(IGridSettlement.GridSettlement_OrderSignature.selector, payer.addr, address(0))
        );
    }

    function test_RevertWhen_ThePayerIsZero() external {
        _mint(stranger, FUNDS);
        JobOrder memory order = _order();
        order.payer = address(0);
        Settlement memory item = _signed(order);
        item.orderSignature = "";
        _expectRefused(
            item, abi.encodeWithSelector(IGridSettlement.GridSettlement_OrderSignature.selector, address(0), address(0))
        );
    }

    function test_RevertGiven_TheOrderSignerWasRevokedADayAgo() external {
        vm.prank(payer.addr);
        settlement.revokeSigner(orderSigner.addr);
        skip(1 days + 1);
        _expectOrderSignatureRefused(orderSigner);
    }

    function test_GivenTheOrderSignerWasRevokedWithinADay() external {
        vm.prank(payer.addr);
        settlement.revokeSigner(orderSigner.addr);
        skip(1 days);
        settlement.settle(_settlementOf(_order(), orderSigner, worker));
        assertEq(_balance(payer.addr), FUNDS - 1e18);
    }

    function test_RevertWhen_ThereAreNoReceipts() external {
        Settlement memory item = _settlement(1, 1);
        item.receipts = new ReceiptOutput[](0);
        _expectRefused(item, abi.encodeWithSelector(IGridSettlement.GridSettlement_ReceiptCount.selector, 0, 1));
    }

    function test_RevertWhen_ThereAreMoreReceiptsThanTheCount() external {
        Settlement memory item = _settlement(1, 1);
        item.receipts = new ReceiptOutput[](2);
        _expectRefused(item, abi.encodeWithSelector(IGridSettlement.GridSettlement_ReceiptCount.selector, 2, 1));
    }

    function test_RevertWhen_AStrangerCarriesThem() external {
        // The cheapest one, all but one, and any other part.
        Settlement memory item = _orderOfFour(1);
        for (uint256 positions = 1; positions < 15; ++positions) {
            Settlement memory part = _pick(item, positions);
            _expectRefused(part, _incomplete(part.receipts.length, address(this)));
        }
    }

    function test_RevertWhen_ThePayerCarriesThem() external {
        Settlement memory part = _pick(_orderOfFour(1), 1);
        _expectPartRefused(part, payer.addr);
        _expectPartRefused(part, orderSigner.addr);
    }

    function test_RevertWhen_TheRequesterCarriesThem() external {
        _expectPartRefused(_pick(_orderOfFour(1), 1), requester.addr);
    }

    function test_RevertWhen_AnotherWorkerCarriesThem() external {
        Person memory other = _person("other worker");
        Person memory otherKey = _person("other worker's key");
        _bond(other.addr, BOND);
        _addSigner(other.addr, otherKey, SignerRoles.WORKER_SIGNER);
        Settlement memory part = _pick(_orderOfFour(1), 1);
        _expectPartRefused(part, other.addr);
        _expectPartRefused(part, otherKey.addr);
    }

    function test_RevertGiven_TheWorkersKeyThatCarriesThemWasRevokedMoreThanADayAgo() external {
        vm.prank(worker.addr);
        settlement.revokeSigner(workerSigner.addr);
        skip(1 days + 1);
        _expectPartRefused(_pick(_orderOfFour(1), 1), workerSigner.addr);
    }

    function test_GivenTheWorkersKeyThatCarriesThemWasRevokedWithinADay() external {
        vm.prank(worker.addr);
        settlement.revokeSigner(workerSigner.addr);
        skip(1 days);
        Settlement memory part = _pick(_orderOfFour(1), 8);
        vm.prank(workerSigner.addr);
        settlement.settle(part);
        assertEq(_balance(payer.addr), FUNDS - 4e18);
    }

    function test_WhenTheWorkersLiveKeyCarriesThem() external {
        Settlement memory part = _pick(_orderOfFour(1), 10);
        vm.prank(workerSigner.addr);
        assertEq(settlement.settle(part), _rootOf(part));
        assertEq(_balance(payer.addr), FUNDS - 6e18);
        assertEq(settlement.earnedOf(workerSigner.addr), 0);
    }

    function testFuzz_WhenTheWorkerCarriesThem(uint256 positions) external {
        Settlement memory item = _orderOfFour(1);
        Settlement memory part = _pick(item, bound(positions, 1, 14));
        uint128 total;
        for (uint256 i; i < part.receipts.length; ++i) {
            total += part.receipts[i].price;
        }
        bytes32 root = _rootOf(part);
        _expectOrderSettled(part, total, true);
        vm.prank(worker.addr);
        assertEq(settlement.settle(part), root);

        assertEq(_balance(payer.addr), FUNDS - total);
        _expectAnchor(root, worker.addr);
        _expectCredits(total);
        _expectRefused(item, abi.encodeWithSelector(IGridSettlement.GridSettlement_NonceUsed.selector, payer.addr, 1));
    }

    function test_RevertWhen_TheIndexesDoNotAscend() external {
        Settlement memory item = _settlement(3, 1);
        item.receipts[1].index = 0;
        _signReceipts(item, worker);
        _expectRefused(item, abi.encodeWithSelector(IGridSettlement.GridSettlement_ReceiptIndex.selector, 1, 0));
        item.receipts[1].index = 2;
        _signReceipts(item, worker);
        _expectRefused(item, abi.encodeWithSelector(IGridSettlement.GridSettlement_ReceiptIndex.selector, 2, 2));
    }

    function test_RevertWhen_AnIndexIsNotBelowTheCount() external {
        Settlement memory item = _settlement(3, 1);
        item.receipts[2].index = 3;
        _signReceipts(item, worker);
        _expectRefused(item, abi.encodeWithSelector(IGridSettlement.GridSettlement_ReceiptIndex.selector, 2, 3));
    }

    function test_RevertWhen_AReceiptWasCompletedAfterTheDeadline() external {
        Settlement memory item = _settlement(2, 1);
        item.receipts[1].completedAt = item.order.deadline + 1;
        _signReceipts(item, worker);
        _expectRefused(
            item,
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_ReceiptLate.selector, 1, item.order.deadline + 1, item.order.deadline
            )
        );
    }

    function test_WhenAReceiptWasCompletedAtTheDeadline() external {
        Settlement memory item = _settlement(2, 1);
        item.receipts[0].completedAt = item.receipts[1].completedAt = item.order.deadline;
        _signReceipts(item, worker);
        settlement.settle(item);
        assertEq(_balance(payer.addr), FUNDS - 2e18);
    }

    function test_RevertWhen_AStrangerSignedAReceipt() external {
        Settlement memory item = _settlement(2, 1);
        item.receipts[1].signature = _sign(thief, _receiptDigest(_receipt(item, 1)));
        _expectRefused(
            item,
            abi.encodeWithSelector(IGridSettlement.GridSettlement_ReceiptSignature.selector, 1, worker.addr, thief.addr)
        );
        item.receipts[0].signature = "";
        _expectRefused(
            item,
            abi.encodeWithSelector(IGridSettlement.GridSettlement_ReceiptSignature.selector, 0, worker.addr, address(0))
        );
    }

    function testFuzz_RevertWhen_AReceiptWasAltered(uint8 field) external {
        Settlement memory item = _settlement(1, 1);
        field = uint8(bound(field, 0, 5));
        ReceiptOutput memory output = item.receipts[0];
        if (field == 0) output.seed ^= 1;
        if (field == 1) output.engineHash ^= bytes32(uint256(1));
        if (field == 2) output.imageHash ^= bytes32(uint256(1));
        if (field == 3) output.cidDigest ^= bytes32(uint256(1));
        if (field == 4) output.completedAt -= 1;
        if (field == 5) output.price -= 1;
        bytes32 digest = _receiptDigest(_receipt(item, 0));
        (bytes32 r, bytes32 s) = abi.decode(_slice(output.signature), (bytes32, bytes32));
        address recovered = ecrecover(digest, uint8(output.signature[64]), r, s);
        _expectRefused(
            item,
            abi.encodeWithSelector(IGridSettlement.GridSettlement_ReceiptSignature.selector, 0, worker.addr, recovered)
        );
    }

    function test_RevertWhen_ThePricesExceedTheCap() external {
        Settlement memory item = _settlement(3, 1);
        item.receipts[2].price += 1;
        _signReceipts(item, worker);
        _expectRefused(
            item, abi.encodeWithSelector(IGridSettlement.GridSettlement_PriceAboveCap.selector, 3e18 + 1, 3e18)
        );
        // Prices that would wrap around a uint128 do not.
        item.receipts[0].price = item.receipts[1].price = type(uint128).max;
        _signReceipts(item, worker);
        _expectRefused(
            item,
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_PriceAboveCap.selector, 2 * uint256(type(uint128).max) + 1e18 + 1, 3e18
            )
        );
    }

    function test_RevertGiven_ThePayersBalanceIsShort() external {
        JobOrder memory order = _order();
        order.maxPrice = 2 * FUNDS;
        Settlement memory item = _signed(order);
        item.receipts[0].price = FUNDS + 1;
        _signReceipts(item, worker);
        _expectRefused(
            item,
            abi.encodeWithSelector(IGridSettlement.GridSettlement_AccountShort.selector, payer.addr, FUNDS + 1, FUNDS)
        );
        assertFalse(settlement.isNonceUsed(payer.addr, 1));
        _deposit(payer.addr, 1);
        settlement.settle(item);
        assertEq(_balance(payer.addr), 0);
    }

    function testFuzz_WhenAllIsInOrder(uint8 count, uint256 nonce, uint128 price) external {
        JobOrder memory order = _order();
        order.count = uint32(bound(count, 1, 12));
        order.nonce = nonce;
        order.maxPrice = price = uint128(bound(price, order.count, FUNDS));
        Settlement memory item = _signed(order);
        for (uint256 i; i < order.count; ++i) {
            item.receipts[i].price = price / order.count;
        }
        _signReceipts(item, worker);
        uint128 total = price / order.count * order.count;
        bytes32 root = _rootOf(item);
        _expectOrderSettled(item, total, true);
        vm.prank(stranger);
        assertEq(settlement.settle(item), root);

        assertEq(_balance(payer.addr), FUNDS - total);
        assertTrue(settlement.isNonceUsed(payer.addr, nonce));
        assertEq(settlement.nonceWordOf(payer.addr, nonce / 256), 1 << (nonce % 256));
        _expectAnchor(root, worker.addr);
        _expectCredits(total);
        _assertSolvent(0);
    }

    function test_WhenKeysSignedForBoth() external {
        settlement.settle(_settlementOf(_order(), orderSigner, workerSigner));
        assertEq(_balance(payer.addr), FUNDS - 1e18);
        assertEq(settlement.earnedOf(worker.addr), 0.85e18);
        assertEq(settlement.earnedOf(workerSigner.addr), 0);
    }

    function test_WhenThePriceIsZero() external {
        JobOrder memory order = _order();
        order.maxPrice = 0;
        Settlement memory item = _signed(order);
        item.receipts[0].price = 0;
        _signReceipts(item, worker);
        _expectAnchor(settlement.settle(item), worker.addr);
        assertEq(_balance(payer.addr), FUNDS);
    }

    function test_GivenTheWorkerIsNotBonded() external {
        vm.prank(worker.addr);
        registry.announceUnbond(BOND);
        Settlement memory item = _settlement(3, 1);
        bytes32 root = _rootOf(item);
        _expectOrderSettled(item, 3e18, false);
        settlement.settle(item);
        assertEq(settlement.earnedOf(worker.addr), 3 * 0.85e18);
        _expectAnchor(root, address(0));
        _expectWaiting(root, worker.addr, 3);
    }

    function testFuzz_GivenAIGCFails(uint8 mode) external {
        SettlementHostileModels hostile = new SettlementHostileModels();
        hostile.set(SettlementHostileModels.Mode(bound(mode, 0, 6)));
        bytes memory code = address(models).code;
        bytes32 slot = vm.load(address(models), 0);
        vm.etch(address(models), address(hostile).code);
        vm.store(address(models), 0, vm.load(address(hostile), 0));
        settlement.settle(_settlement(1, 1));
        assertEq(settlement.modelEarnedOf(MODEL), 0);
        assertEq(settlement.earnedOf(worker.addr), 0.95e18);

        // No failure is kept, nor a rate above the cap: the next one asks again.
        vm.etch(address(models), code);
        vm.store(address(models), 0, slot);
        settlement.settle(_settlement(1, 2));
        assertEq(settlement.modelEarnedOf(MODEL), 0.1e18);
    }

    function test_GivenTheRateWasReadWithinTheHour() external {
        settlement.settle(_settlement(1, 1));
        models.set(MODEL, modelOwner, 2000);
        skip(1 hours - 1);
        settlement.settle(_settlement(1, 2));
        assertEq(settlement.modelEarnedOf(MODEL), 0.2e18);
        (uint16 royaltyBps, uint40 readAt) = settlement.modelRoyaltyOf(MODEL);
        assertEq(royaltyBps, ROYALTY_BPS);
        assertEq(readAt, block.timestamp - (1 hours - 1));
    }

    function test_GivenTheRateWasReadAnHourAgo() external {
        settlement.settle(_settlement(1, 1));
        models.set(MODEL, modelOwner, 2000);
        skip(1 hours);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.ModelRoyaltyRead(MODEL, 2000);
        settlement.settle(_settlement(1, 2));
        assertEq(settlement.modelEarnedOf(MODEL), 0.3e18);
        (uint16 royaltyBps, uint40 readAt) = settlement.modelRoyaltyOf(MODEL);
        assertEq(royaltyBps, 2000);
        assertEq(readAt, block.timestamp);
    }

    function test_RevertWhen_ThereIsTooLittleGasToAskAIGC() external {
        bytes memory call = abi.encodeCall(IGridSettlement.settle, (_settlement(1, 1)));
        bool tooLow;
        for (uint256 gasGiven = 20_000; gasGiven < 220_000; gasGiven += 2000) {
            uint256 snapshot = vm.snapshotState();
            (bool ok, bytes memory answer) = address(settlement).call{gas: gasGiven}(call);
            if (ok) assertEq(settlement.modelEarnedOf(MODEL), 0.1e18);
            if (!ok && answer.length != 0) {
                assertEq(bytes4(answer), IGridSettlement.GridSettlement_GasTooLow.selector);
                tooLow = true;
            }
            vm.revertToState(snapshot);
        }
        assertTrue(tooLow);
    }

    // ---------------------------------------------------------------- help

    function _expectRefused(Settlement memory item, bytes memory reason) private {
        vm.expectRevert(reason);
        settlement.settle(item);

        // A batch answers the same, and goes on.
        Settlement[] memory items = new Settlement[](1);
        items[0] = item;
        uint256 snapshot = vm.snapshotState();
        vm.expectEmit(address(settlement));
        emit IGridSettlement.SettlementFailed(0, GridMessages.hashOrder(item.order), reason);
        assertEq(settlement.settleBatch(items)[0], bytes4(reason));
        vm.revertToState(snapshot);
    }

    function _incomplete(uint256 receipts, address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGridSettlement.GridSettlement_OrderIncomplete.selector, receipts, 4, caller);
    }

    function _signed(JobOrder memory order) private view returns (Settlement memory) {
        return _settlementOf(order, payer, worker);
    }

    function _expectPartRefused(Settlement memory part, address caller) private {
        vm.prank(caller);
        vm.expectRevert(_incomplete(part.receipts.length, caller));
        settlement.settle(part);
    }

    function _expectCountRefused(uint32 count) private {
        JobOrder memory order = _order();
        order.count = count;
        Settlement memory item = _settlement(1, 1);
        item.order = order;
        _expectRefused(
            item, abi.encodeWithSelector(IGridSettlement.GridSettlement_OrderCountOutOfRange.selector, count, 256)
        );
    }

    function _expectFeeConfigRefused(uint16 feeConfigId) private {
        JobOrder memory order = _order();
        order.feeConfigId = feeConfigId;
        _expectRefused(
            _signed(order),
            abi.encodeWithSelector(IGridSettlement.GridSettlement_FeeConfigRefused.selector, feeConfigId)
        );
    }

    function _expectOrderSignatureRefused(Person memory by) private {
        _expectRefused(
            _settlementOf(_order(), by, worker),
            abi.encodeWithSelector(IGridSettlement.GridSettlement_OrderSignature.selector, payer.addr, by.addr)
        );
    }

    function _slice(bytes memory signature) private pure returns (bytes memory first64) {
        first64 = new bytes(64);
        for (uint256 i; i < 64; ++i) {
            first64[i] = signature[i];
        }
    }
}
