// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement, Lane, Signer, TreasurerCap} from "../interfaces/IGridSettlement.sol";
import {GridMessages, LaneConfig} from "../messages/GridMessages.sol";
import {SettlementLib} from "./SettlementLib.sol";
import {SettlementState} from "./SettlementState.sol";
import {SettlementTimes} from "./SettlementTimes.sol";
import {SignerRoles} from "./SignerRoles.sol";

/// @title Opening, funding and leaving lanes
/// @notice Linked by GridSettlement, whose storage it works on; rules are on `IGridSettlement`.
library Lanes {
    using SettlementLib for SettlementState;

    /// @notice `IGridSettlement.openLane`.
    function open(SettlementState storage state, bytes32 separator, LaneConfig calldata config, uint128 amount)
        external
        returns (bytes32 laneId)
    {
        // Check:
        state.requireNotPaused();
        _requireTerms(config);
        _requirePayerSigner(state, config);
        uint16 protocolBps = _protocolBpsFor(state, config);
        laneId = SettlementLib.laneIdOf(config, separator);
        Lane storage lane = state.lanes[laneId];
        if (lane.opened) revert IGridSettlement.GridSettlement_LaneExists(laneId);

        // Effect:
        uint128 balance = state.debit(config.payer, amount);
        lane.free = amount;
        lane.protocolBps = protocolBps;
        lane.opened = true;
        emit IGridSettlement.LaneOpened(laneId, config.payer, config.worker, config, protocolBps, amount, balance);
    }

    /// @notice `IGridSettlement.topUpLane`.
    function topUp(SettlementState storage state, bytes32 separator, LaneConfig calldata config, uint128 amount)
        external
    {
        // Check:
        (bytes32 laneId, Lane storage lane) = state.laneOf(separator, config);
        if (amount == 0) revert IGridSettlement.GridSettlement_ZeroAmount();
        _requireFeeConfigAlive(state, config);

        if (msg.sender != config.payer) {
            if (!state.isSigner(config.payer, SignerRoles.TREASURER, msg.sender)) {
                revert IGridSettlement.GridSettlement_NotSigner(config.payer, SignerRoles.TREASURER, msg.sender);
            }
            if (_isThawPending(lane)) revert IGridSettlement.GridSettlement_LaneThawing(laneId);
            _spendTreasurerCap(state.treasurerCaps[msg.sender], amount);
        } else if (lane.thawReadyAt != 0) {
            lane.thawReadyAt = 0;
            lane.thawing = 0;
            emit IGridSettlement.LaneThawCancelled(laneId);
        }

        // Effect:
        uint128 balance = state.debit(config.payer, amount);
        lane.free += amount;
        emit IGridSettlement.LaneToppedUp(laneId, config.payer, msg.sender, amount, lane.free, balance);
    }

    /// @notice `IGridSettlement.thawLane`.
    function thaw(SettlementState storage state, bytes32 separator, LaneConfig calldata config, uint128 amount)
        external
    {
        // Check:
        (bytes32 laneId, Lane storage lane) = state.laneOf(separator, config);
        if (msg.sender != config.payer) revert IGridSettlement.GridSettlement_NotPayer(config.payer, msg.sender);
        if (amount == 0) revert IGridSettlement.GridSettlement_ZeroAmount();

        // Effect:
        uint40 readyAt = uint40(block.timestamp) + config.thawDelay;
        lane.thawReadyAt = readyAt;
        lane.thawing = amount;
        uint40 vouchersUntil = _prolongVouchers(state, config, lane, readyAt);
        emit IGridSettlement.LaneThawStarted(
            laneId, amount, readyAt, readyAt + SettlementTimes.THAW_WINDOW, vouchersUntil
        );
    }

    /// @notice `IGridSettlement.finaliseLaneThaw`.
    function finaliseThaw(SettlementState storage state, bytes32 separator, LaneConfig calldata config) external {
        // Check:
        (bytes32 laneId, Lane storage lane) = state.laneOf(separator, config);
        uint40 readyAt = lane.thawReadyAt;
        if (readyAt == 0) revert IGridSettlement.GridSettlement_LaneNotThawing(laneId);
        if (block.timestamp < readyAt) revert IGridSettlement.GridSettlement_LaneStillThawing(laneId, readyAt);
        uint40 lapsesAt = readyAt + SettlementTimes.THAW_WINDOW;
        if (block.timestamp > lapsesAt) revert IGridSettlement.GridSettlement_LaneThawLapsed(laneId, lapsesAt);

        // Effect:
        uint128 amount = lane.thawing < lane.free ? lane.thawing : lane.free;
        lane.free -= amount;
        lane.thawReadyAt = 0;
        lane.thawing = 0;
        uint128 balance = state.credit(config.payer, amount);
        emit IGridSettlement.LaneThawed(laneId, config.payer, amount, lane.free, balance);
    }

    /// @dev Prolongs a revoked key's vouchers to the end of a thaw that begins while they count. Only the key's own time is
    /// looked at, not what an earlier thaw has added: else thaw upon thaw would keep a dead key alive.
    function _prolongVouchers(
        SettlementState storage state,
        LaneConfig calldata config,
        Lane storage lane,
        uint40 readyAt
    ) private returns (uint40) {
        uint256 revokedAt = config.payerSigner == config.payer ? 0 : state.signers[config.payerSigner].revokedAt;
        // A key that is revoked later outlives this thaw anyway.
        if (revokedAt != 0 && block.timestamp <= revokedAt + config.thawDelay) lane.vouchersUntil = readyAt;
        return lane.vouchersUntil;
    }

    function _requireTerms(LaneConfig calldata config) private view {
        if (msg.sender != config.payer) revert IGridSettlement.GridSettlement_NotPayer(config.payer, msg.sender);
        if (config.worker == address(0)) revert IGridSettlement.GridSettlement_ZeroAddress("worker");
        if (config.kind > GridMessages.LANE_HOP) revert IGridSettlement.GridSettlement_UnknownLaneKind(config.kind);
        if (config.thawDelay < SettlementTimes.MIN_THAW_DELAY || config.thawDelay > SettlementTimes.MAX_THAW_DELAY) {
            revert IGridSettlement.GridSettlement_ThawDelayOutOfRange(
                config.thawDelay, SettlementTimes.MIN_THAW_DELAY, SettlementTimes.MAX_THAW_DELAY
            );
        }
    }

    /// @dev A key that is being revoked still signs for the lanes it has, but gets no new ones.
    function _requirePayerSigner(SettlementState storage state, LaneConfig calldata config) private view {
        if (config.payerSigner == config.payer) return;
        Signer memory record = state.signers[config.payerSigner];
        if (record.account != config.payer || record.role != SignerRoles.PAYER_SIGNER) {
            revert IGridSettlement.GridSettlement_NotSigner(config.payer, SignerRoles.PAYER_SIGNER, config.payerSigner);
        }
        if (record.revokedAt != 0) {
            revert IGridSettlement.GridSettlement_SignerRevoked(config.payerSigner, record.revokedAt);
        }
    }

    /// @dev A new lane's protocol fee.
    function _protocolBpsFor(SettlementState storage state, LaneConfig calldata config)
        private
        view
        returns (uint16 protocolBps)
    {
        bool accepted;
        if (config.kind == GridMessages.LANE_HOP) accepted = config.feeConfigId == 0;
        else (accepted, protocolBps) = state.acceptedProtocolBps(config.feeConfigId);
        if (!accepted) revert IGridSettlement.GridSettlement_FeeConfigRefused(config.feeConfigId);
    }

    /// @dev A lane can't be kept going for ever on an old fee config. A hop lane has none.
    function _requireFeeConfigAlive(SettlementState storage state, LaneConfig calldata config) private view {
        if (config.kind == GridMessages.LANE_HOP || config.feeConfigId == state.policy.feeConfigId) return;
        uint256 endedAt = state.feeConfigs[config.feeConfigId + 1].since;
        if (block.timestamp > endedAt + SettlementTimes.FEE_CONFIG_LIFE) {
            revert IGridSettlement.GridSettlement_FeeConfigRefused(config.feeConfigId);
        }
    }

    /// @dev A thaw that has lapsed is over, though still written down.
    function _isThawPending(Lane storage lane) private view returns (bool) {
        uint256 readyAt = lane.thawReadyAt;
        return readyAt != 0 && block.timestamp <= readyAt + SettlementTimes.THAW_WINDOW;
    }

    function _spendTreasurerCap(TreasurerCap storage record, uint128 amount) private {
        TreasurerCap memory cap = record;
        if (block.timestamp >= uint256(cap.windowStart) + SettlementTimes.TREASURER_WINDOW) {
            cap.windowStart = uint40(block.timestamp);
            cap.spent = 0;
        }
        uint128 left = cap.cap > cap.spent ? cap.cap - cap.spent : 0;
        if (amount > left) revert IGridSettlement.GridSettlement_TreasurerCapReached(msg.sender, amount, left);
        cap.spent += amount;
        record.spent = cap.spent;
        record.windowStart = cap.windowStart;
        emit IGridSettlement.TreasurerSpent(msg.sender, cap.spent, cap.windowStart);
    }
}
