// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AigcWorld} from "./AigcWorld.sol";

/// @notice The invariants of `test/invariant/README.md` for models, their tokens and their money, after any history.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.shrink-run-limit = 50
/// forge-config: default.invariant.check-interval = 10
/// forge-config: deep.invariant.fail-on-revert = true
/// forge-config: deep.invariant.check-interval = 10
/// forge-config: coverage.invariant.fail-on-revert = true
/// forge-config: coverage.invariant.check-interval = 10
contract AigcInvariants is AigcWorld {
    function invariant_2and9and12and13_ModelsTokensAndMoney() external {
        _check();
    }
}
