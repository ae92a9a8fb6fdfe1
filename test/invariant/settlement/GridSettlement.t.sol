// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Voucher} from "../../../contracts/messages/GridMessages.sol";
import {WayOut} from "./WayOut.sol";
import {AnchorRecord, LaneRecord, Paper, WaitingRecord} from "./SettlementStore.sol";

/// @notice The invariants of `test/invariant/README.md` for money, paper, keys and bonds, after any history. One campaign
/// looks at all of them, for each campaign of its own would play the same histories; messages begin with the number.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.shrink-run-limit = 50
/// forge-config: default.invariant.check-interval = 10
/// forge-config: deep.invariant.fail-on-revert = true
/// forge-config: deep.invariant.check-interval = 10
/// forge-config: coverage.invariant.fail-on-revert = true
/// forge-config: coverage.invariant.check-interval = 10
contract GridSettlementInvariants is WayOut {
    // ---------------------------------------------------------------- invariants

    function invariant_1to12_MoneyPaperKeysAndBonds() external {
        vm.warp(store.time());
        vm.roll(store.blockNumber());
        _solvency();
        _monotone();
        _waitingAnchors();
        assertEq(store.cutShort(), 0, "6: orders settled in part by nobody who may");
        _caps();
        _stolenKeys();
        _cuts();
        _splitsAddUp();
        _bonds();
        for (uint256 i = 1; i <= 12; ++i) {
            assertEq(store.violation(i), "", string.concat(vm.toString(i), ": violation"));
        }
        _logs();
        _noRug();
    }

    /// @notice 9. At the end of every run all pauses of the protocol are on, and everybody leaves with everything.
    function afterInvariant() external {
        _everybodyLeaves();
    }

    /// @dev 1. Solvency.
    function _solvency() private view {
        assertEq(aipg.balanceOf(address(settlement)), accounts.owed() + store.donated(), "1: held and owed");
    }

    /// @dev 3. Totals never fall, replays change nothing, anchors are written once.
    function _monotone() private view {
        for (uint256 i; i < store.laneCount(); ++i) {
            LaneRecord memory lane = store.lane(i);
            uint256 sum;
            for (uint256 modelId; modelId <= store.MODEL_COUNT(); ++modelId) {
                uint128 cumulative = settlement.laneTotalOf(lane.id, modelId).cumulative;
                assertGe(cumulative, store.highest(i, modelId), "3: a total fell");
                sum += cumulative;
            }
            assertEq(sum, lane.collected, "3: totals and collected");
        }
        AnchorRecord[] memory anchors = store.anchors();
        for (uint256 i; i < anchors.length; ++i) {
            (address worker_, uint40 time, uint40 blockNumber) =
                settlement.anchorOf(anchors[i].laneId, anchors[i].payer, anchors[i].root);
            assertEq(worker_, anchors[i].worker, "3: anchor's worker");
            assertEq(time, anchors[i].time, "3: anchor's time");
            assertEq(blockNumber, anchors[i].blockNumber, "3: anchor's block");
        }
    }

    /// @dev 3. What waits is shown as waiting, and not as anchored, until it is confirmed.
    function _waitingAnchors() private view {
        WaitingRecord[] memory waiting = store.waiting();
        for (uint256 i; i < waiting.length; ++i) {
            WaitingRecord memory record = waiting[i];
            (address worker_, uint32 count) = settlement.waitingAnchorOf(record.payer, record.root);
            assertEq(worker_, record.confirmed ? address(0) : record.worker, "3: waiting worker");
            assertEq(count, record.confirmed ? 0 : record.count, "3: waiting receipts");
            (address by,,) = settlement.anchorOf(0, record.payer, record.root);
            assertEq(by, record.confirmed ? record.worker : address(0), "3: anchor that waited");
        }
    }

    /// @dev 7. A lane pays out what went in, no order above its cap, no treasurer above its own.
    function _caps() private view {
        for (uint256 i; i < store.laneCount(); ++i) {
            LaneRecord memory lane = store.lane(i);
            assertEq(
                settlement.laneOf(lane.id).free + lane.collected + lane.returned, lane.funded, "7: in and out of a lane"
            );
        }
    }

    /// @dev 8. A stolen key does what its role allows, and nothing else.
    function _stolenKeys() private view {
        assertEq(aipg.balanceOf(thief.addr), 0, "8: the thief has AIPG");
        assertEq(_balance(thief.addr) + settlement.earnedOf(thief.addr), 0, "8: the thief has a balance");
    }

    /// @dev 9. No admin moves a balance; the cuts are capped. The way out is in `WayOut.t.sol`.
    function _cuts() private view {
        for (uint16 i = 1; i <= settlement.currentFeeConfigId(); ++i) {
            assertLe(settlement.feeConfigOf(i).protocolBps, 1000, "9: protocol fee");
        }
        for (uint256 i; i < store.laneCount(); ++i) {
            bytes32 id = store.lane(i).id;
            for (uint256 modelId; modelId <= store.MODEL_COUNT(); ++modelId) {
                uint256 bps = settlement.laneTotalOf(id, modelId).royaltyBps;
                assertLe(bps, 2000, "9: royalty");
                assertLe(bps + settlement.laneOf(id).protocolBps, 3000, "9: fee and royalty");
            }
        }
    }

    /// @dev 10. Within a period shares depend on the totals alone, not on the number of collects.
    function _splitsAddUp() private view {
        for (uint256 i; i < store.laneCount(); ++i) {
            bytes32 id = store.lane(i).id;
            for (uint256 modelId; modelId <= store.MODEL_COUNT(); ++modelId) {
                uint256[3] memory credits = store.creditsOf(i, modelId, settlement.laneTotalOf(id, modelId).cumulative);
                assertEq(book.creditsOf(id, modelId, 0), credits[0], "10: worker's share");
                assertEq(book.creditsOf(id, modelId, 1), credits[1], "10: model's share");
                assertEq(book.creditsOf(id, modelId, 2), credits[2], "10: protocol's share");
            }
        }
    }

    /// @dev 11. The registry holds all bonds, rewards and the pot.
    function _bonds() private view {
        uint256 stakes;
        uint256 rewards = registry.rewardOf(stranger);
        address[] memory workers = store.workers();
        for (uint256 i; i < workers.length; ++i) {
            stakes += registry.stakeOf(workers[i]);
            rewards += registry.rewardOf(workers[i]);
        }
        assertEq(registry.totalBonded(), stakes, "11: stakes");
        assertEq(registry.totalRewards(), rewards, "11: rewards");
        assertEq(
            aipg.balanceOf(address(registry)),
            stakes + rewards + registry.treasuryPot() + store.donatedToRegistry(),
            "held and owed"
        );
    }

    /// @dev 12. The logs tell everything.
    function _logs() private view {
        book.check();
        assertEq(book.lanesSeen().length, store.laneCount(), "12: lanes");
    }

    /// @dev 5. No rug: accepted paper is paid in full until the end of a thaw that begins while it counts, whatever
    /// everybody else does meanwhile.
    function _noRug() private {
        uint256 lanes_ = store.laneCount();
        uint256 rugged;
        for (uint256 i; i < lanes_ && rugged < 3; ++i) {
            // Another lane comes first each time.
            uint256 newest = _newestAccepted((i + store.paperCount()) % lanes_);
            if (newest == type(uint256).max) continue;
            ++rugged;
            uint256 snapshot = vm.snapshotState();
            _rug(store.paper(newest), uint256(keccak256(abi.encode(newest, store.time()))));
            vm.revertToStateAndDelete(snapshot);
            vm.warp(store.time());
        }
    }

    // ---------------------------------------------------------------- helpers

    function _newestAccepted(uint256 lane) private view returns (uint256) {
        if (store.time() > store.vouchersEnd(lane)) return type(uint256).max;
        for (uint256 i = store.paperCount(); i != 0; --i) {
            if (store.paperLane(i - 1) == lane && store.isAccepted(i - 1)) return i - 1;
        }
        return type(uint256).max;
    }

    /// @dev Turns everybody against the worker: the payer revokes its key and thaws all, at moments of its choice,
    /// governance pauses, the token is paused, AIGC burns gas. The worker sleeps until the last second, and is run out by
    /// everybody.
    function _rug(Paper memory paper, uint256 dice) private {
        LaneRecord memory lane = store.lane(paper.lane);
        Voucher memory voucher = abi.decode(paper.voucher, (Voucher));
        vm.warp(_turnAgainst(lane, paper.lane, dice));
        try settlement.finaliseLaneThaw(lane.config) {
            revert("5: a thaw begun after the paper was accepted is ripe too early");
        } catch {}
        (uint256 due,) = settlement.dueOf(voucher);
        vm.prank(lane.config.worker);
        try settlement.collect(lane.config, voucher, paper.signature, "") returns (uint128 paid) {
            assertEq(paid, due, "5: paid in full");
        } catch {
            revert("5: accepted paper was refused");
        }
        (due,) = settlement.dueOf(voucher);
        assertEq(due, 0, "5: nothing is due");
    }

    /// @return last The last second before the money can leave.
    function _turnAgainst(LaneRecord memory lane, uint256 index, uint256 dice) private returns (uint256 last) {
        address key = lane.config.payerSigner;
        uint256 delay = lane.config.thawDelay;
        vm.startPrank(lane.config.payer);
        uint256 balance = _balance(lane.config.payer);
        if (balance != 0) settlement.thaw(uint128(balance));
        // The key's own time: the thaw begins in its first second, its last one, or between.
        uint256 begin = store.time();
        uint256 ownEnd = begin + delay;
        if (key != lane.config.payer && settlement.signerOf(key).revokedAt == 0) settlement.revokeSigner(key);
        else if (key != lane.config.payer) ownEnd = store.revokedAt(key) + delay;
        if (begin <= ownEnd) {
            if (dice % 3 == 1) begin = ownEnd;
            if (dice % 3 == 2) begin += (dice >> 8) % (ownEnd - begin + 1);
            vm.warp(begin);
            settlement.thawLane(lane.config, type(uint128).max);
            last = begin + delay - 1;
        } else {
            // Its time is a thaw's. Another one gives it no more.
            settlement.thawLane(lane.config, type(uint128).max);
            last = store.vouchersEnd(index);
        }
        vm.stopPrank();
        if (!settlement.paused()) {
            vm.prank(guardian);
            settlement.pause();
        }
        if (!aipg.paused()) aipg.pause();
        aigc.setMode(2);
    }
}
