// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Lane} from "../../../contracts/interfaces/IGridSettlement.sol";
import {SettlementHandler} from "./SettlementHandler.sol";
import {SettlementLogBook} from "./SettlementLogBook.sol";
import {SettlementStore} from "./SettlementStore.sol";

/// @notice Governance, the token's pauser, a hostile AIGC, and time.
contract AdminHandler is SettlementHandler {
    address private immutable _tokenOwner;

    constructor(SettlementStore store_, SettlementLogBook book_, address tokenOwner) SettlementHandler(store_, book_) {
        _tokenOwner = tokenOwner;
    }

    /// @dev Whatever an admin does, nobody's balance moves.
    modifier harmless() {
        Books memory before = _books();
        uint256 staked = registry.totalBonded();
        _;
        if (!_equal(before, _books()) || staked != registry.totalBonded()) {
            store.violate(9, "an admin moved somebody's balance");
        }
    }

    function pause() external act harmless {
        vm.prank(guardian);
        try settlement.pause() {
            _done("pause");
        } catch {
            _refused();
        }
    }

    function unpause() external act harmless {
        vm.prank(admin);
        try settlement.unpause() {
            _done("unpause");
        } catch {
            _refused();
        }
    }

    function appendFeeConfig(uint256 seed) external act harmless {
        uint256 since = settlement.feeConfigOf(settlement.currentFeeConfigId()).since;
        vm.prank(params);
        try settlement.appendFeeConfig(uint16(seed % 1200)) {
            if (block.timestamp < since + 7 days) store.violate(9, "two fee configs within the overlap");
            _done("appendFeeConfig");
        } catch {
            _refused();
        }
    }

    function setTreasury(uint256 seed) external act harmless {
        vm.prank(params);
        try settlement.setTreasury(address(uint160(0x7ea5 + seed % 2))) {
            _done("setTreasury");
        } catch {
            _refused();
        }
    }

    function setMinBond(uint256 seed) external act harmless {
        uint256 inForce = registry.minBond();
        uint256 kind = seed % 8;
        seed >>= 8;
        if (kind == 0) seed %= 200_000e18;
        else if (kind == 1) seed = inForce;
        else if (kind < 4) seed = 100e18 + seed % (inForce - 100e18 + 1);
        else seed = inForce + seed % (inForce + 1);
        vm.prank(params);
        try registry.setMinBond(uint128(seed)) {
            if (seed > inForce) _done("raiseMinBond");
            if (seed > 2 * inForce || seed < 100e18 || seed > 100_000e18) {
                store.violate(9, "the minimum bond left its bounds");
            }
            if (seed > inForce && registry.minBond() != inForce) store.violate(9, "a raise held at once");
            _done("setMinBond");
        } catch {
            _refused();
        }
    }

    function setRegistryTreasury(uint256 seed) external act harmless {
        vm.prank(params);
        try registry.setTreasury(address(uint160(0x7ea5 + seed % 2))) {
            _done("setRegistryTreasury");
        } catch {
            _refused();
        }
    }

    /// @notice Anybody without a role.
    function usurp(uint256 seed) external act harmless {
        vm.startPrank(seed % 2 == 0 ? thief.addr : store.payer(seed));
        try settlement.pause() {
            store.violate(9, "anyone can pause");
        } catch {
            _refused();
        }
        try settlement.appendFeeConfig(0) {
            store.violate(9, "anyone can append fee configs");
        } catch {
            _refused();
        }
        try settlement.setTreasury(thief.addr) {
            store.violate(9, "anyone can name the treasury");
        } catch {
            _refused();
        }
        try registry.slash(store.worker(seed), 1, thief.addr) {
            store.violate(9, "anyone can slash");
        } catch {
            _refused();
        }
        vm.stopPrank();
        _done("usurp");
    }

    function pauseToken(uint256 seed) external act {
        vm.startPrank(_tokenOwner);
        if (aipg.paused()) aipg.unpause();
        else if (seed % 2 == 0) aipg.pause();
        vm.stopPrank();
        _done("pauseToken");
    }

    function changeModels(uint256 seed) external act {
        if (seed % 2 == 0) aigc.setMode(0);
        else aigc.setMode(seed >> 8);
        uint256 modelId = 1 + (seed >> 16) % 4;
        // Model 4 comes and goes.
        address owner = modelId == 4 ? ((seed >> 24) % 2 == 0 ? modelOwner : address(0)) : aigc.registeredOwner(modelId);
        aigc.set(modelId, owner, uint16((seed >> 32) % 2300));
        _done("changeModels");
    }

    /// @notice Time passes: some seconds, hours or days, or to a second beside an edge.
    function pass(uint256 seed) external {
        uint256 time = store.time();
        uint256 kind = seed % 8;
        seed >>= 8;
        if (kind < 2) time += seed % 120;
        else if (kind < 4) time += seed % 2 hours;
        else if (kind == 4) time += seed % 10 days;
        else time = _edge(seed) + (seed >> 128) % 2; // on the edge, or a second after it
        if (time > store.time() + 35 days) time = store.time() + 1 days;
        store.setTime(time);
        _done("pass");
    }

    function _edge(uint256 seed) private view returns (uint256) {
        uint256 kind = seed % 5;
        seed >>= 8;
        if (kind < 2) {
            Lane memory lane = settlement.laneOf(store.lane(seed % store.laneCount()).id);
            return uint256(lane.thawReadyAt) + (kind == 0 ? 0 : 1 days);
        }
        if (kind == 2) return uint256(settlement.accountOf(store.payer(seed)).thawReadyAt);
        if (kind == 3) return store.lastRevokedAt() + 1 days;
        if (seed % 2 == 0 || store.paperCount() == 0) {
            return uint256(settlement.feeConfigOf(settlement.currentFeeConfigId()).since) + 7 days;
        }
        uint256 end = store.vouchersEnd(store.paperLane(seed % store.paperCount()));
        return end == type(uint256).max ? 0 : end;
    }
}
