// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {Access, IAIGC, Model} from "../../../contracts/interfaces/IAIGC.sol";
import {IERC4907} from "../../../contracts/interfaces/IERC4907.sol";
import {JsonText} from "../../../contracts/messages/JsonText.sol";
import {AigcReference} from "./AigcReference.sol";

/// @notice Actions of owners, creators, operators and those who would be one, on a model and its token.
abstract contract AigcOwnerHandler is AigcReference {
    // ---------------------------------------------------------------- terms

    function setWeightsURI(uint256 which, uint256 who, uint256 seed) external act {
        uint256 modelId = _model(which);
        address caller = _mostly(ghosts[modelId].owner, who);
        string memory uri = seed % 8 == 0 ? "\n" : string.concat("ipfs://", vm.toString(seed % 3));
        bytes memory refusal = _ownersOnly(modelId, caller);
        if (refusal.length == 0 && seed % 8 == 0) {
            refusal = abi.encodeWithSelector(JsonText.JsonText_Invalid.selector, "weightsURI", 0);
        }
        if (!_call("setWeightsURI", caller, modelId, abi.encodeCall(IAIGC.setWeightsURI, (modelId, uri)), refusal)) {
            return;
        }
        Model storage model = ghosts[modelId].model;
        if (keccak256(bytes(model.spec.weightsURI)) == keccak256(bytes(uri))) return _changedNothing("setWeightsURI");
        model.spec.weightsURI = uri;
        ++ghosts[modelId].shown;
    }

    function setAccess(uint256 which, uint256 who, uint256 seed) external act {
        uint256 modelId = _model(which);
        address caller = _mostly(ghosts[modelId].owner, who);
        // Half of the models sell licenses.
        Access access = seed % 2 == 0 ? Access.LICENSED : Access((seed >> 8) % 3);
        bytes memory data = abi.encodeCall(IAIGC.setAccess, (modelId, access));
        if (!_call("setAccess", caller, modelId, data, _ownersOnly(modelId, caller))) return;
        if (ghosts[modelId].model.spec.access == access) return _changedNothing("setAccess");
        ghosts[modelId].model.spec.access = access;
        ++ghosts[modelId].shown;
    }

    /// @dev Up to its cap, and one above it.
    function announceUsageRoyalty(uint256 which, uint256 who, uint256 seed) external act {
        uint256 modelId = _model(which);
        address caller = _mostly(ghosts[modelId].owner, who);
        uint16 bps = uint16([seed % 2002, 2000, 2001, 0][(seed >> 16) % 4]);
        bytes memory refusal = _ownersOnly(modelId, caller);
        if (refusal.length == 0 && bps > 2000) {
            refusal = abi.encodeWithSelector(IAIGC.AIGC_UsageRoyaltyTooHigh.selector, bps, uint16(2000));
        }
        bytes memory data = abi.encodeCall(IAIGC.announceUsageRoyalty, (modelId, bps));
        for (uint256 i; i <= (seed >> 32) % 2; ++i) {
            // twice in a block
            if (!_call("announceUsageRoyalty", caller, modelId, data, refusal)) return;
            Model storage model = ghosts[modelId].model;
            if (model.nextUsageFrom == time + 7 days && model.nextUsageBps == bps) {
                _changedNothing("announceUsageRoyalty");
                continue;
            }
            model.spec.usageBps = usageBpsOf(modelId);
            (model.nextUsageBps, model.nextUsageFrom) = (bps, uint40(time + 7 days));
            ++ghosts[modelId].shown;
        }
    }

    function setLicenseTerms(uint256 which, uint256 who, uint256 seed) external act {
        uint256 modelId = _model(which);
        address caller = _mostly(ghosts[modelId].owner, who);
        uint128 price = uint128([0, 1, seed % 10e18, 5e18][(seed >> 8) % 4]);
        uint32 period = uint32(
            [seed % 90 days, 1 days, 36_525 days, 36_525 days + 1, 0, 30 days, 7 days, 10 days][(seed >> 16) % 8]
        );
        bytes memory refusal = _ownersOnly(modelId, caller);
        if (refusal.length == 0 && period > 36_525 days) {
            refusal = abi.encodeWithSelector(IAIGC.AIGC_PeriodTooLong.selector, period, uint32(36_525 days));
        }
        bytes memory data = abi.encodeCall(IAIGC.setLicenseTerms, (modelId, price, period));
        if (!_call("setLicenseTerms", caller, modelId, data, refusal)) return;
        Model storage model = ghosts[modelId].model;
        if (model.licensePrice == price && model.licensePeriod == period) return _changedNothing("setLicenseTerms");
        (model.licensePrice, model.licensePeriod) = (price, period);
        ++ghosts[modelId].shown;
    }

    /// @dev By the creator, who need not be the owner.
    function setRoyaltyReceiver(uint256 which, uint256 who, uint256 seed) external act {
        uint256 modelId = _model(which);
        address creator = ghosts[modelId].model.creator;
        address caller = _mostly(creator, who);
        address receiver = seed % 8 == 0 ? address(0) : _actor(seed);
        bytes memory refusal;
        if (creator == address(0)) {
            refusal = abi.encodeWithSelector(IAIGC.AIGC_UnknownModel.selector, modelId);
        } else if (creator != caller) {
            refusal = abi.encodeWithSelector(IAIGC.AIGC_NotCreator.selector, modelId, caller);
        } else if (receiver == address(0)) {
            refusal = _zeroAddress("receiver");
        }
        bytes memory data = abi.encodeCall(IAIGC.setRoyaltyReceiver, (modelId, receiver));
        if (_call("setRoyaltyReceiver", caller, modelId, data, refusal)) ghosts[modelId].royaltyReceiver = receiver;
    }

    /// @dev For some hours, for ever, until now, until before, or nobody.
    function setUser(uint256 which, uint256 who, uint256 seed) external act {
        uint256 modelId = _model(which);
        address caller = _mostly(ghosts[modelId].owner, who);
        address user = seed % 8 == 0 ? address(0) : _actor(seed);
        uint64 expires =
            uint64([time + seed % 30 days, time + 1 hours, type(uint64).max, time, time - 1][(seed >> 8) % 5]);
        bytes memory data = abi.encodeCall(IERC4907.setUser, (modelId, user, expires));
        if (!_call("setUser", caller, modelId, data, _authorizedOnly(modelId, caller))) return;
        (ghosts[modelId].user, ghosts[modelId].userExpires) = (user, user == address(0) ? 0 : expires);
        if (caller != ghosts[modelId].owner) ++successes["lentByAnother"];
    }

    // ---------------------------------------------------------------- token

    function transfer(uint256 which, uint256 who, uint256 recipient) external act {
        uint256 modelId = _model(which);
        address from = _mostly(ghosts[modelId].owner, recipient >> 8);
        address to = recipient % 16 == 0 ? address(0) : _actor(recipient);
        _transfer("transfer", _mover(modelId, who), from, to, modelId, false);
    }

    function safeTransfer(uint256 which, uint256 who, uint256 recipient) external act {
        uint256 modelId = _model(which);
        _transfer("safeTransfer", _mover(modelId, who), ghosts[modelId].owner, _actor(recipient), modelId, true);
    }

    function transferToSelf(uint256 which, uint256 who) external act {
        uint256 modelId = _model(which);
        address owner = ghosts[modelId].owner;
        if (owner == address(0)) owner = _actor(who);
        _transfer("transferToSelf", _mover(modelId, who), owner, owner, modelId, false);
    }

    function approve(uint256 which, uint256 who, uint256 seed) external act {
        uint256 modelId = _model(which);
        address owner = ghosts[modelId].owner;
        address caller = _mover(modelId, who);
        address to = seed % 8 == 0 ? address(0) : _actor(seed);
        bytes memory refusal;
        if (owner == address(0)) {
            refusal = abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, modelId);
        } else if (caller != owner && !operators[owner][caller]) {
            refusal = abi.encodeWithSelector(IERC721Errors.ERC721InvalidApprover.selector, caller);
        }
        if (_call("approve", caller, modelId, abi.encodeCall(IERC721.approve, (to, modelId)), refusal)) {
            ghosts[modelId].approved = to;
        }
    }

    function setApprovalForAll(uint256 who, uint256 seed) external act {
        address caller = _actor(who);
        address operator = seed % 8 == 0 ? address(0) : _actor(seed);
        bool approved = (seed >> 8) % 3 != 0;
        bytes memory refusal = operator == address(0)
            ? abi.encodeWithSelector(IERC721Errors.ERC721InvalidOperator.selector, address(0))
            : bytes("");
        bytes memory data = abi.encodeCall(IERC721.setApprovalForAll, (operator, approved));
        if (_call("setApprovalForAll", caller, 0, data, refusal)) operators[caller][operator] = approved;
    }

    function _transfer(bytes32 action, address caller, address from, address to, uint256 modelId, bool safe) private {
        Ghost storage ghost = ghosts[modelId];
        address owner = ghost.owner;
        bytes memory refusal = to == address(0) ? _invalidReceiver(to) : _authorizedOnly(modelId, caller);
        if (refusal.length == 0 && from != owner) {
            refusal = abi.encodeWithSelector(IERC721Errors.ERC721IncorrectOwner.selector, from, modelId, owner);
        }
        if (refusal.length == 0 && safe && to == actors[6]) refusal = _invalidReceiver(to);
        bytes memory data = safe
            ? abi.encodeWithSignature("safeTransferFrom(address,address,uint256)", from, to, modelId)
            : abi.encodeCall(IERC721.transferFrom, (from, to, modelId));
        if (!_call(action, caller, modelId, data, refusal)) return;

        if (caller == ghost.approved) ++successes["byApproved"];
        else if (caller != owner) ++successes["byOperator"];
        if (owner != to && ghost.user != address(0)) ++successes["userRemoved"];
        if (owner != to) (ghost.user, ghost.userExpires) = (address(0), 0);
        (ghost.owner, ghost.approved) = (to, address(0));
        ++ghost.moves;
    }

    /// @dev Owner, approved account, an operator, or anybody.
    function _mover(uint256 modelId, uint256 seed) private view returns (address) {
        address owner = ghosts[modelId].owner;
        if (seed % 4 == 1 && ghosts[modelId].approved != address(0)) return ghosts[modelId].approved;
        if (seed % 4 == 2) {
            for (uint256 i; i < ACTORS; ++i) {
                address account = actors[(i + (seed >> 8) % ACTORS) % ACTORS];
                if (operators[owner][account]) return account;
            }
        }
        return _mostly(owner, seed);
    }
}
