// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {LaneConfig, Voucher} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";

/// @notice Threat 63: a key is revoked before a thaw begins, so that the paper dies before the money leaves.
contract ThawAttacks is SettlementBase {
    uint40 private constant DELAY = 3 days;

    LaneConfig private _config;
    bytes32 private _lane;
    bytes private _signature;
    uint256 private _revokedAt;

    function setUp() public override {
        super.setUp();
        _bond(worker.addr, BOND);
        _addSigner(payer.addr, payerSigner, SignerRoles.PAYER_SIGNER);
        _config = _laneConfig();
        (_config.payerSigner, _config.thawDelay) = (payerSigner.addr, DELAY);
        _lane = _open(_config, FUNDS);
        _deposit(payer.addr, FUNDS);
        _signature = _sign(payerSigner, _voucherDigest(_paper()));
        vm.prank(payer.addr);
        settlement.revokeSigner(payerSigner.addr);
        _revokedAt = block.timestamp;
    }

    /// @dev The worker sleeps until the last second before the money can leave.
    function testFuzz_T63_TheThawBeginsWhileTheKeyDies(uint256 wait) external {
        wait = bound(wait, 0, DELAY);
        vm.warp(_revokedAt + wait);
        uint256 readyAt = _thaw();
        assertEq(settlement.payerSignerValidUntil(_config), readyAt);
        vm.warp(readyAt - 1);
        _expectStillThawing(readyAt);
        _expectPaid();
    }

    function test_T63_ThePaperIsGoodThroughTheSecondInWhichTheThawIsRipe() external {
        vm.warp(_revokedAt + DELAY);
        uint256 readyAt = _thaw();
        vm.warp(readyAt);
        uint256 snapshot = vm.snapshotState();
        _expectPaid();
        vm.revertToState(snapshot);
        skip(1);
        _expectExpired(readyAt);
    }

    /// @dev A second later the paper is dead, and no thaw brings it back.
    function testFuzz_T63_AThawThatBeginsLaterProlongsNothing(uint256 wait) external {
        vm.warp(_revokedAt + DELAY + bound(wait, 1, 30 days));
        _expectExpired(_revokedAt + DELAY);
        _thaw();
        assertEq(settlement.laneOf(_lane).vouchersUntil, 0);
        _expectExpired(_revokedAt + DELAY);
    }

    /// @dev Thaw upon thaw keeps no dead key alive: what counts is the key's own time, not the prolonged one.
    function testFuzz_T63_AThawInsideTheProlongedTimeAddsNothing(uint256 first, uint256 second) external {
        first = bound(first, 1, DELAY);
        second = bound(second, DELAY + 1, DELAY + first);
        vm.warp(_revokedAt + first);
        uint256 readyAt = _thaw();
        vm.warp(_revokedAt + second);
        _thaw();
        assertEq(settlement.payerSignerValidUntil(_config), readyAt);
        assertLe(readyAt, _revokedAt + 2 * uint256(DELAY));
        vm.warp(readyAt);
        uint256 snapshot = vm.snapshotState();
        _expectPaid();
        vm.revertToState(snapshot);
        skip(1);
        _expectExpired(readyAt);
    }

    function testFuzz_T63_AThawBegunAgainProlongsToItsOwnEnd(uint256 first, uint256 second) external {
        first = bound(first, 0, DELAY);
        second = bound(second, first, DELAY);
        vm.warp(_revokedAt + first);
        _thaw();
        vm.warp(_revokedAt + second);
        uint256 readyAt = _thaw();
        vm.warp(readyAt - 1);
        _expectStillThawing(readyAt);
        _expectPaid();
    }

    /// @dev The payer takes the thaw back by a wei, waits until the key's own time is over, and thaws again.
    function test_T63_ATopUpClearsTheThawAndNotThePapersTime() external {
        vm.warp(_revokedAt + 1 days);
        uint256 readyAt = _thaw();
        vm.prank(payer.addr);
        settlement.topUpLane(_config, 1);
        assertEq(settlement.laneOf(_lane).thawReadyAt, 0);
        assertEq(settlement.payerSignerValidUntil(_config), readyAt);
        vm.warp(_revokedAt + DELAY + 1);
        _thaw();
        vm.warp(readyAt);
        _expectPaid();
    }

    function test_T63_AThawThatLapsedLeavesThePapersTime() external {
        vm.warp(_revokedAt + 2 days);
        uint256 readyAt = _thaw();
        vm.warp(readyAt + 1 days + 1);
        _expectExpired(readyAt);
        assertEq(settlement.payerSignerValidUntil(_config), readyAt);
        _thaw();
        _expectExpired(readyAt);
    }

    /// @dev A part is thawed and taken; what is left is still promised by the paper of a part.
    function test_T63_AFinalisedThawLeavesThePapersTime() external {
        vm.prank(payer.addr);
        settlement.thawLane(_config, FUNDS / 2);
        vm.warp(_revokedAt + DELAY);
        uint256 readyAt = _thaw();
        assertEq(settlement.laneOf(_lane).vouchersUntil, readyAt);
        vm.prank(payer.addr);
        settlement.topUpLane(_config, 1);
        vm.prank(payer.addr);
        settlement.thawLane(_config, 1);
        vm.warp(readyAt);
        settlement.finaliseLaneThaw(_config);
        assertEq(settlement.payerSignerValidUntil(_config), readyAt);
        _expectPaid();
    }

    function test_T63_ThePayersOwnSignatureNeverDies() external {
        LaneConfig memory config = _laneConfig();
        config.thawDelay = DELAY;
        bytes32 lane = _open(config, FUNDS);
        Voucher memory voucher = _voucher(lane, MODEL, FUNDS, 0);
        vm.prank(payer.addr);
        settlement.thawLane(config, type(uint128).max);
        assertEq(settlement.laneOf(lane).vouchersUntil, 0);
        assertEq(settlement.payerSignerValidUntil(config), type(uint40).max);
        skip(90 days);
        assertEq(_collect(config, voucher), FUNDS);
    }

    /// @dev The payer's own address was another account's key once, and was revoked: as payerSigner it is itself.
    function test_T63_AnAddressThatWasAKeyIsItsOwnPayerSigner() external {
        _addSigner(thief.addr, payer, SignerRoles.PAYER_SIGNER);
        LaneConfig memory config = _laneConfig();
        bytes32 lane = _open(config, FUNDS);
        vm.prank(thief.addr);
        settlement.revokeSigner(payer.addr);
        vm.prank(payer.addr);
        settlement.thawLane(config, 1);
        assertEq(settlement.laneOf(lane).vouchersUntil, 0);
        skip(90 days);
        assertEq(_collect(config, _voucher(lane, MODEL, 1e18, 0)), 1e18);
    }

    /// @dev One signer's lanes have their own times, by their own delays and thaws.
    function test_T63_TwoLanesOfOneSignerHaveTheirOwnTimes() external {
        Person memory key = _person("signer of two lanes");
        _addSigner(payer.addr, key, SignerRoles.PAYER_SIGNER);
        LaneConfig memory short = _config;
        (short.payerSigner, short.thawDelay) = (key.addr, 1 days);
        LaneConfig memory long = abi.decode(abi.encode(short), (LaneConfig));
        long.thawDelay = 30 days;
        _open(short, FUNDS);
        _open(long, FUNDS);
        vm.startPrank(payer.addr);
        settlement.revokeSigner(key.addr);
        uint256 revokedAt = vm.getBlockTimestamp();
        skip(1 days);
        settlement.thawLane(long, type(uint128).max);
        assertEq(settlement.payerSignerValidUntil(short), revokedAt + 1 days);
        assertEq(settlement.payerSignerValidUntil(long), revokedAt + 31 days);
        settlement.thawLane(short, type(uint128).max);
        assertEq(settlement.payerSignerValidUntil(short), revokedAt + 2 days);
        vm.stopPrank();
    }

    // ---------------------------------------------------------------- help

    function _paper() private view returns (Voucher memory) {
        return _voucher(_lane, MODEL, FUNDS, keccak256("root"));
    }

    function _thaw() private returns (uint256 readyAt) {
        vm.prank(payer.addr);
        settlement.thawLane(_config, type(uint128).max);
        return vm.getBlockTimestamp() + DELAY;
    }

    function _expectStillThawing(uint256 readyAt) private {
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_LaneStillThawing.selector, _lane, readyAt)
        );
        settlement.finaliseLaneThaw(_config);
    }

    function _expectPaid() private {
        Voucher memory paper = _paper();
        (uint256 due, uint128 free) = settlement.dueOf(paper);
        vm.prank(worker.addr);
        assertEq(settlement.collectUpTo(_config, paper, _signature, "", free), due < free ? due : free);
    }

    function _expectExpired(uint256 validUntil) private {
        Voucher memory paper = _paper();
        vm.prank(worker.addr);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_PayerSignerExpired.selector, payerSigner.addr, validUntil
            )
        );
        settlement.collect(_config, paper, _signature, "");
    }
}
