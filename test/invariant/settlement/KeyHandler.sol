// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridSettlement, Settlement, Signer} from "../../../contracts/interfaces/IGridSettlement.sol";
import {LaneConfig, Voucher} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SettlementHandler} from "./SettlementHandler.sol";
import {SettlementLogBook} from "./SettlementLogBook.sol";
import {LaneRecord, Paper, SettlementStore} from "./SettlementStore.sol";

/// @notice Keys come and go; and each of them is stolen now and then, and tries what its role doesn't allow.
contract KeyHandler is SettlementHandler {
    constructor(SettlementStore store_, SettlementLogBook book_) SettlementHandler(store_, book_) {}

    function addSigner(uint256 who, uint256 keySeed, uint256 roleSeed) external act {
        address account = _account(who);
        address key = store.hotKey(keySeed);
        uint8 role = uint8(1 + roleSeed % 4);
        if ((roleSeed >> 128) % 4 == 0 && store.lastRevokedKey() != address(0)) key = store.lastRevokedKey();
        uint64 deadline = uint64(block.timestamp + 1 hours);
        bytes memory proof = _signProof(Person(key, store.keyOf(key)), account, role, deadline);
        vm.prank(account);
        try settlement.addSigner(key, role, deadline, proof) {
            store.keyAdded(key);
            _done("addSigner");
        } catch {
            _refused();
        }
    }

    function revokeSigner(uint256 keySeed) external act {
        address key = store.hotKey(keySeed);
        if ((keySeed >> 128) % 4 == 0) return; // keys live a while
        address account = settlement.signerOf(key).account;
        if (account == address(0)) return; // the zero address could, but it can't call
        vm.prank(account);
        try settlement.revokeSigner(key) {
            store.keyRevoked(key);
            _done("revokeSigner");
        } catch {
            _refused();
        }
    }

    function setTreasurerCap(uint256 keySeed, uint256 capSeed) external act {
        address key = _signerFor(store.payer(keySeed), SignerRoles.TREASURER, keySeed >> 8);
        vm.prank(settlement.signerOf(key).account);
        try settlement.setTreasurerCap(key, uint128(capSeed % 100e18)) {
            _done("setTreasurerCap");
        } catch {
            _refused();
        }
    }

    /// @notice A stolen hot key calls everything that only its cold account may call.
    function stealCalls(uint256 keySeed, uint256 laneSeed) external act {
        address key = store.hotKey(keySeed);
        (, LaneRecord memory lane) = _someLane(laneSeed);
        Signer memory signer = settlement.signerOf(key);
        if (signer.account == address(0)) return;
        Books memory before = _books();
        _tryMoney(key);
        _tryLane(key, signer.role, lane.config);
        _tryKeys(key, laneSeed);
        if (!_equal(before, _books())) store.violate(8, "a stolen key moved money");
        if (aipg.balanceOf(key) != 0 || aipg.balanceOf(thief.addr) != 0) store.violate(8, "a thief was paid");
        _done("stealCalls");
    }

    /// @notice A stolen hot key signs what another role signs: vouchers of lanes that don't name it, and orders.
    function stealSignatures(uint256 keySeed, uint256 paperSeed) external act {
        address key = store.hotKey(keySeed);
        uint8 role = settlement.signerOf(key).role;
        Books memory before = _books();
        if (store.paperCount() != 0) _tryVoucher(key, store.paper(paperSeed % store.paperCount()));
        if (store.itemCount() != 0 && role != SignerRoles.ORDER_SIGNER) {
            _tryOrder(key, abi.decode(store.item(paperSeed % store.itemCount()), (Settlement)));
        }
        if (!_equal(before, _books())) store.violate(8, "a signature of another role moved money");
        _done("stealSignatures");
    }

    function _tryMoney(address key) private {
        vm.prank(key);
        try settlement.claimEarned(thief.addr) {
            store.violate(8, "a hot key claimed earnings");
        } catch {
            _refused();
        }
        vm.prank(key);
        try settlement.moveEarned(thief.addr, 1) {
            store.violate(8, "a hot key moved earnings");
        } catch {
            _refused();
        }
        vm.prank(key);
        try settlement.thaw(1) {
            store.violate(8, "a hot key thawed");
        } catch {
            _refused();
        }
        vm.prank(key);
        try settlement.withdraw(thief.addr) {
            store.violate(8, "a hot key withdrew");
        } catch {
            _refused();
        }
    }

    function _tryLane(address key, uint8 role, LaneConfig memory config) private {
        vm.prank(key);
        try settlement.thawLane(config, 1) {
            store.violate(8, "a hot key thawed a lane");
        } catch {
            _refused();
        }
        if (role != SignerRoles.TREASURER) {
            vm.prank(key);
            try settlement.topUpLane(config, 1) {
                store.violate(8, "a hot key topped up a lane");
            } catch {
                _refused();
            }
        }
        config.salt = keccak256(abi.encode("stolen", key));
        config.worker = thief.addr;
        vm.prank(key);
        try settlement.openLane(config, 0) {
            store.violate(8, "a hot key opened a lane");
        } catch {
            _refused();
        }
    }

    function _tryKeys(address key, uint256 seed) private {
        address other = store.hotKey(seed);
        vm.prank(key);
        try settlement.revokeSigner(other) {
            store.violate(8, "a hot key revoked a key");
        } catch {
            _refused();
        }
        vm.prank(key);
        try settlement.setTreasurerCap(other, type(uint128).max) {
            store.violate(8, "a hot key raised a cap");
        } catch {
            _refused();
        }
        uint64 deadline = uint64(block.timestamp);
        bytes memory proof = _signProof(thief, settlement.signerOf(key).account, SignerRoles.ORDER_SIGNER, deadline);
        vm.prank(key);
        try settlement.addSigner(thief.addr, SignerRoles.ORDER_SIGNER, deadline, proof) {
            store.violate(8, "a hot key added a key");
        } catch {
            _refused();
        }
    }

    function _tryVoucher(address key, Paper memory paper) private {
        LaneRecord memory lane = store.lane(paper.lane);
        if (lane.config.payerSigner == key) return;
        Voucher memory voucher = abi.decode(paper.voucher, (Voucher));
        for (uint256 i; i < voucher.totals.length; ++i) {
            voucher.totals[i].cumulative = settlement.laneTotalOf(lane.id, voucher.totals[i].modelId).cumulative
                + settlement.laneOf(lane.id).free / 16;
        }
        bytes memory signature = _signBy(key, _voucherDigest(voucher));
        vm.prank(lane.config.worker);
        try settlement.collect(lane.config, voucher, signature, "") {
            store.violate(8, "a voucher signed by another key was paid");
        } catch (bytes memory reason) {
            _refused();
            if (bytes4(reason) == IGridSettlement.GridSettlement_PayerSignature.selector) {
                _done("voucherOfAnotherKeyRefused");
            }
        }
    }

    function _tryOrder(address key, Settlement memory item) private {
        item.order.nonce = 1_000_000; // never used
        item.order.deadline = uint64(block.timestamp);
        item.order.laneId = 0;
        item.order.feeConfigId = settlement.currentFeeConfigId();
        item.orderSignature = _signBy(key, _orderDigest(item.order));
        for (uint256 i; i < item.receipts.length; ++i) {
            item.receipts[i].completedAt = uint64(block.timestamp);
            item.receipts[i].price = 0;
            item.receipts[i].signature = _signBy(item.order.worker, _receiptDigest(_receipt(item, i)));
        }
        try settlement.settle(item) {
            store.violate(8, "an order signed by another role was settled");
        } catch (bytes memory reason) {
            _refused();
            if (bytes4(reason) == IGridSettlement.GridSettlement_OrderSignature.selector) {
                _done("orderOfAnotherKeyRefused");
            }
        }
    }

    function _account(uint256 who) private view returns (address) {
        return who % 2 == 0 ? store.payer(who / 2) : store.worker(who / 2);
    }
}
