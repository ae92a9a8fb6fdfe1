// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement, Signer} from "../interfaces/IGridSettlement.sol";
import {GridMessages, SignerProof} from "../messages/GridMessages.sol";
import {EcdsaCalldata} from "../messages/EcdsaCalldata.sol";
import {SettlementState} from "./SettlementState.sol";
import {SettlementTimes} from "./SettlementTimes.sol";
import {SignerRoles} from "./SignerRoles.sol";

/// @title Hot keys of accounts
/// @notice Linked by GridSettlement, whose storage it works on; rules are on `IGridSettlement`.
library Signers {
    /// @notice `IGridSettlement.addSigner`.
    function add(
        SettlementState storage state,
        bytes32 separator,
        address signer,
        uint8 role,
        uint64 deadline,
        bytes calldata signature
    ) external {
        // Check:
        if (role == 0 || role > SignerRoles.WORKER_SIGNER) {
            revert IGridSettlement.GridSettlement_UnknownRole(role);
        }
        if (signer == address(0)) revert IGridSettlement.GridSettlement_ZeroAddress("signer");
        if (signer == msg.sender || state.signers[signer].account != address(0)) {
            revert IGridSettlement.GridSettlement_SignerTaken(signer);
        }
        if (block.timestamp > deadline) revert IGridSettlement.GridSettlement_ProofExpired(deadline);
        bytes32 proof = GridMessages.hashSignerProof(SignerProof(msg.sender, role, deadline));
        address recovered = EcdsaCalldata.recover(GridMessages.toDigest(separator, proof), signature);
        if (recovered != signer) revert IGridSettlement.GridSettlement_BadProof(signer, recovered);

        // Effect:
        state.signers[signer] = Signer({account: msg.sender, role: role, revokedAt: 0});
        emit IGridSettlement.SignerAdded(msg.sender, role, signer);
    }

    /// @notice `IGridSettlement.revokeSigner`.
    function revoke(SettlementState storage state, address signer) external {
        // Check:
        Signer storage record = state.signers[signer];
        uint8 role = record.role;
        if (record.account != msg.sender) revert IGridSettlement.GridSettlement_NotSigner(msg.sender, role, signer);
        if (record.revokedAt != 0) revert IGridSettlement.GridSettlement_SignerRevoked(signer, record.revokedAt);

        // Effect:
        uint40 revokedAt = uint40(block.timestamp);
        record.revokedAt = revokedAt;
        uint40 validUntil = role == SignerRoles.TREASURER ? revokedAt : revokedAt + SettlementTimes.REVOCATION_DELAY;
        emit IGridSettlement.SignerRevoked(msg.sender, role, signer, revokedAt, validUntil);
    }

    /// @notice `IGridSettlement.setTreasurerCap`.
    function setTreasurerCap(SettlementState storage state, address signer, uint128 cap) external {
        // Check:
        Signer storage record = state.signers[signer];
        if (record.account != msg.sender || record.role != SignerRoles.TREASURER) {
            revert IGridSettlement.GridSettlement_NotSigner(msg.sender, SignerRoles.TREASURER, signer);
        }
        if (record.revokedAt != 0) revert IGridSettlement.GridSettlement_SignerRevoked(signer, record.revokedAt);

        // Effect:
        state.treasurerCaps[signer].cap = cap;
        emit IGridSettlement.TreasurerCapSet(msg.sender, signer, cap);
    }
}
