// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Worker} from "../../../contracts/interfaces/IWorkerRegistry.sol";
import {SettlementHandler} from "./SettlementHandler.sol";
import {SettlementLogBook} from "./SettlementLogBook.sol";
import {SettlementStore} from "./SettlementStore.sol";

/// @notice Bonds come, go and are taken, rewards are claimed.
contract BondHandler is SettlementHandler {
    constructor(SettlementStore store_, SettlementLogBook book_) SettlementHandler(store_, book_) {}

    function register(uint256 who, uint256 amountSeed) external act {
        address account = store.worker(who);
        uint128 amount = _amount(amountSeed, aipg.balanceOf(account));
        vm.prank(account);
        try registry.register(amount, "") {
            _done("register");
        } catch {
            _refused();
        }
    }

    function addBond(uint256 who, uint256 whom, uint256 amountSeed) external act {
        address from = store.worker(who);
        address account = store.worker(whom);
        // Seldom all: who gives everything away can't register any more.
        uint256 balance = aipg.balanceOf(from);
        uint128 amount = _amount(amountSeed, (amountSeed >> 128) % 32 == 0 ? balance : balance / 8);
        vm.prank(from);
        try registry.addBond(account, amount) {
            _done("addBond");
        } catch {
            _refused();
        }
    }

    function setProfile(uint256 who) external act {
        vm.prank(store.worker(who));
        try registry.setProfile("ipfs://profile") {
            _done("setProfile");
        } catch {
            _refused();
        }
    }

    function announceUnbond(uint256 who, uint256 amountSeed) external act {
        address account = store.worker(who);
        uint128 amount = _amount(amountSeed, registry.bondOf(account));
        vm.prank(account);
        try registry.announceUnbond(amount) {
            _done("announceUnbond");
        } catch {
            _refused();
        }
    }

    function cancelUnbond(uint256 who) external act {
        vm.prank(store.worker(who));
        try registry.cancelUnbond() {
            _done("cancelUnbond");
        } catch {
            _refused();
        }
    }

    function withdrawBond(uint256 who, uint256 wait) external act {
        address account = store.worker(who);
        Worker memory before = registry.workerOf(account);
        if (wait % 3 != 0 && before.releaseAt > block.timestamp) {
            _wait(uint256(before.releaseAt) - (wait >> 8) % 4 / 3);
        }
        uint256 balance = aipg.balanceOf(account);
        vm.prank(account);
        try registry.withdraw(account) {
            if (block.timestamp < before.releaseAt) store.violate(11, "a bond left early");
            if (aipg.balanceOf(account) - balance != before.unbonding) store.violate(11, "a bond left in part");
            _done("withdrawBond");
        } catch {
            _refused();
        }
    }

    function claimReward(uint256 who) external act {
        address account = who % 2 == 0 ? stranger : store.worker(who / 2);
        vm.prank(account);
        try registry.claimReward(account) {
            _done("claimReward");
        } catch {
            _refused();
        }
    }

    function payTreasury() external act {
        vm.prank(stranger);
        try registry.payTreasury() {
            _done("payTreasury");
        } catch {
            _refused();
        }
    }
}
