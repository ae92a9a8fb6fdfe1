// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {AnchorProof, IGridSettlement, Signer} from "../interfaces/IGridSettlement.sol";
import {IWorkerRegistry} from "../interfaces/IWorkerRegistry.sol";
import {Anchors} from "./Anchors.sol";
import {CalldataHashes} from "../messages/CalldataHashes.sol";
import {GridMessages, JobReceipt} from "../messages/GridMessages.sol";
import {EcdsaCalldata} from "../messages/EcdsaCalldata.sol";
import {SettlementLib} from "./SettlementLib.sol";
import {SettlementState} from "./SettlementState.sol";
import {SettlementTimes} from "./SettlementTimes.sol";
import {SignerRoles} from "./SignerRoles.sol";

/// @dev A receipt of a report. `signer`: recovered from its signature. `validUntil`: the last second in which that key counted,
/// if the receipt comes without a proof and by a key that doesn't any more; else 0. `anchoredAt`: 0 without a proof.
struct Attested {
    bytes32 receiptId;
    address signer;
    uint256 validUntil;
    uint256 anchoredAt;
}

/// @title Slashing of workers that attested two images for one job
/// @notice Linked by GridSettlement, whose storage it works on; rules are on `IGridSettlement`.
library Slashing {
    using SettlementLib for SettlementState;

    /// @dev Word of a fault that cost all it costs. One whose worker's stake was short: this plus what is still owed.
    uint256 private constant PAID = 1;

    /// @notice `IGridSettlement.slashEquivocation`.
    function slashEquivocation(
        SettlementState storage state,
        IWorkerRegistry registry,
        bytes32 separator,
        JobReceipt calldata a,
        bytes calldata signatureA,
        JobReceipt calldata b,
        bytes calldata signatureB
    ) external returns (uint128) {
        // Check:
        _requireContradiction(state, a, b);
        bytes32 receiptA = _requireSigned(state, separator, 0, a, signatureA);
        bytes32 receiptB = _requireSigned(state, separator, 1, b, signatureB);
        // Effect:
        return _slash(state, registry, a, receiptA, receiptB, msg.sender);
    }

    /// @notice `IGridSettlement.slashAnchored`.
    function slashAnchored(
        SettlementState storage state,
        IWorkerRegistry registry,
        bytes32 separator,
        JobReceipt calldata a,
        bytes calldata signatureA,
        AnchorProof calldata proofA,
        JobReceipt calldata b,
        bytes calldata signatureB,
        AnchorProof calldata proofB
    ) external returns (uint128) {
        // Check:
        _requireContradiction(state, a, b);
        Attested memory first = _requireAttested(state, separator, 0, a, signatureA, proofA);
        Attested memory second = _requireAttested(state, separator, 1, b, signatureB, proofB);
        if (first.validUntil != 0) _requireExposed(0, first, second, b.requester, proofB);
        if (second.validUntil != 0) _requireExposed(1, second, first, a.requester, proofA);
        // Effect:
        return _slash(state, registry, a, first.receiptId, second.receiptId, address(0));
    }

    /// @dev Key of a job of a worker.
    function faultKey(address worker, bytes32 orderHash, uint32 index) internal pure returns (bytes32) {
        return keccak256(abi.encode(worker, orderHash, index));
    }

    function _requireContradiction(SettlementState storage state, JobReceipt calldata a, JobReceipt calldata b)
        private
        view
    {
        if (
            a.worker != b.worker || a.orderHash != b.orderHash || a.index != b.index
                || (a.imageHash == b.imageHash && a.cidDigest == b.cidDigest)
        ) revert IGridSettlement.GridSettlement_NoEquivocation();
        if (state.faults[faultKey(a.worker, a.orderHash, a.index)] == PAID) {
            revert IGridSettlement.GridSettlement_AlreadySlashed(a.worker, a.orderHash, a.index);
        }
    }

    function _idOf(bytes32 separator, JobReceipt calldata receipt) private pure returns (bytes32) {
        return GridMessages.toDigest(separator, CalldataHashes.hashReceipt(receipt));
    }

    /// @dev Requires the signature of a key that counts now.
    function _requireSigned(
        SettlementState storage state,
        bytes32 separator,
        uint256 position,
        JobReceipt calldata receipt,
        bytes calldata signature
    ) private view returns (bytes32 receiptId) {
        receiptId = _idOf(separator, receipt);
        address signer = EcdsaCalldata.recover(receiptId, signature);
        if (!state.isSigner(receipt.worker, SignerRoles.WORKER_SIGNER, signer)) {
            revert IGridSettlement.GridSettlement_ReceiptSignature(position, receipt.worker, signer);
        }
    }

    /// @dev Requires an anchor of the worker's, where a proof is given, else the signature of a key that counts, or did less
    /// than the unbond delay ago.
    function _requireAttested(
        SettlementState storage state,
        bytes32 separator,
        uint256 position,
        JobReceipt calldata receipt,
        bytes calldata signature,
        AnchorProof calldata proof
    ) private view returns (Attested memory attested) {
        attested.receiptId = _idOf(separator, receipt);
        attested.signer = EcdsaCalldata.recover(attested.receiptId, signature);
        if (proof.payer != address(0)) {
            attested.anchoredAt = _requireAnchored(state, position, receipt.worker, attested.receiptId, proof);
        } else if (!state.isSigner(receipt.worker, SignerRoles.WORKER_SIGNER, attested.signer)) {
            attested.validUntil = _requireRevoked(state, position, receipt.worker, attested.signer);
        }
    }

    /// @dev Requires an anchor of the worker's, younger than the unbond delay. Returns its time.
    function _requireAnchored(
        SettlementState storage state,
        uint256 position,
        address worker,
        bytes32 receiptId,
        AnchorProof calldata proof
    ) private view returns (uint256) {
        bytes32 root = MerkleProof.processProofCalldata(proof.proof, GridMessages.leafOf(receiptId));
        // An anchor that waits has time 0.
        (address attester, uint40 time,) = Anchors.read(Anchors.slotOf(state, proof.laneId, proof.payer, root).bits);
        if (attester != worker || block.timestamp >= uint256(time) + SettlementTimes.UNBOND_DELAY) {
            revert IGridSettlement.GridSettlement_ReceiptNotAnchored(position, root);
        }
        return time;
    }

    /// @dev Of a key that doesn't count: requires a WORKER_SIGNER of the worker's that was revoked less than the unbond delay
    /// ago. Returns the last second in which it counted.
    function _requireRevoked(SettlementState storage state, uint256 position, address worker, address signer)
        private
        view
        returns (uint256)
    {
        Signer storage key = state.signers[signer];
        if (key.account != worker || key.role != SignerRoles.WORKER_SIGNER) {
            revert IGridSettlement.GridSettlement_ReceiptSignature(position, worker, signer);
        }
        uint256 revokedAt = key.revokedAt;
        if (block.timestamp >= revokedAt + SettlementTimes.UNBOND_DELAY) {
            revert IGridSettlement.GridSettlement_SignerNotExposed(position, signer);
        }
        return revokedAt + SettlementTimes.REVOCATION_DELAY;
    }

    /// @dev Requires that the other receipt shows what a dead key did while it counted, and that whom it was made for reports.
    /// The payer is known on the direct rail only: anybody can anchor a copy in a lane of their own.
    function _requireExposed(
        uint256 position,
        Attested memory dead,
        Attested memory other,
        address requester,
        AnchorProof calldata proof
    ) private view {
        if (other.anchoredAt == 0 || other.anchoredAt > dead.validUntil || other.signer != dead.signer) {
            revert IGridSettlement.GridSettlement_SignerNotExposed(position, dead.signer);
        }
        if (msg.sender != requester && (proof.laneId != 0 || msg.sender != proof.payer)) {
            revert IGridSettlement.GridSettlement_NotConcerned(1 - position, msg.sender);
        }
    }

    function _slash(
        SettlementState storage state,
        IWorkerRegistry registry,
        JobReceipt calldata a,
        bytes32 receiptA,
        bytes32 receiptB,
        address reporter
    ) private returns (uint128 slashed) {
        bytes32 key = faultKey(a.worker, a.orderHash, a.index);
        uint256 fault = state.faults[key];
        // forge-lint: disable-next-line(unsafe-typecast) -- at most what was a uint128, and never PAID here
        uint128 owed = fault == 0 ? registry.peakMinBond() : uint128(fault - PAID);
        // Interaction, with a registry that calls nobody.
        slashed = registry.slash(a.worker, owed, reporter);
        if (slashed == 0) revert IGridSettlement.GridSettlement_NothingToSlash(a.worker);
        // Effect.
        state.faults[key] = PAID + owed - slashed;
        emit IGridSettlement.EquivocationSlashed(
            a.worker, msg.sender, a.orderHash, a.index, receiptA, receiptB, slashed
        );
    }
}
