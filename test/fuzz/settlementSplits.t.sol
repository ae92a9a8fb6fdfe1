// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LaneConfig, ModelTotal, Voucher} from "../../contracts/messages/GridMessages.sol";
import {SettlementBase} from "../utils/SettlementBase.sol";

/// @notice However the same promises are collected, the same is paid.
contract SettlementSplits is SettlementBase {
    function setUp() public override {
        super.setUp();
        _bond(worker.addr, BOND);
    }

    /// @dev One lane gets every voucher in a random order, partly; its twin just the last one.
    function testFuzz_SplittingAVoucherChangesNothing(uint64[6] memory growth, uint128[6] memory parts, uint256 order)
        external
    {
        LaneConfig memory config = _laneConfig();
        bytes32 laneId = _open(config, FUNDS);
        Voucher[] memory vouchers = _vouchers(laneId, growth);
        for (uint256 i; i < 12; ++i) {
            _part(config, vouchers[uint256(keccak256(abi.encode(order, i))) % 6], parts[i % 6] % 500);
        }
        _collect(config, vouchers[5]);
        uint128 royalty = settlement.modelEarnedOf(MODEL);
        uint128 royaltyOfFree = settlement.modelEarnedOf(FREE_MODEL);

        config.salt = keccak256("twin");
        config.worker = requester.addr;
        bytes32 twinId = _open(config, FUNDS);
        Voucher memory last = vouchers[5];
        last.laneId = twinId;
        _collect(config, last);

        assertEq(settlement.earnedOf(worker.addr), settlement.earnedOf(requester.addr));
        assertEq(settlement.protocolAccruedOf(worker.addr), settlement.protocolAccruedOf(requester.addr));
        assertEq(settlement.modelEarnedOf(MODEL), 2 * royalty);
        assertEq(settlement.modelEarnedOf(FREE_MODEL), 2 * royaltyOfFree);
        assertEq(settlement.laneOf(laneId).free, settlement.laneOf(twinId).free);
    }

    function _vouchers(bytes32 laneId, uint64[6] memory growth) private pure returns (Voucher[] memory vouchers) {
        uint128 a;
        uint128 b;
        vouchers = new Voucher[](6);
        for (uint256 i; i < 6; ++i) {
            a += growth[i] % 1000;
            b += growth[i] / 7 % 1000;
            vouchers[i] = _voucher2(laneId, a, b);
        }
    }

    function _part(LaneConfig memory config, Voucher memory voucher, uint128 amount) private {
        bytes memory signature = _sign(payer, _voucherDigest(voucher));
        vm.prank(worker.addr);
        settlement.collectUpTo(config, voucher, signature, "", amount);
    }

    /// @dev A voucher of many rows: what leaves the lane is what the rows ask for, in their order.
    function testFuzz_RowsArePaidInOrder(uint64[16] memory cumulative, uint128 limit) external {
        LaneConfig memory config = _laneConfig();
        bytes32 laneId = _open(config, FUNDS);
        Voucher memory voucher;
        voucher.laneId = laneId;
        voucher.totals = new ModelTotal[](16);
        uint256 sum;
        for (uint256 i; i < 16; ++i) {
            voucher.totals[i] = ModelTotal({modelId: i, cumulative: cumulative[i]});
            sum += cumulative[i];
        }
        limit = uint128(bound(limit, 0, 17 * uint256(type(uint64).max)));
        bytes memory signature = _sign(payer, _voucherDigest(voucher));
        vm.prank(worker.addr);
        uint256 paid = settlement.collectUpTo(config, voucher, signature, "", limit);
        assertEq(paid, sum < limit ? sum : limit);
        assertEq(settlement.laneOf(laneId).free, FUNDS - paid);
        uint256 left = paid;
        for (uint256 i; i < 16; ++i) {
            uint256 expected = left < cumulative[i] ? left : cumulative[i];
            assertEq(settlement.laneTotalOf(laneId, i).cumulative, expected);
            left -= expected;
        }
    }
}
