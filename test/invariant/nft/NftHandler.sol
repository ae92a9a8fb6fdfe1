// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";

import {GridNFT} from "../../../contracts/GridNFT.sol";
import {Display, EvolutionPolicy, IGridNFT, Provenance, ReceiptProof} from "../../../contracts/interfaces/IGridNFT.sol";
import {GenerationRequest, GridMessages, JobReceipt} from "../../../contracts/libraries/GridMessages.sol";
import {Body, BodyAnchor, BodyArtwork, BodyOrder, NftBody} from "../../utils/NftBody.sol";
import {MockAnchor} from "../../utils/NftMocks.sol";
import {NftTree} from "../../utils/NftTree.sol";

/// @notice Does with GridNFT what people do, in any order, and keeps books from the logs alone.
/// @dev The books (`owner`, `nonce`, `blobs` ...) are written by `_replay` from events only; the invariants compare them
/// with what the contract says. What tokenURI showed before each step is compared with what it shows after, and with
/// whether ERC-4906 was emitted.
contract NftHandler is Test {
    struct Token {
        address artist;
        address owner;
        uint256 nonce;
        uint256 versions;
        bool moved;
        bool frozen;
        EvolutionPolicy policy;
        Display display;
        bool edited;
    }

    uint256 private constant MODEL_ID = 7;
    uint256 private constant MAX_TOKENS = 8;

    GridNFT public immutable nft;
    MockAnchor private immutable _anchors;
    address private immutable _admin;
    bytes32 private immutable _modelHash;
    address[] private _people;
    uint256 private _orders;

    // Books, from logs.
    uint256[] public tokens;
    mapping(uint256 tokenId => Token) private _books;
    mapping(uint256 tokenId => mapping(uint256 version => bytes32 codeHash)) public blobs;
    mapping(address account => uint256) public balance;
    uint256 public supply;
    bool public paused;
    uint256 public fee;
    mapping(bytes32 receipt => uint256) public used;
    bytes32[] public receipts;
    mapping(uint256 tokenId => mapping(uint256 version => bytes32)) public provenance;
    bool public mintedTwice;
    string public otherProvenance;
    bool public quietChange;
    bool public idleUpdate;
    bool public lockedEdit;
    bool public idleNonce;
    mapping(bytes32 name => uint256) public successes;

    mapping(uint256 tokenId => bytes32) private _shown;
    mapping(uint256 tokenId => bool) private _told;

    constructor(GridNFT nft_, MockAnchor anchors_, address admin_, bytes32 modelHash, address[] memory people) {
        nft = nft_;
        _anchors = anchors_;
        _admin = admin_;
        _modelHash = modelHash;
        _people = people;
        (fee,) = nft_.mintFee();
    }

    function tokenCount() external view returns (uint256) {
        return tokens.length;
    }

    function receiptCount() external view returns (uint256) {
        return receipts.length;
    }

    function bookOf(uint256 tokenId) external view returns (Token memory) {
        return _books[tokenId];
    }

    /// @dev Whether the artist may edit no more: frozen, or sold unless it is the artist's to evolve.
    function isLocked(uint256 tokenId) public view returns (bool) {
        Token storage token = _books[tokenId];
        return token.frozen || (token.moved && token.policy != EvolutionPolicy.ARTIST);
    }

    /// @dev Does the step, reads its logs, and compares what tokens show with what they showed after the step before.
    modifier watched() {
        for (uint256 i; i < tokens.length; ++i) {
            _told[tokens[i]] = false;
        }
        uint256 known = tokens.length;
        vm.recordLogs();
        _;
        _replay();
        for (uint256 i; i < tokens.length; ++i) {
            uint256 tokenId = tokens[i];
            if (_books[tokenId].owner == address(0)) continue;
            bytes32 shows = _look(tokenId);
            bool changed = shows != _shown[tokenId];
            _shown[tokenId] = shows;
            if (i >= known) continue; // a mint tells enough
            if (changed && !_told[tokenId]) quietChange = true;
            if (!changed && _told[tokenId]) idleUpdate = true;
        }
    }

    function mint(uint256 who, uint256 to, uint256 count, uint256 policy) external watched {
        if (tokens.length >= MAX_TOKENS) return;
        address artist = _person(who);
        (Body memory body, ReceiptProof[] memory proofs) = _make(artist, 1 + count % 4);
        body.policy = EvolutionPolicy(policy % 3);
        bytes memory packed = NftBody.pack(body);
        vm.prank(artist);
        try nft.mint(packed, proofs, _person(to), type(uint128).max) {
            _remember(body, proofs, artist);
            _expect(body, packed, artist);
            ++successes["mint"];
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), IGridNFT.GridNFT_Paused.selector);
        }
    }

    /// @dev The same receipt again, as it was minted or as a version: must never work.
    function mintAgain(uint256 which) external watched {
        if (tokens.length == 0) return;
        uint256 tokenId = tokens[which % tokens.length];
        // Of what was minted the last is kept.
        if (_lastBody.length == 0) return;
        vm.prank(_lastArtist);
        try nft.mint(_lastBody, _lastProofs, _lastArtist, type(uint128).max) {
            mintedTwice = true;
        } catch {}
        bytes memory version = _lastVersion;
        vm.prank(_lastArtist);
        try nft.evolve(tokenId, version, _lastProofs) {
            mintedTwice = true;
        } catch {}
    }

    function evolve(uint256 which, uint256 wait) external watched {
        if (tokens.length == 0) return;
        uint256 tokenId = tokens[which % tokens.length];
        Token storage token = _books[tokenId];
        if (token.owner == address(0)) return;
        address evolver = token.policy == EvolutionPolicy.OWNER ? token.owner : token.artist;
        (Body memory body, ReceiptProof[] memory proofs) = _make(evolver, 1);
        bytes memory packed = NftBody.packVersion(body);
        uint256 nonce = _shownOf(tokenId);
        vm.startPrank(evolver);
        if (token.policy == EvolutionPolicy.OWNER) {
            nft.announceEvolution(tokenId, keccak256(packed));
            vm.warp(block.timestamp + wait % 9 days);
        }
        try nft.evolve(tokenId, packed, proofs) {
            _remember(body, proofs, evolver);
            _expect(body, packed, evolver);
            if (_shownOf(tokenId) != nonce + 1) idleNonce = true;
            if (token.policy == EvolutionPolicy.NONE) lockedEdit = true;
            ++successes["evolve"];
        } catch {}
        vm.stopPrank();
    }

    function setDisplay(uint256 which, uint256 text) external watched {
        if (tokens.length == 0) return;
        uint256 tokenId = tokens[which % tokens.length];
        uint256[] memory ids = new uint256[](1);
        ids[0] = tokenId;
        string memory unique = vm.toString(keccak256(abi.encode(text, ++_orders)));
        bool locked = isLocked(tokenId);
        uint256 nonce = _shownOf(tokenId);
        vm.prank(_books[tokenId].artist);
        try nft.setDisplay(ids, Display(unique, unique, text % 2 == 0 ? "" : unique)) {
            if (locked) lockedEdit = true;
            if (_shownOf(tokenId) != nonce + 1) idleNonce = true;
            ++successes["setDisplay"];
        } catch {}
    }

    function freeze(uint256 which) external watched {
        if (tokens.length == 0) return;
        uint256[] memory ids = new uint256[](1);
        ids[0] = tokens[which % tokens.length];
        vm.prank(_books[ids[0]].artist);
        try nft.freeze(ids) {
            ++successes["freeze"];
        } catch {}
    }

    function transfer(uint256 which, uint256 to) external watched {
        if (tokens.length == 0) return;
        uint256 tokenId = tokens[which % tokens.length];
        address owner = _books[tokenId].owner;
        if (owner == address(0)) return;
        vm.prank(owner);
        nft.transferFrom(owner, _person(to), tokenId);
        ++successes["transfer"];
    }

    function burn(uint256 which) external watched {
        if (tokens.length == 0) return;
        uint256 tokenId = tokens[which % tokens.length];
        if (which % 4 != 0) return;
        vm.prank(_books[tokenId].owner);
        try nft.burn(tokenId) {
            ++successes["burn"];
        } catch {}
    }

    function govern(uint256 what, uint256 value) external watched {
        vm.startPrank(_admin);
        if (what % 4 == 0) nft.setMintFee(value % 100e18, _person(value));
        if (what % 4 == 1) nft.unpause();
        if (what % 8 == 2) nft.pause();
        if (what % 4 == 3) {
            nft.upgradeToAndCall(address(new GridNFT(IERC20(address(nft.aipg())), nft.models())), "");
        }
        vm.stopPrank();
    }

    function warp(uint256 time) external {
        vm.warp(block.timestamp + 1 + time % 3 days);
        vm.roll(block.number + 10);
    }

    // ------------------------------------------------------------------------------------------------------- internal

    bytes private _expectedBody;
    address private _expectedRequester;
    bytes32[] private _expectedLeaves;
    bytes32[] private _expectedImages;
    bytes32 private _expectedRequest;
    uint256 private _madeAt;
    uint256 private _madeIn;
    bytes private _lastBody;
    bytes private _lastVersion;
    address private _lastArtist;
    ReceiptProof[] private _lastProofs;

    function _person(uint256 seed) private view returns (address) {
        return _people[seed % _people.length];
    }

    function _shownOf(uint256 tokenId) private view returns (uint256 shown) {
        (, shown) = nft.stateOf(tokenId);
    }

    function _look(uint256 tokenId) private view returns (bytes32) {
        if (_books[tokenId].owner == address(0)) return 0;
        return keccak256(bytes(nft.tokenURI(tokenId)));
    }

    /// @dev A body of an order never used before, anchored.
    function _make(address requester, uint256 count) private returns (Body memory body, ReceiptProof[] memory proofs) {
        body.title = "A title";
        body.description = "A description";
        body.anchors = new BodyAnchor[](1);
        body.anchors[0].worker = address(this);
        body.engines = new string[](1);
        body.requests = new GenerationRequest[](1);
        body.requests[0].modelId = MODEL_ID;
        body.requests[0].modelHash = _modelHash;
        body.requests[0].prompt = vm.toString(++_orders);
        body.requests[0].seed = 1;
        body.orders = new BodyOrder[](1);
        body.orders[0].orderHash = bytes32(_orders);
        body.orders[0].price = 1;
        body.artworks = new BodyArtwork[](count);
        bytes32[] memory leaves = new bytes32[](count);
        uint256[] memory places = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            body.artworks[i].index = uint8(i);
            body.artworks[i].completedAt = uint40(block.timestamp);
            body.artworks[i].imageHash = keccak256(abi.encode(_orders, i));
            places[i] = i;
            leaves[i] = _leaf(body, i, requester);
        }
        bytes32[] memory tree = NftTree.build(leaves);
        proofs = new ReceiptProof[](1);
        proofs[0] = NftTree.proveMany(tree, places);
        _anchors.set(0, requester, tree[0], address(this));
    }

    /// @dev What was just minted, for `mintAgain`.
    function _remember(Body memory body, ReceiptProof[] memory proofs, address requester) private {
        _lastBody = NftBody.pack(body);
        _lastVersion = NftBody.packVersion(body);
        _lastArtist = requester;
        delete _lastProofs;
        _lastProofs.push(proofs[0]);
    }

    /// @dev What the last mint or version must say, field by field, is put aside until its event is read.
    function _expect(Body memory body, bytes memory packed, address requester) private {
        _expectedBody = packed;
        _expectedRequester = requester;
        delete _expectedLeaves;
        delete _expectedImages;
        for (uint256 i; i < body.artworks.length; ++i) {
            _expectedLeaves.push(_leaf(body, i, requester));
            _expectedImages.push(body.artworks[i].imageHash);
        }
        (_madeAt, _madeIn) = (body.artworks[0].completedAt, block.number);
        _expectedRequest = GridMessages.hashRequest(body.requests[0]);
    }

    function _compare(uint256 tokenId, uint256 version, uint256 position, bytes memory blob) private {
        Provenance memory told = nft.provenanceOf(tokenId, version);
        if (GridMessages.leafOf(told.receiptId) != _expectedLeaves[position]) otherProvenance = "receipt";
        if (told.imageHash != _expectedImages[position]) otherProvenance = "image";
        if (GridMessages.hashRequest(told.request) != _expectedRequest) otherProvenance = "request";
        if (told.seed != 1 + position) otherProvenance = "seed";
        if (told.requester != _expectedRequester) otherProvenance = "requester";
        if (told.worker != address(this)) otherProvenance = "worker";
        if (told.payer != _expectedRequester) otherProvenance = "payer";
        if (told.completedAt != _madeAt) otherProvenance = "time";
        if (told.anchorTime != _madeAt || told.anchorBlock != _madeIn) otherProvenance = "anchor";
        if (told.index != position || told.price != 1 || told.source != 0 || told.parent != 0) otherProvenance = "job";
        if (bytes(told.engine).length != 0 || told.cidDigest != told.imageHash) otherProvenance = "file";
        // The event carries the artist, the body as it was given, and the anchors' times.
        if (keccak256(_slice(blob, 20, _expectedBody.length)) != keccak256(_expectedBody)) otherProvenance = "body";
    }

    function _slice(bytes memory blob, uint256 from, uint256 length) private pure returns (bytes memory slice) {
        slice = new bytes(length);
        for (uint256 i; i < length && from + i < blob.length; ++i) {
            slice[i] = blob[from + i];
        }
    }

    function _leaf(Body memory body, uint256 i, address requester) private view returns (bytes32) {
        JobReceipt memory r;
        r.orderHash = body.orders[0].orderHash;
        r.index = uint32(i);
        r.requester = requester;
        r.worker = address(this);
        r.modelId = MODEL_ID;
        r.requestHash = GridMessages.hashRequest(body.requests[0]);
        r.seed = uint64(1 + i);
        r.engineHash = keccak256("");
        r.imageHash = body.artworks[i].imageHash;
        r.cidDigest = r.imageHash;
        r.completedAt = body.artworks[i].completedAt;
        r.price = 1;
        bytes32 separator = GridMessages.domainSeparator(address(_anchors));
        return GridMessages.leafOf(GridMessages.toDigest(separator, GridMessages.hashReceipt(r)));
    }

    /// @dev The books, from logs and nothing else.
    function _replay() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter != address(nft)) continue;
            bytes32 topic = logs[i].topics[0];
            if (topic == IERC721.Transfer.selector) {
                _onTransfer(
                    address(uint160(uint256(logs[i].topics[1]))),
                    address(uint160(uint256(logs[i].topics[2]))),
                    uint256(logs[i].topics[3])
                );
            } else if (topic == IGridNFT.SeriesMinted.selector) {
                _onSeries(logs[i]);
            } else if (topic == IGridNFT.VersionAdded.selector) {
                _onVersion(logs[i]);
            } else if (topic == IGridNFT.DisplayEdited.selector) {
                Token storage token = _books[uint256(logs[i].topics[1])];
                (token.nonce, token.display.title, token.display.description, token.display.animationUrl) =
                    abi.decode(logs[i].data, (uint256, string, string, string));
                token.edited = true;
            } else if (topic == IGridNFT.DisplayFrozen.selector) {
                _books[uint256(logs[i].topics[1])].frozen = true;
            } else if (topic == IGridNFT.MintPauseSet.selector) {
                paused = abi.decode(logs[i].data, (bool));
            } else if (topic == IGridNFT.MintFeeSet.selector) {
                fee = abi.decode(logs[i].data, (uint256));
            } else if (topic == IERC4906.MetadataUpdate.selector) {
                _told[abi.decode(logs[i].data, (uint256))] = true;
            }
        }
    }

    function _onTransfer(address from, address to, uint256 tokenId) private {
        if (from == address(0)) {
            ++supply;
            tokens.push(tokenId);
        } else {
            --balance[from];
        }
        Token storage token = _books[tokenId];
        if (to == address(0)) --supply;
        else ++balance[to];
        if (from == address(0) ? to != token.artist : to != from) token.moved = true;
        token.owner = to;
    }

    function _onSeries(Vm.Log memory log) private {
        uint256 first = uint256(log.topics[1]) * 1000 + 1;
        (uint256 count, bytes memory blob) = abi.decode(log.data, (uint256, bytes));
        for (uint256 tokenId = first; tokenId < first + count; ++tokenId) {
            Token storage token = _books[tokenId];
            token.artist = address(bytes20(blob));
            token.versions = 1;
            token.policy = EvolutionPolicy(uint8(blob[21]));
            (token.display.title, token.display.description) = ("A title", "A description");
            _note(tokenId, 1, blob);
        }
    }

    function _onVersion(Vm.Log memory log) private {
        uint256 tokenId = uint256(log.topics[1]);
        Token storage token = _books[tokenId];
        token.versions = uint256(log.topics[2]);
        bytes memory blob;
        (token.nonce, blob) = abi.decode(log.data, (uint256, bytes));
        _note(tokenId, token.versions, blob);
    }

    function _note(uint256 tokenId, uint256 version, bytes memory blob) private {
        blobs[tokenId][version] = keccak256(bytes.concat(hex"00", blob));
        provenance[tokenId][version] = keccak256(abi.encode(nft.provenanceOf(tokenId, version)));
        bytes32 receiptId = nft.provenanceOf(tokenId, version).receiptId;
        if (used[receiptId]++ != 0) mintedTwice = true;
        receipts.push(receiptId);
        _compare(tokenId, version, version == 1 ? tokenId % 1000 - 1 : 0, blob);
    }
}
