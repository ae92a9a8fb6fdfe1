// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Lane} from "../../../contracts/interfaces/IGridSettlement.sol";
import {GridMessages, LaneConfig, ModelTotal, Voucher} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SettlementHandler} from "./SettlementHandler.sol";
import {SettlementLogBook} from "./SettlementLogBook.sol";
import {LaneRecord, Paper, SettlementStore} from "./SettlementStore.sol";

/// @notice Payers' side of lanes: opening, funding, promising, leaving.
contract LaneHandler is SettlementHandler {
    uint256 private constant MAX_LANES = 10;

    constructor(SettlementStore store_, SettlementLogBook book_) SettlementHandler(store_, book_) {}

    function openLane(uint256 seed, uint256 amountSeed) external act {
        if (store.laneCount() >= MAX_LANES + store.dyingLanes()) return;
        LaneConfig memory config = _config(seed);
        uint128 amount = _amount(amountSeed, _balance(config.payer));
        vm.prank(config.payer);
        try settlement.openLane(config, amount) returns (bytes32 laneId) {
            if (laneId != _laneId(config)) store.violate(7, "another lane was opened");
            store.addLane(config, laneId, amount);
            _done("openLane");
        } catch {
            _refused();
        }
    }

    function topUpLane(uint256 laneSeed, uint256 amountSeed) external act {
        (uint256 index, LaneRecord memory lane) = _someLane(laneSeed);
        uint128 amount = _amount(amountSeed, _balance(lane.config.payer));
        vm.prank(lane.config.payer);
        try settlement.topUpLane(lane.config, amount) {
            store.funded(index, amount);
            _done("topUpLane");
        } catch {
            _refused();
        }
    }

    function topUpByTreasurer(uint256 laneSeed, uint256 keySeed, uint256 amountSeed) external act {
        (uint256 index, LaneRecord memory lane) = _someLane(laneSeed);
        address key = _signerFor(lane.config.payer, SignerRoles.TREASURER, keySeed);
        for (uint256 i; i < store.laneCount() && key == lane.config.payer; ++i) {
            (index, lane) = _someLane(laneSeed % 1000 + i);
            key = _signerFor(lane.config.payer, SignerRoles.TREASURER, keySeed);
        }
        if (key == lane.config.payer) return;
        // Often in a row: the cap is on the sum.
        for (uint256 i = 1 + (amountSeed >> 128) % 3; i != 0; --i) {
            _topUpByTreasurer(index, lane, key, uint256(keccak256(abi.encode(amountSeed, i))));
        }
    }

    function _topUpByTreasurer(uint256 index, LaneRecord memory lane, address key, uint256 amountSeed) private {
        uint128 cap = settlement.treasurerCapOf(key).cap;
        uint128 amount = _amount(amountSeed, cap);
        uint256 readyAt = settlement.laneOf(lane.id).thawReadyAt;
        vm.prank(key);
        try settlement.topUpLane(lane.config, amount) {
            store.funded(index, amount);
            store.treasurerSpent(key, amount, cap);
            if (store.revokedAt(key) != 0) store.violate(8, "a revoked treasurer moved money");
            if (readyAt != 0 && block.timestamp <= readyAt + 1 days) {
                store.violate(8, "a treasurer funded a lane that its payer leaves");
            }
            _done("topUpByTreasurer");
            book.replay(vm.getRecordedLogs()); // the next one, refused, would drop them
        } catch {
            _refused();
        }
    }

    function thawLane(uint256 laneSeed, uint256 amountSeed) external act {
        (uint256 index, LaneRecord memory lane) = _someLane(laneSeed);
        if ((laneSeed >> 136) % 3 == 0) (index, lane) = _dyingLane(laneSeed, (laneSeed >> 144) % 4);
        // Seldom again, for that begins anew.
        if (settlement.laneOf(lane.id).thawReadyAt != 0 && (laneSeed >> 128) % 4 != 0) return;
        uint128 amount =
            amountSeed % 3 == 0 ? type(uint128).max : _amount(amountSeed / 3, settlement.laneOf(lane.id).free);
        bool dying = store.vouchersEnd(index) != type(uint256).max;
        vm.prank(lane.config.payer);
        try settlement.thawLane(lane.config, amount) {
            uint256 before = store.vouchersEnd(index);
            store.thawed(index);
            if (store.vouchersEnd(index) > before) _done("prolong");
            else if (dying) _done("thawTooLate");
            if (settlement.payerSignerValidUntil(lane.config) != _uint40(store.vouchersEnd(index))) {
                store.violate(5, "vouchers end at another time");
            }
            _done("thawLane");
        } catch {
            _refused();
        }
    }

    function finaliseLaneThaw(uint256 laneSeed, uint256 wait) external act {
        (uint256 index, LaneRecord memory lane) = _someLane(laneSeed);
        for (uint256 i; i < store.laneCount() && !_isThawing(lane.id); ++i) {
            (index, lane) = _someLane(laneSeed % 1000 + i);
        }
        Lane memory before = settlement.laneOf(lane.id);
        if (wait % 3 != 1 && before.thawReadyAt != 0) _wait(uint256(before.thawReadyAt) - (wait >> 8) % 4 / 3);
        if (wait % 9 == 1 && before.thawReadyAt != 0) _wait(uint256(before.thawReadyAt) + 1 days + (wait >> 8) % 2);
        uint128 balance = _balance(lane.config.payer);
        vm.prank(stranger);
        try settlement.finaliseLaneThaw(lane.config) {
            uint128 amount = before.free - settlement.laneOf(lane.id).free;
            if (_balance(lane.config.payer) - balance != amount) store.violate(2, "a thaw lost money");
            if (amount > before.thawing) store.violate(7, "more thawed than announced");
            if (block.timestamp < before.thawReadyAt || block.timestamp > uint256(before.thawReadyAt) + 1 days) {
                store.violate(5, "a thaw was finalised outside its window");
            }
            store.returned(index, amount);
            _done("finaliseLaneThaw");
        } catch {
            _refused();
        }
    }

    /// @notice Off chain: the payerSigner signs a voucher, the worker looks at the lane and accepts it, or not.
    function signVoucher(uint256 laneSeed, uint256 rowSeed, uint256 amountSeed) external act {
        (uint256 index, LaneRecord memory lane) = _someLane(laneSeed);
        Voucher memory voucher = _newVoucher(index, lane, rowSeed, amountSeed);
        store.addPaper(
            Paper({
                lane: index,
                voucher: abi.encode(voucher),
                signature: _signBy(lane.config.payerSigner, _voucherDigest(voucher)),
                accepted: _accept(index, lane, voucher)
            })
        );
        _done("signVoucher");
    }

    /// @dev A lane whose payerSigner is revoked, if there is one: now, or at the last second of the key's own time, or at
    /// the first one after it.
    function _dyingLane(uint256 laneSeed, uint256 when) private returns (uint256 index, LaneRecord memory lane) {
        for (uint256 i; i < store.laneCount(); ++i) {
            (index, lane) = _someLane(laneSeed % 1000 + i);
            if (lane.config.payerSigner == lane.config.payer) continue;
            uint256 end = store.revokedAt(lane.config.payerSigner) + lane.config.thawDelay;
            if (end == lane.config.thawDelay || end + 2 days < block.timestamp) continue;
            if (when < 2) _wait(end + when);
            return (index, lane);
        }
    }

    function _isThawing(bytes32 laneId) private view returns (bool) {
        uint256 readyAt = settlement.laneOf(laneId).thawReadyAt;
        return readyAt != 0 && block.timestamp <= readyAt + 1 days;
    }

    function _uint40(uint256 time) private pure returns (uint40) {
        return time > type(uint40).max ? type(uint40).max : uint40(time);
    }

    function _config(uint256 seed) private view returns (LaneConfig memory config) {
        config.payer = seed % 5 == 0 ? store.worker(seed >> 8) : store.payer(seed >> 8);
        config.payerSigner =
            (seed >> 16) % 3 == 0 ? config.payer : _signerFor(config.payer, SignerRoles.PAYER_SIGNER, seed >> 24);
        config.worker = store.worker(seed >> 32);
        config.kind = (seed >> 40) % 4 == 0 ? GridMessages.LANE_HOP : GridMessages.LANE_WORK;
        if (config.kind == GridMessages.LANE_WORK) {
            config.feeConfigId = settlement.currentFeeConfigId() - uint16((seed >> 48) % 8 == 0 ? 1 : 0);
        }
        config.thawDelay = (seed >> 56) % 3 == 0 ? uint40(30 days) : uint40(1 days + ((seed >> 64) % 3) * 1 hours);
        config.salt = bytes32(store.laneCount() / 2); // now and then a lane that exists
    }

    function _newVoucher(uint256 index, LaneRecord memory lane, uint256 rowSeed, uint256 amountSeed)
        private
        view
        returns (Voucher memory voucher)
    {
        voucher.laneId = lane.id;
        bool hop = lane.config.kind == GridMessages.LANE_HOP;
        uint256 mask = hop ? 1 : (1 + rowSeed % 15) << 1;
        if (!hop && (rowSeed >> 8) % 3 != 0) {
            voucher.receiptCount = uint32(1 + (rowSeed >> 16) % 1000);
            voucher.receiptsRoot = keccak256(abi.encode("root", (rowSeed >> 32) % 32));
        }
        ModelTotal[] memory rows = new ModelTotal[](5);
        uint256 count;
        uint256 free = settlement.laneOf(lane.id).free;
        for (uint256 i; i < 5; ++i) {
            if (mask & (1 << i) == 0) continue;
            uint128 base = _promised(index, lane.id, i);
            uint128 more = _amount(uint256(keccak256(abi.encode(amountSeed, i))), free / 3);
            rows[count++] = ModelTotal({modelId: i, cumulative: base + more});
        }
        assembly ("memory-safe") {
            mstore(rows, count)
        }
        voucher.totals = rows;
    }

    function _promised(uint256 index, bytes32 laneId, uint256 modelId) internal view returns (uint128) {
        uint128 paid = settlement.laneTotalOf(laneId, modelId).cumulative;
        uint128 accepted = store.accepted(index, modelId);
        return paid > accepted ? paid : accepted;
    }

    /// @dev What a careful worker checks: the key is live, no thaw is pending, and the lane covers all it has accepted.
    /// @return Whether it relies on it: until a thaw that begins from now on is over, whatever the others do.
    function _accept(uint256 index, LaneRecord memory lane, Voucher memory voucher) internal returns (bool) {
        Lane memory state = settlement.laneOf(lane.id);
        if (state.thawReadyAt != 0 && block.timestamp <= uint256(state.thawReadyAt) + 1 days) return false;
        if (settlement.payerSignerValidUntil(lane.config) != type(uint40).max) return false;

        uint256 due;
        for (uint256 i; i < 5; ++i) {
            due += _promised(index, lane.id, i) - settlement.laneTotalOf(lane.id, i).cumulative;
        }
        for (uint256 i; i < voucher.totals.length; ++i) {
            due += voucher.totals[i].cumulative - _promised(index, lane.id, voucher.totals[i].modelId);
        }
        if (due > state.free) return false;
        for (uint256 i; i < voucher.totals.length; ++i) {
            store.accept(index, voucher.totals[i].modelId, voucher.totals[i].cumulative);
        }
        _done("accept");
        return true;
    }
}
