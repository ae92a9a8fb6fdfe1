// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LaneTotal} from "../../../contracts/interfaces/IGridSettlement.sol";
import {JobOrder, LaneConfig, Voucher} from "../../../contracts/messages/GridMessages.sol";
import {SplitMath} from "../../../contracts/settlement/SplitMath.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";
import {SettlementHostileModels} from "../../utils/SettlementDoubles.sol";

/// @notice Threat 64: a royalty rate frozen for what does not exist, or for ever.
contract RoyaltyAttacks is SettlementBase {
    uint256 private constant NEW_MODEL = 99;

    LaneConfig private _config;
    bytes32 private _lane;

    function setUp() public override {
        super.setUp();
        _bond(worker.addr, BOND);
        _config = _laneConfig();
        _lane = _open(_config, FUNDS);
        _deposit(payer.addr, FUNDS);
    }

    /// @dev A wei on a model that isn't registered yet must not buy a lane without royalty.
    function test_T64_AWeiOnAModelThatIsNotRegisteredYet() external {
        _collect(_config, _voucher(_lane, NEW_MODEL, 1, 0));
        assertEq(settlement.laneTotalOf(_lane, NEW_MODEL).royaltyReadAt, 0);
        models.set(NEW_MODEL, modelOwner, 1000);
        _collect(_config, _voucher(_lane, NEW_MODEL, 100e18, 0));
        assertEq(settlement.modelEarnedOf(NEW_MODEL), 10e18);
        assertEq(settlement.laneTotalOf(_lane, NEW_MODEL).royaltyReadAt, block.timestamp);
    }

    function test_T64_ADirectOrderOfAModelThatIsNotRegisteredYet() external {
        _settleModel(1, NEW_MODEL);
        (, uint40 readAt) = settlement.modelRoyaltyOf(NEW_MODEL);
        assertEq(readAt, 0);
        assertEq(settlement.modelEarnedOf(NEW_MODEL), 0);
        models.set(NEW_MODEL, modelOwner, 1000);
        _settleModel(2, NEW_MODEL);
        assertEq(settlement.modelEarnedOf(NEW_MODEL), 0.1e18);
    }

    /// @dev A raise that has been in force for years reaches the oldest lane; what was collected before keeps its split.
    function test_T64_ARaiseReachesAnOldLane() external {
        _collect(_config, _voucher(_lane, MODEL, 100e18, 0));
        models.set(MODEL, modelOwner, 2000);
        skip(730 days);
        _collect(_config, _voucher(_lane, MODEL, 200e18, 0));
        assertEq(settlement.modelEarnedOf(MODEL), 10e18 + 20e18);
    }

    /// @dev So does a fall: nobody pays a rate of long ago.
    function test_T64_AFallReachesAnOldLane() external {
        _collect(_config, _voucher(_lane, MODEL, 100e18, 0));
        models.set(MODEL, modelOwner, 0);
        skip(730 days);
        _collect(_config, _voucher(_lane, MODEL, 200e18, 0));
        assertEq(settlement.modelEarnedOf(MODEL), 10e18);
    }

    function test_T64_ARateHoldsThroughItsLastSecond() external {
        _collect(_config, _voucher(_lane, MODEL, 100e18, 0));
        uint256 readAt = block.timestamp;
        models.set(MODEL, modelOwner, 2000);
        vm.warp(readAt + 90 days - 1);
        _collect(_config, _voucher(_lane, MODEL, 200e18, 0));
        assertEq(settlement.modelEarnedOf(MODEL), 20e18);
        assertEq(settlement.laneTotalOf(_lane, MODEL).royaltyReadAt, readAt, "a collect doesn't prolong it");
        skip(1);
        _collect(_config, _voucher(_lane, MODEL, 300e18, 0));
        assertEq(settlement.modelEarnedOf(MODEL), 40e18);
        assertEq(settlement.laneTotalOf(_lane, MODEL).royaltyReadAt, readAt + 90 days);
    }

    /// @dev Every way of failing, at the first reading and at a later one: that payment is free of royalty, no more.
    function testFuzz_T64_AFailureHoldsForOnePayment(uint8 mode, bool later) external {
        if (later) {
            _collect(_config, _voucher(_lane, MODEL, 100e18, 0));
            skip(90 days);
        }
        LaneTotal memory before = settlement.laneTotalOf(_lane, MODEL);
        uint256 earned = settlement.modelEarnedOf(MODEL);
        bytes memory code = address(models).code;
        bytes32 slot = vm.load(address(models), 0);
        vm.etch(address(models), address(new SettlementHostileModels()).code);
        vm.store(address(models), 0, bytes32(bound(mode, 0, 6)));
        _collect(_config, _voucher(_lane, MODEL, before.cumulative + 50e18, 0));
        LaneTotal memory afterwards = settlement.laneTotalOf(_lane, MODEL);
        assertEq(settlement.modelEarnedOf(MODEL), earned, "no royalty");
        assertEq(afterwards.royaltyBps, before.royaltyBps, "nothing is kept");
        assertEq(afterwards.royaltyReadAt, before.royaltyReadAt, "nothing is kept");
        vm.etch(address(models), code);
        vm.store(address(models), 0, slot);
        _collect(_config, _voucher(_lane, MODEL, before.cumulative + 150e18, 0));
        assertEq(settlement.modelEarnedOf(MODEL), earned + 10e18, "the next payment pays");
        assertEq(settlement.laneTotalOf(_lane, MODEL).royaltyReadAt, block.timestamp);
    }

    /// @dev Parts of one voucher: within a period they pay what the whole pays, across a reading each pays its own rate.
    function testFuzz_T64_PartsAcrossAReading(uint128 first, uint128 second, uint128 third, uint16 rate) external {
        first = uint128(bound(first, 1, 300e18));
        second = uint128(bound(second, 1, 300e18));
        third = uint128(bound(third, 1, 300e18));
        rate = uint16(bound(rate, 0, 2000));
        Voucher memory voucher = _voucher(_lane, MODEL, first + second + third, 0);
        _upTo(voucher, first);
        models.set(MODEL, modelOwner, rate);
        skip(90 days);
        _upTo(voucher, second);
        models.set(MODEL, modelOwner, 1);
        skip(90 days - 1);
        _upTo(voucher, third);
        (uint256 a, uint256 b, uint256 c) = SplitMath.split(first, PROTOCOL_BPS, ROYALTY_BPS);
        (uint256 x, uint256 y, uint256 z) = SplitMath.growth(first, first + second + third, PROTOCOL_BPS, rate);
        assertEq(settlement.earnedOf(worker.addr), a + x, "worker");
        assertEq(settlement.modelEarnedOf(MODEL), b + y, "model");
        assertEq(settlement.protocolAccruedOf(worker.addr), c + z, "protocol");
    }

    /// @dev A collect of nothing reads nothing, so it can't choose the moment of the reading.
    function test_T64_ACollectOfNothingReadsNothing() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 100e18, 0);
        _upTo(voucher, 0);
        assertEq(settlement.laneTotalOf(_lane, MODEL).royaltyReadAt, 0);
        _collect(_config, voucher);
        uint256 readAt = block.timestamp;
        skip(91 days);
        _collect(_config, voucher);
        assertEq(settlement.laneTotalOf(_lane, MODEL).royaltyReadAt, readAt);
    }

    function _upTo(Voucher memory voucher, uint128 amount) private {
        bytes memory signature = _sign(payer, _voucherDigest(voucher));
        vm.prank(worker.addr);
        assertEq(settlement.collectUpTo(_config, voucher, signature, "", amount), amount);
    }

    function _settleModel(uint256 nonce, uint256 modelId) private {
        JobOrder memory order = _order();
        (order.nonce, order.modelId) = (nonce, modelId);
        settlement.settle(_settlementOf(order, payer, worker));
    }
}
