// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {IERC20Errors, IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {Access, IAIGC} from "../../../contracts/interfaces/IAIGC.sol";
import {AigcBase} from "../../utils/AigcBase.sol";

contract BuyLicenseTest is AigcBase {
    uint256 internal modelId;

    function setUp() public override {
        super.setUp();
        modelId = _licensed();
    }

    function test_RevertGiven_SellingIsPaused() external {
        vm.prank(guardian);
        aigc.pause();
        vm.expectRevert(PausableUpgradeable.EnforcedPause.selector);
        _buy(1);
    }

    function test_RevertWhen_TheModelDoesNotExist() external {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 77));
        vm.prank(bob);
        aigc.buyLicense(77, bob, 1, PERIOD, PRICE);
    }

    function test_RevertWhen_TheAccountIsTheZeroAddress() external {
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_ZeroAddress.selector, "account"));
        vm.prank(bob);
        aigc.buyLicense(modelId, address(0), 1, PERIOD, PRICE);
    }

    function test_RevertWhen_NoPeriodIsAskedFor() external {
        vm.expectRevert(IAIGC.AIGC_ZeroPeriods.selector);
        _buy(0);
    }

    function test_RevertGiven_TheModelIsOpen() external {
        _setAccess(Access.OPEN);
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_NotForSale.selector, modelId));
        _buy(1);
    }

    function test_RevertGiven_TheModelIsPrivate() external {
        _setAccess(Access.PRIVATE);
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_NotForSale.selector, modelId));
        _buy(1);
    }

    function test_RevertGiven_TheOwnerSetNoTerms() external {
        vm.prank(alice);
        aigc.setLicenseTerms(modelId, PRICE, 0);
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_NotForSale.selector, modelId));
        vm.prank(bob);
        aigc.buyLicense(modelId, bob, 1, 0, PRICE);
    }

    function testFuzz_RevertWhen_TheBuyerExpectsAnotherPeriod(uint32 period) external {
        vm.assume(period != PERIOD);
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_PeriodChanged.selector, period, PERIOD));
        vm.prank(bob);
        aigc.buyLicense(modelId, bob, 1, period, PRICE);
    }

    function testFuzz_RevertWhen_ThePriceIsAboveWhatTheBuyerAgreedTo(uint128 price, uint32 periods, uint128 maxPrice)
        external
    {
        periods = uint32(bound(periods, 1, type(uint32).max));
        price = uint128(bound(price, 1, type(uint128).max));
        maxPrice = uint128(bound(maxPrice, 0, _min(uint256(price) * periods - 1, type(uint128).max)));
        vm.prank(alice);
        aigc.setLicenseTerms(modelId, price, PERIOD);
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_PriceTooHigh.selector, uint256(price) * periods, maxPrice));
        vm.prank(bob);
        aigc.buyLicense(modelId, bob, periods, PERIOD, maxPrice);
    }

    function testFuzz_RevertWhen_TheLicenseWouldOutlastTheLongestTerm(uint32 period, uint32 periods) external {
        uint256 longest = aigc.MAX_LICENSE_TERM();
        period = uint32(bound(period, 2, longest));
        periods = uint32(bound(periods, longest / period + 1, type(uint32).max));
        vm.prank(alice);
        aigc.setLicenseTerms(modelId, 0, period);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAIGC.AIGC_LicenseTooLong.selector,
                block.timestamp + uint256(period) * periods,
                block.timestamp + longest
            )
        );
        vm.prank(bob);
        aigc.buyLicense(modelId, bob, periods, period, 0);
        // Exactly the longest term is allowed.
        vm.prank(alice);
        aigc.setLicenseTerms(modelId, 0, uint32(longest));
        vm.prank(bob);
        assertEq(aigc.buyLicense(modelId, bob, 1, uint32(longest), 0), block.timestamp + longest);
    }

    function test_RevertWhen_TheBuyerCannotPay() external {
        vm.prank(bob);
        aipg.approve(address(aigc), PRICE - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(aigc), PRICE - 1, PRICE)
        );
        _buy(1);
        assertEq(aigc.licenseExpires(modelId, bob), 0);
        assertFalse(aigc.canUse(modelId, bob));
    }

    function testFuzz_WhenTheBuyerAgreesToTheTerms(uint128 price, uint32 period, uint32 periods) external {
        period = uint32(bound(period, 1, aigc.MAX_LICENSE_TERM()));
        periods = uint32(bound(periods, 1, aigc.MAX_LICENSE_TERM() / period));
        price = uint128(bound(price, 0, 1_000_000e18 / periods));
        uint128 total = price * periods;
        uint40 expires = uint40(block.timestamp + uint256(period) * periods);
        uint256 earnedBefore = aipg.balanceOf(alice);
        vm.prank(alice);
        aigc.setLicenseTerms(modelId, price, period);

        vm.expectEmit(address(aigc));
        emit IAIGC.LicenseBought(modelId, mallory, bob, alice, periods, total, expires);
        vm.prank(bob);
        assertEq(aigc.buyLicense(modelId, mallory, periods, period, total), expires);

        assertEq(aipg.balanceOf(alice), earnedBefore + total);
        assertEq(aipg.balanceOf(bob), 1_000_000e18 - total);
        assertEq(aigc.licenseExpires(modelId, mallory), expires);
        assertFalse(aigc.canUse(modelId, bob), "the buyer bought it for another");
        vm.warp(expires);
        assertTrue(aigc.canUse(modelId, mallory));
        vm.warp(uint256(expires) + 1);
        assertFalse(aigc.canUse(modelId, mallory));
    }

    function testFuzz_GivenTheAccountHoldsALicense(uint256 wait) external {
        uint256 end = block.timestamp + PERIOD;
        _buy(1);
        // On the last second the license still holds, so nothing is lost by renewing early.
        vm.warp(bound(wait, block.timestamp, end));
        assertEq(_buy(2), end + 2 * PERIOD);
    }

    function testFuzz_GivenTheAccountsLicenseIsOver(uint256 wait) external {
        _buy(1);
        vm.warp(bound(wait, block.timestamp + PERIOD + 1, block.timestamp + 1000 * uint256(PERIOD)));
        assertEq(_buy(2), block.timestamp + 2 * PERIOD);
    }

    function test_GivenThePriceIsZero() external {
        vm.prank(alice);
        aigc.setLicenseTerms(modelId, 0, PERIOD);
        aipg.pause();
        vm.prank(mallory);
        aigc.buyLicense(modelId, mallory, 1, PERIOD, 0);
        assertTrue(aigc.canUse(modelId, mallory));
    }

    // ---------------------------------------------------------------- helpers

    function _buy(uint32 periods) internal returns (uint40) {
        vm.prank(bob);
        return aigc.buyLicense(modelId, bob, periods, PERIOD, PRICE * periods);
    }

    function _setAccess(Access access) internal {
        vm.prank(alice);
        aigc.setAccess(modelId, access);
    }

    function _min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }
}
