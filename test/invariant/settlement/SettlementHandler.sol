// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SettlementBase} from "../../utils/SettlementBase.sol";
import {LaneRecord, SettlementStore} from "./SettlementStore.sol";
import {SettlementLogBook} from "./SettlementLogBook.sol";
import {HostileModels} from "./HostileModels.sol";

/// @notice What all handlers do around a call: set the clock, hand the logs to the book, count successes.
/// @dev A handler never reverts: what must not happen is written into the store as a violation of invariant n.
abstract contract SettlementHandler is SettlementBase {
    /// @dev All that is owed, by kind.
    struct Books {
        uint256 accounts;
        uint256 lanes;
        uint256 earned;
        uint256 royalties;
        uint256 protocol;
    }

    SettlementStore internal store;
    SettlementLogBook internal book;
    HostileModels internal aigc;

    constructor(SettlementStore store_, SettlementLogBook book_) {
        store = store_;
        book = book_;
        settlement = store_.settlement();
        registry = store_.registry();
        aipg = store_.aipg();
        aigc = store_.models();
        thief = _person("thief");
        requester = _person("requester");
    }

    modifier act() {
        vm.warp(store.time());
        vm.roll(store.blockNumber());
        vm.recordLogs();
        _;
        _flush();
    }

    /// @dev Hands on the logs so far. Before the clock moves in mid-action: a log's time is its block's.
    function _flush() internal {
        try book.replay(vm.getRecordedLogs()) {}
        catch {
            store.violate(12, "a log contradicts the logs before it, or is unknown");
        }
    }

    /// @dev A key that no other action knows, registered for `account`.
    function _spareKey(address account, uint8 role) internal returns (address) {
        Person memory key = _person(string.concat("spare key ", vm.toString(store.nextSpareKey())));
        store.addSpareKey(key.addr, key.key);
        uint64 deadline = uint64(block.timestamp);
        bytes memory proof = _signProof(key, account, role, deadline);
        vm.prank(account);
        settlement.addSigner(key.addr, role, deadline, proof);
        return key.addr;
    }

    function _revoke(address account, address key) internal {
        vm.prank(account);
        settlement.revokeSigner(key);
        store.keyRevoked(key);
    }

    /// @dev Forge records the logs of a call that reverted, too; a chain doesn't.
    function _refused() internal {
        vm.getRecordedLogs();
    }

    /// @dev Until `time`, unless it has been.
    function _wait(uint256 time) internal {
        store.setTime(time);
        vm.warp(store.time());
        vm.roll(store.blockNumber());
    }

    function _done(bytes32 name) internal {
        store.succeeded(name);
    }

    // ---------------------------------------------------------------- choosing

    /// @dev Log-uniform up to `max`, often an edge, now and then one too much.
    function _amount(uint256 seed, uint256 max) internal pure returns (uint128) {
        uint256 kind = seed % 16;
        seed = uint256(keccak256(abi.encode(seed)));
        if (kind == 0) return uint128(max + 1);
        if (kind == 1) return uint128(max);
        if (kind == 2) return max == 0 ? 0 : 1;
        if (kind < 7) return uint128(max / (2 + seed % 8) - (max < 1e6 ? 0 : seed % 1000)); // seldom a round number
        uint256 amount = (seed >> 8) % (uint256(1) << (1 + seed % 72));
        return uint128(amount > max ? max : amount);
    }

    /// @dev The account itself, or a hot key registered for it in `role`, revoked or not.
    function _signerFor(address account, uint8 role, uint256 seed) internal view returns (address) {
        address[] memory keys = store.hotKeys();
        for (uint256 i; i < keys.length; ++i) {
            address key = keys[(i + seed % keys.length) % keys.length];
            if (settlement.signerOf(key).account == account && settlement.signerOf(key).role == role) return key;
        }
        return account;
    }

    function _signBy(address who, bytes32 digest) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(store.keyOf(who), digest);
        return abi.encodePacked(r, s, v);
    }

    function _someLane(uint256 seed) internal view returns (uint256 index, LaneRecord memory lane) {
        index = seed % store.laneCount();
        lane = store.lane(index);
    }

    // ---------------------------------------------------------------- reading

    function _books() internal view returns (Books memory books) {
        address[] memory people = store.payers();
        for (uint256 i; i < people.length; ++i) {
            books.accounts += settlement.accountOf(people[i]).balance;
        }
        people = store.workers();
        for (uint256 i; i < people.length; ++i) {
            books.accounts += settlement.accountOf(people[i]).balance;
            books.earned += settlement.earnedOf(people[i]);
            books.protocol += settlement.protocolAccruedOf(people[i]);
        }
        for (uint256 i; i < store.laneCount(); ++i) {
            books.lanes += settlement.laneOf(store.lane(i).id).free;
        }
        for (uint256 i; i <= store.MODEL_COUNT(); ++i) {
            books.royalties += settlement.modelEarnedOf(i);
        }
    }

    function _owed(Books memory books) internal pure returns (uint256) {
        return books.accounts + books.lanes + books.earned + books.royalties + books.protocol;
    }

    function _credits(Books memory books) internal pure returns (uint256) {
        return books.earned + books.royalties + books.protocol;
    }

    function _equal(Books memory a, Books memory b) internal pure returns (bool) {
        return keccak256(abi.encode(a)) == keccak256(abi.encode(b));
    }
}
