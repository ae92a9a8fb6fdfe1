// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UUPSUpgradeable} from "@openzeppelin/contracts-upgradeable/proxy/utils/UUPSUpgradeable.sol";
import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {AIGC} from "../../../contracts/AIGC.sol";
import {Access, IAIGC, Model} from "../../../contracts/interfaces/IAIGC.sol";
import {AigcBase} from "../../utils/AigcBase.sol";

/// @dev Code that a stolen UPGRADER would install.
contract LyingAigc is UUPSUpgradeable {
    function ownerOf(uint256) external pure returns (address) {
        return address(0xbad);
    }

    function drain(IERC20 token, address from, uint256 amount) external {
        token.transferFrom(from, address(0xbad), amount);
    }

    function _authorizeUpgrade(address) internal override {}
}

/// @notice Changes that a thief of each role's key can make on AIGC, to the field; every other field is as it was.
/// @dev Without the delays, which the deployment's tests are about: the loss is what is left when nobody notices.
contract RoleLeaksTest is AigcBase {
    enum Field {
        IDENTITY,
        WEIGHTS_URI,
        ACCESS,
        USAGE,
        TERMS,
        VERIFIED,
        DEPRECATED,
        TOKEN,
        USER,
        MOVES,
        SHOWN,
        RECEIVER,
        USE,
        FEE,
        TREASURY,
        CONTRACT_URI,
        PAUSED,
        SEALED,
        CODE,
        ROLES,
        MONEY
    }

    uint256 private constant FIELDS = 21;

    uint256 private _modelId;
    address private _user = makeAddr("user");
    bytes32[FIELDS] private _before;
    bool[FIELDS] private _mayDiffer;

    function setUp() public override {
        super.setUp();
        _modelId = _licensed();
        vm.startPrank(alice);
        aigc.setUser(_modelId, _user, type(uint64).max);
        aigc.announceUsageRoyalty(_modelId, 700);
        aigc.approve(makeAddr("approved"), _modelId);
        vm.stopPrank();
        vm.prank(bob);
        aigc.buyLicense(_modelId, bob, 1, PERIOD, PRICE);
        assertEq(uint256(type(Field).max) + 1, FIELDS);
        _before = _observe();
    }

    // ---------------------------------------------------------------- CURATOR

    /// @dev Marks, and with each mark the orders that name `shown`; no right, no money.
    function test_T39_ACuratorsThiefMarksAndVoidsOrders() external {
        vm.startPrank(curator);
        aigc.setVerified(_modelId, true);
        _assertChanged(Field.VERIFIED, Field.SHOWN);
        assertEq(_shown(_modelId), 3);
        aigc.setDeprecated(_modelId, true);
        _assertChanged(Field.VERIFIED, Field.SHOWN, Field.DEPRECATED);
        assertEq(_shown(_modelId), 4);
        aigc.setVerified(_modelId, false);
        aigc.setDeprecated(_modelId, false);
        vm.stopPrank();
        _assertChanged(Field.SHOWN); // all of it is taken back, but for the voided orders
        _assertNothingElse(curator, IAIGC.setVerified.selector, IAIGC.setDeprecated.selector, 0);
    }

    // ---------------------------------------------------------------- PARAMS

    /// @dev Registrations that agree to it pay up to the cap, to the thief. Nobody who has a model or a license loses.
    function test_T39_AThiefOfParamsIsPaidByNewRegistrationsOnly() external {
        uint128 cap = aigc.MAX_REGISTRATION_FEE();
        vm.startPrank(params);
        aigc.setTreasury(mallory);
        _assertChanged(Field.TREASURY);
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_FeeTooHigh.selector, cap + 1, cap));
        aigc.setRegistrationFee(cap + 1);
        aigc.setRegistrationFee(cap);
        _assertChanged(Field.TREASURY, Field.FEE);
        aigc.setContractURI("ipfs://phishing");
        _assertChanged(Field.TREASURY, Field.FEE, Field.CONTRACT_URI);
        vm.stopPrank();

        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_FeeAboveMax.selector, cap, FEE));
        vm.prank(bob);
        aigc.register(_spec(), bob, FEE);
        vm.prank(bob);
        aigc.register(_spec(), bob, cap);
        assertEq(aipg.balanceOf(mallory), cap, "only what was agreed to");
        // The price of a license goes to the owner, as before.
        uint256 balance = aipg.balanceOf(alice);
        vm.prank(bob);
        aigc.buyLicense(_modelId, mallory, 1, PERIOD, PRICE);
        assertEq(aipg.balanceOf(alice), balance + PRICE);
        _assertNothingElse(
            params, IAIGC.setRegistrationFee.selector, IAIGC.setTreasury.selector, IAIGC.setContractURI.selector
        );
    }

    // ---------------------------------------------------------------- GUARDIAN

    /// @dev No registration and no license until ADMIN unpauses; whoever has a model or a license goes on.
    function test_T39_AThiefOfTheGuardianStopsNewBusinessOnly() external {
        vm.prank(guardian);
        aigc.pause();
        _assertChanged(Field.PAUSED);
        vm.expectRevert(PausableUpgradeable.EnforcedPause.selector);
        aigc.register(_spec(), alice, FEE);
        vm.expectRevert(PausableUpgradeable.EnforcedPause.selector);
        aigc.buyLicense(_modelId, bob, 1, PERIOD, PRICE);

        vm.startPrank(alice);
        aigc.setWeightsURI(_modelId, "ipfs://elsewhere");
        aigc.setAccess(_modelId, Access.PRIVATE);
        aigc.announceUsageRoyalty(_modelId, 1);
        aigc.setLicenseTerms(_modelId, 1, 1);
        aigc.setUser(_modelId, mallory, type(uint64).max);
        aigc.setRoyaltyReceiver(_modelId, bob);
        aigc.approve(bob, _modelId);
        aigc.transferFrom(alice, bob, _modelId);
        vm.stopPrank();
        assertEq(aigc.ownerOf(_modelId), bob);
        assertTrue(aigc.canUse(_modelId, bob));
        _assertNothingElse(guardian, IAIGC.pause.selector, 0, 0);
    }

    // ---------------------------------------------------------------- UPGRADER

    /// @dev Sealing changes one bit, for ever.
    function test_T39_AThiefOfTheUpgraderSeals() external {
        vm.startPrank(upgrader);
        aigc.sealUpgrades();
        _assertChanged(Field.SEALED);
        address next = address(new AIGC(aipg));
        vm.expectRevert(IAIGC.AIGC_UpgradesSealed.selector);
        aigc.upgradeToAndCall(next, "");
        vm.stopPrank();
        _assertNothingElse(upgrader, IAIGC.sealUpgrades.selector, UUPSUpgradeable.upgradeToAndCall.selector, 0);
    }

    /// @dev Other code answers what it likes, and takes what accounts have approved to AIGC: the whole loss. What AIGC was
    /// not approved for is out of its reach.
    function test_T39_AThiefOfTheUpgraderTakesTokensAndAllowances() external {
        vm.prank(bob);
        aipg.approve(address(aigc), 10e18);
        LyingAigc lie = new LyingAigc();
        vm.prank(upgrader);
        aigc.upgradeToAndCall(address(lie), "");
        assertEq(aigc.ownerOf(_modelId), address(0xbad));
        LyingAigc(address(aigc)).drain(aipg, bob, 10e18);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(aigc), 0, 1));
        LyingAigc(address(aigc)).drain(aipg, bob, 1);
        assertEq(aipg.balanceOf(address(0xbad)), 10e18);
    }

    /// @dev The same code, once upgrades are sealed.
    function test_T39_ASealedContractHasNothingToLose() external {
        LyingAigc lie = new LyingAigc();
        vm.startPrank(upgrader);
        aigc.sealUpgrades();
        vm.expectRevert(IAIGC.AIGC_UpgradesSealed.selector);
        aigc.upgradeToAndCall(address(lie), "");
        vm.stopPrank();
        _assertChanged(Field.SEALED);
    }

    // ---------------------------------------------------------------- ADMIN

    /// @dev Of itself ADMIN unpauses and no more. It hands out the other roles, which the governance's tests are about.
    function test_T39_AnAdminsThiefUnpauses() external {
        vm.prank(guardian);
        aigc.pause();
        aigc.unpause(); // this contract is ADMIN
        _assertUnchanged();
        _assertNothingElse(address(this), IAIGC.unpause.selector, 0, 0);
    }

    // ---------------------------------------------------------------- helpers

    /// @dev Every restricted function but the role's own refuses it.
    function _assertNothingElse(address thief, bytes4 own, bytes4 ownToo, bytes4 ownAsWell) private {
        bytes[10] memory calls = [
            abi.encodeCall(IAIGC.setVerified, (_modelId, true)),
            abi.encodeCall(IAIGC.setDeprecated, (_modelId, true)),
            abi.encodeCall(IAIGC.setRegistrationFee, (1)),
            abi.encodeCall(IAIGC.setTreasury, (mallory)),
            abi.encodeCall(IAIGC.setContractURI, ("")),
            abi.encodeCall(IAIGC.pause, ()),
            abi.encodeCall(IAIGC.unpause, ()),
            abi.encodeCall(IAIGC.sealUpgrades, ()),
            abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (address(aipg), "")),
            abi.encodeCall(IAccessManaged.setAuthority, (mallory))
        ];
        uint256 refused;
        for (uint256 i; i < calls.length; ++i) {
            bytes4 selector = bytes4(calls[i]);
            if (selector == own || selector == ownToo || selector == ownAsWell) continue;
            ++refused;
            vm.prank(thief);
            (bool ok, bytes memory answer) = address(aigc).call(calls[i]);
            assertFalse(ok);
            assertEq(answer, abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, thief));
        }
        assertGe(refused, 7);
    }

    function _assertUnchanged() private {
        bytes32[FIELDS] memory now_ = _observe();
        for (uint256 i; i < FIELDS; ++i) {
            assertEq(now_[i] != _before[i], _mayDiffer[i], string.concat("field ", vm.toString(i)));
            _mayDiffer[i] = false;
        }
    }

    function _assertChanged(Field a) private {
        _mayDiffer[uint256(a)] = true;
        _assertUnchanged();
    }

    function _assertChanged(Field a, Field b) private {
        _mayDiffer[uint256(b)] = true;
        _assertChanged(a);
    }

    function _assertChanged(Field a, Field b, Field c) private {
        _mayDiffer[uint256(c)] = true;
        _assertChanged(a, b);
    }

    /// @dev Reads all that can be read of the model, of AIGC and of what accounts have.
    function _observe() private view returns (bytes32[FIELDS] memory fields) {
        _observeModel(fields);
        fields[uint256(Field.TOKEN)] = keccak256(
            abi.encode(
                aigc.ownerOf(_modelId),
                aigc.getApproved(_modelId),
                aigc.balanceOf(alice),
                aigc.totalSupply(),
                aigc.name(),
                aigc.symbol()
            )
        );
        fields[uint256(Field.USER)] = keccak256(abi.encode(aigc.userOf(_modelId), aigc.userExpires(_modelId)));
        fields[uint256(Field.MOVES)] = bytes32(uint256(_moves(_modelId)));
        fields[uint256(Field.SHOWN)] = bytes32(uint256(_shown(_modelId)));
        (address receiver, uint256 amount) = aigc.royaltyInfo(_modelId, 1e18);
        fields[uint256(Field.RECEIVER)] = keccak256(abi.encode(receiver, amount));
        fields[uint256(Field.USE)] = keccak256(
            abi.encode(
                aigc.canUse(_modelId, alice),
                aigc.canUse(_modelId, bob),
                aigc.canUse(_modelId, mallory),
                aigc.canUse(_modelId, _user),
                aigc.licenseExpires(_modelId, bob)
            )
        );
        fields[uint256(Field.FEE)] = bytes32(uint256(aigc.registrationFee()));
        fields[uint256(Field.TREASURY)] = bytes32(uint256(uint160(aigc.treasury())));
        fields[uint256(Field.CONTRACT_URI)] = keccak256(bytes(aigc.contractURI()));
        fields[uint256(Field.PAUSED)] = bytes32(uint256(aigc.paused() ? 1 : 0));
        fields[uint256(Field.SEALED)] = bytes32(uint256(aigc.upgradesSealed() ? 1 : 0));
        fields[uint256(Field.CODE)] = vm.load(address(aigc), ERC1967Utils.IMPLEMENTATION_SLOT);
        fields[uint256(Field.ROLES)] = bytes32(uint256(uint160(aigc.authority())));
        fields[uint256(Field.MONEY)] = keccak256(
            abi.encode(
                aipg.balanceOf(alice),
                aipg.balanceOf(bob),
                aipg.balanceOf(treasury),
                aipg.balanceOf(mallory),
                aipg.balanceOf(address(aigc))
            )
        );
    }

    function _observeModel(bytes32[FIELDS] memory fields) private view {
        Model memory model = aigc.modelOf(_modelId);
        fields[uint256(Field.WEIGHTS_URI)] = keccak256(bytes(model.spec.weightsURI));
        fields[uint256(Field.ACCESS)] = bytes32(uint256(model.spec.access));
        fields[uint256(Field.USAGE)] = keccak256(
            abi.encode(model.spec.usageBps, model.nextUsageBps, model.nextUsageFrom, aigc.usageRoyaltyBps(_modelId))
        );
        fields[uint256(Field.TERMS)] = keccak256(abi.encode(model.licensePrice, model.licensePeriod));
        fields[uint256(Field.VERIFIED)] = bytes32(uint256(model.verified ? 1 : 0));
        fields[uint256(Field.DEPRECATED)] = bytes32(uint256(model.deprecated ? 1 : 0));
        (model.spec.weightsURI, model.spec.access, model.spec.usageBps) = ("", Access.OPEN, 0);
        fields[uint256(Field.IDENTITY)] =
            keccak256(abi.encode(model.spec, model.creator, model.registeredAt, aigc.weightsHash(_modelId)));
    }
}
