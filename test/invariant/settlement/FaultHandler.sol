// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AnchorProof, IGridSettlement, Settlement, Signer} from "../../../contracts/interfaces/IGridSettlement.sol";
import {GridMessages, JobReceipt} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SettlementHandler} from "./SettlementHandler.sol";
import {SettlementLogBook} from "./SettlementLogBook.sol";
import {SettlementStore} from "./SettlementStore.sol";

/// @notice Workers' faults, reported by two signatures, or by an anchor and a signature of a key that counts or is dead.
contract FaultHandler is SettlementHandler {
    /// @dev An order whose receipts may be anchored.
    struct Known {
        uint256 item;
        bytes32 laneId;
        address payer;
        address worker;
        bytes32 root;
    }

    /// @dev A report of a receipt `a` that may be anchored, signed by `keyA`, and `b`, signed by `key`.
    struct Report {
        JobReceipt a;
        JobReceipt b;
        address keyA;
        address key;
        AnchorProof proof;
        address caller;
        uint256 anchoredAt;
        uint256 stake;
        uint256 rewards;
        uint256 peak;
    }

    Known[] private _known;
    uint256 private _read;

    constructor(SettlementStore store_, SettlementLogBook book_) SettlementHandler(store_, book_) {}

    /// @notice Two images for one job, out of a small set of jobs so that faults are reported twice, too.
    function slashEquivocation(uint256 who, uint256 seed) external act {
        JobReceipt memory a;
        a.worker = store.worker(who);
        a.orderHash = keccak256(abi.encode("job", seed % 8));
        a.imageHash = keccak256("a picture");
        JobReceipt memory b = _copy(a);
        if (seed % 9 != 0) b.imageHash = keccak256("another picture");
        address key = _signerFor(a.worker, SignerRoles.WORKER_SIGNER, seed >> 8);
        bytes memory signatureA = _signBy(a.worker, _receiptDigest(a));
        bytes memory signatureB = _signBy(key, _receiptDigest(b));
        uint256 stake = registry.stakeOf(a.worker);
        uint256 peak = registry.peakMinBond();
        uint256 rewards = registry.totalRewards();
        vm.prank(seed % 2 == 0 ? stranger : a.worker);
        try settlement.slashEquivocation(a, signatureA, b, signatureB) returns (uint128 slashed) {
            if (a.imageHash == b.imageHash) store.violate(4, "slashed without a fault");
            if (key != a.worker && store.revokedAt(key) != 0 && block.timestamp > store.revokedAt(key) + 1 days) {
                store.violate(8, "a dead key burned a bond");
            }
            if (stake - registry.stakeOf(a.worker) != slashed) store.violate(11, "slashed by another amount");
            if (registry.totalRewards() - rewards != slashed / 5) store.violate(11, "another share");
            store.faultSlashed(_faultKey(a), slashed, stake, peak);
            _done("slashEquivocation");
        } catch {
            _refused();
        }
    }

    /// @notice The evader, the thief of a dead key, and everything between: a receipt that may be anchored, another for the
    /// same job by the worker itself or by a revoked key, before, on and after each edge.
    function slashAnchored(uint256 seed, uint256 how) external act {
        _learn();
        if (_known.length == 0) return;
        (bool found, Report memory report) = _choose(seed, how);
        if (!found) return;
        uint256 owed = store.owedFor(_faultKey(report.a), report.peak);
        (bool ok, uint128 slashed, bytes4 reason) = _send(report, how % 2 == 0);
        bool isDead = _isAnchored(report) && !_isLive(report);
        bool due = _isAnchored(report) && (_isLive(report) || _isExposed(report)) && owed != 0 && report.stake != 0;
        if (ok != due) store.violate(8, ok ? "a dead key or an old anchor burned a bond" : "a report was refused");
        if (isDead) _noteDead(report, reason);
        if (!ok) return;
        if (report.stake - registry.stakeOf(report.a.worker) != slashed) {
            store.violate(11, "slashed by another amount");
        }
        if (registry.totalRewards() != report.rewards) store.violate(11, "a report of an anchor was paid");
        store.faultSlashed(_faultKey(report.a), slashed, report.stake, report.peak);
        _done("slashAnchored");
    }

    function _send(Report memory report, bool anchoredFirst) private returns (bool, uint128, bytes4) {
        bytes memory signatureA = _signBy(report.keyA, _receiptDigest(report.a));
        bytes memory signatureB = _signBy(report.key, _receiptDigest(report.b));
        AnchorProof memory none;
        bytes memory call = anchoredFirst
            ? abi.encodeCall(settlement.slashAnchored, (report.a, signatureA, report.proof, report.b, signatureB, none))
            : abi.encodeCall(settlement.slashAnchored, (report.b, signatureB, none, report.a, signatureA, report.proof));
        vm.prank(report.caller);
        (bool ok, bytes memory answer) = address(settlement).call(call);
        if (ok) return (true, abi.decode(answer, (uint128)), 0);
        _refused();
        return (false, 0, bytes4(answer));
    }

    /// @dev Notes the outcomes that a long history must reach.
    function _noteDead(Report memory report, bytes4 reason) private {
        if (reason == 0) {
            _done(report.caller == report.proof.payer ? bytes32("exposedByPayer") : bytes32("exposedByRequester"));
        }
        if (reason == IGridSettlement.GridSettlement_SignerNotExposed.selector) _done("unexposedRefused");
        if (reason == IGridSettlement.GridSettlement_NotConcerned.selector) _done("unconcernedRefused");
    }

    // ---------------------------------------------------------------- the rule alone

    function _isAnchored(Report memory report) private view returns (bool) {
        return report.anchoredAt != 0 && block.timestamp < report.anchoredAt + 14 days;
    }

    function _isLive(Report memory report) private view returns (bool) {
        return report.key == report.a.worker || block.timestamp <= store.revokedAt(report.key) + 1 days;
    }

    /// @dev Returns whether an anchored receipt lets one of a dead key count.
    function _isExposed(Report memory report) private view returns (bool) {
        uint256 revokedAt = store.revokedAt(report.key);
        bool inTime = report.anchoredAt <= revokedAt + 1 days && block.timestamp < revokedAt + 14 days;
        bool isPayer = report.proof.laneId == 0 && report.caller == report.proof.payer;
        return inTime && report.keyA == report.key && (isPayer || report.caller == report.a.requester);
    }

    // ---------------------------------------------------------------- choosing

    function _choose(uint256 seed, uint256 how) private returns (bool, Report memory report) {
        (bool found, Known memory known) = _find(seed, how);
        if (!found) return (false, report);
        (, report.anchoredAt,) = settlement.anchorOf(known.laneId, known.payer, known.root);
        report.key = known.worker;
        if ((seed >> 128) % 4 != 0) {
            report.key = _revokedKeyOf(known.worker, seed >> 64);
            if (report.key == address(0)) {
                // The worker signs with a key of this moment, and revokes it at once.
                report.key = _spareKey(known.worker, SignerRoles.WORKER_SIGNER);
                _revoke(known.worker, report.key);
                _flush();
            }
        }
        _fill(report, known, how >> 16);
        return (true, report);
    }

    /// @dev The newest first: what is anchored is seldom older. Half the time one of a lane, if there is one.
    function _find(uint256 seed, uint256 how) private view returns (bool found, Known memory known) {
        for (uint256 i; i < _known.length; ++i) {
            Known memory next = _known[_known.length - 1 - (seed % 8 + i) % _known.length];
            (, uint256 anchoredAt,) = settlement.anchorOf(next.laneId, next.payer, next.root);
            // Seldom without an anchor, or with one that is long past.
            bool fresh = anchoredAt != 0 && block.timestamp <= anchoredAt + 14 days;
            if (!fresh && (how >> 8) % 16 != 0) continue;
            if (next.laneId != 0 || (how >> 12) % 2 == 0) return (true, next);
            if (!found) (found, known) = (true, next);
        }
    }

    function _fill(Report memory report, Known memory known, uint256 how) private {
        uint256 edge = how % 16;
        if (edge < 2 && report.anchoredAt != 0) _wait(report.anchoredAt + 14 days - 1 + edge);
        else if (report.key != known.worker) _waitForKey(store.revokedAt(report.key), edge);
        how >>= 8;
        Settlement memory item = abi.decode(store.item(known.item), (Settlement));
        uint256 index = how % item.receipts.length;
        bytes32[] memory leaves = new bytes32[](item.receipts.length);
        for (uint256 i; i < leaves.length; ++i) {
            leaves[i] = GridMessages.leafOf(_receiptDigest(_receipt(item, i)));
        }
        report.a = _receipt(item, index);
        report.b = _copy(report.a);
        report.b.imageHash = keccak256("a contradiction");
        report.b.requester = stranger;
        report.proof = AnchorProof({laneId: known.laneId, payer: known.payer, proof: _proofOf(leaves, index)});
        how >>= 8;
        report.keyA = how % 6 == 0 ? known.worker : report.key;
        how >>= 8;
        report.caller = [stranger, known.worker, known.payer, known.payer, requester.addr, requester.addr][how % 6];
        report.stake = registry.stakeOf(known.worker);
        report.rewards = registry.totalRewards();
        report.peak = registry.peakMinBond();
    }

    /// @dev Before, on and after the ends of a revoked key's time.
    function _waitForKey(uint256 revokedAt, uint256 edge) private {
        if (edge < 6) _wait(revokedAt + 1 days - 2 + edge % 4);
        else if (edge < 8) _wait(revokedAt + 14 days - 7 + edge);
        else if (edge < 15) _wait(revokedAt + 1 days + 1);
    }

    function _revokedKeyOf(address account, uint256 seed) private view returns (address) {
        address[] memory hotKeys = store.hotKeys();
        for (uint256 i; i < hotKeys.length; ++i) {
            address key = hotKeys[(i + seed % hotKeys.length) % hotKeys.length];
            Signer memory signer = settlement.signerOf(key);
            if (signer.account != account || signer.role != SignerRoles.WORKER_SIGNER) continue;
            if (store.revokedAt(key) != 0 && block.timestamp <= store.revokedAt(key) + 14 days + 1) return key;
        }
        return address(0);
    }

    /// @dev Orders that are new since the last report.
    function _learn() private {
        for (; _read < store.itemCount(); ++_read) {
            Settlement memory item = abi.decode(store.item(_read), (Settlement));
            _known.push(Known(_read, item.order.laneId, item.order.payer, item.order.worker, _rootOf(item)));
        }
    }

    function _faultKey(JobReceipt memory receipt) private pure returns (bytes32) {
        return keccak256(abi.encode(receipt.worker, receipt.orderHash, receipt.index));
    }

    function _copy(JobReceipt memory receipt) private pure returns (JobReceipt memory) {
        return abi.decode(abi.encode(receipt), (JobReceipt));
    }
}
