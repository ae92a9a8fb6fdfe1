// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IWorkerRegistry, Worker} from "./interfaces/IWorkerRegistry.sol";
import {JsonText} from "./messages/JsonText.sol";
import {SettlementTimes} from "./settlement/SettlementTimes.sol";

/// @title WorkerRegistry
/// @notice See `IWorkerRegistry`.
contract WorkerRegistry is IWorkerRegistry, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    // ---------------------------------------------------------------- types

    /// @dev The minimum bond: `current` until `nextFrom`, then `next`. No raise is announced while `nextFrom` is 0. One
    /// slot, read by every settlement. Amounts are at most `MAX_MIN_BOND`.
    struct MinBond {
        uint96 current;
        uint96 next;
        uint40 nextFrom;
    }

    /// @dev Greatest minimum bond before the last fall, which counts for slashing through `until`. `raisedAt`: time of the
    /// last announced raise.
    struct MinBondHistory {
        uint96 peak;
        uint40 until;
        uint40 raisedAt;
    }

    // ---------------------------------------------------------------- storage

    /// @inheritdoc IWorkerRegistry
    uint128 public constant MAX_MIN_BOND = 100_000e18;
    /// @inheritdoc IWorkerRegistry
    uint128 public constant LEAST_MIN_BOND = 100e18;
    /// @inheritdoc IWorkerRegistry
    uint40 public constant MIN_BOND_NOTICE = SettlementTimes.MIN_BOND_NOTICE;
    /// @inheritdoc IWorkerRegistry
    uint40 public constant UNBOND_DELAY = SettlementTimes.UNBOND_DELAY;
    /// @inheritdoc IWorkerRegistry
    uint16 public constant REPORTER_BPS = 2000;
    /// @inheritdoc IWorkerRegistry
    uint256 public constant MAX_URI_LENGTH = 512;

    /// @inheritdoc IWorkerRegistry
    IERC20 public immutable aipg;
    /// @inheritdoc IWorkerRegistry
    address public immutable settlement;

    mapping(address worker => Worker) private _workers;
    /// @inheritdoc IWorkerRegistry
    mapping(address reporter => uint128) public rewardOf;
    /// @inheritdoc IWorkerRegistry
    uint128 public totalBonded;
    /// @inheritdoc IWorkerRegistry
    uint128 public totalRewards;
    /// @inheritdoc IWorkerRegistry
    uint128 public treasuryPot;
    /// @inheritdoc IWorkerRegistry
    address public treasury;
    MinBond private _minBond;
    MinBondHistory private _history;

    // ---------------------------------------------------------------- construction

    constructor(IERC20 aipg_, address settlement_, address authority_, address treasury_) AccessManaged(authority_) {
        if (address(aipg_) == address(0)) revert WorkerRegistry_ZeroAddress("aipg");
        if (settlement_ == address(0)) revert WorkerRegistry_ZeroAddress("settlement");
        if (authority_ == address(0)) revert WorkerRegistry_ZeroAddress("authority");
        aipg = aipg_;
        settlement = settlement_;
        _minBond.current = 1000e18;
        emit MinBondSet(1000e18, uint40(block.timestamp));
        _setTreasury(treasury_);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IWorkerRegistry
    function workerOf(address worker) external view returns (Worker memory) {
        return _workers[worker];
    }

    /// @inheritdoc IWorkerRegistry
    function bondOf(address worker) external view returns (uint128) {
        return _workers[worker].bond;
    }

    /// @inheritdoc IWorkerRegistry
    function stakeOf(address worker) external view returns (uint128) {
        return _workers[worker].bond + _workers[worker].unbonding;
    }

    /// @inheritdoc IWorkerRegistry
    function isRegistered(address worker) external view returns (bool) {
        return _workers[worker].registeredAt != 0;
    }

    /// @inheritdoc IWorkerRegistry
    function isBonded(address worker) external view returns (bool) {
        return _workers[worker].bond >= minBond();
    }

    /// @inheritdoc IWorkerRegistry
    function minBond() public view returns (uint128) {
        MinBond memory bond = _minBond;
        return bond.nextFrom != 0 && block.timestamp >= bond.nextFrom ? bond.next : bond.current;
    }

    /// @inheritdoc IWorkerRegistry
    function nextMinBond() external view returns (uint128 amount, uint40 from) {
        MinBond memory bond = _minBond;
        if (bond.nextFrom > block.timestamp) return (bond.next, bond.nextFrom);
    }

    /// @inheritdoc IWorkerRegistry
    function peakMinBond() external view returns (uint128 peak) {
        peak = minBond();
        if (block.timestamp <= _history.until && _history.peak > peak) peak = _history.peak;
    }

    // ---------------------------------------------------------------- money in

    /// @inheritdoc IWorkerRegistry
    function register(uint128 bond, string calldata profileURI) external nonReentrant {
        // Check:
        Worker storage record = _workers[msg.sender];
        if (record.registeredAt != 0) revert WorkerRegistry_AlreadyRegistered(msg.sender);
        if (bond < minBond()) revert WorkerRegistry_BondTooSmall(bond, minBond());
        JsonText.requireText(bytes(profileURI), MAX_URI_LENGTH, "profileURI");

        // Effect:
        record.registeredAt = uint40(block.timestamp);
        record.bond = bond;
        totalBonded += bond;
        emit WorkerRegistered(msg.sender, bond, profileURI);
        // Interaction:
        _take(bond);
    }

    /// @inheritdoc IWorkerRegistry
    function addBond(address worker, uint128 amount) external nonReentrant {
        // Check:
        Worker storage record = _registered(worker);
        if (amount == 0) revert WorkerRegistry_ZeroAmount();

        // Effect:
        record.bond += amount;
        totalBonded += amount;
        emit BondAdded(worker, msg.sender, amount, record.bond);
        // Interaction:
        _take(amount);
    }

    /// @inheritdoc IWorkerRegistry
    function setProfile(string calldata profileURI) external {
        _registered(msg.sender);
        JsonText.requireText(bytes(profileURI), MAX_URI_LENGTH, "profileURI");
        emit ProfileUpdated(msg.sender, profileURI);
    }

    // ---------------------------------------------------------------- money out

    /// @inheritdoc IWorkerRegistry
    function announceUnbond(uint128 amount) external {
        // Check:
        Worker storage record = _registered(msg.sender);
        if (amount == 0) revert WorkerRegistry_ZeroAmount();
        if (amount > record.bond) revert WorkerRegistry_BondShort(amount, record.bond);

        // Effect:
        record.bond -= amount;
        record.unbonding += amount;
        record.releaseAt = uint40(block.timestamp) + UNBOND_DELAY;
        emit UnbondAnnounced(msg.sender, amount, record.bond, record.unbonding, record.releaseAt);
    }

    /// @inheritdoc IWorkerRegistry
    function cancelUnbond() external {
        // Check:
        Worker storage record = _workers[msg.sender];
        uint128 amount = record.unbonding;
        if (amount == 0) revert WorkerRegistry_NothingUnbonding(msg.sender);

        // Effect:
        record.bond += amount;
        record.unbonding = 0;
        record.releaseAt = 0;
        emit UnbondCancelled(msg.sender, amount, record.bond);
    }

    /// @inheritdoc IWorkerRegistry
    function withdraw(address to) external nonReentrant {
        // Check:
        Worker storage record = _workers[msg.sender];
        uint128 amount = record.unbonding;
        if (to == address(0)) revert WorkerRegistry_ZeroAddress("to");
        if (to == address(this)) revert WorkerRegistry_BadRecipient(to);
        if (amount == 0) revert WorkerRegistry_NothingUnbonding(msg.sender);
        if (block.timestamp < record.releaseAt) revert WorkerRegistry_StillLocked(record.releaseAt);

        // Effect:
        record.unbonding = 0;
        record.releaseAt = 0;
        totalBonded -= amount;
        emit BondWithdrawn(msg.sender, to, amount);
        // Interaction:
        aipg.safeTransfer(to, amount);
    }

    /// @inheritdoc IWorkerRegistry
    function claimReward(address to) external nonReentrant {
        // Check:
        uint128 amount = rewardOf[msg.sender];
        if (to == address(0)) revert WorkerRegistry_ZeroAddress("to");
        if (to == address(this)) revert WorkerRegistry_BadRecipient(to);
        if (amount == 0) revert WorkerRegistry_NothingToClaim(msg.sender);

        // Effect:
        rewardOf[msg.sender] = 0;
        totalRewards -= amount;
        emit RewardClaimed(msg.sender, to, amount);
        // Interaction:
        aipg.safeTransfer(to, amount);
    }

    /// @inheritdoc IWorkerRegistry
    function payTreasury() external nonReentrant {
        // Check:
        uint128 amount = treasuryPot;
        if (amount == 0) revert WorkerRegistry_NothingToClaim(treasury);

        // Effect:
        treasuryPot = 0;
        emit TreasuryPaid(treasury, amount);
        // Interaction:
        aipg.safeTransfer(treasury, amount);
    }

    /// @inheritdoc IWorkerRegistry
    function slash(address worker, uint128 amount, address reporter) external returns (uint128 slashed) {
        // Check:
        if (msg.sender != settlement) revert WorkerRegistry_NotSettlement(msg.sender);
        Worker storage record = _registered(worker);

        // Effect:
        uint128 fromBond = amount < record.bond ? amount : record.bond;
        uint128 rest = amount - fromBond;
        uint128 fromUnbonding = rest < record.unbonding ? rest : record.unbonding;
        slashed = fromBond + fromUnbonding;
        if (slashed == 0) return 0;

        record.bond -= fromBond;
        record.unbonding -= fromUnbonding;
        if (record.unbonding == 0) record.releaseAt = 0;
        totalBonded -= slashed;

        uint128 reporterShare = reporter == address(0) ? 0 : uint128(uint256(slashed) * REPORTER_BPS / 10_000);
        if (reporterShare != 0) {
            rewardOf[reporter] += reporterShare;
            totalRewards += reporterShare;
        }
        treasuryPot += slashed - reporterShare;
        emit BondSlashed(worker, reporter, slashed, reporterShare, record.bond, record.unbonding);
    }

    // ---------------------------------------------------------------- admin

    /// @inheritdoc IWorkerRegistry
    function setMinBond(uint128 newMinBond) external restricted {
        // Check:
        if (newMinBond < LEAST_MIN_BOND || newMinBond > MAX_MIN_BOND) {
            revert WorkerRegistry_MinBondOutOfRange(newMinBond, LEAST_MIN_BOND, MAX_MIN_BOND);
        }
        // Effect:
        uint128 inForce = minBond();
        // forge-lint: disable-next-line(unsafe-typecast) -- at most MAX_MIN_BOND
        if (newMinBond > inForce) _raiseMinBond(uint96(inForce), uint96(newMinBond));
        // forge-lint: disable-next-line(unsafe-typecast) -- at most MAX_MIN_BOND
        else _lowerMinBond(uint96(inForce), uint96(newMinBond));
    }

    /// @inheritdoc IWorkerRegistry
    function setTreasury(address newTreasury) external restricted {
        _setTreasury(newTreasury);
    }

    // ---------------------------------------------------------------- internal

    function _raiseMinBond(uint96 inForce, uint96 newMinBond) private {
        if (newMinBond > 2 * inForce) revert WorkerRegistry_MinBondRaisedTooFar(newMinBond, 2 * inForce);
        uint40 raisedAt = _history.raisedAt;
        if (raisedAt != 0 && block.timestamp < raisedAt + UNBOND_DELAY) {
            revert WorkerRegistry_MinBondRaisedTooSoon(raisedAt + UNBOND_DELAY);
        }

        uint40 from = uint40(block.timestamp) + MIN_BOND_NOTICE;
        _minBond = MinBond({current: inForce, next: newMinBond, nextFrom: from});
        _history.raisedAt = uint40(block.timestamp);
        emit MinBondSet(newMinBond, from);
    }

    /// @dev At once. What was in force goes on counting for slashing; a peak that counts still is kept as long: it may
    /// count too long, never too short.
    function _lowerMinBond(uint96 inForce, uint96 newMinBond) private {
        if (newMinBond < inForce) {
            MinBondHistory memory history = _history;
            if (block.timestamp > history.until || history.peak < inForce) history.peak = inForce;
            history.until = uint40(block.timestamp) + UNBOND_DELAY;
            _history = history;
        }
        _minBond = MinBond({current: newMinBond, next: 0, nextFrom: 0});
        emit MinBondSet(newMinBond, uint40(block.timestamp));
    }

    function _registered(address worker) private view returns (Worker storage record) {
        record = _workers[worker];
        if (record.registeredAt == 0) revert WorkerRegistry_NotRegistered(worker);
    }

    /// @dev Credits nothing that didn't arrive.
    function _take(uint128 amount) private {
        uint256 before = aipg.balanceOf(address(this));
        aipg.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = aipg.balanceOf(address(this)) - before;
        if (received != amount) revert WorkerRegistry_TransferShort(amount, received);
    }

    function _setTreasury(address newTreasury) private {
        if (newTreasury == address(0)) revert WorkerRegistry_ZeroAddress("treasury");
        if (newTreasury == address(this)) revert WorkerRegistry_BadRecipient(newTreasury);
        treasury = newTreasury;
        emit TreasurySet(newTreasury);
    }
}
