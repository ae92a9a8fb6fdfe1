// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";

import {AIGC} from "../../../contracts/AIGC.sol";
import {AIPG} from "../../../contracts/dev/AIPG.sol";
import {Access, IAIGC, Model, ModelFamily, ModelKind, ModelSpec} from "../../../contracts/interfaces/IAIGC.sol";
import {IERC4907} from "../../../contracts/interfaces/IERC4907.sol";

/// @dev Does random things with a few models, and keeps a second registry from the logs alone.
contract AigcHandler is Test {
    /// @dev What the logs say of a model beyond `Model`.
    struct Book {
        Model model;
        address owner;
        address user;
        uint64 userExpires;
        address royaltyReceiver;
        uint32 changes;
    }

    uint256 internal constant MAX_MODELS = 4;

    AIPG internal aipg;
    AIGC internal aigc;
    address internal curator;
    address internal params;
    address[4] public actors;

    // ---------------------------------------------------------------- books kept from logs
    mapping(uint256 modelId => Book) internal books;
    mapping(uint256 modelId => mapping(address => uint40)) public licenses;
    uint256 public count;
    uint128 public fee;
    address public treasury;
    /// @dev AIPG wei that the logs say went to each account.
    mapping(address => uint256) public earned;

    // ---------------------------------------------------------------- ghosts
    /// @dev Set when tokenURI changed without MetadataUpdate, or the other way round.
    string public metadataFault;
    /// @dev The weights hash each model was registered with.
    mapping(uint256 modelId => bytes32) public firstIdentity;
    bool internal reverted;
    /// @dev Rendering is slow: only the campaign that is about it looks at it.
    bool internal immutable watchesMetadata;
    mapping(uint256 modelId => bytes32) internal metadata;

    constructor(AIPG aipg_, AIGC aigc_, address curator_, address params_, bool watchesMetadata_) {
        watchesMetadata = watchesMetadata_;
        (aipg, aigc, curator, params) = (aipg_, aigc_, curator_, params_);
        (fee, treasury) = (aigc.registrationFee(), aigc.treasury());
        for (uint256 i; i < actors.length; ++i) {
            actors[i] = makeAddr(string.concat("actor ", vm.toString(i)));
            vm.prank(aipg.owner());
            aipg.mint(actors[i], 1e30);
            vm.prank(actors[i]);
            aipg.approve(address(aigc), type(uint256).max);
        }
    }

    /// @dev Reads the logs, and compares each model's JSON with what it was after the call before.
    modifier booked() {
        reverted = false;
        vm.recordLogs();
        _;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        if (watchesMetadata) _compareMetadata(logs);
        // The cheatcode records the logs of a call that reverted, too; a chain doesn't.
        if (!reverted) _read(logs);
    }

    // ---------------------------------------------------------------- actions

    function register(uint256 who, uint256 to, uint256 seed) external booked {
        if (aigc.totalSupply() == MAX_MODELS) {
            reverted = true;
            return;
        }
        ModelSpec memory spec = ModelSpec({
            name: string.concat("Model \"", vm.toString(seed % 1000), "\""),
            version: seed % 3 == 0 ? "" : "1.0",
            family: ModelFamily(seed % 9),
            kind: ModelKind(seed % 7),
            baseModelId: seed % (aigc.totalSupply() + 1),
            weightsHash: keccak256(abi.encode(seed)),
            weightsURI: "ipfs://weights",
            license: "MIT",
            previewCid: seed % 2 == 0 ? "" : "bafy",
            usageBps: uint16(seed % 2001),
            resaleBps: uint16(seed % 1001),
            access: Access(seed % 3)
        });
        vm.prank(_actor(who));
        uint256 modelId = aigc.register(spec, _actor(to), fee);
        firstIdentity[modelId] = identityOf(modelId);
    }

    function setWeightsURI(uint256 which, uint256 seed, bool byOwner) external booked {
        uint256 modelId = _model(which);
        vm.prank(_caller(modelId, seed, byOwner));
        try aigc.setWeightsURI(modelId, string.concat("ipfs://", vm.toString(seed % 3))) {}
        catch {
            reverted = true;
        }
    }

    function setAccess(uint256 which, uint256 seed, bool byOwner) external booked {
        uint256 modelId = _model(which);
        vm.prank(_caller(modelId, seed, byOwner));
        try aigc.setAccess(modelId, Access(seed % 3)) {}
        catch {
            reverted = true;
        }
    }

    function announceUsageRoyalty(uint256 which, uint256 seed, bool byOwner) external booked {
        uint256 modelId = _model(which);
        vm.prank(_caller(modelId, seed, byOwner));
        try aigc.announceUsageRoyalty(modelId, uint16(seed % 2002)) {}
        catch {
            reverted = true;
        }
    }

    function setLicenseTerms(uint256 which, uint256 seed, bool byOwner) external booked {
        uint256 modelId = _model(which);
        vm.prank(_caller(modelId, seed, byOwner));
        try aigc.setLicenseTerms(modelId, uint128(seed % 10e18), uint32(seed % 90 days)) {}
        catch {
            reverted = true;
        }
    }

    function buyLicense(uint256 which, uint256 who, uint256 account, uint32 periods) external booked {
        uint256 modelId = _model(which);
        if (modelId > aigc.totalSupply()) {
            reverted = true;
            return;
        }
        Model memory model = aigc.modelOf(modelId);
        vm.prank(_actor(who));
        try aigc.buyLicense(modelId, _actor(account), periods % 20, model.licensePeriod, 1000e18) {}
        catch {
            reverted = true;
        }
    }

    function setUser(uint256 which, uint256 user, uint64 term, bool byOwner) external booked {
        uint256 modelId = _model(which);
        vm.prank(_caller(modelId, user, byOwner));
        try aigc.setUser(modelId, _actor(user), uint64(block.timestamp + term % 30 days)) {}
        catch {
            reverted = true;
        }
    }

    function setRoyaltyReceiver(uint256 which, uint256 who, uint256 receiver) external booked {
        vm.prank(_actor(who));
        try aigc.setRoyaltyReceiver(_model(which), _actor(receiver)) {}
        catch {
            reverted = true;
        }
    }

    function transfer(uint256 which, uint256 to) external booked {
        uint256 modelId = _model(which);
        address owner = _caller(modelId, which, true);
        vm.prank(owner);
        try aigc.transferFrom(owner, _actor(to), modelId) {}
        catch {
            reverted = true;
        }
    }

    function mark(uint256 which, bool verified, bool value) external booked {
        uint256 modelId = _model(which);
        vm.startPrank(curator);
        if (verified) {
            try aigc.setVerified(modelId, value) {}
            catch {
                reverted = true;
            }
        } else {
            try aigc.setDeprecated(modelId, value) {}
            catch {
                reverted = true;
            }
        }
        vm.stopPrank();
    }

    function setFees(uint128 newFee, uint256 to) external booked {
        vm.startPrank(params);
        aigc.setRegistrationFee(newFee % 100e18);
        aigc.setTreasury(_actor(to));
        vm.stopPrank();
    }

    function wait(uint256 time) external booked {
        skip(bound(time, 1 hours, 20 days));
    }

    // ---------------------------------------------------------------- views

    function bookOf(uint256 modelId) external view returns (Book memory) {
        return books[modelId];
    }

    /// @dev Everything of a model that is write-once.
    function identityOf(uint256 modelId) public view returns (bytes32) {
        Model memory model = aigc.modelOf(modelId);
        model.spec.weightsURI = "";
        model.spec.access = Access.OPEN;
        model.spec.usageBps = 0;
        return keccak256(abi.encode(model.spec, model.creator, model.registeredAt));
    }

    // ---------------------------------------------------------------- reading logs

    function _read(Vm.Log[] memory logs) internal {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == address(aigc)) _readOne(logs[i].topics, logs[i].data);
        }
    }

    function _readOne(bytes32[] memory topics, bytes memory data) internal {
        bytes32 topic = topics[0];
        if (topic == IAIGC.RegistrationFeeSet.selector) {
            fee = abi.decode(data, (uint128));
            return;
        }
        if (topic == IAIGC.TreasurySet.selector) {
            treasury = address(uint160(uint256(topics[1])));
            return;
        }
        if (topic == IERC4906.MetadataUpdate.selector) return;
        if (topic == IERC721.Transfer.selector) {
            books[uint256(topics[3])].owner = address(uint160(uint256(topics[2])));
            return;
        }
        Book storage book = books[uint256(topics[1])];
        if (topic == IAIGC.ModelRegistered.selector) {
            ++count;
            uint128 paid;
            (book.model.spec,, paid) = abi.decode(data, (ModelSpec, address, uint128));
            book.model.modelId = uint256(topics[1]);
            book.model.creator = address(uint160(uint256(topics[2])));
            book.model.registeredAt = uint40(block.timestamp);
            book.royaltyReceiver = book.model.creator;
            earned[treasury] += paid;
        } else if (topic == IAIGC.LicenseBought.selector) {
            (address seller,, uint128 price, uint40 expires) = abi.decode(data, (address, uint32, uint128, uint40));
            licenses[uint256(topics[1])][address(uint160(uint256(topics[2])))] = expires;
            earned[seller] += price;
        } else {
            _readChange(book, topics, data);
        }
    }

    function _readChange(Book storage book, bytes32[] memory topics, bytes memory data) internal {
        bytes32 topic = topics[0];
        if (topic == IERC4907.UpdateUser.selector) {
            (book.user, book.userExpires) = (address(uint160(uint256(topics[2]))), abi.decode(data, (uint64)));
        } else if (topic == IAIGC.RoyaltyReceiverSet.selector) {
            book.royaltyReceiver = address(uint160(uint256(topics[2])));
        } else if (topic == IAIGC.VerifiedSet.selector) {
            book.model.verified = abi.decode(data, (bool));
        } else if (topic == IAIGC.DeprecatedSet.selector) {
            book.model.deprecated = abi.decode(data, (bool));
        } else {
            ++book.changes; // what is left are the owner's changes
            if (topic == IAIGC.WeightsMoved.selector) {
                book.model.spec.weightsURI = abi.decode(data, (string));
            } else if (topic == IAIGC.AccessSet.selector) {
                book.model.spec.access = abi.decode(data, (Access));
            } else if (topic == IAIGC.LicenseTermsSet.selector) {
                (book.model.licensePrice, book.model.licensePeriod) = abi.decode(data, (uint128, uint32));
            } else if (topic == IAIGC.UsageRoyaltyAnnounced.selector) {
                (book.model.spec.usageBps, book.model.nextUsageBps, book.model.nextUsageFrom) =
                    abi.decode(data, (uint16, uint16, uint40));
            }
        }
    }

    // ---------------------------------------------------------------- helpers

    function _compareMetadata(Vm.Log[] memory logs) internal {
        uint256 supply = aigc.totalSupply();
        for (uint256 i = 1; i <= supply; ++i) {
            bytes32 now_ = keccak256(bytes(aigc.tokenURI(i)));
            bool said = !reverted && _says(logs, i);
            if (said != (now_ != metadata[i])) {
                metadataFault = string.concat("model ", vm.toString(i), said ? ": said" : ": silent");
            }
            metadata[i] = now_;
        }
    }

    /// @dev Whether the logs tell a marketplace to read the model: a mint does as well as ERC-4906.
    function _says(Vm.Log[] memory logs, uint256 modelId) internal pure returns (bool) {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IERC4906.MetadataUpdate.selector) {
                if (abi.decode(logs[i].data, (uint256)) == modelId) return true;
            } else if (logs[i].topics[0] == IERC721.Transfer.selector && logs[i].topics[1] == 0) {
                if (uint256(logs[i].topics[3]) == modelId) return true;
            }
        }
        return false;
    }

    /// @dev Mostly a model that exists.
    function _model(uint256 which) internal view returns (uint256) {
        return 1 + which % (aigc.totalSupply() + 1);
    }

    function _caller(uint256 modelId, uint256 seed, bool byOwner) internal view returns (address) {
        return byOwner && modelId <= aigc.totalSupply() ? aigc.ownerOf(modelId) : _actor(seed);
    }

    function _actor(uint256 who) internal view returns (address) {
        return actors[who % actors.length];
    }
}
