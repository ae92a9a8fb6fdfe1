// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NftWorld} from "./NftWorld.sol";

/// @notice Invariants 11, 12, 13 and N1 to N4, for GridNFT, in one campaign; messages begin with the number.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.check-interval = 10
/// forge-config: deep.invariant.fail-on-revert = true
/// forge-config: deep.invariant.check-interval = 10
/// forge-config: coverage.invariant.fail-on-revert = true
/// forge-config: coverage.invariant.check-interval = 10
contract NftInvariants is NftWorld {
    function setUp() public override {
        super.setUp();
        targetContract(address(director));
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = director.act.selector;
        targetSelector(FuzzSelector(address(director), selectors));
    }

    function invariant_11to13_ReceiptsLogsAndUpdates() external view {
        handler.check();
    }
}
