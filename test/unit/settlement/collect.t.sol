// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement, LaneTotal} from "../../../contracts/interfaces/IGridSettlement.sol";
import {LaneConfig, ModelTotal, Voucher} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";
import {SettlementHostileModels} from "../../utils/SettlementDoubles.sol";

contract SettlementCollect is SettlementBase {
    bytes32 private constant ROOT = keccak256("root");

    LaneConfig private _config;
    bytes32 private _lane;

    function setUp() public override {
        super.setUp();
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        _addSigner(worker.addr, workerSigner, SignerRoles.WORKER_SIGNER);
        _bond(worker.addr, BOND);
        _config = _laneConfig();
        _config.payerSigner = payerSigner.addr;
        _lane = _open(_config, FUNDS);
    }

    // ---------------------------------------------------------------- collect

    function test_Collect_RevertGiven_TheLaneDoesNotExist() external {
        _config.salt = 0;
        _lane = _laneId(_config);
        _expectRefused(
            _voucher(_lane, MODEL, 1e18, 0),
            abi.encodeWithSelector(IGridSettlement.GridSettlement_LaneUnknown.selector, _lane)
        );
    }

    function test_Collect_RevertWhen_TheVoucherIsForAnotherLane() external {
        bytes32 other = keccak256("other lane");
        _expectRefused(
            _voucher(other, MODEL, 1e18, 0),
            abi.encodeWithSelector(IGridSettlement.GridSettlement_VoucherLane.selector, _lane, other)
        );
    }

    function test_Collect_RevertWhen_ThePayersSignatureIsAnothers() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 1e18, ROOT);
        // Not even the payer's own key, on a lane that names another.
        bytes memory signature = _sign(payer, _voucherDigest(voucher));
        vm.prank(worker.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_PayerSignature.selector, payerSigner.addr, payer.addr)
        );
        settlement.collect(_config, voucher, signature, "");
    }

    function test_Collect_RevertWhen_ThePayersSignatureIsMalformed() external {
        vm.prank(worker.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_PayerSignature.selector, payerSigner.addr, address(0))
        );
        settlement.collect(_config, _voucher(_lane, MODEL, 1e18, ROOT), new bytes(64), "");
    }

    function testFuzz_Collect_RevertGiven_ThePayerSignerWasRevokedLongerAgoThanTheThawDelay(uint40 thawDelay) external {
        _reopenWith(thawDelay);
        uint40 validUntil = uint40(block.timestamp) + _config.thawDelay;
        vm.prank(payer.addr);
        settlement.revokeSigner(payerSigner.addr);
        skip(_config.thawDelay + 1);
        _expectRefused(
            _voucher(_lane, MODEL, 1e18, ROOT),
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_PayerSignerExpired.selector, payerSigner.addr, validUntil
            )
        );
    }

    function testFuzz_Collect_GivenThePayerSignerWasRevokedWithinTheThawDelay(uint40 thawDelay) external {
        _reopenWith(thawDelay);
        vm.prank(payer.addr);
        settlement.revokeSigner(payerSigner.addr);
        skip(_config.thawDelay);
        assertEq(_take(_voucher(_lane, MODEL, 1e18, ROOT)), 1e18);
    }

    function test_Collect_GivenAThawProlongedTheVouchersOfTheRevokedPayerSigner() external {
        vm.startPrank(payer.addr);
        settlement.revokeSigner(payerSigner.addr);
        skip(1 days);
        settlement.thawLane(_config, type(uint128).max);
        vm.stopPrank();
        skip(1 days);
        assertEq(_take(_voucher(_lane, MODEL, 1e18, ROOT)), 1e18);
        skip(1);
        _expectRefused(
            _voucher(_lane, MODEL, 2e18, 0),
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_PayerSignerExpired.selector, payerSigner.addr, block.timestamp - 1
            )
        );
    }

    function test_Collect_RevertWhen_NobodyAttests() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 1e18, ROOT);
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        vm.prank(payer.addr);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_NotAttested.selector, worker.addr, payer.addr, address(0)
            )
        );
        settlement.collect(_config, voucher, signature, "");
    }

    function test_Collect_RevertWhen_AStrangerCounterSigns() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 1e18, ROOT);
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        bytes memory counter = _sign(thief, _voucherDigest(voucher));
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_NotAttested.selector, worker.addr, stranger, thief.addr
            )
        );
        settlement.collect(_config, voucher, signature, counter);
    }

    function test_Collect_RevertGiven_TheWorkersHotKeyWasRevokedADayAgo() external {
        vm.prank(worker.addr);
        settlement.revokeSigner(workerSigner.addr);
        skip(1 days);
        Voucher memory voucher = _voucher(_lane, MODEL, 1e18, ROOT);
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        vm.prank(workerSigner.addr);
        assertEq(settlement.collect(_config, voucher, signature, ""), 1e18, "good through a day");

        skip(1);
        voucher.totals[0].cumulative = 2e18;
        signature = _sign(payerSigner, _voucherDigest(voucher));
        bytes memory counter = _sign(workerSigner, _voucherDigest(voucher));
        vm.prank(workerSigner.addr);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_NotAttested.selector, worker.addr, workerSigner.addr, workerSigner.addr
            )
        );
        settlement.collect(_config, voucher, signature, counter);
    }

    function test_Collect_WhenTheWorkerCalls() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 100, ROOT);
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        // 5% protocol and 10% royalty of 100
        vm.expectEmit(address(settlement));
        emit IGridSettlement.LaneCollected(_lane, worker.addr, MODEL, 100, 85, 10, 5, FUNDS - 100);
        vm.expectEmit(address(settlement));
        emit IGridSettlement.ReceiptsAnchored(_lane, worker.addr, ROOT, 5);
        vm.prank(worker.addr);
        assertEq(settlement.collect(_config, voucher, signature, ""), 100);

        assertEq(settlement.earnedOf(worker.addr), 85);
        assertEq(settlement.modelEarnedOf(MODEL), 10);
        assertEq(settlement.protocolAccruedOf(worker.addr), 5);
        assertEq(settlement.laneOf(_lane).free, FUNDS - 100);
        assertEq(settlement.laneTotalOf(_lane, MODEL).cumulative, 100);
        _expectAnchor(ROOT);
        _assertSolvent(_lane);
    }

    function test_Collect_WhenTheWorkersHotKeyCalls() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 100, ROOT);
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        vm.prank(workerSigner.addr);
        assertEq(settlement.collect(_config, voucher, signature, ""), 100);
        assertEq(settlement.earnedOf(worker.addr), 85);
        assertEq(settlement.earnedOf(workerSigner.addr), 0);
        _expectAnchor(ROOT);
    }

    function test_Collect_WhenAnyoneCarriesTheWorkersCounterSignature() external {
        _carry(worker);
    }

    function test_Collect_WhenAnyoneCarriesTheHotKeysCounterSignature() external {
        _carry(workerSigner);
    }

    function test_Collect_RevertWhen_TheVoucherHasMoreThanSixteenRows() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 1, ROOT);
        voucher.totals = new ModelTotal[](17);
        for (uint256 i; i < 17; ++i) {
            voucher.totals[i] = ModelTotal(i, 1);
        }
        _expectRefused(voucher, abi.encodeWithSelector(IGridSettlement.GridSettlement_TooManyRows.selector, 17, 16));

        ModelTotal[] memory totals = new ModelTotal[](16);
        for (uint256 i; i < 16; ++i) {
            totals[i] = voucher.totals[i];
        }
        voucher.totals = totals;
        assertEq(_take(voucher), 16);
    }

    function test_Collect_RevertWhen_TheRowsDoNotAscend() external {
        Voucher memory voucher = _voucher2(_lane, 1e18, 1e18);
        voucher.totals[0].modelId = FREE_MODEL + 1;
        _expectRefused(voucher, abi.encodeWithSelector(IGridSettlement.GridSettlement_RowsNotAscending.selector, 1));
    }

    function test_Collect_RevertWhen_ARowRepeats() external {
        Voucher memory voucher = _voucher2(_lane, 1e18, 2e18);
        voucher.totals[0].modelId = FREE_MODEL;
        _expectRefused(voucher, abi.encodeWithSelector(IGridSettlement.GridSettlement_RowsNotAscending.selector, 1));
    }

    function test_Collect_RevertWhen_TheVoucherAsksForMoreThanIsFree() external {
        _take(_voucher(_lane, MODEL, 100e18, 0));
        // 500 + 500 are due, 900 are free; the second row fails, the error names the whole.
        _expectRefused(
            _voucher2(_lane, 600e18, 500e18),
            abi.encodeWithSelector(IGridSettlement.GridSettlement_LaneShort.selector, _lane, 1000e18, FUNDS - 100e18)
        );
        assertEq(settlement.laneTotalOf(_lane, MODEL).cumulative, 100e18, "nothing of it happened");
    }

    function test_Collect_WhenARowIsAtOrBelowWhatWasPaid() external {
        _take(_voucher2(_lane, 10e18, 10e18));
        assertEq(_take(_voucher2(_lane, 9e18, 10e18)), 0);
        assertEq(_take(_voucher2(_lane, 9e18, 11e18)), 1e18);
        assertEq(settlement.laneTotalOf(_lane, MODEL).cumulative, 10e18);
        assertEq(settlement.laneTotalOf(_lane, FREE_MODEL).cumulative, 11e18);
    }

    function test_Collect_WhenTheVoucherWasCollectedBefore() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 10e18, ROOT);
        _take(voucher);
        (, uint40 time, uint40 blockNumber) = settlement.anchorOf(_lane, payer.addr, ROOT);
        skip(100);
        vm.roll(block.number + 50);
        assertEq(_take(voucher), 0);
        (, uint40 timeAfter, uint40 blockAfter) = settlement.anchorOf(_lane, payer.addr, ROOT);
        assertEq(timeAfter, time);
        assertEq(blockAfter, blockNumber);
    }

    function test_Collect_WhenAnOlderVoucherBringsAnotherRoot() external {
        _take(_voucher(_lane, MODEL, 10e18, ROOT));
        assertEq(_take(_voucher(_lane, MODEL, 5e18, keccak256("older"))), 0);
        _expectAnchor(ROOT);
        _expectAnchor(keccak256("older"));
    }

    function test_Collect_WhenTheRootIsZero() external {
        _take(_voucher(_lane, MODEL, 10e18, 0));
        (address by,,) = settlement.anchorOf(_lane, payer.addr, 0);
        assertEq(by, address(0));
    }

    function test_Collect_GivenTheWorkerIsNotBonded() external {
        _unbond(1e18 + BOND - registry.minBond());
        assertEq(_take(_voucher(_lane, MODEL, 10e18, ROOT)), 10e18);
        (address by,,) = settlement.anchorOf(_lane, payer.addr, ROOT);
        assertEq(by, address(0));
    }

    function test_Collect_GivenTheWorkerBondsLater() external {
        _unbond(BOND);
        _take(_voucher(_lane, MODEL, 10e18, ROOT));
        vm.prank(worker.addr);
        registry.cancelUnbond();
        skip(1000);
        assertEq(_take(_voucher(_lane, MODEL, 10e18, ROOT)), 0);
        _expectAnchor(ROOT);
    }

    function test_Collect_GivenTheModelIsPaidForTheFirstTime() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 100, 0);
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        vm.expectEmit(address(settlement));
        emit IGridSettlement.LaneRoyaltyFrozen(_lane, MODEL, ROYALTY_BPS);
        vm.prank(worker.addr);
        settlement.collect(_config, voucher, signature, "");
        LaneTotal memory total = settlement.laneTotalOf(_lane, MODEL);
        assertEq(total.royaltyReadAt, block.timestamp);
        assertEq(total.royaltyBps, ROYALTY_BPS);
        assertEq(settlement.laneTotalOf(_lane, FREE_MODEL).royaltyReadAt, 0);
    }

    function test_Collect_GivenTheRoyaltyChangedSince() external {
        _take(_voucher2(_lane, 100, 100));
        models.set(MODEL, modelOwner, 2000);
        models.set(FREE_MODEL, modelOwner, 2000);
        _take(_voucher2(_lane, 200, 200));
        assertEq(settlement.modelEarnedOf(MODEL), 20);
        assertEq(settlement.modelEarnedOf(FREE_MODEL), 0);
    }

    function test_Collect_GivenTheRateWasReadNinetyDaysAgo() external {
        _take(_voucher(_lane, MODEL, 101, 0));
        models.set(MODEL, modelOwner, 2000);
        skip(90 days - 1);
        _take(_voucher(_lane, MODEL, 200, 0));
        assertEq(settlement.modelEarnedOf(MODEL), 20);
        skip(1);
        Voucher memory voucher = _voucher(_lane, MODEL, 303, 0);
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        vm.expectEmit(address(settlement));
        emit IGridSettlement.LaneRoyaltyFrozen(_lane, MODEL, 2000);
        vm.prank(worker.addr);
        settlement.collect(_config, voucher, signature, "");
        LaneTotal memory total = settlement.laneTotalOf(_lane, MODEL);
        assertEq(total.royaltyBps, 2000);
        assertEq(total.royaltyReadAt, block.timestamp);
        // Of 303: a cut of 75, of which 60. Of 200: 50, of which 40.
        assertEq(settlement.modelEarnedOf(MODEL), 20 + 60 - 40);
        assertEq(settlement.protocolAccruedOf(worker.addr), 10 + 15 - 10);
        assertEq(settlement.earnedOf(worker.addr), 170 + 228 - 150);
    }

    function test_Collect_GivenAIGCFailsNinetyDaysLater() external {
        _take(_voucher(_lane, MODEL, 100, 0));
        LaneTotal memory before = settlement.laneTotalOf(_lane, MODEL);
        skip(90 days);
        models.set(MODEL, modelOwner, 2001);
        _take(_voucher(_lane, MODEL, 200, 0));
        LaneTotal memory total = settlement.laneTotalOf(_lane, MODEL);
        assertEq(total.royaltyBps, before.royaltyBps);
        assertEq(total.royaltyReadAt, before.royaltyReadAt);
        assertEq(settlement.modelEarnedOf(MODEL), 10);
        assertEq(settlement.earnedOf(worker.addr), 85 + 95);
        models.set(MODEL, modelOwner, 1500);
        _take(_voucher(_lane, MODEL, 300, 0));
        assertEq(settlement.modelEarnedOf(MODEL), 10 + 15, "the next one reads again");
    }

    function test_Collect_GivenTheModelIsNotRegisteredYet() external {
        _take(_voucher(_lane, 99, 100, 0));
        assertEq(settlement.modelEarnedOf(99), 0);
        assertEq(settlement.laneTotalOf(_lane, 99).royaltyReadAt, 0);
        assertEq(settlement.earnedOf(worker.addr), 95);
        models.set(99, modelOwner, 1000);
        _take(_voucher(_lane, 99, 200, 0));
        assertEq(settlement.modelEarnedOf(99), 10);
    }

    function test_Collect_GivenTheModelAsksForMoreThanTheCap() external {
        models.set(MODEL, modelOwner, 2001);
        models.set(FREE_MODEL, modelOwner, 2000);
        _take(_voucher2(_lane, 100, 100));
        assertEq(settlement.modelEarnedOf(MODEL), 0);
        assertEq(settlement.modelEarnedOf(FREE_MODEL), 20);
        assertEq(settlement.earnedOf(worker.addr), 95 + 75);
    }

    function testFuzz_Collect_GivenAIGCFails(uint8 mode) external {
        SettlementHostileModels hostile = new SettlementHostileModels();
        hostile.set(SettlementHostileModels.Mode(bound(mode, 0, 6)));
        vm.etch(address(models), address(hostile).code);
        vm.store(address(models), 0, vm.load(address(hostile), 0));
        _take(_voucher(_lane, MODEL, 100, ROOT));
        assertEq(settlement.modelEarnedOf(MODEL), 0);
        assertEq(settlement.laneTotalOf(_lane, MODEL).royaltyReadAt, 0);
        assertEq(settlement.earnedOf(worker.addr), 95);
        _expectAnchor(ROOT);
    }

    function test_Collect_GivenTheLaneIsAHop() external {
        _openHop();
        assertEq(_take(_voucher(_lane, 0, 100, 0)), 100);
        assertEq(settlement.earnedOf(worker.addr), 100);
        assertEq(settlement.protocolAccruedOf(worker.addr), 0);
        assertEq(settlement.laneTotalOf(_lane, 0).royaltyReadAt, 0);
    }

    function test_Collect_RevertWhen_TheHopVoucherHasARoot() external {
        _openHop();
        Voucher memory voucher = _voucher(_lane, 0, 100, ROOT);
        voucher.receiptCount = 0;
        _expectHopRefused(voucher);
    }

    function test_Collect_RevertWhen_TheHopVoucherCountsReceipts() external {
        _openHop();
        Voucher memory voucher = _voucher(_lane, 0, 100, 0);
        voucher.receiptCount = 1;
        _expectHopRefused(voucher);
    }

    function test_Collect_RevertWhen_TheHopVoucherHasTwoRows() external {
        _openHop();
        Voucher memory voucher = _voucher2(_lane, 100, 100);
        voucher.totals[0].modelId = 0;
        _expectHopRefused(voucher);
        voucher.totals = new ModelTotal[](0);
        _expectHopRefused(voucher);
    }

    function test_Collect_RevertWhen_TheHopVoucherNamesAModel() external {
        _openHop();
        _expectHopRefused(_voucher(_lane, MODEL, 100, 0));
    }

    function test_Collect_RevertWhen_ThereIsTooLittleGasToAskAIGC() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 100, 0);
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        bytes memory call = abi.encodeCall(IGridSettlement.collect, (_config, voucher, signature, ""));
        bool tooLow;
        // Whatever gas it is sent with, it takes the royalty or does nothing at all.
        for (uint256 gasGiven = 20_000; gasGiven < 200_000; gasGiven += 2000) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(worker.addr);
            (bool ok, bytes memory answer) = address(settlement).call{gas: gasGiven}(call);
            if (ok) assertEq(settlement.modelEarnedOf(MODEL), 10);
            if (!ok && answer.length != 0) {
                assertEq(bytes4(answer), IGridSettlement.GridSettlement_GasTooLow.selector);
                tooLow = true;
            }
            vm.revertToState(snapshot);
        }
        assertTrue(tooLow);
    }

    // ---------------------------------------------------------------- collectUpTo

    function test_CollectUpTo_WhenTheAmountIsBelowWhatIsDue() external {
        Voucher memory voucher = _voucher2(_lane, 10e18, 10e18);
        voucher.receiptsRoot = ROOT;
        assertEq(_takeUpTo(voucher, 12e18), 12e18);
        assertEq(settlement.laneTotalOf(_lane, MODEL).cumulative, 10e18);
        assertEq(settlement.laneTotalOf(_lane, FREE_MODEL).cumulative, 2e18);
        (address by,,) = settlement.anchorOf(_lane, payer.addr, ROOT);
        assertEq(by, address(0));
        _assertSolvent(_lane);
    }

    function testFuzz_CollectUpTo_WhenTheRestIsCollectedLater(uint128 part) external {
        part = uint128(bound(part, 0, 20e18));
        Voucher memory voucher = _voucher2(_lane, 10e18, 10e18);
        voucher.receiptsRoot = ROOT;
        assertEq(_takeUpTo(voucher, part), part);
        assertEq(_take(voucher), 20e18 - part);
        assertEq(settlement.earnedOf(worker.addr), 85e17 + 95e17);
        _expectAnchor(ROOT);
    }

    function test_CollectUpTo_GivenTheRateIsReadBetweenTwoParts() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 200, 0);
        _takeUpTo(voucher, 100);
        models.set(MODEL, modelOwner, 2000);
        skip(90 days);
        _takeUpTo(voucher, 60);
        models.set(MODEL, modelOwner, 0);
        assertEq(_take(voucher), 40);
        assertEq(settlement.modelEarnedOf(MODEL), 10 + 12 + 8);
        assertEq(settlement.protocolAccruedOf(worker.addr), 5 + 3 + 2);
        assertEq(settlement.earnedOf(worker.addr), 85 + 45 + 30);
    }

    function test_CollectUpTo_WhenTheAmountIsZero() external {
        assertEq(_takeUpTo(_voucher(_lane, MODEL, 10e18, ROOT), 0), 0);
        assertEq(settlement.laneTotalOf(_lane, MODEL).royaltyReadAt, 0);
        assertEq(settlement.laneOf(_lane).free, FUNDS);
    }

    function test_CollectUpTo_RevertWhen_TheNamedAmountIsAboveWhatIsFree() external {
        Voucher memory voucher = _voucher(_lane, MODEL, 2 * FUNDS, ROOT);
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        vm.prank(worker.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_LaneShort.selector, _lane, FUNDS + 1, FUNDS)
        );
        settlement.collectUpTo(_config, voucher, signature, "", FUNDS + 1);
    }

    function test_CollectUpTo_GivenTheLaneHoldsOnlyTheNamedAmount() external {
        assertEq(_takeUpTo(_voucher(_lane, MODEL, 2 * FUNDS, ROOT), FUNDS), FUNDS);
        assertEq(settlement.laneOf(_lane).free, 0);
        (uint256 asked, uint128 free) = settlement.dueOf(_voucher(_lane, MODEL, 2 * FUNDS, ROOT));
        assertEq(asked, FUNDS, "the rest is still due");
        assertEq(free, 0);
    }

    // ---------------------------------------------------------------- help

    function _take(Voucher memory voucher) private returns (uint128) {
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        vm.prank(worker.addr);
        return settlement.collect(_config, voucher, signature, "");
    }

    function _takeUpTo(Voucher memory voucher, uint128 amount) private returns (uint128) {
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        vm.prank(worker.addr);
        return settlement.collectUpTo(_config, voucher, signature, "", amount);
    }

    function _carry(Person memory by) private {
        Voucher memory voucher = _voucher(_lane, MODEL, 100, ROOT);
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        bytes memory counter = _sign(by, _voucherDigest(voucher));
        vm.prank(stranger);
        assertEq(settlement.collect(_config, voucher, signature, counter), 100);
        assertEq(settlement.earnedOf(worker.addr), 85);
        _expectAnchor(ROOT);
    }

    function _expectAnchor(bytes32 root) private view {
        (address by, uint40 time, uint40 blockNumber) = settlement.anchorOf(_lane, payer.addr, root);
        assertEq(by, worker.addr);
        assertEq(time, block.timestamp);
        assertEq(blockNumber, block.number);
    }

    function _expectRefused(Voucher memory voucher, bytes memory reason) private {
        bytes memory signature = _sign(payerSigner, _voucherDigest(voucher));
        vm.prank(worker.addr);
        vm.expectRevert(reason);
        settlement.collect(_config, voucher, signature, "");
    }

    function _expectHopRefused(Voucher memory voucher) private {
        _expectRefused(voucher, abi.encodeWithSelector(IGridSettlement.GridSettlement_HopVoucher.selector, _lane));
    }

    function _openHop() private {
        _config = _hopConfig();
        _config.payerSigner = payerSigner.addr;
        _lane = _open(_config, FUNDS);
    }

    function _reopenWith(uint40 thawDelay) private {
        _config.thawDelay = uint40(bound(thawDelay, 1 days, 30 days));
        _config.salt = keccak256("again");
        _lane = _open(_config, FUNDS);
    }

    function _unbond(uint128 amount) private {
        vm.prank(worker.addr);
        registry.announceUnbond(amount);
    }
}
