// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AnchorProof, Settlement, Signer} from "../../../contracts/interfaces/IGridSettlement.sol";
import {GridMessages, JobReceipt} from "../../../contracts/libraries/GridMessages.sol";
import {SignerRoles} from "../../../contracts/libraries/SignerRoles.sol";
import {SettlementHandler} from "./SettlementHandler.sol";
import {SettlementLogBook} from "./SettlementLogBook.sol";
import {SettlementStore} from "./SettlementStore.sol";

/// @notice Workers' faults, reported while the key that signed counts, and after it was revoked.
contract FaultHandler is SettlementHandler {
    /// @dev An order whose receipts may be anchored.
    struct Known {
        uint256 item;
        bytes32 laneId;
        address payer;
        address worker;
        bytes32 root;
    }

    /// @dev A late report and what there is to know of it.
    struct Report {
        JobReceipt a;
        JobReceipt b;
        address key;
        address keyB;
        AnchorProof proof;
        address caller;
        uint256 revokedAt;
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
    /// same job, a revoked key, before, on and after each edge.
    function slashRevokedSigner(uint256 seed, uint256 how) external act {
        _learn();
        if (_known.length == 0) return;
        (bool found, Report memory report) = _choose(seed, how);
        if (!found) return;
        bytes memory signatureA = _signBy(report.key, _receiptDigest(report.a));
        bytes memory signatureB = _signBy(report.keyB, _receiptDigest(report.b));
        uint256 owed = store.owedFor(_faultKey(report.a), report.peak);
        AnchorProof memory none;
        bool ok;
        uint128 slashed;
        vm.prank(report.caller);
        if (how % 2 == 0) {
            try settlement.slashRevokedSigner(report.a, signatureA, report.proof, report.b, signatureB, none) returns (
                uint128 amount
            ) {
                (ok, slashed) = (true, amount);
            } catch {
                _refused();
            }
        } else {
            try settlement.slashRevokedSigner(report.b, signatureB, none, report.a, signatureA, report.proof) returns (
                uint128 amount
            ) {
                (ok, slashed) = (true, amount);
            } catch {
                _refused();
            }
        }
        bool due = _isDue(report) && owed != 0 && report.stake != 0;
        if (ok != due) store.violate(8, ok ? "a dead key burned a bond" : "a late report was refused");
        if (!ok) return;
        if (report.stake - registry.stakeOf(report.a.worker) != slashed) {
            store.violate(11, "slashed by another amount");
        }
        if (registry.totalRewards() != report.rewards) store.violate(11, "a late report was paid");
        store.faultSlashed(_faultKey(report.a), slashed, report.stake, report.peak);
        _done("slashRevokedSigner");
    }

    /// @dev Returns whether the report counts, by the rule alone.
    function _isDue(Report memory report) private view returns (bool) {
        bool late = block.timestamp > report.revokedAt + 1 days && block.timestamp < report.revokedAt + 14 days;
        bool exposed = report.anchoredAt != 0 && report.anchoredAt <= report.revokedAt + 1 days;
        bool concerned = report.caller == report.proof.payer || report.caller == report.a.requester;
        return late && exposed && concerned;
    }

    function _choose(uint256 seed, uint256 how) private returns (bool, Report memory report) {
        for (uint256 i; i < 40; ++i) {
            Known memory known = _known[(seed % 1e9 + i) % _known.length];
            (, report.anchoredAt,) = settlement.anchorOf(known.laneId, known.payer, known.root);
            // Seldom without an anchor.
            if (report.anchoredAt == 0 && (how >> 8) % 16 != 0) continue;
            report.key = _revokedKeyOf(known.worker, seed >> 64);
            if (report.key == address(0) || (seed >> 128) % 2 == 0) {
                // The worker signs with a key of this moment, and revokes it at once.
                if (report.anchoredAt == 0) continue;
                report.key = _spareKey(known.worker, SignerRoles.WORKER_SIGNER);
                _revoke(known.worker, report.key);
                _flush();
            }
            report.revokedAt = store.revokedAt(report.key);
            if (block.timestamp > report.revokedAt + 14 days + 1) continue;
            // Seldom anchored too late.
            if (report.anchoredAt > report.revokedAt + 1 days && (how >> 12) % 8 != 0) continue;
            _fill(report, known, how >> 16);
            return (true, report);
        }
        return (false, report);
    }

    function _fill(Report memory report, Known memory known, uint256 how) private {
        uint256 edge = how % 16;
        if (edge < 2) _wait(report.revokedAt + 14 days - 1 + edge);
        else if (edge < 4) _wait(report.revokedAt + 1 days - 2 + edge);
        else if (edge < 15) _wait(report.revokedAt + 1 days + 1);
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
        report.keyB = how % 3 == 0 ? known.worker : report.key;
        how >>= 8;
        report.caller =
            how % 8 == 0 ? stranger : how % 8 == 1 ? known.worker : how % 2 == 0 ? known.payer : requester.addr;
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
