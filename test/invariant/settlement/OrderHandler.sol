// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReceiptOutput, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {JobOrder, JobReceipt} from "../../../contracts/libraries/GridMessages.sol";
import {SignerRoles} from "../../../contracts/libraries/SignerRoles.sol";
import {SettlementHandler} from "./SettlementHandler.sol";
import {SettlementLogBook} from "./SettlementLogBook.sol";
import {AnchorRecord, SettlementStore} from "./SettlementStore.sol";

/// @notice The direct rail: orders settled alone, in batches, again, after they were cancelled; and faults reported.
contract OrderHandler is SettlementHandler {
    constructor(SettlementStore store_, SettlementLogBook book_) SettlementHandler(store_, book_) {}

    /// @notice Off chain: a job is ordered, done and signed, to be settled at some time, or never.
    function order(uint256 seed, uint256 priceSeed) external act {
        store.addItem(abi.encode(_newItem(seed, priceSeed)));
        _done("order");
    }

    function settle(uint256 seed, uint256 priceSeed, uint256 which) external act {
        Settlement memory item;
        if (which % 3 == 0 && store.itemCount() != 0) {
            item = abi.decode(store.item((which / 3) % store.itemCount()), (Settlement));
        } else {
            item = _newItem(seed, priceSeed);
            store.addItem(abi.encode(item));
        }
        Books memory before = _books();
        bool used = settlement.isNonceUsed(item.order.payer, item.order.nonce);
        vm.prank(stranger);
        try settlement.settle(item) returns (bytes32 root) {
            if (root != _rootOf(item)) store.violate(4, "another root");
            if (used) store.violate(4, "a used nonce was settled");
            _settled(item);
            _checkBooks(before, _total(item));
            _done("settle");
        } catch {
            _refused();
        }
    }

    function settleBatch(uint256 seed, uint256 priceSeed) external act {
        Settlement[] memory items = new Settlement[](3);
        items[0] = _newItem(seed, priceSeed);
        items[1] =
            store.itemCount() == 0 ? items[0] : abi.decode(store.item(priceSeed % store.itemCount()), (Settlement));
        items[2] = seed % 2 == 0 ? items[0] : _newItem(uint256(keccak256(abi.encode(seed))), priceSeed);
        store.addItem(abi.encode(items[0]));
        store.addItem(abi.encode(items[2]));

        Books memory before = _books();
        vm.prank(stranger);
        bytes4[] memory failures = settlement.settleBatch(items);
        uint256 total;
        for (uint256 i; i < items.length; ++i) {
            if (failures[i] != 0) continue;
            _settled(items[i]);
            total += _total(items[i]);
            _done("settleInBatch");
        }
        _checkBooks(before, total);
    }

    function announceCancel(uint256 who, uint256 nonceSeed) external act {
        address account = store.payer(who);
        vm.prank(account);
        settlement.announceCancel(_nonces(nonceSeed));
        _done("announceCancel");
    }

    function cancelOrders(uint256 who, uint256 nonceSeed) external act {
        address account = store.payer(who);
        uint256[] memory nonces = _nonces(nonceSeed);
        // Mostly one that was announced.
        for (uint256 i; i < 32 && settlement.cancelReadyAt(account, nonces[0]) == 0; ++i) {
            nonces[0] = 240 + (nonces[0] - 239) % 32;
        }
        uint256 readyAt = settlement.cancelReadyAt(account, nonces[0]);
        if ((nonceSeed >> 128) % 3 == 0 && readyAt != 0) _wait(readyAt - (nonceSeed >> 136) % 2);
        vm.prank(stranger);
        try settlement.cancelOrders(account, nonces) {
            if (readyAt == 0 || block.timestamp < readyAt) store.violate(5, "cancelled without notice");
            if (!settlement.isNonceUsed(account, nonces[0])) store.violate(4, "cancelled, but still open");
            _done("cancelOrders");
        } catch {
            _refused();
        }
    }

    /// @notice Two images for one job, out of a small set of jobs so that faults are reported twice, too.
    function slashEquivocation(uint256 who, uint256 seed) external act {
        JobReceipt memory a;
        a.worker = store.worker(who);
        a.orderHash = keccak256(abi.encode("job", seed % 8));
        a.imageHash = keccak256("a picture");
        JobReceipt memory b = abi.decode(abi.encode(a), (JobReceipt));
        if (seed % 9 != 0) b.imageHash = keccak256("another picture");
        address key = _signerFor(a.worker, SignerRoles.WORKER_SIGNER, seed >> 8);
        bytes memory signatureA = _signBy(a.worker, _receiptDigest(a));
        bytes memory signatureB = _signBy(key, _receiptDigest(b));
        bool before = settlement.isSlashed(a.worker, a.orderHash, a.index);
        uint256 stake = registry.stakeOf(a.worker);
        vm.prank(seed % 2 == 0 ? stranger : a.worker);
        try settlement.slashEquivocation(a, signatureA, b, signatureB) returns (uint128 slashed) {
            if (before) store.violate(4, "one fault was slashed twice");
            if (a.imageHash == b.imageHash) store.violate(4, "slashed without a fault");
            if (slashed > registry.minBond() || stake - registry.stakeOf(a.worker) != slashed) {
                store.violate(11, "slashed by another amount");
            }
            _done("slashEquivocation");
        } catch {
            _refused();
        }
    }

    function _newItem(uint256 seed, uint256 priceSeed) private view returns (Settlement memory item) {
        item.order = _newOrder(seed);
        address orderSigner_ = (seed >> 64) % 3 == 0
            ? item.order.payer
            : _signerFor(item.order.payer, SignerRoles.ORDER_SIGNER, seed >> 72);
        address receiptSigner = (seed >> 80) % 3 == 0
            ? item.order.worker
            : _signerFor(item.order.worker, SignerRoles.WORKER_SIGNER, seed >> 88);
        uint256 balance = _balance(item.order.payer);
        item.receipts = new ReceiptOutput[](1 + (seed >> 96) % item.order.count);
        uint256 total;
        for (uint32 i; i < item.receipts.length; ++i) {
            item.receipts[i] = _output(i, _amount(uint256(keccak256(abi.encode(priceSeed, i))), balance / 4));
            item.receipts[i].imageHash = keccak256(abi.encode(seed, i));
            total += item.receipts[i].price;
        }
        item.order.maxPrice = uint128(priceSeed % 8 == 0 && total != 0 ? total - 1 : total);
        item.orderSignature = _signBy(orderSigner_, _orderDigest(item.order));
        for (uint256 i; i < item.receipts.length; ++i) {
            item.receipts[i].signature = _signBy(receiptSigner, _receiptDigest(_receipt(item, i)));
        }
    }

    function _newOrder(uint256 seed) private view returns (JobOrder memory) {
        return JobOrder({
            requester: requester.addr,
            payer: seed % 5 == 0 ? store.worker(seed >> 8) : store.payer(seed >> 8),
            worker: store.worker(seed >> 16),
            laneId: (seed >> 24) % 12 == 0 ? bytes32(uint256(1)) : bytes32(0),
            feeConfigId: settlement.currentFeeConfigId() - uint16((seed >> 32) % 8 == 0 ? 1 : 0),
            modelId: 1 + (seed >> 40) % store.MODEL_COUNT(),
            requestHash: keccak256("request"),
            count: uint32(1 + (seed >> 48) % 3),
            maxPrice: 0,
            deadline: uint64(block.timestamp + (seed >> 52) % 2 hours),
            nonce: 240 + (seed >> 56) % 32
        });
    }

    function _nonces(uint256 seed) private pure returns (uint256[] memory nonces) {
        nonces = new uint256[](1 + seed % 2);
        nonces[0] = 240 + (seed >> 8) % 32;
        if (nonces.length == 2) nonces[1] = nonces[0];
    }

    function _total(Settlement memory item) private pure returns (uint256 total) {
        for (uint256 i; i < item.receipts.length; ++i) {
            total += item.receipts[i].price;
        }
    }

    function _checkBooks(Books memory before, uint256 total) private {
        Books memory afterwards = _books();
        if (before.lanes != afterwards.lanes) store.violate(2, "a direct order touched a lane");
        if (before.accounts - afterwards.accounts != total) store.violate(6, "an order was consumed for less");
        if (_credits(afterwards) - _credits(before) != total) store.violate(2, "debit and credits of an order differ");
    }

    function _settled(Settlement memory item) private {
        JobOrder memory order_ = item.order;
        if (!settlement.isNonceUsed(order_.payer, order_.nonce)) store.violate(4, "settled, but still open");
        if (_total(item) > order_.maxPrice) store.violate(7, "paid above the cap");
        if (order_.laneId != 0) store.violate(4, "a lane's order was settled directly");
        if (block.timestamp > uint256(order_.deadline) + 15 minutes) store.violate(7, "settled too late");
        store.settled(order_.payer, order_.nonce);
        for (uint256 i; i < item.receipts.length; ++i) {
            store.credited(_receiptDigest(_receipt(item, i)));
        }
        _checkKeys(item);
        AnchorRecord memory anchor;
        anchor.payer = order_.payer;
        anchor.root = _rootOf(item);
        (anchor.worker, anchor.time, anchor.blockNumber) = settlement.anchorOf(0, anchor.payer, anchor.root);
        if ((anchor.worker != address(0)) != registry.isBonded(order_.worker)) {
            store.violate(3, "anchor and bond differ");
        }
        if (anchor.worker != address(0)) store.addAnchor(anchor);
    }

    function _checkKeys(Settlement memory item) private {
        address key = _recovered(_orderDigest(item.order), item.orderSignature);
        uint256 revokedAt = store.revokedAt(key);
        if (key != item.order.payer && revokedAt != 0 && block.timestamp > revokedAt + 1 days) {
            store.violate(8, "a dead key's order was settled");
        }
        key = _recovered(_receiptDigest(_receipt(item, 0)), item.receipts[0].signature);
        revokedAt = store.revokedAt(key);
        if (key != item.order.worker && revokedAt != 0 && block.timestamp > revokedAt + 1 days) {
            store.violate(8, "a dead worker key's receipt was settled");
        }
    }

    function _recovered(bytes32 digest, bytes memory signature) private pure returns (address) {
        bytes32 r;
        bytes32 s;
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
        }
        return ecrecover(digest, uint8(signature[64]), r, s);
    }
}
