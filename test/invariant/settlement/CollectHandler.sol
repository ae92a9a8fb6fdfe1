// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {GridMessages, LaneConfig, Voucher} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {HostileModels} from "./HostileModels.sol";
import {SettlementHandler} from "./SettlementHandler.sol";
import {SettlementLogBook} from "./SettlementLogBook.sol";
import {AnchorRecord, LaneRecord, Paper, SettlementStore} from "./SettlementStore.sol";

/// @notice Workers' side of lanes: any voucher ever signed, in any order, again and again, by all three ways.
contract CollectHandler is SettlementHandler {
    struct Attempt {
        Paper paper;
        LaneRecord lane;
        Voucher voucher;
        address caller;
        bytes counterSignature;
        uint256 due;
        uint128 limit;
        bool capped;
        bool anchored;
        uint256[5] totals;
        Books before;
    }

    uint256 private constant MAX_DYING_LANES = 12;

    constructor(SettlementStore store_, SettlementLogBook book_) SettlementHandler(store_, book_) {}

    function collect(uint256 paperSeed, uint256 how) external act {
        if (store.paperCount() == 0) return;
        if ((how >> 128) % 4 == 0) paperSeed = _waitForKey(paperSeed, (how >> 136) % 2);
        if ((how >> 144) % 32 == 0) _waitForRate(paperSeed, (how >> 152) % 2);
        _attempt(_prepare(paperSeed, how));
    }

    /// @dev To the last second for which a rate holds, or to the one in which it is read anew.
    function _waitForRate(uint256 paperSeed, uint256 more) private {
        uint256 index =
            store.paperLane(paperSeed % 2 == 0 ? store.paperCount() - 1 : (paperSeed >> 1) % store.paperCount());
        for (uint256 modelId = 1; modelId <= store.MODEL_COUNT(); ++modelId) {
            uint256 readAt = store.readAt(index, modelId);
            if (readAt == 0) continue;
            _wait(readAt + 90 days - 1 + more);
            return;
        }
    }

    /// @notice A lane whose payer turns against its worker: it revokes the key and thaws, at moments of its choice, again
    /// after a top-up now and then; the worker collects in the last second of its paper, or one too late.
    function collectFromDyingKey(uint256 seed, uint256 how) external act {
        address payer_ = store.payer(seed);
        uint128 amount = _balance(payer_) / 8;
        if (store.dyingLanes() == MAX_DYING_LANES || amount < 2 || settlement.paused()) return;
        uint256 index = _openDying(payer_, amount, seed >> 8);
        LaneConfig memory config = store.lane(index).config;
        _revoke(payer_, config.payerSigner);
        uint256 ownEnd = block.timestamp + config.thawDelay;
        _pass(
            how % 4 == 0 ? block.timestamp : how % 4 == 3 ? ownEnd + 1 : ownEnd - (how % 4 - 1) * (how >> 128) % 1 days
        );
        _thaw(index, config);
        if ((how >> 8) % 3 == 0) {
            vm.prank(payer_);
            settlement.topUpLane(config, 1);
            store.funded(index, 1);
        }
        if ((how >> 16) % 3 == 0) {
            uint256 end = store.vouchersEnd(index);
            _pass(ownEnd + ((how >> 24) % 2 == 0 ? 1 : 1 + (how >> 136) % (end - ownEnd + 1)));
            _thaw(index, config);
        }
        _pass(store.vouchersEnd(index) + (how >> 32) % 2);
        _attempt(_prepare(store.paperCount() << 1 | 0, 0));
        _done("collectFromDyingKey");
    }

    function _openDying(address payer_, uint128 amount, uint256 seed) private returns (uint256 index) {
        LaneConfig memory config;
        config.payer = payer_;
        config.payerSigner = _spareKey(payer_, SignerRoles.PAYER_SIGNER);
        config.worker = store.worker(seed);
        config.feeConfigId = settlement.currentFeeConfigId();
        config.thawDelay = uint40(1 days + (seed >> 8) % 2 days);
        vm.prank(payer_);
        bytes32 laneId = settlement.openLane(config, amount);
        index = store.laneCount();
        store.addDyingLane(config, laneId, amount);
        Voucher memory voucher = _voucher(laneId, 1, amount, 0);
        store.accept(index, 1, amount);
        store.addPaper(
            Paper({
                lane: index,
                voucher: abi.encode(voucher),
                signature: _signBy(config.payerSigner, _voucherDigest(voucher)),
                accepted: true
            })
        );
    }

    function _thaw(uint256 index, LaneConfig memory config) private {
        uint256 before = store.vouchersEnd(index);
        vm.prank(config.payer);
        settlement.thawLane(config, type(uint128).max);
        store.thawed(index);
        _done(store.vouchersEnd(index) > before ? bytes32("prolong") : bytes32("thawTooLate"));
        if (settlement.payerSignerValidUntil(config) != store.vouchersEnd(index)) {
            store.violate(5, "vouchers end at another time");
        }
    }

    function _pass(uint256 time) private {
        _flush();
        _wait(time);
    }

    function collectUpTo(uint256 paperSeed, uint256 how, uint256 amountSeed) external act {
        if (store.paperCount() == 0) return;
        Attempt memory attempt = _prepare(paperSeed, how);
        attempt.capped = true;
        attempt.limit = _amount(amountSeed, attempt.due);
        _attempt(attempt);
    }

    /// @notice A voucher and its signature are all a thief has: without the worker's word they move nothing.
    function collectUnattested(uint256 paperSeed) external act {
        if (store.paperCount() == 0) return;
        Attempt memory attempt = _prepare(paperSeed, 0);
        attempt.caller = paperSeed % 2 == 0 ? thief.addr : attempt.lane.config.payer;
        if (attempt.caller == attempt.lane.config.worker) return;
        attempt.counterSignature = paperSeed % 3 == 0 ? attempt.paper.signature : bytes("");
        if (attempt.lane.config.payerSigner == attempt.lane.config.worker) return;
        (bool ok,) = _call(attempt);
        if (ok) store.violate(8, "a voucher was collected without its worker");
        _done("collectUnattested");
    }

    /// @dev To the last second of a revoked payerSigner's paper, or to the first after it. Looks for such paper.
    /// @return A seed that picks that paper.
    function _waitForKey(uint256 paperSeed, uint256 more) private returns (uint256) {
        uint256 count = store.paperCount();
        for (uint256 i; i < 24 && i < count; ++i) {
            uint256 index = ((paperSeed >> 1) + i) % count;
            uint256 end = store.vouchersEnd(store.paperLane(index));
            if (end == type(uint256).max || end + 1 days < block.timestamp) continue;
            _wait(end + more);
            return index << 1 | 1;
        }
        return paperSeed;
    }

    /// @dev Half of the time the newest, else any.
    function _pick(uint256 paperSeed) private view returns (Paper memory) {
        uint256 count = store.paperCount();
        return store.paper(paperSeed % 2 == 0 ? count - 1 : (paperSeed >> 1) % count);
    }

    function _prepare(uint256 paperSeed, uint256 how) private view returns (Attempt memory attempt) {
        attempt.paper = _pick(paperSeed);
        attempt.lane = store.lane(attempt.paper.lane);
        attempt.voucher = abi.decode(attempt.paper.voucher, (Voucher));
        attempt.caller = attempt.lane.config.worker;
        if (how % 3 != 0) {
            address key = _signerFor(attempt.lane.config.worker, SignerRoles.WORKER_SIGNER, how >> 8);
            if (how % 3 == 1) {
                attempt.caller = key;
            } else {
                attempt.caller = stranger;
                attempt.counterSignature = _signBy(key, _voucherDigest(attempt.voucher));
            }
        }
        (attempt.due,) = settlement.dueOf(attempt.voucher);
        (address anchoredBy,,) =
            settlement.anchorOf(attempt.lane.id, attempt.lane.config.payer, attempt.voucher.receiptsRoot);
        attempt.anchored = anchoredBy != address(0);
        for (uint256 i; i <= store.MODEL_COUNT(); ++i) {
            attempt.totals[i] = settlement.laneTotalOf(attempt.lane.id, i).cumulative;
        }
        attempt.before = _books();
    }

    function _refusedFor(bytes memory reason) private {
        _refused();
        if (bytes4(reason) == IGridSettlement.GridSettlement_NotAttested.selector) _done("unattestedRefused");
    }

    function _call(Attempt memory attempt) private returns (bool ok, uint128 paid) {
        vm.prank(attempt.caller);
        if (attempt.capped) {
            try settlement.collectUpTo(
                attempt.lane.config, attempt.voucher, attempt.paper.signature, attempt.counterSignature, attempt.limit
            ) returns (
                uint128 amount
            ) {
                return (true, amount);
            } catch (bytes memory reason) {
                _refusedFor(reason);
                return (false, 0);
            }
        }
        try settlement.collect(
            attempt.lane.config, attempt.voucher, attempt.paper.signature, attempt.counterSignature
        ) returns (
            uint128 amount
        ) {
            return (true, amount);
        } catch (bytes memory reason) {
            _refusedFor(reason);
            return (false, 0);
        }
    }

    function _attempt(Attempt memory attempt) private {
        (bool ok, uint128 paid) = _call(attempt);
        if (!ok) {
            bool counts = block.timestamp <= store.vouchersEnd(attempt.paper.lane);
            if (!counts) _done("refuseDead");
            if (counts && attempt.paper.accepted && attempt.caller == attempt.lane.config.worker) {
                store.violate(5, "accepted paper was refused");
            }
            return;
        }
        if (!attempt.paper.accepted && paid != 0) store.forfeit(attempt.paper.lane);
        store.collected(attempt.paper.lane, paid);
        _checkPaid(attempt, paid);
        _checkKeys(attempt);
        _checkTotals(attempt, paid);
        _checkAnchor(attempt);
        _again(attempt, paid);
        _done(attempt.capped ? bytes32("collectUpTo") : bytes32("collect"));
        if (paid != 0) _done("collectPaying");
        if (attempt.lane.config.kind == GridMessages.LANE_HOP) _done("collectHop");
    }

    function _checkPaid(Attempt memory attempt, uint128 paid) private {
        uint256 expected = attempt.due;
        if (attempt.capped && attempt.limit < expected) expected = attempt.limit;
        if (paid != expected) store.violate(6, "a voucher was consumed for less");

        Books memory afterwards = _books();
        if (attempt.before.accounts != afterwards.accounts) store.violate(2, "a collect touched an account");
        if (attempt.before.lanes - afterwards.lanes != paid) store.violate(2, "a lane paid something else");
        if (_credits(afterwards) - _credits(attempt.before) != paid) store.violate(2, "debit and credits differ");
    }

    function _checkKeys(Attempt memory attempt) private {
        address key = attempt.lane.config.payerSigner;
        uint256 end = store.vouchersEnd(attempt.paper.lane);
        if (block.timestamp > end) store.violate(8, "a voucher of a dead key was paid");
        if (end != type(uint256).max) {
            _done("collectDying");
            if (block.timestamp > store.revokedAt(key) + attempt.lane.config.thawDelay) _done("collectProlonged");
        }
        uint256 revokedAt = store.revokedAt(attempt.caller);
        if (attempt.caller != attempt.lane.config.worker && revokedAt != 0 && block.timestamp > revokedAt + 1 days) {
            store.violate(8, "a dead worker key collected");
        }
    }

    function _checkTotals(Attempt memory attempt, uint128 paid) private {
        for (uint256 i; i <= store.MODEL_COUNT(); ++i) {
            uint128 cumulative = settlement.laneTotalOf(attempt.lane.id, i).cumulative;
            store.sawTotal(attempt.paper.lane, i, cumulative);
            (bool known, uint256 rate) = _rateNow(i);
            store.grew(attempt.paper.lane, i, attempt.totals[i], cumulative, known, rate);
        }
        if (paid != attempt.due) return;
        for (uint256 i; i < attempt.voucher.totals.length; ++i) {
            if (
                store.highest(attempt.paper.lane, attempt.voucher.totals[i].modelId)
                    < attempt.voucher.totals[i].cumulative
            ) store.violate(6, "a row is still due after it was paid in full");
        }
    }

    /// @dev Rate that an honest AIGC gives for a model it knows, within the bounds.
    function _rateNow(uint256 modelId) private view returns (bool known, uint256 rate) {
        if (aigc.mode() != HostileModels.Mode.HONEST || aigc.registeredOwner(modelId) == address(0)) return (false, 0);
        rate = aigc.usageRoyaltyBps(modelId);
        return rate > 2000 ? (false, 0) : (true, rate);
    }

    function _checkAnchor(Attempt memory attempt) private {
        AnchorRecord memory anchor;
        anchor.laneId = attempt.lane.id;
        anchor.payer = attempt.lane.config.payer;
        anchor.root = attempt.voucher.receiptsRoot;
        (anchor.worker, anchor.time, anchor.blockNumber) = settlement.anchorOf(anchor.laneId, anchor.payer, anchor.root);
        if (attempt.anchored || anchor.worker == address(0)) return;
        // Each root once: a second record that differs from the first is what invariant 3 looks for.
        if (!registry.isBonded(anchor.worker) || anchor.root == 0) {
            store.violate(3, "anchored without a bond or a root");
        }
        store.addAnchor(anchor);
        store.creditRoot(anchor.root);
        _done("anchorLane");
    }

    /// @dev The same voucher at once again changes nothing.
    function _again(Attempt memory attempt, uint128 paid) private {
        if (paid != attempt.due) return;
        Books memory books = _books();
        (bool ok, uint128 more) = _call(attempt);
        if (!ok || more != 0 || !_equal(books, _books())) store.violate(3, "a replayed voucher changed something");
    }
}
