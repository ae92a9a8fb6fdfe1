// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {Vm} from "forge-std/Vm.sol";

import {Display, EvolutionPolicy, IGridNFT, Provenance} from "../../../contracts/interfaces/IGridNFT.sol";
import {GridMessages} from "../../../contracts/messages/GridMessages.sol";
import {NftTest} from "../../utils/NftTest.sol";

/// @notice Books of GridNFT, kept from its events alone, and what they are compared with.
/// @dev `check` compares them with what the contract says. What tokenURI showed before each action is compared with what it
/// shows after, and with whether ERC-4906 was emitted.
abstract contract NftBooks is NftTest {
    struct Token {
        address artist;
        address owner;
        uint256 moves;
        uint256 shown;
        uint256 versions;
        bool moved;
        bool frozen;
        bool burnt;
        EvolutionPolicy policy;
        Display display;
    }

    /// @dev Statement of a receipt before it was minted.
    struct Made {
        bytes32 receiptId;
        bytes32 imageHash;
        bytes32 requestHash;
        address requester;
        address payer;
        uint256 source;
        uint256 index;
        uint256 completedAt;
        uint256 anchorBlock;
    }

    /// @dev First of what broke: a number of the README and a word.
    string public violation;

    uint256[] public tokens;
    uint256[] public live;
    mapping(uint256 tokenId => Token) internal _books;
    mapping(uint256 seriesId => uint256) private _royaltyBps;
    mapping(uint256 seriesId => address) private _royaltyReceiver;
    mapping(uint256 tokenId => mapping(uint256 version => bytes32 codeHash)) private _blobs;
    mapping(uint256 tokenId => mapping(uint256 version => bytes32)) private _provenance;
    mapping(bytes32 receiptId => uint256) private _used;
    mapping(address account => uint256) private _balance;
    address[] internal _holders;
    uint256 private _supply;
    bool internal _paused;
    uint256 internal _fee;
    address internal _treasury;
    address private _renderer;
    address[] internal _sources;
    address internal _escrow;
    bool internal _upgradesSealed;
    bool internal _rendererSealed;

    mapping(uint256 tokenId => bytes32) private _look;
    mapping(uint256 tokenId => bool) private _told;

    Made[] internal _made;
    bytes internal _body;

    // ---------------------------------------------------------------------------------------------------------- actions

    function _violate(string memory what) internal {
        if (bytes(violation).length == 0) violation = what;
    }

    /// @dev Calls GridNFT and reads its logs; the logs of a call that reverts were never emitted.
    /// @param expected Selector of the error it must end with; 0 when it must succeed.
    function _attempt(string memory action, address who, bytes memory data, bytes4 expected)
        internal
        returns (bool ok)
    {
        vm.recordLogs();
        vm.prank(who);
        bytes memory answer;
        (ok, answer) = address(nft).call(data);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes4 got = ok ? bytes4(0) : bytes4(answer);
        if (got != expected || ok != (expected == 0)) {
            _violate(
                string.concat(
                    "N3: ", action, " ended with ", vm.toString(bytes32(got)), " not ", vm.toString(bytes32(expected))
                )
            );
        }
        if (ok) _replay(logs);
    }

    /// @dev Compares what tokens show with what they showed before the action.
    modifier watched() {
        for (uint256 i; i < live.length; ++i) {
            _told[live[i]] = false;
        }
        _;
        for (uint256 i; i < live.length; ++i) {
            uint256 tokenId = live[i];
            bytes32 shows = keccak256(bytes(nft.tokenURI(tokenId)));
            bool changed = shows != _look[tokenId];
            bool isNew = _look[tokenId] == 0;
            _look[tokenId] = shows;
            if (isNew) continue; // a mint tells enough
            if (changed && !_told[tokenId]) _violate("13: a change was not told");
            if (!changed && _told[tokenId]) _violate("13: told without a change");
        }
    }

    /// @dev Returns whether the artist may edit no more: frozen, or out of their hands unless it is theirs to evolve.
    function _isLocked(uint256 tokenId) internal view returns (bool) {
        Token storage token = _books[tokenId];
        return token.frozen || (token.moved && token.policy != EvolutionPolicy.ARTIST);
    }

    // ------------------------------------------------------------------------------------------------------------ replay

    function _replay(Vm.Log[] memory logs) private {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter != address(nft)) continue;
            bytes32 topic = logs[i].topics[0];
            if (topic == IERC721.Transfer.selector) {
                _onTransfer(logs[i]);
            } else if (topic == IGridNFT.SeriesMinted.selector) {
                _onSeries(logs[i]);
            } else if (topic == IGridNFT.VersionAdded.selector) {
                _onVersion(logs[i]);
            } else if (topic == IGridNFT.DisplayEdited.selector) {
                _onDisplay(logs[i]);
            } else if (topic == IGridNFT.DisplayFrozen.selector) {
                _books[_word(logs[i], 1)].frozen = true;
            } else if (topic == IGridNFT.RoyaltyReceiverSet.selector) {
                _royaltyReceiver[_word(logs[i], 1)] = _account(logs[i], 2);
            } else if (topic == IERC4906.MetadataUpdate.selector) {
                _told[abi.decode(logs[i].data, (uint256))] = true;
            } else {
                _onGovernance(topic, logs[i]);
            }
        }
    }

    function _onGovernance(bytes32 topic, Vm.Log memory log) private {
        if (topic == IGridNFT.MintPauseSet.selector) {
            _paused = abi.decode(log.data, (bool));
        } else if (topic == IGridNFT.MintFeeSet.selector) {
            (_fee, _treasury) = (abi.decode(log.data, (uint256)), _account(log, 1));
        } else if (topic == IGridNFT.RendererSet.selector) {
            _renderer = _account(log, 2);
        } else if (topic == IGridNFT.AnchorSourceAdded.selector) {
            _sources.push(_account(log, 2));
        } else if (topic == IGridNFT.EscrowSet.selector) {
            _escrow = _account(log, 1);
        } else if (topic == IGridNFT.UpgradesSealed.selector) {
            _upgradesSealed = true;
        } else if (topic == IGridNFT.RendererSealed.selector) {
            _rendererSealed = true;
        }
    }

    function _onTransfer(Vm.Log memory log) private {
        (address from, address to, uint256 tokenId) = (_account(log, 1), _account(log, 2), _word(log, 3));
        Token storage token = _books[tokenId];
        if (from == address(0)) {
            ++_supply;
            tokens.push(tokenId);
            live.push(tokenId);
            token.moved = to != token.artist;
        } else {
            --_balance[from];
            ++token.moves;
            if (_leaves(token, from, to)) token.moved = true;
        }
        if (to == address(0)) {
            --_supply;
            token.burnt = true;
            for (uint256 i; i < live.length; ++i) {
                if (live[i] != tokenId) continue;
                live[i] = live[live.length - 1];
                live.pop();
                break;
            }
        } else {
            ++_balance[to];
        }
        token.owner = to;
    }

    /// @dev The rule in words: to the escrow is no sale, back to the artist is none, anything else is.
    function _leaves(Token storage token, address from, address to) private view returns (bool) {
        if (from == to) return false;
        if (to == address(0) || _escrow == address(0)) return true;
        return to != _escrow && !(from == _escrow && to == token.artist);
    }

    function _onSeries(Vm.Log memory log) private {
        uint256 seriesId = _word(log, 1);
        (uint256 count, bytes memory blob) = abi.decode(log.data, (uint256, bytes));
        if (count != _made.length) _violate("11: count");
        _royaltyBps[seriesId] = uint256(uint8(blob[22])) << 8 | uint8(blob[23]);
        for (uint256 i; i < count; ++i) {
            Token storage token = _books[seriesId * 1000 + 1 + i];
            token.artist = address(bytes20(blob));
            token.versions = 1;
            token.policy = EvolutionPolicy(uint8(blob[21]));
            (token.display.title, token.display.description) = ("A title", "A description");
            _note(seriesId * 1000 + 1 + i, 1, i, blob);
        }
    }

    function _onVersion(Vm.Log memory log) private {
        uint256 tokenId = _word(log, 1);
        Token storage token = _books[tokenId];
        (uint256 nonce, bytes memory blob) = abi.decode(log.data, (uint256, bytes));
        if (_word(log, 2) != ++token.versions) _violate("12: number of a version");
        if (nonce != ++token.shown) _violate("N1: nonce of a version");
        if (token.policy == EvolutionPolicy.NONE) _violate("13: a version of what does not evolve");
        _note(tokenId, token.versions, 0, blob);
    }

    function _onDisplay(Vm.Log memory log) private {
        uint256 tokenId = _word(log, 1);
        Token storage token = _books[tokenId];
        uint256 nonce;
        (nonce, token.display.title, token.display.description, token.display.animationUrl) =
            abi.decode(log.data, (uint256, string, string, string));
        if (nonce != ++token.shown) _violate("N1: nonce of an edit");
        if (_isLocked(tokenId)) _violate("13: an edit of what is locked");
    }

    /// @dev A version is, field by field, what was made; from now on it stays so.
    function _note(uint256 tokenId, uint256 version, uint256 place, bytes memory blob) private {
        Provenance memory told = nft.provenanceOf(tokenId, version);
        Made storage made = _made[place];
        if (told.receiptId != made.receiptId) _violate("11: receipt");
        if (told.imageHash != made.imageHash || told.cidDigest != made.imageHash) _violate("11: image");
        if (GridMessages.hashRequest(told.request) != made.requestHash) _violate("11: request");
        if (told.seed != 1 + made.index || told.index != made.index || told.price != 1) _violate("11: job");
        if (told.requester != made.requester || told.payer != made.payer) _violate("11: requester, payer");
        if (told.worker != worker || told.source != made.source) _violate("11: worker, source");
        if (told.completedAt != made.completedAt || told.anchorTime != made.completedAt) _violate("11: time");
        if (told.anchorBlock != made.anchorBlock || told.parent != 0) _violate("11: block, parent");
        if (bytes(told.engine).length != 0) _violate("11: engine");
        for (uint256 i; i < _body.length; ++i) {
            if (blob[20 + i] != _body[i]) _violate("11: body");
        }
        if (_used[told.receiptId]++ != 0) _violate("11: a receipt was minted twice");
        _blobs[tokenId][version] = keccak256(bytes.concat(hex"00", blob));
        _provenance[tokenId][version] = keccak256(abi.encode(told));
    }

    // ------------------------------------------------------------------------------------------------------------- check

    function check() external view {
        assertEq(violation, "", "violation");
        _checkSettings();
        uint256 sum;
        for (uint256 i; i < _holders.length; ++i) {
            assertEq(nft.balanceOf(_holders[i]), _balance[_holders[i]], "12: balance");
            sum += nft.balanceOf(_holders[i]);
        }
        assertEq(sum, nft.totalSupply(), "13: balances and supply");
        assertEq(live.length, nft.totalSupply(), "13: tokens and supply");
        for (uint256 i; i < tokens.length; ++i) {
            _checkToken(tokens[i]);
        }
    }

    function _checkSettings() private view {
        assertEq(nft.totalSupply(), _supply, "12: supply");
        assertEq(nft.paused(), _paused, "12: pause");
        (uint256 fee, address to) = nft.mintFee();
        assertEq(fee, _fee, "12: fee");
        assertEq(to, _treasury, "12: treasury");
        assertEq(nft.renderer(), _renderer, "12: renderer");
        assertEq(nft.escrow(), _escrow, "12: escrow");
        assertEq(nft.anchorSourceCount(), _sources.length, "12: sources");
        for (uint256 i; i < _sources.length; ++i) {
            assertEq(nft.anchorSource(i), _sources[i], "12: source");
        }
        (bool upgrades, bool sources, bool rendererIs, bool escrowIs) = nft.seals();
        assertEq(upgrades, _upgradesSealed, "12: sealed upgrades");
        assertEq(sources, _upgradesSealed, "12: sealed sources");
        assertEq(rendererIs, _rendererSealed, "12: sealed renderer");
        assertEq(escrowIs, _upgradesSealed || _escrow != address(0), "12: sealed escrow");
    }

    function _checkToken(uint256 id) private view {
        Token memory book = _books[id];
        assertEq(nft.artistOf(id), book.artist, "12: artist");
        assertEq(nft.versionsOf(id), book.versions, "12: versions");
        (Display memory shown, bool locked) = nft.displayOf(id);
        assertEq(abi.encode(shown), abi.encode(book.display), "12: display");
        assertEq(locked, _isLocked(id), "N2: locked");
        assertEq(wordOf(id) >> 254 & 1, book.moved ? 1 : 0, "N2: moved");
        assertEq(uint40(wordOf(id) >> 160), book.moves, "N1: moves in the word");
        if (book.burnt) {
            (bool ok,) = address(nft).staticcall(abi.encodeCall(nft.stateOf, (id)));
            assertFalse(ok, "N1: state of a burnt token");
        } else {
            assertEq(nft.ownerOf(id), book.owner, "12: owner");
            (uint64 moves, uint64 nonce) = nft.stateOf(id);
            assertEq(moves, book.moves, "N1: moves");
            assertEq(nonce, book.shown, "N1: shown");
            if (!book.moved) assertTrue(book.owner == book.artist || book.owner == _escrow, "N2: hands");
        }
        address named = _royaltyReceiver[id / 1000];
        (address receiver, uint256 amount) = nft.royaltyInfo(id, 123_457);
        assertEq(receiver, named == address(0) ? book.artist : named, "12: royalty receiver");
        assertEq(amount, 123_457 * _royaltyBps[id / 1000] / 10_000, "12: royalty");
        for (uint256 version = 1; version <= book.versions; ++version) {
            assertEq(nft.blobOf(id, version).codehash, _blobs[id][version], "11: blob and event");
            assertEq(keccak256(abi.encode(nft.provenanceOf(id, version))), _provenance[id][version], "11: provenance");
            assertTrue(nft.verify(id, version), "11: verify");
        }
    }

    // ---------------------------------------------------------------------------------------------------------- internal

    function _begin() internal {
        (_fee, _treasury) = nft.mintFee();
        _renderer = nft.renderer();
        _sources.push(nft.anchorSource(0));
    }

    function _word(Vm.Log memory log, uint256 topic) private pure returns (uint256) {
        return uint256(log.topics[topic]);
    }

    function _account(Vm.Log memory log, uint256 topic) private pure returns (address) {
        return address(uint160(uint256(log.topics[topic])));
    }
}
