// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    AccessManagedUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {Initializable} from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts-upgradeable/proxy/utils/UUPSUpgradeable.sol";
import {ERC721Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC721/ERC721Upgradeable.sol";
import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {ERC721Utils} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Utils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {Access, IAIGC, Model, ModelFamily, ModelKind, ModelSpec} from "./interfaces/IAIGC.sol";
import {IERC4907} from "./interfaces/IERC4907.sol";
import {IERC7572} from "./interfaces/IERC7572.sol";
import {IModelTerms} from "./interfaces/IModelTerms.sol";
import {ModelRenderer} from "./models/ModelRenderer.sol";
import {ModelRules} from "./models/ModelRules.sol";
import {ModelToken, ModelTokens} from "./models/ModelToken.sol";

/// @title AIGC
/// @notice See `IAIGC`.
/// @dev OpenZeppelin's ERC-721 with owners and balances in `AIGCStorage`: `_ownerOf`, `_update` and `balanceOf` are
/// overridden and never call the original. Approvals, name and symbol are where OpenZeppelin keeps them. Nothing burns.
///
/// @custom:oz-upgrades-unsafe-allow external-library-linking
contract AIGC is
    Initializable,
    ERC721Upgradeable,
    AccessManagedUpgradeable,
    PausableUpgradeable,
    UUPSUpgradeable,
    ReentrancyGuardTransient,
    IAIGC
{
    using SafeERC20 for IERC20;

    // ---------------------------------------------------------------- storage

    /// @dev A model, in the order of what is read together.
    /// slot 0: weightsHash
    /// slot 1: creator 20 | registeredAt 5 | resaleBps 2 | family 1 | kind 1 | access 1 | verified 1 | deprecated 1
    /// slot 2: usageBps 2 | nextUsageBps 2 | nextUsageFrom 5 | licensePrice 16 | licensePeriod 4 | registered 1
    /// slot 3: user 20 | userExpires 8
    /// slot 4: baseModelId; slot 5: royaltyReceiver (zero: the creator); slots 6 to 10: text
    struct Record {
        bytes32 weightsHash;
        address creator;
        uint40 registeredAt;
        uint16 resaleBps;
        ModelFamily family;
        ModelKind kind;
        Access access;
        bool verified;
        bool deprecated;
        uint16 usageBps;
        uint16 nextUsageBps;
        uint40 nextUsageFrom;
        uint128 licensePrice;
        uint32 licensePeriod;
        bool registered;
        address user;
        uint64 userExpires;
        uint256 baseModelId;
        address royaltyReceiver;
        string name;
        string version;
        string weightsURI;
        string license;
        string previewCid;
    }

    /// @custom:storage-location erc7201:gridnft.storage.AIGC
    struct AIGCStorage {
        mapping(uint256 modelId => ModelToken) tokens;
        mapping(address owner => uint256) balances;
        mapping(uint256 modelId => Record) records;
        mapping(uint256 modelId => mapping(address account => uint40)) licenses;
        uint256 count;
        address treasury;
        bool sealed_;
        uint128 registrationFee;
        string contractURI;
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("gridnft.storage.AIGC")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0xd6d923ea15853a571530ac3526c6bffd048c299b0434b5cc588cbfd850724800;

    /// @inheritdoc IAIGC
    uint16 public constant MAX_USAGE_BPS = ModelRules.MAX_USAGE_BPS;
    /// @inheritdoc IAIGC
    uint16 public constant MAX_RESALE_BPS = ModelRules.MAX_RESALE_BPS;
    /// @inheritdoc IAIGC
    uint128 public constant MAX_REGISTRATION_FEE = 10_000e18;
    /// @inheritdoc IAIGC
    uint40 public constant ROYALTY_NOTICE = 7 days;
    /// @inheritdoc IAIGC
    uint32 public constant MAX_LICENSE_TERM = 36_525 days;

    /// @inheritdoc IAIGC
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IERC20 public immutable aipg;

    // ---------------------------------------------------------------- construction

    /// @dev Locks the implementation.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IERC20 aipg_) {
        if (address(aipg_) == address(0)) revert AIGC_ZeroAddress("aipg");
        aipg = aipg_;
        _disableInitializers();
    }

    /// @notice Sets up the proxy; called in the transaction that makes it.
    /// @param authority_ The AccessManager.
    /// @param treasury_ Gets registration fees.
    /// @param registrationFee_ AIPG wei.
    function initialize(address authority_, address treasury_, uint128 registrationFee_) external initializer {
        if (authority_ == address(0)) revert AIGC_ZeroAddress("authority");
        __ERC721_init("AIPG Models", "AIGC");
        __AccessManaged_init(authority_);
        __Pausable_init();
        _setTreasury(treasury_);
        _setRegistrationFee(registrationFee_);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IAIGC
    function registrationFee() external view returns (uint128) {
        return _storage().registrationFee;
    }

    /// @inheritdoc IAIGC
    function treasury() external view returns (address) {
        return _storage().treasury;
    }

    /// @inheritdoc IAIGC
    function upgradesSealed() external view returns (bool) {
        return _storage().sealed_;
    }

    /// @inheritdoc IAIGC
    function totalSupply() external view returns (uint256) {
        return _storage().count;
    }

    /// @inheritdoc IAIGC
    function ownerOf(uint256 modelId) public view override(ERC721Upgradeable, IAIGC) returns (address) {
        return super.ownerOf(modelId);
    }

    /// @inheritdoc ERC721Upgradeable
    function balanceOf(address owner) public view override(ERC721Upgradeable, IERC721) returns (uint256) {
        if (owner == address(0)) revert ERC721InvalidOwner(address(0));
        return _storage().balances[owner];
    }

    /// @inheritdoc IAIGC
    function stateOf(uint256 modelId) external view returns (uint64 moves, uint64 shown) {
        ModelToken token = _storage().tokens[modelId];
        if (token.owner() == address(0)) revert AIGC_UnknownModel(modelId);
        return (token.moves(), token.shown());
    }

    /// @inheritdoc IModelTerms
    function weightsHash(uint256 modelId) external view returns (bytes32) {
        return _storage().records[modelId].weightsHash;
    }

    /// @inheritdoc IModelTerms
    function usageRoyaltyBps(uint256 modelId) external view returns (uint16) {
        Record storage record = _storage().records[modelId];
        if (!record.registered) revert AIGC_UnknownModel(modelId);
        return _usageBps(record);
    }

    /// @inheritdoc IAIGC
    function modelOf(uint256 modelId) external view returns (Model memory) {
        return _model(modelId);
    }

    /// @inheritdoc IAIGC
    function modelsOf(uint256[] calldata modelIds) external view returns (Model[] memory models) {
        models = new Model[](modelIds.length);
        for (uint256 i; i < modelIds.length; ++i) {
            models[i] = _model(modelIds[i]);
        }
    }

    /// @inheritdoc IAIGC
    function canUse(uint256 modelId, address account) external view returns (bool) {
        return _canUse(modelId, account);
    }

    /// @inheritdoc IAIGC
    function canUseEach(uint256[] calldata modelIds, address account) external view returns (bool[] memory answers) {
        answers = new bool[](modelIds.length);
        for (uint256 i; i < modelIds.length; ++i) {
            answers[i] = _canUse(modelIds[i], account);
        }
    }

    /// @inheritdoc IAIGC
    function licenseExpires(uint256 modelId, address account) external view returns (uint40) {
        return _storage().licenses[modelId][account];
    }

    /// @inheritdoc IERC4907
    function userOf(uint256 modelId) public view returns (address) {
        Record storage record = _storage().records[modelId];
        return record.userExpires >= block.timestamp ? record.user : address(0);
    }

    /// @inheritdoc IERC4907
    function userExpires(uint256 modelId) external view returns (uint256) {
        return _storage().records[modelId].userExpires;
    }

    /// @inheritdoc IERC2981
    /// @dev Never reverts; nothing is owed on a model that doesn't exist.
    function royaltyInfo(uint256 modelId, uint256 salePrice) external view returns (address receiver, uint256 amount) {
        Record storage record = _storage().records[modelId];
        uint256 bps = record.resaleBps;
        receiver = record.royaltyReceiver;
        if (receiver == address(0)) receiver = record.creator;
        amount = Math.mulDiv(salePrice, bps, 10_000);
    }

    /// @notice Data URI of the model's JSON metadata. Reverts when there is no such model.
    function tokenURI(uint256 modelId) public view override returns (string memory) {
        _requireOwned(modelId);
        return ModelRenderer.tokenURI(_model(modelId));
    }

    /// @inheritdoc IERC7572
    function contractURI() external view returns (string memory) {
        string memory uri = _storage().contractURI;
        return bytes(uri).length == 0 ? ModelRenderer.contractURI() : uri;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC721Upgradeable, IERC165) returns (bool) {
        return interfaceId == bytes4(0x49064906) // ERC-4906
            || interfaceId == type(IERC4907).interfaceId || interfaceId == type(IERC2981).interfaceId
            || interfaceId == type(IERC7572).interfaceId || super.supportsInterface(interfaceId);
    }

    // ---------------------------------------------------------------- money in

    /// @inheritdoc IAIGC
    function register(ModelSpec calldata spec, address to, uint128 maxFee)
        external
        nonReentrant
        whenNotPaused
        returns (uint256 modelId)
    {
        // Check:
        AIGCStorage storage store = _storage();
        uint128 fee = store.registrationFee;
        if (fee > maxFee) revert AIGC_FeeAboveMax(fee, maxFee);
        ModelRules.requireValid(spec);
        if (spec.baseModelId > store.count) revert AIGC_UnknownBaseModel(spec.baseModelId);

        // Effect:
        modelId = ++store.count;
        _write(store.records[modelId], spec, to);
        _mint(to, modelId);
        emit ModelRegistered(modelId, to, spec.weightsHash, spec, msg.sender, fee);

        // Interaction:
        if (fee != 0) aipg.safeTransferFrom(msg.sender, store.treasury, fee);
        ERC721Utils.checkOnERC721Received(msg.sender, address(0), to, modelId, "");
    }

    /// @inheritdoc IAIGC
    function buyLicense(uint256 modelId, address account, uint32 periods, uint32 period, uint128 maxPrice)
        external
        nonReentrant
        whenNotPaused
        returns (uint40 expires)
    {
        // Check:
        address seller = ownerOf(modelId);
        Record storage record = _storage().records[modelId];
        if (account == address(0)) revert AIGC_ZeroAddress("account");
        if (periods == 0) revert AIGC_ZeroPeriods();
        if (record.access != Access.LICENSED || record.licensePeriod == 0) revert AIGC_NotForSale(modelId);
        if (record.licensePeriod != period) revert AIGC_PeriodChanged(period, record.licensePeriod);
        uint256 price = uint256(record.licensePrice) * periods;
        if (price > maxPrice) revert AIGC_PriceTooHigh(price, maxPrice);

        // Effect:
        expires = _extend(modelId, account, uint256(period) * periods);
        // forge-lint: disable-next-line(unsafe-typecast) -- it is at most maxPrice
        emit LicenseBought(modelId, account, msg.sender, seller, periods, uint128(price), expires);
        // Interaction:
        if (price != 0) aipg.safeTransferFrom(msg.sender, seller, price);
    }

    // ---------------------------------------------------------------- owner and creator

    /// @inheritdoc IAIGC
    function setWeightsURI(uint256 modelId, string calldata weightsURI) external {
        // Check:
        Record storage record = _owned(modelId);
        ModelRules.requireUri(weightsURI, "weightsURI");
        if (keccak256(bytes(record.weightsURI)) == keccak256(bytes(weightsURI))) return;

        // Effect:
        record.weightsURI = weightsURI;
        _bumpShown(modelId);
        emit WeightsMoved(modelId, weightsURI);
        emit MetadataUpdate(modelId);
    }

    /// @inheritdoc IAIGC
    function setAccess(uint256 modelId, Access access) external {
        // Check:
        Record storage record = _owned(modelId);
        if (record.access == access) return;

        // Effect:
        record.access = access;
        _bumpShown(modelId);
        emit AccessSet(modelId, access);
        emit MetadataUpdate(modelId);
    }

    /// @inheritdoc IAIGC
    function announceUsageRoyalty(uint256 modelId, uint16 bps) external {
        // Check:
        Record storage record = _owned(modelId);
        if (bps > MAX_USAGE_BPS) revert AIGC_UsageRoyaltyTooHigh(bps, MAX_USAGE_BPS);

        uint40 from = uint40(block.timestamp) + ROYALTY_NOTICE;
        if (record.nextUsageFrom == from && record.nextUsageBps == bps) return;

        // Effect:
        uint16 current = _usageBps(record);
        record.usageBps = current;
        record.nextUsageBps = bps;
        record.nextUsageFrom = from;
        _bumpShown(modelId);
        emit UsageRoyaltyAnnounced(modelId, current, bps, from);
        emit MetadataUpdate(modelId);
    }

    /// @inheritdoc IAIGC
    function setLicenseTerms(uint256 modelId, uint128 price, uint32 period) external {
        // Check:
        Record storage record = _owned(modelId);
        if (period > MAX_LICENSE_TERM) revert AIGC_PeriodTooLong(period, MAX_LICENSE_TERM);

        if (record.licensePrice == price && record.licensePeriod == period) return;

        // Effect:
        record.licensePrice = price;
        record.licensePeriod = period;
        _bumpShown(modelId);
        emit LicenseTermsSet(modelId, price, period);
    }

    /// @inheritdoc IERC4907
    function setUser(uint256 modelId, address user, uint64 expires) external {
        _checkAuthorized(ownerOf(modelId), msg.sender, modelId);

        bool hasUser = user != address(0);
        if (!hasUser) expires = 0;
        AIGCStorage storage store = _storage();
        ModelToken token = store.tokens[modelId];
        if (token.hasUser() != hasUser) store.tokens[modelId] = token.withUser(hasUser);
        Record storage record = store.records[modelId];
        record.user = user;
        record.userExpires = expires;
        emit UpdateUser(modelId, user, expires);
    }

    /// @inheritdoc IAIGC
    function setRoyaltyReceiver(uint256 modelId, address receiver) external {
        // Check:
        Record storage record = _known(modelId);
        if (record.creator != msg.sender) revert AIGC_NotCreator(modelId, msg.sender);
        if (receiver == address(0)) revert AIGC_ZeroAddress("receiver");

        // Effect:
        record.royaltyReceiver = receiver;
        emit RoyaltyReceiverSet(modelId, receiver);
    }

    // ---------------------------------------------------------------- admin

    /// @inheritdoc IAIGC
    function setVerified(uint256 modelId, bool verified) external restricted {
        Record storage record = _known(modelId);
        if (record.verified == verified) return;

        record.verified = verified;
        _bumpShown(modelId);
        emit VerifiedSet(modelId, verified);
        emit MetadataUpdate(modelId);
    }

    /// @inheritdoc IAIGC
    function setDeprecated(uint256 modelId, bool deprecated) external restricted {
        Record storage record = _known(modelId);
        if (record.deprecated == deprecated) return;

        record.deprecated = deprecated;
        _bumpShown(modelId);
        emit DeprecatedSet(modelId, deprecated);
        emit MetadataUpdate(modelId);
    }

    /// @inheritdoc IAIGC
    function setRegistrationFee(uint128 fee) external restricted {
        _setRegistrationFee(fee);
    }

    /// @inheritdoc IAIGC
    function setTreasury(address newTreasury) external restricted {
        _setTreasury(newTreasury);
    }

    /// @inheritdoc IAIGC
    function setContractURI(string calldata uri) external restricted {
        ModelRules.requireUri(uri, "uri");
        _storage().contractURI = uri;
        emit ContractURIUpdated();
    }

    /// @inheritdoc IAIGC
    function pause() external restricted {
        _pause();
    }

    /// @inheritdoc IAIGC
    function unpause() external restricted {
        _unpause();
    }

    /// @inheritdoc IAIGC
    function sealUpgrades() external restricted {
        // Check:
        AIGCStorage storage store = _storage();
        if (store.sealed_) revert AIGC_UpgradesSealed();
        // Effect:
        store.sealed_ = true;
        emit UpgradesSealed();
    }

    // ---------------------------------------------------------------- internal

    /// @dev UPGRADER, until sealed. The entry function is `upgradeToAndCall`; AccessManager sees its selector.
    function _authorizeUpgrade(address) internal override restricted {
        if (_storage().sealed_) revert AIGC_UpgradesSealed();
    }

    /// @inheritdoc ERC721Upgradeable
    function _ownerOf(uint256 modelId) internal view override returns (address) {
        return _storage().tokens[modelId].owner();
    }

    /// @inheritdoc ERC721Upgradeable
    /// @dev Mints when the model has no owner yet; else counts a move, and removes the ERC-4907 user unless `to` is the
    /// owner. `to` is never the zero address: `_mint` and `transferFrom` refuse it.
    function _update(address to, uint256 modelId, address auth) internal override returns (address from) {
        AIGCStorage storage store = _storage();
        ModelToken token = store.tokens[modelId];
        from = token.owner();
        if (auth != address(0)) _checkAuthorized(from, auth, modelId);

        bool losesUser = token.hasUser() && from != to;
        unchecked {
            if (from == address(0)) {
                store.tokens[modelId] = ModelTokens.minted(to);
            } else {
                _approve(address(0), modelId, address(0), false);
                store.tokens[modelId] = token.transferred(to, losesUser);
                --store.balances[from];
            }
            ++store.balances[to];
        }
        emit Transfer(from, to, modelId);
        if (losesUser) {
            Record storage record = store.records[modelId];
            record.user = address(0);
            record.userExpires = 0;
            emit UpdateUser(modelId, address(0), 0);
        }
    }

    function _bumpShown(uint256 modelId) private {
        AIGCStorage storage store = _storage();
        store.tokens[modelId] = store.tokens[modelId].withNextShown();
    }

    function _write(Record storage record, ModelSpec calldata spec, address creator) private {
        record.weightsHash = spec.weightsHash;
        record.creator = creator;
        record.registeredAt = uint40(block.timestamp);
        record.resaleBps = spec.resaleBps;
        record.family = spec.family;
        record.kind = spec.kind;
        record.access = spec.access;
        record.usageBps = spec.usageBps;
        record.registered = true;
        if (spec.baseModelId != 0) record.baseModelId = spec.baseModelId;
        record.name = spec.name;
        record.version = spec.version;
        record.weightsURI = spec.weightsURI;
        record.license = spec.license;
        record.previewCid = spec.previewCid;
    }

    function _extend(uint256 modelId, address account, uint256 term) private returns (uint40 expires) {
        mapping(address => uint40) storage licenses = _storage().licenses[modelId];
        uint256 start = licenses[account];
        if (start < block.timestamp) start = block.timestamp;
        uint256 latest = block.timestamp + MAX_LICENSE_TERM;
        if (start + term > latest) revert AIGC_LicenseTooLong(start + term, latest);

        // forge-lint: disable-next-line(unsafe-typecast) -- a hundred years from now at most
        expires = uint40(start + term);
        licenses[account] = expires;
    }

    function _setRegistrationFee(uint128 fee) private {
        if (fee > MAX_REGISTRATION_FEE) revert AIGC_FeeTooHigh(fee, MAX_REGISTRATION_FEE);
        _storage().registrationFee = fee;
        emit RegistrationFeeSet(fee);
    }

    function _setTreasury(address newTreasury) private {
        if (newTreasury == address(0)) revert AIGC_ZeroAddress("treasury");
        _storage().treasury = newTreasury;
        emit TreasurySet(newTreasury);
    }

    function _canUse(uint256 modelId, address account) private view returns (bool) {
        AIGCStorage storage store = _storage();
        Record storage record = store.records[modelId];
        if (record.creator == address(0) || account == address(0)) return false;
        return record.access == Access.OPEN || _ownerOf(modelId) == account || userOf(modelId) == account
            || store.licenses[modelId][account] >= block.timestamp;
    }

    function _usageBps(Record storage record) private view returns (uint16) {
        uint40 from = record.nextUsageFrom;
        return from != 0 && block.timestamp >= from ? record.nextUsageBps : record.usageBps;
    }

    function _known(uint256 modelId) private view returns (Record storage record) {
        record = _storage().records[modelId];
        if (record.creator == address(0)) revert AIGC_UnknownModel(modelId);
    }

    function _owned(uint256 modelId) private view returns (Record storage record) {
        address tokenOwner = _ownerOf(modelId);
        if (tokenOwner == address(0)) revert AIGC_UnknownModel(modelId);
        if (tokenOwner != msg.sender) revert AIGC_NotOwner(modelId, msg.sender);
        return _storage().records[modelId];
    }

    function _model(uint256 modelId) private view returns (Model memory model) {
        Record storage record = _known(modelId);
        model.modelId = modelId;
        model.spec = ModelSpec({
            name: record.name,
            version: record.version,
            family: record.family,
            kind: record.kind,
            baseModelId: record.baseModelId,
            weightsHash: record.weightsHash,
            weightsURI: record.weightsURI,
            license: record.license,
            previewCid: record.previewCid,
            usageBps: record.usageBps,
            resaleBps: record.resaleBps,
            access: record.access
        });
        model.nextUsageBps = record.nextUsageBps;
        model.nextUsageFrom = record.nextUsageFrom;
        model.creator = record.creator;
        model.registeredAt = record.registeredAt;
        model.verified = record.verified;
        model.deprecated = record.deprecated;
        model.licensePrice = record.licensePrice;
        model.licensePeriod = record.licensePeriod;
    }

    function _storage() private pure returns (AIGCStorage storage store) {
        assembly ("memory-safe") {
            store.slot := STORAGE
        }
    }
}
