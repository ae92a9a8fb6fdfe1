// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement, ReceiptOutput, Settlement, Signer} from "../../../contracts/interfaces/IGridSettlement.sol";
import {GridMessages, JobOrder, OrderClosing} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SettlementHandler} from "./SettlementHandler.sol";
import {SettlementLogBook} from "./SettlementLogBook.sol";
import {AnchorRecord, OrderRecord, SettlementStore, WaitingRecord} from "./SettlementStore.sol";

/// @notice The direct rail: orders settled whole, in parts, closed, in their payer's grace, in batches, again, after they
/// were cancelled; anchors confirmed. Workers deliver and sign all receipts of an order, and sign one
/// closing per order at most; everybody else tries what they like.
contract OrderHandler is SettlementHandler {
    constructor(SettlementStore store_, SettlementLogBook book_) SettlementHandler(store_, book_) {}

    /// @notice Off chain: a job is ordered, done and signed, to be settled at some time, or never.
    function order(uint256 seed, uint256 priceSeed) external act {
        store.addItem(abi.encode(_newItem(seed, priceSeed)));
        _done("order");
    }

    /// @notice Settles whole orders, by anybody.
    function settle(uint256 seed, uint256 priceSeed, uint256 which) external act {
        Settlement memory item = _someItem(seed, priceSeed, which);
        Books memory before = _books();
        bool used = settlement.isNonceUsed(item.order.payer, item.order.nonce);
        vm.prank(_someone(item.order, which >> 128));
        try settlement.settle(item) returns (bytes32 root) {
            if (root != _rootOf(item)) store.violate(4, "another root");
            if (used) store.violate(4, "a used nonce was settled");
            _settled(item, _total(item), false);
            _checkBooks(before, _total(item));
            _done("settle");
        } catch {
            _refused();
        }
    }

    /// @notice Settles a part of an order, by anybody, alone or in a batch beside a whole one. Only its worker may.
    function settlePart(uint256 seed, uint256 priceSeed, uint256 which) external act {
        Settlement memory item = _someItem(seed | 1 << 48, priceSeed, which); // of two images at least, when it is new
        if (item.order.count < 2) return;
        Settlement memory part = _pick(item, 1 + (which >> 16) % ((uint256(1) << item.order.count) - 2));
        address caller =
            (which >> 96) % 2 == 0 ? _workerOrKey(part.order, which >> 128) : _someone(part.order, which >> 128);
        bool may = _isLive(caller, part.order.worker, SignerRoles.WORKER_SIGNER);
        Books memory before = _books();
        (bytes4 failure, uint256 beside) = _settlePartBy(caller, part, which >> 200);
        if (failure == 0) {
            if (!may) store.violate(6, "a part was settled by somebody else than its worker");
            _settled(part, _total(part), may);
            _checkBooks(before, _total(part) + beside);
            _done("settlePart");
        } else if (failure == IGridSettlement.GridSettlement_OrderIncomplete.selector) {
            if (may) store.violate(6, "a worker's own part was refused");
            _checkBooks(before, beside);
            _done("partRefused");
        }
    }

    /// @notice Carries a closing, by anybody: its worker's, or one that isn't.
    function settleClosed(uint256 seed, uint256 priceSeed, uint256 which) external act {
        Settlement memory item = _someItem(seed, priceSeed, which);
        // A lane's order isn't settled here.
        if (item.receipts.length != item.order.count) return;
        bool right = (which >> 16) % 8 < 5;
        Settlement memory part = _pick(item, _closedWith(item, which >> 24));
        (bytes memory signature, address signer) =
            right ? _closeBy(part, part.order.worker, which >> 64) : _closeWrongly(item, part, which >> 64);
        bool genuine = right && _isLive(signer, part.order.worker, SignerRoles.WORKER_SIGNER);
        Books memory before = _books();
        vm.prank(_someone(part.order, which >> 128));
        try settlement.settleClosed(part, signature) {
            if (!genuine) store.violate(6, "an order was closed by nobody who may");
            _settled(part, _total(part), genuine);
            _checkBooks(before, _total(part));
            _done("settleClosed");
        } catch (bytes memory reason) {
            _refused();
            if (bytes4(reason) != IGridSettlement.GridSettlement_ClosingSignature.selector) return;
            if (genuine) store.violate(6, "a worker's closing was refused");
            _done("closingRefused");
        }
    }

    /// @notice Settles a part, or all, for the whole `maxPrice`, by anybody, around the bounds of the grace. Only the
    /// payer may.
    function settleInGrace(uint256 seed, uint256 priceSeed, uint256 which) external act {
        Settlement memory item = _newItem(seed, priceSeed);
        store.addItem(abi.encode(item));
        uint256 deadline = item.order.deadline;
        _wait(_aroundGrace(deadline, which));
        Settlement memory part = _pick(item, 1 + (which >> 64) % ((uint256(1) << item.order.count) - 1));
        address caller =
            (which >> 96) % 4 == 0 ? _someone(item.order, which >> 128) : _payerOrKey(item.order, which >> 128);
        bool may = _isLive(caller, item.order.payer, SignerRoles.ORDER_SIGNER);
        Books memory before = _books();
        vm.prank(caller);
        try settlement.settleInGrace(part) {
            if (!may) store.violate(6, "somebody else than the payer used the grace");
            if (block.timestamp <= deadline || block.timestamp > deadline + 900) {
                store.violate(6, "a grace before or after its time");
            }
            _paidMaxPrice(part);
            _settled(part, part.order.maxPrice, false);
            _checkBooks(before, part.order.maxPrice);
            _done("settleInGrace");
        } catch (bytes memory reason) {
            _refused();
            _countGraceRefusal(bytes4(reason), may, deadline);
        }
    }

    /// @notice Confirms anchors, by anybody: waiting ones, others, and roots that nobody knows.
    function confirmAnchor(uint256 seed) external act {
        WaitingRecord[] memory waiting = store.waiting();
        (address payer_, bytes32 root, uint256 index) = _toConfirm(waiting, seed);
        bool waits = index < waiting.length && !waiting[index].confirmed;
        bool bonded = waits && registry.isBonded(waiting[index].worker);
        Books memory before = _books();
        vm.prank(stranger);
        try settlement.confirmAnchor(payer_, root) {
            if (!bonded) store.violate(3, "an anchor was confirmed without a bond, or without waiting");
            store.confirmed(index);
            _anchoredNow(payer_, root, waiting[index].worker);
            if (!_equal(before, _books())) store.violate(2, "a confirmation moved money");
            _done("confirmAnchor");
        } catch {
            _refused();
            if (bonded) store.violate(3, "a waiting anchor of a bonded worker was refused");
            _done("confirmRefused");
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
            _settled(items[i], _total(items[i]), false);
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

    // ---------------------------------------------------------------- orders

    /// @dev A new one, or any that was signed before.
    function _someItem(uint256 seed, uint256 priceSeed, uint256 which) private returns (Settlement memory item) {
        if (which % 4 == 0 && store.itemCount() != 0) {
            return abi.decode(store.item((which / 4) % store.itemCount()), (Settlement));
        }
        item = _newItem(seed, priceSeed);
        store.addItem(abi.encode(item));
    }

    function _newItem(uint256 seed, uint256 priceSeed) private returns (Settlement memory item) {
        item.order = _newOrder(seed);
        address orderSigner_ = (seed >> 64) % 3 != 0
            ? item.order.payer
            : _signerFor(item.order.payer, SignerRoles.ORDER_SIGNER, seed >> 72);
        address receiptSigner = (seed >> 80) % 3 != 0
            ? item.order.worker
            : _signerFor(item.order.worker, SignerRoles.WORKER_SIGNER, seed >> 88);
        uint256 balance = _balance(item.order.payer);
        item.receipts = new ReceiptOutput[](item.order.count);
        uint256 total;
        for (uint32 i; i < item.receipts.length; ++i) {
            item.receipts[i] = _output(i, _amount(uint256(keccak256(abi.encode(priceSeed, i))), balance / 5));
            item.receipts[i].imageHash = keccak256(abi.encode(seed, i));
            total += item.receipts[i].price;
        }
        item.order.maxPrice = _capOf(total, priceSeed);
        item.orderSignature = _signBy(orderSigner_, _orderDigest(item.order));
        for (uint256 i; i < item.receipts.length; ++i) {
            item.receipts[i].signature = _signBy(receiptSigner, _receiptDigest(_receipt(item, i)));
        }
        bytes32 orderHash = GridMessages.hashOrder(item.order);
        OrderRecord memory record = store.orderOf(orderHash);
        record.count = item.order.count;
        store.setOrder(orderHash, record);
    }

    /// @dev Just enough, now and then a wei too little, often more.
    function _capOf(uint256 total, uint256 priceSeed) private pure returns (uint128) {
        if (priceSeed % 8 == 0 && total != 0) return uint128(total - 1);
        return uint128(priceSeed % 8 < 4 ? total + total / 5 : total);
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
            count: uint32(1 + (seed >> 48) % 4),
            maxPrice: 0,
            deadline: uint64(block.timestamp + (seed >> 52) % 2 hours),
            // A quarter of them out of few, so that nonces are used again and cancelled; on both sides of a word's end.
            nonce: 240 + (seed >> 56) % ((seed >> 120) % 4 == 0 ? 32 : 8192)
        });
    }

    // ---------------------------------------------------------------- parts

    /// @dev Its worker, its payer, their keys, other people.
    function _someone(JobOrder memory order_, uint256 seed) private view returns (address) {
        uint256 kind = seed % 9;
        seed >>= 8;
        if (kind < 2) return order_.worker;
        if (kind == 2) return _signerFor(order_.worker, SignerRoles.WORKER_SIGNER, seed);
        if (kind == 3) return order_.payer;
        if (kind == 4) return _signerFor(order_.payer, SignerRoles.ORDER_SIGNER, seed);
        if (kind == 5) return order_.requester;
        if (kind == 6) return store.worker(seed);
        if (kind == 7) return store.hotKey(seed);
        return stranger;
    }

    function _workerOrKey(JobOrder memory order_, uint256 seed) private view returns (address) {
        return seed % 2 == 0 ? order_.worker : _signerFor(order_.worker, SignerRoles.WORKER_SIGNER, seed >> 8);
    }

    function _payerOrKey(JobOrder memory order_, uint256 seed) private view returns (address) {
        return seed % 2 == 0 ? order_.payer : _signerFor(order_.payer, SignerRoles.ORDER_SIGNER, seed >> 8);
    }

    /// @dev The account itself, or a key of that role whose revocation is at most a day old.
    function _isLive(address key, address account, uint8 role) private view returns (bool) {
        if (key == account) return true;
        Signer memory signer = settlement.signerOf(key);
        if (signer.account != account || signer.role != role) return false;
        uint256 revokedAt = store.revokedAt(key);
        return revokedAt == 0 || block.timestamp <= revokedAt + 1 days;
    }

    /// @return failure 0, or the selector of the refusal.
    /// @return beside What an order beside it in a batch cost.
    function _settlePartBy(address caller, Settlement memory part, uint256 seed)
        private
        returns (bytes4 failure, uint256 beside)
    {
        if (seed % 2 == 0) {
            vm.prank(caller);
            try settlement.settle(part) {
                return (0, 0);
            } catch (bytes memory reason) {
                _refused();
                return (bytes4(reason), 0);
            }
        }
        Settlement[] memory items = new Settlement[](2);
        items[seed / 2 % 2] = part;
        Settlement memory whole = _newItem(uint256(keccak256(abi.encode(seed))), seed);
        store.addItem(abi.encode(whole));
        items[1 - seed / 2 % 2] = whole;
        vm.prank(caller);
        bytes4[] memory failures = settlement.settleBatch(items);
        if (failures[1 - seed / 2 % 2] == 0) {
            _settled(whole, _total(whole), false);
            beside = _total(whole);
        }
        failure = failures[seed / 2 % 2];
    }

    /// @dev The worker's one closing of this order: the same whenever it is asked again.
    function _closedWith(Settlement memory item, uint256 seed) private returns (uint256 closed) {
        bytes32 orderHash = GridMessages.hashOrder(item.order);
        OrderRecord memory record = store.orderOf(orderHash);
        if (record.closed != 0) return record.closed;
        record.closed = closed = 1 + seed % ((uint256(1) << item.order.count) - 1);
        store.setOrder(orderHash, record);
    }

    function _closeBy(Settlement memory part, address account, uint256 seed)
        private
        view
        returns (bytes memory signature, address signer)
    {
        signer = seed % 2 == 0 ? account : _signerFor(account, SignerRoles.WORKER_SIGNER, seed >> 8);
        signature = _signBy(signer, _digest(GridMessages.hashOrderClosing(_closing(part))));
    }

    /// @dev Signed by somebody else, or by the worker for something else.
    function _closeWrongly(Settlement memory item, Settlement memory part, uint256 seed)
        private
        view
        returns (bytes memory signature, address signer)
    {
        uint256 kind = seed % 6;
        address payer_ = item.order.payer;
        if (kind == 0 && payer_ != item.order.worker) return _closeBy(part, payer_, 0);
        if (kind == 1 && store.worker(seed >> 8) != item.order.worker) {
            return _closeBy(part, store.worker(seed >> 8), seed);
        }
        if (kind == 2) return ("", address(0));
        OrderClosing memory closing = _closing(part);
        if (kind == 3) closing.orderHash = keccak256("another order");
        else if (kind == 4) closing.receiptCount ^= 1;
        else closing.receiptsRoot = keccak256(abi.encode(closing.receiptsRoot));
        signature = _signBy(item.order.worker, _digest(GridMessages.hashOrderClosing(closing)));
        signer = address(0);
    }

    function _aroundGrace(uint256 deadline, uint256 which) private pure returns (uint256) {
        uint256 kind = which % 8;
        if (kind == 0) return deadline;
        if (kind == 1) return deadline + 901;
        if (kind == 2) return deadline + 900;
        if (kind == 3) return deadline + 1;
        return deadline + 1 + (which >> 8) % 900;
    }

    function _paidMaxPrice(Settlement memory part) private {
        bytes32 orderHash = GridMessages.hashOrder(part.order);
        OrderRecord memory record = store.orderOf(orderHash);
        record.paidMaxPrice = true;
        store.setOrder(orderHash, record);
    }

    function _countGraceRefusal(bytes4 reason, bool may, uint256 deadline) private {
        if (reason == IGridSettlement.GridSettlement_NotPayer.selector) {
            if (may) store.violate(6, "the payer was refused its grace");
            _done("graceOfOthersRefused");
        } else if (reason == IGridSettlement.GridSettlement_GraceNotBegun.selector) {
            if (block.timestamp > deadline) store.violate(6, "the grace began late");
            _done("graceBeforeRefused");
        } else if (reason == IGridSettlement.GridSettlement_OrderExpired.selector) {
            if (block.timestamp <= deadline + 900) store.violate(6, "the grace ended early");
            _done("graceAfterRefused");
        }
    }

    // ---------------------------------------------------------------- anchors

    /// @dev Mostly an anchor that waits for a worker that is bonded; else one that waits, one that doesn't, or nothing.
    function _toConfirm(WaitingRecord[] memory waiting, uint256 seed)
        private
        view
        returns (address payer_, bytes32 root, uint256 index)
    {
        index = type(uint256).max;
        uint256 kind = seed % 8;
        seed >>= 8;
        if (kind < 6 && waiting.length != 0) {
            for (uint256 i; i < waiting.length; ++i) {
                index = (seed + i) % waiting.length;
                if (!waiting[index].confirmed && (kind == 5 || registry.isBonded(waiting[index].worker))) break;
            }
            return (waiting[index].payer, waiting[index].root, index);
        }
        AnchorRecord[] memory anchors = store.anchors();
        if (kind == 6 && anchors.length != 0) {
            AnchorRecord memory anchor = anchors[seed % anchors.length];
            return (anchor.payer, anchor.root, index);
        }
        // Another account's.
        if (waiting.length != 0) return (stranger, waiting[seed % waiting.length].root, index);
        return (stranger, keccak256("unknown"), index);
    }

    function _anchoredNow(address payer_, bytes32 root, address worker_) private {
        AnchorRecord memory anchor;
        anchor.payer = payer_;
        anchor.root = root;
        (anchor.worker, anchor.time, anchor.blockNumber) = settlement.anchorOf(0, payer_, root);
        if (anchor.worker != worker_ || anchor.time != block.timestamp || anchor.blockNumber != block.number) {
            store.violate(3, "an anchor of another worker or time");
        }
        store.addAnchor(anchor);
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

    /// @param ended Whether the order's worker itself settled or closed it with these receipts.
    function _settled(Settlement memory item, uint256 paid, bool ended) private {
        JobOrder memory order_ = item.order;
        if (!settlement.isNonceUsed(order_.payer, order_.nonce)) store.violate(4, "settled, but still open");
        if (paid > order_.maxPrice || paid < _total(item)) store.violate(7, "paid above the cap, or too little");
        if (order_.laneId != 0) store.violate(4, "a lane's order was settled directly");
        if (block.timestamp > uint256(order_.deadline) + 15 minutes) store.violate(7, "settled too late");
        store.settled(order_.payer, order_.nonce);
        for (uint256 i; i < item.receipts.length; ++i) {
            store.credited(_receiptDigest(_receipt(item, i)));
        }
        _checkKeys(item);
        _recordOrder(item, ended);
        _recordAnchor(item);
    }

    function _recordOrder(Settlement memory item, bool ended) private {
        bytes32 orderHash = GridMessages.hashOrder(item.order);
        OrderRecord memory record = store.orderOf(orderHash);
        record.paid = uint32(item.receipts.length);
        record.ended = ended;
        store.setOrder(orderHash, record);
    }

    function _recordAnchor(Settlement memory item) private {
        JobOrder memory order_ = item.order;
        bytes32 root = _rootOf(item);
        if (registry.isBonded(order_.worker)) {
            _anchoredNow(order_.payer, root, order_.worker);
            return;
        }
        (address by,,) = settlement.anchorOf(0, order_.payer, root);
        if (by != address(0)) store.violate(3, "an unbonded worker's receipts were anchored");
        store.addWaiting(
            WaitingRecord({
                payer: order_.payer,
                root: root,
                worker: order_.worker,
                count: uint32(item.receipts.length),
                confirmed: false
            })
        );
        _done("anchorWaits");
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
