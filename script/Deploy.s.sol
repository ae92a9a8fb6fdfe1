// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Script} from "forge-std/Script.sol";
import {VmSafe} from "forge-std/Vm.sol";

import {DeployConfig, Deployment, GridDeployment} from "./GridDeployment.sol";

/// @title Deploys the protocol
/// @notice Reads its configuration from the environment and writes `deployments/<chain id>.json`.
/// @dev GRID_ADMIN, GRID_UPGRADER, GRID_PARAMS, GRID_CURATOR, GRID_GUARDIAN, GRID_TREASURY, GRID_COLLECTION_OWNER (default: GRID_TREASURY), AIPG_ADDRESS, GRID_REGISTRATION_FEE,
/// GRID_MINT_FEE (AIPG wei), GRID_PROTOCOL_BPS, GRID_CONTRACT_URI, GRID_DEPLOYMENT_FILE, GRID_EXTERNAL_URL, GRID_SALT. On a local chain every one has a
/// default: the accounts of anvil's test mnemonic, and the AIPG stand-in.
contract Deploy is Script, GridDeployment {
    string internal constant TEST_MNEMONIC = "test test test test test test test test test test test junk";

    /// @notice Deploys for whoever sends the transactions.
    function run() external returns (Deployment memory grid) {
        DeployConfig memory config = readConfig(msg.sender);
        uint256 startBlock = block.number;
        grid = deploy(config);
        // A dry run leaves no trace.
        if (vm.isContext(VmSafe.ForgeContext.ScriptBroadcast)) {
            string memory standard = string.concat("deployments/", vm.toString(block.chainid), ".json");
            vm.writeJson(toJson(grid, startBlock), vm.envOr("GRID_DEPLOYMENT_FILE", standard));
        }
    }

    /// @notice The configuration that the environment asks for.
    function readConfig(address deployer) public view returns (DeployConfig memory config) {
        config.deployer = deployer;
        config.admin = _account("GRID_ADMIN", 1);
        config.upgrader = _account("GRID_UPGRADER", 2);
        config.params = _account("GRID_PARAMS", 3);
        config.curator = _account("GRID_CURATOR", 4);
        config.guardian = _account("GRID_GUARDIAN", 5);
        config.treasury = _account("GRID_TREASURY", 6);
        config.collectionOwner = _optional("GRID_COLLECTION_OWNER", config.treasury);
        config.aipg = _optional("AIPG_ADDRESS", address(0));
        config.registrationFee = _amount("GRID_REGISTRATION_FEE", 10e18);
        config.mintFee = _amount("GRID_MINT_FEE", 0.1e18);
        config.protocolBps = uint16(_number("GRID_PROTOCOL_BPS", 250, type(uint16).max));
        config.contractURI = _variable("GRID_CONTRACT_URI");
        config.externalUrl = _variable("GRID_EXTERNAL_URL");
        if (bytes(config.externalUrl).length == 0) {
            if (!_isLocal()) revert Deploy_Missing("GRID_EXTERNAL_URL");
            config.externalUrl = "http://localhost:3000/token/";
        }
        string memory salt = _variable("GRID_SALT");
        config.salt = bytes(salt).length == 0 ? keccak256("GridNFT 1") : vm.parseBytes32(salt);
    }

    /// @notice `deployments/<chain id>.json`.
    /// @param startBlock The block before the first transaction: no log of the protocol is older.
    function toJson(Deployment memory grid, uint256 startBlock) public returns (string memory) {
        string memory contracts = "contracts";
        _entry(contracts, "AIPG", grid.aipg, startBlock);
        _entry(contracts, "GridAuthority", grid.authority, startBlock);
        _entry(contracts, "AIGC", grid.aigc, startBlock);
        _entry(contracts, "GridSettlement", grid.settlement, startBlock);
        _entry(contracts, "WorkerRegistry", grid.registry, startBlock);
        _entry(contracts, "GridRenderer", grid.renderer, startBlock);
        contracts = _entry(contracts, "GridNFT", grid.nft, startBlock);
        string memory implementations = "implementations";
        vm.serializeAddress(implementations, "AIGC", grid.aigcImplementation);
        implementations = vm.serializeAddress(implementations, "GridNFT", grid.nftImplementation);
        string memory file = "deployment";
        vm.serializeUint(file, "chainId", block.chainid);
        vm.serializeUint(file, "startBlock", startBlock);
        vm.serializeString(file, "implementations", implementations);
        return vm.serializeString(file, "contracts", contracts);
    }

    // ---------------------------------------------------------------- internal

    function _entry(string memory object, string memory name, address account, uint256 startBlock)
        private
        returns (string memory)
    {
        string memory entry = string.concat(object, ".", name);
        vm.serializeUint(entry, "startBlock", startBlock);
        return vm.serializeString(object, name, vm.serializeAddress(entry, "address", account));
    }

    /// @dev A variable of the environment; empty when it isn't set.
    function _variable(string memory name) internal view virtual returns (string memory) {
        return vm.envOr(name, string(""));
    }

    function _optional(string memory variable, address standard) private view returns (address) {
        string memory text = _variable(variable);
        return bytes(text).length == 0 ? standard : vm.parseAddress(text);
    }

    /// @dev On a local chain, by default, account number `index` of the test mnemonic.
    function _account(string memory variable, uint32 index) private view returns (address account) {
        account = _optional(variable, address(0));
        if (account == address(0) && _isLocal()) account = vm.addr(vm.deriveKey(TEST_MNEMONIC, index));
        if (account == address(0)) revert Deploy_Missing(variable);
    }

    function _amount(string memory variable, uint256 standard) private view returns (uint128) {
        return uint128(_number(variable, standard, type(uint128).max));
    }

    /// @dev A number out of its type's range must not be cut off silently. The contracts check their own caps.
    function _number(string memory variable, uint256 standard, uint256 max) private view returns (uint256 number) {
        string memory text = _variable(variable);
        number = bytes(text).length == 0 ? standard : vm.parseUint(text);
        if (number > max) revert Deploy_Unexpected(variable);
    }
}
