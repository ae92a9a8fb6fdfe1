// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";
import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {AIGC} from "../../../contracts/AIGC.sol";
import {Access, IAIGC} from "../../../contracts/interfaces/IAIGC.sol";
import {IERC7572} from "../../../contracts/interfaces/IERC7572.sol";
import {JsonText} from "../../../contracts/messages/JsonText.sol";
import {AigcBase} from "../../utils/AigcBase.sol";

contract AdminTest is AigcBase {
    // ---------------------------------------------------------------- initialize

    function test_Initialize_RevertWhen_TheAuthorityIsTheZeroAddress() external {
        address implementation = address(new AIGC(aipg));
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_ZeroAddress.selector, "authority"));
        new ERC1967Proxy(implementation, abi.encodeCall(AIGC.initialize, (address(0), treasury, FEE)));
    }

    function test_Initialize_RevertWhen_TheTreasuryIsTheZeroAddress() external {
        address implementation = address(new AIGC(aipg));
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_ZeroAddress.selector, "treasury"));
        new ERC1967Proxy(implementation, abi.encodeCall(AIGC.initialize, (address(manager), address(0), FEE)));
    }

    function test_Initialize_RevertWhen_TheFirstFeeIsAboveItsCap() external {
        address implementation = address(new AIGC(aipg));
        uint128 cap = aigc.MAX_REGISTRATION_FEE();
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_FeeTooHigh.selector, cap + 1, cap));
        new ERC1967Proxy(implementation, abi.encodeCall(AIGC.initialize, (address(manager), treasury, cap + 1)));
    }

    function test_Initialize_RevertWhen_TheTokenIsTheZeroAddress() external {
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_ZeroAddress.selector, "aipg"));
        new AIGC(IERC20(address(0)));
    }

    function test_Initialize_RevertGiven_TheProxyIsInitialized() external {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        aigc.initialize(mallory, mallory, 0);
    }

    function test_Initialize_RevertGiven_ItIsTheImplementationItself() external {
        AIGC implementation = new AIGC(aipg);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        implementation.initialize(mallory, mallory, 0);
    }

    function test_Initialize_WhenEverythingIsGiven() external view {
        assertEq(aigc.authority(), address(manager));
        assertEq(aigc.treasury(), treasury);
        assertEq(aigc.registrationFee(), FEE);
        assertEq(address(aigc.aipg()), address(aipg));
        assertEq(aigc.name(), "AIPG Models");
        assertEq(aigc.symbol(), "AIGC");
        assertFalse(aigc.upgradesSealed());
    }

    // ---------------------------------------------------------------- setVerified

    function test_SetVerified_RevertWhen_TheCallerIsNotACurator() external {
        uint256 modelId = _register(alice);
        _expectUnauthorized(alice);
        vm.prank(alice);
        aigc.setVerified(modelId, true);
    }

    function test_SetVerified_RevertWhen_TheModelDoesNotExist() external {
        _expectUnknown(1);
        vm.prank(curator);
        aigc.setVerified(1, true);
    }

    function test_SetVerified_WhenTheMarkChanges() external {
        uint256 modelId = _register(alice);
        vm.startPrank(curator);
        vm.expectEmit(address(aigc));
        emit IAIGC.VerifiedSet(modelId, true);
        vm.expectEmit(address(aigc));
        emit IERC4906.MetadataUpdate(modelId);
        aigc.setVerified(modelId, true);
        assertTrue(aigc.modelOf(modelId).verified);
        aigc.setVerified(modelId, false);
        assertFalse(aigc.modelOf(modelId).verified);
        assertEq(_shown(modelId), 2);
    }

    function test_SetVerified_WhenTheMarkIsTheSame() external {
        uint256 modelId = _register(alice);
        vm.recordLogs();
        vm.prank(curator);
        aigc.setVerified(modelId, false);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(_shown(modelId), 0);
    }

    // ---------------------------------------------------------------- setDeprecated

    function test_SetDeprecated_RevertWhen_TheCallerIsNotACurator() external {
        uint256 modelId = _register(alice);
        _expectUnauthorized(params);
        vm.prank(params);
        aigc.setDeprecated(modelId, true);
    }

    function test_SetDeprecated_RevertWhen_TheModelDoesNotExist() external {
        _expectUnknown(0);
        vm.prank(curator);
        aigc.setDeprecated(0, true);
    }

    function test_SetDeprecated_WhenTheMarkChanges() external {
        uint256 modelId = _licensed();
        vm.prank(bob);
        aigc.buyLicense(modelId, bob, 1, PERIOD, PRICE);
        vm.startPrank(curator);
        uint64 shown = _shown(modelId);
        vm.expectEmit(address(aigc));
        emit IAIGC.DeprecatedSet(modelId, true);
        vm.expectEmit(address(aigc));
        emit IERC4906.MetadataUpdate(modelId);
        aigc.setDeprecated(modelId, true);
        assertTrue(aigc.modelOf(modelId).deprecated);
        assertTrue(aigc.canUse(modelId, bob));
        assertTrue(aigc.canUse(modelId, alice));
        assertEq(aigc.usageRoyaltyBps(modelId), 500);
        assertEq(_shown(modelId), shown + 1);
        aigc.setDeprecated(modelId, false);
        assertFalse(aigc.modelOf(modelId).deprecated);
        assertEq(_shown(modelId), shown + 2);
    }

    function test_SetDeprecated_WhenTheMarkIsTheSame() external {
        uint256 modelId = _register(alice);
        vm.recordLogs();
        vm.prank(curator);
        aigc.setDeprecated(modelId, false);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(_shown(modelId), 0);
    }

    // ---------------------------------------------------------------- setRegistrationFee

    function test_SetRegistrationFee_RevertWhen_TheCallerHasNotPARAMS() external {
        _expectUnauthorized(guardian);
        vm.prank(guardian);
        aigc.setRegistrationFee(1);
    }

    function testFuzz_SetRegistrationFee_RevertWhen_TheFeeIsAboveItsCap(uint128 fee) external {
        uint128 cap = aigc.MAX_REGISTRATION_FEE();
        fee = uint128(bound(fee, cap + 1, type(uint128).max));
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_FeeTooHigh.selector, fee, cap));
        vm.prank(params);
        aigc.setRegistrationFee(fee);
    }

    function testFuzz_SetRegistrationFee_WhenTheFeeIsWithinItsCap(uint128 fee) external {
        fee = uint128(bound(fee, 0, aigc.MAX_REGISTRATION_FEE()));
        vm.expectEmit(address(aigc));
        emit IAIGC.RegistrationFeeSet(fee);
        vm.prank(params);
        aigc.setRegistrationFee(fee);
        assertEq(aigc.registrationFee(), fee);
        _register(alice);
        assertEq(aipg.balanceOf(treasury), fee);
    }

    // ---------------------------------------------------------------- setTreasury

    function test_SetTreasury_RevertWhen_TheCallerHasNotPARAMS() external {
        _expectUnauthorized(mallory);
        vm.prank(mallory);
        aigc.setTreasury(mallory);
    }

    function test_SetTreasury_RevertWhen_TheTreasuryIsTheZeroAddress() external {
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_ZeroAddress.selector, "treasury"));
        vm.prank(params);
        aigc.setTreasury(address(0));
    }

    function test_SetTreasury_WhenTheTreasuryIsAnAccount() external {
        vm.expectEmit(address(aigc));
        emit IAIGC.TreasurySet(bob);
        vm.prank(params);
        aigc.setTreasury(bob);
        assertEq(aigc.treasury(), bob);
        uint256 before = aipg.balanceOf(bob);
        _register(alice);
        assertEq(aipg.balanceOf(bob), before + FEE);
    }

    // ---------------------------------------------------------------- setContractURI

    function test_SetContractURI_RevertWhen_TheCallerHasNotPARAMS() external {
        _expectUnauthorized(curator);
        vm.prank(curator);
        aigc.setContractURI("ipfs://x");
    }

    function test_SetContractURI_RevertWhen_TheTextIsTooLong() external {
        vm.expectRevert(abi.encodeWithSelector(JsonText.JsonText_TooLong.selector, "uri", 513, 512));
        vm.prank(params);
        aigc.setContractURI(string(new bytes(513)));
    }

    function test_SetContractURI_RevertWhen_TheTextIsNotText() external {
        vm.expectRevert(abi.encodeWithSelector(JsonText.JsonText_Invalid.selector, "uri", 0));
        vm.prank(params);
        aigc.setContractURI("\n");
    }

    function test_SetContractURI_WhenTheTextIsEmpty() external {
        string memory made = aigc.contractURI();
        vm.startPrank(params);
        aigc.setContractURI("ipfs://x");
        aigc.setContractURI("");
        assertEq(aigc.contractURI(), made);
    }

    function test_SetContractURI_WhenTheTextIsRight() external {
        vm.expectEmit(address(aigc));
        emit IERC7572.ContractURIUpdated();
        vm.prank(params);
        aigc.setContractURI("ipfs://x");
        assertEq(aigc.contractURI(), "ipfs://x");
    }

    // ---------------------------------------------------------------- pause, unpause

    function test_Pause_RevertWhen_TheCallerIsNotAGuardian() external {
        _expectUnauthorized(mallory);
        vm.prank(mallory);
        aigc.pause();
    }

    function test_Pause_RevertGiven_ItIsPausedAlready() external {
        vm.startPrank(guardian);
        aigc.pause();
        vm.expectRevert(PausableUpgradeable.EnforcedPause.selector);
        aigc.pause();
    }

    function test_Pause_GivenItIsNotPaused() external {
        uint256 modelId = _licensed();
        vm.prank(guardian);
        vm.expectEmit(address(aigc));
        emit PausableUpgradeable.Paused(guardian);
        aigc.pause();
        assertTrue(aigc.paused());

        vm.expectRevert(PausableUpgradeable.EnforcedPause.selector);
        aigc.register(_spec(), alice, FEE);
        vm.expectRevert(PausableUpgradeable.EnforcedPause.selector);
        aigc.buyLicense(modelId, bob, 1, PERIOD, PRICE);

        vm.startPrank(alice);
        aigc.setWeightsURI(modelId, "ipfs://x");
        aigc.setAccess(modelId, Access.PRIVATE);
        aigc.announceUsageRoyalty(modelId, 1);
        aigc.setLicenseTerms(modelId, 1, 1);
        aigc.setRoyaltyReceiver(modelId, bob);
        aigc.setUser(modelId, mallory, type(uint64).max);
        aigc.safeTransferFrom(alice, bob, modelId);
        assertEq(aigc.ownerOf(modelId), bob);
        assertTrue(aigc.canUse(modelId, bob));
    }

    function test_Unpause_RevertWhen_TheCallerIsNotAnAdmin() external {
        vm.startPrank(guardian);
        aigc.pause();
        _expectUnauthorized(guardian);
        aigc.unpause();
    }

    function test_Unpause_RevertGiven_ItIsNotPaused() external {
        vm.expectRevert(PausableUpgradeable.ExpectedPause.selector);
        aigc.unpause();
    }

    function test_Unpause_GivenItIsPaused() external {
        vm.prank(guardian);
        aigc.pause();
        vm.expectEmit(address(aigc));
        emit PausableUpgradeable.Unpaused(address(this));
        aigc.unpause();
        uint256 modelId = _licensed();
        vm.prank(bob);
        aigc.buyLicense(modelId, bob, 1, PERIOD, PRICE);
        assertTrue(aigc.canUse(modelId, bob));
    }

    // ---------------------------------------------------------------- sealUpgrades

    function test_SealUpgrades_RevertWhen_TheCallerIsNotAnUpgrader() external {
        _expectUnauthorized(params);
        vm.prank(params);
        aigc.sealUpgrades();
    }

    function test_SealUpgrades_RevertGiven_UpgradesAreSealed() external {
        vm.startPrank(upgrader);
        aigc.sealUpgrades();
        vm.expectRevert(IAIGC.AIGC_UpgradesSealed.selector);
        aigc.sealUpgrades();
    }

    function test_SealUpgrades_GivenUpgradesAreNotSealed() external {
        address next = address(new AIGC(aipg));
        vm.startPrank(upgrader);
        aigc.upgradeToAndCall(next, "");
        vm.expectEmit(address(aigc));
        emit IAIGC.UpgradesSealed();
        aigc.sealUpgrades();
        assertTrue(aigc.upgradesSealed());
        vm.expectRevert(IAIGC.AIGC_UpgradesSealed.selector);
        aigc.upgradeToAndCall(next, "");
    }
}
