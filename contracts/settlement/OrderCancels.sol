// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement} from "../interfaces/IGridSettlement.sol";
import {SettlementLib} from "./SettlementLib.sol";
import {SettlementState} from "./SettlementState.sol";
import {SettlementTimes} from "./SettlementTimes.sol";

/// @title Cancelling of orders
/// @notice Linked by GridSettlement, whose storage it works on; rules are on `IGridSettlement`.
library OrderCancels {
    using SettlementLib for SettlementState;

    /// @notice `IGridSettlement.announceCancel`.
    function announce(SettlementState storage state, uint256[] calldata nonces) external {
        uint40 readyAt = uint40(block.timestamp) + SettlementTimes.ACCOUNT_DELAY;
        for (uint256 i; i < nonces.length; ++i) {
            state.cancelReadyAt[msg.sender][nonces[i]] = readyAt;
            emit IGridSettlement.OrderCancelAnnounced(msg.sender, nonces[i], readyAt);
        }
    }

    /// @notice `IGridSettlement.cancelOrders`.
    function cancel(SettlementState storage state, address payer, uint256[] calldata nonces) external {
        for (uint256 i; i < nonces.length; ++i) {
            uint256 nonce = nonces[i];
            uint40 readyAt = state.cancelReadyAt[payer][nonce];
            if (readyAt == 0) revert IGridSettlement.GridSettlement_CancelNotAnnounced(payer, nonce);
            if (block.timestamp < readyAt) revert IGridSettlement.GridSettlement_CancelPending(nonce, readyAt);
            if (state.isNonceUsed(payer, nonce)) continue;
            state.useNonce(payer, nonce);
            emit IGridSettlement.OrderCancelled(payer, nonce);
        }
    }
}
