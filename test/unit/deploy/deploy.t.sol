// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";

import {AIGC} from "../../../contracts/AIGC.sol";
import {GridAuthority} from "../../../contracts/GridAuthority.sol";
import {GridNFT} from "../../../contracts/GridNFT.sol";
import {AIPG} from "../../../contracts/dev/AIPG.sol";
import {IAIGC} from "../../../contracts/interfaces/IAIGC.sol";
import {JsonText} from "../../../contracts/messages/JsonText.sol";
import {Deploy} from "../../../script/Deploy.s.sol";
import {DeployConfig, Deployment, GridDeployment} from "../../../script/GridDeployment.sol";
import {GridGovernance, Permission} from "../../../script/GridGovernance.sol";
import {DeployBase} from "../../utils/DeployBase.sol";

/// @dev The script with an environment of its own: the real one is shared by all tests.
contract DeployWithEnvironment is Deploy {
    mapping(string name => string) internal environment;

    function set(string calldata name, string calldata value) external {
        environment[name] = value;
    }

    function _variable(string memory name) internal view override returns (string memory) {
        return environment[name];
    }
}

contract DeployTest is DeployBase {
    // ---------------------------------------------------------------- deploy

    function test_Deploy_RevertWhen_AnAccountIsMissing() external {
        string[8] memory fields =
            ["deployer", "admin", "upgrader", "params", "curator", "guardian", "treasury", "collectionOwner"];
        for (uint256 i; i < fields.length; ++i) {
            DeployConfig memory faulty = _with(i, address(0));
            vm.expectRevert(abi.encodeWithSelector(GridDeployment.Deploy_Missing.selector, fields[i]));
            script.deploy(faulty);
        }
    }

    function test_Deploy_RevertWhen_TheDeployerWouldKeepARole() external {
        string[5] memory fields = ["admin", "upgrader", "params", "curator", "guardian"];
        for (uint256 i; i < fields.length; ++i) {
            DeployConfig memory faulty = _with(i + 1, config.deployer);
            vm.expectRevert(abi.encodeWithSelector(GridDeployment.Deploy_SameAccount.selector, fields[i], "deployer"));
            script.deploy(faulty);
        }
    }

    function test_Deploy_RevertWhen_TheGuardianWouldWatchItself() external {
        string[3] memory fields = ["admin", "upgrader", "params"];
        address[3] memory accounts = [config.admin, config.upgrader, config.params];
        for (uint256 i; i < fields.length; ++i) {
            DeployConfig memory faulty = _with(5, accounts[i]);
            vm.expectRevert(abi.encodeWithSelector(GridDeployment.Deploy_SameAccount.selector, "guardian", fields[i]));
            script.deploy(faulty);
        }
    }

    function test_Deploy_RevertWhen_ThePageIsNotTextForJSON() external {
        config.externalUrl = "";
        vm.expectRevert(abi.encodeWithSelector(GridDeployment.Deploy_Missing.selector, "externalUrl"));
        script.deploy(config);
        config.externalUrl = 'https://page/","x":"';
        vm.expectRevert(abi.encodeWithSelector(GridDeployment.Deploy_Unexpected.selector, "externalUrl"));
        script.deploy(config);
        config.externalUrl = "https://page/\n";
        vm.expectRevert(abi.encodeWithSelector(JsonText.JsonText_Invalid.selector, "externalUrl", 13));
        script.deploy(config);
    }

    function test_Deploy_RevertWhen_TheTokenHasNoCodeOrOtherDecimals() external {
        address[3] memory tokens = [makeAddr("nobody"), grid.aigc, address(this)];
        for (uint256 i; i < tokens.length; ++i) {
            DeployConfig memory faulty = config;
            faulty.aipg = tokens[i];
            vm.expectRevert(abi.encodeWithSelector(GridDeployment.Deploy_NotAToken.selector, tokens[i]));
            script.deploy(faulty);
        }
    }

    function test_Deploy_RevertWhen_NoTokenIsGivenOnAPublicChain() external {
        vm.chainId(8453);
        vm.expectRevert(abi.encodeWithSelector(GridDeployment.Deploy_Missing.selector, "aipg"));
        script.deploy(config);
        // Not even by hand can the stand-in be made there.
        vm.expectRevert(abi.encodeWithSelector(AIPG.AIPG_LocalChainsOnly.selector, 8453));
        new AIPG(address(this));
    }

    function test_Deploy_RevertGiven_ThereIsNoFactory() external {
        vm.etch(CREATE2_FACTORY, "");
        vm.expectRevert(abi.encodeWithSelector(GridDeployment.Deploy_NoFactory.selector, CREATE2_FACTORY));
        script.deploy(config);
    }

    function test_Deploy_RevertWhen_AContractRefusesItsConfiguration() external {
        DeployConfig memory faulty = config;
        faulty.registrationFee = 10_001e18;
        bytes memory reason = abi.encodeWithSelector(IAIGC.AIGC_FeeTooHigh.selector, 10_001e18, 10_000e18);
        vm.expectRevert(abi.encodeWithSelector(GridDeployment.Deploy_Failed.selector, "AIGC proxy", reason));
        script.deploy(faulty);
    }

    function test_Deploy_RevertGiven_AnotherConfigurationUsedTheSalt() external {
        config.treasury = makeAddr("another treasury");
        vm.expectRevert(abi.encodeWithSelector(GridDeployment.Deploy_SaltUsed.selector, config.salt));
        script.deploy(config);
    }

    function test_Deploy_WhenEverythingIsConfigured() external {
        script.requireAsExpected(config, grid);
        assertEq(aigc.treasury(), config.treasury);
        assertEq(aigc.registrationFee(), config.registrationFee);
        assertEq(registry.treasury(), config.treasury);
        assertEq(registry.settlement(), grid.settlement);
        assertEq(registry.authority(), grid.authority);
        assertEq(nft.owner(), config.collectionOwner);
        (uint256 fee, address treasury) = nft.mintFee();
        assertEq(fee, config.mintFee);
        assertEq(treasury, config.treasury);
        assertEq(nft.contractURI(), config.contractURI);
        assertEq(aipg.owner(), config.deployer);
        assertEq(aipg.symbol(), "AIPG");

        vm.expectRevert(Initializable.InvalidInitialization.selector);
        aigc.initialize(address(this), address(this), 0);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        nft.initialize(address(this), address(this), address(this), address(this), address(this), 0, "");
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        AIGC(grid.aigcImplementation).initialize(address(this), address(this), 0);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        GridNFT(grid.nftImplementation)
            .initialize(address(this), address(this), address(this), address(this), address(this), 0, "");

        for (uint64 role; role <= 4; ++role) {
            (bool held,) = authority.hasRole(role, config.deployer);
            assertFalse(held);
            (held,) = authority.hasRole(role, address(script));
            assertFalse(held);
        }
        assertEq(authority.deployer(), address(0));
    }

    function test_Deploy_WhenALiveTokenIsGiven() external {
        AIPG live = new AIPG(address(this));
        config.aipg = address(live);
        config.salt = keccak256("live");
        vm.chainId(8453);
        Deployment memory other = script.deploy(config);
        assertEq(other.aipg, address(live));
        assertEq(address(AIGC(other.aigc).aipg()), address(live));
        assertNotEq(other.aigc, grid.aigc);
    }

    function test_Deploy_GivenItWasDeployedBefore() external {
        vm.recordLogs();
        Deployment memory again = script.deploy(config);
        assertEq(abi.encode(again), abi.encode(grid));
        assertEq(vm.getRecordedLogs().length, 0);
    }

    /// @dev Anybody can make the contracts first: what they make is what the deployer would have made.
    function test_Deploy_GivenItBrokeOffHalfWay() external {
        config.salt = keccak256("another");
        bytes memory creation = bytes.concat(type(GridAuthority).creationCode, abi.encode(config.deployer));
        vm.prank(makeAddr("somebody"));
        (bool ok, bytes memory made) = CREATE2_FACTORY.call(bytes.concat(config.salt, creation));
        assertTrue(ok);
        Deployment memory other = script.deploy(config);
        assertEq(other.authority, address(bytes20(made)));
        assertNotEq(other.authority, grid.authority);
        script.requireAsExpected(config, other);
    }

    // ---------------------------------------------------------------- readConfig

    function test_ReadConfig_GivenALocalChain() external {
        DeployConfig memory read = new DeployWithEnvironment().readConfig(address(1));
        assertEq(read.deployer, address(1));
        assertEq(read.admin, 0x70997970C51812dc3A010C7d01b50e0d17dc79C8);
        assertEq(read.upgrader, 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC);
        assertEq(read.params, 0x90F79bf6EB2c4f870365E785982E1f101E93b906);
        assertEq(read.curator, 0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65);
        assertEq(read.guardian, 0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc);
        assertEq(read.treasury, 0x976EA74026E726554dB657fA54763abd0C3a0aa9);
        assertEq(read.collectionOwner, read.treasury);
        assertEq(read.aipg, address(0));
        assertEq(read.protocolBps, 250);
    }

    function test_ReadConfig_RevertGiven_APublicChainThatLacksAVariable() external {
        DeployWithEnvironment other = new DeployWithEnvironment();
        vm.chainId(8453);
        string[6] memory names =
            ["GRID_ADMIN", "GRID_UPGRADER", "GRID_PARAMS", "GRID_CURATOR", "GRID_GUARDIAN", "GRID_TREASURY"];
        for (uint256 i; i < names.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(GridDeployment.Deploy_Missing.selector, names[i]));
            other.readConfig(address(1));
            other.set(names[i], vm.toString(address(uint160(i + 1))));
        }
        vm.expectRevert(abi.encodeWithSelector(GridDeployment.Deploy_Missing.selector, "GRID_EXTERNAL_URL"));
        other.readConfig(address(1));
        other.set("GRID_EXTERNAL_URL", "https://page/");
        other.readConfig(address(1));
    }

    function test_ReadConfig_RevertGiven_ANumberThatIsTooLarge() external {
        DeployWithEnvironment other = new DeployWithEnvironment();
        other.set("GRID_PROTOCOL_BPS", "65536");
        vm.expectRevert(abi.encodeWithSelector(GridDeployment.Deploy_Unexpected.selector, "GRID_PROTOCOL_BPS"));
        other.readConfig(address(1));
        other.set("GRID_PROTOCOL_BPS", "65535");
        other.set("GRID_MINT_FEE", vm.toString(uint256(type(uint128).max) + 1));
        vm.expectRevert(abi.encodeWithSelector(GridDeployment.Deploy_Unexpected.selector, "GRID_MINT_FEE"));
        other.readConfig(address(1));
    }

    function test_ReadConfig_GivenAPublicChainAndAllVariables() external {
        DeployWithEnvironment other = new DeployWithEnvironment();
        vm.chainId(8453);
        string[8] memory names = [
            "GRID_ADMIN",
            "GRID_UPGRADER",
            "GRID_PARAMS",
            "GRID_CURATOR",
            "GRID_GUARDIAN",
            "GRID_TREASURY",
            "GRID_COLLECTION_OWNER",
            "AIPG_ADDRESS"
        ];
        for (uint256 i; i < names.length; ++i) {
            other.set(names[i], vm.toString(address(uint160(i + 1))));
        }
        other.set("GRID_REGISTRATION_FEE", "11");
        other.set("GRID_MINT_FEE", "12");
        other.set("GRID_PROTOCOL_BPS", "13");
        other.set("GRID_CONTRACT_URI", "ipfs://page");
        other.set("GRID_EXTERNAL_URL", "https://page/");
        other.set("GRID_SALT", vm.toString(keccak256("salt")));
        DeployConfig memory expected = DeployConfig({
            deployer: address(99),
            admin: address(1),
            upgrader: address(2),
            params: address(3),
            curator: address(4),
            guardian: address(5),
            treasury: address(6),
            collectionOwner: address(7),
            aipg: address(8),
            registrationFee: 11,
            mintFee: 12,
            protocolBps: 13,
            contractURI: "ipfs://page",
            externalUrl: "https://page/",
            salt: keccak256("salt")
        });
        assertEq(abi.encode(other.readConfig(address(99))), abi.encode(expected));
    }

    // ---------------------------------------------------------------- toJson

    function test_ToJson_ShouldNameEveryContractItsBlockAndTheChain() external {
        string memory json = script.toJson(grid, 77);
        assertEq(vm.parseJsonUint(json, ".chainId"), 31_337);
        assertEq(vm.parseJsonUint(json, ".startBlock"), 77);
        string[7] memory names =
            ["AIPG", "GridAuthority", "AIGC", "GridSettlement", "WorkerRegistry", "GridRenderer", "GridNFT"];
        address[7] memory addresses =
            [grid.aipg, grid.authority, grid.aigc, grid.settlement, grid.registry, grid.renderer, grid.nft];
        assertEq(vm.parseJsonKeys(json, ".contracts").length, names.length);
        for (uint256 i; i < names.length; ++i) {
            string memory key = string.concat(".contracts.", names[i]);
            assertEq(vm.parseJsonAddress(json, string.concat(key, ".address")), addresses[i]);
            assertEq(vm.parseJsonUint(json, string.concat(key, ".startBlock")), 77);
        }
        assertEq(vm.parseJsonAddress(json, ".implementations.AIGC"), grid.aigcImplementation);
        assertEq(vm.parseJsonAddress(json, ".implementations.GridNFT"), grid.nftImplementation);
    }

    // ---------------------------------------------------------------- requireAsExpected

    function test_RequireAsExpected_RevertGiven_AnythingIsOtherwise() external {
        uint256 state = vm.snapshotState();
        vm.store(grid.aigc, ERC1967Utils.IMPLEMENTATION_SLOT, bytes32(uint256(uint160(address(this)))));
        _expectUnexpected("AIGC's implementation");
        vm.revertToState(state);
        vm.store(grid.nft, ERC1967Utils.IMPLEMENTATION_SLOT, bytes32(uint256(uint160(address(this)))));
        _expectUnexpected("GridNFT's implementation");
        vm.revertToState(state);

        vm.prank(config.guardian);
        authority.renounceRole(4, config.guardian);
        vm.expectRevert(
            abi.encodeWithSelector(GridGovernance.Governance_Unexpected.selector, "a role's holder or its delay")
        );
        script.requireAsExpected(config, grid);
        vm.revertToState(state);

        DeployConfig memory other = config;
        other.deployer = config.curator;
        vm.expectRevert(
            abi.encodeWithSelector(GridGovernance.Governance_Unexpected.selector, "the deployer holds a role")
        );
        script.requireAsExpected(other, grid);
    }

    /// @dev Each answer of the authority that the check asks for, answered otherwise.
    function test_RequireAsExpected_RevertGiven_TheAuthorityIsSetUpOtherwise() external {
        _expectUngoverned(abi.encodeWithSignature("deployer()"), abi.encode(address(1)), "set-up is not over");
        _expectUngoverned(abi.encodeWithSignature("minSetback()"), abi.encode(0), "the setback of delays");
        for (uint64 role; role <= 4; ++role) {
            _expectUngoverned(
                abi.encodeCall(authority.hasRole, (role, config.deployer)),
                abi.encode(true, 0),
                "the deployer holds a role"
            );
            _expectUngoverned(abi.encodeCall(authority.getRoleAdmin, (role)), abi.encode(3), "a role's admin");
            _expectUngoverned(abi.encodeCall(authority.getRoleGuardian, (role)), abi.encode(3), "a role's guardian");
            _expectUngoverned(
                abi.encodeCall(authority.getRoleGrantDelay, (role)), abi.encode(1 days - 1), "a role's grant delay"
            );
        }
        address[5] memory holders = [config.admin, config.upgrader, config.params, config.curator, config.guardian];
        uint32[5] memory delays = [uint32(3 days), 2 days, 1 days, 0, 0];
        for (uint64 role; role <= 4; ++role) {
            bytes memory ask = abi.encodeCall(authority.hasRole, (role, holders[role]));
            _expectUngoverned(ask, abi.encode(false, delays[role]), "a role's holder or its delay");
            _expectUngoverned(ask, abi.encode(true, delays[role] + 1), "a role's holder or its delay");
        }
        _expectUngoverned(
            abi.encodeCall(authority.guardianRevokedAt, (config.guardian)),
            abi.encode(1),
            "the guardian is being revoked"
        );
        Permission[] memory all = GridGovernance.permissions(grid);
        for (uint256 i; i < all.length; ++i) {
            _expectUngoverned(
                abi.encodeCall(authority.getTargetFunctionRole, (all[i].target, all[i].selector)),
                abi.encode(all[i].role + 1),
                "a function's role"
            );
            (bool pinned, uint64 role) = authority.pinnedRole(all[i].selector);
            bytes memory ask = abi.encodeCall(authority.pinnedRole, (all[i].selector));
            _expectUngoverned(ask, abi.encode(!pinned, role), "a function's pin");
            if (pinned) _expectUngoverned(ask, abi.encode(true, role + 1), "a function's pinned role");
        }
        address[4] memory managed = GridGovernance.targets(grid);
        for (uint256 i; i < 4; ++i) {
            _expectUngoverned(
                abi.encodeCall(authority.getTargetAdminDelay, (managed[i])), abi.encode(0), "a target's admin delay"
            );
            _expectUngoverned(
                abi.encodeCall(authority.isTargetClosed, (managed[i])), abi.encode(true), "a target is closed"
            );
        }
        vm.mockCall(grid.registry, abi.encodeWithSignature("authority()"), abi.encode(address(1)));
        vm.expectRevert(abi.encodeWithSelector(GridGovernance.Governance_Unexpected.selector, "a target's authority"));
        script.requireAsExpected(config, grid);
        vm.clearMockedCalls();
        script.requireAsExpected(config, grid);
    }

    // ---------------------------------------------------------------- helpers

    function _expectUngoverned(bytes memory ask, bytes memory answer, string memory what) internal {
        vm.mockCall(grid.authority, ask, answer);
        vm.expectRevert(abi.encodeWithSelector(GridGovernance.Governance_Unexpected.selector, what));
        script.requireAsExpected(config, grid);
        vm.clearMockedCalls();
    }

    function _expectUnexpected(string memory what) internal {
        vm.expectRevert(abi.encodeWithSelector(GridDeployment.Deploy_Unexpected.selector, what));
        script.requireAsExpected(config, grid);
    }

    /// @dev The configuration with account number `i` replaced.
    function _with(uint256 i, address account) internal view returns (DeployConfig memory other) {
        other = config;
        if (i == 0) other.deployer = account;
        if (i == 1) other.admin = account;
        if (i == 2) other.upgrader = account;
        if (i == 3) other.params = account;
        if (i == 4) other.curator = account;
        if (i == 5) other.guardian = account;
        if (i == 6) other.treasury = account;
        if (i == 7) other.collectionOwner = account;
    }
}
