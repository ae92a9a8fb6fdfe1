// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20Errors, IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";
import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";

import {AIGC} from "../../../contracts/AIGC.sol";
import {AIPG} from "../../../contracts/dev/AIPG.sol";
import {Access, IAIGC, Model} from "../../../contracts/interfaces/IAIGC.sol";
import {CallingReceiver} from "../../utils/AigcActors.sol";
import {AigcLogBook} from "./AigcLogBook.sol";

/// @dev Contract that takes no tokens by `safeTransferFrom`.
contract Bystander {}

/// @notice Accounts that hold a role.
struct Staff {
    address admin;
    address upgrader;
    address params;
    address curator;
    address guardian;
}

/// @notice State that AIGC must have, written from `IAIGC` alone, and what every handler does around a call.
/// @dev A handler says beforehand what its call must be refused with; nothing when it must succeed. A call with another
/// fate is a violation, and so are a log that contradicts the logs before it, and metadata that changes in silence.
abstract contract AigcReference is Test {
    /// @dev A model and its token.
    struct Ghost {
        Model model;
        address owner;
        address approved;
        address user;
        uint64 userExpires;
        address royaltyReceiver;
        uint64 moves;
        uint64 shown;
        bytes32 identity;
        bytes32 metadata;
    }

    uint256 public constant MAX_MODELS = 7;
    uint256 public constant ACTORS = 7;
    uint256 internal constant POOR = 5;
    uint256 internal constant RICHES = 1e30;

    AIPG internal aipg;
    AIGC internal aigc;
    AigcLogBook public book;
    Staff internal staff;
    /// @dev Four people, a contract that takes tokens, one of the people without AIPG, a contract that takes no tokens.
    address[ACTORS] public actors;

    mapping(uint256 modelId => Ghost) internal ghosts;
    mapping(uint256 modelId => mapping(address account => uint40)) public licenses;
    mapping(address owner => mapping(address operator => bool)) public operators;
    mapping(address account => uint256) public money;
    uint256 public count;
    uint128 public fee;
    address public treasury;
    address public implementation;
    string public contractURI;
    bool public paused;
    bool public tokenPaused;
    bool public isSealed;

    uint256 public time;
    mapping(bytes32 action => uint256) public calls;
    mapping(bytes32 action => uint256) public successes;
    /// @dev The first thing that must not have happened.
    string public violation;
    uint256 internal logCount;

    constructor(AIPG aipg_, AIGC aigc_, Staff memory staff_) {
        (aipg, aigc, staff) = (aipg_, aigc_, staff_);
        (time, fee, treasury) = (block.timestamp, aigc_.registrationFee(), aigc_.treasury());
        contractURI = aigc_.contractURI();
        book = new AigcLogBook(address(aigc_), fee, treasury);
        for (uint256 i; i < ACTORS; ++i) {
            actors[i] = makeAddr(string.concat("actor ", vm.toString(i)));
        }
        (actors[4], actors[6]) = (address(new CallingReceiver()), address(new Bystander()));
        for (uint256 i; i < ACTORS; ++i) {
            if (i == POOR) continue;
            money[actors[i]] = RICHES;
            vm.prank(aipg_.owner());
            aipg_.mint(actors[i], RICHES);
            vm.prank(actors[i]);
            aipg_.approve(address(aigc_), type(uint256).max);
        }
    }

    modifier act() {
        vm.warp(time);
        _;
    }

    // ---------------------------------------------------------------- one call

    /// @param action Name under which the call is counted.
    /// @param modelId Model that the call may change; 0 for none.
    /// @param refusal What AIGC must answer; empty when the call must succeed.
    function _call(bytes32 action, address caller, uint256 modelId, bytes memory data, bytes memory refusal)
        internal
        returns (bool ok)
    {
        bytes memory answer;
        ++calls[action];
        vm.recordLogs();
        vm.prank(caller);
        (ok, answer) = address(aigc).call(data);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        // The cheatcode records the logs of a call that reverted, too; a chain doesn't.
        if (!ok) logs = new Vm.Log[](0);
        logCount = logs.length;
        if (ok) ++successes[action];
        if (ok && refusal.length != 0) _violate(action, "must be refused");
        if (!ok && keccak256(answer) != keccak256(refusal)) _violate(action, vm.toString(answer));
        try book.replay(logs) {}
        catch {
            _violate(action, "a log contradicts the logs before it");
        }
        _watchMetadata(action, modelId, logs);
    }

    /// @dev ERC-4906 comes if and only if `tokenURI` changed. The models that a call has nothing to do with are looked at
    /// between the calls, by `silentlyChanged`.
    function _watchMetadata(bytes32 action, uint256 modelId, Vm.Log[] memory logs) private {
        for (uint256 i = 1; i <= aigc.totalSupply(); ++i) {
            bool said = _says(logs, i);
            if (!said && i != modelId) continue;
            bytes32 metadata = keccak256(bytes(aigc.tokenURI(i)));
            if (said != (metadata != ghosts[i].metadata)) _violate(action, said ? "13: idle 4906" : "13: silent 4906");
            ghosts[i].metadata = metadata;
        }
    }

    /// @dev A mint tells a marketplace as much as ERC-4906 does.
    function _says(Vm.Log[] memory logs, uint256 modelId) private view returns (bool said) {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter != address(aigc)) continue;
            if (logs[i].topics[0] == IERC4906.MetadataUpdate.selector) {
                said = said || abi.decode(logs[i].data, (uint256)) == modelId;
            } else if (logs[i].topics[0] == IERC721.Transfer.selector && logs[i].topics[1] == 0) {
                said = said || uint256(logs[i].topics[3]) == modelId;
            }
        }
    }

    function _violate(bytes32 action, string memory what) internal {
        if (bytes(violation).length == 0) violation = string.concat(nameOf(action), ": ", what);
    }

    /// @dev A setter that was given what is stored.
    function _changedNothing(bytes32 action) internal {
        ++successes["noChange"];
        if (logCount != 0) _violate(action, "13: said a change that was none");
    }

    // ---------------------------------------------------------------- views

    function ghostOf(uint256 modelId) external view returns (Ghost memory) {
        return ghosts[modelId];
    }

    /// @notice First model whose metadata changed without a word, 0 when there is none.
    function silentlyChanged() external view returns (uint256) {
        for (uint256 i = 1; i <= count; ++i) {
            if (keccak256(bytes(aigc.tokenURI(i))) != ghosts[i].metadata) return i;
        }
        return 0;
    }

    function usageBpsOf(uint256 modelId) public view returns (uint16) {
        Model storage model = ghosts[modelId].model;
        bool inForce = model.nextUsageFrom != 0 && model.nextUsageFrom <= time;
        return inForce ? model.nextUsageBps : model.spec.usageBps;
    }

    function userOf(uint256 modelId) public view returns (address) {
        return ghosts[modelId].userExpires < time ? address(0) : ghosts[modelId].user;
    }

    function canUse(uint256 modelId, address account) external view returns (bool) {
        Ghost storage ghost = ghosts[modelId];
        if (ghost.owner == address(0) || account == address(0)) return false;
        return ghost.model.spec.access == Access.OPEN || account == ghost.owner || account == userOf(modelId)
            || licenses[modelId][account] >= time;
    }

    /// @notice Hash of everything that is write-once.
    function identityOf(uint256 modelId) public view returns (bytes32) {
        Model memory model = aigc.modelOf(modelId);
        model.spec.weightsURI = "";
        model.spec.access = Access.OPEN;
        model.spec.usageBps = 0;
        return keccak256(abi.encode(model.spec, model.creator, model.registeredAt));
    }

    function nameOf(bytes32 action) public pure returns (string memory) {
        uint256 length;
        while (length < 32 && action[length] != 0) ++length;
        bytes memory text = new bytes(length);
        for (uint256 i; i < length; ++i) {
            text[i] = action[i];
        }
        return string(text);
    }

    // ---------------------------------------------------------------- refusals

    /// @dev Of a function that only the model's owner may call; empty for the owner.
    function _ownersOnly(uint256 modelId, address caller) internal view returns (bytes memory) {
        address owner = ghosts[modelId].owner;
        if (owner == address(0)) return abi.encodeWithSelector(IAIGC.AIGC_UnknownModel.selector, modelId);
        if (owner != caller) return abi.encodeWithSelector(IAIGC.AIGC_NotOwner.selector, modelId, caller);
        return "";
    }

    /// @dev Of a function for the owner, its operators and the account approved for the token.
    function _authorizedOnly(uint256 modelId, address caller) internal view returns (bytes memory) {
        Ghost storage ghost = ghosts[modelId];
        if (ghost.owner == address(0)) {
            return abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, modelId);
        }
        if (caller == ghost.owner || caller == ghost.approved || operators[ghost.owner][caller]) return "";
        return abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, caller, modelId);
    }

    function _rolesOnly(address holder, address caller) internal pure returns (bytes memory) {
        if (caller == holder) return "";
        return abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller);
    }

    /// @dev Of a payment by `caller`: only one of the people has no AIPG, and has approved none.
    function _paymentOf(address caller, uint256 amount) internal view returns (bytes memory) {
        if (amount == 0) return "";
        if (caller == actors[POOR]) {
            return abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(aigc), 0, amount);
        }
        return tokenPaused ? _enforcedPause() : bytes("");
    }

    function _enforcedPause() internal pure returns (bytes memory) {
        return abi.encodeWithSelector(PausableUpgradeable.EnforcedPause.selector);
    }

    function _zeroAddress(string memory field) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IAIGC.AIGC_ZeroAddress.selector, field);
    }

    function _invalidReceiver(address to) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, to);
    }

    // ---------------------------------------------------------------- choosing

    /// @dev Mostly a model that exists; also 0 and the next id.
    function _model(uint256 seed) internal view returns (uint256) {
        seed = uint256(keccak256(abi.encode("model", seed)));
        if (seed % 16 == 0) return (seed >> 8) % 2 == 0 ? 0 : count + 1;
        return 1 + (seed >> 8) % count;
    }

    function _actor(uint256 seed) internal view returns (address) {
        return actors[uint256(keccak256(abi.encode("actor", seed))) % ACTORS];
    }

    /// @dev The one who may, three times in four.
    function _mostly(address who, uint256 seed) internal view returns (address) {
        return who == address(0) || seed % 4 == 0 ? _actor(seed) : who;
    }

    function _move(address from, address to, uint256 amount) internal {
        money[from] -= amount;
        money[to] += amount;
    }
}
