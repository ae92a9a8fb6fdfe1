// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    AccessManagedUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {ERC721Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC721/ERC721Upgradeable.sol";
import {EIP712Upgradeable} from "@openzeppelin/contracts-upgradeable/utils/cryptography/EIP712Upgradeable.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {ERC721Utils} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Utils.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IERC173} from "./interfaces/IERC173.sol";
import {IERC7007} from "./interfaces/IERC7007.sol";
import {IERC7572} from "./interfaces/IERC7572.sol";
import {
    Display,
    EvolutionPolicy,
    EvolveAuthorization,
    IGridNFT,
    MintAuthorization,
    Provenance,
    ReceiptProof,
    Series
} from "./interfaces/IGridNFT.sol";
import {Settlement} from "./interfaces/IGridSettlement.sol";
import {IModelTerms} from "./interfaces/IModelTerms.sol";
import {BlobStore} from "./artworks/BlobStore.sol";
import {ArtworkMint} from "./artworks/ArtworkMint.sol";
import {GridReader} from "./artworks/GridReader.sol";
import {GridNFTStorage} from "./artworks/GridNFTStorage.sol";
import {TOKENS_PER_SERIES} from "./artworks/TokenIds.sol";
import {TokenRecord, TokenRecords} from "./artworks/TokenRecord.sol";

/// @title GridNFT
/// @dev Ownership, authorization, fees and edits. What a body says, and whether it is true, is `ArtworkMint`'s.
///
/// OpenZeppelin's ERC-721 with its owners and balances kept in `GridNFTStorage`: `_ownerOf`, `_update` and `balanceOf`
/// are overridden and never call the original. Approvals are where OpenZeppelin keeps them. Tokens are made by
/// `_mintTokens` only; `_mint` and `_safeMint` must not be called.
///
/// @custom:oz-upgrades-unsafe-allow external-library-linking
contract GridNFT is
    IGridNFT,
    IERC173,
    IERC2981,
    IERC4906,
    IERC7007,
    IERC7572,
    ERC721Upgradeable,
    AccessManagedUpgradeable,
    EIP712Upgradeable,
    UUPSUpgradeable,
    ReentrancyGuardTransient
{
    using SafeERC20 for IERC20;

    // ------------------------------------------------------------------------------------------------------- storage
    // See GridNFTStorage.

    /// @inheritdoc IGridNFT
    uint256 public constant MAX_MINT_FEE = 100e18;

    bytes32 private constant MINT_AUTHORIZATION_TYPEHASH =
        keccak256("MintAuthorization(address requester,address to,bytes32 bodyHash,uint128 maxFee,uint64 deadline)");
    bytes32 private constant EVOLVE_AUTHORIZATION_TYPEHASH =
        keccak256("EvolveAuthorization(uint256 tokenId,uint32 version,bytes32 bodyHash,uint64 deadline)");

    /// @inheritdoc IGridNFT
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IERC20 public immutable aipg;

    /// @inheritdoc IGridNFT
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IModelTerms public immutable models;

    // -------------------------------------------------------------------------------------------------- construction

    /// @param aipg_ Token that fees are paid in.
    /// @param models_ Model registry.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IERC20 aipg_, IModelTerms models_) {
        if (address(aipg_) == address(0)) revert GridNFT_ZeroAddress("aipg");
        if (address(models_) == address(0)) revert GridNFT_ZeroAddress("models");
        aipg = aipg_;
        models = models_;
        _disableInitializers();
    }

    /// @notice Initialises the proxy, in the transaction that makes it.
    /// @param authority_ AccessManager.
    /// @param owner_ ERC-173 owner, without power.
    /// @param settlement Anchor source 0.
    /// @param renderer_ Renderer.
    /// @param treasury Receives mint fees.
    /// @param fee AIPG wei per artwork.
    /// @param contractURI_ Collection metadata.
    /// @dev ERC721's and EIP712's initialisers only store names, which are constant here.
    /// @custom:oz-upgrades-unsafe-allow missing-initializer-call
    function initialize(
        address authority_,
        address owner_,
        address settlement,
        address renderer_,
        address treasury,
        uint256 fee,
        string calldata contractURI_
    ) external initializer {
        if (authority_ == address(0)) revert GridNFT_ZeroAddress("authority");
        __AccessManaged_init(authority_);
        _setOwner(owner_);
        ArtworkMint.addSource(settlement);
        _setRenderer(renderer_);
        _setMintFee(fee, treasury);
        _setContractURI(contractURI_);
    }

    // --------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc ERC721Upgradeable
    function name() public pure override returns (string memory) {
        return "GridNFT";
    }

    /// @inheritdoc ERC721Upgradeable
    function symbol() public pure override returns (string memory) {
        return "GRID";
    }

    /// @inheritdoc ERC721Upgradeable
    function balanceOf(address account) public view override(ERC721Upgradeable, IERC721) returns (uint256) {
        if (account == address(0)) revert ERC721InvalidOwner(address(0));
        return GridNFTStorage.load().balances[account];
    }

    /// @inheritdoc IGridNFT
    function totalSupply() external view returns (uint256) {
        return GridNFTStorage.load().counters.supply;
    }

    /// @inheritdoc IGridNFT
    function provenanceOf(uint256 tokenId) external view returns (Provenance memory) {
        _return(GridReader.provenance(tokenId, _lastVersion(tokenId)));
    }

    /// @inheritdoc IGridNFT
    function provenanceOf(uint256 tokenId, uint256 version) external view returns (Provenance memory) {
        _return(GridReader.provenance(tokenId, version));
    }

    /// @inheritdoc IGridNFT
    function versionsOf(uint256 tokenId) external view returns (uint256) {
        return GridNFTStorage.load().tokens[tokenId].versions();
    }

    /// @inheritdoc IGridNFT
    function seriesOf(uint256 tokenId) external view returns (uint256 seriesId, uint256 index) {
        _lastVersion(tokenId);
        return (tokenId / TOKENS_PER_SERIES, tokenId % TOKENS_PER_SERIES);
    }

    /// @inheritdoc IGridNFT
    function series(uint256 seriesId) external view returns (Series memory) {
        _return(GridReader.series(seriesId));
    }

    /// @inheritdoc IGridNFT
    function artistOf(uint256 tokenId) external view returns (address artist) {
        (artist,) = _headOf(tokenId);
    }

    /// @inheritdoc IGridNFT
    function displayOf(uint256 tokenId) external view returns (Display memory, bool) {
        _return(GridReader.display(tokenId));
    }

    /// @inheritdoc IGridNFT
    function stateOf(uint256 tokenId) external view returns (uint64 moves, uint64 shown) {
        _requireOwned(tokenId);
        TokenRecord token = GridNFTStorage.load().tokens[tokenId];
        return (token.moves(), token.nonce());
    }

    /// @inheritdoc IGridNFT
    function imageCid(uint256 tokenId) external view returns (string memory) {
        return GridReader.imageCid(tokenId, _lastVersion(tokenId));
    }

    /// @inheritdoc IGridNFT
    function blobOf(uint256 tokenId, uint256 version) external view returns (address) {
        return GridReader.blobOf(tokenId, version);
    }

    /// @inheritdoc IGridNFT
    function verify(uint256 tokenId) external view returns (bool) {
        return GridReader.verifyRecords(tokenId, models);
    }

    /// @inheritdoc IGridNFT
    function verify(uint256 tokenId, uint256 version) external view returns (bool) {
        return GridReader.verifyRecord(tokenId, version, models);
    }

    /// @inheritdoc IGridNFT
    function verify(uint256 tokenId, uint256 version, bytes32 laneId, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return GridReader.verifyAnchored(tokenId, version, laneId, proof, models);
    }

    /// @inheritdoc IERC7007
    function verify(bytes calldata prompt, bytes calldata aigcData, bytes calldata proof) external view returns (bool) {
        return GridReader.verifyBody(prompt, aigcData, proof, models);
    }

    /// @inheritdoc IGridNFT
    function isMinted(address requester, bytes32 orderHash, uint256 index) external view returns (bool) {
        return index < 256 && GridNFTStorage.load().minted[requester][orderHash] >> index & 1 != 0;
    }

    /// @inheritdoc IGridNFT
    function announcedAt(uint256 tokenId, uint256 version, address account, bytes32 bodyHash)
        external
        view
        returns (uint256)
    {
        return GridNFTStorage.load().announcements[GridNFTStorage.announcementKey(tokenId, version, account, bodyHash)];
    }

    /// @inheritdoc IGridNFT
    function anchorSource(uint256 index) public view returns (address source) {
        source = GridNFTStorage.load().sources[index];
        if (source == address(0)) revert GridNFT_UnknownSource(index);
    }

    /// @inheritdoc IGridNFT
    function anchorSourceCount() external view returns (uint256) {
        return GridNFTStorage.load().counters.sources;
    }

    /// @inheritdoc IGridNFT
    function mintFee() external view returns (uint256 fee, address treasury) {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        return ($.fee, $.treasury);
    }

    /// @inheritdoc IGridNFT
    function renderer() external view returns (address) {
        return GridNFTStorage.load().renderer;
    }

    /// @inheritdoc IGridNFT
    function paused() external view returns (bool) {
        return GridNFTStorage.load().counters.paused;
    }

    /// @inheritdoc IGridNFT
    function escrow() external view returns (address) {
        return GridNFTStorage.load().escrow;
    }

    /// @inheritdoc IGridNFT
    function seals() external view returns (bool, bool, bool, bool) {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        bool all = $.counters.upgradesSealed;
        return (all, all, $.counters.rendererSealed, all || $.escrow != address(0));
    }

    /// @notice Metadata of an artwork: fully on chain, as a `data:application/json;base64,` URI.
    /// @dev Errors: ERC721NonexistentToken.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        return GridReader.tokenURI(tokenId);
    }

    /// @inheritdoc IERC2981
    function royaltyInfo(uint256 tokenId, uint256 salePrice) external view returns (address, uint256) {
        uint256 seriesId = tokenId / TOKENS_PER_SERIES;
        (address receiver,, uint256 royaltyBps) = BlobStore.headOf(seriesId);
        address named = GridNFTStorage.load().royaltyReceivers[seriesId];
        return (named == address(0) ? receiver : named, _bpsOf(salePrice, royaltyBps));
    }

    /// @inheritdoc IERC173
    function owner() external view returns (address) {
        return GridNFTStorage.load().owner;
    }

    /// @inheritdoc IERC7572
    function contractURI() external view returns (string memory) {
        return GridNFTStorage.load().contractURI;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC721Upgradeable, IERC165) returns (bool) {
        return interfaceId == bytes4(0x49064906) // ERC-4906
            || interfaceId == type(IERC2981).interfaceId || interfaceId == type(IERC7007).interfaceId
            || interfaceId == type(IERC173).interfaceId || interfaceId == type(IERC7572).interfaceId
            || interfaceId == type(IERC5267).interfaceId || super.supportsInterface(interfaceId);
    }

    // ---------------------------------------------------------------------------------------------------------- mint

    /// @inheritdoc IGridNFT
    function mint(bytes calldata body, ReceiptProof[] calldata proofs, address to, uint128 maxFee)
        external
        nonReentrant
        returns (uint256)
    {
        return _mintSeries(body, proofs, msg.sender, to, msg.sender, maxFee);
    }

    /// @inheritdoc IGridNFT
    function mintFor(
        bytes calldata body,
        ReceiptProof[] calldata proofs,
        MintAuthorization calldata authorization,
        bytes calldata signature,
        uint128 maxFee
    ) external nonReentrant returns (uint256) {
        return _mintFor(body, proofs, authorization, signature, maxFee);
    }

    /// @inheritdoc IGridNFT
    function settleAndMint(
        uint256,
        Settlement[] calldata,
        bytes calldata body,
        ReceiptProof[] calldata proofs,
        address to,
        uint128 maxFee
    ) external nonReentrant returns (uint256) {
        ArtworkMint.settle(msg.data);
        return _mintSeries(body, proofs, msg.sender, to, msg.sender, maxFee);
    }

    /// @inheritdoc IGridNFT
    function settleAndMintFor(
        uint256,
        Settlement[] calldata,
        bytes calldata body,
        ReceiptProof[] calldata proofs,
        MintAuthorization calldata authorization,
        bytes calldata signature,
        uint128 maxFee
    ) external nonReentrant returns (uint256) {
        ArtworkMint.settle(msg.data);
        return _mintFor(body, proofs, authorization, signature, maxFee);
    }

    /// @inheritdoc IGridNFT
    function burn(uint256 tokenId) external {
        _update(address(0), tokenId, msg.sender);
        --GridNFTStorage.load().counters.supply;
    }

    // -------------------------------------------------------------------------------------------------------- evolve

    /// @inheritdoc IGridNFT
    function evolve(uint256 tokenId, bytes calldata body, ReceiptProof[] calldata proofs)
        external
        nonReentrant
        returns (uint256)
    {
        return ArtworkMint.addVersion(tokenId, body, proofs, _requireEvolver(tokenId), models);
    }

    /// @inheritdoc IGridNFT
    function evolveFor(
        bytes calldata body,
        ReceiptProof[] calldata proofs,
        EvolveAuthorization calldata authorization,
        bytes calldata signature
    ) external nonReentrant returns (uint256) {
        bytes32 bodyHash = keccak256(body);
        if (authorization.bodyHash != bodyHash) {
            revert GridNFT_AuthorizationForOtherBody(authorization.bodyHash, bodyHash);
        }
        address evolver = _requireEvolveAuthorization(authorization, signature);
        return ArtworkMint.addVersion(authorization.tokenId, body, proofs, evolver, models);
    }

    /// @inheritdoc IERC7007
    /// @dev See `IGridNFT` for what the arguments are. Errors: as `evolve`, GridNFT_PromptMismatch.
    function addAigcData(uint256 tokenId, bytes calldata prompt, bytes calldata aigcData, bytes calldata proof)
        external
        nonReentrant
    {
        _requireEvolver(tokenId);
        ArtworkMint.addAigcData(tokenId, prompt, aigcData, proof, models);
        emit AigcData(tokenId, prompt, aigcData, proof);
    }

    /// @inheritdoc IGridNFT
    function announceEvolution(uint256 tokenId, bytes32 bodyHash) external {
        ArtworkMint.announce(tokenId, _requireEvolver(tokenId), bodyHash, false);
    }

    /// @inheritdoc IGridNFT
    function announceEvolutionFor(EvolveAuthorization calldata authorization, bytes calldata signature) external {
        address evolver = _requireEvolveAuthorization(authorization, signature);
        ArtworkMint.announce(authorization.tokenId, evolver, authorization.bodyHash, true);
    }

    // ------------------------------------------------------------------------------------------------------- display

    /// @inheritdoc IGridNFT
    function setDisplay(uint256[] calldata tokenIds, Display calldata display) external {
        ArtworkMint.setDisplay(tokenIds, display);
    }

    /// @inheritdoc IGridNFT
    function freeze(uint256[] calldata tokenIds) external {
        ArtworkMint.freeze(tokenIds);
    }

    /// @inheritdoc IGridNFT
    function setRoyaltyReceiver(uint256 seriesId, address receiver) external {
        ArtworkMint.setRoyaltyReceiver(seriesId, receiver);
    }

    // --------------------------------------------------------------------------------------------------------- admin

    /// @inheritdoc IGridNFT
    function addAnchorSource(address source) external restricted returns (uint256) {
        return ArtworkMint.addSource(source);
    }

    /// @inheritdoc IGridNFT
    function setMintFee(uint256 fee, address treasury) external restricted {
        _setMintFee(fee, treasury);
    }

    /// @inheritdoc IGridNFT
    function setRenderer(address newRenderer) external restricted {
        if (GridNFTStorage.load().counters.rendererSealed) revert GridNFT_RendererSealed();
        _setRenderer(newRenderer);
        emit BatchMetadataUpdate(0, type(uint256).max);
    }

    /// @inheritdoc IGridNFT
    function setContractURI(string calldata uri) external restricted {
        _setContractURI(uri);
    }

    /// @inheritdoc IERC173
    /// @dev Restricted: the owner has no power, not even this one.
    function transferOwnership(address newOwner) external restricted {
        _setOwner(newOwner);
    }

    /// @inheritdoc IGridNFT
    function pause() external restricted {
        _setPaused(true);
    }

    /// @inheritdoc IGridNFT
    function unpause() external restricted {
        _setPaused(false);
    }

    /// @inheritdoc IGridNFT
    function sealUpgrades() external restricted {
        ArtworkMint.sealUpgrades();
    }

    /// @inheritdoc IGridNFT
    function sealRenderer() external restricted {
        ArtworkMint.sealRenderer();
    }

    /// @inheritdoc IGridNFT
    function setEscrow(address newEscrow) external restricted {
        ArtworkMint.setEscrow(newEscrow);
    }

    // ------------------------------------------------------------------------------------------------------ internal

    /// @inheritdoc EIP712Upgradeable
    // solhint-disable-next-line func-name-mixedcase
    function _EIP712Name() internal pure override returns (string memory) {
        return name();
    }

    /// @inheritdoc EIP712Upgradeable
    // solhint-disable-next-line func-name-mixedcase
    function _EIP712Version() internal pure override returns (string memory) {
        return "1";
    }

    /// @inheritdoc ERC721Upgradeable
    function _ownerOf(uint256 tokenId) internal view override returns (address) {
        return GridNFTStorage.load().tokens[tokenId].owner();
    }

    /// @inheritdoc ERC721Upgradeable
    /// @dev Only ever moves or burns a token that exists: `auth` is never zero, and what it may not do reverts.
    function _update(address to, uint256 tokenId, address auth) internal override returns (address from) {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        TokenRecord token = $.tokens[tokenId];
        from = token.owner();
        _checkAuthorized(from, auth, tokenId);
        _approve(address(0), tokenId, address(0), false);
        $.tokens[tokenId] = token.withMove(to, !token.isMoved() && _leavesArtist(tokenId, from, to));
        unchecked {
            $.balances[from] -= 1;
            if (to != address(0)) $.balances[to] += 1;
        }
        emit Transfer(from, to, tokenId);
    }

    /// @dev Returns whether a token that never left its artist's hands does so now. Until then only the artist, and the
    /// escrow, can hold it.
    function _leavesArtist(uint256 tokenId, address from, address to) private view returns (bool) {
        if (to == address(0)) return true;
        if (from == to) return false;
        address held = GridNFTStorage.load().escrow;
        if (to == held) return false;
        if (from != held) return true;
        (address artist,,) = BlobStore.headOf(tokenId / TOKENS_PER_SERIES);
        return to != artist;
    }

    /// @dev The fee is the requester's, if they said how much, else the submitter's, up to `maxFee`.
    function _mintFor(
        bytes calldata body,
        ReceiptProof[] calldata proofs,
        MintAuthorization calldata authorization,
        bytes calldata signature,
        uint256 maxFee
    ) private returns (uint256) {
        _requireMintAuthorization(authorization, body, signature);
        address requester = authorization.requester;
        if (authorization.maxFee == 0) {
            return _mintSeries(body, proofs, requester, authorization.to, msg.sender, maxFee);
        }
        return _mintSeries(body, proofs, requester, authorization.to, requester, authorization.maxFee);
    }

    /// @dev Receivers are called last.
    function _mintSeries(
        bytes calldata body,
        ReceiptProof[] calldata proofs,
        address requester,
        address to,
        address feePayer,
        uint256 maxFee
    ) private returns (uint256 seriesId) {
        if (GridNFTStorage.load().counters.paused) revert GridNFT_Paused();
        if (to == address(0)) revert ERC721InvalidReceiver(address(0));
        uint256 count;
        (seriesId, count) = ArtworkMint.mintSeries(body, proofs, requester, to, models);
        _takeFee(count, feePayer, maxFee);
        _mintTokens(seriesId * TOKENS_PER_SERIES + 1, count, TokenRecords.minted(to, to != requester));
    }

    function _takeFee(uint256 count, address feePayer, uint256 maxFee) private {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        uint256 fee = $.fee * count;
        if (fee > maxFee) revert GridNFT_FeeAboveMax(fee, maxFee);
        if (fee != 0) aipg.safeTransferFrom(feePayer, $.treasury, fee);
    }

    /// @dev Writes the tokens of a new series, and calls their receiver.
    function _mintTokens(uint256 first, uint256 count, TokenRecord token) private {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        address to = token.owner();
        unchecked {
            for (uint256 tokenId = first; tokenId < first + count; ++tokenId) {
                $.tokens[tokenId] = token;
                emit Transfer(address(0), to, tokenId);
            }
            $.balances[to] += count;
        }
        if (to.code.length != 0) {
            for (uint256 tokenId = first; tokenId < first + count; ++tokenId) {
                ERC721Utils.checkOnERC721Received(msg.sender, address(0), to, tokenId, "");
            }
        }
    }

    function _requireMintAuthorization(
        MintAuthorization calldata authorization,
        bytes calldata body,
        bytes calldata signature
    ) private view {
        bytes32 bodyHash = keccak256(body);
        if (authorization.bodyHash != bodyHash) {
            revert GridNFT_AuthorizationForOtherBody(authorization.bodyHash, bodyHash);
        }
        bytes32 structHash = keccak256(abi.encode(MINT_AUTHORIZATION_TYPEHASH, authorization));
        _requireSignature(authorization.requester, structHash, signature, authorization.deadline);
    }

    /// @return evolver Who signed: the artist or the owner.
    function _requireEvolveAuthorization(EvolveAuthorization calldata authorization, bytes calldata signature)
        private
        view
        returns (address evolver)
    {
        evolver = _evolverOf(authorization.tokenId);
        uint256 next = GridNFTStorage.load().tokens[authorization.tokenId].versions() + 1;
        if (authorization.version != next) revert GridNFT_WrongVersion(authorization.version, next);
        bytes32 structHash = keccak256(abi.encode(EVOLVE_AUTHORIZATION_TYPEHASH, authorization));
        _requireSignature(evolver, structHash, signature, authorization.deadline);
    }

    function _requireSignature(address signer, bytes32 structHash, bytes calldata signature, uint256 deadline)
        private
        view
    {
        if (block.timestamp > deadline) revert GridNFT_AuthorizationExpired(deadline);
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, _hashTypedDataV4(structHash), signature)) {
            revert GridNFT_BadSignature(signer);
        }
    }

    /// @dev Returns the accounts that may add versions to a token.
    function _evolverOf(uint256 tokenId) private view returns (address) {
        address tokenOwner = _requireOwned(tokenId);
        (address artist, EvolutionPolicy policy) = _headOf(tokenId);
        if (policy == EvolutionPolicy.NONE) revert GridNFT_DoesNotEvolve(tokenId);
        return policy == EvolutionPolicy.ARTIST ? artist : tokenOwner;
    }

    function _requireEvolver(uint256 tokenId) private view returns (address) {
        if (_evolverOf(tokenId) != msg.sender) revert GridNFT_NotAllowed(tokenId, msg.sender);
        return msg.sender;
    }

    /// @dev Of the series of a token that was minted.
    function _headOf(uint256 tokenId) private view returns (address artist, EvolutionPolicy policy) {
        _lastVersion(tokenId);
        (artist, policy,) = BlobStore.headOf(tokenId / TOKENS_PER_SERIES);
    }

    function _lastVersion(uint256 tokenId) private view returns (uint256 version) {
        version = GridNFTStorage.load().tokens[tokenId].versions();
        if (version == 0) revert GridNFT_UnknownVersion(tokenId, 1);
    }

    /// @dev floor(amount x bps / 10,000), for any amount.
    function _bpsOf(uint256 amount, uint256 bps) private pure returns (uint256) {
        return amount / 10_000 * bps + amount % 10_000 * bps / 10_000;
    }

    function _setMintFee(uint256 fee, address treasury) private {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        if (fee > MAX_MINT_FEE) revert GridNFT_FeeAboveCap(fee, MAX_MINT_FEE);
        if (treasury == address(0)) revert GridNFT_ZeroAddress("treasury");
        // forge-lint: disable-next-line(unsafe-typecast) -- it is at most MAX_MINT_FEE
        ($.fee, $.treasury) = (uint96(fee), treasury);
        emit MintFeeSet(fee, treasury);
    }

    function _setRenderer(address newRenderer) private {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        if (newRenderer.code.length == 0) revert GridNFT_NoCode(newRenderer);
        emit RendererSet($.renderer, newRenderer);
        $.renderer = newRenderer;
    }

    function _setContractURI(string calldata uri) private {
        GridNFTStorage.load().contractURI = uri;
        emit ContractURIUpdated();
    }

    function _setOwner(address newOwner) private {
        GridNFTStorage.Layout storage $ = GridNFTStorage.load();
        emit OwnershipTransferred($.owner, newOwner);
        $.owner = newOwner;
    }

    function _setPaused(bool value) private {
        GridNFTStorage.load().counters.paused = value;
        emit MintPauseSet(value);
    }

    /// @dev Ends the call with what a library has encoded already.
    function _return(bytes memory encoded) private pure {
        assembly ("memory-safe") {
            return(add(encoded, 0x20), mload(encoded))
        }
    }

    /// @dev Restricted, until upgrades are sealed.
    function _authorizeUpgrade(address) internal override restricted {
        if (GridNFTStorage.load().counters.upgradesSealed) revert GridNFT_UpgradesSealed();
    }
}
