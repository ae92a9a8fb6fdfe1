// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UUPSUpgradeable} from "@openzeppelin/contracts-upgradeable/proxy/utils/UUPSUpgradeable.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {GridNFT} from "../../../contracts/GridNFT.sol";
import {GridRenderer} from "../../../contracts/GridRenderer.sol";
import {IAIGC} from "../../../contracts/interfaces/IAIGC.sol";
import {
    Display,
    EvolutionPolicy,
    EvolveAuthorization,
    IGridNFT,
    MintAuthorization,
    ReceiptProof
} from "../../../contracts/interfaces/IGridNFT.sol";
import {GenerationRequest, GridMessages} from "../../../contracts/messages/GridMessages.sol";
import {Body, BodyAnchor, BodyArtwork, BodyOrder, NftBody} from "../../utils/NftBody.sol";
import {EscrowDouble} from "../../utils/EscrowDouble.sol";
import {MockAnchor} from "../../utils/NftMocks.sol";
import {NftTree} from "../../utils/NftTree.sol";
import {NftBooks} from "./NftBooks.sol";

/// @notice Does with GridNFT what people do, in any order, in a world of its own.
/// @dev Actions never revert. Each foretells how its call ends; another ending is a violation.
contract NftHandler is NftBooks {
    uint256 private constant MAX_LIVE = 12;

    /// @dev A mint that somebody submits for another.
    struct Relay {
        address requester;
        address relayer;
        uint256 fee;
        uint256 cap;
        bool requesterPays;
        bool forged;
    }

    /// @dev A version that somebody wants to add. `door`: 0 evolve, 1 evolveFor, 2 addAigcData.
    struct Evolution {
        uint256 tokenId;
        uint256 door;
        address by;
        bytes prompt;
        bytes packed;
        ReceiptProof[] proofs;
        bytes4 expected;
    }

    EscrowDouble public immutable escrow = new EscrowDouble();

    mapping(bytes32 action => uint256) public calls;
    mapping(bytes32 action => uint256) public successes;
    mapping(uint256 tokenId => bool) private _bids;
    mapping(address account => uint256 key) private _keys;
    address[] private _people;
    uint256 private _orders;

    // The last mint, for `mintAgain`.
    bytes private _lastCall;
    address private _lastArtist;

    constructor() {
        setUp();
        _begin();
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = UUPSUpgradeable.upgradeToAndCall.selector;
        vm.prank(admin);
        manager.setTargetFunctionRole(address(nft), selectors, 0);
        string[3] memory names = ["artist", "collector", "passer-by"];
        for (uint256 i; i < names.length; ++i) {
            (address person, uint256 key) = makeAddrAndKey(names[i]);
            _people.push(person);
            _holders.push(person);
            _keys[person] = key;
            vm.prank(admin);
            aipg.mint(person, 1e40);
            vm.prank(person);
            aipg.approve(address(nft), type(uint256).max);
        }
        _holders.push(address(escrow));
        _govern(abi.encodeCall(nft.addAnchorSource, (address(new MockAnchor()))), 0);
    }

    modifier counted(bytes32 action) {
        ++calls[action];
        _;
    }

    // -------------------------------------------------------------------------------------------------------------- mint

    function mint(uint256 who, uint256 to, uint256 count, uint256 shape) external counted("mint") watched {
        count = 1 + count % 4;
        if (live.length + count > MAX_LIVE) return;
        address artist_ = _person(who);
        (bytes memory packed, ReceiptProof[] memory proofs) = _series(artist_, count, shape);
        uint256 fee = _fee * count;
        uint256 cap = to % 8 == 0 && fee != 0 ? fee - 1 : fee;
        _lastCall = abi.encodeCall(nft.mint, (packed, proofs, _person(to), uint128(fee)));
        bytes memory data = abi.encodeCall(nft.mint, (packed, proofs, _person(to), uint128(cap)));
        if (_pays("mint", artist_, artist_, data, fee, _mintError(fee, cap))) {
            _lastArtist = artist_;
            ++successes["mint"];
            if (proofs.length > 1) ++successes["mint by several anchors"];
        } else {
            _lastCall = "";
        }
    }

    /// @dev Relayed: the requester pays when their authorization says how much, else the relayer, up to what it says.
    function mintFor(uint256 who, uint256 relayer, uint256 count, uint256 shape) external counted("mintFor") watched {
        count = 1 + count % 3;
        if (live.length + count > MAX_LIVE) return;
        Relay memory r;
        (r.requester, r.relayer, r.fee) = (_person(who), _person(relayer), _fee * count);
        r.requesterPays = shape % 2 == 0 && r.fee != 0;
        r.cap = (shape >> 8) % 6 == 0 && r.fee > 1 ? r.fee - 1 : r.fee;
        r.forged = (shape >> 24) % 8 == 0;
        bytes4 expected = r.forged ? IGridNFT.GridNFT_BadSignature.selector : _mintError(r.fee, r.cap);
        bytes memory data = _relayCall(r, count, shape);
        if (_pays("mintFor", r.relayer, r.requesterPays ? r.requester : r.relayer, data, r.fee, expected)) {
            ++successes["mintFor"];
            if (r.fee != 0) ++successes[r.requesterPays ? bytes32("fee by requester") : bytes32("fee by submitter")];
        }
    }

    function _relayCall(Relay memory r, uint256 count, uint256 shape) private returns (bytes memory) {
        (bytes memory packed, ReceiptProof[] memory proofs) = _series(r.requester, count, shape);
        MintAuthorization memory a = MintAuthorization({
            requester: r.requester,
            to: _person(shape >> 16),
            bodyHash: keccak256(packed),
            maxFee: r.requesterPays ? uint128(r.cap) : 0,
            deadline: uint64(block.timestamp)
        });
        bytes memory signature = sign(a, r.forged ? 12_345 : _keys[r.requester]);
        // The cap of the one who doesn't pay must not matter.
        return abi.encodeCall(nft.mintFor, (packed, proofs, a, signature, r.requesterPays ? 0 : uint128(r.cap)));
    }

    /// @dev The same receipts again: must never work.
    function mintAgain() external counted("mintAgain") watched {
        if (_lastCall.length == 0) return;
        bytes4 expected = _paused ? IGridNFT.GridNFT_Paused.selector : IGridNFT.GridNFT_AlreadyMinted.selector;
        _attempt("mintAgain", _lastArtist, _lastCall, expected);
        if (!_paused) ++successes["mintAgain"];
    }

    // ------------------------------------------------------------------------------------------------------------ evolve

    /// @dev By each of the three doors, now and then by somebody who may not, under an announcement of any age.
    function evolve(uint256 which, uint256 wait, uint256 door, uint256 shape) external counted("evolve") watched {
        if (live.length == 0) return;
        Evolution memory e;
        e.tokenId = _token(which);
        e.door = door % 3;
        Token storage token = _books[e.tokenId];
        address evolver = token.policy == EvolutionPolicy.OWNER ? token.owner : token.artist;
        e.by = shape % 8 == 0 || evolver == address(0) ? _person(shape >> 8) : evolver;
        _prepare(e, shape >> 16);
        e.expected = _evolveError(e, evolver);
        if (e.expected == 0 && token.policy == EvolutionPolicy.OWNER) _announce(e, wait % 9 days);
        if (_attempt("evolve", e.door == 1 ? _person(wait) : e.by, _evolveCall(e, token.versions + 1), e.expected)) {
            ++successes["evolve"];
            ++successes[[bytes32("evolve itself"), "evolveFor", "addAigcData"][e.door]];
        }
        if (e.expected == IGridNFT.GridNFT_InEscrow.selector) ++successes["evolve refused under a bid"];
    }

    function _prepare(Evolution memory e, uint256 shape) private {
        Body memory body;
        (body, e.proofs) = _make(e.by, 1, shape);
        e.prompt = bytes(body.requests[0].prompt);
        e.packed = NftBody.packVersion(body);
        _body = e.packed;
    }

    function _announce(Evolution memory e, uint256 wait) private {
        _attempt("announce", e.by, abi.encodeCall(nft.announceEvolution, (e.tokenId, keccak256(e.packed))), 0);
        vm.warp(block.timestamp + wait);
        if (wait < 1 hours) e.expected = IGridNFT.GridNFT_TooEarly.selector;
        if (wait > 1 hours + 7 days) e.expected = IGridNFT.GridNFT_NotAnnounced.selector;
    }

    function _evolveCall(Evolution memory e, uint256 version) private view returns (bytes memory) {
        if (e.door == 0) return abi.encodeCall(nft.evolve, (e.tokenId, e.packed, e.proofs));
        if (e.door == 2) {
            return abi.encodeCall(nft.addAigcData, (e.tokenId, e.prompt, e.packed, abi.encode(e.by, e.proofs)));
        }
        EvolveAuthorization memory a =
            EvolveAuthorization(e.tokenId, uint32(version), keccak256(e.packed), type(uint64).max);
        return abi.encodeCall(nft.evolveFor, (e.packed, e.proofs, a, sign(a, _keyOf(e.by))));
    }

    // ----------------------------------------------------------------------------------------------------------- display

    function setDisplay(uint256 which, uint256 text, uint256 count, uint256 by) external counted("setDisplay") watched {
        if (live.length == 0) return;
        uint256[] memory ids = new uint256[](count % 8 == 0 ? 0 : 1 + count % 2);
        for (uint256 i; i < ids.length; ++i) {
            ids[i] = _token(which >> (8 * i));
        }
        address editor = by % 8 == 0 || ids.length == 0 ? _person(by >> 8) : _books[ids[0]].artist;
        bytes4 expected = ids.length == 0 ? IGridNFT.GridNFT_NoTokens.selector : bytes4(0);
        for (uint256 i; i < ids.length && expected == 0; ++i) {
            expected = _artistError(ids[i], editor);
            if (expected == 0 && _isLocked(ids[i])) expected = IGridNFT.GridNFT_DisplayLocked.selector;
            if (expected == 0 && _isUnderBid(ids[i])) expected = IGridNFT.GridNFT_InEscrow.selector;
        }
        string memory unique = vm.toString(keccak256(abi.encode(text, ++_orders)));
        Display memory display = Display(unique, unique, text % 2 == 0 ? "" : unique);
        if (_attempt("setDisplay", editor, abi.encodeCall(nft.setDisplay, (ids, display)), expected)) {
            ++successes["setDisplay"];
        }
        if (expected == IGridNFT.GridNFT_InEscrow.selector) ++successes["edit refused under a bid"];
    }

    function freeze(uint256 which, uint256 by) external counted("freeze") watched {
        if (live.length == 0) return;
        uint256[] memory ids = by % 8 == 0 ? new uint256[](0) : only(_token(which));
        address editor = by % 4 == 0 ? _person(by >> 8) : _books[ids[0]].artist;
        bytes4 expected = ids.length == 0 ? IGridNFT.GridNFT_NoTokens.selector : _artistError(ids[0], editor);
        if (_attempt("freeze", editor, abi.encodeCall(nft.freeze, (ids)), expected)) ++successes["freeze"];
    }

    function setRoyaltyReceiver(uint256 which, uint256 to, uint256 by) external counted("royalty") watched {
        if (live.length == 0) return;
        uint256 tokenId = _token(which);
        address setter = by % 4 == 0 ? _person(by >> 8) : _books[tokenId].artist;
        address receiver = to % 8 == 0 ? address(0) : address(uint160(to));
        bytes4 expected;
        if (setter != _books[tokenId].artist) expected = IGridNFT.GridNFT_NotArtist.selector;
        else if (receiver == address(0)) expected = IGridNFT.GridNFT_ZeroAddress.selector;
        bytes memory data = abi.encodeCall(nft.setRoyaltyReceiver, (tokenId / 1000, receiver));
        if (_attempt("setRoyaltyReceiver", setter, data, expected)) ++successes["royalty"];
    }

    // --------------------------------------------------------------------------------------------------------- ownership

    function transfer(uint256 which, uint256 to, uint256 by) external counted("transfer") watched {
        if (live.length == 0) return;
        uint256 tokenId = _token(which);
        address owner = _books[tokenId].owner;
        address mover = by % 8 == 0 || owner == address(0) ? _person(by >> 8) : owner;
        if (_transfer(tokenId, mover, _person(to))) ++successes["transfer"];
    }

    /// @dev Into the contract that is, or will be, the escrow.
    function toEscrow(uint256 which, uint256 dice) external counted("toEscrow") watched {
        if (live.length == 0) return;
        if (_escrow == address(0) && dice % 2 == 0) _setEscrow();
        uint256 tokenId = live[which % live.length];
        if (_transfer(tokenId, _books[tokenId].owner, address(escrow))) ++successes["toEscrow"];
        _bid(tokenId, dice % 3 != 0);
    }

    /// @dev To its artist half of the time; also while a bid stands: what the escrow does is the escrow's business.
    function fromEscrow(uint256 which, uint256 to) external counted("fromEscrow") watched {
        uint256 tokenId = _held(which);
        if (tokenId == 0) return;
        address taker = to % 2 == 0 ? _books[tokenId].artist : _person(to >> 8);
        if (!_transfer(tokenId, address(escrow), taker)) return;
        ++successes["fromEscrow"];
        if (!_books[tokenId].moved) ++successes["back from escrow, not moved"];
    }

    function bid(uint256 which, uint256 dice) external counted("bid") watched {
        if (live.length == 0) return;
        uint256 tokenId = _held(which);
        if (tokenId == 0) tokenId = live[which % live.length];
        _bid(tokenId, dice % 2 == 0);
        if (dice % 2 == 0 && _isUnderBid(tokenId)) ++successes["bid"];
    }

    function approve(uint256 which, uint256 to, uint256 all) external counted("approve") watched {
        if (live.length == 0) return;
        uint256 tokenId = live[which % live.length];
        bytes memory data = all % 2 == 0
            ? abi.encodeCall(nft.setApprovalForAll, (address(uint160(1 + to % 100)), to % 2 == 0))
            : abi.encodeCall(nft.approve, (address(uint160(to % 100)), tokenId));
        if (_attempt("approve", _books[tokenId].owner, data, 0)) ++successes["approve"];
    }

    function burn(uint256 which, uint256 by) external counted("burn") watched {
        if (live.length == 0) return;
        uint256 tokenId = _token(which);
        address owner = _books[tokenId].owner;
        address burner = by % 4 == 0 || owner == address(0) ? _person(by >> 8) : owner;
        bytes4 expected;
        if (owner == address(0)) expected = IERC721Errors.ERC721NonexistentToken.selector;
        else if (burner != owner) expected = IERC721Errors.ERC721InsufficientApproval.selector;
        if (_attempt("burn", burner, abi.encodeCall(nft.burn, (tokenId)), expected)) ++successes["burn"];
    }

    // -------------------------------------------------------------------------------------------------------- governance

    function govern(uint256 what, uint256 value) external counted("govern") watched {
        what %= 16;
        bool done;
        if (what < 2) {
            done = _govern(abi.encodeCall(nft.setMintFee, (value % 100e18, address(uint160(1e6 + value % 9)))), 0);
        } else if (what == 2) {
            done =
                _govern(abi.encodeCall(nft.setMintFee, (100e18 + 1, treasury)), IGridNFT.GridNFT_FeeAboveCap.selector);
        } else if (what == 3) {
            done = _govern(abi.encodeCall(nft.pause, ()), 0);
        } else if (what < 7) {
            done = _govern(abi.encodeCall(nft.unpause, ()), 0);
        } else if (what < 9) {
            bytes4 expected = _upgradesSealed ? IGridNFT.GridNFT_UpgradesSealed.selector : bytes4(0);
            done = _govern(abi.encodeCall(nft.upgradeToAndCall, (address(new GridNFT(aipg, models)), "")), expected);
        } else if (what == 9) {
            bytes4 expected = _rendererSealed ? IGridNFT.GridNFT_RendererSealed.selector : bytes4(0);
            address next = address(new GridRenderer(IAIGC(address(models)), "https://grid.example/token/"));
            done = _govern(abi.encodeCall(nft.setRenderer, (next)), expected);
        } else if (what == 10) {
            bytes4 expected = _upgradesSealed ? IGridNFT.GridNFT_SourcesSealed.selector : bytes4(0);
            done = _govern(abi.encodeCall(nft.addAnchorSource, (address(new MockAnchor()))), expected);
        } else if (what == 11) {
            done = _setEscrow();
        } else if (what == 12 && value % 4 == 0) {
            bytes4 expected = _rendererSealed ? IGridNFT.GridNFT_RendererSealed.selector : bytes4(0);
            done = _govern(abi.encodeCall(nft.sealRenderer, ()), expected);
            if (done) ++successes["sealRenderer"];
        } else if (what == 13 && (calls["govern"] > 30 || value % 8 == 0)) {
            bytes4 expected = _upgradesSealed ? IGridNFT.GridNFT_UpgradesSealed.selector : bytes4(0);
            done = _govern(abi.encodeCall(nft.sealUpgrades, ()), expected);
            if (done) ++successes["sealUpgrades"];
        } else {
            bytes4 expected = IAccessManaged.AccessManagedUnauthorized.selector;
            _attempt("govern", _person(value), abi.encodeCall(nft.sealUpgrades, ()), expected);
        }
        if (done) ++successes["govern"];
    }

    function warp(uint256 time) external counted("warp") {
        vm.warp(block.timestamp + 1 + time % 3 days);
        vm.roll(block.number + 10);
        ++successes["warp"];
    }

    // ---------------------------------------------------------------------------------------------------------- forecasts

    function _mintError(uint256 fee, uint256 cap) private view returns (bytes4) {
        if (_paused) return IGridNFT.GridNFT_Paused.selector;
        return fee > cap ? IGridNFT.GridNFT_FeeAboveMax.selector : bytes4(0);
    }

    function _evolveError(Evolution memory e, address evolver) private view returns (bytes4) {
        if (_books[e.tokenId].owner == address(0)) return IERC721Errors.ERC721NonexistentToken.selector;
        if (_books[e.tokenId].policy == EvolutionPolicy.NONE) return IGridNFT.GridNFT_DoesNotEvolve.selector;
        // The escrow can't sign.
        if (e.door == 1 && (e.by != evolver || e.by == address(escrow))) return IGridNFT.GridNFT_BadSignature.selector;
        if (e.by != evolver) return IGridNFT.GridNFT_NotAllowed.selector;
        return _isUnderBid(e.tokenId) ? IGridNFT.GridNFT_InEscrow.selector : bytes4(0);
    }

    function _artistError(uint256 tokenId, address by) private view returns (bytes4) {
        if (_books[tokenId].owner == address(0)) return IERC721Errors.ERC721NonexistentToken.selector;
        return _books[tokenId].artist == by ? bytes4(0) : IGridNFT.GridNFT_NotAllowed.selector;
    }

    function _isUnderBid(uint256 tokenId) private view returns (bool) {
        return _escrow != address(0) && _books[tokenId].owner == _escrow && _bids[tokenId];
    }

    // ---------------------------------------------------------------------------------------------------------- internal

    function _person(uint256 seed) private view returns (address) {
        return _people[seed % _people.length];
    }

    /// @dev A key for whoever has none, so that there is a signature to refuse.
    function _keyOf(address account) private view returns (uint256) {
        return _keys[account] == 0 ? 12_345 : _keys[account];
    }

    /// @dev One that exists; now and then one that may be burnt.
    function _token(uint256 which) private view returns (uint256) {
        return which % 16 == 0 ? tokens[(which >> 8) % tokens.length] : live[(which >> 8) % live.length];
    }

    /// @dev One that the escrow holds, 0 when it holds none.
    function _held(uint256 which) private view returns (uint256) {
        for (uint256 i; i < live.length; ++i) {
            uint256 tokenId = live[(which % live.length + i) % live.length];
            if (_books[tokenId].owner == address(escrow)) return tokenId;
        }
        return 0;
    }

    function _bid(uint256 tokenId, bool stands) private {
        escrow.setBid(tokenId, stands);
        _bids[tokenId] = stands;
    }

    function _transfer(uint256 tokenId, address mover, address to) private returns (bool) {
        address owner = _books[tokenId].owner;
        bytes4 expected;
        if (owner == address(0)) expected = IERC721Errors.ERC721NonexistentToken.selector;
        else if (mover != owner) expected = IERC721Errors.ERC721InsufficientApproval.selector;
        return _attempt("transfer", mover, abi.encodeCall(nft.transferFrom, (owner, to, tokenId)), expected);
    }

    function _govern(bytes memory data, bytes4 expected) private returns (bool) {
        return _attempt("govern", admin, data, expected);
    }

    function _setEscrow() private returns (bool done) {
        bytes4 expected;
        if (_escrow != address(0)) expected = IGridNFT.GridNFT_EscrowIsSet.selector;
        else if (_upgradesSealed) expected = IGridNFT.GridNFT_UpgradesSealed.selector;
        done = _govern(abi.encodeCall(nft.setEscrow, (address(escrow))), expected);
        if (done) ++successes["setEscrow"];
    }

    /// @dev A mint, and who paid what for it.
    function _pays(string memory action, address by, address payer_, bytes memory data, uint256 fee, bytes4 expected)
        private
        returns (bool ok)
    {
        uint256[2] memory before = [aipg.balanceOf(payer_), aipg.balanceOf(_treasury)];
        ok = _attempt(action, by, data, expected);
        uint256 paid = ok ? fee : 0;
        if (before[0] - aipg.balanceOf(payer_) != paid) _violate(string.concat("N4: payer of ", action));
        if (aipg.balanceOf(_treasury) - before[1] != paid) _violate(string.concat("N4: treasury of ", action));
    }

    function _series(address requester, uint256 count, uint256 shape)
        private
        returns (bytes memory packed, ReceiptProof[] memory proofs)
    {
        Body memory body;
        (body, proofs) = _make(requester, count, shape);
        body.policy = EvolutionPolicy(uint256(keccak256(abi.encode(shape))) % 3);
        body.royaltyBps = uint16(shape % 1001);
        packed = NftBody.pack(body);
        _body = packed;
    }

    /// @dev A body of orders never used before, anchored: by one or several anchors, of any source, on the direct rail or in
    /// the middle of a lane's receipts.
    function _make(address requester, uint256 count, uint256 shape)
        private
        returns (Body memory body, ReceiptProof[] memory proofs)
    {
        uint256 anchorCount = 1 + shape % (count < 3 ? count : 3);
        body.title = "A title";
        body.description = "A description";
        body.anchors = new BodyAnchor[](anchorCount);
        body.orders = new BodyOrder[](anchorCount);
        body.engines = new string[](1);
        body.requests = new GenerationRequest[](1);
        body.requests[0].modelId = MODEL_ID;
        body.requests[0].modelHash = MODEL_HASH;
        body.requests[0].prompt = vm.toString(++_orders);
        body.requests[0].seed = 1;
        for (uint256 i; i < anchorCount; ++i) {
            body.anchors[i].source = uint8((shape >> (8 * i)) % _sources.length);
            body.anchors[i].worker = worker;
            if ((shape >> (32 + i)) & 1 == 0) body.anchors[i].payer = payer;
            body.orders[i] = BodyOrder(keccak256(abi.encode(_orders, i)), uint8(i), 0, 0, 1);
        }
        body.artworks = new BodyArtwork[](count);
        for (uint256 i; i < count; ++i) {
            body.artworks[i].order = uint8(i % anchorCount);
            body.artworks[i].index = uint8(i / anchorCount);
            body.artworks[i].completedAt = uint40(block.timestamp);
            body.artworks[i].imageHash = keccak256(abi.encode("image", _orders, i));
        }
        _remember(body, requester);
        proofs = new ReceiptProof[](anchorCount);
        for (uint256 i; i < anchorCount; ++i) {
            proofs[i] = _anchor(body, requester, i, shape >> (64 + 8 * i));
        }
    }

    /// @dev Puts aside what the receipts say, until the event of the mint is read.
    function _remember(Body memory body, address requester) private {
        delete _made;
        for (uint256 i; i < body.artworks.length; ++i) {
            BodyAnchor memory anchor = body.anchors[body.artworks[i].order];
            bytes32 separator = GridMessages.domainSeparator(_sources[anchor.source]);
            _made.push(
                Made({
                    receiptId: GridMessages.toDigest(
                        separator, GridMessages.hashReceipt(receiptOf(body, i, requester))
                    ),
                    imageHash: body.artworks[i].imageHash,
                    requestHash: GridMessages.hashRequest(body.requests[0]),
                    requester: requester,
                    payer: anchor.payer == address(0) ? requester : anchor.payer,
                    source: anchor.source,
                    index: body.artworks[i].index,
                    completedAt: block.timestamp,
                    anchorBlock: block.number
                })
            );
        }
    }

    /// @dev Anchors the receipts of one of a body's anchors: alone, or spread over a tree of others' on a lane.
    function _anchor(Body memory body, address requester, uint256 which, uint256 shape)
        private
        returns (ReceiptProof memory proof)
    {
        uint256 own;
        for (uint256 i; i < body.artworks.length; ++i) {
            if (body.artworks[i].order == which) ++own;
        }
        uint256 strangers = shape % 4 == 0 ? 0 : 1 + (shape >> 2) % 6;
        bytes32[] memory leaves = new bytes32[](own + strangers);
        uint256[] memory places = new uint256[](own);
        uint256 next = strangers == 0 ? 0 : shape % strangers;
        for (uint256 i; i < leaves.length; ++i) {
            leaves[i] = keccak256(abi.encode("somebody's", _orders, which, i));
        }
        uint256 found;
        for (uint256 i; i < body.artworks.length; ++i) {
            if (body.artworks[i].order != which) continue;
            // Beside each other, or with a stranger between them while there are some left.
            places[found] = next;
            leaves[next] = GridMessages.leafOf(_made[i].receiptId);
            ++found;
            next += next + own - found + 1 < leaves.length && (shape >> found) & 1 == 0 ? 2 : 1;
        }
        bytes32[] memory tree = NftTree.build(leaves);
        proof = NftTree.proveMany(tree, places);
        if (strangers != 0) proof.laneId = keccak256(abi.encode("lane", _orders, which));
        BodyAnchor memory anchor = body.anchors[which];
        address payer_ = anchor.payer == address(0) ? requester : anchor.payer;
        MockAnchor(_sources[anchor.source]).set(proof.laneId, payer_, tree[0], worker);
    }
}
