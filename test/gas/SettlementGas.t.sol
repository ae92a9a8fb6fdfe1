// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Settlement} from "../../contracts/interfaces/IGridSettlement.sol";
import {JobOrder, LaneConfig, Voucher} from "../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../contracts/settlement/SignerRoles.sol";
import {Body} from "../utils/NftBody.sol";
import {NftGridBase} from "../utils/NftGridBase.sol";
import {SettlementBase} from "../utils/SettlementBase.sol";

/// @notice What paying costs, in a steady state: everybody has been paid before, so that balances are not zero.
/// Whole transactions: run with `--isolate`.
contract SettlementGas is SettlementBase {
    string private constant GROUP = "settlement";

    LaneConfig private _config;
    bytes32 private _lane;

    function setUp() public override {
        super.setUp();
        _bond(worker.addr, BOND);
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        _addSigner(payer.addr, orderSigner, SignerRoles.ORDER_SIGNER);
        _addSigner(worker.addr, workerSigner, SignerRoles.WORKER_SIGNER);
        _deposit(payer.addr, FUNDS);

        _config = _laneConfig();
        _config.payerSigner = payerSigner.addr;
        _lane = _open(_config, FUNDS);
        _pay(1e18 + 12_345, keccak256("first"));
        settlement.settle(_settlement(1, 0));
    }

    function test_LaneCollect() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 25e18 + 98_765_432_101, keccak256("root"));
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        vm.prank(worker.addr);
        settlement.collect(_config, voucher, signature, "");
        vm.snapshotGasLastCall(GROUP, "lane collect, one model with royalty, anchoring a root, by the worker");
    }

    function test_LaneCollectOfOwnKey() external {
        LaneConfig memory config = _laneConfig();
        bytes32 laneId = _open(config, FUNDS);
        Voucher memory voucher = _voucher(laneId, MODEL, 1e18 + 12_345, keccak256("first"));
        _collect(config, voucher);
        voucher = _voucher(laneId, MODEL, 25e18 + 98_765_432_101, keccak256("root"));
        _collect(config, voucher);
        vm.snapshotGasLastCall(GROUP, "lane collect, one model with royalty, anchoring a root, payer's own key");
    }

    function test_LaneCollectByHotKey() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 25e18 + 98_765_432_101, keccak256("root"));
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        vm.prank(workerSigner.addr);
        settlement.collect(_config, voucher, signature, "");
        vm.snapshotGasLastCall(GROUP, "lane collect, one model with royalty, anchoring a root, by the worker's hot key");
    }

    function test_LaneCollectCarried() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 25e18 + 98_765_432_101, keccak256("root"));
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        bytes memory counter = _sign(workerSigner, _voucherDigest(voucher));
        vm.prank(stranger);
        settlement.collect(_config, voucher, signature, counter);
        vm.snapshotGasLastCall(GROUP, "lane collect, one model with royalty, anchoring a root, carried by anyone");
    }

    function test_LaneCollectWithoutRoot() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 25e18 + 98_765_432_101, 0);
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        vm.prank(worker.addr);
        settlement.collect(_config, voucher, signature, "");
        vm.snapshotGasLastCall(GROUP, "lane collect, one model with royalty, no root, by the worker");
    }

    function test_DirectSettle() external {
        settlement.settle(_settlement(1, 1));
        vm.snapshotGasLastCall(GROUP, "direct settle of 1 job, with royalty, cold keys");
    }

    function test_DirectSettleHotKeys() external {
        JobOrder memory order = _order();
        settlement.settle(_settlementOf(order, orderSigner, workerSigner));
        vm.snapshotGasLastCall(GROUP, "direct settle of 1 job, with royalty, hot keys");
    }

    function test_DirectSettleOfTen() external {
        settlement.settle(_settlement(10, 1));
        vm.snapshotGasLastCall(GROUP, "direct settle of 1 order of 10 images");
    }

    function test_DirectSettleClosed() external {
        Settlement memory part = _pick(_orderOfFour(1), 1);
        bytes memory closing = _signClosing(_closing(part), worker);
        vm.prank(stranger);
        settlement.settleClosed(part, closing);
        vm.snapshotGasLastCall(GROUP, "direct settle of 1 job of 4, closed by its worker");
    }

    function test_DirectSettleInGrace() external {
        Settlement memory part = _pick(_orderOfFour(1), 1);
        vm.warp(part.order.deadline + 1);
        vm.prank(payer.addr);
        settlement.settleInGrace(part);
        vm.snapshotGasLastCall(GROUP, "direct settle of 1 job of 4, by its payer in the grace");
    }

    function test_DirectConfirmAnchor() external {
        vm.prank(worker.addr);
        registry.announceUnbond(BOND);
        bytes32 root = settlement.settle(_settlement(1, 1));
        vm.prank(worker.addr);
        registry.cancelUnbond();
        vm.prank(stranger);
        settlement.confirmAnchor(payer.addr, root);
        vm.snapshotGasLastCall(GROUP, "confirm a waiting anchor");
    }

    function test_DirectBatch() external {
        Settlement[] memory items = new Settlement[](100);
        for (uint256 i; i < 100; ++i) {
            items[i] = _settlement(1, 1 + i);
        }
        settlement.settleBatch(items);
        vm.snapshotGasLastCall(GROUP, "direct settle of 100 jobs in a batch, one payer");
    }

    function test_DirectBatchOfManyPayers() external {
        Settlement[] memory items = new Settlement[](100);
        for (uint256 i; i < 100; ++i) {
            Person memory each = _person(vm.toString(i));
            _deposit(each.addr, FUNDS);
            JobOrder memory order = _order();
            order.payer = order.requester = each.addr;
            order.nonce = 0;
            settlement.settle(_settlementOf(order, each, worker));
            order.nonce = 1;
            items[i] = _settlementOf(order, each, worker);
        }
        settlement.settleBatch(items);
        vm.snapshotGasLastCall(GROUP, "direct settle of 100 jobs in a batch, 100 payers");
    }

    function _pay(uint128 cumulative, bytes32 root) private {
        Voucher memory voucher = _voucher(_lane, MODEL, cumulative, root);
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        vm.prank(worker.addr);
        settlement.collect(_config, voucher, signature, "");
    }
}

/// @notice The first direct settlement of a model within an hour asks AIGC, the real one behind its proxy.
contract SettlementColdRateGas is NftGridBase {
    function test_DirectSettleColdRate() external {
        Body memory body = _body(_prompts("a picture"));
        settlement.settle(_order(body, 0));
        skip(settlement.ROYALTY_LIFE());
        body.artworks[0].completedAt = uint40(block.timestamp);
        Settlement memory item = _order(body, 1);
        settlement.settle(item);
        vm.snapshotGasLastCall("settlement", "direct settle of 1 job, with royalty, cold rate from AIGC");
    }
}
