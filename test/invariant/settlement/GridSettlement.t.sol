// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LaneTotal} from "../../../contracts/interfaces/IGridSettlement.sol";
import {Voucher} from "../../../contracts/libraries/GridMessages.sol";
import {SplitMath} from "../../../contracts/libraries/SplitMath.sol";
import {SettlementWorld} from "./SettlementWorld.sol";
import {AnchorRecord, LaneRecord, Paper} from "./SettlementStore.sol";

/// @notice The invariants of `test/invariant/README.md` for money, paper, keys and bonds, after any history.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.shrink-run-limit = 50
/// forge-config: deep.invariant.fail-on-revert = true
/// forge-config: coverage.invariant.fail-on-revert = true
contract GridSettlementInvariants is SettlementWorld {
    modifier now_() {
        vm.warp(store.time());
        vm.roll(store.blockNumber());
        _;
    }

    // ---------------------------------------------------------------- invariants

    /// @notice 1. Solvency.
    function invariant_1_Solvency() external view {
        assertEq(aipg.balanceOf(address(settlement)), accounts.owed() + store.donated(), "held and owed");
    }

    /// @notice 2. Conservation: each payment's debit is its credits. Watched call by call.
    function invariant_2_Conservation() external view {
        _assertNone(2);
    }

    /// @notice 3. Totals never fall, replays change nothing, anchors are written once.
    function invariant_3_Monotone() external view {
        _assertNone(3);
        for (uint256 i; i < store.laneCount(); ++i) {
            LaneRecord memory lane = store.lane(i);
            uint256 sum;
            for (uint256 modelId; modelId <= store.MODEL_COUNT(); ++modelId) {
                uint128 cumulative = settlement.laneTotalOf(lane.id, modelId).cumulative;
                assertGe(cumulative, store.highest(i, modelId), "a total fell");
                sum += cumulative;
            }
            assertEq(sum, lane.collected, "totals and collected");
        }
        AnchorRecord[] memory anchors = store.anchors();
        for (uint256 i; i < anchors.length; ++i) {
            (address worker_, uint40 time, uint40 blockNumber) =
                settlement.anchorOf(anchors[i].laneId, anchors[i].payer, anchors[i].root);
            assertEq(worker_, anchors[i].worker, "anchor's worker");
            assertEq(time, anchors[i].time, "anchor's time");
            assertEq(blockNumber, anchors[i].blockNumber, "anchor's block");
        }
    }

    /// @notice 4. Each nonce and each receipt is paid at most once.
    function invariant_4_SingleSettlement() external view {
        _assertNone(4);
    }

    /// @notice 5. No rug: accepted paper is paid in full for a thaw delay, whatever everybody else does meanwhile.
    function invariant_5_NoRug() external now_ {
        _assertNone(5);
        uint256 count = store.paperCount();
        uint256 checked;
        for (uint256 i = count; i != 0 && checked < 4; --i) {
            if (block.timestamp >= store.paper(i - 1).protectedUntil) continue;
            ++checked;
            uint256 snapshot = vm.snapshotState();
            _rug(store.paper(i - 1));
            vm.revertToState(snapshot);
            vm.warp(store.time());
        }
    }

    /// @notice 6. Paper is never consumed for less than it credits.
    function invariant_6_PaidInFull() external view {
        _assertNone(6);
    }

    /// @notice 7. A lane pays out what went in, no order above its cap, no treasurer above its own.
    function invariant_7_Caps() external view {
        _assertNone(7);
        for (uint256 i; i < store.laneCount(); ++i) {
            LaneRecord memory lane = store.lane(i);
            assertEq(
                settlement.laneOf(lane.id).free + lane.collected + lane.returned, lane.funded, "in and out of a lane"
            );
        }
    }

    /// @notice 8. A stolen key does what its role allows, and nothing else.
    function invariant_8_StolenKeys() external view {
        _assertNone(8);
        assertEq(aipg.balanceOf(thief.addr), 0, "the thief has AIPG");
        assertEq(_balance(thief.addr) + settlement.earnedOf(thief.addr), 0, "the thief has a balance");
    }

    /// @notice 9. No admin moves a balance; the cuts are capped. The way out is in `WayOut.t.sol`.
    function invariant_9_Admin() external view {
        _assertNone(9);
        for (uint16 i = 1; i <= settlement.currentFeeConfigId(); ++i) {
            assertLe(settlement.feeConfigOf(i).protocolBps, 1000, "protocol fee");
        }
        for (uint256 i; i < store.laneCount(); ++i) {
            bytes32 id = store.lane(i).id;
            for (uint256 modelId; modelId <= store.MODEL_COUNT(); ++modelId) {
                uint256 bps = settlement.laneTotalOf(id, modelId).royaltyBps;
                assertLe(bps + settlement.laneOf(id).protocolBps, 3000, "fee and royalty");
            }
        }
    }

    /// @notice 10. Shares depend on the totals alone, not on the number of collects.
    function invariant_10_SplitsAddUp() external view {
        for (uint256 i; i < store.laneCount(); ++i) {
            bytes32 id = store.lane(i).id;
            for (uint256 modelId; modelId <= store.MODEL_COUNT(); ++modelId) {
                LaneTotal memory total = settlement.laneTotalOf(id, modelId);
                (uint256 toWorker, uint256 royalty, uint256 protocolFee) =
                    SplitMath.split(total.cumulative, settlement.laneOf(id).protocolBps, total.royaltyBps);
                assertEq(book.creditsOf(id, modelId, 0), toWorker, "worker's share");
                assertEq(book.creditsOf(id, modelId, 1), royalty, "model's share");
                assertEq(book.creditsOf(id, modelId, 2), protocolFee, "protocol's share");
            }
        }
    }

    /// @notice 11. The registry holds all bonds, rewards and the pot.
    function invariant_11_Bonds() external view {
        _assertNone(11);
        uint256 stakes;
        uint256 rewards = registry.rewardOf(stranger);
        address[] memory workers = store.workers();
        for (uint256 i; i < workers.length; ++i) {
            stakes += registry.stakeOf(workers[i]);
            rewards += registry.rewardOf(workers[i]);
        }
        assertEq(registry.totalBonded(), stakes, "stakes");
        assertEq(registry.totalRewards(), rewards, "rewards");
        assertEq(
            aipg.balanceOf(address(registry)),
            stakes + rewards + registry.treasuryPot() + store.donatedToRegistry(),
            "held and owed"
        );
    }

    /// @notice 12. The logs tell everything.
    function invariant_12_Logs() external view {
        _assertNone(12);
        book.check();
        assertEq(book.lanesSeen().length, store.laneCount(), "lanes");
    }

    // ---------------------------------------------------------------- helpers

    function _assertNone(uint256 invariant) private view {
        assertEq(store.violation(invariant), "", "violation");
    }

    /// @dev Everybody turns against the worker at once: the payer thaws all and revokes its key, governance pauses, the
    /// token is paused, AIGC burns gas. The worker sleeps until the last second, and is run out by everybody.
    function _rug(Paper memory paper) private {
        LaneRecord memory lane = store.lane(paper.lane);
        Voucher memory voucher = abi.decode(paper.voucher, (Voucher));
        _turnAgainst(lane);
        vm.warp(paper.protectedUntil - 1);
        try settlement.finaliseLaneThaw(lane.config) {
            revert("a thaw begun after the paper was accepted is ripe too early");
        } catch {}
        (uint256 due,) = settlement.dueOf(voucher);
        vm.prank(lane.config.worker);
        uint128 paid = settlement.collect(lane.config, voucher, paper.signature, "");
        assertEq(paid, due, "paid in full");
        (due,) = settlement.dueOf(voucher);
        assertEq(due, 0, "nothing is due");
    }

    function _turnAgainst(LaneRecord memory lane) private {
        address key = lane.config.payerSigner;
        vm.startPrank(lane.config.payer);
        uint256 readyAt = settlement.laneOf(lane.id).thawReadyAt;
        if (readyAt == 0 || block.timestamp > readyAt + 1 days) settlement.thawLane(lane.config, type(uint128).max);
        if (key != lane.config.payer && settlement.signerOf(key).revokedAt == 0) settlement.revokeSigner(key);
        uint128 balance = _balance(lane.config.payer);
        if (balance != 0) settlement.thaw(balance);
        vm.stopPrank();
        if (!settlement.paused()) {
            vm.prank(guardian);
            settlement.pause();
        }
        if (!aipg.paused()) aipg.pause();
        aigc.setMode(2);
    }
}
