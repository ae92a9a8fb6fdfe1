// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";

import {WorkerRegistry} from "../../../contracts/WorkerRegistry.sol";
import {AIPG} from "../../../contracts/dev/AIPG.sol";
import {Worker} from "../../../contracts/interfaces/IWorkerRegistry.sol";
import {RegistryLogBook} from "./RegistryLogBook.sol";

/// @notice A registry's state told by its logs, alone.
contract RegistryOnlyLogBook is RegistryLogBook {
    constructor(address registry_) {
        registryAddress = registry_;
    }

    function replay(Vm.Log[] calldata logs) external {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == registryAddress) _replayRegistry(logs[i]);
        }
    }

    function check() external view {
        _checkRegistry();
    }
}

/// @notice Workers come, add, leave and are slashed by any amount, as no settlement does it.
contract RegistryHandler is Test {
    WorkerRegistry private immutable _registry;
    AIPG private immutable _aipg;
    RegistryOnlyLogBook private immutable _book;
    address private immutable _settlement;
    address private immutable _params;

    address[] private _people;
    uint256 public time = 1_800_000_000;
    uint256 public donated;
    uint256 public paidIn;
    uint256 public paidOut;
    string public violation;
    mapping(bytes32 name => uint256) public successes;

    constructor(WorkerRegistry registry, AIPG aipg, RegistryOnlyLogBook book, address settlement, address params) {
        (_registry, _aipg, _book, _settlement, _params) = (registry, aipg, book, settlement, params);
        for (uint256 i; i < 4; ++i) {
            _people.push(makeAddr(string.concat("person ", vm.toString(i))));
        }
    }

    modifier act() {
        vm.warp(time);
        vm.recordLogs();
        _;
        _book.replay(vm.getRecordedLogs());
    }

    function people() external view returns (address[] memory) {
        return _people;
    }

    function register(uint256 who, uint256 amount) external act {
        address account = _person(who);
        amount = bound(amount, _registry.minBond() - 100e18, 3 * _registry.minBond());
        vm.prank(account);
        try _registry.register(uint128(amount), "") {
            paidIn += amount;
            ++successes["register"];
        } catch {
            vm.getRecordedLogs();
        }
    }

    function addBond(uint256 who, uint256 whom, uint256 amount) external act {
        address to = _person(whom);
        amount = _size(amount);
        vm.prank(_person(who));
        try _registry.addBond(to, uint128(amount)) {
            paidIn += amount;
            ++successes["addBond"];
        } catch {
            vm.getRecordedLogs();
        }
    }

    function announceUnbond(uint256 who, uint256 amount) external act {
        address account = _person(who);
        amount = amount % 3 == 0 ? _registry.bondOf(account) : _size(amount);
        vm.prank(account);
        try _registry.announceUnbond(uint128(amount)) {
            ++successes["announceUnbond"];
        } catch {
            vm.getRecordedLogs();
        }
    }

    function cancelUnbond(uint256 who) external act {
        vm.prank(_person(who));
        try _registry.cancelUnbond() {
            ++successes["cancelUnbond"];
        } catch {
            vm.getRecordedLogs();
        }
    }

    function withdraw(uint256 who, uint256 wait) external act {
        address account = _person(who);
        Worker memory record = _registry.workerOf(account);
        if (wait % 2 == 0 && record.releaseAt > time) time = record.releaseAt - (wait >> 8) % 2;
        vm.warp(time);
        uint256 before = _aipg.balanceOf(account);
        vm.prank(account);
        try _registry.withdraw(account) {
            uint256 got = _aipg.balanceOf(account) - before;
            if (got != record.unbonding) violation = "withdrew something else";
            if (time < record.releaseAt) violation = "withdrew too early";
            paidOut += got;
            ++successes["withdraw"];
        } catch {
            vm.getRecordedLogs();
            if (record.unbonding != 0 && time >= record.releaseAt) violation = "what is left of a stake is trapped";
        }
    }

    function slash(uint256 who, uint256 amount, uint256 reporter) external act {
        address account = _person(who);
        uint256 stake = _registry.stakeOf(account);
        amount = amount % 4 == 0 ? stake : _size(amount);
        vm.prank(_settlement);
        try _registry.slash(account, uint128(amount), reporter % 3 == 0 ? address(0) : _person(reporter)) returns (
            uint128 slashed
        ) {
            if (slashed != (amount < stake ? amount : stake)) violation = "slashed another amount";
            if (stake - _registry.stakeOf(account) != slashed) violation = "the stake lost something else";
            ++successes["slash"];
        } catch {
            vm.getRecordedLogs();
            if (_registry.isRegistered(account)) violation = "a slash was refused";
        }
    }

    function claimReward(uint256 who) external act {
        address account = _person(who);
        uint256 reward = _registry.rewardOf(account);
        vm.prank(account);
        try _registry.claimReward(account) {
            paidOut += reward;
            ++successes["claimReward"];
        } catch {
            vm.getRecordedLogs();
        }
    }

    function payTreasury() external act {
        uint256 pot = _registry.treasuryPot();
        try _registry.payTreasury() {
            paidOut += pot;
            ++successes["payTreasury"];
        } catch {
            vm.getRecordedLogs();
        }
    }

    function setMinBond(uint256 amount) external act {
        uint256 inForce = _registry.minBond();
        uint256 kind = amount % 8;
        amount >>= 8;
        if (kind == 0) amount %= 200_000e18;
        else if (kind == 1) amount = inForce;
        else if (kind < 5) amount = 100e18 + amount % (inForce - 100e18 + 1);
        else amount = inForce + amount % (inForce + 1);
        vm.prank(_params);
        try _registry.setMinBond(uint128(amount)) {
            if (amount > inForce) ++successes["raiseMinBond"];
            if (amount > 2 * inForce || amount < 100e18 || amount > 100_000e18) violation = "a minimum out of bounds";
            if (amount > inForce && _registry.minBond() != inForce) violation = "a raise held at once";
            ++successes["setMinBond"];
        } catch {
            vm.getRecordedLogs();
        }
    }

    function donate(uint256 who, uint256 amount) external act {
        amount %= 1e18;
        donated += amount;
        vm.prank(_person(who));
        ++successes["donate"];
        _aipg.transfer(address(_registry), amount);
    }

    function pass(uint256 elapsed) external {
        time += elapsed % 20 days;
        ++successes["pass"];
    }

    function _person(uint256 who) private view returns (address) {
        return _people[who % _people.length];
    }

    /// @dev From a wei to some thousands.
    function _size(uint256 seed) private pure returns (uint256) {
        return 1 + (seed >> 8) % (uint256(1) << (1 + seed % 71));
    }
}
