// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {WorkerRegistry} from "./WorkerRegistry.sol";
import {
    AnchorProof,
    PayerAccount,
    FeeConfig,
    IGridSettlement,
    Lane,
    LaneTotal,
    ReceiptOutput,
    Settlement,
    Signer,
    TreasurerCap
} from "./interfaces/IGridSettlement.sol";
import {IModelTerms} from "./interfaces/IModelTerms.sol";
import {IReceiptAnchor} from "./interfaces/IReceiptAnchor.sol";
import {IWorkerRegistry} from "./interfaces/IWorkerRegistry.sol";
import {Anchors} from "./settlement/Anchors.sol";
import {BoundedCall} from "./settlement/BoundedCall.sol";
import {CalldataHashes} from "./messages/CalldataHashes.sol";
import {
    GridMessages,
    JobOrder,
    JobReceipt,
    LaneConfig,
    ModelTotal,
    OrderClosing,
    Voucher
} from "./messages/GridMessages.sol";
import {OrderCancels} from "./settlement/OrderCancels.sol";
import {Signers} from "./settlement/Signers.sol";
import {Lanes} from "./settlement/Lanes.sol";
import {EcdsaCalldata} from "./messages/EcdsaCalldata.sol";
import {ReceiptTree} from "./messages/ReceiptTree.sol";
import {SettlementLib} from "./settlement/SettlementLib.sol";
import {ModelAccount, SettlementState, Word} from "./settlement/SettlementState.sol";
import {SettlementTimes} from "./settlement/SettlementTimes.sol";
import {SignerRoles} from "./settlement/SignerRoles.sol";
import {Slashing} from "./settlement/Slashing.sol";
import {SplitMath} from "./settlement/SplitMath.sol";
import {Accounts} from "./settlement/Accounts.sol";

/// @title GridSettlement
/// @notice See `IGridSettlement`.
contract GridSettlement is IGridSettlement, AccessManaged, EIP712, ReentrancyGuardTransient {
    using CalldataHashes for *;
    using SettlementLib for SettlementState;

    // ---------------------------------------------------------------- types

    /// @dev A collect on its way. Amounts are uint128s.
    struct VoucherPayment {
        uint256 cumulative;
        uint256 rowToWorker;
        uint256 rowRoyalty;
        uint256 rowProtocolFee;
        uint256 free;
        // of the whole
        bytes32 laneId;
        address worker;
        bool hop;
        uint256 protocolBps;
        uint256 budget;
        uint256 paid;
        uint256 toWorker;
        uint256 protocolFee;
        // of the row at hand
        uint256 before;
        uint256 royaltyBps;
    }

    /// @dev A direct settlement on its way. Amounts are uint128s. The first ten fields are the data of `OrderSettled`, in
    /// its order: `_emitOrderSettled` logs them as they lie, and `testFuzz_WhenAllIsInOrder` compares them with the ABI.
    struct OrderPayment {
        address requester;
        uint256 modelId;
        uint256 nonce;
        bytes32 root;
        uint256 receiptCount;
        bool anchored;
        uint256 toWorker;
        uint256 royalty;
        uint256 protocolFee;
        uint256 balance;
        // its topics
        bytes32 orderHash;
        address payer;
        address worker;
        // the rest
        uint256 protocolBps;
        uint256 count;
        uint256 deadline;
        uint256 nonceBits;
        uint256 nextIndex;
        uint256 total;
    }

    /// @dev Context of a batch (`takesParts`: the caller has a right to settle a part), and what `worker` and
    /// `modelId` are credited but that isn't stored yet.
    struct BatchContext {
        bytes32 separator;
        bool takesParts;
        uint256 feeConfigId;
        uint256 protocolBps;
        bool modelKnown;
        uint256 modelId;
        uint256 royaltyBps;
        address worker;
        bool bonded;
        uint256 toWorker;
        uint256 protocolFee;
        uint256 royalty;
    }

    // ---------------------------------------------------------------- storage

    /// @inheritdoc IGridSettlement
    uint40 public constant ACCOUNT_DELAY = SettlementTimes.ACCOUNT_DELAY;
    /// @inheritdoc IGridSettlement
    uint40 public constant REVOCATION_DELAY = SettlementTimes.REVOCATION_DELAY;
    /// @inheritdoc IGridSettlement
    uint40 public constant MIN_THAW_DELAY = SettlementTimes.MIN_THAW_DELAY;
    /// @inheritdoc IGridSettlement
    uint40 public constant MAX_THAW_DELAY = SettlementTimes.MAX_THAW_DELAY;
    /// @inheritdoc IGridSettlement
    uint40 public constant THAW_WINDOW = SettlementTimes.THAW_WINDOW;
    /// @inheritdoc IGridSettlement
    uint40 public constant TREASURER_WINDOW = SettlementTimes.TREASURER_WINDOW;
    /// @inheritdoc IGridSettlement
    uint40 public constant SETTLE_GRACE = SettlementTimes.SETTLE_GRACE;
    /// @inheritdoc IGridSettlement
    uint40 public constant FEE_CONFIG_OVERLAP = SettlementTimes.FEE_CONFIG_OVERLAP;
    /// @inheritdoc IGridSettlement
    uint40 public constant FEE_CONFIG_LIFE = SettlementTimes.FEE_CONFIG_LIFE;
    /// @inheritdoc IGridSettlement
    uint40 public constant ROYALTY_LIFE = SettlementTimes.ROYALTY_LIFE;
    /// @inheritdoc IGridSettlement
    uint40 public constant LANE_ROYALTY_LIFE = SettlementTimes.LANE_ROYALTY_LIFE;
    /// @inheritdoc IGridSettlement
    uint16 public constant MAX_PROTOCOL_BPS = 1000;
    /// @inheritdoc IGridSettlement
    uint16 public constant MAX_ROYALTY_BPS = SettlementLib.MAX_ROYALTY_BPS;
    /// @inheritdoc IGridSettlement
    uint256 public constant MODEL_CALL_GAS = BoundedCall.MODEL_CALL_GAS;
    /// @inheritdoc IGridSettlement
    uint256 public constant MAX_VOUCHER_ROWS = 16;
    /// @inheritdoc IGridSettlement
    uint32 public constant MAX_ORDER_COUNT = 256;

    /// @inheritdoc IGridSettlement
    IERC20 public immutable aipg;
    /// @inheritdoc IGridSettlement
    IModelTerms public immutable models;
    /// @inheritdoc IGridSettlement
    IWorkerRegistry public immutable registry;

    SettlementState private _state;

    // ---------------------------------------------------------------- construction

    /// @param aipg_ The token.
    /// @param models_ AIGC.
    /// @param authority_ AccessManager.
    /// @param treasury_ Receiver of protocol fees and of the treasury's share of slashed bonds.
    /// @param protocolBps Protocol fee of fee config 1.
    constructor(IERC20 aipg_, IModelTerms models_, address authority_, address treasury_, uint16 protocolBps)
        AccessManaged(authority_)
        EIP712(GridMessages.DOMAIN_NAME, GridMessages.DOMAIN_VERSION)
    {
        if (address(aipg_) == address(0)) revert GridSettlement_ZeroAddress("aipg");
        if (address(models_) == address(0)) revert GridSettlement_ZeroAddress("models");
        if (authority_ == address(0)) revert GridSettlement_ZeroAddress("authority");
        aipg = aipg_;
        models = models_;
        _setTreasury(treasury_);
        _appendFeeConfig(protocolBps);
        registry = new WorkerRegistry(aipg_, address(this), authority_, treasury_);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IReceiptAnchor
    function anchorOf(bytes32 laneId, address payer, bytes32 root)
        external
        view
        returns (address worker, uint40 time, uint40 blockNumber)
    {
        return Anchors.read(Anchors.slotOf(_state, laneId, payer, root).bits);
    }

    /// @inheritdoc IGridSettlement
    function waitingAnchorOf(address payer, bytes32 root) external view returns (address worker, uint32 receiptCount) {
        return Anchors.waiting(Anchors.slotOf(_state, 0, payer, root).bits);
    }

    /// @inheritdoc IGridSettlement
    function accountOf(address account) external view returns (PayerAccount memory) {
        return _state.accounts[account];
    }

    /// @inheritdoc IGridSettlement
    function signerOf(address signer) external view returns (Signer memory) {
        return _state.signers[signer];
    }

    /// @inheritdoc IGridSettlement
    function isSigner(address account, uint8 role, address signer) external view returns (bool) {
        if (role == 0 || role > SignerRoles.WORKER_SIGNER) return false;
        if (role == SignerRoles.TREASURER && signer == account) return false;
        return _state.isSigner(account, role, signer);
    }

    /// @inheritdoc IGridSettlement
    function payerSignerValidUntil(LaneConfig calldata config) external view returns (uint40) {
        if (config.payerSigner == config.payer) return type(uint40).max;
        bytes32 laneId = SettlementLib.laneIdOf(config, _domainSeparatorV4());
        return _state.payerSignerValidUntil(config, _state.lanes[laneId]);
    }

    /// @inheritdoc IGridSettlement
    function treasurerCapOf(address signer) external view returns (TreasurerCap memory) {
        return _state.treasurerCaps[signer];
    }

    /// @inheritdoc IGridSettlement
    function laneIdOf(LaneConfig calldata config) external view returns (bytes32) {
        return SettlementLib.laneIdOf(config, _domainSeparatorV4());
    }

    /// @inheritdoc IGridSettlement
    function laneOf(bytes32 laneId) external view returns (Lane memory) {
        return _state.lanes[laneId];
    }

    /// @inheritdoc IGridSettlement
    function laneTotalOf(bytes32 laneId, uint256 modelId) external view returns (LaneTotal memory) {
        return _state.laneTotals[laneId][modelId];
    }

    /// @inheritdoc IGridSettlement
    function dueOf(Voucher calldata voucher) external view returns (uint256 asked, uint128 free) {
        return (_dueFrom(voucher, 0), _state.lanes[voucher.laneId].free);
    }

    /// @inheritdoc IGridSettlement
    function isNonceUsed(address payer, uint256 nonce) external view returns (bool) {
        return _state.isNonceUsed(payer, nonce);
    }

    /// @inheritdoc IGridSettlement
    function nonceWordOf(address payer, uint256 word) external view returns (uint256) {
        return _state.nonces[payer][word].bits;
    }

    /// @inheritdoc IGridSettlement
    function cancelReadyAt(address payer, uint256 nonce) external view returns (uint40) {
        return _state.cancelReadyAt[payer][nonce];
    }

    /// @inheritdoc IGridSettlement
    function earnedOf(address worker) external view returns (uint128) {
        return uint128(_state.earned[worker]);
    }

    /// @inheritdoc IGridSettlement
    function protocolAccruedOf(address worker) external view returns (uint128) {
        return uint128(_state.earned[worker] >> 128);
    }

    /// @inheritdoc IGridSettlement
    function modelEarnedOf(uint256 modelId) external view returns (uint128) {
        return _state.models[modelId].earned;
    }

    /// @inheritdoc IGridSettlement
    function modelRoyaltyOf(uint256 modelId) external view returns (uint16 royaltyBps, uint40 readAt) {
        ModelAccount storage model = _state.models[modelId];
        return (model.royaltyBps, model.readAt);
    }

    /// @inheritdoc IGridSettlement
    function feeConfigOf(uint16 feeConfigId) external view returns (FeeConfig memory) {
        return _state.feeConfigs[feeConfigId];
    }

    /// @inheritdoc IGridSettlement
    function currentFeeConfigId() external view returns (uint16) {
        return _state.policy.feeConfigId;
    }

    /// @inheritdoc IGridSettlement
    function isFeeConfigAccepted(uint16 feeConfigId) external view returns (bool accepted) {
        (accepted,) = _state.acceptedProtocolBps(feeConfigId);
    }

    /// @inheritdoc IGridSettlement
    function splitOf(uint128 gross, uint16 protocolBps, uint16 royaltyBps)
        external
        pure
        returns (uint128 toWorker, uint128 royalty, uint128 protocolFee)
    {
        (uint256 a, uint256 b, uint256 c) = SplitMath.split(gross, protocolBps, royaltyBps);
        // forge-lint: disable-next-line(unsafe-typecast) -- parts of a uint128
        return (uint128(a), uint128(b), uint128(c));
    }

    /// @inheritdoc IGridSettlement
    function isSlashed(address worker, bytes32 orderHash, uint32 index) external view returns (bool) {
        return _state.faults[Slashing.faultKey(worker, orderHash, index)] != 0;
    }

    /// @inheritdoc IGridSettlement
    function treasury() external view returns (address) {
        return _state.policy.treasury;
    }

    /// @inheritdoc IGridSettlement
    function paused() external view returns (bool) {
        return _state.policy.paused;
    }

    /// @inheritdoc IGridSettlement
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    // ---------------------------------------------------------------- money in

    /// @inheritdoc IGridSettlement
    function deposit(uint128 amount) external nonReentrant {
        Accounts.deposit(_state, aipg, msg.sender, amount);
    }

    /// @inheritdoc IGridSettlement
    function depositFor(address account, uint128 amount) external nonReentrant {
        Accounts.deposit(_state, aipg, account, amount);
    }

    /// @inheritdoc IGridSettlement
    function depositWithPermit(address account, uint128 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
    {
        // Whoever saw the permit can have used it already: then the allowance is there, and that is all it was for.
        try IERC20Permit(address(aipg)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        Accounts.deposit(_state, aipg, account, amount);
    }

    /// @inheritdoc IGridSettlement
    function openLane(LaneConfig calldata config, uint128 amount) external returns (bytes32 laneId) {
        return Lanes.open(_state, _domainSeparatorV4(), config, amount);
    }

    /// @inheritdoc IGridSettlement
    function topUpLane(LaneConfig calldata config, uint128 amount) external {
        Lanes.topUp(_state, _domainSeparatorV4(), config, amount);
    }

    // ---------------------------------------------------------------- money within

    /// @inheritdoc IGridSettlement
    function collect(
        LaneConfig calldata config,
        Voucher calldata voucher,
        bytes calldata payerSignature,
        bytes calldata workerSignature
    ) external returns (uint128 paid) {
        return _collect(config, voucher, payerSignature, workerSignature, type(uint128).max);
    }

    /// @inheritdoc IGridSettlement
    function collectUpTo(
        LaneConfig calldata config,
        Voucher calldata voucher,
        bytes calldata payerSignature,
        bytes calldata workerSignature,
        uint128 amount
    ) external returns (uint128 paid) {
        return _collect(config, voucher, payerSignature, workerSignature, amount);
    }

    /// @inheritdoc IGridSettlement
    function settle(Settlement calldata item) external returns (bytes32 root) {
        return _settleAlone(item, false, false).root;
    }

    /// @inheritdoc IGridSettlement
    function settleBatch(Settlement[] calldata items) external returns (bytes4[] memory failures) {
        failures = new bytes4[](items.length);
        BatchContext memory batch;
        batch.separator = _domainSeparatorV4();
        OrderPayment memory payment;
        // Nothing that an item leaves in memory is of use to the next: each begins where the first did.
        Memory.Pointer free = Memory.getFreeMemoryPointer();
        for (uint256 i; i < items.length; ++i) {
            Memory.unsafeSetFreeMemoryPointer(free);
            bytes memory failure = _settle(items[i], payment, batch);
            if (failure.length == 0) continue;
            // forge-lint: disable-next-line(unsafe-typecast) -- the selector it begins with
            failures[i] = bytes4(failure);
            emit SettlementFailed(i, payment.orderHash, failure);
        }
        _storeCredits(batch);
    }

    /// @inheritdoc IGridSettlement
    function settleClosed(Settlement calldata item, bytes calldata closingSignature) external returns (bytes32 root) {
        OrderPayment memory payment = _settleAlone(item, true, false);
        // The closing names what was settled, so it is checked when that is known.
        _requireClosed(payment, closingSignature);
        return payment.root;
    }

    /// @inheritdoc IGridSettlement
    function settleInGrace(Settlement calldata item) external returns (bytes32 root) {
        JobOrder calldata order = item.order;
        if (!_state.isSigner(order.payer, SignerRoles.ORDER_SIGNER, msg.sender)) {
            revert GridSettlement_NotPayer(order.payer, msg.sender);
        }
        if (block.timestamp <= order.deadline) revert GridSettlement_GraceNotBegun(order.deadline);
        return _settleAlone(item, true, true).root;
    }

    /// @inheritdoc IGridSettlement
    function confirmAnchor(address payer, bytes32 root) external {
        Anchors.confirm(_state, registry, payer, root);
    }

    /// @inheritdoc IGridSettlement
    function moveEarned(address account, uint128 amount) external {
        Accounts.moveEarned(_state, account, amount);
    }

    // ---------------------------------------------------------------- money out

    /// @inheritdoc IGridSettlement
    function thaw(uint128 amount) external {
        Accounts.thaw(_state, amount);
    }

    /// @inheritdoc IGridSettlement
    function cancelThaw() external {
        Accounts.cancelThaw(_state);
    }

    /// @inheritdoc IGridSettlement
    function withdraw(address to) external nonReentrant {
        Accounts.withdraw(_state, aipg, to);
    }

    /// @inheritdoc IGridSettlement
    function thawLane(LaneConfig calldata config, uint128 amount) external {
        Lanes.thaw(_state, _domainSeparatorV4(), config, amount);
    }

    /// @inheritdoc IGridSettlement
    function finaliseLaneThaw(LaneConfig calldata config) external {
        Lanes.finaliseThaw(_state, _domainSeparatorV4(), config);
    }

    /// @inheritdoc IGridSettlement
    function claimEarned(address to) external nonReentrant returns (uint128 amount) {
        return Accounts.claimEarned(_state, aipg, to);
    }

    /// @inheritdoc IGridSettlement
    function claimModelRoyalty(uint256 modelId) external nonReentrant returns (uint128 amount) {
        return Accounts.claimModelRoyalty(_state, aipg, models, modelId);
    }

    /// @inheritdoc IGridSettlement
    function sweepProtocol(address[] calldata workers) external nonReentrant returns (uint128 amount) {
        return Accounts.sweepProtocol(_state, aipg, workers);
    }

    // ---------------------------------------------------------------- keys, orders, faults

    /// @inheritdoc IGridSettlement
    function addSigner(address signer, uint8 role, uint64 deadline, bytes calldata signature) external {
        Signers.add(_state, _domainSeparatorV4(), signer, role, deadline, signature);
    }

    /// @inheritdoc IGridSettlement
    function revokeSigner(address signer) external {
        Signers.revoke(_state, signer);
    }

    /// @inheritdoc IGridSettlement
    function setTreasurerCap(address signer, uint128 cap) external {
        Signers.setTreasurerCap(_state, signer, cap);
    }

    /// @inheritdoc IGridSettlement
    function announceCancel(uint256[] calldata nonces) external {
        OrderCancels.announce(_state, nonces);
    }

    /// @inheritdoc IGridSettlement
    function cancelOrders(address payer, uint256[] calldata nonces) external {
        OrderCancels.cancel(_state, payer, nonces);
    }

    /// @inheritdoc IGridSettlement
    function slashEquivocation(
        JobReceipt calldata a,
        bytes calldata signatureA,
        JobReceipt calldata b,
        bytes calldata signatureB
    ) external returns (uint128 slashed) {
        return Slashing.slashEquivocation(_state, registry, _domainSeparatorV4(), a, signatureA, b, signatureB);
    }

    /// @inheritdoc IGridSettlement
    function slashAnchored(
        JobReceipt calldata a,
        bytes calldata signatureA,
        AnchorProof calldata proofA,
        JobReceipt calldata b,
        bytes calldata signatureB,
        AnchorProof calldata proofB
    ) external returns (uint128 slashed) {
        return Slashing.slashAnchored(
            _state, registry, _domainSeparatorV4(), a, signatureA, proofA, b, signatureB, proofB
        );
    }

    // ---------------------------------------------------------------- admin

    /// @inheritdoc IGridSettlement
    function appendFeeConfig(uint16 protocolBps) external restricted returns (uint16 feeConfigId) {
        uint256 from = uint256(_state.policy.since) + FEE_CONFIG_OVERLAP;
        if (block.timestamp < from) revert GridSettlement_FeeConfigTooSoon(from);
        return _appendFeeConfig(protocolBps);
    }

    /// @inheritdoc IGridSettlement
    function setTreasury(address newTreasury) external restricted {
        _setTreasury(newTreasury);
    }

    /// @inheritdoc IGridSettlement
    function pause() external restricted {
        _state.requireNotPaused();
        _state.policy.paused = true;
        emit Paused(msg.sender);
    }

    /// @inheritdoc IGridSettlement
    function unpause() external restricted {
        if (!_state.policy.paused) revert GridSettlement_NotPaused();
        _state.policy.paused = false;
        emit Unpaused(msg.sender);
    }

    // ---------------------------------------------------------------- internal: balances

    /// @dev No half can overflow: all that is owed fits a uint128 (see `Accounts.deposit`).
    function _creditEarned(address worker, uint256 toWorker, uint256 protocolFee) private {
        unchecked {
            _state.earned[worker] += protocolFee << 128 | toWorker;
        }
    }

    function _creditModel(uint256 modelId, uint256 royalty) private {
        unchecked {
            // forge-lint: disable-next-line(unsafe-typecast) -- part of payments that are uint128
            _state.models[modelId].earned += uint128(royalty);
        }
    }

    // ---------------------------------------------------------------- internal: lanes

    function _collect(
        LaneConfig calldata config,
        Voucher calldata voucher,
        bytes calldata payerSignature,
        bytes calldata workerSignature,
        uint256 limit
    ) private returns (uint128) {
        bytes32 separator = _domainSeparatorV4();
        bytes32 laneId = SettlementLib.laneIdOf(config, separator);
        if (voucher.laneId != laneId) revert GridSettlement_VoucherLane(laneId, voucher.laneId);
        bytes32 digest = GridMessages.toDigest(separator, voucher.hashVoucher());
        _requirePayerSigned(config, laneId, digest, payerSignature);
        address worker = config.worker;
        _requireAttested(worker, digest, workerSignature);
        return _payVoucher(laneId, config, worker, voucher, limit);
    }

    function _payVoucher(
        bytes32 laneId,
        LaneConfig calldata config,
        address worker,
        Voucher calldata voucher,
        uint256 limit
    ) private returns (uint128) {
        Lane storage lane = _state.lanes[laneId];
        VoucherPayment memory payment;
        // Read together, so that it costs one load.
        bool opened;
        (opened, payment.protocolBps, payment.free) = (lane.opened, lane.protocolBps, lane.free);
        if (!opened) revert GridSettlement_LaneUnknown(laneId);
        payment.laneId = laneId;
        payment.worker = worker;
        payment.budget = limit;
        if (config.kind == GridMessages.LANE_HOP) {
            _requireHopVoucher(voucher);
            payment.hop = true;
        }
        bool paidInFull = _payRows(payment, voucher);

        if (payment.paid != 0) {
            lane.free = uint128(payment.free);
            _creditEarned(worker, payment.toWorker, payment.protocolFee);
        }
        if (paidInFull && voucher.receiptsRoot != 0) _anchorVoucher(config.payer, worker, voucher);
        return uint128(payment.paid);
    }

    function _requireHopVoucher(Voucher calldata voucher) private pure {
        if (
            voucher.receiptsRoot != 0 || voucher.receiptCount != 0 || voucher.totals.length != 1
                || voucher.totals[0].modelId != 0
        ) revert GridSettlement_HopVoucher(voucher.laneId);
    }

    /// @return paidInFull Whether nothing is due any more under this voucher.
    function _payRows(VoucherPayment memory payment, Voucher calldata voucher) private returns (bool paidInFull) {
        ModelTotal[] calldata totals = voucher.totals;
        if (totals.length > MAX_VOUCHER_ROWS) revert GridSettlement_TooManyRows(totals.length, MAX_VOUCHER_ROWS);
        paidInFull = true;
        uint256 previousId;
        for (uint256 i; i < totals.length; ++i) {
            ModelTotal calldata row = totals[i];
            uint256 modelId = row.modelId;
            if (i != 0 && modelId <= previousId) revert GridSettlement_RowsNotAscending(i);
            previousId = modelId;

            LaneTotal storage total = _state.laneTotals[payment.laneId][modelId];
            // Read together, so that it costs one load.
            uint256 readAt;
            (payment.before, payment.royaltyBps, readAt) = (total.cumulative, total.royaltyBps, total.royaltyReadAt);
            uint256 amount = row.cumulative;
            if (amount <= payment.before) continue;
            unchecked {
                amount -= payment.before;
            }
            if (amount > payment.budget) {
                amount = payment.budget;
                paidInFull = false;
                if (amount == 0) continue;
            }
            if (amount > payment.free) _revertLaneShort(payment, voucher, i);
            if (block.timestamp >= readAt + LANE_ROYALTY_LIFE && !payment.hop) {
                _readRoyalty(payment, total, modelId);
            }
            _payRow(payment, total, modelId, amount);
        }
    }

    /// @dev An answer that fails counts as 0, but isn't kept.
    function _readRoyalty(VoucherPayment memory payment, LaneTotal storage total, uint256 modelId) private {
        (bool ok, uint16 royaltyBps) = SettlementLib.royaltyBpsNow(models, modelId);
        payment.royaltyBps = royaltyBps;
        if (!ok) return;
        total.royaltyBps = royaltyBps;
        total.royaltyReadAt = uint40(block.timestamp);
        emit LaneRoyaltyFrozen(payment.laneId, modelId, royaltyBps);
    }

    /// @dev `amount` is at most what the lane has free, and at most the budget.
    function _payRow(VoucherPayment memory payment, LaneTotal storage total, uint256 modelId, uint256 amount) private {
        uint256 cumulative;
        unchecked {
            cumulative = payment.before + amount;
            payment.budget -= amount;
            payment.free -= amount;
            payment.paid += amount;
        }
        (uint256 toWorker, uint256 royalty, uint256 protocolFee) =
            SplitMath.growth(payment.before, cumulative, payment.protocolBps, payment.royaltyBps);
        payment.cumulative = cumulative;
        payment.rowToWorker = toWorker;
        payment.rowRoyalty = royalty;
        payment.rowProtocolFee = protocolFee;
        unchecked {
            payment.toWorker += toWorker;
            payment.protocolFee += protocolFee;
        }
        // forge-lint: disable-next-line(unsafe-typecast) -- a row of the voucher is a uint128
        total.cumulative = uint128(cumulative);
        if (royalty != 0) _creditModel(modelId, royalty);
        _emitLaneCollected(payment, modelId);
    }

    function _emitLaneCollected(VoucherPayment memory payment, uint256 modelId) private {
        emit LaneCollected(
            payment.laneId,
            payment.worker,
            modelId,
            uint128(payment.cumulative),
            uint128(payment.rowToWorker),
            uint128(payment.rowRoyalty),
            uint128(payment.rowProtocolFee),
            uint128(payment.free)
        );
    }

    /// @dev Names the whole amount that was asked for, of which the rows before `position` are paid by now.
    function _revertLaneShort(VoucherPayment memory payment, Voucher calldata voucher, uint256 position) private view {
        uint256 due = _dueFrom(voucher, position);
        if (due > payment.budget) due = payment.budget;
        revert GridSettlement_LaneShort(payment.laneId, payment.paid + due, uint128(payment.free + payment.paid));
    }

    /// @dev Sum that the rows from `position` on still ask for.
    function _dueFrom(Voucher calldata voucher, uint256 position) private view returns (uint256 due) {
        for (uint256 i = position; i < voucher.totals.length; ++i) {
            uint128 paid = _state.laneTotals[voucher.laneId][voucher.totals[i].modelId].cumulative;
            if (voucher.totals[i].cumulative > paid) due += voucher.totals[i].cumulative - paid;
        }
    }

    // ---------------------------------------------------------------- internal: anchors

    function _anchorVoucher(address payer, address worker, Voucher calldata voucher) private {
        bytes32 laneId = voucher.laneId;
        bytes32 root = voucher.receiptsRoot;
        Word storage anchor = Anchors.slotOf(_state, laneId, payer, root);
        if (anchor.bits != 0 || !registry.isBonded(worker)) return;
        anchor.bits = Anchors.stamped(worker);
        emit ReceiptsAnchored(laneId, worker, root, voucher.receiptCount);
    }

    // ---------------------------------------------------------------- internal: direct rail

    /// @dev One order, whose refusal is the call's.
    /// @param takesParts True when the caller has a right to settle a part.
    /// @param paysWhole True when the part costs the whole `maxPrice`.
    function _settleAlone(Settlement calldata item, bool takesParts, bool paysWhole)
        private
        returns (OrderPayment memory payment)
    {
        BatchContext memory batch;
        batch.separator = _domainSeparatorV4();
        batch.takesParts = takesParts;
        (bytes memory failure, Word storage nonceWord) = _checkSettlement(item, payment, batch);
        if (failure.length == 0) {
            uint256 maxPrice = item.order.maxPrice;
            // A total above the cap is refused as such.
            if (paysWhole && payment.total < maxPrice) payment.total = maxPrice;
            failure = _payOrder(item.order, payment, batch, nonceWord);
        }
        if (failure.length != 0) LowLevelCall.bubbleRevert(failure);
        _storeCredits(batch);
    }

    function _requireClosed(OrderPayment memory payment, bytes calldata signature) private view {
        // forge-lint: disable-next-line(unsafe-typecast) -- at most MAX_ORDER_COUNT
        OrderClosing memory closing = OrderClosing(payment.orderHash, uint32(payment.receiptCount), payment.root);
        bytes32 digest = GridMessages.toDigest(_domainSeparatorV4(), GridMessages.hashOrderClosing(closing));
        address recovered = EcdsaCalldata.recover(digest, signature);
        if (!_state.isSigner(payment.worker, SignerRoles.WORKER_SIGNER, recovered)) {
            revert GridSettlement_ClosingSignature(payment.worker, recovered);
        }
    }

    /// @dev Checks everything before it changes anything, and answers a refusal (ABI-encoded error) instead of
    /// reverting: so a batch needs no call to itself.
    function _settle(Settlement calldata item, OrderPayment memory payment, BatchContext memory batch)
        private
        returns (bytes memory failure)
    {
        Word storage nonceWord;
        (failure, nonceWord) = _checkSettlement(item, payment, batch);
        if (failure.length != 0) return failure;
        return _payOrder(item.order, payment, batch, nonceWord);
    }

    function _checkSettlement(Settlement calldata item, OrderPayment memory payment, BatchContext memory batch)
        private
        view
        returns (bytes memory failure, Word storage nonceWord)
    {
        JobOrder calldata order = item.order;
        uint256 nonce = order.nonce;
        payment.orderHash = order.hashOrder();
        payment.payer = order.payer;
        payment.nonce = nonce;
        nonceWord = _state.nonces[payment.payer][nonce >> 8];
        failure = _checkOrder(order, item.orderSignature, payment, batch, nonceWord);
        if (failure.length == 0) failure = _checkReceipts(order, item.receipts, payment, batch);
    }

    function _payOrder(
        JobOrder calldata order,
        OrderPayment memory payment,
        BatchContext memory batch,
        Word storage nonceWord
    ) private returns (bytes memory failure) {
        address payer = payment.payer;
        uint256 total = payment.total;
        PayerAccount storage account = _state.accounts[payer];
        uint256 balance = account.balance;
        if (total > order.maxPrice) {
            return _encodeError(GridSettlement_PriceAboveCap.selector, total, order.maxPrice);
        }
        if (total > balance) {
            return _encodeError(GridSettlement_AccountShort.selector, uint160(payer), total, balance);
        }

        unchecked {
            balance -= total;
        }
        // forge-lint: disable-next-line(unsafe-typecast) -- less than the balance it was
        account.balance = uint128(balance);
        payment.balance = balance;
        nonceWord.bits = payment.nonceBits;
        _creditOrder(order, payment, batch);
        Anchors.slotOf(_state, 0, payer, payment.root).bits = payment.anchored
            ? Anchors.stamped(payment.worker)
            : Anchors.unstamped(payment.worker, payment.receiptCount);
        _emitOrderSettled(payment);
    }

    function _checkOrder(
        JobOrder calldata order,
        bytes calldata signature,
        OrderPayment memory payment,
        BatchContext memory batch,
        Word storage word
    ) private view returns (bytes memory failure) {
        if (order.laneId != 0) {
            return _encodeError(GridSettlement_OrderOfLane.selector, uint256(order.laneId));
        }
        uint256 count = order.count;
        payment.count = count;
        if (count == 0 || count > MAX_ORDER_COUNT) {
            return _encodeError(GridSettlement_OrderCountOutOfRange.selector, count, MAX_ORDER_COUNT);
        }
        uint256 deadline = order.deadline;
        payment.deadline = deadline;
        unchecked {
            uint256 settleBy = deadline + SETTLE_GRACE; // uint64 and minutes
            if (block.timestamp > settleBy) return _encodeError(GridSettlement_OrderExpired.selector, settleBy);
        }
        if (!_acceptsFeeConfig(order.feeConfigId, batch)) {
            return _encodeError(GridSettlement_FeeConfigRefused.selector, order.feeConfigId);
        }
        payment.protocolBps = batch.protocolBps;
        address payer = payment.payer;
        uint256 bits = word.bits;
        // forge-lint: disable-next-line(incorrect-shift) -- the bit of this nonce
        payment.nonceBits = bits | 1 << (payment.nonce & 0xff);
        if (payment.nonceBits == bits) {
            return _encodeError(GridSettlement_NonceUsed.selector, uint160(payer), payment.nonce);
        }
        address recovered = EcdsaCalldata.recover(GridMessages.toDigest(batch.separator, payment.orderHash), signature);
        if (!_state.isSigner(payer, SignerRoles.ORDER_SIGNER, recovered)) {
            return _encodeError(GridSettlement_OrderSignature.selector, uint160(payer), uint160(recovered));
        }
    }

    /// @dev A config that is accepted stays so, at the same rate, through a batch. Config 0 never is.
    function _acceptsFeeConfig(uint16 feeConfigId, BatchContext memory batch) private view returns (bool accepted) {
        if (feeConfigId == batch.feeConfigId && feeConfigId != 0) return true;
        (accepted, batch.protocolBps) = _state.acceptedProtocolBps(feeConfigId);
        batch.feeConfigId = accepted ? feeConfigId : 0;
    }

    function _checkReceipts(
        JobOrder calldata order,
        ReceiptOutput[] calldata receipts,
        OrderPayment memory payment,
        BatchContext memory batch
    ) private view returns (bytes memory failure) {
        if (receipts.length != payment.count) {
            failure = _checkPart(receipts.length, payment.count, order.worker, batch);
            if (failure.length != 0) return failure;
        }
        payment.receiptCount = receipts.length;
        payment.requester = order.requester;
        payment.worker = order.worker;
        payment.total = 0;
        payment.nextIndex = 0;
        bytes32[13] memory words = order.beginReceipts(payment.orderHash, payment.requester, payment.worker);
        if (receipts.length == 1) {
            (failure, payment.root) = _checkReceipt(receipts[0], 0, words, payment, batch.separator);
            return failure;
        }
        bytes32[] memory leaves = new bytes32[](receipts.length);
        for (uint256 i; i < leaves.length; ++i) {
            (failure, leaves[i]) = _checkReceipt(receipts[i], i, words, payment, batch.separator);
            if (failure.length != 0) return failure;
        }
        payment.root = ReceiptTree.rootOf(leaves);
    }

    /// @dev Refuses a part of an order from a stranger, who could settle its cheapest receipt and leave the rest unpaid.
    function _checkPart(uint256 receipts, uint256 count, address worker, BatchContext memory batch)
        private
        view
        returns (bytes memory failure)
    {
        if (receipts == 0 || receipts > count) {
            return _encodeError(GridSettlement_ReceiptCount.selector, receipts, count);
        }
        if (batch.takesParts || _state.isSigner(worker, SignerRoles.WORKER_SIGNER, msg.sender)) return "";
        return _encodeError(GridSettlement_OrderIncomplete.selector, receipts, count, uint160(msg.sender));
    }

    function _checkReceipt(
        ReceiptOutput calldata output,
        uint256 position,
        bytes32[13] memory words,
        OrderPayment memory payment,
        bytes32 separator
    ) private view returns (bytes memory failure, bytes32 leaf) {
        uint256 index = output.index;
        if (index < payment.nextIndex || index >= payment.count) {
            return (_encodeError(GridSettlement_ReceiptIndex.selector, position, index), 0);
        }
        unchecked {
            payment.nextIndex = index + 1;
            payment.total += output.price; // at most 256 uint128
        }
        if (output.completedAt > payment.deadline) {
            return
                (_encodeError(GridSettlement_ReceiptLate.selector, position, output.completedAt, payment.deadline), 0);
        }
        bytes32 receiptId = GridMessages.toDigest(separator, words.hashReceiptOf(output));
        leaf = GridMessages.leafOf(receiptId);
        address worker = payment.worker;
        address recovered = EcdsaCalldata.recover(receiptId, output.signature);
        if (!_state.isSigner(worker, SignerRoles.WORKER_SIGNER, recovered)) {
            failure =
                _encodeError(GridSettlement_ReceiptSignature.selector, position, uint160(worker), uint160(recovered));
        }
    }

    function _creditOrder(JobOrder calldata order, OrderPayment memory payment, BatchContext memory batch) private {
        uint256 modelId = order.modelId;
        address worker = payment.worker;
        // No worker is the zero address: the first payment turns to its worker and its model.
        if (batch.worker != worker || batch.modelId != modelId) _loadTerms(batch, worker, modelId);
        payment.modelId = modelId;
        payment.anchored = batch.bonded;
        (payment.toWorker, payment.royalty, payment.protocolFee) =
            SplitMath.split(payment.total, payment.protocolBps, batch.royaltyBps);
        unchecked {
            batch.toWorker += payment.toWorker;
            batch.royalty += payment.royalty;
            batch.protocolFee += payment.protocolFee;
        }
    }

    /// @dev Asks what a payment to this worker for this model has to know.
    function _loadTerms(BatchContext memory batch, address worker, uint256 modelId) private {
        _storeCredits(batch);
        if (!batch.modelKnown || batch.modelId != modelId) {
            batch.royaltyBps = _currentRoyaltyBps(modelId);
            batch.modelId = modelId;
            batch.modelKnown = true;
        }
        if (batch.worker != worker) {
            batch.bonded = registry.isBonded(worker);
            batch.worker = worker;
        }
    }

    function _storeCredits(BatchContext memory batch) private {
        if (batch.toWorker | batch.protocolFee != 0) _creditEarned(batch.worker, batch.toWorker, batch.protocolFee);
        if (batch.royalty != 0) _creditModel(batch.modelId, batch.royalty);
        (batch.toWorker, batch.royalty, batch.protocolFee) = (0, 0, 0);
    }

    /// @dev A failure counts as 0, but isn't kept.
    function _currentRoyaltyBps(uint256 modelId) private returns (uint16) {
        ModelAccount storage model = _state.models[modelId];
        if (block.timestamp < uint256(model.readAt) + ROYALTY_LIFE) return model.royaltyBps;
        (bool ok, uint16 royaltyBps) = SettlementLib.royaltyBpsNow(models, modelId);
        if (ok) {
            model.royaltyBps = royaltyBps;
            model.readAt = uint40(block.timestamp);
            emit ModelRoyaltyRead(modelId, royaltyBps);
        }
        return royaltyBps;
    }

    /// @dev Emits `OrderSettled` from where its data lie: encoding ten words again costs 450 gas an order.
    function _emitOrderSettled(OrderPayment memory payment) private {
        bytes32 topic = OrderSettled.selector;
        bytes32 orderHash = payment.orderHash;
        address payer = payment.payer;
        address worker = payment.worker;
        assembly ("memory-safe") {
            log4(payment, 0x140, topic, orderHash, payer, worker)
        }
    }

    /// @dev ABI encoding of an error whose arguments are one, two or three words.
    function _encodeError(bytes4 selector, uint256 a) private pure returns (bytes memory) {
        return abi.encodePacked(selector, a);
    }

    function _encodeError(bytes4 selector, uint256 a, uint256 b) private pure returns (bytes memory) {
        return abi.encodePacked(selector, a, b);
    }

    function _encodeError(bytes4 selector, uint256 a, uint256 b, uint256 c) private pure returns (bytes memory) {
        return abi.encodePacked(selector, a, b, c);
    }

    // ---------------------------------------------------------------- internal: signatures

    function _requirePayerSigned(LaneConfig calldata config, bytes32 laneId, bytes32 digest, bytes calldata signature)
        private
        view
    {
        address recovered = EcdsaCalldata.recover(digest, signature);
        address payerSigner = config.payerSigner;
        if (recovered != payerSigner) revert GridSettlement_PayerSignature(payerSigner, recovered);
        if (payerSigner == config.payer || _state.signers[payerSigner].revokedAt == 0) return;
        uint40 validUntil = _state.payerSignerValidUntil(config, _state.lanes[laneId]);
        if (block.timestamp > validUntil) revert GridSettlement_PayerSignerExpired(payerSigner, validUntil);
    }

    function _requireAttested(address worker, bytes32 digest, bytes calldata signature) private view {
        if (msg.sender == worker || _state.isSigner(worker, SignerRoles.WORKER_SIGNER, msg.sender)) return;
        address recovered = EcdsaCalldata.recover(digest, signature);
        if (_state.isSigner(worker, SignerRoles.WORKER_SIGNER, recovered)) return;
        revert GridSettlement_NotAttested(worker, msg.sender, recovered);
    }

    // ---------------------------------------------------------------- internal: terms

    function _appendFeeConfig(uint16 protocolBps) private returns (uint16 feeConfigId) {
        if (protocolBps > MAX_PROTOCOL_BPS) revert GridSettlement_ProtocolFeeTooHigh(protocolBps, MAX_PROTOCOL_BPS);
        feeConfigId = _state.policy.feeConfigId + 1;
        _state.policy.feeConfigId = feeConfigId;
        _state.policy.previousProtocolBps = _state.policy.protocolBps;
        _state.policy.protocolBps = protocolBps;
        _state.policy.since = uint40(block.timestamp);
        _state.feeConfigs[feeConfigId] = FeeConfig({protocolBps: protocolBps, since: uint40(block.timestamp)});
        emit FeeConfigAppended(feeConfigId, protocolBps);
    }

    function _setTreasury(address newTreasury) private {
        if (newTreasury == address(0) || newTreasury == address(this)) {
            revert GridSettlement_BadRecipient(newTreasury);
        }
        _state.policy.treasury = newTreasury;
        emit TreasurySet(newTreasury);
    }
}
