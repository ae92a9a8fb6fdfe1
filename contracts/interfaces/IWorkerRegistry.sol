// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice A worker's record.
/// @param bond Active bond, AIPG wei: counts towards `isBonded`.
/// @param unbonding Bond on its way out, AIPG wei: can still be slashed, no longer counts.
/// @param registeredAt Unix seconds; 0 when the account never registered.
/// @param releaseAt Unix seconds from which `unbonding` can be withdrawn; 0 when nothing is unbonding.
struct Worker {
    uint128 bond;
    uint128 unbonding;
    uint40 registeredAt;
    uint40 releaseAt;
}

/// @title WorkerRegistry
/// @notice GPU workers post an AIPG bond here and say where their profile is. The bond is what a worker loses when it
/// signs two different images for one job.
/// @dev Immutable, made by GridSettlement's constructor, which alone can slash.
///
/// The contract holds bonds and what slashing made of them, nothing else: job earnings live in GridSettlement, so no
/// claim of earnings can ever eat a bond. Balances kept apart: each worker's `bond` and `unbonding`, each reporter's
/// `rewardOf`, and `treasuryPot`. AIPG held = `totalBonded + totalRewards + treasuryPot`, plus what somebody sent by mistake.
///
/// A worker is its cold account (`msg.sender` of `register`), for ever. Keys, if any, are registered in GridSettlement.
///
/// Leaving takes `UNBOND_DELAY`. An announced amount stops counting at once but can be slashed until it is withdrawn.
/// So whatever was anchored while a bond counted, that bond stays exposed for at least `UNBOND_DELAY` afterwards: this
/// is the window in which a fault must be reported to cost anything.
///
/// Slashing moves internal balances only. It can't be stopped by a paused token, and it can't trap what is left.
interface IWorkerRegistry {
    // ---------------------------------------------------------------- events

    /// @notice `worker` registered with an active bond of `bond`.
    event WorkerRegistered(address indexed worker, uint128 bond, string profileURI);

    /// @notice `worker`'s profile is at `profileURI` from now on.
    event ProfileUpdated(address indexed worker, string profileURI);

    /// @notice `from` added `amount`; the active bond is `bond` now.
    event BondAdded(address indexed worker, address indexed from, uint128 amount, uint128 bond);

    /// @notice `amount` left the active bond. `unbonding` can be withdrawn from `releaseAt`.
    event UnbondAnnounced(address indexed worker, uint128 amount, uint128 bond, uint128 unbonding, uint40 releaseAt);

    /// @notice All that was unbonding (`amount`) is active bond again.
    event UnbondCancelled(address indexed worker, uint128 amount, uint128 bond);

    /// @notice All that was unbonding (`amount`) was paid to `to`; the active bond is unchanged.
    event BondWithdrawn(address indexed worker, address indexed to, uint128 amount);

    /// @notice `worker` lost `amount`: `reporterShare` to `reporter`, the rest to the treasury's pot.
    /// @param bond Active bond afterwards.
    /// @param unbonding Unbonding amount afterwards.
    event BondSlashed(
        address indexed worker,
        address indexed reporter,
        uint128 amount,
        uint128 reporterShare,
        uint128 bond,
        uint128 unbonding
    );

    /// @notice `reporter` took all its rewards (`amount`) to `to`.
    event RewardClaimed(address indexed reporter, address indexed to, uint128 amount);

    /// @notice The treasury's share of slashed bonds (`amount`) was paid to `treasury`.
    event TreasuryPaid(address indexed treasury, uint128 amount);

    /// @notice A worker needs an active bond of `minBond` from `from` on, Unix seconds. A raise that was announced and is
    /// not in force yet is void.
    event MinBondSet(uint128 minBond, uint40 from);

    /// @notice The treasury's share goes to `treasury` from now on.
    event TreasurySet(address indexed treasury);

    // ---------------------------------------------------------------- errors

    /// @notice The caller is not GridSettlement.
    error WorkerRegistry_NotSettlement(address caller);
    /// @notice The account registered before.
    error WorkerRegistry_AlreadyRegistered(address worker);
    /// @notice The account never registered.
    error WorkerRegistry_NotRegistered(address worker);
    /// @notice The bond is below the minimum.
    error WorkerRegistry_BondTooSmall(uint128 bond, uint128 minBond);
    /// @notice An amount of zero means nothing here.
    error WorkerRegistry_ZeroAmount();
    /// @notice The zero address can't be `field`.
    error WorkerRegistry_ZeroAddress(string field);
    /// @notice AIPG can't be paid to this contract itself, where nobody could claim it.
    error WorkerRegistry_BadRecipient(address to);
    /// @notice `asked` is more than the active bond.
    error WorkerRegistry_BondShort(uint128 asked, uint128 bond);
    /// @notice Nothing is unbonding.
    error WorkerRegistry_NothingUnbonding(address worker);
    /// @notice The bond can't be withdrawn before `releaseAt`.
    error WorkerRegistry_StillLocked(uint40 releaseAt);
    /// @notice The token delivered `received` instead of `expected`.
    error WorkerRegistry_TransferShort(uint256 expected, uint256 received);
    /// @notice There is nothing to pay out.
    error WorkerRegistry_NothingToClaim(address account);
    /// @notice The minimum bond must be `LEAST_MIN_BOND` to `MAX_MIN_BOND`.
    error WorkerRegistry_MinBondOutOfRange(uint128 minBond, uint128 least, uint128 most);
    /// @notice A raise at most doubles the minimum bond in force.
    error WorkerRegistry_MinBondRaisedTooFar(uint128 minBond, uint128 most);
    /// @notice The minimum bond can't be raised again before `from`.
    error WorkerRegistry_MinBondRaisedTooSoon(uint40 from);

    // ---------------------------------------------------------------- views

    /// @notice The token bonds are posted in.
    function aipg() external view returns (IERC20);

    /// @notice The settlement that made this registry; alone can slash.
    function settlement() external view returns (address);

    /// @notice Receiver of the treasury's share of slashed bonds.
    function treasury() external view returns (address);

    /// @notice Active bond a worker needs to register, and to anchor receipts; AIPG wei.
    function minBond() external view returns (uint128);

    /// @notice A raise of the minimum bond that is announced and not in force yet; zeros when there is none.
    /// @return amount AIPG wei.
    /// @return from Unix seconds from which it holds.
    function nextMinBond() external view returns (uint128 amount, uint40 from);

    /// @notice The greatest minimum bond that was in force in the last `UNBOND_DELAY`, AIPG wei: what a fault costs. After
    /// several changes it may be one that was in force before, never less.
    function peakMinBond() external view returns (uint128);

    /// @notice `minBond` can never be above this; AIPG wei.
    function MAX_MIN_BOND() external view returns (uint128);

    /// @notice `minBond` can never be below this; AIPG wei.
    function LEAST_MIN_BOND() external view returns (uint128);

    /// @notice Seconds between the event of a raised minimum bond and its coming into force.
    function MIN_BOND_NOTICE() external view returns (uint40);

    /// @notice Seconds between announcing an unbond and withdrawing it.
    function UNBOND_DELAY() external view returns (uint40);

    /// @notice A reporter's share of a slashed bond, basis points.
    function REPORTER_BPS() external view returns (uint16);

    /// @notice Longest profile URI, bytes.
    function MAX_URI_LENGTH() external view returns (uint256);

    /// @notice The whole record of a worker.
    function workerOf(address worker) external view returns (Worker memory);

    /// @notice Active bond, AIPG wei. What is unbonding doesn't count.
    function bondOf(address worker) external view returns (uint128);

    /// @notice All that can be slashed: active and unbonding, AIPG wei.
    function stakeOf(address worker) external view returns (uint128);

    /// @notice Returns true when the account ever registered. Stays true after it left.
    function isRegistered(address worker) external view returns (bool);

    /// @notice Returns true when the worker's active bond is at least `minBond` (so it is registered, too).
    function isBonded(address worker) external view returns (bool);

    /// @notice Unclaimed share of slashed bonds, AIPG wei.
    function rewardOf(address reporter) external view returns (uint128);

    /// @notice Sum of `stakeOf` over all workers, AIPG wei.
    function totalBonded() external view returns (uint128);

    /// @notice Sum of `rewardOf` over all reporters, AIPG wei.
    function totalRewards() external view returns (uint128);

    /// @notice The treasury's unpaid share of slashed bonds, AIPG wei.
    function treasuryPot() external view returns (uint128);

    // ---------------------------------------------------------------- money in

    /// @notice Makes the caller a worker. Takes `bond` from the caller by `transferFrom`.
    /// @param bond AIPG wei, at least `minBond`.
    /// @param profileURI Address of the worker's profile (JSON); text of at most `MAX_URI_LENGTH` bytes, may be empty.
    function register(uint128 bond, string calldata profileURI) external;

    /// @notice Adds to a worker's active bond, from the caller's AIPG. Anyone may; it belongs to the worker then.
    function addBond(address worker, uint128 amount) external;

    /// @notice Moves the caller's profile.
    function setProfile(string calldata profileURI) external;

    // ---------------------------------------------------------------- money out

    /// @notice Takes `amount` out of the caller's active bond; it can be withdrawn after `UNBOND_DELAY`.
    /// @dev Announcing again adds to what is unbonding and starts the delay anew for all of it.
    function announceUnbond(uint128 amount) external;

    /// @notice Makes all that is unbonding active bond again.
    function cancelUnbond() external;

    /// @notice Pays all that is unbonding to `to`, once its delay is over.
    function withdraw(address to) external;

    /// @notice Pays all the caller's rewards to `to`.
    function claimReward(address to) external;

    /// @notice Pays the treasury's pot to the treasury. Anyone may call.
    function payTreasury() external;

    /// @notice Takes up to `amount` from a worker's stake, active bond first. GridSettlement only.
    /// @dev Never more than the stake; reverts only for an account that never registered.
    /// @param amount AIPG wei; more than the stake takes all of it.
    /// @param reporter Gets `REPORTER_BPS` of what was taken, rounded down; the treasury gets the rest. The zero
    /// address gets nothing: then all goes to the treasury.
    /// @return slashed AIPG wei taken.
    function slash(address worker, uint128 amount, address reporter) external returns (uint128 slashed);

    // ---------------------------------------------------------------- admin

    /// @notice Sets the minimum bond, `LEAST_MIN_BOND` to `MAX_MIN_BOND`. PARAMS.
    /// @dev Lowering holds at once; the amount in force already, or less, takes an announced raise back. A raise at most
    /// doubles the minimum bond in force, is announced at most once in `UNBOND_DELAY` (taken back or not), and holds from
    /// `MIN_BOND_NOTICE` later on. Bonds below it stay withdrawable; their workers are paid as before, but anchor nothing
    /// until they add.
    function setMinBond(uint128 newMinBond) external;

    /// @notice Sets where the treasury's share goes. PARAMS.
    function setTreasury(address newTreasury) external;
}
