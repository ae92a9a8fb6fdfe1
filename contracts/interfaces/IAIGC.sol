// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IERC4907} from "./IERC4907.sol";
import {IERC7572} from "./IERC7572.sol";
import {IModelTerms} from "./IModelTerms.sol";

/// @notice Architecture a model belongs to. New ones are appended.
enum ModelFamily {
    SD15,
    SD21,
    SDXL,
    FLUX1_SCHNELL,
    FLUX1_DEV,
    FLUX_KREA,
    CHROMA,
    SVD,
    OTHER
}

/// @notice Part of a pipeline that a model is. New ones are appended.
enum ModelKind {
    CHECKPOINT,
    LORA,
    CONTROLNET,
    UPSCALER,
    EMBEDDING,
    VAE,
    PIPELINE
}

/// @notice Access to a model: the accounts that may use it.
/// @dev OPEN: everybody. LICENSED: owner, ERC-4907 user and license holders, and licenses are for sale. PRIVATE: as
/// LICENSED, but no license can be bought any more; those bought before hold until they expire.
enum Access {
    OPEN,
    LICENSED,
    PRIVATE
}

/// @notice Registration of a model. All text is UTF-8 without control characters.
/// @param name 1 to 64 bytes.
/// @param version Up to 32 bytes, e.g. "1.0".
/// @param family Architecture.
/// @param kind Part of a pipeline.
/// @param baseModelId The model this one derives from or works with, registered before; 0 for none.
/// @param weightsHash sha256 of the weights file, or of a canonical manifest of several. Not 0, not unique.
/// @param weightsURI Address of the weights, up to 512 bytes; may be empty.
/// @param license SPDX identifier or URI, 1 to 256 bytes.
/// @param previewCid IPFS CID of a picture, letters and digits, up to 128 bytes; may be empty.
/// @param usageBps Usage royalty, basis points of each job's price, at most 2,000.
/// @param resaleBps Resale royalty (ERC-2981), basis points, at most 1,000.
/// @param access Accounts that may use it.
struct ModelSpec {
    string name;
    string version;
    ModelFamily family;
    ModelKind kind;
    uint256 baseModelId;
    bytes32 weightsHash;
    string weightsURI;
    string license;
    string previewCid;
    uint16 usageBps;
    uint16 resaleBps;
    Access access;
}

/// @notice A model as it is now.
/// @param modelId Token id.
/// @param spec Registration, with `weightsURI` and `access` as they are now, and `usageBps` the royalty of
/// before `nextUsageFrom`.
/// @param nextUsageBps Usage royalty from `nextUsageFrom` on; means nothing while that is 0.
/// @param nextUsageFrom Unix seconds; 0 when no change was ever announced. May lie in the past.
/// @param creator Whom the model was registered to; write-once.
/// @param registeredAt Unix seconds.
/// @param verified A CURATOR checked that the model is what it says.
/// @param deprecated A CURATOR advises against using it for new work.
/// @param licensePrice AIPG wei for one period.
/// @param licensePeriod Seconds; 0 when no terms are set.
struct Model {
    uint256 modelId;
    ModelSpec spec;
    uint16 nextUsageBps;
    uint40 nextUsageFrom;
    address creator;
    uint40 registeredAt;
    bool verified;
    bool deprecated;
    uint128 licensePrice;
    uint32 licensePeriod;
}

/// @title AIGC
/// @notice An ERC-721 whose token is a generative model. Its owner is paid for each use of the model, sells licenses,
/// rents it out (ERC-4907) or keeps it private. `canUse` is the one answer to who may use it.
/// @dev UUPS proxy under one AccessManager; `sealUpgrades` ends upgrades for ever. Token ids count from 1. A model can't
/// be burned: artworks refer to it for ever.
///
/// **Identity is write-once**: name, version, family, kind, base model, weights hash, license, preview, creator, resale
/// royalty. No function changes them, an admin's neither. The owner can move `weightsURI` (the hash tells whether the
/// file is the same), change access, license terms, and the usage royalty with a notice of 7 days.
///
/// **`weightsHash` is not unique.** Were it, whoever came first would own SDXL. Anybody can register a copy; shops show
/// what a CURATOR marked `verified`.
///
/// **Usage royalty** is collected by GridSettlement for the *model id* and paid to `ownerOf` at the time of claiming:
/// what is unclaimed travels with the token. It is paid by the one model a request names, not by models (LoRAs, for
/// example) mentioned in a request's extras, nor by `baseModelId`.
///
/// **Resale royalty (ERC-2981) goes to the creator**, not to the owner: whoever resells is the owner, and would be paid
/// by its own sale. The creator is the account the model was first registered *to* (`to`, not the caller, who may be a relayer
/// or a factory that can't spend what it gets). The right stays with the creator for ever; the creator alone may name
/// another account to be paid. Rate and creator never change, so no holder ever finds a higher royalty than bought.
///
/// **Licenses** belong to an account, not to the token: they survive a transfer of the token and a later PRIVATE.
/// Owners are paid at once, whatever they do later. Nobody can take a license back.
/// The seller of a token can give itself a long license before selling; so did it know the weights.
///
/// **What buyers of a token should check**: `stateOf`. An order that names `shown` is void once the owner changed access,
/// license terms, weights URI or announced a royalty, or a CURATOR changed a mark; one that names `moves` is void once
/// the token was transferred. A setter that is given what is stored already changes nothing, emits nothing and leaves
/// `shown`: this holds for `setWeightsURI`, `setAccess`, `setLicenseTerms`, `setVerified`, `setDeprecated`, and for
/// `announceUsageRoyalty` of the same rate in the same block.
///
/// **Registration fee**: the caller pays, at most the `maxFee` that it names.
///
/// ERC-4906 `MetadataUpdate` is emitted on each change that `tokenURI` shows and on nothing else. `tokenURI` shows the usage
/// royalty as stored (rate before, rate announced, from when), so the passing of time alone never changes it.
interface IAIGC is IModelTerms, IERC2981, IERC4906, IERC4907, IERC7572 {
    // ---------------------------------------------------------------- events

    /// @notice A model was registered to `creator` by `registrant`, who paid `fee` AIPG wei.
    event ModelRegistered(
        uint256 indexed modelId,
        address indexed creator,
        bytes32 indexed weightsHash,
        ModelSpec spec,
        address registrant,
        uint128 fee
    );

    /// @notice The owner says that the weights are at `weightsURI` now.
    event WeightsMoved(uint256 indexed modelId, string weightsURI);

    /// @notice The owner changed who may use the model.
    event AccessSet(uint256 indexed modelId, Access access);

    /// @notice The owner announced a usage royalty of `nextBps`, in force at `nextFrom`. Until then it is `bps`.
    /// An earlier announcement that was not in force yet is void.
    event UsageRoyaltyAnnounced(uint256 indexed modelId, uint16 bps, uint16 nextBps, uint40 nextFrom);

    /// @notice The owner sells licenses for `price` AIPG wei per `period` seconds. A period of 0 ends the sale.
    event LicenseTermsSet(uint256 indexed modelId, uint128 price, uint32 period);

    /// @notice `buyer` paid `price` AIPG wei in all to `seller`: `account` may use the model until `expires`, inclusive.
    event LicenseBought(
        uint256 indexed modelId,
        address indexed account,
        address indexed buyer,
        address seller,
        uint32 periods,
        uint128 price,
        uint40 expires
    );

    /// @notice The creator's resale royalty is paid to `receiver` from now on.
    event RoyaltyReceiverSet(uint256 indexed modelId, address indexed receiver);

    /// @notice A CURATOR says that the model is, or isn't, what it says.
    event VerifiedSet(uint256 indexed modelId, bool verified);

    /// @notice A CURATOR advises, or no longer advises, against the model.
    event DeprecatedSet(uint256 indexed modelId, bool deprecated);

    /// @notice Registering costs `fee` AIPG wei from now on.
    event RegistrationFeeSet(uint128 fee);

    /// @notice Registration fees go to `treasury` from now on.
    event TreasurySet(address indexed treasury);

    /// @notice The implementation can never be changed again.
    event UpgradesSealed();

    // ---------------------------------------------------------------- errors

    /// @notice There is no such model.
    error AIGC_UnknownModel(uint256 modelId);
    /// @notice There is no such base model.
    error AIGC_UnknownBaseModel(uint256 baseModelId);
    /// @notice The weights hash must not be 0.
    error AIGC_EmptyWeightsHash();
    /// @notice The preview is not a CID: the character at `position` is neither letter nor digit.
    error AIGC_InvalidPreviewCid(uint256 position);
    /// @notice The usage royalty is above its cap, basis points.
    error AIGC_UsageRoyaltyTooHigh(uint16 bps, uint16 maxBps);
    /// @notice The resale royalty is above its cap, basis points.
    error AIGC_ResaleRoyaltyTooHigh(uint16 bps, uint16 maxBps);
    /// @notice The caller is not the model's owner.
    error AIGC_NotOwner(uint256 modelId, address caller);
    /// @notice The caller is not the model's creator.
    error AIGC_NotCreator(uint256 modelId, address caller);
    /// @notice The zero address can't be `field`.
    error AIGC_ZeroAddress(string field);
    /// @notice No license of the model is for sale: access isn't LICENSED, or no terms are set.
    error AIGC_NotForSale(uint256 modelId);
    /// @notice A license of no periods means nothing.
    error AIGC_ZeroPeriods();
    /// @notice The buyer expected another period length, seconds.
    error AIGC_PeriodChanged(uint32 expected, uint32 period);
    /// @notice The license costs more than the buyer agreed to, AIPG wei.
    error AIGC_PriceTooHigh(uint256 price, uint128 maxPrice);
    /// @notice The license would end later than `latest`, Unix seconds.
    error AIGC_LicenseTooLong(uint256 expires, uint256 latest);
    /// @notice A license period can't be longer than `MAX_LICENSE_TERM`, seconds.
    error AIGC_PeriodTooLong(uint32 period, uint32 maxPeriod);
    /// @notice The registration fee is above its cap, AIPG wei.
    error AIGC_FeeTooHigh(uint128 fee, uint128 maxFee);
    /// @notice Registering costs more than the caller agreed to, AIPG wei.
    error AIGC_FeeAboveMax(uint128 fee, uint128 maxFee);
    /// @notice Upgrades were ended for ever.
    error AIGC_UpgradesSealed();

    // ---------------------------------------------------------------- views

    /// @notice The token fees and licenses are paid in.
    function aipg() external view returns (IERC20);

    /// @notice Highest usage royalty, basis points.
    function MAX_USAGE_BPS() external view returns (uint16);

    /// @notice Highest resale royalty, basis points.
    function MAX_RESALE_BPS() external view returns (uint16);

    /// @notice Highest registration fee, AIPG wei.
    function MAX_REGISTRATION_FEE() external view returns (uint128);

    /// @notice Seconds between announcing a usage royalty and its coming into force.
    function ROYALTY_NOTICE() external view returns (uint40);

    /// @notice No license ends later than this many seconds from now.
    function MAX_LICENSE_TERM() external view returns (uint32);

    /// @notice Fee for registering a model, AIPG wei.
    function registrationFee() external view returns (uint128);

    /// @notice Receiver of registration fees.
    function treasury() external view returns (address);

    /// @notice Returns true when upgrades were ended for ever.
    function upgradesSealed() external view returns (bool);

    /// @inheritdoc IModelTerms
    function ownerOf(uint256 modelId) external view override(IModelTerms, IERC721) returns (address);

    /// @notice Number of models; ids are 1 to `totalSupply()`.
    function totalSupply() external view returns (uint256);

    /// @notice A model. Reverts with AIGC_UnknownModel.
    function modelOf(uint256 modelId) external view returns (Model memory);

    /// @notice Several models in the order asked for. Reverts with AIGC_UnknownModel.
    function modelsOf(uint256[] calldata modelIds) external view returns (Model[] memory);

    /// @notice Returns true when `account` may use the model now: it is OPEN, or the account is its owner, its ERC-4907 user, or
    /// holds a license that is not over. False when there is no such model.
    function canUse(uint256 modelId, address account) external view returns (bool);

    /// @notice `canUse` for several models.
    function canUseEach(uint256[] calldata modelIds, address account) external view returns (bool[] memory);

    /// @notice End of `account`'s license, Unix seconds, inclusive; 0 when it never had one.
    function licenseExpires(uint256 modelId, address account) external view returns (uint40);

    /// @notice State that a buyer of the token relies on. Reverts with AIGC_UnknownModel.
    /// @return moves Number of transfers, those to the owner itself included. The mint and approvals don't count. Wraps
    /// at 2^40.
    /// @return shown Presentation nonce: number of changes by `setWeightsURI`, `setAccess`, `announceUsageRoyalty`,
    /// `setLicenseTerms`, `setVerified` and `setDeprecated`. License sales, royalty claims, users, `setRoyaltyReceiver`
    /// and an announced royalty that takes effect don't count. At most 2^32 - 1; the change after that reverts.
    function stateOf(uint256 modelId) external view returns (uint64 moves, uint64 shown);

    // ---------------------------------------------------------------- models

    /// @notice Registers a model, for `registrationFee` AIPG from the caller.
    /// @dev Reverts with AIGC_FeeAboveMax, JsonText_* naming a text field, AIGC_*, or the token's own error. Calls
    /// `onERC721Received` of `to` if that is a contract.
    /// @param spec The model.
    /// @param to First owner, and creator.
    /// @param maxFee The most the caller pays, AIPG wei: the `registrationFee` it was quoted.
    /// @return modelId Token id.
    function register(ModelSpec calldata spec, address to, uint128 maxFee) external returns (uint256 modelId);

    /// @notice Says where the weights are now; up to 512 bytes of text. Owner only.
    function setWeightsURI(uint256 modelId, string calldata weightsURI) external;

    /// @notice Changes who may use the model, at once. Licenses and the user keep their time. Owner only.
    function setAccess(uint256 modelId, Access access) external;

    /// @notice Announces a usage royalty, in force `ROYALTY_NOTICE` from now. Owner only.
    /// @dev Replaces an announcement that isn't in force yet; so announcing the rate in force takes it back.
    function announceUsageRoyalty(uint256 modelId, uint16 bps) external;

    /// @notice Sets what a license costs. Owner only.
    /// @param price AIPG wei per period; 0 gives licenses away.
    /// @param period Seconds, at most `MAX_LICENSE_TERM`; 0 ends the sale.
    function setLicenseTerms(uint256 modelId, uint128 price, uint32 period) external;

    /// @notice Names who is paid the resale royalty. Creator only.
    function setRoyaltyReceiver(uint256 modelId, address receiver) external;

    /// @notice Buys a license, or makes one longer. AIPG goes from the caller to the model's owner.
    /// @dev Counts from the end of the license held, or from now. The last three arguments hold the terms the buyer agreed to,
    /// so terms changed in the same block can't make the deal worse. Reverts with AIGC_NotForSale, AIGC_PeriodChanged,
    /// AIGC_PriceTooHigh, AIGC_LicenseTooLong, AIGC_ZeroPeriods, AIGC_ZeroAddress.
    /// @param account Account that may use the model.
    /// @param periods Number of periods.
    /// @param period Length of a period the buyer expects, seconds.
    /// @param maxPrice The most the buyer pays in all, AIPG wei.
    /// @return expires When the license ends, Unix seconds, inclusive.
    function buyLicense(uint256 modelId, address account, uint32 periods, uint32 period, uint128 maxPrice)
        external
        returns (uint40 expires);

    // ---------------------------------------------------------------- admin

    /// @notice Marks a model as being what it says, or takes that back. CURATOR.
    function setVerified(uint256 modelId, bool verified) external;

    /// @notice Advises against a model, or takes that back. CURATOR. Changes nobody's right to use it.
    function setDeprecated(uint256 modelId, bool deprecated) external;

    /// @notice Sets what registering costs, AIPG wei, at most `MAX_REGISTRATION_FEE`. PARAMS.
    function setRegistrationFee(uint128 fee) external;

    /// @notice Sets where registration fees go. PARAMS.
    function setTreasury(address newTreasury) external;

    /// @notice Sets `contractURI`; empty for the one made on chain. PARAMS.
    function setContractURI(string calldata uri) external;

    /// @notice Stops registering models and selling licenses. GUARDIAN. Nothing else can be paused.
    function pause() external;

    /// @notice Lets registering and selling go on. ADMIN.
    function unpause() external;

    /// @notice Ends upgrades for ever. UPGRADER.
    function sealUpgrades() external;
}
