// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {
    IGridSettlement,
    Lane,
    LaneTotal,
    PayerAccount,
    Signer,
    TreasurerCap
} from "../../../contracts/interfaces/IGridSettlement.sol";
import {LaneConfig} from "../../../contracts/libraries/GridMessages.sol";
import {SettlementReplay} from "../../utils/SettlementReplay.sol";
import {SettlementHandler} from "./SettlementHandler.sol";

/// @notice Invariants 1 to 8, 10 and 12 of `test/invariant/README.md`, for the settlement.
/// @dev No call of the handler may revert: its own assertions are part of the test.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: deep.invariant.fail-on-revert = true
contract SettlementInvariants is Test {
    uint256 private constant MODEL = 7;
    uint256 private constant FREE_MODEL = 8;

    SettlementHandler private _handler;
    IGridSettlement private _settlement;
    SettlementReplay private _replay;

    function setUp() public {
        _handler = new SettlementHandler();
        _handler.setUp();
        _settlement = _handler.theSettlement();
        _replay = _handler.replay();
        bytes4[] memory selectors = new bytes4[](24);
        selectors[0] = SettlementHandler.deposit.selector;
        selectors[1] = SettlementHandler.thaw.selector;
        selectors[2] = SettlementHandler.cancelThaw.selector;
        selectors[3] = SettlementHandler.withdraw.selector;
        selectors[4] = SettlementHandler.openLane.selector;
        selectors[5] = SettlementHandler.topUp.selector;
        selectors[6] = SettlementHandler.topUpByTreasurer.selector;
        selectors[7] = SettlementHandler.thawLane.selector;
        selectors[8] = SettlementHandler.finaliseLaneThaw.selector;
        selectors[9] = SettlementHandler.signVoucher.selector;
        selectors[10] = SettlementHandler.collect.selector;
        selectors[11] = SettlementHandler.settle.selector;
        selectors[12] = SettlementHandler.settleBatch.selector;
        selectors[13] = SettlementHandler.cancelOrder.selector;
        selectors[14] = SettlementHandler.claimEarned.selector;
        selectors[15] = SettlementHandler.claimModelRoyalty.selector;
        selectors[16] = SettlementHandler.sweepProtocol.selector;
        selectors[17] = SettlementHandler.passTime.selector;
        selectors[18] = SettlementHandler.changeFee.selector;
        selectors[19] = SettlementHandler.changeRoyalty.selector;
        selectors[20] = SettlementHandler.pauseNewBusiness.selector;
        selectors[21] = SettlementHandler.changeBond.selector;
        selectors[22] = SettlementHandler.revokeKey.selector;
        selectors[23] = SettlementHandler.pauseToken.selector;
        targetSelector(FuzzSelector({addr: address(_handler), selectors: selectors}));
        targetContract(address(_handler));
    }

    /// @dev 1: nobody donates here, so it is an equality.
    function invariant_01_Solvency() external view {
        uint256 owed =
            _settlement.modelEarnedOf(MODEL) + _settlement.modelEarnedOf(FREE_MODEL) + _settlement.modelEarnedOf(0);
        for (uint256 i; i < 2; ++i) {
            owed += _settlement.accountOf(_handler.payerAddress(i)).balance;
            owed += _settlement.accountOf(_handler.workerAddress(i)).balance;
            owed += _settlement.earnedOf(_handler.workerAddress(i));
            owed += _settlement.protocolAccruedOf(_handler.workerAddress(i));
        }
        LaneConfig[] memory lanes = _handler.lanes();
        for (uint256 i; i < lanes.length; ++i) {
            owed += _settlement.laneOf(_handler.laneIdOf(lanes[i])).free;
        }
        assertEq(_handler.held(), owed);
    }

    /// @dev 3 and 7: totals add up to what was collected; what came in went to the worker's split, or back, or is there.
    function invariant_03_07_LanesAddUp() external view {
        LaneConfig[] memory lanes = _handler.lanes();
        for (uint256 i; i < lanes.length; ++i) {
            bytes32 id = _handler.laneIdOf(lanes[i]);
            uint256 sum = uint256(_settlement.laneTotalOf(id, 0).cumulative)
                + _settlement.laneTotalOf(id, MODEL).cumulative + _settlement.laneTotalOf(id, FREE_MODEL).cumulative;
            assertEq(sum, _handler.collected(id), "totals");
            assertEq(
                _handler.funded(id), _handler.collected(id) + _handler.thawed(id) + _settlement.laneOf(id).free, "flow"
            );
        }
        assertLe(_handler.highestTreasurerInflow(), _handler.TREASURER_CAP(), "treasurer");
    }

    /// @dev 10: what a lane credited, over all its collects, is the split of its totals.
    function invariant_10_SharesFollowTotals() external view {
        LaneConfig[] memory lanes = _handler.lanes();
        for (uint256 i; i < lanes.length; ++i) {
            bytes32 id = _handler.laneIdOf(lanes[i]);
            _checkShares(id, 0);
            _checkShares(id, MODEL);
            _checkShares(id, FREE_MODEL);
        }
    }

    function _checkShares(bytes32 id, uint256 modelId) private view {
        LaneTotal memory total = _settlement.laneTotalOf(id, modelId);
        assertTrue(total.cumulative == 0 || total.frozen || modelId == 0);
        assertLe(total.royaltyBps, 2000);
        (uint128 toWorker, uint128 royalty, uint128 protocolFee) =
            _settlement.splitOf(total.cumulative, _settlement.laneOf(id).protocolBps, total.royaltyBps);
        (uint128 workers, uint128 royalties, uint128 fees) = _replay.shares(id, modelId);
        assertEq(workers, toWorker);
        assertEq(royalties, royalty);
        assertEq(fees, protocolFee);
    }

    /// @dev 12: the logs alone rebuild every balance.
    function invariant_12_LogsRebuildStorage() external view {
        for (uint256 i; i < 2; ++i) {
            _compareAccount(_handler.payerAddress(i));
            _compareAccount(_handler.workerAddress(i));
            _compareSigner(_handler.keyOf(i));
        }
        _compareSigner(_handler.theTreasurer());
        assertEq(_settlement.modelEarnedOf(MODEL), _replay.modelEarned(MODEL));
        assertEq(_settlement.modelEarnedOf(FREE_MODEL), _replay.modelEarned(FREE_MODEL));
        LaneConfig[] memory lanes = _handler.lanes();
        for (uint256 i; i < lanes.length; ++i) {
            _compareLane(_handler.laneIdOf(lanes[i]), lanes[i].payer);
        }
        assertEq(_settlement.paused(), _replay.paused());
    }

    function _compareAccount(address who) private view {
        PayerAccount memory account = _settlement.accountOf(who);
        (uint128 balance, uint128 thawing, uint40 thawReadyAt) = _replay.accounts(who);
        assertEq(account.balance, balance);
        assertEq(account.thawing, thawing);
        assertEq(account.thawReadyAt, thawReadyAt);
        assertEq(_settlement.earnedOf(who), _replay.earned(who));
        assertEq(_settlement.protocolAccruedOf(who), _replay.protocolAccrued(who));
        assertEq(_settlement.nonceWordOf(who, 0), _replay.nonceWord(who, 0));
        uint256 nonce = block.timestamp % 32; // one of them each time
        assertEq(_settlement.cancelReadyAt(who, nonce), _replay.cancelReadyAt(who, nonce));
    }

    function _compareSigner(address key) private view {
        Signer memory signer = _settlement.signerOf(key);
        (address account, uint8 role, uint40 revokedAt) = _replay.signers(key);
        assertEq(signer.account, account);
        assertEq(signer.role, role);
        assertEq(signer.revokedAt, revokedAt);
        TreasurerCap memory cap = _settlement.treasurerCapOf(key);
        (uint128 most, uint128 spent, uint40 windowStart) = _replay.caps(key);
        assertEq(cap.cap, most);
        assertEq(cap.spent, spent);
        assertEq(cap.windowStart, windowStart);
    }

    function _compareLane(bytes32 id, address payer) private view {
        Lane memory lane = _settlement.laneOf(id);
        (uint128 free, uint40 thawReadyAt, uint16 protocolBps, bool opened, uint128 thawing) = _replay.lanes(id);
        assertEq(lane.free, free);
        assertEq(lane.thawReadyAt, thawReadyAt);
        assertEq(lane.protocolBps, protocolBps);
        assertEq(lane.opened, opened);
        assertEq(lane.thawing, thawing);
        _compareTotal(id, 0);
        _compareTotal(id, MODEL);
        _compareTotal(id, FREE_MODEL);
        for (uint256 i; i < 8; ++i) {
            _compareAnchor(id, payer, keccak256(abi.encode(id, i)));
        }
    }

    function _compareTotal(bytes32 id, uint256 modelId) private view {
        LaneTotal memory total = _settlement.laneTotalOf(id, modelId);
        (uint128 cumulative, uint16 royaltyBps, bool frozen) = _replay.totals(id, modelId);
        assertEq(total.cumulative, cumulative);
        assertEq(total.royaltyBps, royaltyBps);
        assertEq(total.frozen, frozen);
    }

    /// @dev 3: anchors are what their log said, for ever.
    function _compareAnchor(bytes32 id, address payer, bytes32 root) private view {
        (address by, uint40 time, uint40 blockNumber) = _settlement.anchorOf(id, payer, root);
        (address replayed, uint40 timeThen, uint40 blockThen) = _replay.anchors(_replay.anchorKey(id, payer, root));
        assertEq(by, replayed);
        assertEq(time, timeThen);
        assertEq(blockNumber, blockThen);
    }
}
