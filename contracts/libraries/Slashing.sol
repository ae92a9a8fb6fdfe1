// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {AnchorProof, IGridSettlement, Signer} from "../interfaces/IGridSettlement.sol";
import {IWorkerRegistry} from "../interfaces/IWorkerRegistry.sol";
import {Anchors} from "./Anchors.sol";
import {CalldataMessages} from "./CalldataMessages.sol";
import {GridMessages, JobReceipt} from "./GridMessages.sol";
import {PlainSignature} from "./PlainSignature.sol";
import {SettlementState, SettlementSteps} from "./SettlementState.sol";
import {SettlementTimes} from "./SettlementTimes.sol";
import {SignerRoles} from "./SignerRoles.sol";

/// @dev A receipt of a report. `isLive`: the key counts as it stands. `isExposed`: a revoked key that counts by its anchor.
struct Signed {
    bytes32 receiptId;
    address signer;
    bool isLive;
    bool isExposed;
}

/// @title Slashing of workers that signed two images for one job
/// @notice Linked by GridSettlement, whose storage it works on; rules are on `IGridSettlement`.
library Slashing {
    using SettlementSteps for SettlementState;

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
        _requireContradiction(state, a, b);
        (bytes32 receiptA, address signerA) = _recover(separator, a, signatureA);
        (bytes32 receiptB, address signerB) = _recover(separator, b, signatureB);
        if (!_isLive(state, a.worker, signerA)) _revertSignature(0, a.worker, signerA);
        if (!_isLive(state, b.worker, signerB)) _revertSignature(1, b.worker, signerB);
        return _slash(state, registry, a, receiptA, receiptB, msg.sender);
    }

    /// @notice `IGridSettlement.slashRevokedSigner`.
    function slashRevokedSigner(
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
        _requireContradiction(state, a, b);
        Signed memory first = _read(state, separator, 0, a, signatureA, proofA);
        Signed memory second = _read(state, separator, 1, b, signatureB, proofB);
        if (first.isLive && second.isLive) revert IGridSettlement.GridSettlement_SignersLive();
        bool isSameSigner = first.signer == second.signer;
        if (!first.isLive && !first.isExposed && !(isSameSigner && second.isExposed)) {
            revert IGridSettlement.GridSettlement_SignerNotExposed(0, first.signer);
        }
        if (!second.isLive && !second.isExposed && !(isSameSigner && first.isExposed)) {
            revert IGridSettlement.GridSettlement_SignerNotExposed(1, second.signer);
        }
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

    function _recover(bytes32 separator, JobReceipt calldata receipt, bytes calldata signature)
        private
        view
        returns (bytes32 receiptId, address signer)
    {
        receiptId = GridMessages.toDigest(separator, CalldataMessages.hashReceipt(receipt));
        signer = PlainSignature.recover(receiptId, signature);
    }

    function _isLive(SettlementState storage state, address worker, address signer) private view returns (bool) {
        return state.isSigner(worker, SignerRoles.WORKER_SIGNER, signer);
    }

    /// @dev Reads who signed a receipt: the worker itself or one of its WORKER_SIGNERs, revoked or not.
    function _read(
        SettlementState storage state,
        bytes32 separator,
        uint256 position,
        JobReceipt calldata receipt,
        bytes calldata signature,
        AnchorProof calldata proof
    ) private view returns (Signed memory signed) {
        (signed.receiptId, signed.signer) = _recover(separator, receipt, signature);
        signed.isLive = _isLive(state, receipt.worker, signed.signer);
        Signer storage key = state.signers[signed.signer];
        if (!signed.isLive && (key.account != receipt.worker || key.role != SignerRoles.WORKER_SIGNER)) {
            _revertSignature(position, receipt.worker, signed.signer);
        }
        uint256 revokedAt = key.revokedAt;
        if (signed.isLive || proof.payer == address(0) || block.timestamp >= revokedAt + SettlementTimes.UNBOND_DELAY) {
            return signed;
        }
        if (!_isAnchoredBy(
                state, signed.receiptId, receipt.worker, proof, revokedAt + SettlementTimes.REVOCATION_DELAY
            )) {
            return signed;
        }
        if (msg.sender != proof.payer && msg.sender != receipt.requester) {
            revert IGridSettlement.GridSettlement_NotConcerned(position, msg.sender);
        }
        signed.isExposed = true;
    }

    /// @dev Returns whether a worker's receipt was anchored at `latest` or before. A waiting anchor has no time yet.
    function _isAnchoredBy(
        SettlementState storage state,
        bytes32 receiptId,
        address worker,
        AnchorProof calldata proof,
        uint256 latest
    ) private view returns (bool) {
        bytes32 root = MerkleProof.processProofCalldata(proof.proof, GridMessages.leafOf(receiptId));
        (address attester, uint40 time,) = Anchors.read(Anchors.slotOf(state, proof.laneId, proof.payer, root).bits);
        return attester == worker && time != 0 && time <= latest;
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

    function _revertSignature(uint256 position, address worker, address recovered) private pure {
        revert IGridSettlement.GridSettlement_ReceiptSignature(position, worker, recovered);
    }
}
