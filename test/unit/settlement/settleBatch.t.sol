// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {GridMessages, JobOrder} from "../../../contracts/messages/GridMessages.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";

contract SettlementSettleBatch is SettlementBase {
    function setUp() public override {
        super.setUp();
        _bond(worker.addr, BOND);
        _deposit(payer.addr, FUNDS);
    }

    function test_WhenEveryItemIsInOrder() external {
        Settlement[] memory items = new Settlement[](3);
        for (uint256 i; i < 3; ++i) {
            items[i] = _settlement(uint32(1 + i), 300 + i);
        }
        bytes4[] memory failures = settlement.settleBatch(items);
        for (uint256 i; i < 3; ++i) {
            assertEq(failures[i], bytes4(0));
            _expectAnchor(_rootOf(items[i]), worker.addr);
        }
        assertEq(_balance(payer.addr), FUNDS - 6e18);
        _assertSolvent(0);
    }

    function test_WhenSomeItemsFail() external {
        // Another worker, unbonded, and another model between them: nothing of one item sticks to the next.
        Person memory other = _person("other worker");
        Settlement[] memory items = new Settlement[](5);
        items[0] = _settlement(1, 1);
        items[1] = _settlement(1, 2);
        items[1].receipts[0].signature = "";
        JobOrder memory order = _order();
        order.nonce = 3;
        order.worker = other.addr;
        order.modelId = FREE_MODEL;
        items[2] = _settlementOf(order, payer, other);
        items[3] = _settlement(1, 1);
        items[4] = _settlement(2, 5);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.SettlementFailed(
            1,
            _receipt(items[1], 0).orderHash,
            abi.encodeWithSelector(IGridSettlement.GridSettlement_ReceiptSignature.selector, 0, worker.addr, address(0))
        );
        bytes4[] memory failures = settlement.settleBatch(items);

        assertEq(failures[0], bytes4(0));
        assertEq(failures[1], IGridSettlement.GridSettlement_ReceiptSignature.selector);
        assertEq(failures[2], bytes4(0));
        assertEq(failures[3], IGridSettlement.GridSettlement_NonceUsed.selector);
        assertEq(failures[4], bytes4(0));
        assertEq(_balance(payer.addr), FUNDS - 4e18);
        assertEq(settlement.earnedOf(worker.addr), 3 * 0.85e18);
        assertEq(settlement.earnedOf(other.addr), 0.95e18);
        assertEq(settlement.modelEarnedOf(FREE_MODEL), 0);
        _expectAnchor(_rootOf(items[4]), worker.addr);
        _expectAnchor(_rootOf(items[2]), address(0));
        assertFalse(settlement.isNonceUsed(payer.addr, 2));
    }

    function test_WhenAStrangerCarriesAPartOfOneOrder() external {
        Settlement[] memory items = new Settlement[](3);
        items[0] = _settlement(1, 1);
        items[1] = _pick(_orderOfFour(2), 1);
        items[2] = _settlement(2, 3);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.SettlementFailed(1, GridMessages.hashOrder(items[1].order), _incomplete(1, stranger));
        vm.prank(stranger);
        bytes4[] memory failures = settlement.settleBatch(items);
        assertEq(failures[0], bytes4(0));
        assertEq(failures[1], IGridSettlement.GridSettlement_OrderIncomplete.selector);
        assertEq(failures[2], bytes4(0));
        assertEq(_balance(payer.addr), FUNDS - 3e18);
        assertFalse(settlement.isNonceUsed(payer.addr, 2));
    }

    function test_WhenAWorkerCarriesPartsOfItsOwnOrdersAndOfAnotherWorkers() external {
        Person memory other = _person("other worker");
        Settlement[] memory items = new Settlement[](3);
        items[0] = _pick(_orderOfFour(1), 1);
        JobOrder memory order = _orderOfFour(2).order;
        order.worker = other.addr;
        items[1] = _pick(_settlementOf(order, payer, other), 1);
        items[2] = _pick(_orderOfFour(3), 8);
        vm.prank(worker.addr);
        bytes4[] memory failures = settlement.settleBatch(items);
        assertEq(failures[0], bytes4(0));
        assertEq(failures[1], IGridSettlement.GridSettlement_OrderIncomplete.selector);
        assertEq(failures[2], bytes4(0));
        assertEq(_balance(payer.addr), FUNDS - 5e18);
        assertEq(settlement.earnedOf(other.addr), 0);
        vm.prank(other.addr);
        failures = settlement.settleBatch(items);
        assertEq(failures[1], bytes4(0));
        assertEq(_balance(payer.addr), FUNDS - 6e18);
    }

    function test_WhenAnExpiredFeeConfigFollowsTheCurrentOne() external {
        Settlement[] memory items = _itemsOfConfigs(2, 1, 2);
        bytes4[] memory failures = settlement.settleBatch(items);
        assertEq(failures[0], bytes4(0));
        assertEq(failures[1], IGridSettlement.GridSettlement_FeeConfigRefused.selector);
        assertEq(failures[2], bytes4(0));
        assertEq(settlement.protocolAccruedOf(worker.addr), 0.2e18, "two at a tenth");
        assertEq(_balance(payer.addr), FUNDS - 2e18);
    }

    function test_WhenTheCurrentFeeConfigFollowsAnExpiredOne() external {
        Settlement[] memory items = _itemsOfConfigs(1, 2, 1);
        bytes4[] memory failures = settlement.settleBatch(items);
        assertEq(failures[0], IGridSettlement.GridSettlement_FeeConfigRefused.selector);
        assertEq(failures[1], bytes4(0));
        assertEq(failures[2], IGridSettlement.GridSettlement_FeeConfigRefused.selector);
        assertEq(settlement.protocolAccruedOf(worker.addr), 0.1e18);
        // Config 0 never is one, also where nothing was accepted before, or the one before was refused.
        items = _itemsWithConfigs(1, 0, 2);
        failures = settlement.settleBatch(items);
        assertEq(failures[0], IGridSettlement.GridSettlement_FeeConfigRefused.selector);
        assertEq(failures[1], IGridSettlement.GridSettlement_FeeConfigRefused.selector);
        assertEq(failures[2], bytes4(0));
        assertEq(settlement.protocolAccruedOf(worker.addr), 0.2e18);
    }

    /// @dev A refused config must not be remembered: the item behind would settle, at no fee.
    function test_WhenSeveralItemsNameTheSameExpiredFeeConfig() external {
        Settlement[] memory items = _itemsOfConfigs(1, 1, 2);
        bytes4[] memory failures = settlement.settleBatch(items);
        assertEq(failures[0], IGridSettlement.GridSettlement_FeeConfigRefused.selector);
        assertEq(failures[1], IGridSettlement.GridSettlement_FeeConfigRefused.selector);
        assertEq(failures[2], bytes4(0));
        assertEq(settlement.protocolAccruedOf(worker.addr), 0.1e18);
    }

    function test_WhenTheFeeConfigsDifferFromItemToItem() external {
        skip(7 days);
        _appendFeeConfig(1000);
        settlement.settleBatch(_itemsWithConfigs(1, 2, 1));
        assertEq(settlement.protocolAccruedOf(worker.addr), 0.05e18 + 0.1e18 + 0.05e18);
    }

    function test_GivenSomeOfTheWorkersAreNotBonded() external {
        Person memory other = _person("other worker");
        Settlement[] memory items = new Settlement[](4);
        for (uint256 i; i < 4; ++i) {
            JobOrder memory order = _order();
            order.nonce = i;
            if (i % 2 == 1) order.worker = other.addr;
            items[i] = _settlementOf(order, payer, i % 2 == 1 ? other : worker);
        }
        settlement.settleBatch(items);
        for (uint256 i; i < 4; ++i) {
            _expectAnchor(_rootOf(items[i]), i % 2 == 1 ? address(0) : worker.addr);
            _expectWaiting(_rootOf(items[i]), i % 2 == 1 ? other.addr : address(0), i % 2 == 1 ? 1 : 0);
        }
    }

    function test_WhenTheBatchIsEmpty() external {
        assertEq(settlement.settleBatch(new Settlement[](0)).length, 0);
        assertEq(_balance(payer.addr), FUNDS);
    }

    function test_WhenAnItemIsInTheBatchTwice() external {
        Settlement[] memory items = new Settlement[](2);
        items[0] = items[1] = _settlement(1, 1);
        bytes4[] memory failures = settlement.settleBatch(items);
        assertEq(failures[1], IGridSettlement.GridSettlement_NonceUsed.selector);
        assertEq(_balance(payer.addr), FUNDS - 1e18);
    }

    // ---------------------------------------------------------------- help

    function _incomplete(uint256 receipts, address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGridSettlement.GridSettlement_OrderIncomplete.selector, receipts, 4, caller);
    }

    /// @dev Orders under these fee configs, of which 1 has expired and 2 is current.
    function _itemsOfConfigs(uint16 first, uint16 second, uint16 third) private returns (Settlement[] memory) {
        skip(7 days);
        _appendFeeConfig(1000);
        skip(7 days);
        return _itemsWithConfigs(first, second, third);
    }

    function _itemsWithConfigs(uint16 first, uint16 second, uint16 third)
        private
        view
        returns (Settlement[] memory items)
    {
        items = new Settlement[](3);
        uint16[3] memory ids = [first, second, third];
        for (uint256 i; i < 3; ++i) {
            JobOrder memory order = _order();
            order.nonce = uint256(keccak256(abi.encode(ids, i)));
            order.feeConfigId = ids[i];
            items[i] = _settlementOf(order, payer, worker);
        }
    }
}
