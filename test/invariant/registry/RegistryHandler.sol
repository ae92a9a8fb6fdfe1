// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";

import {WorkerRegistry} from "../../../contracts/WorkerRegistry.sol";
import {AIPG} from "../../../contracts/dev/AIPG.sol";
import {IWorkerRegistry, Worker} from "../../../contracts/interfaces/IWorkerRegistry.sol";

/// @dev Does random things with a few workers, and keeps a second set of books from the logs alone.
contract RegistryHandler is Test {
    AIPG internal aipg;
    WorkerRegistry internal registry;
    address internal settlement;
    address internal params;
    address[4] public actors;

    // ---------------------------------------------------------------- books kept from logs
    mapping(address => Worker) internal books;
    mapping(address => uint128) public rewards;
    uint128 public pot;
    uint128 public minBond;
    address public treasury;

    // ---------------------------------------------------------------- ghosts
    /// @dev AIPG wei that went in and out, measured at the token.
    uint256 public paidIn;
    uint256 public paidOut;
    /// @dev AIPG wei slashed, and what reporters were credited of it.
    uint256 public slashed;
    uint256 public shares;
    /// @dev Set when a withdrawal came sooner than the delay after its announcement.
    bool public leftTooSoon;
    mapping(address => uint256) internal announcedAt;
    bool internal reverted;

    constructor(AIPG aipg_, WorkerRegistry registry_, address settlement_, address params_) {
        (aipg, registry, settlement, params) = (aipg_, registry_, settlement_, params_);
        (minBond, treasury) = (registry.minBond(), registry.treasury());
        for (uint256 i; i < actors.length; ++i) {
            actors[i] = makeAddr(string.concat("actor ", vm.toString(i)));
            vm.prank(actors[i]);
            aipg.approve(address(registry), type(uint256).max);
        }
    }

    modifier booked() {
        reverted = false;
        vm.recordLogs();
        uint256 before = aipg.balanceOf(address(registry));
        _;
        uint256 afterwards = aipg.balanceOf(address(registry));
        if (afterwards > before) paidIn += afterwards - before;
        else paidOut += before - afterwards;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        // The cheatcode records the logs of a call that reverted, too; a chain doesn't.
        if (!reverted) _read(logs);
    }

    // ---------------------------------------------------------------- actions

    function register(uint256 who, uint128 bond) external booked {
        address worker = _actor(who);
        bond = uint128(bound(bond, registry.minBond() / 2, registry.minBond() * 3));
        _fund(worker, bond);
        vm.prank(worker);
        try registry.register(bond, "profile") {}
        catch {
            reverted = true;
        }
    }

    function addBond(uint256 who, uint256 to, uint128 amount) external booked {
        address from = _actor(who);
        amount = uint128(bound(amount, 0, 1000e18));
        _fund(from, amount);
        vm.prank(from);
        try registry.addBond(_actor(to), amount) {}
        catch {
            reverted = true;
        }
    }

    function announceUnbond(uint256 who, uint128 amount, bool all) external booked {
        address worker = _actor(who);
        uint128 bond = registry.bondOf(worker);
        amount = all ? bond : uint128(bound(amount, 0, uint256(bond) + 1));
        vm.prank(worker);
        try registry.announceUnbond(amount) {
            announcedAt[worker] = block.timestamp;
        } catch {
            reverted = true;
        }
    }

    function cancelUnbond(uint256 who) external booked {
        vm.prank(_actor(who));
        try registry.cancelUnbond() {}
        catch {
            reverted = true;
        }
    }

    function withdraw(uint256 who, uint256 to) external booked {
        address worker = _actor(who);
        vm.prank(worker);
        try registry.withdraw(_actor(to)) {
            if (block.timestamp < announcedAt[worker] + registry.UNBOND_DELAY()) leftTooSoon = true;
        } catch {
            reverted = true;
        }
    }

    function slash(uint256 who, uint128 amount, uint256 by, bool all) external booked {
        amount = all ? type(uint128).max : uint128(bound(amount, 0, 2000e18));
        vm.prank(settlement);
        try registry.slash(_actor(who), amount, by % 5 == 0 ? address(0) : _actor(by)) {}
        catch {
            reverted = true;
        }
    }

    function claimReward(uint256 who) external booked {
        address reporter = _actor(who);
        vm.prank(reporter);
        try registry.claimReward(reporter) {}
        catch {
            reverted = true;
        }
    }

    function payTreasury() external booked {
        try registry.payTreasury() {}
        catch {
            reverted = true;
        }
    }

    function setMinBond(uint128 amount) external booked {
        vm.prank(params);
        registry.setMinBond(uint128(bound(amount, 1, 5000e18)));
    }

    function setTreasury(uint256 who) external booked {
        vm.prank(params);
        registry.setTreasury(_actor(who));
    }

    function pauseToken(bool paused) external {
        if (paused == aipg.paused()) return;
        vm.prank(aipg.owner());
        paused ? aipg.pause() : aipg.unpause();
    }

    function wait(uint256 time) external {
        skip(bound(time, 1 hours, 20 days));
    }

    // ---------------------------------------------------------------- reading logs

    function bookOf(address worker) external view returns (Worker memory) {
        return books[worker];
    }

    function _read(Vm.Log[] memory logs) internal {
        for (uint256 i; i < logs.length; ++i) {
            Vm.Log memory log = logs[i];
            if (log.emitter != address(registry)) continue;
            bytes32 topic = log.topics[0];
            if (topic == IWorkerRegistry.MinBondSet.selector) {
                minBond = abi.decode(log.data, (uint128));
                continue;
            }
            address subject = address(uint160(uint256(log.topics[1])));
            Worker storage book = books[subject];
            if (topic == IWorkerRegistry.WorkerRegistered.selector) {
                (book.bond,) = abi.decode(log.data, (uint128, string));
                book.registeredAt = uint40(block.timestamp);
            } else if (topic == IWorkerRegistry.BondAdded.selector) {
                (, book.bond) = abi.decode(log.data, (uint128, uint128));
            } else if (topic == IWorkerRegistry.UnbondAnnounced.selector) {
                (, book.bond, book.unbonding, book.releaseAt) =
                    abi.decode(log.data, (uint128, uint128, uint128, uint40));
            } else if (topic == IWorkerRegistry.UnbondCancelled.selector) {
                (, book.bond) = abi.decode(log.data, (uint128, uint128));
                (book.unbonding, book.releaseAt) = (0, 0);
            } else if (topic == IWorkerRegistry.BondWithdrawn.selector) {
                (book.unbonding, book.releaseAt) = (0, 0);
            } else if (topic == IWorkerRegistry.BondSlashed.selector) {
                (uint128 amount, uint128 share, uint128 bond, uint128 unbonding) =
                    abi.decode(log.data, (uint128, uint128, uint128, uint128));
                (book.bond, book.unbonding) = (bond, unbonding);
                if (unbonding == 0) book.releaseAt = 0;
                rewards[address(uint160(uint256(log.topics[2])))] += share;
                pot += amount - share;
                slashed += amount;
                shares += share;
            } else if (topic == IWorkerRegistry.RewardClaimed.selector) {
                rewards[subject] -= abi.decode(log.data, (uint128));
            } else if (topic == IWorkerRegistry.TreasuryPaid.selector) {
                pot -= abi.decode(log.data, (uint128));
            } else if (topic == IWorkerRegistry.TreasurySet.selector) {
                treasury = subject;
            }
        }
    }

    function _actor(uint256 who) internal view returns (address) {
        return actors[who % actors.length];
    }

    function _fund(address account, uint256 amount) internal {
        if (aipg.paused()) return;
        vm.prank(aipg.owner());
        aipg.mint(account, amount);
    }
}
