// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {IWorkerRegistry} from "../../../contracts/interfaces/IWorkerRegistry.sol";
import {JobOrder, LaneConfig, ModelTotal, Voucher} from "../../../contracts/libraries/GridMessages.sol";
import {SettlementBase, SignerRoles} from "../../utils/SettlementBase.sol";
import {SettlementReplay} from "../../utils/SettlementReplay.sol";

/// @notice Payers, workers, a treasurer and governance doing all that can be done, in any order. What an action promises
/// is asserted in the action; what must hold always is asserted by the invariants that read the ghosts below.
contract SettlementHandler is SettlementBase {
    uint256 internal constant LANES = 6;
    uint256 internal constant VOUCHERS = 8;

    SettlementReplay public replay;

    Person[2] public payers;
    Person[2] public workers;
    Person[2] internal _keys; // payerSigners, one per payer

    LaneConfig[] internal _configs;
    mapping(bytes32 laneId => Voucher[]) internal _vouchers;

    // ghosts
    mapping(bytes32 laneId => uint256) public funded;
    mapping(bytes32 laneId => uint256) public collected;
    mapping(bytes32 laneId => uint256) public thawed;
    mapping(bytes32 laneId => uint256) public thawStartedAt;
    mapping(address payer => mapping(uint256 nonce => uint256)) public timesSettled;
    mapping(uint256 window => uint256) internal _treasurerIn;
    uint256 public highestTreasurerInflow;
    uint256 internal _windowStart;
    uint256 internal _inWindow;
    uint256 public collects;
    uint256 public settles;
    uint256 public thaws;
    bool internal _tokenPaused;

    uint128 public constant TREASURER_CAP = 50e18;

    function setUp() public override {
        super.setUp();
        payers[0] = payer;
        payers[1] = requester;
        workers[0] = worker;
        workers[1] = thief;
        replay = new SettlementReplay(address(settlement));
        vm.recordLogs();
        _configured();
        _follow();
    }

    function _configured() private {
        for (uint256 i; i < 2; ++i) {
            _keys[i] = _person(i == 0 ? "key 0" : "key 1");
            _addSigner(payers[i].addr, _keys[i], SignerRoles.PAYER_SIGNER);
            _bond(workers[i].addr, BOND);
            _deposit(payers[i].addr, FUNDS);
        }
        _addSigner(payer.addr, treasurer, SignerRoles.TREASURER);
        vm.prank(payer.addr);
        settlement.setTreasurerCap(treasurer.addr, TREASURER_CAP);
    }

    /// @dev Every action's logs are replayed in its own block.
    modifier followed() {
        _;
        _follow();
    }

    /// @dev Foundry records what a reverted call logged, too.
    function _drop() private {
        vm.getRecordedLogs();
    }

    function _follow() private {
        replay.apply_(vm.getRecordedLogs());
    }

    // ---------------------------------------------------------------- accounts

    function deposit(uint256 who, uint128 amount) external followed {
        amount = uint128(bound(amount, 1, FUNDS));
        Person memory each = payers[who % 2];
        if (_tokenPaused) return; // nor can it be minted
        _mint(each.addr, amount);
        vm.prank(each.addr);
        try settlement.deposit(amount) {}
        catch {
            _drop();
            assertTrue(settlement.paused(), "a deposit was refused");
        }
    }

    function thaw(uint256 who, uint128 amount) external followed {
        Person memory each = payers[who % 2];
        uint128 balance = _balance(each.addr);
        if (balance == 0) return;
        vm.prank(each.addr);
        settlement.thaw(uint128(bound(amount, 1, balance)));
    }

    function cancelThaw(uint256 who) external followed {
        vm.prank(payers[who % 2].addr);
        try settlement.cancelThaw() {}
        catch {
            _drop();
        }
    }

    function withdraw(uint256 who) external followed {
        Person memory each = payers[who % 2];
        uint40 readyAt = settlement.accountOf(each.addr).thawReadyAt;
        vm.prank(each.addr);
        try settlement.withdraw(each.addr) {
            assertTrue(readyAt != 0 && block.timestamp >= readyAt);
        } catch {
            _drop();
            assertTrue(readyAt == 0 || block.timestamp < readyAt || _tokenPaused, "a withdrawal was refused");
        }
    }

    // ---------------------------------------------------------------- lanes

    function openLane(uint256 who, uint256 workerSeed, bool hop, bool ownKey, uint40 thawDelay, uint128 amount)
        external
        followed
    {
        if (_configs.length == LANES) return;
        who %= 2;
        LaneConfig memory config = hop ? _hopConfig() : _laneConfig();
        config.payer = payers[who].addr;
        config.payerSigner = ownKey ? config.payer : _keys[who].addr;
        config.worker = workers[workerSeed % 2].addr;
        config.thawDelay = uint40(bound(thawDelay, 1 days, 3 days));
        config.salt = bytes32(_configs.length);
        amount = uint128(bound(amount, 0, _balance(config.payer)));
        vm.prank(config.payer);
        try settlement.openLane(config, amount) returns (bytes32 laneId) {
            _configs.push(config);
            funded[laneId] = amount;
        } catch {
            _drop();
            assertTrue(
                settlement.paused() || settlement.signerOf(config.payerSigner).revokedAt != 0, "a lane was refused"
            );
        }
    }

    function topUp(uint256 seed, uint128 amount) external followed {
        if (_configs.length == 0) return;
        LaneConfig memory config = _configs[seed % _configs.length];
        uint128 balance = _balance(config.payer);
        if (balance == 0) return;
        amount = uint128(bound(amount, 1, balance));
        vm.prank(config.payer);
        try settlement.topUpLane(config, amount) {
            funded[_laneId(config)] += amount;
        } catch {
            _drop();
        }
    }

    function topUpByTreasurer(uint256 seed, uint128 amount) external followed {
        if (_configs.length == 0) return;
        LaneConfig memory config = _configs[seed % _configs.length];
        amount = uint128(bound(amount, 1, TREASURER_CAP + 1));
        vm.prank(treasurer.addr);
        try settlement.topUpLane(config, amount) {
            assertEq(config.payer, payer.addr, "only its own account's lanes");
            funded[_laneId(config)] += amount;
            if (block.timestamp >= _windowStart + 1 days) (_windowStart, _inWindow) = (block.timestamp, 0);
            _inWindow += amount;
            if (_inWindow > highestTreasurerInflow) highestTreasurerInflow = _inWindow;
        } catch {
            _drop();
        }
    }

    function thawLane(uint256 seed, uint128 amount) external followed {
        if (_configs.length == 0) return;
        LaneConfig memory config = _configs[seed % _configs.length];
        vm.prank(config.payer);
        settlement.thawLane(config, uint128(bound(amount, 1, type(uint128).max)));
        thawStartedAt[_laneId(config)] = block.timestamp;
    }

    function finaliseLaneThaw(uint256 seed) external followed {
        if (_configs.length == 0) return;
        LaneConfig memory config = _configs[seed % _configs.length];
        bytes32 laneId = _laneId(config);
        uint128 free = settlement.laneOf(laneId).free;
        try settlement.finaliseLaneThaw(config) {
            // No thaw ends before its delay, nor a day after it.
            assertGe(block.timestamp, thawStartedAt[laneId] + config.thawDelay);
            assertLe(block.timestamp, thawStartedAt[laneId] + config.thawDelay + 1 days);
            thawed[laneId] += free - settlement.laneOf(laneId).free;
            ++thaws;
        } catch {
            _drop();
        }
    }

    /// @dev The payer promises more, up to what it locked, and sometimes beyond.
    function signVoucher(uint256 seed, uint64 first, uint64 second, bool anchor) external {
        if (_configs.length == 0) return;
        LaneConfig memory config = _configs[seed % _configs.length];
        bytes32 laneId = _laneId(config);
        Voucher[] storage vouchers = _vouchers[laneId];
        if (vouchers.length == VOUCHERS) return;
        Voucher memory voucher;
        if (vouchers.length != 0) voucher = vouchers[vouchers.length - 1];
        if (config.kind == 1) {
            if (vouchers.length == 0) voucher = _voucher(laneId, 0, 0, 0);
        } else {
            if (vouchers.length == 0) voucher = _voucher2(laneId, 0, 0);
            voucher.totals[1].cumulative += second;
            voucher.receiptsRoot = anchor ? keccak256(abi.encode(laneId, vouchers.length)) : bytes32(0);
        }
        voucher.totals[0].cumulative += uint128(first) * 10;
        vouchers.push();
        Voucher storage stored = vouchers[vouchers.length - 1];
        stored.laneId = laneId;
        stored.receiptsRoot = voucher.receiptsRoot;
        for (uint256 i; i < voucher.totals.length; ++i) {
            stored.totals.push(voucher.totals[i]);
        }
    }

    /// @dev Any voucher ever signed, new or old, in full or in part, by its worker.
    function collect(uint256 seed, uint256 which, uint128 limit, bool inFull) external followed {
        if (_configs.length == 0) return;
        LaneConfig memory config = _configs[seed % _configs.length];
        bytes32 laneId = _laneId(config);
        if (_vouchers[laneId].length == 0) return;
        Voucher memory voucher = _vouchers[laneId][which % _vouchers[laneId].length];
        if (inFull) limit = type(uint128).max;
        else limit = uint128(bound(limit, 0, 100e18));
        _collectChecked(config, voucher, limit);
    }

    function _collectChecked(LaneConfig memory config, Voucher memory voucher, uint128 limit) private {
        (uint256 due, uint128 free) = settlement.dueOf(voucher);
        if (due > limit) due = limit;
        bool alive = block.timestamp <= settlement.payerSignerValidUntil(config);
        uint256 booked = _credits();
        bytes memory signature = _sign(_signerOf(config), _voucherDigest(voucher));
        vm.prank(config.worker);
        try settlement.collectUpTo(config, voucher, signature, "", limit) returns (uint128 paid) {
            assertEq(paid, due, "paid other than was asked");
            assertEq(free - settlement.laneOf(voucher.laneId).free, paid, "left the lane");
            assertEq(_credits() - booked, paid, "arrived");
            assertTrue(alive, "an expired key's voucher was paid");
            collected[voucher.laneId] += paid;
            ++collects;
        } catch {
            _drop();
            // The only ways to refuse: the money is not there, or the key's notice has run out.
            assertTrue(due > free || !alive, "a good voucher was refused");
        }
    }

    // ---------------------------------------------------------------- direct rail

    function settle(uint256 who, uint256 workerSeed, uint128 price, uint8 nonce, bool model) external followed {
        Settlement memory item = _item(who, workerSeed, price, nonce, model);
        uint256 booked = _credits();
        uint128 balance = _balance(item.order.payer);
        try settlement.settle(item) {
            _settled(item);
            assertEq(balance - _balance(item.order.payer), item.receipts[0].price, "left the account");
            assertEq(_credits() - booked, item.receipts[0].price, "arrived");
        } catch {
            _drop();
            assertTrue(
                balance < item.receipts[0].price || settlement.isNonceUsed(item.order.payer, item.order.nonce),
                "a good order was refused"
            );
        }
    }

    function settleBatch(uint256 who, uint256 workerSeed, uint128 price, uint8 nonce) external followed {
        Settlement[] memory items = new Settlement[](3);
        items[0] = _item(who, workerSeed, price, nonce, true);
        items[1] = items[0];
        items[2] = _item(who + 1, workerSeed + 1, price / 2, nonce, false);
        bytes4[] memory failures = settlement.settleBatch(items);
        for (uint256 i; i < 3; ++i) {
            if (failures[i] == 0) _settled(items[i]);
        }
    }

    function cancelOrder(uint256 who, uint8 nonce, bool execute) external followed {
        uint256[] memory nonces = new uint256[](1);
        nonces[0] = nonce % 32;
        address account = payers[who % 2].addr;
        if (!execute) {
            vm.prank(account);
            settlement.announceCancel(nonces);
        } else {
            uint40 readyAt = settlement.cancelReadyAt(account, nonces[0]);
            try settlement.cancelOrders(account, nonces) {
                assertTrue(readyAt != 0 && block.timestamp >= readyAt);
            } catch {
                _drop();
            }
        }
    }

    function _item(uint256 who, uint256 workerSeed, uint128 price, uint8 nonce, bool model)
        private
        view
        returns (Settlement memory item)
    {
        JobOrder memory order = _order();
        Person memory by = payers[who % 2];
        Person memory to = workers[workerSeed % 2];
        order.payer = by.addr;
        order.worker = to.addr;
        order.modelId = model ? MODEL : FREE_MODEL;
        order.nonce = nonce % 32;
        order.maxPrice = uint128(bound(price, 0, 100e18));
        item = _settlementOf(order, by, to);
        item.receipts[0].price = order.maxPrice;
        _signReceipts(item, to);
    }

    function _settled(Settlement memory item) private {
        assertEq(timesSettled[item.order.payer][item.order.nonce]++, 0, "settled twice");
        ++settles;
    }

    // ---------------------------------------------------------------- money out

    function claimEarned(uint256 workerSeed, uint128 amount, bool move) external followed {
        address account = workers[workerSeed % 2].addr;
        uint128 earned = settlement.earnedOf(account);
        if (earned == 0) return;
        vm.prank(account);
        if (move) {
            settlement.moveEarned(payers[workerSeed % 2].addr, uint128(bound(amount, 1, earned)));
        } else {
            try settlement.claimEarned(account) {}
            catch {
                _drop();
                assertTrue(_tokenPaused, "a claim was refused");
            }
        }
    }

    function claimModelRoyalty(bool model) external followed {
        try settlement.claimModelRoyalty(model ? MODEL : FREE_MODEL) {}
        catch {
            _drop();
        }
    }

    function sweepProtocol() external followed {
        address[] memory both = new address[](2);
        (both[0], both[1]) = (workers[0].addr, workers[1].addr);
        try settlement.sweepProtocol(both) {}
        catch {
            _drop();
        }
    }

    // ---------------------------------------------------------------- the world

    function passTime(uint256 time) external {
        time = bound(time, 1, 2 days);
        vm.warp(block.timestamp + time);
        vm.roll(block.number + time / 2);
    }

    function changeFee(uint16 protocolBps) external followed {
        vm.prank(params);
        try settlement.appendFeeConfig(uint16(bound(protocolBps, 0, 1000))) {}
        catch {
            _drop();
        }
    }

    function changeRoyalty(uint16 royaltyBps, bool model) external {
        models.set(model ? MODEL : FREE_MODEL, modelOwner, uint16(bound(royaltyBps, 0, 2500)));
    }

    function pauseNewBusiness(uint256 chance) external followed {
        if (settlement.paused()) {
            vm.prank(admin);
            settlement.unpause();
        } else if (chance % 4 == 0) {
            vm.prank(guardian);
            settlement.pause();
        }
    }

    function pauseToken(uint256 chance) external {
        if (_tokenPaused) aipg.unpause();
        else if (chance % 4 == 0) aipg.pause();
        else return;
        _tokenPaused = !_tokenPaused;
    }

    function changeBond(uint256 workerSeed, bool leave) external followed {
        vm.prank(workers[workerSeed % 2].addr);
        if (leave) {
            try registry.announceUnbond(BOND) {}
            catch {
                _drop();
            }
        } else {
            try registry.cancelUnbond() {}
            catch {
                _drop();
            }
        }
    }

    function revokeKey(uint256 who, uint256 chance) external followed {
        if (chance % 8 != 0) return;
        vm.prank(payers[who % 2].addr);
        try settlement.revokeSigner(_keys[who % 2].addr) {}
        catch {
            _drop();
        }
    }

    // ---------------------------------------------------------------- reading

    function theSettlement() external view returns (IGridSettlement) {
        return settlement;
    }

    function held() external view returns (uint256) {
        return aipg.balanceOf(address(settlement));
    }

    function lanes() external view returns (LaneConfig[] memory) {
        return _configs;
    }

    function laneIdOf(LaneConfig memory config) external view returns (bytes32) {
        return _laneId(config);
    }

    function keyOf(uint256 who) external view returns (address) {
        return _keys[who].addr;
    }

    function theTreasurer() external view returns (address) {
        return treasurer.addr;
    }

    function payerAddress(uint256 i) external view returns (address) {
        return payers[i].addr;
    }

    function workerAddress(uint256 i) external view returns (address) {
        return workers[i].addr;
    }

    /// @dev All that payments can credit.
    function _credits() private view returns (uint256 sum) {
        for (uint256 i; i < 2; ++i) {
            sum += settlement.earnedOf(workers[i].addr) + settlement.protocolAccruedOf(workers[i].addr);
        }
        sum += settlement.modelEarnedOf(MODEL) + settlement.modelEarnedOf(FREE_MODEL);
    }

    function _signerOf(LaneConfig memory config) private view returns (Person memory) {
        uint256 who = config.payer == payers[0].addr ? 0 : 1;
        return config.payerSigner == config.payer ? payers[who] : _keys[who];
    }
}
