// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {GridSettlement} from "../../../contracts/GridSettlement.sol";
import {FeeConfig, IGridSettlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {IModelTerms} from "../../../contracts/interfaces/IModelTerms.sol";
import {LaneConfig, Voucher} from "../../../contracts/messages/GridMessages.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";

contract SettlementAdmin is SettlementBase {
    // ---------------------------------------------------------------- constructor

    function test_Constructor_RevertWhen_TheTokenIsZero() external {
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_ZeroAddress.selector, "aipg"));
        new GridSettlement(IERC20(address(0)), models, address(manager), treasury, PROTOCOL_BPS);
    }

    function test_Constructor_RevertWhen_AIGCIsZero() external {
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_ZeroAddress.selector, "models"));
        new GridSettlement(aipg, IModelTerms(address(0)), address(manager), treasury, PROTOCOL_BPS);
    }

    function test_Constructor_RevertWhen_TheAuthorityIsZero() external {
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_ZeroAddress.selector, "authority"));
        new GridSettlement(aipg, models, address(0), treasury, PROTOCOL_BPS);
    }

    function test_Constructor_RevertWhen_TheTreasuryIsZero() external {
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_BadRecipient.selector, address(0)));
        new GridSettlement(aipg, models, address(manager), address(0), PROTOCOL_BPS);
    }

    function test_Constructor_RevertWhen_TheProtocolFeeIsAboveTheCap() external {
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_ProtocolFeeTooHigh.selector, 1001, 1000));
        new GridSettlement(aipg, models, address(manager), treasury, 1001);
    }

    function test_Constructor_WhenAllIsGiven() external {
        address expected = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.expectEmit(expected);
        emit IGridSettlement.TreasurySet(treasury);
        vm.expectEmit(expected);
        emit IGridSettlement.FeeConfigAppended(1, 1000);
        GridSettlement made = new GridSettlement(aipg, models, address(manager), treasury, 1000);
        assertEq(made.registry().settlement(), address(made));
        assertEq(address(made.registry().aipg()), address(aipg));
        assertEq(made.registry().treasury(), treasury);
        assertEq(made.authority(), address(manager));
        assertEq(made.treasury(), treasury);
        assertEq(address(made.models()), address(models));
        assertEq(made.currentFeeConfigId(), 1);
        assertEq(made.MAX_PROTOCOL_BPS() + made.MAX_ROYALTY_BPS(), 3000);
    }

    // ---------------------------------------------------------------- appendFeeConfig

    function test_AppendFeeConfig_RevertWhen_TheCallerIsNotPARAMS() external {
        skip(7 days);
        _expectUnauthorized(guardian);
        settlement.appendFeeConfig(1);
    }

    function test_AppendFeeConfig_RevertWhen_TheFeeIsAboveTheCap() external {
        skip(7 days);
        vm.prank(params);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_ProtocolFeeTooHigh.selector, 1001, 1000));
        settlement.appendFeeConfig(1001);
    }

    function test_AppendFeeConfig_RevertGiven_TheLastChangeWasWithinAWeek() external {
        skip(7 days - 1);
        vm.prank(params);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_FeeConfigTooSoon.selector, block.timestamp + 1)
        );
        settlement.appendFeeConfig(1);
    }

    function testFuzz_AppendFeeConfig_GivenTheLastChangeWasAWeekAgo(uint16 protocolBps) external {
        protocolBps = uint16(bound(protocolBps, 0, 1000));
        skip(7 days);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.FeeConfigAppended(2, protocolBps);
        vm.prank(params);
        assertEq(settlement.appendFeeConfig(protocolBps), 2);
        assertEq(settlement.currentFeeConfigId(), 2);
        FeeConfig memory config = settlement.feeConfigOf(2);
        assertEq(config.protocolBps, protocolBps);
        assertEq(config.since, block.timestamp);
        assertEq(settlement.feeConfigOf(1).protocolBps, PROTOCOL_BPS);
    }

    // ---------------------------------------------------------------- setTreasury

    function test_SetTreasury_RevertWhen_TheCallerIsNobody() external {
        _expectUnauthorized(stranger);
        settlement.setTreasury(stranger);
    }

    function test_SetTreasury_RevertWhen_TheTreasuryIsZeroOrTheSettlement() external {
        vm.startPrank(params);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_BadRecipient.selector, address(0)));
        settlement.setTreasury(address(0));
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_BadRecipient.selector, address(settlement))
        );
        settlement.setTreasury(address(settlement));
    }

    function test_SetTreasury_WhenPARAMSCalls() external {
        vm.expectEmit(address(settlement));
        emit IGridSettlement.TreasurySet(stranger);
        vm.prank(params);
        settlement.setTreasury(stranger);
        assertEq(settlement.treasury(), stranger);
        assertEq(settlement.currentFeeConfigId(), 1, "its neighbours in the slot stay");
    }

    // ---------------------------------------------------------------- pause

    function test_Pause_RevertWhen_TheCallerIsNotGUARDIAN() external {
        _expectUnauthorized(params);
        settlement.pause();
    }

    function test_Pause_RevertGiven_ItIsPaused() external {
        vm.startPrank(guardian);
        settlement.pause();
        vm.expectRevert(IGridSettlement.GridSettlement_Paused.selector);
        settlement.pause();
    }

    function test_Pause_WhenGUARDIANCalls() external {
        LaneConfig memory config = _laneConfig();
        bytes32 laneId = _open(config, FUNDS);
        _deposit(payer.addr, FUNDS);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.Paused(guardian);
        vm.prank(guardian);
        settlement.pause();
        assertTrue(settlement.paused());

        config.salt = keccak256("new");
        vm.startPrank(payer.addr);
        vm.expectRevert(IGridSettlement.GridSettlement_Paused.selector);
        settlement.depositFor(payer.addr, 1);
        vm.expectRevert(IGridSettlement.GridSettlement_Paused.selector);
        settlement.openLane(config, 1);
        vm.stopPrank();

        // All the rest goes on: topping up, collecting, settling, thawing, withdrawing, claiming.
        config = _laneConfig();
        Voucher memory voucher = _voucher(laneId, MODEL, 1e18, 0);
        vm.prank(payer.addr);
        settlement.topUpLane(config, 1);
        assertEq(_collect(config, voucher), 1e18);
        settlement.settle(_settlement(1, 1));
        vm.startPrank(payer.addr);
        settlement.thawLane(config, type(uint128).max);
        skip(1 days);
        settlement.finaliseLaneThaw(config);
        settlement.thaw(_balance(payer.addr));
        skip(1 hours);
        settlement.withdraw(payer.addr);
        vm.stopPrank();
        vm.prank(worker.addr);
        settlement.claimEarned(worker.addr);
        vm.prank(modelOwner);
        settlement.claimModelRoyalty(MODEL);
        address[] memory workers = new address[](1);
        workers[0] = worker.addr;
        settlement.sweepProtocol(workers);
        assertEq(aipg.balanceOf(address(settlement)), 0, "every balance can leave");
    }

    // ---------------------------------------------------------------- unpause

    function test_Unpause_RevertWhen_TheCallerIsNotADMIN() external {
        vm.prank(guardian);
        settlement.pause();
        _expectUnauthorized(guardian);
        settlement.unpause();
    }

    function test_Unpause_RevertGiven_ItIsNotPaused() external {
        vm.prank(admin);
        vm.expectRevert(IGridSettlement.GridSettlement_NotPaused.selector);
        settlement.unpause();
    }

    function test_Unpause_WhenADMINCalls() external {
        vm.prank(guardian);
        settlement.pause();
        vm.expectEmit(address(settlement));
        emit IGridSettlement.Unpaused(admin);
        vm.prank(admin);
        settlement.unpause();
        assertFalse(settlement.paused());
        _deposit(payer.addr, 1);
    }

    function _expectUnauthorized(address caller) private {
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
    }
}
