// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement, ReceiptOutput, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {GridMessages, ModelTotal, Voucher} from "../../../contracts/messages/GridMessages.sol";
import {LaneHandler} from "./LaneHandler.sol";
import {SettlementLogBook} from "./SettlementLogBook.sol";
import {LaneRecord, Paper, SettlementStore} from "./SettlementStore.sol";

/// @notice Orders of a lane: paid by a voucher whose root holds their receipts, and tried on the direct rail as well.
contract LaneOrderHandler is LaneHandler {
    constructor(SettlementStore store_, SettlementLogBook book_) LaneHandler(store_, book_) {}

    /// @notice The voucher goes to the other paper, to be collected some time; the order to the other orders, to be
    /// settled again and again; and at once everybody tries the direct rail with what was signed for the lane.
    function orderOnLane(uint256 laneSeed, uint256 seed, uint256 priceSeed) external act {
        (uint256 index, LaneRecord memory lane) = _someLane(laneSeed);
        if (lane.config.kind != GridMessages.LANE_WORK) return;
        Settlement memory item = _itemOf(lane, seed, priceSeed);
        store.addItem(abi.encode(item));
        _promise(index, lane, item);

        Books memory before = _books();
        _refuses(
            item,
            IGridSettlement.GridSettlement_OrderOfLane.selector,
            "laneOrderRefused",
            "a lane's order was settled directly"
        );
        item.order.laneId = 0;
        _refuses(
            item,
            IGridSettlement.GridSettlement_OrderSignature.selector,
            "laneOrderAlteredRefused",
            "an order of a lane passed as a direct one"
        );
        // The payer is in it, too: then the worker's receipts are of another order.
        item.orderSignature = _signBy(item.order.payer, _orderDigest(item.order));
        _refuses(
            item,
            IGridSettlement.GridSettlement_ReceiptSignature.selector,
            "laneReceiptsRefused",
            "a lane's receipts were settled directly"
        );
        if (!_equal(before, _books())) store.violate(4, "a lane's order moved money on the direct rail");
        _done("orderOnLane");
    }

    function _itemOf(LaneRecord memory lane, uint256 seed, uint256 priceSeed)
        private
        view
        returns (Settlement memory item)
    {
        item.order.requester = requester.addr;
        item.order.payer = lane.config.payer;
        item.order.worker = lane.config.worker;
        item.order.laneId = lane.id;
        item.order.feeConfigId = settlement.currentFeeConfigId();
        item.order.modelId = 1 + seed % store.MODEL_COUNT();
        item.order.requestHash = keccak256("request");
        item.order.count = uint32(1 + (seed >> 8) % 3);
        item.order.deadline = uint64(block.timestamp + 1 hours);
        item.order.nonce = 300 + (seed >> 16) % 1000;
        item.receipts = new ReceiptOutput[](item.order.count);
        uint256 each = settlement.laneOf(lane.id).free / 12;
        for (uint32 i; i < item.receipts.length; ++i) {
            item.receipts[i] = _output(i, _amount(uint256(keccak256(abi.encode(priceSeed, i))), each));
            item.receipts[i].imageHash = keccak256(abi.encode(seed, i));
            item.order.maxPrice += item.receipts[i].price;
        }
        item.orderSignature = _signBy(item.order.payer, _orderDigest(item.order));
        for (uint256 i; i < item.receipts.length; ++i) {
            item.receipts[i].signature = _signBy(item.order.worker, _receiptDigest(_receipt(item, i)));
        }
    }

    function _promise(uint256 index, LaneRecord memory lane, Settlement memory item) private {
        Voucher memory voucher;
        voucher.laneId = lane.id;
        voucher.receiptsRoot = _rootOf(item);
        voucher.receiptCount = uint32(item.receipts.length);
        voucher.totals = new ModelTotal[](1);
        voucher.totals[0] = ModelTotal({
            modelId: item.order.modelId, cumulative: _promised(index, lane.id, item.order.modelId) + item.order.maxPrice
        });
        for (uint256 i; i < item.receipts.length; ++i) {
            store.addReceiptOfRoot(voucher.receiptsRoot, _receiptDigest(_receipt(item, i)));
        }
        store.addPaper(
            Paper({
                lane: index,
                voucher: abi.encode(voucher),
                signature: _signBy(lane.config.payerSigner, _voucherDigest(voucher)),
                accepted: _accept(index, lane, voucher)
            })
        );
    }

    /// @dev For just that reason; counted, so that the attempt isn't refused for another one for ever.
    function _refuses(Settlement memory item, bytes4 reason, bytes32 name, string memory what) private {
        try settlement.settle(item) {
            store.violate(4, what);
        } catch (bytes memory failure) {
            _refused();
            if (bytes4(failure) == reason) _done(name);
        }
    }
}
