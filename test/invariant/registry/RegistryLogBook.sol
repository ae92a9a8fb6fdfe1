// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StdAssertions} from "forge-std/StdAssertions.sol";
import {Vm} from "forge-std/Vm.sol";

import {IWorkerRegistry, Worker} from "../../../contracts/interfaces/IWorkerRegistry.sol";

/// @notice All state of a worker registry, told by its logs alone.
abstract contract RegistryLogBook is StdAssertions {
    struct MinBondChange {
        uint128 minBond;
        uint256 from;
    }

    error UnknownLog(bytes32 topic);

    bytes32 internal constant AUTHORITY_UPDATED = keccak256("AuthorityUpdated(address)");

    address public registryAddress;

    mapping(address => Worker) private _records;
    mapping(address => uint128) private _rewards;
    uint128 private _bonded;
    uint128 private _rewardsTotal;
    uint128 private _pot;
    /// @dev Minimum bonds in the order in which they come into force. Only the last one can lie ahead.
    MinBondChange[] private _minBonds;
    uint128 private _peak;
    uint256 private _peakUntil;
    address private _registryTreasury;
    address[] private _stakersSeen;
    address[] private _reportersSeen;

    function stakers() external view returns (address[] memory) {
        return _stakersSeen;
    }

    function reporters() external view returns (address[] memory) {
        return _reportersSeen;
    }

    // ---------------------------------------------------------------- replay

    function _replayRegistry(Vm.Log calldata log) internal {
        if (_isBond(log) || _isFault(log) || _isSetting(log)) return;
        revert UnknownLog(log.topics[0]);
    }

    function _isBond(Vm.Log calldata log) private returns (bool) {
        bytes32 topic = log.topics[0];
        if (log.topics.length < 2) return false;
        Worker storage record = _records[_address(log, 1)];
        if (topic == IWorkerRegistry.WorkerRegistered.selector) {
            (record.bond,) = abi.decode(log.data, (uint128, string));
            record.registeredAt = uint40(block.timestamp);
            _bonded += record.bond;
            _stakersSeen.push(_address(log, 1));
        } else if (topic == IWorkerRegistry.BondAdded.selector) {
            uint128 amount;
            (amount, record.bond) = abi.decode(log.data, (uint128, uint128));
            _bonded += amount;
        } else if (topic == IWorkerRegistry.UnbondAnnounced.selector) {
            (, record.bond, record.unbonding, record.releaseAt) =
                abi.decode(log.data, (uint128, uint128, uint128, uint40));
        } else if (topic == IWorkerRegistry.UnbondCancelled.selector) {
            (, record.bond) = abi.decode(log.data, (uint128, uint128));
            record.unbonding = 0;
            record.releaseAt = 0;
        } else if (topic == IWorkerRegistry.BondWithdrawn.selector) {
            _bonded -= abi.decode(log.data, (uint128));
            record.unbonding = 0;
            record.releaseAt = 0;
        } else {
            return topic == IWorkerRegistry.ProfileUpdated.selector;
        }
        return true;
    }

    function _isFault(Vm.Log calldata log) private returns (bool) {
        bytes32 topic = log.topics[0];
        if (topic == IWorkerRegistry.BondSlashed.selector) {
            _slashed(log);
        } else if (topic == IWorkerRegistry.RewardClaimed.selector) {
            uint128 amount = abi.decode(log.data, (uint128));
            _rewards[_address(log, 1)] -= amount;
            _rewardsTotal -= amount;
        } else if (topic == IWorkerRegistry.TreasuryPaid.selector) {
            _pot -= abi.decode(log.data, (uint128));
        } else {
            return false;
        }
        return true;
    }

    function _slashed(Vm.Log calldata log) private {
        Worker storage record = _records[_address(log, 1)];
        uint128 amount;
        uint128 share;
        (amount, share, record.bond, record.unbonding) = abi.decode(log.data, (uint128, uint128, uint128, uint128));
        if (record.unbonding == 0) record.releaseAt = 0;
        _bonded -= amount;
        _rewards[_address(log, 2)] += share;
        _rewardsTotal += share;
        _pot += amount - share;
        _reportersSeen.push(_address(log, 2));
    }

    function _isSetting(Vm.Log calldata log) private returns (bool) {
        bytes32 topic = log.topics[0];
        if (topic == IWorkerRegistry.MinBondSet.selector) _minBondSet(log);
        else if (topic == IWorkerRegistry.TreasurySet.selector) _registryTreasury = _address(log, 1);
        else return topic == AUTHORITY_UPDATED;
        return true;
    }

    function _minBondSet(Vm.Log calldata log) private {
        (uint128 minBond, uint40 from) = abi.decode(log.data, (uint128, uint40));
        if (_minBonds.length != 0) {
            if (_minBonds[_minBonds.length - 1].from > block.timestamp) _minBonds.pop();
            uint128 inForce = _minBonds[_minBonds.length - 1].minBond;
            if (from == block.timestamp && minBond < inForce) {
                if (block.timestamp > _peakUntil || _peak < inForce) _peak = inForce;
                _peakUntil = block.timestamp + 14 days;
            }
        }
        _minBonds.push(MinBondChange(minBond, from));
    }

    // ---------------------------------------------------------------- comparison

    function _checkMinBond(IWorkerRegistry registry) private view {
        uint256 last = _minBonds.length - 1;
        bool raising = _minBonds[last].from > block.timestamp;
        uint128 inForce = _minBonds[raising ? last - 1 : last].minBond;
        (uint128 next, uint40 from) = registry.nextMinBond();
        assertEq(registry.minBond(), inForce, "logs: minimum bond");
        assertEq(next, raising ? _minBonds[last].minBond : 0, "logs: next minimum bond");
        assertEq(from, raising ? _minBonds[last].from : 0, "logs: start of the next minimum bond");
        uint128 peak = block.timestamp <= _peakUntil && _peak > inForce ? _peak : inForce;
        assertEq(registry.peakMinBond(), peak, "logs: peak of the minimum bond");
        assertGe(peak, _highestMinBond(), "R6: the peak is below a minimum bond of the last 14 days");
    }

    /// @dev The greatest minimum bond in force at any second of the last 14 days, from the whole history.
    function _highestMinBond() private view returns (uint128 highest) {
        for (uint256 i; i < _minBonds.length; ++i) {
            if (_minBonds[i].from > block.timestamp) break;
            bool ended = i + 1 < _minBonds.length && _minBonds[i + 1].from + 14 days < block.timestamp;
            if (!ended && _minBonds[i].minBond > highest) highest = _minBonds[i].minBond;
        }
    }

    function _checkRegistry() internal view {
        IWorkerRegistry registry = IWorkerRegistry(registryAddress);
        for (uint256 i; i < _stakersSeen.length; ++i) {
            address worker = _stakersSeen[i];
            _same(abi.encode(registry.workerOf(worker)), abi.encode(_records[worker]), "logs: worker");
        }
        for (uint256 i; i < _reportersSeen.length; ++i) {
            assertEq(registry.rewardOf(_reportersSeen[i]), _rewards[_reportersSeen[i]], "logs: reward");
        }
        assertEq(registry.totalBonded(), _bonded, "logs: total bonded");
        assertEq(registry.totalRewards(), _rewardsTotal, "logs: total rewards");
        assertEq(registry.treasuryPot(), _pot, "logs: pot");
        _checkMinBond(registry);
        assertEq(registry.treasury(), _registryTreasury, "logs: registry's treasury");
    }

    // ---------------------------------------------------------------- reading logs

    function _word(Vm.Log calldata log, uint256 topic) internal pure returns (bytes32) {
        return topic < log.topics.length ? log.topics[topic] : bytes32(0);
    }

    function _address(Vm.Log calldata log, uint256 topic) internal pure returns (address) {
        return address(uint160(uint256(_word(log, topic))));
    }

    function _same(bytes memory actual, bytes memory told, string memory what) internal pure {
        assertEq(keccak256(actual), keccak256(told), what);
    }
}
