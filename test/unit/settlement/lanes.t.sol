// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement, Lane, TreasurerCap} from "../../../contracts/interfaces/IGridSettlement.sol";
import {LaneConfig} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";

contract SettlementLanes is SettlementBase {
    uint128 private constant AMOUNT = 100e18;

    LaneConfig private _config;
    bytes32 private _id;

    function setUp() public override {
        super.setUp();
        _deposit(payer.addr, FUNDS);
        _config = _laneConfig();
        _id = _laneId(_config);
    }

    // ---------------------------------------------------------------- openLane

    function test_OpenLane_RevertGiven_NewBusinessIsPaused() external {
        vm.prank(guardian);
        settlement.pause();
        _expectNoLane(abi.encodeWithSelector(IGridSettlement.GridSettlement_Paused.selector));
    }

    function test_OpenLane_RevertWhen_TheCallerIsNotThePayer() external {
        vm.prank(thief.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_NotPayer.selector, payer.addr, thief.addr)
        );
        settlement.openLane(_config, AMOUNT);
    }

    function test_OpenLane_RevertWhen_TheWorkerIsZero() external {
        _config.worker = address(0);
        _expectNoLane(abi.encodeWithSelector(IGridSettlement.GridSettlement_ZeroAddress.selector, "worker"));
    }

    function test_OpenLane_RevertWhen_TheKindIsUnknown() external {
        _config.kind = 2;
        _expectNoLane(abi.encodeWithSelector(IGridSettlement.GridSettlement_UnknownLaneKind.selector, 2));
    }

    function test_OpenLane_RevertWhen_TheThawDelayIsBelowADay() external {
        _config.thawDelay = 1 days - 1;
        _expectThawDelayRefused();
    }

    function test_OpenLane_RevertWhen_TheThawDelayIsAboveThirtyDays() external {
        _config.thawDelay = 30 days + 1;
        _expectThawDelayRefused();
    }

    function test_OpenLane_RevertWhen_ThePayerSignerIsNotAKeyOfThePayer() external {
        _addSigner(thief.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        _expectPayerSignerRefused(payerSigner.addr);
        _expectPayerSignerRefused(address(0));
    }

    function test_OpenLane_RevertWhen_ThePayerSignerHasAnotherRole() external {
        _addSigner(payer.addr, orderSigner, SignerRoles.ORDER_SIGNER);
        _expectPayerSignerRefused(orderSigner.addr);
    }

    function test_OpenLane_RevertGiven_ThePayerSignerIsBeingRevoked() external {
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        vm.prank(payer.addr);
        settlement.revokeSigner(payerSigner.addr);
        _config.payerSigner = payerSigner.addr;
        _expectNoLane(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_SignerRevoked.selector, payerSigner.addr, block.timestamp
            )
        );
    }

    function test_OpenLane_RevertWhen_AWorkLaneNamesNoFeeConfig() external {
        _expectFeeConfigRefused(0);
    }

    function test_OpenLane_RevertWhen_AWorkLaneNamesAFeeConfigToCome() external {
        _expectFeeConfigRefused(2);
    }

    function test_OpenLane_RevertGiven_TheFeeConfigWasReplacedAWeekAgo() external {
        skip(7 days);
        _appendFeeConfig(700);
        skip(7 days);
        _expectFeeConfigRefused(1);
    }

    function test_OpenLane_RevertWhen_AHopLaneNamesAFeeConfig() external {
        _config = _hopConfig();
        _expectFeeConfigRefused(1);
    }

    function test_OpenLane_RevertGiven_TheLaneExists() external {
        vm.prank(payer.addr);
        settlement.openLane(_config, AMOUNT);
        _expectNoLane(abi.encodeWithSelector(IGridSettlement.GridSettlement_LaneExists.selector, _id));
    }

    function test_OpenLane_RevertWhen_TheAmountIsAboveThePayersBalance() external {
        vm.prank(payer.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_AccountShort.selector, payer.addr, FUNDS + 1, FUNDS)
        );
        settlement.openLane(_config, FUNDS + 1);
    }

    function testFuzz_OpenLane_WhenAWorkLaneIsInOrder(uint128 amount) external {
        amount = uint128(bound(amount, 0, FUNDS));
        vm.expectEmit(address(settlement));
        emit IGridSettlement.LaneOpened(_id, payer.addr, worker.addr, _config, PROTOCOL_BPS, amount, FUNDS - amount);
        vm.prank(payer.addr);
        assertEq(settlement.openLane(_config, amount), _id);
        Lane memory lane = settlement.laneOf(_id);
        assertEq(lane.free, amount);
        assertEq(lane.protocolBps, PROTOCOL_BPS);
        assertTrue(lane.opened);
        assertEq(lane.thawReadyAt, 0);
        assertEq(_balance(payer.addr), FUNDS - amount);
        _assertSolvent(_id);
    }

    function test_OpenLane_WhenAHopLaneIsInOrder() external {
        _config = _hopConfig();
        vm.prank(payer.addr);
        _id = settlement.openLane(_config, AMOUNT);
        assertEq(settlement.laneOf(_id).protocolBps, 0);
        assertEq(settlement.laneOf(_id).free, AMOUNT);
    }

    function test_OpenLane_GivenTheFeeConfigWasReplacedWithinAWeek() external {
        skip(7 days);
        _appendFeeConfig(700);
        skip(7 days - 1);
        vm.startPrank(payer.addr);
        assertEq(settlement.laneOf(settlement.openLane(_config, 0)).protocolBps, PROTOCOL_BPS);
        _config.feeConfigId = 2;
        assertEq(settlement.laneOf(settlement.openLane(_config, 0)).protocolBps, 700);
    }

    function test_OpenLane_GivenThePayerSignerIsALiveKey() external {
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        _config.payerSigner = payerSigner.addr;
        vm.prank(payer.addr);
        assertTrue(settlement.laneOf(settlement.openLane(_config, 0)).opened);
    }

    // ---------------------------------------------------------------- topUpLane

    function test_TopUpLane_RevertGiven_TheLaneToTopUpDoesNotExist() external {
        vm.prank(payer.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_LaneUnknown.selector, _id));
        settlement.topUpLane(_config, AMOUNT);
    }

    function test_TopUpLane_RevertWhen_TheAmountToAddIsZero() external {
        _openWith(0);
        vm.prank(payer.addr);
        vm.expectRevert(IGridSettlement.GridSettlement_ZeroAmount.selector);
        settlement.topUpLane(_config, 0);
    }

    function test_TopUpLane_RevertWhen_TheCallerIsNeitherPayerNorTreasurer() external {
        _openWith(0);
        _addSigner(payer.addr, orderSigner, SignerRoles.ORDER_SIGNER);
        _expectNotTreasurer(worker.addr);
        _expectNotTreasurer(orderSigner.addr);
    }

    function test_TopUpLane_RevertWhen_TheAmountToAddIsAboveTheBalance() external {
        _openWith(0);
        vm.prank(payer.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_AccountShort.selector, payer.addr, FUNDS + 1, FUNDS)
        );
        settlement.topUpLane(_config, FUNDS + 1);
    }

    function test_TopUpLane_RevertGiven_TheFeeConfigEndedLongAgo() external {
        _openWith(0);
        skip(7 days);
        _appendFeeConfig(700);
        skip(90 days + 1);
        vm.prank(payer.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_FeeConfigRefused.selector, 1));
        settlement.topUpLane(_config, AMOUNT);

        // A hop lane has no fee config that could end.
        LaneConfig memory hop = _hopConfig();
        vm.startPrank(payer.addr);
        settlement.openLane(hop, 0);
        settlement.topUpLane(hop, AMOUNT);
    }

    function test_TopUpLane_GivenTheFeeConfigEndedLately() external {
        _openWith(0);
        skip(7 days);
        _appendFeeConfig(700);
        skip(7 days);
        _appendFeeConfig(800);
        skip(83 days);
        vm.prank(payer.addr);
        settlement.topUpLane(_config, AMOUNT);
        assertEq(settlement.laneOf(_id).free, AMOUNT);
    }

    function testFuzz_TopUpLane_WhenThePayerTopsUp(uint128 amount) external {
        amount = uint128(bound(amount, 1, FUNDS - AMOUNT));
        _openWith(AMOUNT);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.LaneToppedUp(_id, payer.addr, payer.addr, amount, AMOUNT + amount, FUNDS - AMOUNT - amount);
        vm.prank(payer.addr);
        settlement.topUpLane(_config, amount);
        assertEq(settlement.laneOf(_id).free, AMOUNT + amount);
        _assertSolvent(_id);
    }

    function test_TopUpLane_GivenTheLaneIsThawing() external {
        _openWith(AMOUNT);
        vm.startPrank(payer.addr);
        settlement.thawLane(_config, AMOUNT);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.LaneThawCancelled(_id);
        settlement.topUpLane(_config, 1);
        assertEq(settlement.laneOf(_id).thawReadyAt, 0);
        assertEq(settlement.laneOf(_id).thawing, 0);
        skip(1 days);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_LaneNotThawing.selector, _id));
        settlement.finaliseLaneThaw(_config);
    }

    function test_TopUpLane_WhenATreasurerTopsUp() external {
        _openWith(0);
        _treasurer(10e18);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.TreasurerSpent(treasurer.addr, 10e18, uint40(block.timestamp));
        vm.expectEmit(address(settlement));
        emit IGridSettlement.LaneToppedUp(_id, payer.addr, treasurer.addr, 10e18, 10e18, FUNDS - 10e18);
        vm.prank(treasurer.addr);
        settlement.topUpLane(_config, 10e18);
        assertEq(settlement.laneOf(_id).free, 10e18);
        TreasurerCap memory cap = settlement.treasurerCapOf(treasurer.addr);
        assertEq(cap.spent, 10e18);
        assertEq(cap.windowStart, block.timestamp);
    }

    function test_TopUpLane_RevertWhen_TheAmountExceedsTheCapsRest() external {
        _openWith(0);
        _treasurer(10e18);
        vm.startPrank(treasurer.addr);
        settlement.topUpLane(_config, 7e18);
        skip(1 days - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_TreasurerCapReached.selector, treasurer.addr, 3e18 + 1, 3e18
            )
        );
        settlement.topUpLane(_config, 3e18 + 1);
    }

    function test_TopUpLane_GivenANewWindowHasBegun() external {
        _openWith(0);
        _treasurer(10e18);
        vm.startPrank(treasurer.addr);
        settlement.topUpLane(_config, 10e18);
        skip(1 days);
        settlement.topUpLane(_config, 10e18);
        assertEq(settlement.laneOf(_id).free, 20e18);
        assertEq(settlement.treasurerCapOf(treasurer.addr).spent, 10e18);
    }

    function test_TopUpLane_RevertGiven_TheCapWasLoweredBelowWhatIsSpent() external {
        _openWith(0);
        _treasurer(10e18);
        vm.prank(treasurer.addr);
        settlement.topUpLane(_config, 10e18);
        vm.prank(payer.addr);
        settlement.setTreasurerCap(treasurer.addr, 5e18);
        vm.prank(treasurer.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_TreasurerCapReached.selector, treasurer.addr, 1, 0)
        );
        settlement.topUpLane(_config, 1);
    }

    function test_TopUpLane_RevertGiven_TheOwnerIsThawingTheLane() external {
        _openWith(AMOUNT);
        _treasurer(10e18);
        vm.prank(payer.addr);
        settlement.thawLane(_config, AMOUNT);
        skip(2 days); // ripe, and still to be finalised
        vm.prank(treasurer.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_LaneThawing.selector, _id));
        settlement.topUpLane(_config, 1);
    }

    function test_TopUpLane_GivenTheThawHasLapsed() external {
        _openWith(AMOUNT);
        _treasurer(10e18);
        vm.prank(payer.addr);
        settlement.thawLane(_config, AMOUNT);
        skip(2 days + 1);
        vm.prank(treasurer.addr);
        settlement.topUpLane(_config, 1);
        assertEq(settlement.laneOf(_id).free, AMOUNT + 1);
    }

    function test_TopUpLane_RevertGiven_TheTreasurerWasRevoked() external {
        _openWith(0);
        _treasurer(10e18);
        vm.prank(payer.addr);
        settlement.revokeSigner(treasurer.addr);
        _expectNotTreasurer(treasurer.addr);
    }

    // ---------------------------------------------------------------- thawLane

    function test_ThawLane_RevertGiven_TheLaneToThawDoesNotExist() external {
        vm.prank(payer.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_LaneUnknown.selector, _id));
        settlement.thawLane(_config, AMOUNT);
    }

    function test_ThawLane_RevertWhen_TheThawingCallerIsNotThePayer() external {
        _openWith(AMOUNT);
        _treasurer(10e18);
        vm.prank(treasurer.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_NotPayer.selector, payer.addr, treasurer.addr)
        );
        settlement.thawLane(_config, AMOUNT);
    }

    function test_ThawLane_RevertWhen_TheAmountToThawIsZero() external {
        _openWith(AMOUNT);
        vm.prank(payer.addr);
        vm.expectRevert(IGridSettlement.GridSettlement_ZeroAmount.selector);
        settlement.thawLane(_config, 0);
    }

    function testFuzz_ThawLane_WhenThePayerAsks(uint128 amount, uint40 thawDelay) external {
        amount = uint128(bound(amount, 1, type(uint128).max));
        _config.thawDelay = uint40(bound(thawDelay, 1 days, 30 days));
        _openWith(AMOUNT);
        uint40 readyAt = uint40(block.timestamp) + _config.thawDelay;
        vm.expectEmit(address(settlement));
        emit IGridSettlement.LaneThawStarted(_id, amount, readyAt, readyAt + 1 days, 0);
        vm.prank(payer.addr);
        settlement.thawLane(_config, amount);
        Lane memory lane = settlement.laneOf(_id);
        assertEq(lane.thawing, amount);
        assertEq(lane.thawReadyAt, readyAt);
        assertEq(lane.free, AMOUNT);
        assertEq(_collect(_config, _voucher(_id, MODEL, AMOUNT, 0)), AMOUNT);
    }

    function test_ThawLane_GivenAThawIsPending() external {
        _openWith(AMOUNT);
        vm.startPrank(payer.addr);
        settlement.thawLane(_config, AMOUNT);
        skip(1 days);
        settlement.thawLane(_config, 1e18);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_LaneStillThawing.selector, _id, block.timestamp + 1 days
            )
        );
        settlement.finaliseLaneThaw(_config);
        assertEq(settlement.laneOf(_id).thawing, 1e18);
    }

    function testFuzz_ThawLane_GivenThePayerSignerWasRevokedWithinTheThawDelay(uint40 thawDelay, uint40 wait) external {
        _openWithRevoked(thawDelay);
        skip(bound(wait, 0, _config.thawDelay));
        uint40 readyAt = uint40(block.timestamp) + _config.thawDelay;
        vm.expectEmit(address(settlement));
        emit IGridSettlement.LaneThawStarted(_id, 1, readyAt, readyAt + 1 days, readyAt);
        vm.prank(payer.addr);
        settlement.thawLane(_config, 1);
        assertEq(settlement.laneOf(_id).vouchersUntil, readyAt);
    }

    function testFuzz_ThawLane_GivenThePayerSignerWasRevokedLongerAgo(uint40 thawDelay, uint40 wait) external {
        _openWithRevoked(thawDelay);
        skip(_config.thawDelay + bound(wait, 1, 60 days));
        uint40 readyAt = uint40(block.timestamp) + _config.thawDelay;
        vm.expectEmit(address(settlement));
        emit IGridSettlement.LaneThawStarted(_id, 1, readyAt, readyAt + 1 days, 0);
        vm.prank(payer.addr);
        settlement.thawLane(_config, 1);
        assertEq(settlement.laneOf(_id).vouchersUntil, 0);
    }

    function test_ThawLane_GivenAnEarlierThawHasProlongedTheVouchers() external {
        _openWithRevoked(1 days);
        skip(12 hours);
        vm.startPrank(payer.addr);
        settlement.thawLane(_config, 1);
        uint40 vouchersUntil = settlement.laneOf(_id).vouchersUntil;
        assertEq(vouchersUntil, block.timestamp + 1 days);
        skip(12 hours + 1);
        uint40 readyAt = uint40(block.timestamp) + 1 days;
        vm.expectEmit(address(settlement));
        emit IGridSettlement.LaneThawStarted(_id, 2, readyAt, readyAt + 1 days, vouchersUntil);
        settlement.thawLane(_config, 2);
        assertEq(settlement.laneOf(_id).vouchersUntil, vouchersUntil);
        vm.stopPrank();
    }

    function test_ThawLane_GivenThePayerSignerIsRevokedAfterTheThawBegan() external {
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        _config.payerSigner = payerSigner.addr;
        _openWith(AMOUNT);
        vm.startPrank(payer.addr);
        settlement.thawLane(_config, 1);
        skip(1 hours);
        settlement.revokeSigner(payerSigner.addr);
        vm.stopPrank();
        assertEq(settlement.laneOf(_id).vouchersUntil, 0);
        assertEq(settlement.payerSignerValidUntil(_config), block.timestamp + 1 days);
    }

    function _openWithRevoked(uint40 thawDelay) private {
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        _config.payerSigner = payerSigner.addr;
        _config.thawDelay = uint40(bound(thawDelay, 1 days, 30 days));
        _openWith(AMOUNT);
        vm.prank(payer.addr);
        settlement.revokeSigner(payerSigner.addr);
    }

    // ---------------------------------------------------------------- finaliseLaneThaw

    function test_FinaliseLaneThaw_RevertGiven_TheLaneWasNeverOpened() external {
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_LaneUnknown.selector, _id));
        settlement.finaliseLaneThaw(_config);
    }

    function test_FinaliseLaneThaw_RevertGiven_NoThawIsPending() external {
        _openWith(AMOUNT);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_LaneNotThawing.selector, _id));
        settlement.finaliseLaneThaw(_config);
    }

    function test_FinaliseLaneThaw_RevertGiven_TheThawIsNotRipe() external {
        _openWith(AMOUNT);
        vm.prank(payer.addr);
        settlement.thawLane(_config, AMOUNT);
        skip(1 days - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_LaneStillThawing.selector, _id, block.timestamp + 1)
        );
        settlement.finaliseLaneThaw(_config);
    }

    function test_FinaliseLaneThaw_RevertGiven_TheRipeThawHasLapsed() external {
        _openWith(AMOUNT);
        vm.prank(payer.addr);
        settlement.thawLane(_config, AMOUNT);
        skip(2 days + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_LaneThawLapsed.selector, _id, block.timestamp - 1)
        );
        settlement.finaliseLaneThaw(_config);
    }

    function testFuzz_FinaliseLaneThaw_GivenTheThawIsRipe(uint128 amount, uint256 wait) external {
        amount = uint128(bound(amount, 1, AMOUNT));
        wait = bound(wait, 1 days, 2 days);
        _openWith(AMOUNT);
        vm.prank(payer.addr);
        settlement.thawLane(_config, amount);
        skip(wait);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.LaneThawed(_id, payer.addr, amount, AMOUNT - amount, FUNDS - AMOUNT + amount);
        vm.prank(stranger);
        settlement.finaliseLaneThaw(_config);
        Lane memory lane = settlement.laneOf(_id);
        assertEq(lane.free, AMOUNT - amount);
        assertEq(lane.thawReadyAt, 0);
        assertEq(lane.thawing, 0);
        assertEq(_balance(payer.addr), FUNDS - AMOUNT + amount);
        _assertSolvent(_id);
    }

    function test_FinaliseLaneThaw_GivenTheWorkerHasCollectedMeanwhile() external {
        _openWith(AMOUNT);
        vm.prank(payer.addr);
        settlement.thawLane(_config, AMOUNT);
        _collect(_config, _voucher(_id, MODEL, 60e18, 0));
        skip(1 days);
        settlement.finaliseLaneThaw(_config);
        assertEq(settlement.laneOf(_id).free, 0);
        assertEq(_balance(payer.addr), FUNDS - 60e18);
    }

    function test_FinaliseLaneThaw_WhenAllWasAskedFor() external {
        _openWith(AMOUNT);
        vm.prank(payer.addr);
        settlement.thawLane(_config, type(uint128).max);
        skip(1 days);
        settlement.finaliseLaneThaw(_config);
        assertEq(settlement.laneOf(_id).free, 0);
        assertEq(_balance(payer.addr), FUNDS);
    }

    // ---------------------------------------------------------------- help

    function _openWith(uint128 amount) private {
        vm.prank(payer.addr);
        _id = settlement.openLane(_config, amount);
    }

    function _treasurer(uint128 cap) private {
        _addSigner(payer.addr, treasurer, SignerRoles.TREASURER);
        vm.prank(payer.addr);
        settlement.setTreasurerCap(treasurer.addr, cap);
    }

    function _expectNoLane(bytes memory reason) private {
        vm.prank(payer.addr);
        vm.expectRevert(reason);
        settlement.openLane(_config, AMOUNT);
    }

    function _expectThawDelayRefused() private {
        _expectNoLane(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_ThawDelayOutOfRange.selector, _config.thawDelay, 1 days, 30 days
            )
        );
    }

    function _expectPayerSignerRefused(address signer) private {
        _config.payerSigner = signer;
        _expectNoLane(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_NotSigner.selector, payer.addr, SignerRoles.PAYER_SIGNER, signer
            )
        );
    }

    function _expectFeeConfigRefused(uint16 feeConfigId) private {
        _config.feeConfigId = feeConfigId;
        _expectNoLane(abi.encodeWithSelector(IGridSettlement.GridSettlement_FeeConfigRefused.selector, feeConfigId));
    }

    function _expectNotTreasurer(address caller) private {
        vm.prank(caller);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_NotSigner.selector, payer.addr, SignerRoles.TREASURER, caller
            )
        );
        settlement.topUpLane(_config, 1);
    }
}
