// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AnchorProof, Settlement, Signer} from "../../../contracts/interfaces/IGridSettlement.sol";
import {GridMessages, JobReceipt} from "../../../contracts/libraries/GridMessages.sol";
import {SignerRoles} from "../../../contracts/libraries/SignerRoles.sol";
import {SettlementHandler} from "./SettlementHandler.sol";
import {SettlementLogBook} from "./SettlementLogBook.sol";
import {SettlementStore} from "./SettlementStore.sol";

/// @notice Workers' faults, reported by two signatures, or by an anchor and a signature.
contract FaultHandler is SettlementHandler {
    /// @dev An order whose receipts may be anchored.
    struct Known {
        uint256 item;
        bytes32 laneId;
        address payer;
        address worker;
        bytes32 root;
    }

    /// @dev A report of an anchored receipt and one that `key` signed, and what there is to know of it.
    struct Report {
        JobReceipt a;
        JobReceipt b;
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
        bytes memory signature = _signBy(report.key, _receiptDigest(report.b));
        uint256 owed = store.owedFor(_faultKey(report.a), report.peak);
        AnchorProof memory none;
        bool ok;
        uint128 slashed;
        vm.prank(report.caller);
        if (how % 2 == 0) {
            try settlement.slashAnchored(report.a, "", report.proof, report.b, signature, none) returns (
                uint128 amount
            ) {
                (ok, slashed) = (true, amount);
            } catch {
                _refused();
            }
        } else {
            try settlement.slashAnchored(report.b, signature, none, report.a, "", report.proof) returns (
                uint128 amount
            ) {
                (ok, slashed) = (true, amount);
            } catch {
                _refused();
            }
        }
        bool due = _isDue(report) && owed != 0 && report.stake != 0;
        if (ok != due) store.violate(8, ok ? "a dead key or an old anchor burned a bond" : "a report was refused");
        if (!ok) return;
        if (report.stake - registry.stakeOf(report.a.worker) != slashed) {
            store.violate(11, "slashed by another amount");
        }
        if (registry.totalRewards() != report.rewards) store.violate(11, "a report of an anchor was paid");
        store.faultSlashed(_faultKey(report.a), slashed, report.stake, report.peak);
        _done("slashAnchored");
    }

    /// @dev Returns whether the report counts, by the rule alone.
    function _isDue(Report memory report) private view returns (bool) {
        bool anchored = report.anchoredAt != 0 && block.timestamp < report.anchoredAt + 14 days;
        return anchored && (report.key == report.a.worker || block.timestamp <= store.revokedAt(report.key) + 1 days);
    }

    function _choose(uint256 seed, uint256 how) private returns (bool, Report memory report) {
        for (uint256 i; i < 40; ++i) {
            Known memory known = _known[(seed % 1e9 + i) % _known.length];
            (, report.anchoredAt,) = settlement.anchorOf(known.laneId, known.payer, known.root);
            // Seldom without an anchor, or with one that is long past.
            bool fresh = report.anchoredAt != 0 && block.timestamp <= report.anchoredAt + 14 days;
            if (!fresh && (how >> 8) % 16 != 0) continue;
            report.key = known.worker;
            if ((seed >> 128) % 4 == 0) {
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
        return (false, report);
    }

    function _fill(Report memory report, Known memory known, uint256 how) private {
        uint256 edge = how % 16;
        if (edge < 2 && report.anchoredAt != 0) _wait(report.anchoredAt + 14 days - 1 + edge);
        else if (edge < 6 && report.key != known.worker) _wait(store.revokedAt(report.key) + 1 days - 2 + edge % 4);
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
        report.caller = [stranger, known.worker, known.payer, requester.addr][how % 4];
        report.stake = registry.stakeOf(known.worker);
        report.rewards = registry.totalRewards();
        report.peak = registry.peakMinBond();
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
