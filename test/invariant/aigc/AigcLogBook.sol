// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1967} from "@openzeppelin/contracts/interfaces/IERC1967.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";
import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {Vm} from "forge-std/Vm.sol";

import {Access, IAIGC, Model, ModelSpec} from "../../../contracts/interfaces/IAIGC.sol";
import {IERC4907} from "../../../contracts/interfaces/IERC4907.sol";
import {IERC7572} from "../../../contracts/interfaces/IERC7572.sol";

/// @notice Second registry, rebuilt from AIGC's logs alone.
contract AigcLogBook {
    /// @dev A model and its token.
    struct Page {
        Model model;
        address owner;
        address approved;
        address user;
        uint64 userExpires;
        address royaltyReceiver;
        uint64 moves;
        uint64 shown;
    }

    error UnknownLog(bytes32 topic);
    error Contradiction(string what);

    address private immutable _aigc;

    mapping(uint256 modelId => Page) private _pages;
    mapping(uint256 modelId => mapping(address account => uint40)) public licenses;
    mapping(address owner => uint256) public balances;
    mapping(address owner => mapping(address operator => bool)) public operators;
    /// @dev AIPG wei that the logs say went to an account, and came from it.
    mapping(address account => uint256) public earned;
    mapping(address account => uint256) public spent;
    uint256 public count;
    uint128 public fee;
    address public treasury;
    address public implementation;
    bool public paused;
    bool public upgradesSealed;

    constructor(address aigc, uint128 fee_, address treasury_) {
        (_aigc, fee, treasury) = (aigc, fee_, treasury_);
    }

    function page(uint256 modelId) external view returns (Page memory) {
        return _pages[modelId];
    }

    /// @notice Reads the logs of one transaction that succeeded.
    function replay(Vm.Log[] calldata logs) external {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter != _aigc) continue;
            bytes32[] calldata topics = logs[i].topics;
            bytes calldata data = logs[i].data;
            if (_readContract(topics, data) || _readToken(topics, data)) continue;
            Page storage model = _pages[uint256(topics[1])];
            if (model.owner == address(0)) revert Contradiction("a log of no model");
            if (_readMoney(model, topics, data) || _readMark(model, topics, data)) continue;
            _readChange(model, topics, data);
        }
    }

    function _readContract(bytes32[] calldata topics, bytes calldata data) private returns (bool) {
        bytes32 topic = topics[0];
        if (topic == IAIGC.RegistrationFeeSet.selector) fee = abi.decode(data, (uint128));
        else if (topic == IAIGC.TreasurySet.selector) treasury = _address(topics[1]);
        else if (topic == IAIGC.UpgradesSealed.selector) upgradesSealed = true;
        else if (topic == IERC1967.Upgraded.selector) implementation = _address(topics[1]);
        else if (topic == PausableUpgradeable.Paused.selector) paused = true;
        else if (topic == PausableUpgradeable.Unpaused.selector) paused = false;
        else return topic == IERC7572.ContractURIUpdated.selector || topic == IERC4906.MetadataUpdate.selector;
        return true;
    }

    function _readToken(bytes32[] calldata topics, bytes calldata data) private returns (bool) {
        bytes32 topic = topics[0];
        if (topic == IERC721.ApprovalForAll.selector) {
            operators[_address(topics[1])][_address(topics[2])] = abi.decode(data, (bool));
        } else if (topic == IERC721.Approval.selector) {
            _pages[uint256(topics[3])].approved = _address(topics[2]);
        } else if (topic == IERC721.Transfer.selector) {
            (address from, address to) = (_address(topics[1]), _address(topics[2]));
            Page storage model = _pages[uint256(topics[3])];
            if (model.owner != from) revert Contradiction("a transfer from somebody else");
            (model.owner, model.approved) = (to, address(0));
            if (from != address(0)) {
                ++model.moves;
                --balances[from];
            }
            ++balances[to];
        } else {
            return false;
        }
        return true;
    }

    function _readMoney(Page storage page_, bytes32[] calldata topics, bytes calldata data) private returns (bool) {
        if (topics[0] == IAIGC.ModelRegistered.selector) {
            (ModelSpec memory spec, address registrant, uint128 paid) = abi.decode(data, (ModelSpec, address, uint128));
            page_.model.spec = spec;
            page_.model.modelId = uint256(topics[1]);
            page_.model.creator = _address(topics[2]);
            page_.model.registeredAt = uint40(block.timestamp);
            page_.royaltyReceiver = page_.model.creator;
            if (++count != page_.model.modelId || topics[3] != spec.weightsHash) {
                revert Contradiction("a registration");
            }
            earned[treasury] += paid;
            spent[registrant] += paid;
        } else if (topics[0] == IAIGC.LicenseBought.selector) {
            (address seller,, uint128 price, uint40 expires) = abi.decode(data, (address, uint32, uint128, uint40));
            if (seller != page_.owner) revert Contradiction("a license sold by somebody else");
            licenses[uint256(topics[1])][_address(topics[2])] = expires;
            earned[seller] += price;
            spent[_address(topics[3])] += price;
        } else {
            return false;
        }
        return true;
    }

    function _readMark(Page storage page_, bytes32[] calldata topics, bytes calldata data) private returns (bool) {
        if (topics[0] == IERC4907.UpdateUser.selector) {
            (page_.user, page_.userExpires) = (_address(topics[2]), abi.decode(data, (uint64)));
        } else if (topics[0] == IAIGC.RoyaltyReceiverSet.selector) {
            page_.royaltyReceiver = _address(topics[2]);
        } else {
            return false;
        }
        return true;
    }

    /// @dev Counts what a buyer of the token relies on.
    function _readChange(Page storage page_, bytes32[] calldata topics, bytes calldata data) private {
        bytes32 topic = topics[0];
        if (topic == IAIGC.WeightsMoved.selector) {
            page_.model.spec.weightsURI = abi.decode(data, (string));
        } else if (topic == IAIGC.AccessSet.selector) {
            page_.model.spec.access = abi.decode(data, (Access));
        } else if (topic == IAIGC.LicenseTermsSet.selector) {
            (page_.model.licensePrice, page_.model.licensePeriod) = abi.decode(data, (uint128, uint32));
        } else if (topic == IAIGC.UsageRoyaltyAnnounced.selector) {
            (page_.model.spec.usageBps, page_.model.nextUsageBps, page_.model.nextUsageFrom) =
                abi.decode(data, (uint16, uint16, uint40));
        } else if (topic == IAIGC.VerifiedSet.selector) {
            page_.model.verified = abi.decode(data, (bool));
        } else if (topic == IAIGC.DeprecatedSet.selector) {
            page_.model.deprecated = abi.decode(data, (bool));
        } else {
            revert UnknownLog(topic);
        }
        ++page_.shown;
    }

    function _address(bytes32 topic) private pure returns (address) {
        return address(uint160(uint256(topic)));
    }
}
