// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement, Signer} from "../interfaces/IGridSettlement.sol";
import {IWorkerRegistry} from "../interfaces/IWorkerRegistry.sol";
import {CalldataMessages} from "./CalldataMessages.sol";
import {GridMessages, JobReceipt, SignerProof} from "./GridMessages.sol";
import {PlainSignature} from "./PlainSignature.sol";
import {SettlementState, SettlementSteps} from "./SettlementState.sol";
import {SettlementTimes} from "./SettlementTimes.sol";
import {SignerRoles} from "./SignerRoles.sol";

/// @title Keys, cancelled orders, and faults of signing
/// @notice Linked by GridSettlement, whose storage it works on; rules are on `IGridSettlement`.
library KeyDesk {
    using SettlementSteps for SettlementState;

    /// @notice `IGridSettlement.addSigner`.
    function add(
        SettlementState storage state,
        bytes32 separator,
        address signer,
        uint8 role,
        uint64 deadline,
        bytes calldata signature
    ) external {
        if (role == 0 || role > SignerRoles.WORKER_SIGNER) {
            revert IGridSettlement.GridSettlement_UnknownRole(role);
        }
        if (signer == address(0)) revert IGridSettlement.GridSettlement_ZeroAddress("signer");
        if (signer == msg.sender || state.signers[signer].account != address(0)) {
            revert IGridSettlement.GridSettlement_SignerTaken(signer);
        }
        if (block.timestamp > deadline) revert IGridSettlement.GridSettlement_ProofExpired(deadline);
        bytes32 proof = GridMessages.hashSignerProof(SignerProof(msg.sender, role, deadline));
        address recovered = PlainSignature.recover(GridMessages.toDigest(separator, proof), signature);
        if (recovered != signer) revert IGridSettlement.GridSettlement_BadProof(signer, recovered);

        state.signers[signer] = Signer({account: msg.sender, role: role, revokedAt: 0});
        emit IGridSettlement.SignerAdded(msg.sender, role, signer);
    }

    /// @notice `IGridSettlement.revokeSigner`.
    function revoke(SettlementState storage state, address signer) external {
        Signer storage record = state.signers[signer];
        uint8 role = record.role;
        if (record.account != msg.sender) revert IGridSettlement.GridSettlement_NotSigner(msg.sender, role, signer);
        if (record.revokedAt != 0) revert IGridSettlement.GridSettlement_SignerRevoked(signer, record.revokedAt);

        uint40 revokedAt = uint40(block.timestamp);
        record.revokedAt = revokedAt;
        uint40 validUntil = role == SignerRoles.TREASURER ? revokedAt : revokedAt + SettlementTimes.REVOCATION_DELAY;
        emit IGridSettlement.SignerRevoked(msg.sender, role, signer, revokedAt, validUntil);
    }

    /// @notice `IGridSettlement.setTreasurerCap`.
    function setTreasurerCap(SettlementState storage state, address signer, uint128 cap) external {
        Signer storage record = state.signers[signer];
        if (record.account != msg.sender || record.role != SignerRoles.TREASURER) {
            revert IGridSettlement.GridSettlement_NotSigner(msg.sender, SignerRoles.TREASURER, signer);
        }
        if (record.revokedAt != 0) revert IGridSettlement.GridSettlement_SignerRevoked(signer, record.revokedAt);

        state.treasurerCaps[signer].cap = cap;
        emit IGridSettlement.TreasurerCapSet(msg.sender, signer, cap);
    }

    /// @notice `IGridSettlement.announceCancel`.
    function announceCancel(SettlementState storage state, uint256[] calldata nonces) external {
        uint40 readyAt = uint40(block.timestamp) + SettlementTimes.ACCOUNT_DELAY;
        for (uint256 i; i < nonces.length; ++i) {
            state.cancelReadyAt[msg.sender][nonces[i]] = readyAt;
            emit IGridSettlement.OrderCancelAnnounced(msg.sender, nonces[i], readyAt);
        }
    }

    /// @notice `IGridSettlement.cancelOrders`.
    function cancelOrders(SettlementState storage state, address payer, uint256[] calldata nonces) external {
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

    /// @notice `IGridSettlement.slashEquivocation`.
    function slashEquivocation(
        SettlementState storage state,
        IWorkerRegistry registry,
        bytes32 separator,
        JobReceipt calldata a,
        bytes calldata signatureA,
        JobReceipt calldata b,
        bytes calldata signatureB
    ) external returns (uint128 slashed) {
        if (
            a.worker != b.worker || a.orderHash != b.orderHash || a.index != b.index
                || (a.imageHash == b.imageHash && a.cidDigest == b.cidDigest)
        ) revert IGridSettlement.GridSettlement_NoEquivocation();
        bytes32 key = faultKey(a.worker, a.orderHash, a.index);
        if (state.slashed[key]) revert IGridSettlement.GridSettlement_AlreadySlashed(a.worker, a.orderHash, a.index);
        bytes32 receiptA = _requireSigned(state, separator, 0, a, signatureA);
        bytes32 receiptB = _requireSigned(state, separator, 1, b, signatureB);

        state.slashed[key] = true;
        slashed = registry.slash(a.worker, registry.minBond(), msg.sender);
        if (slashed == 0) revert IGridSettlement.GridSettlement_NothingToSlash(a.worker);
        _emitSlashed(a, receiptA, receiptB, slashed);
    }

    /// @dev Names a job of a worker.
    function faultKey(address worker, bytes32 orderHash, uint32 index) internal pure returns (bytes32) {
        return keccak256(abi.encode(worker, orderHash, index));
    }

    function _requireSigned(
        SettlementState storage state,
        bytes32 separator,
        uint256 position,
        JobReceipt calldata receipt,
        bytes calldata signature
    ) private view returns (bytes32 receiptId) {
        receiptId = GridMessages.toDigest(separator, CalldataMessages.hashReceipt(receipt));
        address recovered = PlainSignature.recover(receiptId, signature);
        if (!state.isSigner(receipt.worker, SignerRoles.WORKER_SIGNER, recovered)) {
            revert IGridSettlement.GridSettlement_ReceiptSignature(position, receipt.worker, recovered);
        }
    }

    function _emitSlashed(JobReceipt calldata a, bytes32 receiptA, bytes32 receiptB, uint128 slashed) private {
        emit IGridSettlement.EquivocationSlashed(
            a.worker, msg.sender, a.orderHash, a.index, receiptA, receiptB, slashed
        );
    }
}
