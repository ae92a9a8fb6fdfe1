// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {CommonBase} from "forge-std/Base.sol";
import {LibString} from "solady/utils/LibString.sol";

import {AIGC} from "../contracts/AIGC.sol";
import {GridAuthority} from "../contracts/GridAuthority.sol";
import {GridNFT} from "../contracts/GridNFT.sol";
import {GridRenderer} from "../contracts/GridRenderer.sol";
import {GridSettlement} from "../contracts/GridSettlement.sol";
import {AIPG} from "../contracts/dev/AIPG.sol";
import {JsonText} from "../contracts/messages/JsonText.sol";
import {GridGovernance} from "./GridGovernance.sol";

/// @notice Parties and parameters of a deployment. Amounts are AIPG wei.
/// @param deployer Sends the transactions; holds nothing afterwards.
/// @param admin Multisig that holds ADMIN.
/// @param upgrader Holds UPGRADER.
/// @param params Holds PARAMS.
/// @param curator Holds CURATOR.
/// @param guardian Holds GUARDIAN; neither of the other three that it watches.
/// @param treasury Gets fees.
/// @param collectionOwner ERC-173 owner of GridNFT, powerless: who edits the collection's page on marketplaces.
/// @param aipg The live token; the zero address makes the stand-in, on a local chain only.
/// @param registrationFee Registering a model costs this.
/// @param mintFee Minting an artwork costs this.
/// @param protocolBps Protocol fee of the first fee config, basis points.
/// @param contractURI Collection metadata of GridNFT.
/// @param externalUrl What GridRenderer puts before a token id: the page of an artwork in a gallery.
/// @param salt Same salt and configuration, same addresses.
struct DeployConfig {
    address deployer;
    address admin;
    address upgrader;
    address params;
    address curator;
    address guardian;
    address treasury;
    address collectionOwner;
    address aipg;
    uint128 registrationFee;
    uint128 mintFee;
    uint16 protocolBps;
    string contractURI;
    string externalUrl;
    bytes32 salt;
}

/// @notice Addresses of a deployment.
struct Deployment {
    address aipg;
    address authority;
    address aigc;
    address aigcImplementation;
    address settlement;
    address registry;
    address renderer;
    address nft;
    address nftImplementation;
}

/// @title The deployment
/// @notice Deployment that `Deploy.s.sol` broadcasts and that the tests run.
/// @dev Every contract is made by the CREATE2 factory that is on every chain, so its address follows from its code, its constructor
/// arguments and the salt. What is there already is left alone: a deployment that broke off goes on when it is
/// started again. Proxies are initialised by their own constructor. Roles, delays and the deployer's leaving are one transaction.
abstract contract GridDeployment is CommonBase {
    /// @notice The configuration lacks `field`.
    error Deploy_Missing(string field);
    /// @notice `field` must not be the same account as `other`.
    error Deploy_SameAccount(string field, string other);
    /// @notice The token at AIPG_ADDRESS isn't an ERC-20 with 18 decimals.
    error Deploy_NotAToken(address token);
    /// @notice Another configuration was deployed by this deployer with this salt: choose another salt.
    error Deploy_SaltUsed(bytes32 salt);
    /// @notice There is no CREATE2 factory on this chain.
    error Deploy_NoFactory(address factory);
    /// @notice A contract couldn't be made.
    error Deploy_Failed(string name, bytes reason);
    /// @notice The deployed system isn't what it should be.
    error Deploy_Unexpected(string what);

    /// @dev True when this run made anything but the token.
    bool private _made;

    /// @notice Makes whatever isn't there yet, and hands it over.
    function deploy(DeployConfig memory config) public returns (Deployment memory grid) {
        _check(config);
        vm.startBroadcast(config.deployer);
        bytes32 salt = config.salt;
        grid.aipg = config.aipg;
        if (grid.aipg == address(0)) {
            grid.aipg = _make("AIPG", salt, type(AIPG).creationCode, abi.encode(config.deployer));
        }
        _made = false;
        grid.authority = _make("GridAuthority", salt, type(GridAuthority).creationCode, abi.encode(config.deployer));
        grid.aigcImplementation = _make("AIGC", salt, type(AIGC).creationCode, abi.encode(grid.aipg));
        grid.aigc = _proxy(
            "AIGC proxy",
            salt,
            grid.aigcImplementation,
            abi.encodeCall(AIGC.initialize, (grid.authority, config.treasury, config.registrationFee))
        );
        grid.settlement = _make(
            "GridSettlement",
            salt,
            type(GridSettlement).creationCode,
            abi.encode(grid.aipg, grid.aigc, grid.authority, config.treasury, config.protocolBps)
        );
        grid.registry = address(GridSettlement(grid.settlement).registry());
        _makeNft(config, grid);
        if (GridAuthority(grid.authority).deployer() != address(0)) {
            GridAuthority(grid.authority).multicall(GridGovernance.setUpCalls(config, grid));
        } else if (_made) {
            // The authority was handed over before what it should govern was made: it governs something else.
            revert Deploy_SaltUsed(salt);
        }
        vm.stopBroadcast();
        requireAsExpected(config, grid);
    }

    /// @notice Reverts unless the deployed system is wired and governed as it should be. Anybody may ask, at any time
    /// before the first upgrade.
    function requireAsExpected(DeployConfig memory config, Deployment memory grid) public view {
        _require(_implementationOf(grid.aigc) == grid.aigcImplementation, "AIGC's implementation");
        _require(_implementationOf(grid.nft) == grid.nftImplementation, "GridNFT's implementation");
        _require(AIGC(grid.aigc).authority() == grid.authority, "AIGC's authority");
        _require(GridNFT(grid.nft).authority() == grid.authority, "GridNFT's authority");
        _require(GridSettlement(grid.settlement).authority() == grid.authority, "GridSettlement's authority");
        _require(address(AIGC(grid.aigc).aipg()) == grid.aipg, "AIGC's token");
        _require(address(GridNFT(grid.nft).aipg()) == grid.aipg, "GridNFT's token");
        _require(address(GridSettlement(grid.settlement).aipg()) == grid.aipg, "GridSettlement's token");
        _require(address(GridNFT(grid.nft).models()) == grid.aigc, "GridNFT's models");
        _require(address(GridSettlement(grid.settlement).models()) == grid.aigc, "GridSettlement's models");
        _require(GridNFT(grid.nft).anchorSource(0) == grid.settlement, "GridNFT's first anchor source");
        _require(GridNFT(grid.nft).renderer() == grid.renderer, "GridNFT's renderer");
        _require(address(GridRenderer(grid.renderer).models()) == grid.aigc, "GridRenderer's models");
        GridGovernance.requireGoverned(config, grid);
    }

    // ---------------------------------------------------------------- internal

    function _makeNft(DeployConfig memory config, Deployment memory grid) private {
        grid.renderer = _make(
            "GridRenderer", config.salt, type(GridRenderer).creationCode, abi.encode(grid.aigc, config.externalUrl)
        );
        grid.nftImplementation =
            _make("GridNFT", config.salt, type(GridNFT).creationCode, abi.encode(grid.aipg, grid.aigc));
        grid.nft = _proxy(
            "GridNFT proxy",
            config.salt,
            grid.nftImplementation,
            abi.encodeCall(
                GridNFT.initialize,
                (
                    grid.authority,
                    config.collectionOwner,
                    grid.settlement,
                    grid.renderer,
                    config.treasury,
                    config.mintFee,
                    config.contractURI
                )
            )
        );
    }

    function _check(DeployConfig memory config) private view {
        _requireAccount(config.deployer, "deployer");
        _requireAccount(config.admin, "admin");
        _requireAccount(config.upgrader, "upgrader");
        _requireAccount(config.params, "params");
        _requireAccount(config.curator, "curator");
        _requireAccount(config.guardian, "guardian");
        _requireAccount(config.treasury, "treasury");
        _requireAccount(config.collectionOwner, "collectionOwner");
        if (bytes(config.externalUrl).length == 0) revert Deploy_Missing("externalUrl");
        JsonText.requireText(bytes(config.externalUrl), 256, "externalUrl");
        if (!LibString.eq(JsonText.escape(config.externalUrl), config.externalUrl)) {
            revert Deploy_Unexpected("externalUrl"); // it stands in JSON as it is
        }
        // Whoever deploys holds nothing afterwards; whoever watches isn't whom it watches.
        _requireOther(config.admin, config.deployer, "admin", "deployer");
        _requireOther(config.upgrader, config.deployer, "upgrader", "deployer");
        _requireOther(config.params, config.deployer, "params", "deployer");
        _requireOther(config.curator, config.deployer, "curator", "deployer");
        _requireOther(config.guardian, config.deployer, "guardian", "deployer");
        _requireOther(config.guardian, config.admin, "guardian", "admin");
        _requireOther(config.guardian, config.upgrader, "guardian", "upgrader");
        _requireOther(config.guardian, config.params, "guardian", "params");
        if (CREATE2_FACTORY.code.length == 0) revert Deploy_NoFactory(CREATE2_FACTORY);
        if (config.aipg == address(0)) {
            if (!_isLocal()) revert Deploy_Missing("aipg");
            return;
        }
        (bool ok, bytes memory answer) = config.aipg.staticcall(abi.encodeCall(IERC20Metadata.decimals, ()));
        if (!ok || answer.length != 32 || abi.decode(answer, (uint256)) != 18) revert Deploy_NotAToken(config.aipg);
    }

    function _isLocal() internal view returns (bool) {
        return block.chainid == 31_337 || block.chainid == 1337;
    }

    function _requireAccount(address account, string memory field) private pure {
        if (account == address(0)) revert Deploy_Missing(field);
    }

    function _requireOther(address account, address other, string memory field, string memory otherField) private pure {
        if (account == other) revert Deploy_SameAccount(field, otherField);
    }

    function _require(bool condition, string memory what) private pure {
        if (!condition) revert Deploy_Unexpected(what);
    }

    function _proxy(string memory name, bytes32 salt, address implementation, bytes memory call_)
        private
        returns (address)
    {
        return _make(name, salt, type(ERC1967Proxy).creationCode, abi.encode(implementation, call_));
    }

    function _make(string memory name, bytes32 salt, bytes memory code, bytes memory arguments)
        private
        returns (address made)
    {
        bytes memory creation = bytes.concat(code, arguments);
        made = vm.computeCreate2Address(salt, keccak256(creation));
        if (made.code.length != 0) return made;
        (bool ok,) = CREATE2_FACTORY.call(bytes.concat(salt, creation));
        if (!ok || made.code.length == 0) revert Deploy_Failed(name, _reasonOf(creation));
        _made = true;
    }

    /// @dev The factory doesn't say why a constructor reverted: ask it once more, here and on no chain.
    function _reasonOf(bytes memory creation) private returns (bytes memory reason) {
        vm.stopBroadcast();
        assembly ("memory-safe") {
            pop(create(0, add(creation, 0x20), mload(creation)))
            reason := mload(0x40)
            mstore(reason, returndatasize())
            returndatacopy(add(reason, 0x20), 0, returndatasize())
            mstore(0x40, add(add(reason, 0x20), returndatasize()))
        }
    }

    function _implementationOf(address proxy) internal view returns (address) {
        return address(uint160(uint256(vm.load(proxy, ERC1967Utils.IMPLEMENTATION_SLOT))));
    }
}
