// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {GridSettlement} from "../../../contracts/GridSettlement.sol";
import {IGridSettlement, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {IModelTerms} from "../../../contracts/interfaces/IModelTerms.sol";
import {JobOrder, LaneConfig, Voucher} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";
import {SettlementHookToken, SettlementHostileModels} from "../../utils/SettlementDoubles.sol";

/// @notice Threats 17, 22 to 28, 34, 36 and 37c to 37h: running away, griefing, pausing, dodging.
contract SettlementMoneyAttacks is SettlementBase {
    LaneConfig private _config;
    bytes32 private _lane;

    function setUp() public override {
        super.setUp();
        _bond(worker.addr, BOND);
        _config = _laneConfig();
        _lane = _open(_config, FUNDS);
        _deposit(payer.addr, FUNDS);
    }

    function testFuzz_T17_ThawThenRun(uint256 wait) external {
        // A voucher of before the thaw pays in full through its last second, whatever else the payer tries.
        Voucher memory voucher = _voucher(_lane, MODEL, FUNDS, keccak256("root"));
        bytes memory signature = _sign(payer, _voucherDigest(voucher));
        vm.startPrank(payer.addr);
        settlement.thawLane(_config, type(uint128).max);
        skip(bound(wait, 0, 1 days - 1));
        (bool ok,) = address(settlement).call(abi.encodeCall(IGridSettlement.finaliseLaneThaw, (_config)));
        assertFalse(ok);
        (ok,) = address(settlement).call(abi.encodeCall(IGridSettlement.openLane, (_config, 0)));
        assertFalse(ok);
        vm.stopPrank();
        vm.prank(worker.addr);
        assertEq(settlement.collect(_config, voucher, signature, ""), FUNDS);
    }

    function testFuzz_T17_AccountThawThenRun(uint256 wait) external {
        // Who saw nothing announced and settles within the delay is paid.
        Settlement memory item = _settlement(1, 1);
        item.order.deadline += 1 hours;
        item = _settlementOf(item.order, payer, worker);
        vm.startPrank(payer.addr);
        settlement.thaw(FUNDS);
        skip(bound(wait, 0, 1 hours - 1));
        (bool ok,) = address(settlement).call(abi.encodeCall(IGridSettlement.withdraw, (payer.addr)));
        assertFalse(ok);
        vm.stopPrank();
        settlement.settle(item);
        skip(1 hours);
        vm.prank(payer.addr);
        settlement.withdraw(payer.addr);
        assertEq(aipg.balanceOf(payer.addr), FUNDS - 1e18);
    }

    function test_T22_OneBalancePromisedToMany() external {
        // The second worker's job is lost, and only that: its paper stays good for when the balance is back.
        Person memory other = _person("other worker");
        JobOrder memory order = _order();
        order.maxPrice = FUNDS;
        Settlement memory first = _settlementOf(order, payer, worker);
        first.receipts[0].price = FUNDS;
        _signReceipts(first, worker);
        order.worker = other.addr;
        order.nonce = 2;
        Settlement memory second = _settlementOf(order, payer, other);
        settlement.settle(first);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_AccountShort.selector, payer.addr, 1e18, 0)
        );
        settlement.settle(second);
        _deposit(payer.addr, 1e18);
        settlement.settle(second);
        assertEq(settlement.earnedOf(other.addr), 0.85e18);
    }

    function test_T22_OneNonceForManyCandidates() external {
        // One order per candidate under the same nonce: at most one is paid.
        Person memory other = _person("other worker");
        JobOrder memory order = _order();
        Settlement memory first = _settlementOf(order, payer, worker);
        order.worker = other.addr;
        Settlement memory second = _settlementOf(order, payer, other);
        settlement.settle(second);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_NonceUsed.selector, payer.addr, 1));
        settlement.settle(first);
    }

    function test_T23_CancelWhileTheJobRuns() external {
        Settlement memory item = _settlement(1, 1);
        uint256[] memory nonces = new uint256[](1);
        nonces[0] = 1;
        vm.startPrank(payer.addr);
        settlement.announceCancel(nonces);
        skip(25 minutes); // the order's whole life is shorter than the delay
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_CancelPending.selector, 1, block.timestamp + 35 minutes
            )
        );
        settlement.cancelOrders(payer.addr, nonces);
        vm.stopPrank();
        settlement.settle(item);
    }

    function test_T25_PayerPaysItselfThroughItsOwnWorker() external {
        // It gains nothing: what it pays itself comes back short of fee and royalty, whatever price it names.
        JobOrder memory order = _order();
        order.worker = payer.addr;
        order.maxPrice = FUNDS;
        Settlement memory item = _settlementOf(order, payer, payer);
        item.receipts[0].price = FUNDS;
        _signReceipts(item, payer);
        settlement.settle(item);
        assertEq(settlement.earnedOf(payer.addr), FUNDS * 85 / 100);
        // And without a bond it anchors nothing.
        (address by,,) = settlement.anchorOf(0, payer.addr, _rootOf(item));
        assertEq(by, address(0));
    }

    function test_T26_AFrontRunItemSparesTheBatch() external {
        Settlement[] memory items = new Settlement[](3);
        for (uint256 i; i < 3; ++i) {
            items[i] = _settlement(1, i);
        }
        vm.prank(thief.addr);
        settlement.settle(items[1]);
        bytes4[] memory failures = settlement.settleBatch(items);
        assertEq(failures[0], bytes4(0));
        assertEq(failures[1], IGridSettlement.GridSettlement_NonceUsed.selector);
        assertEq(failures[2], bytes4(0));
        assertEq(_balance(payer.addr), FUNDS - 3e18);
    }

    function test_T26_AFrontRunCollectSparesTheWorkers() external {
        // A voucher carried ahead of the worker's own call pays the worker; the worker's call then finds nothing due.
        Voucher memory voucher = _voucher(_lane, MODEL, 1e18, keccak256("root"));
        bytes memory signature = _sign(payer, _voucherDigest(voucher));
        bytes memory counter = _sign(worker, _voucherDigest(voucher));
        vm.prank(thief.addr);
        settlement.collect(_config, voucher, signature, counter);
        vm.prank(worker.addr);
        assertEq(settlement.collect(_config, voucher, signature, ""), 0);
        assertEq(settlement.earnedOf(worker.addr), 0.85e18);
    }

    function test_T26_CarryingAPartAnchorsNothing() external {
        // With the counter-signature a payer could pay one wei of a voucher to get its root: it does not.
        Voucher memory voucher = _voucher(_lane, MODEL, 100e18, keccak256("root"));
        bytes memory signature = _sign(payer, _voucherDigest(voucher));
        bytes memory counter = _sign(worker, _voucherDigest(voucher));
        vm.startPrank(payer.addr);
        settlement.collectUpTo(_config, voucher, signature, counter, 1);
        (address by,,) = settlement.anchorOf(_lane, payer.addr, voucher.receiptsRoot);
        assertEq(by, address(0));
    }

    function test_T27_PermitFrontRun() external {
        aipg.mint(requester.addr, 5e18);
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                requester.addr,
                address(settlement),
                5e18,
                0,
                block.timestamp
            )
        );
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(requester.key, keccak256(abi.encodePacked("\x19\x01", aipg.DOMAIN_SEPARATOR(), structHash)));
        // Using the permit is all a front-runner can do: the money goes nowhere without its owner.
        vm.startPrank(thief.addr);
        aipg.permit(requester.addr, address(settlement), 5e18, block.timestamp, v, r, s);
        (bool ok,) = address(settlement).call(abi.encodeCall(IGridSettlement.deposit, (5e18)));
        assertFalse(ok);
        (ok,) = address(settlement)
            .call(abi.encodeCall(IGridSettlement.depositWithPermit, (thief.addr, 5e18, block.timestamp, v, r, s)));
        assertFalse(ok);
        vm.stopPrank();
        vm.prank(requester.addr);
        settlement.depositWithPermit(requester.addr, 5e18, block.timestamp, v, r, s);
        assertEq(_balance(requester.addr), 5e18);
    }

    function test_T28_APausedTokenRunsOutNobodysClock() external {
        Voucher memory voucher = _voucher(_lane, MODEL, FUNDS, keccak256("root"));
        vm.prank(payer.addr);
        settlement.thawLane(_config, type(uint128).max);
        aipg.pause();
        _collect(_config, voucher);
        settlement.settle(_settlement(1, 1));
        assertEq(settlement.earnedOf(worker.addr), FUNDS * 85 / 100 + 0.85e18);
        vm.prank(worker.addr);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        settlement.claimEarned(worker.addr);
        aipg.unpause();
        vm.prank(worker.addr);
        settlement.claimEarned(worker.addr);
        assertEq(aipg.balanceOf(worker.addr), FUNDS * 85 / 100 + 0.85e18);
    }

    function test_T28_AHostileTokenCallsBack() external {
        SettlementHookToken token = new SettlementHookToken();
        GridSettlement other =
            new GridSettlement(token, IModelTerms(address(models)), address(manager), treasury, PROTOCOL_BPS);
        token.mint(address(this), 100);
        token.mint(address(token), 100);
        token.approve(address(other), 100);
        vm.prank(address(token));
        token.approve(address(other), 100);
        // In the middle of a deposit it deposits again, to be counted twice.
        token.arm(address(other), abi.encodeCall(IGridSettlement.deposit, (50)));
        other.deposit(100);
        assertFalse(token.succeeded());
        assertEq(bytes4(token.answer()), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        assertEq(other.accountOf(address(this)).balance, 100);
        assertEq(other.accountOf(address(token)).balance, 0);
        // In the middle of a withdrawal it withdraws again.
        other.thaw(100);
        skip(1 hours);
        token.arm(address(other), abi.encodeCall(IGridSettlement.withdraw, (address(this))));
        other.withdraw(address(this));
        assertFalse(token.succeeded());
        assertEq(token.balanceOf(address(other)), 0);
    }

    function test_T34_NoCallGoesWhereTheCallerSays() external {
        // The contract calls AIPG, AIGC and its registry; whatever an address argument names is only a name.
        address trap = address(new SettlementHostileModels());
        _mint(stranger, 10e18);
        vm.prank(stranger);
        settlement.depositFor(trap, 10e18);
        LaneConfig memory config = _laneConfig();
        config.worker = trap;
        vm.startPrank(payer.addr);
        settlement.openLane(config, 1e18);
        vm.expectCall(trap, "", 0);
        settlement.thawLane(config, 1e18);
        skip(1 days);
        settlement.finaliseLaneThaw(config);
        settlement.thaw(1e18);
        skip(1 hours);
        settlement.withdraw(trap);
        assertEq(aipg.balanceOf(trap), 1e18);
    }

    function test_T36_FeeChangedBetweenSigningAndCollecting() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 100, 0);
        skip(7 days);
        _appendFeeConfig(1000);
        skip(30 days);
        _collect(_config, voucher);
        assertEq(settlement.protocolAccruedOf(worker.addr), 5, "the lane keeps its fee");
        // Signed orders outlast a change by a week, and two changes can't be hurried through.
        JobOrder memory order = _order();
        Settlement memory item = _settlementOf(order, payer, worker);
        _appendFeeConfig(0);
        vm.prank(params);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_FeeConfigTooSoon.selector, block.timestamp + 7 days)
        );
        settlement.appendFeeConfig(1000);
        settlement.settle(item);
        assertEq(settlement.protocolAccruedOf(worker.addr), 5 + 0.1e18);
    }

    function test_T36_RoyaltyChangedBetweenSigningAndCollecting() external {
        _collect(_config, _voucher(_lane, MODEL, 100, 0));
        models.set(MODEL, modelOwner, 2000);
        _collect(_config, _voucher(_lane, MODEL, 200, 0));
        assertEq(settlement.modelEarnedOf(MODEL), 20);
    }

    function test_T37c_KeyRevokedToVoidPaper() external {
        // Revoked and thawed at once, by a payer who hopes that the paper dies before the money leaves.
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        _config.payerSigner = payerSigner.addr;
        _config.thawDelay = 3 days;
        _config.salt = keccak256("long");
        _lane = _open(_config, FUNDS);
        Voucher memory voucher = _voucher(_lane, MODEL, FUNDS, 0);
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        vm.startPrank(payer.addr);
        settlement.revokeSigner(payerSigner.addr);
        settlement.thawLane(_config, type(uint128).max);
        vm.stopPrank();
        skip(3 days);
        vm.prank(worker.addr);
        assertEq(settlement.collect(_config, voucher, signature, ""), FUNDS);
    }

    function test_T37c_ARipeThawKeptLoaded() external {
        vm.prank(payer.addr);
        settlement.thawLane(_config, type(uint128).max);
        skip(2 days + 1);
        // It has gone off. To take the money out the payer must announce again, in the open.
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_LaneThawLapsed.selector, _lane, block.timestamp - 1)
        );
        settlement.finaliseLaneThaw(_config);
        _collect(_config, _voucher(_lane, MODEL, FUNDS, 0));
    }

    function testFuzz_T37d_AHostileAIGCStopsNoPayment(uint8 mode, uint8 later) external {
        SettlementHostileModels hostile = new SettlementHostileModels();
        vm.etch(address(models), address(hostile).code);
        vm.store(address(models), 0, bytes32(bound(mode, 0, 6)));
        uint256 left = gasleft();
        assertEq(_collect(_config, _voucher(_lane, MODEL, 1e18, keccak256("root"))), 1e18);
        settlement.settle(_settlement(1, 1));
        assertLt(left - gasleft(), 600_000, "its gas is bounded");
        vm.store(address(models), 0, bytes32(bound(later, 0, 6)));
        _collect(_config, _voucher2(_lane, 2e18, 1e18));
        settlement.settle(_settlement(1, 2));
        assertEq(settlement.modelEarnedOf(MODEL), 0);
        assertEq(settlement.earnedOf(worker.addr), 5 * 0.95e18);
    }

    function test_T37d_StarvingAIGCOfGasDoesNotWaiveTheRoyalty() external {
        // The worker sends just so little gas that AIGC would run dry. See also the unit tests, for every amount.
        Voucher memory voucher = _voucher(_lane, MODEL, 1e18, 0);
        bytes memory call =
            abi.encodeCall(IGridSettlement.collect, (_config, voucher, _sign(payer, _voucherDigest(voucher)), ""));
        for (uint256 gasGiven = 40_000; gasGiven < 80_000; gasGiven += 250) {
            vm.prank(worker.addr);
            (bool ok,) = address(settlement).call{gas: gasGiven}(call);
            if (ok) break;
        }
        assertTrue(
            settlement.laneTotalOf(_lane, MODEL).royaltyReadAt == 0
                || settlement.laneTotalOf(_lane, MODEL).royaltyBps == ROYALTY_BPS
        );
    }

    function test_T37f_TheCheapestOldFeeConfigForEver() external {
        skip(7 days);
        _appendFeeConfig(1000);
        skip(7 days);
        // No new lane, no new order under it ...
        LaneConfig memory config = _config;
        config.salt = keccak256("new");
        vm.prank(payer.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_FeeConfigRefused.selector, 1));
        settlement.openLane(config, 0);
        // ... and an open lane can't be fed for ever, by its owner or its treasurer.
        config = _config = _laneConfig();
        config.feeConfigId = 1;
        skip(83 days + 1);
        vm.prank(payer.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_FeeConfigRefused.selector, 1));
        settlement.topUpLane(config, 1);
        // What is in it is paid at its own fee.
        _collect(config, _voucher(_lane, MODEL, 100, 0));
        assertEq(settlement.protocolAccruedOf(worker.addr), 5);
    }

    function test_T37g_AHopLaneAnchorsNothing() external {
        LaneConfig memory hop = _hopConfig();
        bytes32 hopId = _open(hop, FUNDS);
        Voucher memory voucher = _voucher(hopId, 0, 1e18, keccak256("root"));
        bytes memory signature = _sign(payer, _voucherDigest(voucher));
        vm.prank(worker.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_HopVoucher.selector, hopId));
        settlement.collect(hop, voucher, signature, "");
        // Nor is there a way from a hop lane's kind to a work lane's voucher: the kind is in the lane's id.
        hop.kind = 0;
        assertNotEq(settlement.laneIdOf(hop), hopId);
    }

    function test_T37h_AnUnbondedWorkerAnchorsNothing() external {
        uint128 tooMuch = BOND - registry.minBond() + 1;
        vm.prank(worker.addr);
        registry.announceUnbond(tooMuch);
        assertEq(_collect(_config, _voucher(_lane, MODEL, 1e18, keccak256("root"))), 1e18);
        bytes32 root = settlement.settle(_settlement(1, 1));
        (address onLane,,) = settlement.anchorOf(_lane, payer.addr, keccak256("root"));
        (address direct,,) = settlement.anchorOf(0, payer.addr, root);
        assertEq(onLane, address(0));
        assertEq(direct, address(0));
        assertEq(settlement.earnedOf(worker.addr), 2 * 0.85e18, "it is paid all the same");
    }

    function test_StolenVoucherKeyTakesNothingElse() external {
        // It signs vouchers of lanes that name it, for those lanes' workers, and nothing more.
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        JobOrder memory order = _order();
        order.worker = thief.addr;
        Settlement memory item = _settlementOf(order, payerSigner, thief);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_OrderSignature.selector, payer.addr, payerSigner.addr)
        );
        settlement.settle(item);
        Voucher memory voucher = _voucher(_lane, MODEL, FUNDS, 0);
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        vm.prank(worker.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_PayerSignature.selector, payer.addr, payerSigner.addr)
        );
        settlement.collect(_config, voucher, signature, "");
        vm.startPrank(payerSigner.addr);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_NotSigner.selector, payer.addr, SignerRoles.TREASURER, payerSigner.addr
            )
        );
        settlement.topUpLane(_config, 1);
    }

    function test_StolenTreasurerCannotHoldTheOwnersMoney() external {
        // It can't keep a lane from thawing by topping it up.
        _addSigner(payer.addr, treasurer, SignerRoles.TREASURER);
        vm.startPrank(payer.addr);
        settlement.setTreasurerCap(treasurer.addr, FUNDS);
        settlement.thawLane(_config, type(uint128).max);
        vm.stopPrank();
        skip(1 days);
        vm.prank(treasurer.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_LaneThawing.selector, _lane));
        settlement.topUpLane(_config, 1);
        settlement.finaliseLaneThaw(_config);
        assertEq(_balance(payer.addr), 2 * FUNDS);
    }
}
