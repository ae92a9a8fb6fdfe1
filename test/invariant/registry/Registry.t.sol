// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Worker} from "../../../contracts/interfaces/IWorkerRegistry.sol";
import {RegistryBase} from "../../utils/RegistryBase.sol";
import {RegistryHandler} from "./RegistryHandler.sol";

contract RegistryInvariants is RegistryBase {
    RegistryHandler internal handler;

    function setUp() public override {
        super.setUp();
        handler = new RegistryHandler(aipg, registry, settlement, params);
        targetContract(address(handler));
    }

    /// @dev 1, solvency: every wei that came in is a bond, a reward or the treasury's, or went out.
    function invariant_1_Solvency() external view {
        _assertSolvent();
        assertEq(handler.paidIn() - handler.paidOut(), aipg.balanceOf(address(registry)));
        uint256 stakes;
        uint256 rewards = registry.rewardOf(address(0));
        for (uint256 i; i < 4; ++i) {
            stakes += registry.stakeOf(handler.actors(i));
            rewards += registry.rewardOf(handler.actors(i));
        }
        assertEq(registry.totalBonded(), stakes);
        assertEq(registry.totalRewards(), rewards);
    }

    /// @dev 9, part: what a reporter gets of a slashed bond is a fifth at most, and no admin gets anything.
    function invariant_9_SlashedBondsGoWhereTheyShould() external view {
        assertLe(handler.shares() * 5, handler.slashed());
        assertEq(registry.rewardOf(settlement), 0);
        assertEq(registry.rewardOf(params), 0);
    }

    /// @dev Nobody leaves before the delay is over.
    function invariant_BondsStayForTheirDelay() external view {
        assertFalse(handler.leftTooSoon());
    }

    /// @dev 12: the logs rebuild every record.
    function invariant_12_LogsRebuildTheRegistry() external view {
        for (uint256 i; i < 4; ++i) {
            address actor = handler.actors(i);
            Worker memory record = registry.workerOf(actor);
            assertEq(abi.encode(handler.bookOf(actor)), abi.encode(record));
            assertEq(handler.rewards(actor), registry.rewardOf(actor));
            // A delay runs exactly while something is unbonding.
            assertEq(record.releaseAt == 0, record.unbonding == 0);
        }
        assertEq(handler.pot(), registry.treasuryPot());
        assertEq(handler.minBond(), registry.minBond());
        assertEq(handler.treasury(), registry.treasury());
    }
}
