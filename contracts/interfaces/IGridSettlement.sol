// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IModelTerms} from "./IModelTerms.sol";
import {IReceiptAnchor} from "./IReceiptAnchor.sol";
import {IWorkerRegistry} from "./IWorkerRegistry.sol";
import {JobOrder, JobReceipt, LaneConfig, Voucher} from "../messages/GridMessages.sol";

/// @notice Result of a worker's job for an order: a `JobReceipt` without the fields that repeat the order.
/// @param index 0 to `order.count - 1`, strictly ascending within a settlement.
/// @param seed Seed used.
/// @param engineHash keccak256 of the engine string.
/// @param imageHash sha256 of the file as served.
/// @param cidDigest sha2-256 digest in the file's CID.
/// @param completedAt Unix seconds, at most `order.deadline`.
/// @param price AIPG wei, gross of royalty and protocol fee.
/// @param signature The worker's, by its own key or a WORKER_SIGNER, over the digest of the whole `JobReceipt`.
struct ReceiptOutput {
    uint32 index;
    uint64 seed;
    bytes32 engineHash;
    bytes32 imageHash;
    bytes32 cidDigest;
    uint64 completedAt;
    uint128 price;
    bytes signature;
}

/// @notice An order of the direct rail and its receipts.
/// @param order The payer's order; `laneId` is 0.
/// @param orderSignature By the payer's own key or an ORDER_SIGNER, over the order's digest.
/// @param receipts All `order.count` of them; at least one where an entry takes fewer.
struct Settlement {
    JobOrder order;
    bytes orderSignature;
    ReceiptOutput[] receipts;
}

/// @notice A payer's account.
/// @param balance AIPG wei that direct orders, lanes and withdrawals can draw on; includes what is thawing.
/// @param thawing AIPG wei announced for withdrawal; still spendable until it is withdrawn.
/// @param thawReadyAt Unix seconds from which it can be withdrawn; 0 when nothing thaws.
struct PayerAccount {
    uint128 balance;
    uint128 thawing;
    uint40 thawReadyAt;
}

/// @notice Proof that a receipt is a leaf of an anchored root.
/// @param laneId Lane that anchored the root, 0 for the direct rail.
/// @param payer Payer of the anchor; the zero address when no proof is given.
/// @param proof Sibling nodes, from the leaf up; empty when the root is the leaf itself.
struct AnchorProof {
    bytes32 laneId;
    address payer;
    bytes32[] proof;
}

/// @notice A hot key.
/// @param account Cold account it works for; zero when the key is unknown.
/// @param role See `SignerRoles`.
/// @param revokedAt Unix seconds of its revocation; 0 when it is live.
struct Signer {
    address account;
    uint8 role;
    uint40 revokedAt;
}

/// @notice A TREASURER's cap.
/// @param cap AIPG wei it may move into lanes per window.
/// @param spent AIPG wei it moved in the window that began at `windowStart`.
/// @param windowStart Unix seconds.
struct TreasurerCap {
    uint128 cap;
    uint128 spent;
    uint40 windowStart;
}

/// @notice A lane's state; its terms are the `LaneConfig` that hashes to its id.
/// @param free AIPG wei that vouchers can still collect.
/// @param thawReadyAt Unix seconds from which the pending thaw can be finalised; 0 when none is pending.
/// @param protocolBps Protocol fee, basis points, fixed for the lane's life.
/// @param opened True from `openLane` on, for ever.
/// @param vouchersUntil Unix seconds: `readyAt` of the last thaw that began while vouchers of a revoked payerSigner
/// counted; 0 when there was none. Never falls, whatever becomes of the thaw.
/// @param thawing AIPG wei the pending thaw asks back, at most; still collectable until it is finalised.
struct Lane {
    uint128 free;
    uint40 thawReadyAt;
    uint16 protocolBps;
    bool opened;
    uint40 vouchersUntil;
    uint128 thawing;
}

/// @notice Sum that a lane has paid for one model.
/// @param cumulative AIPG wei, gross; never falls.
/// @param royaltyBps Usage royalty, basis points, as it was read at `royaltyReadAt`.
/// @param royaltyReadAt Unix seconds; the rate holds for `LANE_ROYALTY_LIFE` from then on. 0 when none was read.
struct LaneTotal {
    uint128 cumulative;
    uint16 royaltyBps;
    uint40 royaltyReadAt;
}

/// @notice An entry of the append-only list of fee configs.
/// @param protocolBps Protocol fee, basis points of gross prices.
/// @param since Unix seconds from which it is the current one.
struct FeeConfig {
    uint16 protocolBps;
    uint40 since;
}

/// @title GridSettlement
/// @notice Holds the AIPG with which requesters pay GPU workers, and records on chain which receipts were attested by
/// their worker and acknowledged by their payer.
/// @dev Immutable: no proxy, no owner. Amounts are AIPG wei, rates basis points, times Unix seconds.
///
/// **Two rails, one anchor.** A *lane* pays one worker by cumulative vouchers, in a single `collect` whatever the number
/// of jobs, and anchors the Merkle root of the receipts. The *direct* rail pays one order's receipts in one `settle`,
/// and anchors the root of just those. An order with `laneId == 0` is direct, any other belongs to its lane; both sides
/// sign the `laneId`, so no receipt can be paid on both.
///
/// **Signatures** of vouchers, orders and receipts are plain ECDSA: 65 bytes, low s, v 27 or 28. A contract wallet
/// registers a key. A signer's code, or an EIP-7702 delegation, is never asked.
///
/// **Time given to the other side.** Leaving an account and cancelling an order take `ACCOUNT_DELAY`; leaving a lane
/// takes its own `thawDelay`; revoking a key takes `REVOCATION_DELAY` (for vouchers: or the lane's `thawDelay`, if
/// longer; a thaw that begins while they count prolongs it to its own end). All are announced by an event. Until they are
/// over a voucher that its lane covers is paid in full.
/// An account secures nobody: its payer can spend it at once on another order or on a lane, its own alias's included. So
/// a worker of the direct rail gives credit for one order.
///
/// **A part of an order** is settled by its worker, by whoever carries the worker's `OrderClosing`, or in the grace after
/// the deadline by its payer for the whole `maxPrice`. Everybody else settles all `count` receipts or none.
///
/// **Paying** moves balances inside this contract only: a paused AIPG stops deposits and payouts, nothing else.
/// Paper is never consumed for less than it credits.
///
/// **Split.** Of a gross amount `n`, `floor(n * (protocolBps + royaltyBps) / 10,000)` is cut; of the cut,
/// `floor(cut * royaltyBps / (protocolBps + royaltyBps))` goes to the model, the rest to the protocol, all else to the
/// worker. On a lane `n` is the cumulative total, and each collect credits the growth of each share. So within one
/// `LANE_ROYALTY_LIFE` the shares of a total depend on the total alone, not on the number of collects. None ever shrinks.
/// A collect at another royalty rate than the one before splits both totals at its own rate.
///
/// **Books.** AIPG held = accounts + lanes + workers' earnings + models' earnings + protocol accruals, as long as
/// nobody sends AIPG here directly; what somebody does send belongs to nobody.
///
/// **Chain id.** Lane ids, orders, vouchers and receipts are bound to the chain id of the moment. If the chain's id
/// changes, no lane of before can be named any more: what is in it stays there.
///
/// **Admin** (AccessManager) can append fee configs within the caps, name the treasury, and pause deposits and new
/// lanes. It can't stop, redirect or reduce anything that is already in.
interface IGridSettlement is IReceiptAnchor, IERC5267 {
    // ---------------------------------------------------------------- events: accounts

    /// @notice `from` paid `amount` into `account`, whose balance is `balance` now.
    event Deposited(address indexed account, address indexed from, uint128 amount, uint128 balance);

    /// @notice `account` announced a withdrawal of `amount`, possible from `readyAt`. Replaces an earlier one.
    event AccountThawStarted(address indexed account, uint128 amount, uint40 readyAt);

    /// @notice `account` took its announcement back.
    event AccountThawCancelled(address indexed account);

    /// @notice `account` withdrew `amount` to `to`; nothing is thawing any more, the balance is `balance` now.
    event Withdrawn(address indexed account, address indexed to, uint128 amount, uint128 balance);

    // ---------------------------------------------------------------- events: keys

    /// @notice `signer` works for `account` in `role` from now on.
    event SignerAdded(address indexed account, uint8 indexed role, address indexed signer);

    /// @notice `account` revoked `signer`. What it signed stays good through `validUntil`; vouchers of a lane stay good
    /// through `revokedAt + thawDelay` if that is later, or through its `vouchersUntil` (`LaneThawStarted`).
    event SignerRevoked(
        address indexed account, uint8 indexed role, address indexed signer, uint40 revokedAt, uint40 validUntil
    );

    /// @notice `signer` may move up to `cap` per window into `account`'s lanes.
    event TreasurerCapSet(address indexed account, address indexed signer, uint128 cap);

    // ---------------------------------------------------------------- events: lanes

    /// @notice A lane was opened with `amount` from its payer's account, whose balance is `balance` now.
    event LaneOpened(
        bytes32 indexed laneId,
        address indexed payer,
        address indexed worker,
        LaneConfig config,
        uint16 protocolBps,
        uint128 amount,
        uint128 balance
    );

    /// @notice `by` moved `amount` from the payer's account (`balance` now) into the lane (`free` now). When the payer
    /// did it, a pending thaw is over.
    event LaneToppedUp(
        bytes32 indexed laneId, address indexed payer, address indexed by, uint128 amount, uint128 free, uint128 balance
    );

    /// @notice A TREASURER has moved `spent` into lanes in the window that began at `windowStart`.
    event TreasurerSpent(address indexed signer, uint128 spent, uint40 windowStart);

    /// @notice The payer asks `amount` back; can be finalised from `readyAt` to `lapsesAt`. Replaces an earlier one.
    /// `vouchersUntil` is the lane's from now on: `readyAt` if the payerSigner is revoked and its vouchers still counted,
    /// else as before.
    event LaneThawStarted(
        bytes32 indexed laneId, uint128 amount, uint40 readyAt, uint40 lapsesAt, uint40 vouchersUntil
    );

    /// @notice The payer's top-up took the announcement back.
    event LaneThawCancelled(bytes32 indexed laneId);

    /// @notice `amount` went from the lane (`free` now) back to its payer's account (`balance` now).
    event LaneThawed(bytes32 indexed laneId, address indexed payer, uint128 amount, uint128 free, uint128 balance);

    /// @notice The lane pays `royaltyBps` on its jobs of `modelId` for `LANE_ROYALTY_LIFE` from now on.
    event LaneRoyaltyFrozen(bytes32 indexed laneId, uint256 indexed modelId, uint16 royaltyBps);

    /// @notice One voucher row was paid: `toWorker + royalty + protocolFee` left the lane, whose total for the model is
    /// `cumulative` now and which has `free` left.
    event LaneCollected(
        bytes32 indexed laneId,
        address indexed worker,
        uint256 indexed modelId,
        uint128 cumulative,
        uint128 toWorker,
        uint128 royalty,
        uint128 protocolFee,
        uint128 free
    );

    /// @notice `worker` attested, and the payer acknowledged, `receiptCount` receipts under `root`. The anchor's time and
    /// block are this log's. Its payer is the lane's; with `laneId` 0 a waiting anchor was confirmed, whose payer is that of
    /// the `OrderSettled` with this root.
    event ReceiptsAnchored(bytes32 indexed laneId, address indexed worker, bytes32 root, uint32 receiptCount);

    // ---------------------------------------------------------------- events: direct rail

    /// @notice An order was paid from its payer's account, whose balance is `balance` now; its nonce is used.
    /// @param orderHash Struct hash of the order.
    /// @param payer Account that paid.
    /// @param worker Worker that was paid.
    /// @param requester Account that may mint the results.
    /// @param modelId The model used.
    /// @param nonce The order's nonce.
    /// @param root Merkle root of the receipts.
    /// @param receiptCount Number of receipts.
    /// @param anchored True when `root` was anchored (with laneId 0): the worker was bonded. Time and block are this log's.
    /// When false the anchor waits for `confirmAnchor`.
    /// @param toWorker AIPG wei.
    /// @param royalty AIPG wei to the model.
    /// @param protocolFee AIPG wei.
    /// @param balance The payer's, afterwards.
    event OrderSettled(
        bytes32 indexed orderHash,
        address indexed payer,
        address indexed worker,
        address requester,
        uint256 modelId,
        uint256 nonce,
        bytes32 root,
        uint32 receiptCount,
        bool anchored,
        uint128 toWorker,
        uint128 royalty,
        uint128 protocolFee,
        uint128 balance
    );

    /// @notice The direct rail goes by AIGC's answer, `royaltyBps` for `modelId`, for `ROYALTY_LIFE` from now on.
    event ModelRoyaltyRead(uint256 indexed modelId, uint16 royaltyBps);

    /// @notice One item of a batch was refused; nothing of it happened.
    /// @param position Its place in the batch.
    /// @param orderHash Struct hash of its order.
    /// @param reason The error `settle` would have reverted with.
    event SettlementFailed(uint256 indexed position, bytes32 indexed orderHash, bytes reason);

    /// @notice `payer` announced that orders with `nonce` can't be settled any more once cancelled, from `readyAt`.
    event OrderCancelAnnounced(address indexed payer, uint256 nonce, uint40 readyAt);

    /// @notice Orders of `payer` with `nonce` can't be settled any more.
    event OrderCancelled(address indexed payer, uint256 nonce);

    // ---------------------------------------------------------------- events: money out

    /// @notice `worker` took `amount` of its earnings to `to`; `earned` is left.
    event EarnedClaimed(address indexed worker, address indexed to, uint128 amount, uint128 earned);

    /// @notice `worker` moved `amount` of its earnings (`earned` left) into `account` (`balance` now).
    event EarnedMoved(address indexed worker, address indexed account, uint128 amount, uint128 earned, uint128 balance);

    /// @notice All a model had earned, `amount`, was paid to its owner.
    event ModelRoyaltyClaimed(uint256 indexed modelId, address indexed owner, uint128 amount);

    /// @notice The protocol's accrual beside `worker`'s earnings, `amount`, was paid to `treasury`.
    event ProtocolSwept(address indexed worker, address indexed treasury, uint128 amount);

    /// @notice `worker` signed or anchored two different images for one job and lost `amount` of its bond.
    event EquivocationSlashed(
        address indexed worker,
        address indexed reporter,
        bytes32 indexed orderHash,
        uint32 index,
        bytes32 receiptA,
        bytes32 receiptB,
        uint128 amount
    );

    // ---------------------------------------------------------------- events: admin

    /// @notice `feeConfigId` is the current fee config from now on.
    event FeeConfigAppended(uint16 indexed feeConfigId, uint16 protocolBps);

    /// @notice Protocol fees are paid to `treasury` from now on.
    event TreasurySet(address indexed treasury);

    /// @notice `by` paused deposits and new lanes.
    event Paused(address by);

    /// @notice `by` let deposits and new lanes go on.
    event Unpaused(address by);

    // ---------------------------------------------------------------- errors: general

    /// @notice The zero address can't be `field`.
    error GridSettlement_ZeroAddress(string field);
    /// @notice AIPG can't be paid to the zero address, nor to this contract, where nobody could claim it.
    error GridSettlement_BadRecipient(address to);
    /// @notice An amount of zero means nothing here.
    error GridSettlement_ZeroAmount();
    /// @notice Deposits and new lanes are paused.
    error GridSettlement_Paused();
    /// @notice Nothing is paused.
    error GridSettlement_NotPaused();
    /// @notice The token delivered `received` instead of `expected`.
    error GridSettlement_TransferShort(uint256 expected, uint256 received);
    /// @notice More AIPG than a uint128 can count.
    error GridSettlement_TooMuchHeld(uint256 held, uint256 amount);
    /// @notice Less gas is left than reading a model's terms may take. Send more: a royalty is never lost to thrift.
    error GridSettlement_GasTooLow(uint256 left, uint256 needed);

    // ---------------------------------------------------------------- errors: accounts and keys

    /// @notice The account's balance is below what is asked.
    error GridSettlement_AccountShort(address account, uint256 asked, uint128 balance);
    /// @notice The account has announced no withdrawal.
    error GridSettlement_AccountNotThawing(address account);
    /// @notice The withdrawal can't be made before `readyAt`.
    error GridSettlement_AccountStillThawing(address account, uint40 readyAt);
    /// @notice There is no such role.
    error GridSettlement_UnknownRole(uint8 role);
    /// @notice The key has, or had, a role already. A key is never used twice.
    error GridSettlement_SignerTaken(address signer);
    /// @notice The signer's proof can't be used after its `deadline`.
    error GridSettlement_ProofExpired(uint64 deadline);
    /// @notice The proof was not signed by the key itself (`recovered` is zero for a malformed signature).
    error GridSettlement_BadProof(address signer, address recovered);
    /// @notice The key does not work for this account in this role.
    error GridSettlement_NotSigner(address account, uint8 role, address signer);
    /// @notice The key was revoked before.
    error GridSettlement_SignerRevoked(address signer, uint40 revokedAt);

    // ---------------------------------------------------------------- errors: lanes

    /// @notice Only the lane's payer may do this.
    error GridSettlement_NotPayer(address payer, address caller);
    /// @notice There is no such kind of lane.
    error GridSettlement_UnknownLaneKind(uint8 kind);
    /// @notice No lane was opened with these terms.
    error GridSettlement_LaneUnknown(bytes32 laneId);
    /// @notice A lane with these terms was opened before. Take another salt.
    error GridSettlement_LaneExists(bytes32 laneId);
    /// @notice `thawDelay` must be `MIN_THAW_DELAY` to `MAX_THAW_DELAY`.
    error GridSettlement_ThawDelayOutOfRange(uint40 thawDelay, uint40 min, uint40 max);
    /// @notice The fee config does not exist, is too old for this, or is not 0 on a hop lane.
    error GridSettlement_FeeConfigRefused(uint16 feeConfigId);
    /// @notice The TREASURER may move only `left` more in this window.
    error GridSettlement_TreasurerCapReached(address signer, uint128 asked, uint128 left);
    /// @notice A TREASURER can't top up a lane that its owner is thawing.
    error GridSettlement_LaneThawing(bytes32 laneId);
    /// @notice No thaw is pending.
    error GridSettlement_LaneNotThawing(bytes32 laneId);
    /// @notice The thaw can't be finalised before `readyAt`.
    error GridSettlement_LaneStillThawing(bytes32 laneId, uint40 readyAt);
    /// @notice The thaw had to be finalised by `lapsedAt`. Start another.
    error GridSettlement_LaneThawLapsed(bytes32 laneId, uint40 lapsedAt);

    // ---------------------------------------------------------------- errors: vouchers

    /// @notice The voucher is for another lane.
    error GridSettlement_VoucherLane(bytes32 expected, bytes32 given);
    /// @notice The voucher was not signed by the lane's payerSigner (`recovered` is zero for a malformed signature).
    error GridSettlement_PayerSignature(address payerSigner, address recovered);
    /// @notice The payerSigner was revoked, and its vouchers on this lane were good through `validUntil`.
    error GridSettlement_PayerSignerExpired(address payerSigner, uint40 validUntil);
    /// @notice Neither the caller nor `recovered`, who counter-signed, is the worker or its live WORKER_SIGNER
    /// (`recovered` is zero when there was no counter-signature, or a malformed one).
    error GridSettlement_NotAttested(address worker, address caller, address recovered);
    /// @notice A voucher has at most `max` rows.
    error GridSettlement_TooManyRows(uint256 rows, uint256 max);
    /// @notice The row at `position` does not have a greater modelId than the one before.
    error GridSettlement_RowsNotAscending(uint256 position);
    /// @notice A hop lane's voucher has root 0, count 0 and one row for modelId 0.
    error GridSettlement_HopVoucher(bytes32 laneId);
    /// @notice The lane has only `free` of the `asked`. Top it up, or name a part with `collectUpTo`.
    error GridSettlement_LaneShort(bytes32 laneId, uint256 asked, uint128 free);

    // ---------------------------------------------------------------- errors: direct orders

    /// @notice The order belongs to a lane.
    error GridSettlement_OrderOfLane(bytes32 laneId);
    /// @notice `count` must be 1 to `MAX_ORDER_COUNT`.
    error GridSettlement_OrderCountOutOfRange(uint32 count, uint32 max);
    /// @notice The order had to be settled by `settleBy`.
    error GridSettlement_OrderExpired(uint256 settleBy);
    /// @notice The nonce was used or cancelled.
    error GridSettlement_NonceUsed(address payer, uint256 nonce);
    /// @notice Neither the payer nor its live ORDER_SIGNER signed (`recovered` is zero for a malformed signature).
    error GridSettlement_OrderSignature(address payer, address recovered);
    /// @notice There must be 1 to `count` receipts.
    error GridSettlement_ReceiptCount(uint256 receipts, uint32 count);
    /// @notice There are fewer receipts than images ordered, and the caller is neither the worker nor its live
    /// WORKER_SIGNER. See `settleClosed` and `settleInGrace`.
    error GridSettlement_OrderIncomplete(uint256 receipts, uint32 count, address caller);
    /// @notice Neither the worker nor its live WORKER_SIGNER closed the order with just these receipts (`recovered` is
    /// zero for a malformed signature).
    error GridSettlement_ClosingSignature(address worker, address recovered);
    /// @notice The payer's grace begins after the order's deadline.
    error GridSettlement_GraceNotBegun(uint64 deadline);
    /// @notice No anchor of the direct rail waits under this payer and root.
    error GridSettlement_AnchorNotWaiting(address payer, bytes32 root);
    /// @notice The worker's active bond is below the minimum.
    error GridSettlement_WorkerNotBonded(address worker);
    /// @notice The index of the receipt at `position` is not above the one before, or not below the order's count.
    error GridSettlement_ReceiptIndex(uint256 position, uint32 index);
    /// @notice The receipt at `position` was completed after the order's deadline.
    error GridSettlement_ReceiptLate(uint256 position, uint64 completedAt, uint64 deadline);
    /// @notice Neither the worker nor its live WORKER_SIGNER signed the receipt at `position` (`recovered` is zero for a
    /// malformed signature).
    error GridSettlement_ReceiptSignature(uint256 position, address worker, address recovered);
    /// @notice The receipts ask for more than the order's `maxPrice`.
    error GridSettlement_PriceAboveCap(uint256 asked, uint128 maxPrice);
    /// @notice No cancel was announced for this nonce.
    error GridSettlement_CancelNotAnnounced(address payer, uint256 nonce);
    /// @notice The order can't be cancelled before `readyAt`.
    error GridSettlement_CancelPending(uint256 nonce, uint40 readyAt);

    // ---------------------------------------------------------------- errors: money out, admin

    /// @notice `worker` has earned `earned`, less than asked.
    error GridSettlement_EarnedShort(address worker, uint128 asked, uint128 earned);
    /// @notice There is nothing to pay out.
    error GridSettlement_NothingEarned();
    /// @notice AIGC names no owner for the model.
    error GridSettlement_ModelOwnerUnknown(uint256 modelId);
    /// @notice Only the model's owner may claim what it has earned.
    error GridSettlement_NotModelOwner(uint256 modelId, address owner, address caller);
    /// @notice The two receipts don't contradict each other: they need the same worker, orderHash and index, and a
    /// different imageHash or cidDigest.
    error GridSettlement_NoEquivocation();
    /// @notice The worker of the receipt at `position` has no anchor under this proof, or made it `UNBOND_DELAY` or more ago
    /// (`root` is where the proof leads). A waiting anchor doesn't count.
    error GridSettlement_ReceiptNotAnchored(uint256 position, bytes32 root);
    /// @notice The receipt at `position` has no proof, and the key that signed it doesn't count any more: it was revoked
    /// `UNBOND_DELAY` or more ago, or more than `REVOCATION_DELAY` ago and the other receipt is not one of the same key that
    /// was anchored by then.
    error GridSettlement_SignerNotExposed(uint256 position, address signer);
    /// @notice Beside a receipt of a revoked key only the requester of the anchored receipt at `position` may report, or its
    /// payer if it was anchored on the direct rail.
    error GridSettlement_NotConcerned(uint256 position, address caller);
    /// @notice The worker was slashed for this job before, in full.
    error GridSettlement_AlreadySlashed(address worker, bytes32 orderHash, uint32 index);
    /// @notice The worker has no bond left.
    error GridSettlement_NothingToSlash(address worker);
    /// @notice The protocol fee is capped at `max`.
    error GridSettlement_ProtocolFeeTooHigh(uint16 protocolBps, uint16 max);
    /// @notice The next fee config can't be appended before `from`: signed orders under the previous one keep their time.
    error GridSettlement_FeeConfigTooSoon(uint256 from);

    // ---------------------------------------------------------------- views: constants

    /// @notice The token.
    function aipg() external view returns (IERC20);

    /// @notice AIGC: who owns a model and what its use costs.
    function models() external view returns (IModelTerms);

    /// @notice Workers' bonds; made by this contract's constructor.
    function registry() external view returns (IWorkerRegistry);

    /// @notice Seconds from announcing a withdrawal, or the cancelling of an order, to doing it.
    function ACCOUNT_DELAY() external view returns (uint40);

    /// @notice Seconds a revoked key's signatures stay good.
    function REVOCATION_DELAY() external view returns (uint40);

    /// @notice Shortest `thawDelay`, seconds.
    function MIN_THAW_DELAY() external view returns (uint40);

    /// @notice Longest `thawDelay`, seconds.
    function MAX_THAW_DELAY() external view returns (uint40);

    /// @notice Seconds for which a ripe lane thaw can be finalised.
    function THAW_WINDOW() external view returns (uint40);

    /// @notice Seconds of a TREASURER's window.
    function TREASURER_WINDOW() external view returns (uint40);

    /// @notice Seconds after an order's deadline in which it can still be settled.
    function SETTLE_GRACE() external view returns (uint40);

    /// @notice Seconds the previous fee config is still accepted for new lanes and orders; also the least time between
    /// two changes.
    function FEE_CONFIG_OVERLAP() external view returns (uint40);

    /// @notice Seconds after the end of its fee config for which a lane can be topped up. What is in it stays good.
    function FEE_CONFIG_LIFE() external view returns (uint40);

    /// @notice Seconds for which the direct rail goes by a royalty rate it read from AIGC. AIGC announces changes days
    /// ahead.
    function ROYALTY_LIFE() external view returns (uint40);

    /// @notice Seconds for which a lane goes by a royalty rate it read from AIGC. The first collect after that reads anew.
    function LANE_ROYALTY_LIFE() external view returns (uint40);

    /// @notice Highest protocol fee, basis points. With `MAX_ROYALTY_BPS`: never more than 30% together.
    function MAX_PROTOCOL_BPS() external view returns (uint16);

    /// @notice Highest usage royalty, basis points; AIGC asking for more counts as 0.
    function MAX_ROYALTY_BPS() external view returns (uint16);

    /// @notice Gas given to each call of AIGC.
    function MODEL_CALL_GAS() external view returns (uint256);

    /// @notice Most rows of a voucher.
    function MAX_VOUCHER_ROWS() external view returns (uint256);

    /// @notice Most images of an order.
    function MAX_ORDER_COUNT() external view returns (uint32);

    // ---------------------------------------------------------------- views: state

    /// @notice An account's balance and pending withdrawal.
    function accountOf(address account) external view returns (PayerAccount memory);

    /// @notice A key's account, role and revocation.
    function signerOf(address signer) external view returns (Signer memory);

    /// @notice Returns true when signatures of `signer` for `account` in `role` count now. An account's own key always counts, but
    /// as TREASURER (an owner needs no role to top up). For vouchers of one lane see `payerSignerValidUntil`.
    function isSigner(address account, uint8 role, address signer) external view returns (bool);

    /// @notice Through when the lane's payerSigner's vouchers count, Unix seconds; the greatest uint40 unless revoked.
    /// @dev Of a revoked key: `revokedAt + thawDelay`, or the lane's `vouchersUntil` if that is later. So never more than
    /// `revokedAt + 2 * thawDelay`.
    function payerSignerValidUntil(LaneConfig calldata config) external view returns (uint40);

    /// @notice A TREASURER's cap and what it used of it.
    function treasurerCapOf(address signer) external view returns (TreasurerCap memory);

    /// @notice Id of the lane with these terms (opened or not): the EIP-712 digest of `config`.
    function laneIdOf(LaneConfig calldata config) external view returns (bytes32);

    /// @notice A lane's state.
    function laneOf(bytes32 laneId) external view returns (Lane memory);

    /// @notice Sum that a lane has paid for a model.
    function laneTotalOf(bytes32 laneId, uint256 modelId) external view returns (LaneTotal memory);

    /// @notice Amounts that a voucher would take from its lane now, before signatures: `asked` in full, and what is `free`.
    function dueOf(Voucher calldata voucher) external view returns (uint256 asked, uint128 free);

    /// @notice Returns true when an order's nonce was used or cancelled.
    function isNonceUsed(address payer, uint256 nonce) external view returns (bool);

    /// @notice 256 nonces at once: bit `i` of `word` is nonce `256 * word + i`.
    function nonceWordOf(address payer, uint256 word) external view returns (uint256);

    /// @notice From when an announced cancel can be executed; 0 when none was announced.
    function cancelReadyAt(address payer, uint256 nonce) external view returns (uint40);

    /// @notice An anchor of the direct rail that waits for its worker's bond; zeros when none waits under this key.
    /// @return worker Cold account of the worker.
    /// @return receiptCount Number of receipts under `root`.
    function waitingAnchorOf(address payer, bytes32 root) external view returns (address worker, uint32 receiptCount);

    /// @notice A worker's earnings.
    function earnedOf(address worker) external view returns (uint128);

    /// @notice The protocol's accrual beside a worker's earnings.
    function protocolAccruedOf(address worker) external view returns (uint128);

    /// @notice A model's unclaimed royalties.
    function modelEarnedOf(uint256 modelId) external view returns (uint128);

    /// @notice Usage royalty of a model as the direct rail last read it from AIGC.
    /// @return royaltyBps Basis points; counts until `readAt + ROYALTY_LIFE`.
    /// @return readAt Unix seconds; 0 when it never was.
    function modelRoyaltyOf(uint256 modelId) external view returns (uint16 royaltyBps, uint40 readAt);

    /// @notice Fee config by id, 1 to `currentFeeConfigId`.
    function feeConfigOf(uint16 feeConfigId) external view returns (FeeConfig memory);

    /// @notice Id of the current fee config.
    function currentFeeConfigId() external view returns (uint16);

    /// @notice Returns true when new orders and work lanes may name this fee config now.
    function isFeeConfigAccepted(uint16 feeConfigId) external view returns (bool);

    /// @notice Split of a gross amount at given rates. See the title's *Split*.
    function splitOf(uint128 gross, uint16 protocolBps, uint16 royaltyBps)
        external
        pure
        returns (uint128 toWorker, uint128 royalty, uint128 protocolFee);

    /// @notice Returns whether the worker was slashed for this job, in full or as far as its stake went.
    function isSlashed(address worker, bytes32 orderHash, uint32 index) external view returns (bool);

    /// @notice Receiver of protocol fees.
    function treasury() external view returns (address);

    /// @notice Returns true while deposits and new lanes are paused.
    function paused() external view returns (bool);

    /// @notice EIP-712 domain separator on this chain.
    function domainSeparator() external view returns (bytes32);

    // ---------------------------------------------------------------- money in

    /// @notice Pays `amount` of the caller's AIPG into the caller's account.
    function deposit(uint128 amount) external;

    /// @notice Pays `amount` of the caller's AIPG into anyone's account.
    function depositFor(address account, uint128 amount) external;

    /// @notice `depositFor` with the caller's ERC-2612 permit for this contract.
    /// @dev A permit that was used already (front-run) is passed over; the allowance decides.
    function depositWithPermit(address account, uint128 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external;

    /// @notice Opens a lane and funds it from the caller's account. The caller is `config.payer`.
    /// @dev `payerSigner` is the payer's own key or its live PAYER_SIGNER. A work lane names an accepted fee config, a
    /// hop lane 0.
    /// @param amount AIPG wei, may be 0.
    /// @return laneId The lane's id.
    function openLane(LaneConfig calldata config, uint128 amount) external returns (bytes32 laneId);

    /// @notice Moves `amount` from the payer's account into its lane. Called by the payer, which ends a pending thaw; or
    /// by its TREASURER, within the cap, if no thaw is pending.
    function topUpLane(LaneConfig calldata config, uint128 amount) external;

    // ---------------------------------------------------------------- money within

    /// @notice Pays a voucher in full and anchors its receipts.
    /// @dev Called by the worker or its WORKER_SIGNER; or by anyone with `workerSignature`, either's signature of the
    /// same voucher. Reverts `GridSettlement_LaneShort` when the lane can't pay all of it.
    /// Rows at or below what was paid are passed over: vouchers can come in any order, and again.
    /// A model's royalty rate is read from AIGC at the first collect for it, and again at the first one
    /// `LANE_ROYALTY_LIFE` or more after the last reading. A rate read anew holds for that collect's whole delta. When AIGC
    /// doesn't know the model, or doesn't answer, the delta pays no royalty and no rate is kept.
    /// The root is anchored, once, if it isn't 0 and the worker is bonded at this moment. Unbonded workers are paid.
    /// @param config The lane's terms.
    /// @param voucher The payer's promise.
    /// @param payerSignature By `config.payerSigner`.
    /// @param workerSignature Empty when the worker, or its WORKER_SIGNER, calls.
    /// @return paid AIPG wei taken from the lane.
    function collect(
        LaneConfig calldata config,
        Voucher calldata voucher,
        bytes calldata payerSignature,
        bytes calldata workerSignature
    ) external returns (uint128 paid);

    /// @notice As `collect`, but takes at most `amount`, in the order of the rows. The rest stays due under the same
    /// voucher, and its receipts are anchored only by the collect that pays it in full.
    function collectUpTo(
        LaneConfig calldata config,
        Voucher calldata voucher,
        bytes calldata payerSignature,
        bytes calldata workerSignature,
        uint128 amount
    ) external returns (uint128 paid);

    /// @notice Pays an order's receipts from the payer's account and anchors them. Anyone may call with all `count`
    /// receipts; with fewer only the worker or its WORKER_SIGNER.
    /// @dev One settlement per order: an image left out can't be paid or minted later. If the worker isn't bonded at this
    /// moment the anchor waits, see `confirmAnchor`.
    /// @return root Merkle root of the receipts, in their order. Of one receipt: its leaf. Of n: node 0 of a complete binary
    /// tree of `2n - 1` nodes in an array, leaves reversed at its end, node `i` the hash of nodes `2i + 1` and `2i + 2` as a
    /// sorted pair. With an odd number of receipts the last leaf is hashed with an inner node, never with itself.
    function settle(Settlement calldata item) external returns (bytes32 root);

    /// @notice Settles many orders; one that fails leaves the others alone. Takes what `settle` takes.
    /// @return failures Per item 0, or the selector of the error (in full: `SettlementFailed`).
    function settleBatch(Settlement[] calldata items) external returns (bytes4[] memory failures);

    /// @notice Settles an order that its worker ended early. Anyone may call.
    /// @dev The worker signs one closing per order at most, and no receipt of the order after it.
    /// @param item The order with just the receipts that the worker closed it with.
    /// @param closingSignature Over `OrderClosing(orderHash, receiptCount, receiptsRoot)`, by the worker's own key or a
    /// WORKER_SIGNER.
    /// @return root Merkle root of the receipts.
    function settleClosed(Settlement calldata item, bytes calldata closingSignature) external returns (bytes32 root);

    /// @notice Settles an order with some or all of its receipts for its whole `maxPrice`, after its deadline. Called by the
    /// payer or its ORDER_SIGNER, so that receipts of a worker that is gone can be anchored.
    /// @dev From the second after the deadline until the order expires. The price is split like any other.
    /// @return root Merkle root of the receipts.
    function settleInGrace(Settlement calldata item) external returns (bytes32 root);

    /// @notice Anchors the receipts of an order that was settled while its worker wasn't bonded. Anyone may call, once the
    /// worker is bonded.
    /// @dev The anchor's time and block are those of this call. GridNFT takes receipts completed at most 30 days before it.
    function confirmAnchor(address payer, bytes32 root) external;

    /// @notice Moves the caller's earnings into an account, e.g. a gateway's, to fund lanes.
    function moveEarned(address account, uint128 amount) external;

    // ---------------------------------------------------------------- money out

    /// @notice Announces a withdrawal of `amount`. Replaces an earlier announcement and starts its delay anew.
    function thaw(uint128 amount) external;

    /// @notice Takes the announcement back.
    function cancelThaw() external;

    /// @notice Pays what was announced, or what is left of it, to `to`.
    function withdraw(address to) external;

    /// @notice Asks `amount` back from a lane (the greatest uint128: all that will be left). The caller is its payer.
    /// @dev Replaces an earlier announcement and starts its delay anew.
    function thawLane(LaneConfig calldata config, uint128 amount) external;

    /// @notice Returns what was asked, or what is left of it, to the payer's account. Anyone may call.
    function finaliseLaneThaw(LaneConfig calldata config) external;

    /// @notice Pays all the caller's earnings to `to`. A worker's cold account only: keys can't.
    function claimEarned(address to) external returns (uint128 amount);

    /// @notice Pays all a model has earned to its current owner, who is the caller. Nobody else may: an order to buy the
    /// model can name what it has earned.
    function claimModelRoyalty(uint256 modelId) external returns (uint128 amount);

    /// @notice Pays the protocol's accruals beside these workers' earnings to the treasury. Anyone may call.
    function sweepProtocol(address[] calldata workers) external returns (uint128 amount);

    // ---------------------------------------------------------------- keys, orders, faults

    /// @notice Lets `signer` act for the caller in `role`.
    /// @param signer The key; never registered before, here or anywhere else in this contract.
    /// @param role See `SignerRoles`.
    /// @param deadline The proof's, Unix seconds.
    /// @param signature The key's own, over `SignerProof(caller, role, deadline)`. Plain ECDSA, as all it will sign.
    function addSigner(address signer, uint8 role, uint64 deadline, bytes calldata signature) external;

    /// @notice Ends a key of the caller, for ever. Its signatures stay good for `REVOCATION_DELAY`; its vouchers through
    /// `payerSignerValidUntil`; a TREASURER, on whom nobody else relies, stops at once.
    function revokeSigner(address signer) external;

    /// @notice Caps what the caller's TREASURER may move into lanes per window. 0 until set.
    function setTreasurerCap(address signer, uint128 cap) external;

    /// @notice Announces that the caller's orders with these nonces are to be cancelled.
    function announceCancel(uint256[] calldata nonces) external;

    /// @notice Cancels announced orders after `ACCOUNT_DELAY`. Anyone may call; nonces used meanwhile are passed over.
    function cancelOrders(address payer, uint256[] calldata nonces) external;

    /// @notice Slashes a worker that signed two different images for one job, by the greatest minimum bond that was in
    /// force in the last `UNBOND_DELAY`, at most its stake. The reporter (the caller) gets the registry's share, the
    /// treasury the rest.
    /// @dev A worker whose stake is short pays the rest when the same fault is reported again: a stake of a wei clears
    /// nobody. What a fault costs is settled by its first report.
    /// Both keys must count at this moment: a revoked WORKER_SIGNER's signatures do for `REVOCATION_DELAY`. `slashAnchored`
    /// takes receipts of before. A report isn't bound to its reporter: whoever sees it before it is mined can send the same
    /// two receipts and take the share. A reporter for whom that matters sends it by a private way to the sequencer.
    function slashEquivocation(
        JobReceipt calldata a,
        bytes calldata signatureA,
        JobReceipt calldata b,
        bytes calldata signatureB
    ) external returns (uint128 slashed);

    /// @notice As `slashEquivocation`, where the worker's anchor stands for its signature, or exposes a key that was revoked.
    /// Nobody gets a share, all goes to the treasury.
    /// @dev Each of the two receipts counts in one of three ways:
    /// 1. Without a proof, by the signature of a key that counts now. Anyone may call.
    /// 2. By its worker's anchor, for `UNBOND_DELAY` from the anchor's time on, whoever signed it: on the direct rail the
    /// settlement has checked its signature, on a lane the worker attested the root. A waiting anchor doesn't count. Anyone
    /// may call.
    /// 3. Without a proof, by the signature of a WORKER_SIGNER that was revoked more than `REVOCATION_DELAY` and less than
    /// `UNBOND_DELAY` ago, if the other receipt counts by 2, is signed by the same key, and was anchored not later than
    /// `REVOCATION_DELAY` after the revocation. The caller is the requester of that other receipt or, if its proof is of the
    /// direct rail, its payer. The payer of a lane isn't enough: anybody can anchor a copy in a lane of their own while a
    /// leaked key counts.
    /// So no revocation clears a worker of what it anchored, and whoever comes by a key that doesn't count any more can
    /// report nothing without the requester or payer of a receipt that was anchored in time.
    /// @param signatureA As in `slashEquivocation`; with `proofA` given, needed only if `b` counts by 3.
    /// @param proofA Proof of the anchor of `a`. With `payer` zero `a` counts by its signature.
    /// @param signatureB As `signatureA`.
    /// @param proofB As `proofA`.
    function slashAnchored(
        JobReceipt calldata a,
        bytes calldata signatureA,
        AnchorProof calldata proofA,
        JobReceipt calldata b,
        bytes calldata signatureB,
        AnchorProof calldata proofB
    ) external returns (uint128 slashed);

    // ---------------------------------------------------------------- admin

    /// @notice Makes a new fee config the current one. PARAMS. At most `MAX_PROTOCOL_BPS`, and not within
    /// `FEE_CONFIG_OVERLAP` of the last.
    function appendFeeConfig(uint16 protocolBps) external returns (uint16 feeConfigId);

    /// @notice Names where protocol fees go. PARAMS.
    function setTreasury(address newTreasury) external;

    /// @notice Stops deposits and new lanes. GUARDIAN.
    function pause() external;

    /// @notice Lets deposits and new lanes go on. ADMIN.
    function unpause() external;
}
