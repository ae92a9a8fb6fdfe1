// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UUPSUpgradeable} from "@openzeppelin/contracts-upgradeable/proxy/utils/UUPSUpgradeable.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";

import {AIGC} from "../../../contracts/AIGC.sol";
import {AIPG} from "../../../contracts/dev/AIPG.sol";
import {Access, IAIGC, Model, ModelFamily, ModelKind, ModelSpec} from "../../../contracts/interfaces/IAIGC.sol";
import {JsonText} from "../../../contracts/messages/JsonText.sol";
import {AigcV2} from "../../upgrade/AigcUpgrade.t.sol";
import {AigcOwnerHandler} from "./AigcOwnerHandler.sol";
import {AigcReference, Staff} from "./AigcReference.sol";

/// @notice Actions that cost money, actions of roles, and time.
contract AigcHandler is AigcOwnerHandler {
    uint256 private constant UPGRADES_BEFORE_SEAL = 3;

    address[2] private _implementations;

    constructor(AIPG aipg_, AIGC aigc_, Staff memory staff_) AigcReference(aipg_, aigc_, staff_) {
        _implementations = [address(new AigcV2(aipg_)), address(new AIGC(aipg_))];
    }

    // ---------------------------------------------------------------- money

    /// @dev Now and then with a cap below the fee, a bad field, an unknown base model, or nobody to give it to.
    function register(uint256 who, uint256 recipient, uint256 seed) external act {
        bool full = count == MAX_MODELS;
        if (full && seed % 8 != 0) return;
        address caller = _actor(who);
        address to = recipient % 16 == 0 ? address(0) : _actor(recipient);
        ModelSpec memory spec = _spec(seed, full);
        uint128 maxFee = fee == 0 || (seed >> 24) % 4 != 0 ? fee : fee - 1;
        bytes memory refusal = _refusalOf(spec, caller, to, maxFee);
        uint256 modelId = count + 1;
        if (!_call("register", caller, modelId, abi.encodeCall(IAIGC.register, (spec, to, maxFee)), refusal)) return;

        if (spec.baseModelId != 0) ++successes["derived"];
        Ghost storage ghost = ghosts[modelId];
        Model storage model = ghost.model;
        (model.modelId, model.spec) = (modelId, spec);
        (model.creator, model.registeredAt) = (to, uint40(time));
        (ghost.owner, ghost.royaltyReceiver, ghost.identity) = (to, to, identityOf(modelId));
        count = modelId;
        _move(caller, treasury, fee);
    }

    function buyLicense(uint256 which, uint256 who, uint256 seed) external act {
        uint256 modelId = _model(which);
        (address caller, address account) = (_actor(who), seed % 16 == 0 ? address(0) : _actor(seed));
        Model storage model = ghosts[modelId].model;
        uint32 periods = uint32((seed >> 8) % 8 == 0 ? 0 : 1 + (seed >> 16) % 12);
        uint32 period = (seed >> 24) % 8 == 0 ? uint32(seed) : model.licensePeriod;
        uint256 price = uint256(model.licensePrice) * periods;
        uint128 maxPrice = uint128((seed >> 32) % 8 == 0 && price != 0 ? price - 1 : price);
        uint256 start = licenses[modelId][account] < time ? time : licenses[modelId][account];
        uint256 expires = start + uint256(period) * periods;
        bytes memory refusal = _refusalOf(modelId, account, periods, period, price, maxPrice);
        if (refusal.length == 0 && expires > time + 36_525 days) {
            refusal = abi.encodeWithSelector(IAIGC.AIGC_LicenseTooLong.selector, expires, time + 36_525 days);
        }
        if (refusal.length == 0) refusal = _paymentOf(caller, price);
        bytes memory data = abi.encodeCall(IAIGC.buyLicense, (modelId, account, periods, period, maxPrice));
        if (!_call("buyLicense", caller, modelId, data, refusal)) return;

        if (start != time) ++successes["renewed"];
        licenses[modelId][account] = uint40(expires);
        _move(caller, ghosts[modelId].owner, price);
    }

    function _spec(uint256 seed, bool mustFail) private view returns (ModelSpec memory spec) {
        spec = ModelSpec({
            name: string.concat("Model \"", vm.toString(seed % 1000), "\""),
            version: seed % 3 == 0 ? "" : "1.0",
            family: ModelFamily(seed % 9),
            kind: ModelKind(seed % 7),
            baseModelId: (seed >> 32) % (count + 1),
            weightsHash: keccak256(abi.encode(seed % 5)), // the same weights more than once
            weightsURI: "ipfs://0",
            license: "MIT",
            previewCid: seed % 2 == 0 ? "" : "bafy",
            usageBps: uint16(seed % 2001),
            resaleBps: uint16(seed % 1001),
            access: Access(seed % 3)
        });
        uint256 fault = (seed >> 40) % (mustFail ? 5 : 20);
        if (fault == 0) spec.name = "";
        if (fault == 1) spec.weightsHash = 0;
        if (fault == 2) spec.usageBps = 2001;
        if (fault == 3) spec.resaleBps = 1001;
        if (fault == 4) spec.baseModelId = count + 1;
    }

    function _refusalOf(ModelSpec memory spec, address caller, address to, uint128 maxFee)
        private
        returns (bytes memory)
    {
        if (paused) return _enforcedPause();
        if (fee > maxFee) {
            ++successes["feeRefused"];
            return abi.encodeWithSelector(IAIGC.AIGC_FeeAboveMax.selector, fee, maxFee);
        }
        if (bytes(spec.name).length == 0) return abi.encodeWithSelector(JsonText.JsonText_Empty.selector, "name");
        if (spec.weightsHash == 0) return abi.encodeWithSelector(IAIGC.AIGC_EmptyWeightsHash.selector);
        if (spec.usageBps > 2000) {
            return abi.encodeWithSelector(IAIGC.AIGC_UsageRoyaltyTooHigh.selector, spec.usageBps, uint16(2000));
        }
        if (spec.resaleBps > 1000) {
            return abi.encodeWithSelector(IAIGC.AIGC_ResaleRoyaltyTooHigh.selector, spec.resaleBps, uint16(1000));
        }
        if (spec.baseModelId > count) {
            return abi.encodeWithSelector(IAIGC.AIGC_UnknownBaseModel.selector, spec.baseModelId);
        }
        if (to == address(0)) return _invalidReceiver(to);
        bytes memory refusal = _paymentOf(caller, fee);
        if (refusal.length != 0) return refusal;
        return to == actors[6] ? _invalidReceiver(to) : bytes("");
    }

    /// @dev All but the license's end and the payment, which come last.
    function _refusalOf(
        uint256 modelId,
        address account,
        uint32 periods,
        uint32 period,
        uint256 price,
        uint128 maxPrice
    ) private view returns (bytes memory) {
        Ghost storage ghost = ghosts[modelId];
        Model storage model = ghost.model;
        if (paused) return _enforcedPause();
        if (ghost.owner == address(0)) {
            return abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, modelId);
        }
        if (account == address(0)) return _zeroAddress("account");
        if (periods == 0) return abi.encodeWithSelector(IAIGC.AIGC_ZeroPeriods.selector);
        if (model.spec.access != Access.LICENSED || model.licensePeriod == 0) {
            return abi.encodeWithSelector(IAIGC.AIGC_NotForSale.selector, modelId);
        }
        if (period != model.licensePeriod) {
            return abi.encodeWithSelector(IAIGC.AIGC_PeriodChanged.selector, period, model.licensePeriod);
        }
        if (price > maxPrice) return abi.encodeWithSelector(IAIGC.AIGC_PriceTooHigh.selector, price, maxPrice);
        return "";
    }

    // ---------------------------------------------------------------- CURATOR

    function setVerified(uint256 which, uint256 who, uint256 seed) external act {
        bool value = seed % 2 == 0;
        uint256 modelId = _model(which);
        address caller = _mostly(staff.curator, who);
        bytes memory data = abi.encodeCall(IAIGC.setVerified, (modelId, value));
        if (!_call("setVerified", caller, modelId, data, _curatorsOnly(modelId, caller))) return;
        if (ghosts[modelId].model.verified == value) return _changedNothing("setVerified");
        ghosts[modelId].model.verified = value;
        ++ghosts[modelId].shown;
    }

    function setDeprecated(uint256 which, uint256 who, uint256 seed) external act {
        bool value = seed % 2 == 0;
        uint256 modelId = _model(which);
        address caller = _mostly(staff.curator, who);
        bytes memory data = abi.encodeCall(IAIGC.setDeprecated, (modelId, value));
        if (!_call("setDeprecated", caller, modelId, data, _curatorsOnly(modelId, caller))) return;
        if (ghosts[modelId].model.deprecated == value) return _changedNothing("setDeprecated");
        ghosts[modelId].model.deprecated = value;
        ++ghosts[modelId].shown;
    }

    function _curatorsOnly(uint256 modelId, address caller) private view returns (bytes memory refusal) {
        refusal = _rolesOnly(staff.curator, caller);
        if (refusal.length == 0 && ghosts[modelId].owner == address(0)) {
            refusal = abi.encodeWithSelector(IAIGC.AIGC_UnknownModel.selector, modelId);
        }
    }

    // ---------------------------------------------------------------- PARAMS

    function setRegistrationFee(uint256 who, uint256 seed) external act {
        address caller = _mostly(staff.params, who);
        uint128 next = uint128([seed % 100e18, 0, 10_000e18, 10_000e18 + 1][(seed >> 8) % 4]);
        bytes memory refusal = _rolesOnly(staff.params, caller);
        if (refusal.length == 0 && next > 10_000e18) {
            refusal = abi.encodeWithSelector(IAIGC.AIGC_FeeTooHigh.selector, next, uint128(10_000e18));
        }
        if (_call("setRegistrationFee", caller, 0, abi.encodeCall(IAIGC.setRegistrationFee, (next)), refusal)) {
            fee = next;
        }
    }

    /// @dev The treasury may be one of the people, who then pays fees to itself.
    function setTreasury(uint256 who, uint256 seed) external act {
        address caller = _mostly(staff.params, who);
        address next = seed % 4 == 0 ? address(0) : _actor(seed);
        bytes memory refusal = _rolesOnly(staff.params, caller);
        if (refusal.length == 0 && next == address(0)) refusal = _zeroAddress("treasury");
        if (_call("setTreasury", caller, 0, abi.encodeCall(IAIGC.setTreasury, (next)), refusal)) treasury = next;
    }

    function setContractURI(uint256 who, uint256 seed) external act {
        address caller = _mostly(staff.params, who);
        string memory uri = seed % 4 == 0 ? "\x7f" : string.concat("ipfs://", vm.toString(seed % 9));
        bytes memory refusal = _rolesOnly(staff.params, caller);
        if (refusal.length == 0 && seed % 4 == 0) {
            refusal = abi.encodeWithSelector(JsonText.JsonText_Invalid.selector, "uri", 0);
        }
        if (_call("setContractURI", caller, 0, abi.encodeCall(IAIGC.setContractURI, (uri)), refusal)) {
            contractURI = uri;
        }
    }

    // ---------------------------------------------------------------- GUARDIAN, ADMIN, UPGRADER

    function pause(uint256 who) external act {
        address caller = _mostly(staff.guardian, who);
        bytes memory refusal = _rolesOnly(staff.guardian, caller);
        if (refusal.length == 0 && paused) refusal = _enforcedPause();
        if (_call("pause", caller, 0, abi.encodeCall(IAIGC.pause, ()), refusal)) paused = true;
    }

    function unpause(uint256 who) external act {
        if (!paused && who % 16 != 0) return;
        address caller = _mostly(staff.admin, who >> 8);
        bytes memory refusal = _rolesOnly(staff.admin, caller);
        if (refusal.length == 0 && !paused) {
            refusal = abi.encodeWithSelector(PausableUpgradeable.ExpectedPause.selector);
        }
        if (_call("unpause", caller, 0, abi.encodeCall(IAIGC.unpause, ()), refusal)) paused = false;
    }

    function upgrade(uint256 who) external act {
        if (isSealed && who % 8 != 0) return;
        address caller = _mostly(staff.upgrader, who >> 8);
        address next = _implementations[implementation == _implementations[0] ? 1 : 0];
        bytes memory refusal = _rolesOnly(staff.upgrader, caller);
        if (refusal.length == 0 && isSealed) refusal = abi.encodeWithSelector(IAIGC.AIGC_UpgradesSealed.selector);
        bytes memory data = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next, ""));
        if (_call("upgrade", caller, 0, data, refusal)) implementation = next;
    }

    /// @dev Not before some upgrades were made.
    function sealUpgrades(uint256 who) external act {
        if ((isSealed || successes["upgrade"] < UPGRADES_BEFORE_SEAL) && who % 16 != 0) return;
        bool early = successes["upgrade"] < UPGRADES_BEFORE_SEAL;
        address caller = early ? _actor(who >> 8) : _mostly(staff.upgrader, who >> 8);
        bytes memory refusal = _rolesOnly(staff.upgrader, caller);
        if (refusal.length == 0 && isSealed) refusal = abi.encodeWithSelector(IAIGC.AIGC_UpgradesSealed.selector);
        if (_call("sealUpgrades", caller, 0, abi.encodeCall(IAIGC.sealUpgrades, ()), refusal)) isSealed = true;
    }

    // ---------------------------------------------------------------- world

    function pauseToken(uint256 seed) external act {
        bool value = seed % 3 == 0;
        ++calls["pauseToken"];
        if (tokenPaused == value) return;
        tokenPaused = value;
        vm.prank(aipg.owner());
        if (value) aipg.pause();
        else aipg.unpause();
        ++successes["pauseToken"];
    }

    /// @dev To one second before, at or after an edge of a license, a user or a royalty; or by some days.
    function pass(uint256 which, uint256 who, uint256 seed) external act {
        ++calls["pass"];
        Ghost storage ghost = ghosts[_model(which)];
        uint256[4] memory edges = [
            uint256(ghost.userExpires),
            ghost.model.nextUsageFrom,
            licenses[ghost.model.modelId][_actor(who)],
            time + 1 hours + seed % 10 days
        ];
        uint256 next = edges[(seed >> 8) % 4] + (seed >> 16) % 3;
        next = next == 0 ? 0 : next - 1;
        if (next <= time || next > time + 400 days) next = edges[3];
        for (uint256 i = 1; i <= count; ++i) {
            _countEdges(i, next);
        }
        time = next;
        vm.warp(next);
        ++successes["pass"];
    }

    function _countEdges(uint256 modelId, uint256 next) private {
        Ghost storage ghost = ghosts[modelId];
        if (ghost.user != address(0) && _isBetween(ghost.userExpires, next)) ++successes["userExpired"];
        if (_isBetween(ghost.model.nextUsageFrom - (ghost.model.nextUsageFrom == 0 ? 0 : 1), next)) {
            ++successes["royaltyTookEffect"];
        }
        for (uint256 i; i < ACTORS; ++i) {
            if (_isBetween(licenses[modelId][actors[i]], next)) ++successes["licenseExpired"];
        }
    }

    /// @dev Returns whether a time that is included now isn't any more at `next`.
    function _isBetween(uint256 last, uint256 next) private view returns (bool) {
        return last >= time && last < next;
    }
}
