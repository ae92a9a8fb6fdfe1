// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IGridSettlement, Lane, Signer} from "../interfaces/IGridSettlement.sol";
import {IModelTerms} from "../interfaces/IModelTerms.sol";
import {BoundedCall} from "./BoundedCall.sol";
import {CalldataHashes} from "../messages/CalldataHashes.sol";
import {GridMessages, LaneConfig} from "../messages/GridMessages.sol";
import {SettlementTimes} from "./SettlementTimes.sol";
import {SignerRoles} from "./SignerRoles.sol";
import {Policy, SettlementState} from "./SettlementState.sol";

/// @title Steps that more than one part of the settlement takes
library SettlementLib {
    uint16 internal constant MAX_ROYALTY_BPS = 2000;

    function credit(SettlementState storage state, address account, uint128 amount) internal returns (uint128 balance) {
        balance = state.accounts[account].balance + amount;
        state.accounts[account].balance = balance;
    }

    function debit(SettlementState storage state, address account, uint128 amount) internal returns (uint128 balance) {
        balance = state.accounts[account].balance;
        if (amount > balance) revert IGridSettlement.GridSettlement_AccountShort(account, amount, balance);
        balance -= amount;
        state.accounts[account].balance = balance;
    }

    function requireNotPaused(SettlementState storage state) internal view {
        if (state.policy.paused) revert IGridSettlement.GridSettlement_Paused();
    }

    /// @dev The account's own key, or one registered for the role whose revocation isn't in force.
    function isSigner(SettlementState storage state, address account, uint8 role, address signer)
        internal
        view
        returns (bool)
    {
        if (signer == address(0)) return false;
        if (signer == account) return true;
        Signer storage record = state.signers[signer];
        if (record.account != account || record.role != role) return false;
        uint256 revokedAt = record.revokedAt;
        if (revokedAt == 0) return true;
        return role != SignerRoles.TREASURER && block.timestamp <= revokedAt + SettlementTimes.REVOCATION_DELAY;
    }

    /// @dev Of the current fee config, or of the previous one while it overlaps.
    function acceptedProtocolBps(SettlementState storage state, uint16 feeConfigId)
        internal
        view
        returns (bool accepted, uint16 protocolBps)
    {
        Policy storage policy = state.policy;
        if (feeConfigId == 0) return (false, 0);
        if (feeConfigId == policy.feeConfigId) return (true, policy.protocolBps);
        if (
            uint256(feeConfigId) + 1 == policy.feeConfigId
                && block.timestamp < uint256(policy.since) + SettlementTimes.FEE_CONFIG_OVERLAP
        ) return (true, policy.previousProtocolBps);
        return (false, 0);
    }

    function laneIdOf(LaneConfig calldata config, bytes32 separator) internal pure returns (bytes32) {
        return GridMessages.toDigest(separator, CalldataHashes.hashLane(config));
    }

    function laneOf(SettlementState storage state, bytes32 separator, LaneConfig calldata config)
        internal
        view
        returns (bytes32 laneId, Lane storage lane)
    {
        laneId = laneIdOf(config, separator);
        lane = state.lanes[laneId];
        if (!lane.opened) revert IGridSettlement.GridSettlement_LaneUnknown(laneId);
    }

    /// @dev AIGC's rate of this moment; not `ok`, and 0, when it doesn't know the model, or gives no rate within bounds.
    function royaltyBpsNow(IModelTerms models, uint256 modelId) internal view returns (bool ok, uint16 royaltyBps) {
        uint256 word;
        (ok, word) = BoundedCall.readModel(models, abi.encodeCall(IModelTerms.usageRoyaltyBps, (modelId)));
        if (word > MAX_ROYALTY_BPS) return (false, 0);
        // forge-lint: disable-next-line(unsafe-typecast) -- at most MAX_ROYALTY_BPS
        royaltyBps = uint16(word);
    }

    /// @dev Of a payerSigner that isn't the payer itself. MIN_THAW_DELAY equals REVOCATION_DELAY: a lane's own delay is
    /// never the shorter one.
    function payerSignerValidUntil(SettlementState storage state, LaneConfig calldata config, Lane storage lane)
        internal
        view
        returns (uint40 validUntil)
    {
        uint40 revokedAt = state.signers[config.payerSigner].revokedAt;
        if (revokedAt == 0) return type(uint40).max;
        validUntil = revokedAt + config.thawDelay;
        uint40 prolonged = lane.vouchersUntil;
        if (prolonged > validUntil) validUntil = prolonged;
    }

    function isNonceUsed(SettlementState storage state, address payer, uint256 nonce) internal view returns (bool) {
        // forge-lint: disable-next-line(incorrect-shift) -- the bit of this nonce
        return state.nonces[payer][nonce >> 8].bits & (1 << (nonce & 0xff)) != 0;
    }

    function useNonce(SettlementState storage state, address payer, uint256 nonce) internal {
        // forge-lint: disable-next-line(incorrect-shift) -- the bit of this nonce
        state.nonces[payer][nonce >> 8].bits |= 1 << (nonce & 0xff);
    }
}
