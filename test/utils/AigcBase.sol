// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts-upgradeable/proxy/utils/UUPSUpgradeable.sol";
import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";

import {AIGC} from "../../contracts/AIGC.sol";
import {AIPG} from "../../contracts/dev/AIPG.sol";
import {Access, IAIGC, ModelFamily, ModelKind, ModelSpec} from "../../contracts/interfaces/IAIGC.sol";
import {GridRoles} from "../../contracts/governance/GridRoles.sol";

/// @dev AIGC behind its proxy, one holder per role (without delays: those are the deployment test's), and a few people.
abstract contract AigcBase is Test {
    uint128 internal constant FEE = 25e18;
    uint32 internal constant PERIOD = 30 days;
    uint128 internal constant PRICE = 7e18;
    bytes32 internal constant METADATA_UPDATE = keccak256("MetadataUpdate(uint256)");

    address internal alice = makeAddr("alice"); // owns the model
    address internal bob = makeAddr("bob"); // uses or buys it
    address internal mallory = makeAddr("mallory"); // may nothing
    address internal treasury = makeAddr("treasury");
    address internal upgrader = makeAddr("upgrader");
    address internal params = makeAddr("params");
    address internal curator = makeAddr("curator");
    address internal guardian = makeAddr("guardian");

    AIPG internal aipg;
    AccessManager internal manager;
    AIGC internal aigc;

    function setUp() public virtual {
        vm.warp(1_790_000_000);
        aipg = new AIPG(address(this));
        manager = new AccessManager(address(this));
        aigc = AIGC(
            address(
                new ERC1967Proxy(
                    address(new AIGC(aipg)), abi.encodeCall(AIGC.initialize, (address(manager), treasury, FEE))
                )
            )
        );
        _allow(UUPSUpgradeable.upgradeToAndCall.selector, GridRoles.UPGRADER);
        _allow(IAIGC.sealUpgrades.selector, GridRoles.UPGRADER);
        _allow(IAIGC.setRegistrationFee.selector, GridRoles.PARAMS);
        _allow(IAIGC.setTreasury.selector, GridRoles.PARAMS);
        _allow(IAIGC.setContractURI.selector, GridRoles.PARAMS);
        _allow(IAIGC.setVerified.selector, GridRoles.CURATOR);
        _allow(IAIGC.setDeprecated.selector, GridRoles.CURATOR);
        _allow(IAIGC.pause.selector, GridRoles.GUARDIAN);
        manager.grantRole(GridRoles.UPGRADER, upgrader, 0);
        manager.grantRole(GridRoles.PARAMS, params, 0);
        manager.grantRole(GridRoles.CURATOR, curator, 0);
        manager.grantRole(GridRoles.GUARDIAN, guardian, 0);
        _fund(alice);
        _fund(bob);
    }

    function _allow(bytes4 selector, uint64 role) internal {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(address(aigc), selectors, role);
    }

    function _fund(address account) internal {
        aipg.mint(account, 1_000_000e18);
        vm.prank(account);
        aipg.approve(address(aigc), type(uint256).max);
    }

    function _spec() internal pure returns (ModelSpec memory spec) {
        spec = ModelSpec({
            name: "Stable Diffusion XL",
            version: "1.0",
            family: ModelFamily.SDXL,
            kind: ModelKind.CHECKPOINT,
            baseModelId: 0,
            weightsHash: keccak256("weights"), // not sha256: its precompile would be "the next call" of expectRevert
            weightsURI: "https://models.example/sdxl-1.0.safetensors",
            license: "CreativeML-Open-RAIL-M",
            previewCid: "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
            usageBps: 500,
            resaleBps: 250,
            access: Access.OPEN
        });
    }

    function _register(address to) internal returns (uint256 modelId) {
        return _register(to, _spec());
    }

    function _register(address to, ModelSpec memory spec) internal returns (uint256 modelId) {
        uint128 fee = aigc.registrationFee();
        vm.prank(alice);
        return aigc.register(spec, to, fee);
    }

    /// @dev A model of alice's that sells licenses.
    function _licensed() internal returns (uint256 modelId) {
        ModelSpec memory spec = _spec();
        spec.access = Access.LICENSED;
        modelId = _register(alice, spec);
        vm.prank(alice);
        aigc.setLicenseTerms(modelId, PRICE, PERIOD);
    }

    function _moves(uint256 modelId) internal view returns (uint64 moves) {
        (moves,) = aigc.stateOf(modelId);
    }

    function _shown(uint256 modelId) internal view returns (uint64 shown) {
        (, shown) = aigc.stateOf(modelId);
    }

    function _expectUnauthorized(address caller) internal {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
    }

    function _expectNotOwner(uint256 modelId, address caller) internal {
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_NotOwner.selector, modelId, caller));
    }

    function _expectUnknown(uint256 modelId) internal {
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_UnknownModel.selector, modelId));
    }

    /// @dev Number of logs with this first topic since the last `vm.recordLogs` or `vm.getRecordedLogs`.
    function _count(bytes32 topic) internal returns (uint256 count) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == topic) ++count;
        }
    }
}
