// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {LaneConfig, Voucher} from "../../../contracts/messages/GridMessages.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";

/// @notice What a payer can do to a worker of the direct rail, and can't do to one of a lane: `ACCOUNT_DELAY` holds
/// back withdrawals, but an account's balance is nobody's security.
contract AccountOutrun is SettlementBase {
    /// @dev A hop lane to an alias of the payer is a way out without delay, notice or fee. A worker of the direct rail
    /// gives credit for one job.
    function test_T22_PayerLeavesThroughALaneToItself() external {
        _deposit(payer.addr, 100e18);
        Settlement memory item = _settlement(1, 1); // the worker has done a job of 1 AIPG; no thaw is pending

        uint256 begun = block.timestamp;
        _leaveBy(_hopConfig(), 100e18);

        assertEq(aipg.balanceOf(thief.addr), 100e18, "all of it, to an alias");
        assertEq(block.timestamp, begun, "without delay");
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_AccountShort.selector, payer.addr, uint256(1e18), uint128(0)
            )
        );
        settlement.settle(item);
        assertFalse(settlement.isNonceUsed(payer.addr, 1), "the order is still good when money comes");
    }

    /// @dev The money of a lane is one worker's security: the same trick doesn't reach it.
    function test_T22_PayerCannotLeaveALaneLikeThat() external {
        LaneConfig memory config = _laneConfig();
        _open(config, 10e18);
        _deposit(payer.addr, 100e18);
        _leaveBy(_hopConfig(), 100e18);

        assertEq(_collect(config, _voucher(_laneId(config), MODEL, 10e18, 0)), 10e18, "paid in full");
    }

    function _leaveBy(LaneConfig memory config, uint128 amount) private {
        config.worker = thief.addr; // the payer's alias
        vm.prank(payer.addr);
        bytes32 laneId = settlement.openLane(config, amount);
        Voucher memory voucher = _voucher(laneId, 0, amount, 0);
        bytes memory signature = _sign(payer, _voucherDigest(voucher));
        vm.startPrank(thief.addr);
        settlement.collect(config, voucher, signature, "");
        settlement.claimEarned(thief.addr);
        vm.stopPrank();
    }
}
