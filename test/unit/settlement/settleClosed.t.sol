// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement, ReceiptOutput, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {OrderClosing} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";

contract SettlementSettleClosed is SettlementBase {
    /// @dev All four receipts of the order, and the two that its worker closed it with.
    Settlement private _whole;
    Settlement private _part;

    function setUp() public override {
        super.setUp();
        _bond(worker.addr, BOND);
        _deposit(payer.addr, FUNDS);
        _addSigner(payer.addr, orderSigner, SignerRoles.ORDER_SIGNER);
        _addSigner(worker.addr, workerSigner, SignerRoles.WORKER_SIGNER);
        _copy(_whole, _orderOfFour(1));
        _copy(_part, _pick(_whole, 5));
    }

    function test_RevertGiven_TheOrdersNonceWasUsed() external {
        settlement.settle(_whole);
        _expectRefused(
            _part,
            _close(_part, worker),
            abi.encodeWithSelector(IGridSettlement.GridSettlement_NonceUsed.selector, payer.addr, 1)
        );
    }

    function test_RevertWhen_ThereAreNoReceipts() external {
        Settlement memory none = _pick(_whole, 0);
        bytes memory closing = _signClosing(OrderClosing(_closing(_part).orderHash, 0, 0), worker);
        _expectRefused(
            none, closing, abi.encodeWithSelector(IGridSettlement.GridSettlement_ReceiptCount.selector, 0, 4)
        );
    }

    function test_RevertWhen_ThereAreMoreReceiptsThanTheCount() external {
        Settlement memory more = _whole;
        more.receipts = new ReceiptOutput[](5);
        _expectRefused(
            more,
            _close(_part, worker),
            abi.encodeWithSelector(IGridSettlement.GridSettlement_ReceiptCount.selector, 5, 4)
        );
    }

    function test_RevertWhen_AStrangerSignedAReceipt() external {
        Settlement memory item = _part;
        item.receipts[1].signature = _sign(thief, _receiptDigest(_receipt(item, 1)));
        _expectRefused(
            item,
            _close(item, worker),
            abi.encodeWithSelector(IGridSettlement.GridSettlement_ReceiptSignature.selector, 1, worker.addr, thief.addr)
        );
    }

    function test_RevertWhen_ThePricesExceedTheCap() external {
        Settlement memory item = _part;
        item.receipts[1].price = 11e18 + 1;
        _signReceipts(item, worker);
        _expectRefused(
            item,
            _close(item, worker),
            abi.encodeWithSelector(IGridSettlement.GridSettlement_PriceAboveCap.selector, 12e18 + 1, 12e18)
        );
    }

    function test_RevertWhen_TheClosingIsOfAnotherOrder() external {
        Settlement memory other = _pick(_orderOfFour(2), 5);
        _expectMismatch(_part, _closing(other));
        OrderClosing memory closing = _closing(_part);
        closing.orderHash = _closing(other).orderHash;
        _expectMismatch(_part, closing);
    }

    function testFuzz_RevertWhen_TheClosingNamesAnotherNumberOfReceipts(uint32 count) external {
        vm.assume(count != 2);
        OrderClosing memory closing = _closing(_part);
        closing.receiptCount = count;
        _expectMismatch(_part, closing);
    }

    function testFuzz_RevertWhen_TheClosingNamesAnotherRoot(bytes32 root) external {
        OrderClosing memory closing = _closing(_part);
        vm.assume(closing.receiptsRoot != root);
        closing.receiptsRoot = root;
        _expectMismatch(_part, closing);
    }

    function testFuzz_RevertWhen_TheClosingIsOfOtherReceiptsOfTheOrder(uint256 positions) external {
        // Another subset, of the same size or not.
        positions = bound(positions, 1, 15);
        vm.assume(positions != 5);
        _expectMismatch(_pick(_whole, positions), _closing(_part));
    }

    function test_RevertWhen_TheClosingIsOfFewerReceiptsThanAreCarried() external {
        _expectMismatch(_whole, _closing(_part));
    }

    function test_RevertWhen_AStrangerSignedTheClosing() external {
        _expectSignerRefused(thief);
        _expectSignerRefused(requester);
    }

    function test_RevertWhen_AnotherWorkerSignedTheClosing() external {
        Person memory other = _person("other worker");
        Person memory otherKey = _person("other worker's key");
        _bond(other.addr, BOND);
        _addSigner(other.addr, otherKey, SignerRoles.WORKER_SIGNER);
        _expectSignerRefused(other);
        _expectSignerRefused(otherKey);
    }

    function test_RevertWhen_ThePayerSignedTheClosing() external {
        _expectSignerRefused(payer);
        _expectSignerRefused(orderSigner);
    }

    function test_RevertWhen_TheClosingsSignatureIsMalformed() external {
        bytes memory signature = _close(_part, worker);
        _expectRefused(_part, abi.encodePacked(signature, uint8(0)), _encodeError(address(0)));
        _expectRefused(_part, "", _encodeError(address(0)));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(worker.key, _digestOf(_part));
        bytes32 high = bytes32(0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 - uint256(s));
        _expectRefused(_part, abi.encodePacked(r, high, v == 27 ? 28 : 27), _encodeError(address(0)));
        _expectRefused(_part, abi.encodePacked(r, s, v - 27), _encodeError(address(0)));
    }

    function test_RevertGiven_TheKeyThatClosedWasRevokedMoreThanADayAgo() external {
        bytes memory signature = _close(_part, workerSigner);
        _revoke();
        skip(1 days + 1);
        // Receipts by the cold key, so that only the closing's key is dead.
        Settlement memory item = _lateItem();
        signature = _close(item, workerSigner);
        _expectRefused(item, signature, _encodeError(workerSigner.addr));
    }

    function test_GivenTheKeyThatClosedWasRevokedWithinADay() external {
        _revoke();
        skip(1 days);
        Settlement memory item = _lateItem();
        settlement.settleClosed(item, _close(item, workerSigner));
        assertEq(_balance(payer.addr), FUNDS - 4e18);
    }

    function test_WhenTheWorkersKeyClosed() external {
        bytes memory signature = _close(_part, workerSigner);
        vm.prank(stranger);
        settlement.settleClosed(_part, signature);
        assertEq(_balance(payer.addr), FUNDS - 4e18);
        assertEq(settlement.earnedOf(workerSigner.addr), 0);
    }

    function test_WhenTheClosingIsOfAllReceipts() external {
        bytes memory signature = _close(_whole, worker);
        vm.prank(stranger);
        assertEq(settlement.settleClosed(_whole, signature), _rootOf(_whole));
        assertEq(_balance(payer.addr), FUNDS - 10e18);
    }

    function test_GivenTheWorkerIsNotBonded() external {
        vm.prank(worker.addr);
        registry.announceUnbond(BOND);
        settlement.settleClosed(_part, _close(_part, worker));
        _assertSettledInDip(_part, 4e18);
    }

    function testFuzz_WhenAllIsInOrder(uint256 positions) external {
        Settlement memory item = _pick(_whole, bound(positions, 1, 15));
        uint128 total;
        for (uint256 i; i < item.receipts.length; ++i) {
            total += item.receipts[i].price;
        }
        bytes memory signature = _close(item, worker);
        _expectOrderSettled(item, total, true);
        vm.prank(stranger);
        assertEq(settlement.settleClosed(item, signature), _rootOf(item));
        _assertSettled(item, total);
    }

    // ---------------------------------------------------------------- help

    function _copy(Settlement storage to, Settlement memory item) private {
        to.order = item.order;
        to.orderSignature = item.orderSignature;
        for (uint256 i; i < item.receipts.length; ++i) {
            to.receipts.push(item.receipts[i]);
        }
    }

    function _close(Settlement memory item, Person memory by) private view returns (bytes memory) {
        return _signClosing(_closing(item), by);
    }

    function _digestOf(Settlement memory item) private view returns (bytes32) {
        bytes32 typeHash = keccak256("OrderClosing(bytes32 orderHash,uint32 receiptCount,bytes32 receiptsRoot)");
        OrderClosing memory closing = _closing(item);
        return _digest(
            keccak256(abi.encode(typeHash, closing.orderHash, uint256(closing.receiptCount), closing.receiptsRoot))
        );
    }

    function _revoke() private {
        vm.prank(worker.addr);
        settlement.revokeSigner(workerSigner.addr);
    }

    /// @dev The same part of an order that was signed just now.
    function _lateItem() private view returns (Settlement memory) {
        return _pick(_orderOfFour(7), 5);
    }

    function _encodeError(address recovered) private view returns (bytes memory) {
        return abi.encodeWithSelector(IGridSettlement.GridSettlement_ClosingSignature.selector, worker.addr, recovered);
    }

    function _expectRefused(Settlement memory item, bytes memory signature, bytes memory reason) private {
        // Any carrier, its worker too.
        vm.expectRevert(reason);
        settlement.settleClosed(item, signature);
        vm.prank(worker.addr);
        vm.expectRevert(reason);
        settlement.settleClosed(item, signature);
    }

    function _expectSignerRefused(Person memory by) private {
        _expectRefused(_part, _close(_part, by), _encodeError(by.addr));
    }

    /// @dev The worker's own signature over `closing`, carried with another item: it recovers to nobody in particular.
    function _expectMismatch(Settlement memory item, OrderClosing memory closing) private {
        bytes memory signature = _signClosing(closing, worker);
        (bytes32 r, bytes32 s) = abi.decode(_first64(signature), (bytes32, bytes32));
        address recovered = ecrecover(_digestOf(item), uint8(signature[64]), r, s);
        _expectRefused(item, signature, _encodeError(recovered));
        assertEq(_balance(payer.addr), FUNDS);
    }

    function _first64(bytes memory signature) private pure returns (bytes memory first64) {
        first64 = new bytes(64);
        for (uint256 i; i < 64; ++i) {
            first64[i] = signature[i];
        }
    }
}
